"""What was made for some offices since an instant: the mails that a cap counts.

What answers to somebody's act is of no ladder, and no cap counts it.
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import Connection, select

from tracker.domain.outbox import BUNDLED
from tracker.store.tables import ReminderRow

REMINDER = ReminderRow.__table__  # type: ignore[attr-defined]


def made_since(
    connection: Connection, agencies: Collection[str], since: datetime
) -> Iterator[tuple[str, str, datetime]]:
    """Yield office, channel and instant of the reminders of ladders made since an instant and not suppressed."""
    columns = (REMINDER.c.agency, REMINDER.c.channel, REMINDER.c.made_at)
    question = select(*columns).distinct().where(REMINDER.c.made_at >= since, REMINDER.c.agency.in_(sorted(agencies)))
    question = question.where(REMINDER.c.state != "suppressed", REMINDER.c.stage.in_(sorted(BUNDLED)))
    for row in connection.execute(question):
        yield row.agency, row.channel, row.made_at
