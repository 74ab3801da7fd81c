"""The past: assignments and reminders as they were at an instant, from the entries recorded up to it."""

from dataclasses import replace
from datetime import datetime

from tracker.domain.assignment import FOLDED, Assignment, fold
from tracker.domain.entry import Entry
from tracker.store import ledger, outbox
from tracker.store.outbox import Delivery, Reminder
from tracker.store.store import Connection

# what takes the ground from under a reminder that has not left yet
_ENDS_WAITING = frozenset(
    {"submitted", "completed", "withdrawn", "released", "superseded", "reinstated", "date_set", "cut_off"}
)


class Past:
    """A store as its ledger tells it up to an instant."""

    def __init__(self, connection: Connection, at: datetime) -> None:
        self.connection = connection
        self.at = at
        self.assignments: dict[str, Assignment] = {}
        self._ended: dict[str, datetime] = {}
        self._last: dict[str, Entry] = {}
        for entry in ledger.entries(connection, until=at):
            self._take(entry)

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

    def _take(self, entry: Entry) -> None:
        if "reminder" in entry.payload:
            self._last[entry.payload["reminder"]] = entry
        ref = entry.assignment
        if ref is None or entry.kind not in FOLDED:
            return
        if entry.kind in _ENDS_WAITING:
            self._ended[ref] = entry.recorded_at
        before = self.assignments.get(ref)
        self.assignments[ref] = fold(
            before,
            entry.kind,
            entry.payload,
            ref=ref,
            seq=entry.seq,
            effective_at=entry.effective_at,
            at=entry.recorded_at,
        )

    def _as_it_was(self, reminder: Reminder, tried: list[Delivery]) -> Reminder:
        state, why = self._state(reminder, tried)
        return replace(reminder, state=state, why=why, attempts=len(tried), due_at=None)

    def _state(self, reminder: Reminder, tried: list[Delivery]) -> tuple[str, str | None]:
        last = self._last.get(reminder.reference)
        if last is not None and last.kind == "reminder_closed":
            return str(last.payload["state"]), str(last.payload["why"])
        if tried and tried[-1].finished_at is None:
            return "sending", None
        if tried and tried[-1].outcome == "accepted":
            return "accepted", None
        if tried and self._gave_up(reminder, tried):
            return "failed", tried[-1].detail
        if not tried and reminder.state == "failed" and reminder.attempts == 0:
            return "failed", reminder.why  # there was no channel to try
        ended = self._ended.get(reminder.assignment)
        if reminder.state == "cancelled" and ended is not None and ended >= reminder.made_at:
            return "cancelled", reminder.why
        return "pending", tried[-1].detail if tried else None

    def _gave_up(self, reminder: Reminder, tried: list[Delivery]) -> bool:
        last = tried[-1]
        return last.outcome == "permanent" or (reminder.state == "failed" and last.attempt == reminder.attempts)
