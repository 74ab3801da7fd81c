"""Seals of the ledger, the places outside that hold them, and what making either needs of the entries."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from tracker.domain.entry import Entry
from tracker.store.ledger import BATCH, ENTRY, read_entries
from tracker.store.tables import SealRow, WitnessRow

SEAL = SealRow.__table__  # type: ignore[attr-defined]
WITNESS = WitnessRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A seal as it is kept: what it says, the note that went outside, and the state the next one goes on from."""

    size: int
    root: str
    head: str
    sealed_at: datetime
    key: str
    note: str
    frontier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A place outside: the size of the last seal it is known to hold, when, and why not a later one."""

    place: str
    size: int
    pushed_at: datetime | None
    tried_at: datetime | None
    why: str | None


def last(connection: Connection) -> Sealed | None:
    """Return the seal of the most entries; None before the first."""
    row = connection.execute(select(SEAL).order_by(SEAL.c.size.desc()).limit(1)).one_or_none()
    return Sealed(**row._mapping) if row else None


def of_size(connection: Connection, size: int) -> Sealed | None:
    """Return the seal of exactly so many entries."""
    row = connection.execute(select(SEAL).where(SEAL.c.size == size)).one_or_none()
    return Sealed(**row._mapping) if row else None


def after(connection: Connection, size: int, *, limit: int) -> tuple[Sealed, ...]:
    """Return the seals of more entries than so many, the smallest first."""
    question = select(SEAL).where(SEAL.c.size > size).order_by(SEAL.c.size).limit(limit)
    return tuple(Sealed(**row._mapping) for row in connection.execute(question))


def notes(connection: Connection) -> Iterator[tuple[int, str]]:
    """Yield the size and the note of every seal, the smallest first."""
    question = select(SEAL.c.size, SEAL.c.note).order_by(SEAL.c.size)
    for row in connection.execute(question.execution_options(yield_per=BATCH)):
        yield row.size, row.note


def count(connection: Connection) -> int:
    """Return how many seals there are."""
    return int(connection.execute(select(func.count()).select_from(SEAL)).scalar_one())


def add(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Write a seal and return whether it is the first of its size: another worker may have been quicker."""
    conflict_free = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
    statement = conflict_free(SEAL).on_conflict_do_nothing().returning(SEAL.c.size)
    return len(connection.execute(statement, [dict(row)]).fetchall()) == 1


def entry_at(connection: Connection, seq: int) -> Entry | None:
    """Return the entry at a position."""
    return next(read_entries(connection, select(ENTRY).where(ENTRY.c.seq == seq)), None)


def entries_at(connection: Connection, seqs: Collection[int]) -> dict[int, Entry]:
    """Return the entries at some positions, by position."""
    return {entry.seq: entry for entry in read_entries(connection, select(ENTRY).where(ENTRY.c.seq.in_(sorted(seqs))))}


def entries_between(connection: Connection, after: int, until: int) -> Iterator[Entry]:
    """Yield the entries after a position up to another, in their order."""
    question = select(ENTRY).where(ENTRY.c.seq > after, ENTRY.c.seq <= until).order_by(ENTRY.c.seq)
    yield from read_entries(connection, question)


def hashes(connection: Connection, start: int, end: int) -> Iterator[str]:
    """Yield the hashes of the leaves from `start` up to, not including, `end`; leaf 0 is entry 1."""
    question = select(ENTRY.c.hash).where(ENTRY.c.seq > start, ENTRY.c.seq <= end).order_by(ENTRY.c.seq)
    yield from connection.execute(question.execution_options(yield_per=BATCH)).scalars()


def notes_of_kinds(connection: Connection, kinds: Sequence[str], *, until: int) -> Iterator[Entry]:
    """Yield the entries of some kinds about no assignment in particular, up to a position, in their order."""
    wanted = (ENTRY.c.assignment.is_(None), ENTRY.c.kind.in_(kinds), ENTRY.c.seq <= until)
    yield from read_entries(connection, select(ENTRY).where(*wanted).order_by(ENTRY.c.seq))


def last_of_kind(connection: Connection, ref: str, kind: str) -> Entry | None:
    """Return the newest entry of a kind about an assignment."""
    wanted = (ENTRY.c.assignment == ref, ENTRY.c.kind == kind)
    return next(read_entries(connection, select(ENTRY).where(*wanted).order_by(ENTRY.c.seq.desc()).limit(1)), None)


# ── Places outside ───────────────────────────────────────────────────────────────────────────────────────────


def witnesses(connection: Connection) -> tuple[Witness, ...]:
    """Return every place outside, in the order of their names."""
    rows = connection.execute(select(WITNESS).order_by(WITNESS.c.place))
    return tuple(Witness(**row._mapping) for row in rows)


def add_witness(connection: Connection, place: str) -> bool:
    """Write a place down and return whether it is new."""
    if connection.execute(select(WITNESS.c.place).where(WITNESS.c.place == place)).one_or_none():
        return False
    connection.execute(insert(WITNESS).values(place=place, size=0))
    return True


def remove_witness(connection: Connection, place: str) -> bool:
    """Forget a place and return whether it was known."""
    return connection.execute(delete(WITNESS).where(WITNESS.c.place == place)).rowcount > 0


def held(connection: Connection, place: str, *, size: int, at: datetime) -> None:
    """Write down that a place holds the seal of that size."""
    change = {"size": size, "pushed_at": at, "tried_at": at, "why": None}
    connection.execute(update(WITNESS).where(WITNESS.c.place == place).values(**change))


def not_held(connection: Connection, place: str, *, why: str, at: datetime) -> None:
    """Write down why a place did not take the last seal."""
    connection.execute(update(WITNESS).where(WITNESS.c.place == place).values(tried_at=at, why=why))
