#!/bin/sh
# Make .venv hold exactly what requirements.txt locks. Needs the network the first time only.
set -eu

say() { echo "tracker: $*" >&2; }

usable() { # a Python of 3.11 or later
    command -v "$1" >/dev/null 2>&1 &&
        "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

choose() { # the first usable Python; `python3` comes first because it is the one its owner chose
    for python in python3 python3.13 python3.12 python3.11 python3.14; do
        if usable "$python"; then
            echo "$python"
            return
        fi
    done
}

apt_install() {
    export DEBIAN_FRONTEND=noninteractive
    say "installing $* with apt"
    { apt-get update && apt-get install -y --no-install-recommends "$@"; } >/dev/null </dev/null
}

may_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; }

python=$(choose)
if [ -z "$python" ] && may_apt && ! command -v python3 >/dev/null 2>&1; then
    apt_install python3 python3-venv
    python=$(choose)
fi
if [ -z "$python" ]; then
    say "Python 3.11 or later is needed, and $(python3 --version 2>/dev/null || echo 'no Python') was found"
    exit 1
fi

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        if ! may_apt || ! apt_install "$(basename "$python")-venv"; then
            say "$python cannot make virtual environments; on Debian or Ubuntu: apt-get install $python-venv"
            exit 1
        fi
    fi
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi

say "installing the locked packages into .venv"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.txt
