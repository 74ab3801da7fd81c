"""Reconciling: a store that was put back learns from the journal what was sent since, and may send again.

What the journal says a server accepted is marked so, by an entry each. Of a mail that was about to
leave and of whose end nothing is known, nothing is known: it is sent again under the same
Message-ID, since a rare copy is preferred to a rare silence. Reading the journal can be done again
at any time; only a person's word lifts the hold.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tracker.domain.entry import Draft
from tracker.domain.errors import NotFound, Refused
from tracker.operations import journal as journals
from tracker.operations.guard import Look, hold, look, new_name
from tracker.operations.journal import ENDED, SENDING, Line, Member
from tracker.settings import Settings
from tracker.store import guards, ledger, outbox
from tracker.store.guards import Hold
from tracker.store.outbox import Reminder
from tracker.store.store import Connection, Store

OPEN = ("pending", "sending", "held", "suppressed", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A reminder that left according to the journal: when, under which Message-ID, and how sure that is.

    `outcome` is accepted, or unknown where the journal says only that it was about to leave.
    """

    member: Member
    at: str
    attempt: int
    message_id: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What came of it: marked now, known before, without a row yet, unknown; what is left to send; the hold."""

    journal: Path
    hold: Hold | None
    lifted: bool
    lines: int
    marked: tuple[Sent, ...] = ()
    elsewhere: tuple[Sent, ...] = ()
    unknown: tuple[Sent, ...] = ()
    known: int = 0
    remaining: int = 0
    by_agency: Mapping[str, int] = field(default_factory=dict)


def reconcile(
    store: Store, settings: Settings, *, at: datetime, actor: str, lift: bool = False, journal: Path | None = None
) -> Reconciled:
    """Mark what the journal says was sent and return what is left to send; with `lift` sending goes on from here.

    `journal` is the journal of before, where it does not lie in its place. Raises Refused for a
    rehearsal, NotFound where a journal was named that is not there.
    """
    seen = look(store, settings)
    if seen.rehearsal:
        raise Refused("a rehearsal reaches nobody, and is never on hold", code="rehearsal")
    if journal is not None and not journal.exists():
        raise NotFound(f"there is no journal at {journal}", code="no-journal")
    source = journal or seen.file
    if not seen.held:
        if lift:
            raise Refused("the store is not on hold: there is nothing to lift", code="not-on-hold")
        return Reconciled(journal=source, hold=None, lifted=False, lines=0)
    began = hold(store, seen, at=at, actor=actor)
    fates, lines = _fates(journals.lines(source))
    with store.write() as connection:
        turn = _Turn(connection, ledger.settle(connection, at), actor)
        found = turn.mark(fates, since=began.seq)
        if lift:
            _lift(turn, seen, began, elsewhere=len(found["elsewhere"]))
        waiting = outbox.reminders(connection, state="pending")
    return Reconciled(
        journal=source,
        hold=None if lift else began,
        lifted=lift,
        lines=lines,
        marked=tuple(found["marked"]),
        elsewhere=tuple(found["elsewhere"]),
        unknown=tuple(found["unknown"]),
        known=len(found["known"]),
        remaining=len(waiting),
        by_agency=dict(sorted(Counter(one.agency for one in waiting).items())),
    )


@dataclass(frozen=True, slots=True)
class _Turn:
    connection: Connection
    at: datetime
    actor: str

    def record(self, drafts: Sequence[Draft]) -> int:
        return ledger.append(self.connection, drafts, at=self.at).seq

    def mark(self, fates: Iterable[Sent], *, since: int) -> Mapping[str, list[Sent]]:
        """Mark every send as far as there is a row for it, and sort them by what was known here."""
        sends = list(fates)
        rows = guards.by_reference(self.connection, [one.member.reference for one in sends])
        end = ledger.position(self.connection).seq
        noted = {e.payload["reminder"] for e in guards.told_elsewhere(self.connection, [(since, end)])}
        found: dict[str, list[Sent]] = {name: [] for name in ("marked", "elsewhere", "unknown", "known")}
        drafts = []
        for one in sends:
            row = rows.get(one.member.reference)
            what = _sort(one, row)
            found[what].append(one)
            if what == "marked" and row is not None:
                outbox.set_aside(self.connection, row.id, state="accepted", why=_why(one))
                drafts.append(self._draft(one, row))
            elif what == "elsewhere" and one.member.reference not in noted:
                drafts.append(self._draft(one, None))
        self.record(drafts)
        return found

    def _draft(self, one: Sent, row: Reminder | None) -> Draft:
        payload: dict[str, Any] = {
            "reminder": one.member.reference,
            "state": "accepted",
            "why": _why(one),
            "attempt": one.attempt,
            "message_id": one.message_id,
            "sent_at": one.at,
        }
        if row is not None:
            payload |= {"rung": row.rung}
        else:
            payload |= {"key": one.member.key, "about": one.member.assignment, "moment": one.member.moment}
        about = row.assignment or None if row else None
        return Draft(kind=guards.RECONCILED, effective_at=self.at, actor=self.actor, assignment=about, payload=payload)


def _lift(turn: _Turn, seen: Look, began: Hold, *, elsewhere: int) -> None:
    """Begin the next epoch of the journal, then write that the hold is over: a crash in between leaves it on."""
    last = seen.tail[-1] if seen.tail else None
    name = last.journal if last else new_name()
    epoch = max(seen.state.epoch, last.epoch if last else 0) + 1
    head = ledger.position(turn.connection)
    journals.begin(seen.file, name=name, epoch=epoch, origin=seen.origin, head=head, at=turn.at)
    payload = {
        "journal": name,
        "epoch": epoch,
        "hold": began.seq,
        "elsewhere": elsewhere,
        "passed": sorted({seal.head for seal in seen.ahead}),
    }
    turn.record([Draft(kind=guards.LIFTED, effective_at=turn.at, actor=turn.actor, payload=payload)])


def _sort(one: Sent, row: Reminder | None) -> str:
    mine = row is not None and one.member.is_of(row)
    if mine and row is not None and row.state not in OPEN:
        return "known"
    if one.outcome != "accepted":
        return "unknown"
    # one that a worker holds is closed when its lease ends, like one that is not made yet
    return "marked" if mine and row is not None and row.state != "sending" else "elsewhere"


def _why(one: Sent) -> str:
    return f"sent before the restore, at {one.at}, as the journal of sends says"


def _fates(lines: Iterable[Line]) -> tuple[list[Sent], int]:
    """Return what became of each reminder that left, once each, and how many lines were read."""
    open_: dict[tuple[int, str, int], Line] = {}
    found: dict[str, Sent] = {}
    count = 0
    for line in lines:
        count += 1
        if line.said == SENDING and line.members:
            open_[line.epoch, line.members[0].reference, line.attempt] = line
        elif line.said == ENDED and (began := open_.pop((line.epoch, line.reminder, line.attempt), None)):
            for member in began.members:
                if line.outcome == "accepted":
                    found[member.reference] = _sent(began, member, "accepted")
    for began in open_.values():
        for member in began.members:
            found.setdefault(member.reference, _sent(began, member, "unknown"))
    return list(found.values()), count


def _sent(line: Line, member: Member, outcome: str) -> Sent:
    return Sent(member=member, at=line.at, attempt=line.attempt, message_id=line.message_id, outcome=outcome)
