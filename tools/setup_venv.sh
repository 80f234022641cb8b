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

# Debian and Ubuntu keep pip's bootstrap (ensurepip) in python3-venv. Without it a system pip or uv does as well; a
# superuser (a container, usually) gets the package installed; anybody else is told the command.
make_venv() {
    echo "Creating .venv with $1 ..." >&2
    rm -rf .venv
    "$1" -c 'import ensurepip' 2>/dev/null || install_venv_package "$1"
    if "$1" -c 'import ensurepip' 2>/dev/null; then
        "$1" -m venv .venv
    elif "$1" -m pip --version >/dev/null 2>&1; then
        "$1" -m venv --without-pip .venv
        "$1" -m pip --quiet --disable-pip-version-check --python .venv/bin/python install pip
    elif command -v uv >/dev/null 2>&1; then
        uv venv --quiet --seed --python "$1" .venv
    else
        echo "Python's venv support is missing here: sudo apt install $(venv_package "$1"), then run make again." >&2
        exit 1
    fi
}

venv_package() {
    "$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
}

install_venv_package() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "Python's venv support is missing: running apt-get install $(venv_package "$1") ..." >&2
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends "$(venv_package "$1")"; } \
            >/dev/null 2>&1 || true
    fi
}

if ! .venv/bin/python -c '' 2>/dev/null; then
    python=$(find_python)
    if [ -z "$python" ]; then
        echo "Warploom needs Python 3.11, 3.12 or 3.13, and none was found: sudo apt install python3 python3-venv" \
             "(or name one: make PYTHON=/path/to/python3.12)." >&2
        exit 1
    fi
    make_venv "$python"
fi

echo "Installing Warploom [$extras] into .venv (the first time takes a minute or two) ..." >&2
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable ".[$extras]"; then
    echo "The installation failed: the lines above say why. Check the network (or pip's index settings) and run make again." >&2
    exit 1
fi
touch "$stamp"
