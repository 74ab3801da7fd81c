"""The past, twice: what was so at an instant, as it was known by another.

Two questions are asked of a day that is over, and they have two answers.

- *At* (`--at`, valid time): the instant that is looked at. Lateness is reckoned at it, with the
  calendar in force then.
- *Known* (`--known`, record time): the instant up to which we listen. An entry recorded later is
  not heard. Left out, it is the same as `at`: the board that was shown on that day. A later one,
  or `now`, gives that day as it is known since.

An entry counts from the instant it takes effect: the one its author named (`effective_at`), and at
the latest the one it was recorded at. So with `known` equal to `at` everything recorded by then
counts, and what was recorded later about an earlier day is seen only by who asks with a later
`known`:

    due by 31 August,
    done on 30 August,          at 25 Aug    at 5 Sep            at 15 Sep
    reported on 10 September
      known on that day         assigned     assigned, overdue   submitted, overdue
      known now                 assigned     submitted, overdue  submitted, overdue

The report is overdue all the same: lateness is measured on the day it was received. And no report
was received before it was: until then the assignment stands as if nothing had come, only its
progress says what is known since. Entries of one assignment are folded in the order they were
recorded in, whatever days they name; nothing counts before the assignment was made. What happens
when it is recorded, and never names another day, is the same at `at` however much is known since:
adoptions of directives and registries, reminders, deliveries. Those are taken as of the earlier of
the two instants (`adopted_by`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from tracker.domain.assignment import FOLDED, MOVES, Assignment, fold
from tracker.domain.entry import Entry
from tracker.domain.outbox import DROPPED, HELD, RELEASED
from tracker.domain.standing import SETTLED, Progress
from tracker.store import ledger, outbox
from tracker.store.outbox import Delivery, Reminder
from tracker.store.store import Connection

# what takes the ground from under a reminder that has not left yet
_RESTS = SETTLED | {Progress.SUBMITTED, Progress.SUSPENDED}
_ENDS_WAITING = frozenset(
    {"reinstated", "date_set", "extension_granted", "moved_along", "resumed"}
    | {kind for kind, (_, target) in MOVES.items() if target in _RESTS}
)


@dataclass(frozen=True, slots=True)
class Vantage:
    """Where somebody stands who looks: at which instant, and as known when; `upto` is the last position heard."""

    at: datetime
    known: datetime
    upto: int | None = None

    @property
    def adopted_by(self) -> datetime:
        """Return the instant whose directives and registry are in force here."""
        return min(self.at, self.known)

    def sees(self, entry: Entry) -> bool:
        """Return whether an entry was recorded by then and counts at the instant looked at."""
        heard = entry.recorded_at <= self.known and (self.upto is None or entry.seq <= self.upto)
        return heard and min(entry.effective_at, entry.recorded_at) <= self.at


@dataclass(slots=True)
class Replayed:
    """The assignments of a vantage, folded entry by entry."""

    vantage: Vantage
    assignments: dict[str, Assignment] = field(default_factory=dict)

    def take(self, entry: Entry, made: Assignment | None = None) -> Assignment | None:
        """Fold an entry and return the assignment after it; None where it does not count here.

        `made` is what the same entry made of the same assignment at another vantage: it is kept.
        """
        ref = entry.assignment
        if ref is None or entry.kind not in FOLDED or not self.vantage.sees(entry):
            return None
        before = self.assignments.get(ref)
        if before is None and entry.kind != "assigned":
            return None  # it names a day before the assignment was made
        after = made or fold(
            before,
            entry.kind,
            entry.payload,
            ref=ref,
            seq=entry.seq,
            effective_at=entry.effective_at,
            at=entry.recorded_at,
        )
        self.assignments[ref] = after
        return after


def replayed(
    connection: Connection, vantages: Sequence[Vantage], *, kinds: Collection[str] = ()
) -> tuple[Mapping[str, Assignment], ...]:
    """Return the assignments of each vantage by reference, all from one reading of the ledger.

    `kinds` are the only ones read, where they are given.
    """
    replays = [Replayed(vantage) for vantage in vantages]
    until = max(vantage.known for vantage in vantages)
    for entry in ledger.entries(connection, until=until, kinds=kinds):
        shared: tuple[Assignment | None, Assignment | None] | None = None
        for replay in replays:
            before = replay.assignments.get(entry.assignment or "")
            made = shared[1] if shared is not None and shared[0] is before else None
            after = replay.take(entry, made)
            if after is not None and shared is None:
                shared = (before, after)
    return tuple(replay.assignments for replay in replays)


class Past:
    """A store as its ledger tells it of an instant, as known by another (the same, by default)."""

    def __init__(self, connection: Connection, at: datetime, known: datetime | None = None) -> None:
        self.connection = connection
        vantage = Vantage(at, known or at)
        self.at = vantage.adopted_by
        replay = Replayed(vantage)
        self.assignments = replay.assignments
        self._ended: dict[str, datetime] = {}
        self._last: dict[str, Entry] = {}
        self._held: dict[str, Entry] = {}
        for entry in ledger.entries(connection, until=vantage.known):
            replay.take(entry)
            if entry.recorded_at <= self.at:
                self._note(entry)

    def reminders(self, ref: str | None = None) -> tuple[Reminder, ...]:
        """Return the reminders made by then, each in the state it was in, the newest first."""
        made = [r for r in outbox.reminders(self.connection, assignment=ref) if r.made_at <= self.at]
        tried: dict[int, list[Delivery]] = {}
        for delivery in self.deliveries([reminder.id for reminder in made]):
            tried.setdefault(delivery.reminder, []).append(delivery)
        return tuple(self._as_it_was(reminder, tried.get(reminder.id, [])) for reminder in made)

    def deliveries(self, reminders: list[int]) -> tuple[Delivery, ...]:
        """Return the attempts begun by then; those not ended by then have no outcome yet."""
        found = (d for d in outbox.deliveries(self.connection, reminders) if d.started_at <= self.at)
        return tuple(
            d
            if d.finished_at is not None and d.finished_at <= self.at
            else replace(d, finished_at=None, outcome="sending", code=None, detail=None)
            for d in found
        )

    def _note(self, entry: Entry) -> None:
        if entry.kind in (HELD, RELEASED, DROPPED):
            self._held |= dict.fromkeys(entry.payload["reminders"], entry)
        if "reminder" in entry.payload:
            self._last[entry.payload["reminder"]] = entry
        if entry.assignment is not None and entry.kind in _ENDS_WAITING:
            self._ended[entry.assignment] = entry.recorded_at

    def _as_it_was(self, reminder: Reminder, tried: list[Delivery]) -> Reminder:
        state, why = self._state(reminder, tried)
        bundle = reminder.bundle if tried else None  # what leaves together is fixed at the first attempt
        hold = reminder.hold if reminder.reference in self._held else None
        return replace(reminder, state=state, why=why, attempts=len(tried), due_at=None, bundle=bundle, hold=hold)

    def _state(self, reminder: Reminder, tried: list[Delivery]) -> tuple[str, str | None]:
        last = self._last.get(reminder.reference)
        if self._is_let_go(reminder, tried, last):
            return "pending", tried[-1].detail if tried else reminder.why
        if last is not None and last.kind in ("reminder_closed", "reconciled"):
            return str(last.payload["state"]), str(last.payload["why"])
        if tried and tried[-1].finished_at is None:
            return "sending", None
        if tried and tried[-1].outcome == "accepted":
            return "accepted", None
        if tried and self._gave_up(reminder, tried):
            return "failed", tried[-1].detail
        if not tried and reminder.state == "failed" and reminder.attempts == 0:
            return "failed", reminder.why  # there was no channel to try
        if reminder.state == "suppressed":
            return "suppressed", reminder.why  # from the beginning: its office had had enough mails that day
        ended = self._ended.get(reminder.assignment)
        if reminder.state == "cancelled" and ended is not None and ended >= reminder.made_at:
            return "cancelled", reminder.why
        held = self._held.get(reminder.reference)
        if held is not None and held.kind == DROPPED:
            return "cancelled", str(held.payload["why"])
        if held is not None and held.kind == HELD:
            return "held", None
        return "pending", tried[-1].detail if tried else None

    def _is_let_go(self, reminder: Reminder, tried: list[Delivery], last: Entry | None) -> bool:
        """Return whether what had failed was let go once more, and nothing became of it since."""
        freed = self._held.get(reminder.reference)
        if freed is None or freed.kind != RELEASED or not freed.payload.get("failed"):
            return False
        since = last is None or last.seq < freed.seq
        return since and (not tried or tried[-1].started_at < freed.recorded_at)

    def _gave_up(self, reminder: Reminder, tried: list[Delivery]) -> bool:
        last = tried[-1]
        return last.outcome == "permanent" or (reminder.state == "failed" and last.attempt == reminder.attempts)
