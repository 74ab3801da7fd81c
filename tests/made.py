"""Empty stores made quickly: what the migrations make is kept after the first time, and written at one stroke.

Hundreds of tests begin with a new store, and running every migration takes five times as long. Tests of the
migrations themselves run them: with `migrate_for_real`, or by naming a revision.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import Engine, inspect
from sqlalchemy.engine import URL

from tests.integration.postgres import program
from tracker.store import migrate
from tracker.store.engine import make_engine
from tracker.store.rowlevel import ROLE as READER

migrate_for_real = migrate.upgrade


class Maker:
    """Stands in for `migrate.upgrade`: an empty database of a test is given what the migrations made before."""

    def __init__(self, folder: Path) -> None:
        self.file, self.script = folder / "made.db", ""

    def __call__(self, engine: Engine, revision: str = "head") -> None:
        """Bring a database to a revision."""
        if revision == "head" and engine.dialect.name == "sqlite" and not Path(str(engine.url.database)).exists():
            self._copy(engine)
        elif revision == "head" and engine.url.username == "postgres" and not inspect(engine).get_table_names():
            self._play(engine)
        else:
            migrate_for_real(engine, revision)

    def _copy(self, engine: Engine) -> None:
        if not self.file.exists():
            first = make_engine(f"sqlite:///{self.file}")
            migrate_for_real(first)
            first.dispose()  # the last connection leaves everything in the one file
        shutil.copyfile(self.file, str(engine.url.database))

    def _play(self, engine: Engine) -> None:
        if self.script:
            with psycopg.connect(_plain(engine.url)) as connection:
                if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [READER]).fetchone():
                    connection.execute(f"CREATE ROLE {READER} NOLOGIN".encode())  # of the server, so in no dump
                connection.execute(self.script.encode())
            return
        migrate_for_real(engine)
        # the tables, and the revision they are at
        self.script = dump(engine.url, "--schema-only") + dump(engine.url, "--data-only", "--inserts")


def dump(url: URL, *what: str) -> str:
    """Return a PostgreSQL database in words."""
    command = [program("pg_dump"), "--no-owner", *what, _plain(url)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return "".join(line for line in said.splitlines(keepends=True) if not line.startswith("\\"))


def _plain(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def quickly(folder: Path) -> Iterator[None]:
    """Let new stores be made quickly for a while."""
    migrate.upgrade = Maker(folder)
    try:
        yield
    finally:
        migrate.upgrade = migrate_for_real
