"""The ledger: entries appended in the transaction that makes the change, under one locked head row."""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Index, Select, String, insert, select, text, type_coerce, update

from tracker.domain.entry import GENESIS, Draft, Entry, Frame, Payload, Record, bodies_of, link, stamp
from tracker.domain.errors import Refused
from tracker.store import bulk, hooks
from tracker.store.tables import EntryRow, Head

ENTRY = EntryRow.__table__  # type: ignore[attr-defined]
# entries of actors whose name begins so were made up for a demo; asked in these very words, an index has them
MADE_UP = text("actor >= 'demo' AND actor < 'demp'")
Index("ix_entry_made_up", ENTRY.c.seq, sqlite_where=MADE_UP, postgresql_where=MADE_UP)
HEAD = Head.__table__  # type: ignore[attr-defined]
BATCH = 5_000

# statements of every message are built once: building one takes longer than running it
_END = select(HEAD.c.seq, HEAD.c.hash, HEAD.c.high_water, HEAD.c.mode)
_END_LOCKED = _END.with_for_update()
_MOVE = update(HEAD)


@dataclass(frozen=True, slots=True)
class Position:
    """Where the ledger ends: the last position and its hash, and the highest instant it has seen."""

    seq: int
    hash: str
    high_water: datetime
    mode: str

    @property
    def is_rehearsal(self) -> bool:
        """Return whether this store takes its instant from outside."""
        return self.mode == "rehearsal"

    def settle(self, at: datetime) -> datetime:
        """Return the instant work begins at after this: never before what the ledger has seen.

        A live store goes on at its high-water mark when the wall clock stepped back; a rehearsal,
        whose instant is chosen, is refused an earlier one.
        """
        if self.is_rehearsal and at < self.high_water:
            raise Refused(f"this rehearsal has already reached {self.high_water.isoformat()}: choose that or later")
        return self.go_on(at)

    def go_on(self, at: datetime) -> datetime:
        """Return the instant at which work already begun is finished: it is recorded, whatever the clock says."""
        return max(at, self.high_water)


def position(connection: Connection, *, lock: bool = False) -> Position:
    """Return where the ledger ends; with `lock`, nobody else appends before this transaction ends."""
    row = connection.execute(_END_LOCKED if lock else _END).one()
    return Position(row.seq, row.hash, row.high_water, row.mode)


def settle(connection: Connection, at: datetime) -> datetime:
    """Return the instant a writing transaction works at, after locking the head: see `Position.settle`.

    The head is locked here, before anything else is: writers that all take the same lock first
    cannot wait for each other in a circle, and no later entry has an earlier instant.
    """
    return position(connection, lock=True).settle(at)


def append(connection: Connection, drafts: Sequence[Draft], *, at: datetime, head: Position | None = None) -> Position:
    """Record facts in their order and return the new end of the ledger.

    A caller that locked the head already hands it over, and need not ask again; the entries
    follow it as `head.seq + 1` onwards.
    """
    head = head or position(connection, lock=True)
    bodies = bodies_of(drafts, first=head.seq + 1, recorded_at=at)
    return _append(connection, drafts, bodies, [draft.assignment for draft in drafts], at=at, head=head)


def append_alike(
    connection: Connection, facts: Sequence[tuple[Frame, str]], *, at: datetime, head: Position
) -> Position:
    """Record facts, each by its frame and the assignment it is about, and return the new end of the ledger.

    The caller has locked the head. What `append` writes of the same facts, at less than half the cost.
    """
    bodies = (frame.body(ref, seq) for seq, (frame, ref) in enumerate(facts, head.seq + 1))
    drafts = [frame.draft for frame, _ in facts]
    return _append(connection, drafts, bodies, [ref for _, ref in facts], at=at, head=head)


