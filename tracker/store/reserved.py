"""What was reserved, given back: an attempt that was written before its mail was made, and made no difference yet."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, select, update

from tracker.store.outbox import DELIVERY, REMINDER, Reminder

_UNDO = (
    update(REMINDER)
    .where(
        REMINDER.c.id == bindparam("one"), REMINDER.c.token == bindparam("held"), REMINDER.c.state == bindparam("sent")
    )
    .values(
        state="pending",
        token=REMINDER.c.token - 1,
        attempts=bindparam("tried"),
        due_at=bindparam("since"),
        bundle=bindparam("left_in"),
    )
)
_FORGET = delete(DELIVERY).where(
    DELIVERY.c.reminder == bindparam("one"), DELIVERY.c.attempt == bindparam("number"), DELIVERY.c.outcome == "sending"
)
_ONE = select(REMINDER).where(REMINDER.c.id == bindparam("one"))


def undo(connection: Connection, one: Reminder, members: Sequence[Reminder]) -> Reminder | None:
    """Put reminders back to what they were before their lease, and return the first; None where another holds it."""
    before = [{"one": r.id, "held": r.token + 1, "tried": r.attempts, "since": r.due_at} for r in members]
    more = [{"sent": "sending", "left_in": r.bundle} for r in members]
    undone = [connection.execute(_UNDO, {**row, **said}).rowcount for row, said in zip(before, more, strict=True)]
    if not all(undone):
        return None
    connection.execute(_FORGET, {"one": one.id, "number": one.attempts + 1})
    return Reminder(**connection.execute(_ONE, {"one": one.id}).one()._mapping)
