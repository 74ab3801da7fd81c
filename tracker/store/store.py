"""A store: one database that is either live or a rehearsal, at the newest migration or refused."""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from tracker.domain.errors import Conflict, NotFound, TryLater
from tracker.store import engine as engines
from tracker.store import ledger, rowlevel
from tracker.store.ledger import Position

__all__ = ["Connection", "Store", "create", "open_store"]

IN_DOUBT = "the database went away while this was being recorded: look whether it was before you do it again"
HEAD_REVISION = "0012"


class Store:
    """An open store; transactions come from `read` and `write`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def write(self, *, haste: bool = False) -> Iterator[Connection]:
        """Yield a connection in one writing transaction: all of it is kept, or nothing.

        With `haste` it raises TryLater rather than wait for another writer. Raises TryLater with the code
        in-doubt where a server went away while it committed: then only looking tells whether it is kept.
        """
        done = False
        try:
            with away(), engines.write(self.engine, haste=haste) as connection:
                yield connection
                done = True
        except TryLater as error:
            # a file's commit that failed is undone; only a server may have kept it and lost the answer
            if done and error.code == "database-away" and self.engine.dialect.name != "sqlite":
                raise TryLater(IN_DOUBT, code="in-doubt") from error
            raise

    @contextmanager
    def read(self, offices: Collection[str] | None = None) -> Iterator[Connection]:
        """Yield a connection that sees one state of the store from its first question to its last.

        With `offices`, on a PostgreSQL server whose rows are protected, only the rows of these offices.
        """
        narrow = offices is not None and self.is_protected
        with away(), engines.read(self.engine) as connection:
            if narrow:
                rowlevel.narrow(connection, offices or ())
            yield connection

    def narrow(self, connection: Connection, offices: Collection[str] | None) -> None:
        """Let the rest of a reading see the rows of these offices only, where `read` would have."""
        if offices is not None and self.is_protected:
            rowlevel.narrow(connection, offices)

    @cached_property
    def is_protected(self) -> bool:
        """Return whether the database itself keeps the rows of other offices from a reading of some."""
        if self.engine.dialect.name != "postgresql":
            return False
        with away(), engines.read(self.engine) as connection:
            return rowlevel.is_protected(connection)

    def clock(self, wall: Callable[[], datetime]) -> Callable[[], datetime]:
        """Return the clock of a live store: its server's, which all its workers share; for a file the wall's."""

        def of_the_server() -> datetime:
            with away():
                return engines.server_time(self.engine)

        return wall if self.engine.dialect.name == "sqlite" else of_the_server

    def position(self) -> Position:
        """Return where the ledger ends and what kind of store this is."""
        with self.read() as connection:
            return ledger.position(connection)

    def is_current(self) -> bool:
        """Return whether the migrations are this program's; raises TryLater where the server does not answer."""
        return _revision(self.engine) == HEAD_REVISION

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Return the store behind a database URL.

    Raises NotFound where there is none yet, Conflict where its migrations are behind, TryLater
    where the server does not answer.
    """
    engine = engines.make_engine(url)
    if engine.dialect.name == "sqlite" and not _file_exists(engine):
        raise NotFound("there is no store here yet: run 'tracker init'", code="no-store")
    revision = _revision(engine)
    if revision is None:
        raise NotFound("this database holds no store yet: run 'tracker init'", code="no-store")
    if revision != HEAD_REVISION:
        raise Conflict(
            f"the store is at migration {revision}, this program at {HEAD_REVISION}: run 'tracker db upgrade'"
        )
    return Store(engine)


def create(url: str, *, rehearsal: bool, at: datetime) -> Store:
    """Make a store in an empty database and return it; raises Conflict where there is one already."""
    from tracker.store.migrate import upgrade  # Alembic takes a while to import

    engine = engines.make_engine(url)
    if (engine.dialect.name != "sqlite" or _file_exists(engine)) and _revision(engine) is not None:
        raise Conflict("there is a store here already", code="store-exists")
    upgrade(engine)
    store = Store(engine)
    with store.write() as connection:
        rowlevel.protect(connection)  # the tables of every migration
        ledger.make_head(connection, mode="rehearsal" if rehearsal else "live", at=at)
    return store


def upgrade(url: str) -> str:
    """Bring an existing store to this program's migrations and return the revision it is at now."""
    from tracker.store.migrate import upgrade as run  # Alembic takes a while to import

    engine = engines.make_engine(url)
    if (engine.dialect.name == "sqlite" and not _file_exists(engine)) or _revision(engine) is None:
        raise NotFound("there is no store here yet: run 'tracker init'", code="no-store")
    run(engine)
    with engines.write(engine) as connection:
        rowlevel.protect(connection)  # somebody may have made the role meanwhile
    return HEAD_REVISION


def _file_exists(engine: Engine) -> bool:
    from pathlib import Path

    return Path(str(engine.url.database)).exists()


_THERE = {
    "sqlite": "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'",
    "postgresql": "SELECT 1 WHERE to_regclass('alembic_version') IS NOT NULL",
}


def _revision(engine: Engine) -> str | None:
    with away(), engine.connect() as connection:
        # not by `inspect`: it keeps what it asked with, and so the last 128 engines of a process
        if connection.execute(text(_THERE[engine.dialect.name])).scalar_one_or_none() is None:
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


@contextmanager
def away() -> Iterator[None]:
    """Raise TryLater for what the database could not do for the moment."""
    try:
        yield
    except DBAPIError as error:
        if not (isinstance(error, OperationalError) or error.connection_invalidated):
            raise
        why = " ".join(str(error.orig).split())
        raise TryLater(f"the database is away or busy: {why}", code="database-away") from error
