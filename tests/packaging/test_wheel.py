"""The wheel carries everything that lockview needs when no checkout is around."""

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("hatchling") is None:
        pytest.skip("hatchling, which builds the wheel, is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def test_every_module_and_resource_is_inside(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    modules = {str(file.relative_to(ROOT)) for file in (ROOT / "lockview").rglob("*.py")}
    resources = {f"lockview/{file.relative_to(ROOT)}" for file in (ROOT / "resources").rglob("*") if file.is_file()}
    assert modules | resources <= inside
    assert [name for name in inside if name.endswith("share/man/man1/lockview.1")]
    assert [name for name in inside if name.endswith("licenses/LICENSE")]


def test_resources_are_found_without_a_checkout(wheel: Path, tmp_path: Path) -> None:
    """``--install-desktop`` of an unpacked wheel writes its files."""
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r})\n"
        "from lockview.document import desktop\n"
        f"assert desktop.__file__.startswith({str(tmp_path)!r}), desktop.__file__\n"
        f"desktop.install({str(tmp_path / 'data')!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "data" / "applications" / "io.github.lockview.Lockview.desktop").is_file()
