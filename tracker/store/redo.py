"""Tables made again: rows as entries determine them, compared with those that are there, and put right.

What entries do not determine of a row (its id, the lease of an attempt under way, a secret address) is
left out of the comparison, and kept when the row is written again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, delete, insert, or_, select, update
from sqlmodel import SQLModel

from tracker.store.adopted import DIRECTIVE, REGISTRY
from tracker.store.ledger import HEAD
from tracker.store.outbox import DELIVERY, REMINDER

Key = tuple[Any, ...]
Row = Mapping[str, Any]
BATCH = 1_000


@dataclass(frozen=True, slots=True)
class Again:
    """A row as entries determine it: these columns; where it is gone, with the others as in `otherwise`.

    Without `otherwise` a row that is gone cannot be made again, since something of it is nowhere
    else; one that is not `mendable` cannot be put right either.
    """

    columns: Row
    otherwise: Row | None = field(default_factory=dict)
    mendable: bool = True


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of one table: how many rows entries determine, which differ, and which cannot be put right."""

    table: str
    rows: int
    differing: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


def compare(
    connection: Connection,
    name: str,
    key: Sequence[str],
    wanted: Mapping[Key, Again],
    *,
    keep: bool,
    label: Callable[[Key], str] | None = None,
    leave: Callable[[Row], bool] | None = None,
) -> Compared:
    """Return which rows of a table differ from those wanted by their key, and with `keep` put them right.

    Rows to `leave` are neither wanted nor invented. Rows are deleted before others are written,
    so that no unique key stands in the way of putting them right.
    """
    table, missing, total = SQLModel.metadata.tables[name], dict(wanted), len(wanted)
    label = label or _label
    differing, lost, gone = [], [], []
    written: list[Row] = []
    for row in _rows(connection, table):
        if leave and leave(row):
            continue
        at = tuple(row[column] for column in key)
        again = missing.pop(at, None)
        if again is not None and all(row[column] == value for column, value in again.columns.items()):
            continue
        differing.append(label(at))
        if again is None or again.mendable:
            gone.append({f"of_{column.name}": row[column.name] for column in table.primary_key})
            written += [{**row, **again.columns}] if again else []
        else:
            lost.append(label(at))
    for at, again in missing.items():
        differing.append(label(at))
        if again.otherwise is None:
            lost.append(label(at))
        else:
            written.append({**again.otherwise, **again.columns})
    if keep:
        _write(connection, table, gone, written)
    return Compared(name, total, tuple(sorted(differing)), tuple(sorted(lost)))


def leases(connection: Connection) -> Mapping[str, tuple[int, int]]:
    """Return the reminders of which an attempt is under way, by key: with which it is kept, and its number.

    An attempt at a bundle is kept with one of its reminders.
    """
    lead = REMINDER.alias("lead")
    together = or_(lead.c.id == REMINDER.c.id, lead.c.bundle == REMINDER.c.bundle)
    question = select(REMINDER.c.key, lead.c.id, REMINDER.c.attempts).join(lead, together)
    kept = and_(DELIVERY.c.reminder == lead.c.id, DELIVERY.c.attempt == REMINDER.c.attempts)
    question = question.join(DELIVERY, kept).where(REMINDER.c.state == "sending", DELIVERY.c.outcome == "sending")
    return {row.key: (row.id, row.attempts) for row in connection.execute(question)}


def reminder_ids(connection: Connection) -> Mapping[str, int]:
    """Return the id of every reminder by its key."""
    return {row.key: row.id for row in connection.execute(select(REMINDER.c.key, REMINDER.c.id))}


def documents(connection: Connection) -> Mapping[str, str]:
    """Return every document that was adopted by the SHA-256 of its text, wherever it stands."""
    found: dict[str, str] = {}
    for table in (REGISTRY, DIRECTIVE):
        for text in connection.execute(select(table.c.document)).scalars():
            found[sha256(text.encode()).hexdigest()] = text
    return found


def head(connection: Connection) -> Row:
    """Return the head row."""
    return dict(connection.execute(select(HEAD)).mappings().one())


def write_head(connection: Connection, columns: Row) -> None:
    """Write columns of the head row."""
    connection.execute(update(HEAD).values(**columns))


def _rows(connection: Connection, table: Table) -> Iterator[Row]:
    question = select(table).execution_options(yield_per=BATCH)
    for row in connection.execute(question).mappings():
        yield dict(row)


def _write(connection: Connection, table: Table, gone: Sequence[Row], written: Iterable[Row]) -> None:
    if gone:
        mine = and_(*(column == bindparam(f"of_{column.name}") for column in table.primary_key))
        connection.execute(delete(table).where(mine), gone)
    alike: dict[frozenset[str], list[Row]] = {}
    for row in written:
        alike.setdefault(frozenset(row), []).append(row)
    for rows in alike.values():
        connection.execute(insert(table), rows)


def _label(key: Key) -> str:
    return "/".join(str(part) for part in key)
