"""What an export reads: entries as they lie there, entry by entry or assignment by assignment, and the seals."""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, collate, select

from tracker.domain.entry import Entry
from tracker.store.ledger import BATCH, ENTRY, read_entries
from tracker.store.tables import SealRow

SEAL = SealRow.__table__  # type: ignore[attr-defined]


def entries_by_assignment(
    connection: Connection, kinds: Collection[str], *, until: datetime, upto: int
) -> Iterator[Entry]:
    """Yield the entries of some kinds about assignments, those of one together, in their order.

    Assignments come in the order of the bytes of their references, on every database.
    """
    ref: ColumnElement[str] = ENTRY.c.assignment
    if connection.dialect.name == "postgresql":
        ref = collate(ref, "C")
    question = select(ENTRY).where(ENTRY.c.assignment.is_not(None), ENTRY.c.kind.in_(sorted(kinds)))
    question = question.where(ENTRY.c.recorded_at <= until, ENTRY.c.seq <= upto)
    yield from read_entries(connection, question.order_by(ref, ENTRY.c.seq))


def seal_notes(connection: Connection, *, size: int, until: datetime) -> Iterator[tuple[int, str]]:
    """Yield size and note of the seals of at most so many entries made by an instant, the smallest first."""
    question = select(SEAL.c.size, SEAL.c.note).where(SEAL.c.size <= size, SEAL.c.sealed_at <= until)
    for row in connection.execute(question.order_by(SEAL.c.size).execution_options(yield_per=BATCH)):
        yield row.size, row.note


def positions(
    connection: Connection,
    *,
    until: datetime,
    since: datetime | None = None,
    kind: str | None = None,
    actor: str | None = None,
) -> Iterator[int]:
    """Yield the positions of the entries that fit, in their order."""
    question = select(ENTRY.c.seq).where(ENTRY.c.recorded_at <= until).order_by(ENTRY.c.seq)
    if since is not None:
        question = question.where(ENTRY.c.recorded_at >= since)
    if kind is not None:
        question = question.where(ENTRY.c.kind == kind)
    if actor is not None:
        question = question.where(ENTRY.c.actor == actor)
    yield from connection.execute(question.execution_options(yield_per=BATCH)).scalars()


def entries_at(connection: Connection, seqs: Collection[int]) -> Iterator[Entry]:
    """Yield the entries at some positions."""
    for start in range(0, len(wanted := sorted(seqs)), BATCH):
        yield from read_entries(connection, select(ENTRY).where(ENTRY.c.seq.in_(wanted[start : start + BATCH])))
