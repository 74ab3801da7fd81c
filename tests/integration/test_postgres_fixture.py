"""The test database is real, empty and nobody else's."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, create_engine, inspect, make_url, text
from sqlalchemy.pool import NullPool

from tests.integration.postgres import Cluster


@contextmanager
def connection_to(url: str) -> Iterator[Connection]:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        yield connection


@pytest.mark.parametrize("turn", ["first", "second"])
def test_a_database_starts_empty_and_keeps_what_is_written(database_url: str, turn: str) -> None:
    with connection_to(database_url) as connection:
        assert inspect(connection).get_table_names() == []
        connection.execute(text("CREATE TABLE note (words text)"))
        connection.execute(text("INSERT INTO note VALUES (:words)"), {"words": f"Bộ Nội vụ, {turn}"})
    with connection_to(database_url) as connection:
        assert connection.execute(text("SELECT words FROM note")).scalars().all() == [f"Bộ Nội vụ, {turn}"]


def test_the_server_is_postgresql_on_the_loopback_interface_and_speaks_utf8(postgres_url: str) -> None:
    assert make_url(postgres_url).host == "127.0.0.1"
    with connection_to(postgres_url) as connection:
        assert connection.dialect.name == "postgresql"
        assert connection.execute(text("SHOW listen_addresses")).scalar() == "127.0.0.1"
        assert connection.execute(text("SHOW server_encoding")).scalar() == "UTF8"


def test_a_database_is_gone_after_its_test_even_if_a_connection_was_left_open(
    postgres_cluster: Cluster, postgres_url: str
) -> None:
    with postgres_cluster.database() as url:
        left_open = create_engine(url).connect()
        left_open.execute(text("SELECT 1"))
    left_open.invalidate()
    with connection_to(postgres_url) as connection:
        names = connection.execute(text("SELECT datname FROM pg_database")).scalars().all()
    assert make_url(url).database not in names
    assert make_url(postgres_url).database in names
