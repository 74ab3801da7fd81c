"""The burn-up: scope, received, accepted and planned, at the end of each week as it was known then."""

from datetime import UTC, date, datetime
from itertools import count
from typing import Any

import pytest

from tracker.domain.burnup import Point, burn_up
from tracker.domain.entry import Entry

ZONE = "Asia/Ho_Chi_Minh"
AT = datetime(2025, 9, 3, 5, tzinfo=UTC)  # a Wednesday


class Book:
    """Entries, made one after the other."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._seq = count(1)

    def put(self, kind: str, ref: str, at: datetime, **payload: Any) -> None:
        known = {"recorded_at": at, "effective_at": at, "actor": "test", "body": "", "previous": "", "hash": ""}
        self.entries.append(Entry(seq=next(self._seq), assignment=ref, kind=kind, payload=payload, **known))  # type: ignore[arg-type]

    def assigned(self, ref: str, at: datetime, last_day: str | None = None, **more: Any) -> None:
        limit = {"last_day": last_day} if last_day else None
        self.put("assigned", ref, at, task=ref, limit=limit, **more)


def on(day: int, month: int = 8, hour: int = 2) -> datetime:
    return datetime(2025, month, day, hour, tzinfo=UTC)


def point(found: tuple[Point, ...], day: date) -> tuple[int | None, int | None, int | None, int]:
    (one,) = [each for each in found if each.day == day]
    return one.scope, one.received, one.accepted, one.planned


@pytest.fixture
def book() -> Book:
    made = Book()
    for ref, last in (("a", "2025-08-20"), ("b", "2025-08-31"), ("c", None)):
        made.assigned(ref, on(11), last)
    made.put("submitted", "a", on(19))
    made.put("completed", "a", on(22))
    return made


def test_lines_begin_at_nothing_and_have_a_point_each_sunday_and_today(book: Book) -> None:
    found = burn_up(book.entries, at=AT, zone=ZONE)
    assert [each.day.isoformat() for each in found] == [
        *("2025-08-10", "2025-08-17", "2025-08-24", "2025-08-31", "2025-09-03"),
    ]
    assert point(found, date(2025, 8, 10)) == (0, 0, 0, 0)
    assert point(found, date(2025, 8, 17)) == (3, 0, 0, 0)
    assert point(found, date(2025, 8, 24)) == (3, 1, 1, 1)
    assert point(found, date(2025, 9, 3)) == (3, 1, 1, 2)


def test_an_amendment_moves_the_scope_up_and_a_withdrawal_down(book: Book) -> None:
    book.assigned("d", on(25))
    book.put("withdrawn", "c", on(25))
    book.put("withdrawn", "b", on(25))
    found = burn_up(book.entries, at=AT, zone=ZONE)
    assert point(found, date(2025, 8, 31)) == (2, 1, 1, 2)  # and the plan stays what it was


@pytest.mark.parametrize(
    ("kind", "figures"), [("returned", (3, 1, 1)), ("suspended", (3, 1, 1)), ("completed", (3, 2, 2))]
)
def test_what_becomes_of_a_report_moves_it(book: Book, kind: str, figures: tuple[int, int, int]) -> None:
    book.put("submitted", "b", on(28))
    assert point(burn_up(book.entries, at=on(29), zone=ZONE), date(2025, 8, 29))[:3] == (3, 2, 1)
    book.put(kind, "b", on(30), limit=None)
    assert point(burn_up(book.entries, at=AT, zone=ZONE), date(2025, 8, 31))[:3] == figures


def test_the_plan_counts_the_first_date_whatever_was_granted_later(book: Book) -> None:
    book.put("extension_granted", "b", on(20), limit={"last_day": "2025-10-20"})
    found = burn_up(book.entries, at=AT, zone=ZONE)
    assert point(found, date(2025, 9, 3))[3] == 2
    assert found[-1].day == date(2025, 9, 3)


def test_the_plan_goes_on_to_its_last_date(book: Book) -> None:
    book.assigned("e", on(12), "2025-09-20")
    found = burn_up(book.entries, at=AT, zone=ZONE)
    ahead = [(each.day.isoformat(), each.scope, each.planned) for each in found[-3:]]
    assert ahead == [("2025-09-07", None, 2), ("2025-09-14", None, 2), ("2025-09-21", None, 3)]


def test_work_that_goes_on_from_another_directive_brings_its_state_and_first_date_along() -> None:
    book = Book()
    state = {"progress": "submitted", "first_day": "2025-08-01"}
    book.assigned("f", on(12), "2025-09-20", continues="old/f", state=state)
    found = burn_up(book.entries, at=on(13), zone=ZONE)
    assert point(found, date(2025, 8, 13)) == (1, 1, 0, 1)


def test_a_duty_that_the_source_says_is_done_is_accepted_from_the_start() -> None:
    book = Book()
    book.assigned("g", on(12), None, done_at="2025-07-01T00:00:00Z")
    assert point(burn_up(book.entries, at=on(13), zone=ZONE), date(2025, 8, 13))[:3] == (1, 1, 1)


@pytest.mark.parametrize(("hour", "scope"), [(16, 1), (17, 0)])
def test_a_week_ends_at_midnight_in_the_offices_zone(hour: int, scope: int) -> None:
    book = Book()
    book.assigned("z", on(1))
    book.put("withdrawn", "z", on(1, hour=3))
    book.assigned("a", on(17, hour=hour), None)
    found = burn_up(book.entries, at=AT, zone=ZONE)
    assert point(found, date(2025, 8, 17))[0] == scope


def test_nothing_owed_has_no_burn_up() -> None:
    assert burn_up([], at=AT, zone=ZONE) == ()
