#!/bin/sh
# Makes .venv and installs Warploom with the extras given ("app,report" or "app,report,dev"); does nothing when that
# was done since pyproject.toml last changed. Called by the Makefile; needs a Python that Warploom supports, no more.
set -eu
extras=$1
stamp=.venv/.installed-$(printf %s "$extras" | tr , -)

if [ -e "$stamp" ] && [ ! pyproject.toml -nt "$stamp" ] && .venv/bin/python -c '' 2>/dev/null; then
    exit 0
fi

find_python() {
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
}

if ! .venv/bin/python -c '' 2>/dev/null; then
    python=$(find_python)
    if [ -z "$python" ]; then
        echo "Warploom needs Python 3.11, 3.12 or 3.13, and none was found: sudo apt install python3 python3-venv" \
             "(or name one: make PYTHON=/path/to/python3.12)." >&2
        exit 1
    fi
    rm -rf .venv
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        echo "Python $version has no venv module here: sudo apt install python$version-venv" \
             "(or python3-venv), then run make again." >&2
        exit 1
    fi
    echo "Creating .venv with $python ..." >&2
    "$python" -m venv .venv
fi

echo "Installing Warploom [$extras] into .venv (the first time takes a minute or two) ..." >&2
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$extras]"; then
    echo "The installation failed: the lines above say why. Check the network (or pip's index settings) and run make again." >&2
    exit 1
fi
touch "$stamp"
