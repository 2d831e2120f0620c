#!/bin/sh
# Makes .venv with the exact packages of requirements.lock and lockview itself, and installs what the system lacks for it
# when root; anybody else gets the one line to run. Called by make, which calls it again only when one of its inputs changes.
set -eu
cd "$(dirname "$0")/.."

find_python() {
    for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    echo "lockview needs Python 3.11, 3.12, 3.13 or 3.14 and found none of them; name one with make PYTHON=/path/to/python" >&2
    return 1
}

system_packages() {
    install=$("$python" -m lockview.document.system_libraries) && return
    case $install in
    apt-get* | dnf*) ;;
    *)
        echo "lockview needs some libraries of the system first. Run this, then make again:" >&2
        echo "    ${install:-$python does not start}" >&2
        return 1
        ;;
    esac
    echo "Installing libraries of the system: $install"
    export DEBIAN_FRONTEND=noninteractive
    if ! sh -c "$install" >"$log" 2>&1 </dev/null; then
        tail -n 20 "$log" >&2
        echo "Installing them failed. Run this, then make again:" >&2
        echo "    $install" >&2
        return 1
    fi
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
python=$(find_python)
system_packages

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    echo "Making .venv with $("$python" --version)"
    rm -rf .venv
    "$python" -m venv .venv
fi
echo "Installing the packages of requirements.lock (about 130 MB the first time)"
pip() { .venv/bin/python -m pip "$@" --quiet --disable-pip-version-check --no-input; }
pip install --requirement requirements.lock
pip install --no-deps --no-build-isolation --editable .