def _append(
    connection: Connection,
    drafts: Sequence[Draft],
    bodies: Iterable[str],
    about: Sequence[str | None],
    *,
    at: datetime,
    head: Position,
) -> Position:
    if not drafts:
        return head
    kept = bulk.keeper(connection)
    recorded_at, previous = kept(at), head.hash
    rows: list[bulk.Row] = []
    for seq, (draft, body, ref) in enumerate(zip(drafts, bodies, about, strict=True), head.seq + 1):
        digest = link(previous, body)
        effective_at = kept(draft.effective_at)
        rows.append((seq, recorded_at, effective_at, draft.actor, ref, draft.kind, body, previous, digest))
        previous = digest
    bulk.insert(connection, ENTRY, _COLUMNS, rows)
    hooks.tell(connection, drafts, first=head.seq + 1, at=at)
    seq = head.seq + len(rows)
    high_water = max(at, head.high_water)
    connection.execute(_MOVE, {"seq": seq, "hash": previous, "high_water": high_water})
    return Position(seq, previous, high_water, head.mode)


def make_head(connection: Connection, *, mode: str, at: datetime) -> None:
    """Write the head row of a new store; its first entry says which kind of store it is."""
    row = {"id": 1, "mode": mode, "created_at": at, "seq": 0, "hash": GENESIS, "high_water": at}
    connection.execute(insert(HEAD), [row])


def entries(
    connection: Connection,
    *,
    assignment: str | None = None,
    until: datetime | None = None,
    after: int = 0,
    kinds: Collection[str] = (),
) -> Iterator[Entry]:
    """Yield entries in their order: all, or those of one assignment, recorded up to an instant, after a position.

    Of some kinds only, where any are named.
    """
    question = select(ENTRY).where(ENTRY.c.seq > after).order_by(ENTRY.c.seq)
    if assignment is not None:
        question = question.where(ENTRY.c.assignment == assignment)
    if until is not None:
        question = question.where(ENTRY.c.recorded_at <= until)
    if kinds:
        question = question.where(ENTRY.c.kind.in_(sorted(kinds)))
    yield from read_entries(connection, question)


def records(connection: Connection) -> Iterator[Record]:
    """Yield every entry as the database holds it, in order: a third of the time `entries` takes, for checking all."""
    columns: list[Any] = [ENTRY.c[name] for name in Record._fields]
    if connection.dialect.name == "sqlite":
        # the stamps as they are kept: reading a million instants takes longer than checking the hashes
        columns = [type_coerce(c, String) if c.name in _INSTANTS else c for c in columns]
    for row in connection.execute(select(*columns).order_by(ENTRY.c.seq).execution_options(yield_per=BATCH)):
        yield Record(row[0], _stamped(row[1]), _stamped(row[2]), *row[3:])


def _stamped(at: datetime | str) -> str:
    return f"{at[:10]}T{at[11:]}Z" if isinstance(at, str) else stamp(at)


def notes(connection: Connection, kind: str) -> Iterator[Entry]:
    """Yield the entries of a kind that are about no assignment in particular, in their order."""
    question = select(ENTRY).where(ENTRY.c.assignment.is_(None), ENTRY.c.kind == kind).order_by(ENTRY.c.seq)
    yield from read_entries(connection, question)


def read_entries(connection: Connection, question: Select[Any]) -> Iterator[Entry]:
    """Yield the entries a question about their table finds, in its order."""
    # an option of the question: set on the connection it would turn every later statement into a cursor too
    for row in connection.execute(question.execution_options(yield_per=BATCH)):
        yield Entry(**{name: getattr(row, name) for name in _COLUMNS}, payload=_payload(row.body))


def _payload(body: str) -> Payload:
    """Return the payload in a hashed text; none where the text was tampered with, which is for `verify` to say."""
    try:
        payload = json.loads(body)["payload"]
    except (ValueError, KeyError, TypeError):
        return {}
    return payload if isinstance(payload, dict) else {}


_INSTANTS = ("recorded_at", "effective_at")
_COLUMNS = ("seq", "recorded_at", "effective_at", "actor", "assignment", "kind", "body", "previous", "hash")
