"""Cut the connection to PostgreSQL at the n-th moment of a piece of work: before a statement, before or after a commit.

The server ends the session itself (`pg_terminate_backend`), as an administrator, a restart or a failover would. After a
commit, the answer is lost on the way: what was done is kept, and whoever did it hears that the connection broke.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from sqlalchemy import Connection, event

from tracker.store.store import Store


@dataclass
class Scissors:
    """Count the moments of one engine; at the one asked for, the connection is cut. What they were is noted."""

    url: str
    at: int = 0  # 0: never
    moments: list[str] = field(default_factory=list)
    writes: bool = False  # whether the transaction that ends now is one that writes

    def reach(self, kind: str, raw: Any) -> bool:
        """Note a moment and return whether the connection was cut there."""
        self.moments.append(kind)
        if len(self.moments) != self.at:
            return False
        pid = raw.info.backend_pid
        with psycopg.connect(self.url, autocommit=True) as other:
            other.execute("SELECT pg_terminate_backend(%s, 10000)", [pid])  # returns once it is gone
        return True


@contextmanager
def scissors(store: Store, at: int = 0) -> Iterator[Scissors]:
    """Yield what cuts a connection of this store at its n-th moment."""
    engine = store.engine
    found = Scissors(engine.url.set(drivername="postgresql").render_as_string(hide_password=False), at)

    def statement(connection: Any, _cursor: Any, words: str, *_rest: Any) -> None:
        found.reach(" ".join(words.split())[:40], connection.connection.dbapi_connection)

    def about_to_commit(connection: Connection) -> None:
        found.writes = bool(connection.get_execution_options().get("tracker_writes"))

    plain = engine.dialect.do_commit

    def commit(raw: Any) -> None:
        found.reach("before COMMIT" if found.writes else "END", raw.dbapi_connection)
        plain(raw)
        if found.writes and found.reach("after COMMIT", raw.dbapi_connection):
            raise psycopg.OperationalError("the connection is lost")

    event.listen(engine, "before_cursor_execute", statement)
    event.listen(engine, "commit", about_to_commit)
    engine.dialect.do_commit = commit  # type: ignore[method-assign]
    try:
        yield found
    finally:
        engine.dialect.do_commit = plain  # type: ignore[method-assign]
        event.remove(engine, "commit", about_to_commit)
        event.remove(engine, "before_cursor_execute", statement)


def wait_until_gone(store: Store, connection: Connection) -> None:
    """Wait until the server has ended the session of a connection."""
    raw: Any = connection.connection.dbapi_connection
    url = store.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as other:
        while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", [raw.info.backend_pid]).fetchone():
            pass
