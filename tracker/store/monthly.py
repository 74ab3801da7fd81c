"""How many deadlines fall on each day."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, func, select

from tracker.store.assignments import ASSIGNMENT
from tracker.store.queries import Wanted, conditions


def last_days(connection: Connection, wanted: Wanted) -> Mapping[date, int]:
    """Return how many assignments that fit have each last day."""
    day = ASSIGNMENT.c.last_day
    question = select(day, func.count()).where(*conditions(wanted), day.is_not(None)).group_by(day)
    return {row[0]: row[1] for row in connection.execute(question)}
