"""Words: days, instants and counts as the terminal writes them."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
_PLACES = {"Asia/Ho_Chi_Minh": "Hanoi time"}


def day(when: date | None) -> str:
    """Return a day with its weekday; a dash for none.

    >>> day(date(2025, 8, 31)), day(None)
    ('Sun 31 Aug 2025', '–')
    """
    if when is None:
        return "–"
    return f"{_WEEKDAYS[when.weekday()]} {when.day} {_MONTHS[when.month - 1]} {when.year}"


def minute(at: datetime | None, zone: str) -> str:
    """Return an instant as day and minute in a zone; a dash for none.

    >>> from datetime import UTC
    >>> minute(datetime(2025, 10, 20, 1, tzinfo=UTC), "Asia/Ho_Chi_Minh")
    'Mon 20 Oct 2025 08:00'
    """
    if at is None:
        return "–"
    local = at.astimezone(ZoneInfo(zone))
    return f"{day(local.date())} {local:%H:%M}"


def place(zone: str) -> str:
    """Return whose time a zone is.

    >>> place("Asia/Ho_Chi_Minh"), place("UTC")
    ('Hanoi time', 'UTC')
    """
    return _PLACES.get(zone, zone)


def counted(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    >>> counted(1, "agency", "agencies"), counted(2, "agency", "agencies"), counted(1200, "task")
    ('1 agency', '2 agencies', '1,200 tasks')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"
