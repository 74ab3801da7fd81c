#!/bin/sh
# Make the passwords of deploy/compose.yaml, once; nothing that is there is written over.
set -eu
umask 077

folder=${1:-$(dirname "$0")/secrets}
mkdir -p "$folder"
cd "$folder"

password() { # a new one in a file of its own
    [ -s "$1" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"$1"
}

for name in postgres tracker prefect; do
    password "${name}_password"
done
[ -s tracker_database_url ] || printf 'postgresql://tracker:%s@postgres/tracker' "$(cat tracker_password)" >tracker_database_url
[ -s prefect_database_url ] ||
    printf 'postgresql+asyncpg://prefect:%s@postgres/prefect' "$(cat prefect_password)" >prefect_database_url
# Compose shows the very files in the containers, whose users are others: the folder keeps them from the rest
chmod 0644 ./*_password ./*_database_url
