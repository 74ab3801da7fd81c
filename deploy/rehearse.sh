#!/bin/sh
# Take the steps of deploy/Dockerfile in a plain folder, without Docker: install what is locked, then run the command as
# a user without rights from a tree it cannot write to.
#
#     sh deploy/rehearse.sh [FOLDER]
#
# As root, so that there is another user to run as; PYTHON names an interpreter that everybody may run.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
place=${1:-$(mktemp -d)}
python=${PYTHON:-/usr/bin/python3}

say() { echo "rehearse: $*"; }

mkdir -p "$place/src" "$place/srv" "$place/state"
say "installing what deploy/requirements.txt locks into $place/opt"
"$python" -m venv "$place/opt"
"$place/opt/bin/pip" install --quiet --disable-pip-version-check --no-deps --require-hashes -r "$root/deploy/requirements.txt"
cp -r "$root/pyproject.toml" "$root/README.md" "$root/tracker" "$root/flows" "$place/src/"
"$place/opt/bin/pip" install --quiet --disable-pip-version-check --no-deps --no-build-isolation "$place/src"
rm -rf "$place/src"
cp -r "$root/prefect.yaml" "$root/deploy/alive.py" "$root/directives" "$place/srv/"
chmod -R a+rX,go-w "$place"
chmod 0700 "$place/state"
user= exec=
if [ "$(id -u)" = 0 ]; then
    chown nobody "$place/state"
    user="setpriv --reuid nobody --regid nogroup --clear-groups"
fi

cd "$place/srv"
tracker() { # the command as in the image, with nothing of our own environment
    $exec $user env -i "PATH=$place/opt/bin:/usr/bin:/bin" HOME=/nonexistent LANG=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 \
        "TRACKER_DATABASE_URL_FILE=$place/state/database-url" "TRACKER_DIRECTIVES=$place/srv/directives" \
        "PREFECT_HOME=$place/state/prefect" "$@"
}
printf 'sqlite:///%s/tracker.db\n' "$place/state" >"$place/state/database-url"
chmod 0644 "$place/state/database-url"

tracker tracker --version
tracker sh -c "touch $place/opt/written 2>/dev/null || touch $place/srv/written 2>/dev/null" && {
    say "the tree can be written to"
    exit 1
}
tracker tracker init
tracker tracker key make
tracker tracker directive apply directives/2025/412-tb-vpcp.yaml --yes
tracker tracker sweep
tracker tracker db upgrade
tracker tracker db backup "$place/state/copy.db"
tracker tracker board --format json >/dev/null
tracker python -c "import flows.monitor, flows.seal, flows.adopt"
tracker tracker history verify
if tracker python alive.py http://127.0.0.1:9/healthz; then
    say "alive.py takes nothing for an answer"
    exit 1
fi
(exec=exec && tracker tracker web --port "${PORT:-18479}") &
pages=$!
trap 'kill $pages 2>/dev/null || true' EXIT
for _ in $(seq 60); do
    if tracker python alive.py "http://127.0.0.1:${PORT:-18479}/healthz"; then
        say "the image's steps work, from a tree that cannot be written to"
        exit 0
    fi
    sleep 1
done
say "the pages did not answer"
exit 1
