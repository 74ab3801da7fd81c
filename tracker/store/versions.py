"""Versions: when a directive was adopted, what it says of others and they of it, and what its adoption did."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Connection, cast, func, or_, select, type_coerce

from tracker.domain.entry import Entry
from tracker.store.adopted import DIRECTIVE, NEED
from tracker.store.ledger import ENTRY, read_entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """One version of a directive: from when it was in force, and which entry says so."""

    version: int
    fingerprint: str
    adopted_at: datetime
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A directive in force with the relations it names, as its document has them."""

    key: str
    number: str
    issued: date
    relations: tuple[dict[str, str], ...]


def adoptions(connection: Connection, key: str, *, at: datetime) -> tuple[Adoption, ...]:
    """Return the versions of a directive adopted by an instant, the oldest first."""
    return tuple(one for one in every(connection, key) if one.adopted_at <= at)


def every(connection: Connection, key: str) -> tuple[Adoption, ...]:
    """Return the versions of a directive, the oldest first."""
    columns = [DIRECTIVE.c[name] for name in Adoption.__dataclass_fields__]
    question = select(*columns).where(DIRECTIVE.c.key == key).order_by(DIRECTIVE.c.version)
    return tuple(Adoption(**row._mapping) for row in connection.execute(question))


def said_of_others(connection: Connection, *, at: datetime) -> tuple[Said, ...]:
    """Return every directive in force at an instant with its relations, by date of issue and key."""
    newest = (
        select(DIRECTIVE.c.key, func.max(DIRECTIVE.c.version).label("version"))
        .where(DIRECTIVE.c.adopted_at <= at)
        .group_by(DIRECTIVE.c.key)
        .subquery()
    )
    text: Any = DIRECTIVE.c.document
    document = cast(text, JSON) if connection.dialect.name == "postgresql" else type_coerce(text, JSON)
    columns = [DIRECTIVE.c.key, DIRECTIVE.c.number, DIRECTIVE.c.issued, document["relations"].label("relations")]
    fits = (DIRECTIVE.c.key == newest.c.key) & (DIRECTIVE.c.version == newest.c.version)
    question = select(*columns).join(newest, fits).order_by(DIRECTIVE.c.issued, DIRECTIVE.c.key)
    return tuple(
        Said(key=row.key, number=row.number, issued=row.issued, relations=tuple(row.relations or ()))
        for row in connection.execute(question)
    )


def needs_abroad(connection: Connection, key: str) -> tuple[tuple[str, str], ...]:
    """Return (task, needed) of the needs in force that cross the border of a directive, in order."""
    task = NEED.c.task.startswith(f"{key}/", autoescape=True)
    needed = NEED.c.needs.startswith(f"{key}/", autoescape=True)
    question = select(NEED.c.task, NEED.c.needs).where(or_(task & ~needed, ~task & needed))
    return tuple((row[0], row[1]) for row in connection.execute(question.order_by(NEED.c.task, NEED.c.needs)))


def done_by(connection: Connection, adoption: Adoption, *, all_seen: bool = True) -> Iterator[Entry]:
    """Yield the entries about assignments that an adoption wrote: those right after its own, of its instant.

    Where not all entries are seen, those between are taken to be of the same adoption.
    """
    question = select(ENTRY).where(ENTRY.c.seq > adoption.seq, ENTRY.c.recorded_at == adoption.adopted_at)
    expected = adoption.seq + 1
    for entry in read_entries(connection, question.order_by(ENTRY.c.seq)):
        if entry.assignment is None or (all_seen and entry.seq != expected):
            return
        expected += 1
        yield entry


def adoption_note(connection: Connection, adoption: Adoption) -> Entry | None:
    """Return the entry that records an adoption."""
    return next(read_entries(connection, select(ENTRY).where(ENTRY.c.seq == adoption.seq)), None)
