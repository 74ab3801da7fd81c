"""Hearings: which offices were told that they owe something, and not told since that they no longer do."""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, or_, select

from tracker.domain.announcement import ENDED
from tracker.store import outbox
from tracker.store.outbox import REMINDER

MOST = 500  # assignments a question
_HEARD = ("accepted", "sending")  # what is being sent may be in its mailbox by now
_COLUMNS = [REMINDER.c[name] for name in ("id", "assignment", "agency", "stage", "state")]


def owing(connection: Connection, refs: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """Return, by assignment, the offices that have, or may have, a mail about it and none that it is over."""
    found: dict[str, set[str]] = {}
    for first in range(0, len(refs), MOST):
        question = select(*_COLUMNS).where(REMINDER.c.assignment.in_(list(refs[first : first + MOST])))
        tried = or_(REMINDER.c.state.in_(_HEARD), REMINDER.c.attempts > 0)
        rows = connection.execute(question.where(tried).order_by(REMINDER.c.id)).all()
        doubtful = [row.id for row in rows if row.state not in _HEARD]
        perhaps = {
            one.reminder
            for one in (outbox.deliveries(connection, doubtful) if doubtful else ())
            if one.outcome in ("accepted", "unknown")
        }
        for row in rows:
            offices = found.setdefault(row.assignment, set())
            if row.stage != ENDED and (row.state in _HEARD or row.id in perhaps):
                offices.add(row.agency)
            elif row.stage == ENDED and row.state == "accepted":
                offices.discard(row.agency)
    return {ref: frozenset(offices) for ref, offices in found.items()}
