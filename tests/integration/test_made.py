"""A store that is made quickly for a test is what the migrations make."""

import re
from pathlib import Path

from sqlalchemy import Engine, text

from tests.made import dump, migrate_for_real
from tracker.store import migrate
from tracker.store.engine import make_engine


def test_a_store_made_quickly_is_what_the_migrations_make(database_url: str) -> None:
    engine = make_engine(database_url)
    for _ in range(2):  # the first may still be made slowly, and kept for the second
        migrate.upgrade(engine)
        quickly = words_of(engine)
        empty(engine)
    migrate_for_real(engine)
    assert quickly == words_of(engine)
    engine.dispose()


def words_of(engine: Engine) -> list[str]:
    """Return the words that make a database."""
    if engine.dialect.name == "postgresql":
        engine.dispose()
        # what PostgreSQL was told once more it writes with other casts and parentheses
        return re.sub(r"::(text|character varying)|[()]|\[\]", "", dump(engine.url, "--schema-only")).splitlines()
    with engine.connect() as connection:
        return [row.sql for row in connection.execute(text("SELECT name, sql FROM sqlite_master ORDER BY name"))]


def empty(engine: Engine) -> None:
    engine.dispose()
    if engine.dialect.name == "sqlite":
        Path(str(engine.url.database)).unlink()
        return
    migrate.downgrade(engine, "base")
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
