"""Alarms: the secretariat hears of reminders that failed for good, gathered, and never of an alarm that did.

The first of a day leaves at once, the next an hour after the last at the earliest: what fails in
between is told together. Each failed reminder is told once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta

from tracker.domain.agency import Registry
from tracker.domain.entry import Draft, Payload, stamp
from tracker.domain.outbox import ALARM, ALARMED, NO_CHANNEL, alarmed, alarms
from tracker.store import adopted, ledger, outbox
from tracker.store.ledger import Position
from tracker.store.outbox import Reminder
from tracker.store.store import Connection

GATHER = timedelta(hours=1)


def alarm(
    connection: Connection,
    failed: Sequence[Reminder],
    *,
    registry: Registry,
    head: Position,
    at: datetime,
    actor: str,
) -> Position:
    """Tell the secretariat of reminders that failed for good, and return the new end of the ledger."""
    told = [reminder.reference for reminder in failed if reminder.stage != ALARM]
    to = registry.secretariat
    if not told or to is None:
        return head
    names = [channel.name for channel in adopted.channels(connection, [to]).get(to, ())] or [NO_CHANNEL]
    rung, due_at = _open_rung(connection, str(registry.calendar.civil_day(at)), to, names, at)
    payload: Payload = {"to": to, "rung": rung, "due_at": stamp(due_at), "reminders": told}
    draft = Draft(kind=ALARMED, effective_at=at, actor=actor, payload=payload)
    head = ledger.append(connection, [draft], at=at, head=head)
    known = outbox.by_key(connection, [one.key for one in alarms(payload, names, at=at)])
    for one in alarms(payload, names, at=at):
        if one.key in known:
            outbox.say_more(connection, known[one.key].id, alarmed(known[one.key].payload, told))
        else:
            outbox.make(connection, [{**asdict(one), "token": 0}])
    return head


def _open_rung(connection: Connection, day: str, to: str, names: Sequence[str], at: datetime) -> tuple[str, datetime]:
    """Return the alarm of a day that nobody tried to send yet, or a new one, and when it leaves."""
    last: Mapping[str, Reminder] = {}
    number = 0
    while True:
        rung = f"{day}+{number}" if number else day
        payload: Payload = {"to": to, "rung": rung, "due_at": stamp(at), "reminders": []}
        found = outbox.by_key(connection, [one.key for one in alarms(payload, names, at=at)])
        if not found:
            return rung, max([at, *(one.made_at + GATHER for one in last.values())])
        if len(found) == len(names) and all(one.state == "pending" and not one.attempts for one in found.values()):
            return rung, min(one.due_at or at for one in found.values())
        last, number = found, number + 1
