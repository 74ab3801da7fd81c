"""Connections: how each database is opened, and what a transaction means on it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from tracker.domain.errors import Invalid

BUSY_MS, HASTE_MS = 30_000, 50
# of a session on PostgreSQL, unless the URL says otherwise (`?options=-c lock_timeout=60s`)
SESSION = {
    # a machine that is lost says no farewell: so its server takes its locks back after 35 seconds, not after two hours
    "tcp_keepalives_idle": 20,
    "tcp_keepalives_interval": 5,
    "tcp_keepalives_count": 3,
    # a program that hangs holds up everybody who writes: the server ends its session
    "idle_in_transaction_session_timeout": "5min",
    # who waits longer for another writer is refused, as on SQLite
    "lock_timeout": f"{BUSY_MS}ms",
}
_WRITES, _HASTE = "tracker_writes", "tracker_in_haste"


def make_engine(url: str) -> Engine:
    """Return an engine for a SQLite file or a PostgreSQL server; raises Invalid for any other URL."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise Invalid("the database URL cannot be read: write sqlite:///FILE or postgresql://…") from error
    name = parsed.get_backend_name()
    if name == "sqlite" and parsed.database:
        return _sqlite(parsed)
    if name == "postgresql":
        return _postgresql(parsed)
    raise Invalid(f"no store on '{name}': write sqlite:///FILE or postgresql://…")


@contextmanager
def write(engine: Engine, *, haste: bool = False) -> Iterator[Connection]:
    """Yield a connection in one writing transaction: committed at the end, rolled back on any exception.

    With `haste` it does not wait for another writer of an SQLite file: it raises OperationalError.
    """
    with engine.connect().execution_options(**{_WRITES: True, _HASTE: haste}) as connection, connection.begin():
        yield connection


@contextmanager
def read(engine: Engine) -> Iterator[Connection]:
    """Yield a connection that sees one state of the database from its first question to its last."""
    options: dict[str, Any] = {}
    if engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection, connection.begin():
        yield connection


def server_time(engine: Engine) -> datetime:
    """Return what time it is by the clock of a PostgreSQL server."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        found: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return found.astimezone(UTC)


def _postgresql(url: URL) -> Engine:
    ours = " ".join(f"-c {name}={value}" for name, value in SESSION.items())
    options = f"{ours} {url.query.get('options', '')}".strip()
    try:
        return create_engine(
            url.set(drivername="postgresql+psycopg"), pool_pre_ping=True, connect_args={"options": options}
        )
    except NoSuchModuleError as error:  # pragma: no cover - psycopg is a dependency
        raise Invalid(str(error)) from error


def _sqlite(url: URL) -> Engine:
    engine = create_engine(url)

    @event.listens_for(engine, "connect")
    def configure(raw: Any, _record: object) -> None:
        raw.isolation_level = None  # sqlite3 would open deferred transactions by itself: two writers then collide
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", f"busy_timeout={BUSY_MS}"):
            raw.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get(_HASTE):
            connection.exec_driver_sql(f"PRAGMA busy_timeout={HASTE_MS}")
        try:
            # select-then-update in a deferred transaction claims twice; the write lock comes first
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN")
        finally:
            if options.get(_HASTE):
                connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_MS}")

    return engine
