#!/bin/bash
# Run by the image of PostgreSQL when its volume is empty: two users, each with a database of its own. The tracker's
# may not make roles: the one for readers (row-level security) is made here.
set -eu

psql --no-psqlrc --set ON_ERROR_STOP=1 --username postgres --dbname "${POSTGRES_DB:-postgres}" \
    --set tracker="$(cat "${SECRETS:-/run/secrets}/tracker_password")" \
    --set prefect="$(cat "${SECRETS:-/run/secrets}/prefect_password")" <<'SQL'
CREATE ROLE tracker_reader NOLOGIN;
CREATE ROLE tracker LOGIN PASSWORD :'tracker' IN ROLE tracker_reader;
CREATE ROLE prefect LOGIN PASSWORD :'prefect';
CREATE DATABASE tracker OWNER tracker;
CREATE DATABASE prefect OWNER prefect;
REVOKE CONNECT ON DATABASE tracker, prefect FROM PUBLIC;
\connect prefect
CREATE EXTENSION IF NOT EXISTS pg_trgm;
SQL
