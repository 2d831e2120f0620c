# Everything that is done with a checkout. `make run` and `make test` need git, make and Python 3.11 or newer, nothing else:
# they set the rest up themselves the first time (packaging/setup.sh) and go straight to work from then on.

# Taken literally, whatever characters the name has.
export LOCKVIEW_FILE := $(value FILE)
export PYTHON

READY := .venv/ready
PY := .venv/bin/python
OFFSCREEN := QT_QPA_PLATFORM=offscreen

.PHONY: help run test bench fuzz screenshots lock clean

help:
	@echo 'make run [FILE=log]   open the window on FILE or on the bundled sample; without a display, draw it into an image'
	@echo 'make test             lint, types, import contracts and all tests'
	@echo 'make bench            the benchmarks'
	@echo 'make fuzz             a minute of any bytes at the reader'
	@echo 'make screenshots      make the pictures of the README again'
	@echo 'make lock             write requirements.lock anew from pyproject.toml'
	@echo 'make clean            remove all that make has made'

run: $(READY)
	@file=$${LOCKVIEW_FILE:-resources/samples/khugepaged-fs-reclaim.log}; \
	if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ]; then \
		exec $(PY) -m lockview "$$file"; \
	else \
		mkdir -p build && $(OFFSCREEN) $(PY) -m lockview render "$$file" -o build/lockview.png && \
		echo "No display: drew $$file into $(CURDIR)/build/lockview.png"; \
	fi

test: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(OFFSCREEN) $(PY) -m pytest

# The benchmarks are left out of the ordinary run by addopts, so that has to be replaced here.
bench: $(READY)
	$(OFFSCREEN) $(PY) -m pytest -o addopts='--strict-markers --strict-config --import-mode=importlib' tests/benchmarks

# atheris is large and not made for every Python, so it is no part of the set-up; without it Hypothesis does the work.
fuzz: $(READY)
	@$(PY) -c 'import atheris' 2>/dev/null || \
		$(PY) -m pip install --quiet --disable-pip-version-check atheris==3.0.0 || \
		echo 'atheris cannot be installed; Hypothesis makes the bytes instead'
	$(PY) tests/fuzz/any_bytes.py

screenshots: $(READY)
	$(OFFSCREEN) $(PY) packaging/screenshots.py

# uv resolves for every Python and processor at once, which pip cannot; it is needed for nothing else.
lock: $(READY)
	$(PY) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --disable-pip-version-check uv
	build/lock/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --upgrade --extra test --extra zstd \
		--custom-compile-command 'make lock' --output-file requirements.lock pyproject.toml packaging/lock.in

clean:
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .benchmarks .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(READY): requirements.lock pyproject.toml packaging/setup.sh $(PY)
	@packaging/setup.sh
	@touch $@

# No recipe: a missing or dangling interpreter only makes the set-up run again.
$(PY):
