"""Caps: how many mails of ladders one office gets on one channel in a civil day.

What is made for an office within one minute leaves as one mail, and counts as one: a cap never cuts
a digest short. What would be one mail too many is suppressed, and its entry says so.
"""

from collections.abc import Iterable
from datetime import date, datetime

from tracker.domain.calendar import Calendar

# an office on a channel
Way = tuple[str, str]


def why_suppressed(cap: int) -> str:
    """Return why a reminder was suppressed.

    >>> why_suppressed(1), why_suppressed(5)
    ('suppressed: 1 mail a day is the most', 'suppressed: 5 mails a day are the most')
    """
    return f"suppressed: {cap} mail{'s' * (cap != 1)} a day {'is' if cap == 1 else 'are'} the most"


class Mails:
    """The mails of each day so far, by office and channel."""

    def __init__(self, calendar: Calendar, made: Iterable[tuple[str, str, datetime]] = ()) -> None:
        self._calendar = calendar
        self._minutes: dict[tuple[str, str, date], set[datetime]] = {}
        for agency, channel, at in made:
            self._of((agency, channel), at).add(_minute(at))

    def admit(self, way: Way, *, at: datetime, cap: int | None) -> bool:
        """Return whether one more reminder may go this way at an instant; it is counted if so."""
        minutes, minute = self._of(way, at), _minute(at)
        if cap is not None and minute not in minutes and len(minutes) >= cap:
            return False
        minutes.add(minute)
        return True

    def _of(self, way: Way, at: datetime) -> set[datetime]:
        return self._minutes.setdefault((*way, self._calendar.civil_day(at)), set())


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
