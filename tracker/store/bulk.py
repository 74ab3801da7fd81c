"""Many rows in one statement, as each driver takes them fastest; what the rows hold is the product's own.

SQLAlchemy converts value by value, and that takes longer than writing them. Here an instant that many rows
share is converted once (`keeper`); SQLite then takes the rows as they are, PostgreSQL one array a column.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]
_MANY = 100  # rows from which COPY is worth its round trips
_POSTGRESQL = postgresql.dialect()  # type: ignore[no-untyped-call]


class _Texts(dict[date | None, str | None]):
    """Instants and days as an SQLite file keeps them; the same text that SQLAlchemy writes."""

    def __missing__(self, at: date | None) -> str | None:
        self[at] = text = None if at is None else _text(at)
        return text


def _text(at: date) -> str:
    if not isinstance(at, datetime):
        return at.isoformat()
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds")


def keeper(connection: Connection) -> Callable[[datetime | None], Any]:
    """Return what makes of an instant the value that the driver writes."""
    return _Texts().__getitem__ if connection.dialect.name == "sqlite" else lambda at: at


def plain(connection: Connection, rows: Iterable[Iterable[Any]]) -> list[Row]:
    """Return rows with their instants and days as the driver writes them."""
    if connection.dialect.name != "sqlite":
        return [tuple(row) for row in rows]
    texts = _Texts()
    return [tuple([texts[v] if isinstance(v, date) else v for v in row]) for row in rows]


def insert(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[Row], *, only_new: bool = False
) -> int:
    """Write rows of some columns and return how many; with `only_new`, those that no unique key has already."""
    if not rows:
        return 0
    ending = " ON CONFLICT DO NOTHING" if only_new else ""
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    if connection.dialect.name == "sqlite":
        values = f"{into} VALUES ({', '.join('?' * len(columns))}){ending}"
        return connection.exec_driver_sql(values, list(rows)).rowcount
    if not only_new and len(rows) >= _MANY:
        _copy(connection, f"COPY {table.name} ({', '.join(columns)}) FROM STDIN", rows)
        return len(rows)
    told, source, arrays = _arrays(table, columns, rows)
    return connection.exec_driver_sql(f"{into} SELECT {', '.join(told)} FROM {source}{ending}", arrays).rowcount


def _copy(connection: Connection, statement: str, rows: Sequence[Row]) -> None:
    """Write rows as PostgreSQL takes very many; what goes wrong is raised as of any other statement."""
    import psycopg  # who works on a file need not load it

    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=connection.dialect) from error


def insert_alike(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows that all name the same columns in the same order."""
    if rows:
        insert(connection, table, tuple(rows[0]), plain(connection, (row.values() for row in rows)))


def update(
    connection: Connection, table: Table, columns: tuple[str, ...], keys: tuple[str, ...], rows: Sequence[Row]
) -> None:
    """Write some columns of rows; each ends with the values of the columns by which its row is known."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        changes, known = ", ".join(f"{name} = ?" for name in columns), " AND ".join(f"{name} = ?" for name in keys)
        connection.exec_driver_sql(f"UPDATE {table.name} SET {changes} WHERE {known}", list(rows))
        return
    # the keys come first, so that there is always one array
    turned = [(*row[-len(keys) :], *row[: -len(keys)]) for row in rows]
    told, source, arrays = _arrays(table, (*keys, *columns), turned)
    pairs = list(zip((*keys, *columns), told, strict=True))
    changes = ", ".join(f"{name} = {value}" for name, value in pairs[len(keys) :])
    known = " AND ".join(f"{table.name}.{name} = {value}" for name, value in pairs[: len(keys)])
    connection.exec_driver_sql(f"UPDATE {table.name} SET {changes} FROM {source} WHERE {known}", arrays)


def _arrays(table: Table, columns: tuple[str, ...], rows: Sequence[Row]) -> tuple[list[str], str, dict[str, Any]]:
    """Return how each column is told in SQL, the source of those that differ, and the values by column.

    A column that is the same in every row is said once. The first is always an array. Arrays go in binary: as text,
    each quotation mark in them would be sought and masked.
    """
    kinds = _kinds(table)
    values: dict[str, Any] = {}
    told: list[str] = []
    arrays: list[str] = []
    for name, column in zip(columns, zip(*rows, strict=True), strict=True):
        if arrays and column.count(column[0]) == len(column):
            told.append(f"%({name})s::{kinds[name]}")
            values[name] = column[0]
        else:
            told.append(f"new.{name}")
            arrays.append(name)
            values[name] = list(column)
    taken = ", ".join(f"%({name})b::{kinds[name]}[]" for name in arrays)
    return told, f"unnest({taken}) AS new ({', '.join(arrays)})", values


@lru_cache(maxsize=32)
def _kinds(table: Table) -> dict[str, str]:
    return {column.name: column.type.compile(_POSTGRESQL) for column in table.columns}
