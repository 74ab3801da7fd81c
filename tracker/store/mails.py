"""Exact copies of mails: what a server was handed, kept with the attempt before it leaves.

The row is written in the transaction that writes the attempt, so that whatever becomes of the worker, what left is
here. Where an attempt ends and nothing was taken, its copy is dropped again. An attempt is known by the
reference of the reminder it is kept with: that stays when tables are made again.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, LargeBinary, Row, bindparam, delete, select
from sqlmodel import Field, SQLModel

from tracker.store import bulk
from tracker.store.ledger import ENTRY
from tracker.store.outbox import DELIVERY, REMINDER


class MailRow(SQLModel, table=True):
    """One mail as it was handed over: the SHA-256 of what was sent and of what is kept, and that, packed."""

    __tablename__ = "mail"

    reference: str = Field(primary_key=True)
    attempt: int = Field(primary_key=True)
    sent: str
    shown: str
    content: bytes = Field(sa_type=LargeBinary)


MAIL = MailRow.__table__  # type: ignore[attr-defined]
_HASHES = select(MAIL.c.sent, MAIL.c.shown).where(
    MAIL.c.reference == bindparam("of"), MAIL.c.attempt == bindparam("number")
)
_DROP = delete(MAIL).where(MAIL.c.reference == bindparam("of"), MAIL.c.attempt == bindparam("number"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The copy of one attempt; `seq` is the entry that tells how it ended, `named` the hashes that entry names."""

    reference: str
    attempt: int
    sent: str
    shown: str
    content: bytes
    seq: int
    named: Mapping[str, str] | None


def keep(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write copies."""
    bulk.insert_alike(connection, MAIL, rows)


def drop(connection: Connection, attempts: Sequence[tuple[str, int]]) -> None:
    """Drop the copies of attempts that nobody took anything of."""
    if attempts:
        connection.execute(_DROP, [{"of": reference, "number": attempt} for reference, attempt in attempts])


def hashes(connection: Connection, reference: str, attempt: int) -> Mapping[str, str] | None:
    """Return the hashes of the copy of an attempt, as its entry names them; None where there is none."""
    row = connection.execute(_HASHES, {"of": reference, "number": attempt}).one_or_none()
    return {"sent": row.sent, "shown": row.shown} if row else None


def of(connection: Connection, references: Sequence[str]) -> tuple[Kept, ...]:
    """Return the copies of the attempts that ended at some reminders, in their order."""
    at_it = (DELIVERY.c.reminder == REMINDER.c.id) & (DELIVERY.c.attempt == MAIL.c.attempt)
    question = (
        select(MAIL, DELIVERY.c.seq, ENTRY.c.body)
        .join(REMINDER, REMINDER.c.reference == MAIL.c.reference)
        .join(DELIVERY, at_it & (DELIVERY.c.outcome != "sending"))
        .join(ENTRY, ENTRY.c.seq == DELIVERY.c.seq)
        .where(MAIL.c.reference.in_(list(references)))
        .order_by(MAIL.c.attempt, MAIL.c.reference)
    )
    return tuple(_kept(row) for row in connection.execute(question))


def _kept(row: Row[Any]) -> Kept:
    columns = {name: value for name, value in row._mapping.items() if name != "body"}
    return Kept(**columns, named=json.loads(row.body)["payload"].get("mail"))
