"""Requests that were carried out, by account and key, with the answer each got."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from tracker.store.hook_tables import RepeatRow

REPEAT = RepeatRow.__table__  # type: ignore[attr-defined]


def add(connection: Connection, account: str, key: str, mark: str, *, at: datetime) -> bool:
    """Write a request down and return whether it was new."""
    conflict_free = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    row = {"account": account, "key": key, "mark": mark, "at": at}
    statement = conflict_free(REPEAT).values(row).on_conflict_do_nothing().returning(REPEAT.c.key)
    return connection.execute(statement).first() is not None


def get(connection: Connection, account: str, key: str) -> tuple[str, str | None] | None:
    """Return what was asked with a key, and the answer there is."""
    row = connection.execute(select(REPEAT.c.mark, REPEAT.c.answer).where(*_one(account, key))).one_or_none()
    return (row.mark, row.answer) if row else None


def answer(connection: Connection, account: str, key: str, said: str) -> None:
    """Write the answer of a request."""
    connection.execute(update(REPEAT).where(*_one(account, key)).values(answer=said))


def remove(connection: Connection, account: str, key: str) -> None:
    """Take a request out."""
    connection.execute(delete(REPEAT).where(*_one(account, key)))


def clear(connection: Connection, *, before: datetime, given_up: datetime) -> None:
    """Take out what is older than an instant, and what never got an answer from before another."""
    left = and_(REPEAT.c.answer.is_(None), REPEAT.c.at < given_up)
    connection.execute(delete(REPEAT).where(or_(REPEAT.c.at < before, left)))


def _one(account: str, key: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return REPEAT.c.account == account, REPEAT.c.key == key
