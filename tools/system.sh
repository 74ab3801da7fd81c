#!/bin/sh
# Make sure the programs of a PostgreSQL server are on this machine: the tests start one of their own.
set -eu

say() { echo "tracker: $*" >&2; }

has_server() {
    for directory in $(echo "$PATH" | tr ':' ' ') /usr/lib/postgresql/*/bin; do
        if [ -x "$directory/initdb" ] && [ -x "$directory/postgres" ]; then
            return 0
        fi
    done
    return 1
}

if has_server; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "installing PostgreSQL with apt; the tests need its server"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install -y --no-install-recommends postgresql; } >/dev/null </dev/null || true
fi
if ! has_server; then
    say "no PostgreSQL server found (initdb, postgres); on Debian or Ubuntu: sudo apt-get install postgresql"
    exit 1
fi
