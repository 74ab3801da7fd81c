#!/bin/sh
# Make sure that what the tests start for themselves is on this machine: PostgreSQL, the mail server Exim, and the
# browser Chromium with letters for Vietnamese.
set -eu

say() { echo "tracker: $*" >&2; }

has_postgresql() {
    for directory in $(echo "$PATH" | tr ':' ' ') /usr/lib/postgresql/*/bin; do
        if [ -x "$directory/initdb" ] && [ -x "$directory/postgres" ]; then
            return 0
        fi
    done
    return 1
}

has_exim() {
    for directory in $(echo "$PATH" | tr ':' ' ') /usr/sbin; do
        if [ -x "$directory/exim4" ]; then
            return 0
        fi
    done
    return 1
}

has_chromium() {
    command -v chromium >/dev/null 2>&1
}

has_letters() {
    [ -d /usr/share/fonts/truetype/dejavu ]
}

missing() {
    has_postgresql || echo postgresql
    has_exim || echo exim4-daemon-light
    has_chromium || echo chromium
    has_letters || echo fonts-dejavu-core
}

# A package starts its server when it is installed, unless this file forbids it; the tests start their own.
POLICY=/usr/sbin/policy-rc.d
forbid_starting() {
    if [ ! -e "$POLICY" ]; then
        trap 'rm -f "$POLICY"' EXIT
        trap 'exit 1' HUP INT TERM
        printf '#!/bin/sh\nexit 101\n' >"$POLICY"
        chmod 755 "$POLICY"
    fi
}

wanted=$(missing)
if [ -z "$wanted" ]; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    say "installing with apt, for the tests:" $wanted
    forbid_starting
    export DEBIAN_FRONTEND=noninteractive
    # one by one, and never in place of another: a machine has one mail server, and it may be in use
    apt-get update >/dev/null </dev/null || true
    for package in $wanted; do
        apt-get install -y --no-install-recommends --no-remove "$package" >/dev/null </dev/null || true
    done
fi
wanted=$(missing)
if [ -n "$wanted" ]; then
    say "the tests need programs that are missing; on Debian or Ubuntu: sudo apt-get install" $wanted
    exit 1
fi
