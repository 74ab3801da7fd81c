"""Paging: assignments put in an order, cut to what follows a place, and what several of them have in common.

A page begins after a place that an assignment has by its date and its reference, never after so many rows:
what is reported or added meanwhile moves no other row from one page to another.
"""

import base64
import binascii
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from tracker.domain.assignment import Assignment
from tracker.domain.errors import Invalid
from tracker.domain.standing import Standing
from tracker.store.worktable import Dimension, Order, Place

Seen = tuple[Assignment, Standing]
ORDERS: tuple[Order, ...] = ("due", "-due", "ref")
_NEVER = datetime.max.replace(tzinfo=UTC)
_NO_PAGE = "this page cannot be found: start again from the first"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """Some assignments with their standing, and whether there are more than were asked for."""

    seen: tuple[Seen, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class Direction:
    """Which way is read: in an order, from a place on, forwards or back from it."""

    order: Order
    place: Place | None
    backwards: bool

    @property
    def is_down(self) -> bool:
        """Return whether what is read comes by falling dates and references."""
        return self.backwards != (self.order == "-due")

    def beyond(self, found: Iterable[Seen]) -> Iterator[Seen]:
        """Yield those that lie on the far side of the place."""
        if self.place is None:
            yield from found
            return
        edge = self._key(self.place)
        for seen in found:
            key = self._key(Place.of(seen[0]))
            if key < edge if self.is_down else key > edge:
                yield seen

    def cut(self, found: Iterable[Seen], limit: int) -> Found:
        """Return the first of them in this direction, as they are read from the top of a page."""
        ordered = sorted(found, key=lambda seen: self._key(Place.of(seen[0])), reverse=self.is_down)
        page = ordered[:limit]
        return Found(tuple(reversed(page) if self.backwards else page), len(ordered) > limit)

    def _key(self, place: Place) -> tuple[datetime, str]:
        """Return what is compared; those without a date come last, which no date does."""
        return (_NEVER if self.order == "ref" else place.late_from or _NEVER), place.ref


def in_common(seen: Seen, by: Sequence[Dimension]) -> tuple[str, ...]:
    """Return what an assignment has in common with those it is counted with."""
    return tuple(_value(seen, name) for name in by)


def _value(seen: Seen, name: Dimension) -> str:
    assignment, now = seen
    match name:
        case "task":
            return assignment.task
        case "agency":
            return assignment.agency
        case "cell":
            return str(now.cell)
        case "standing":
            return now.name
        case "progress":
            return str(assignment.facts.progress)
        case "month":
            return month_of(assignment.facts.limit.last_day if assignment.facts.limit else None)
        case "week":
            day = assignment.facts.limit.last_day if assignment.facts.limit else None
            return (day - timedelta(days=day.weekday())).isoformat() if day else ""


def month_of(last_day: date | None) -> str:
    """Return the month of a last day; nothing where there is none.

    >>> month_of(date(2025, 8, 31)), month_of(None)
    ('2025-08', '')
    """
    return f"{last_day:%Y-%m}" if last_day else ""


def window(
    ordered: Sequence[T], key: Callable[[T], tuple[str, ...]], *, limit: int, after: str | None, before: str | None
) -> tuple[Sequence[T], str | None, str | None]:
    """Return one page of what is in order by a key, and where the pages before and after it lie: by place, not number.

    What came or went meanwhile moves nobody's page. Raises Invalid for a place that is none.

    >>> letters = tuple("abcde")
    >>> page, earlier, later = window(letters, lambda one: (one,), limit=2, after=None, before=None)
    >>> page, earlier, window(letters, lambda one: (one,), limit=2, after=later, before=None)[0]
    (('a', 'b'), None, ('c', 'd'))
    """
    if before:
        end = bisect_left(ordered, _unpacked(before), key=key)
        start = max(0, end - limit)
    else:
        start = bisect_right(ordered, _unpacked(after), key=key) if after else 0
        end = min(start + limit, len(ordered))
    page = ordered[start:end]
    earlier = _packed(key(page[0])) if page and start > 0 else None
    later = _packed(key(page[-1])) if page and end < len(ordered) else None
    return page, earlier, later


def _packed(key: tuple[str, ...]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def _unpacked(cursor: str) -> tuple[str, ...]:
    try:
        said = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
        if not isinstance(said, list) or not said or not all(isinstance(one, str) for one in said):
            raise ValueError(cursor)
        return tuple(said)
    except (ValueError, RecursionError, binascii.Error, UnicodeError) as error:
        raise Invalid(_NO_PAGE, code="bad-cursor") from error


def cursor_of(order: Order, place: Place) -> str:
    """Return a place as the opaque text of a URL.

    >>> place_from("due", cursor_of("due", Place(None, "2025/1-nq/a/BNV")))
    Place(late_from=None, ref='2025/1-nq/a/BNV')
    """
    late = place.late_from.astimezone(UTC).isoformat() if place.late_from else None
    text = json.dumps([order, late, place.ref], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def place_from(order: Order, cursor: str) -> Place:
    """Return the place a cursor stands for; raises Invalid for what is none, or one of another order."""
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        named, late, ref = json.loads(text)
        if named != order or not isinstance(ref, str) or "\0" in ref:
            raise ValueError(named)
        return Place(datetime.fromisoformat(late).astimezone(UTC) if late is not None else None, ref)
    except (ValueError, TypeError, RecursionError, binascii.Error, UnicodeError, OverflowError) as error:
        raise Invalid(_NO_PAGE, code="bad-cursor") from error
