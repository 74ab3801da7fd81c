"""The layout of a timeline: bars where the days are, marks beside them, arrows between rows."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from tracker.domain.gantt import Gantt, Line, Link, Sizes, gantt

SIZES = Sizes()
TODAY = date(2025, 9, 10)


def a_line(ref: str = "a", **changes: object) -> Line:
    known: dict[str, object] = {"group": "BNV", "start": date(2025, 8, 11), "end": date(2025, 8, 31)}
    return Line(ref=ref, **(known | changes))  # type: ignore[arg-type]


def days(found: Gantt) -> float:
    """Return how wide a day is drawn."""
    (one, other), *_ = pairwise(found.ticks)
    return (other.x - one.x) / (other.day - one.day).days


def test_a_bar_reaches_to_the_end_of_its_last_day_and_the_diamond_stands_there() -> None:
    found = gantt([a_line()], today=TODAY)
    (row,) = found.rows
    assert row.deadline == row.end
    assert row.end - row.start == pytest.approx(21 * days(found), abs=0.3)  # 11 to 31 August, both counted
    assert not row.open_end


@pytest.mark.parametrize(
    ("first", "ghost"), [(date(2025, 8, 20), True), (date(2025, 8, 31), False), (None, False), (date(2025, 9, 5), True)]
)
def test_the_first_date_has_a_ghost_where_it_is_another_one(first: date | None, ghost: bool) -> None:
    (row,) = gantt([a_line(first=first)], today=TODAY).rows
    assert (row.ghost is not None) is ghost


@pytest.mark.parametrize(
    ("received", "is_open", "late_days"),
    [
        (None, True, 10),  # still open on 10 September
        (None, False, None),  # closed out on no known day
        (date(2025, 8, 31), True, None),
        (date(2025, 9, 1), False, 1),
        (date(2025, 9, 2), False, 2),
    ],
)
def test_what_is_late_is_drawn_beyond_the_last_day(received: date | None, is_open: bool, late_days: int | None) -> None:
    found = gantt([a_line(received=received, is_open=is_open)], today=TODAY)
    (row,) = found.rows
    assert (row.late is None) is (late_days is None)
    if row.late is not None and late_days is not None:
        assert row.late - row.end == pytest.approx(late_days * days(found), abs=0.3)


def test_what_has_no_date_is_open_to_today() -> None:
    found = gantt([a_line(end=None)], today=TODAY)
    (row,) = found.rows
    assert row.open_end
    assert row.deadline is None
    assert found.today is not None
    assert row.end == pytest.approx(found.today + days(found), abs=0.3)


def test_rows_of_one_group_stand_under_its_head() -> None:
    found = gantt([a_line("a"), a_line("b"), a_line("c", group="BTC")], today=TODAY)
    assert [(head.group, head.y) for head in found.heads] == [("BNV", 44), ("BTC", 44 + 24 + 2 * 22)]
    assert [row.y for row in found.rows] == [68, 90, 136]
    assert found.height == 136 + 22 + 12


@pytest.mark.parametrize(
    ("length", "step"),
    [
        (60, "week"),
        (74, "month"),
        (450, "month"),
        (500, "quarter"),
        (1400, "quarter"),
        (1500, "year"),
        (9000, "year"),
        (40000, "year"),
    ],
)
def test_the_axis_steps_as_its_length_allows(length: int, step: str) -> None:
    start = date(2025, 1, 1)
    found = gantt([a_line(start=start, end=start + timedelta(length))], today=start)
    assert found.step == step
    assert len(found.ticks) >= 1
    assert all(SIZES.label <= tick.x <= SIZES.width for tick in found.ticks)
    gaps = [other.x - one.x for one, other in pairwise(found.ticks)]
    assert all(gap >= 30 for gap in gaps)


def test_an_arrow_runs_from_the_end_of_what_is_needed_to_the_start_of_what_waits() -> None:
    lines = [a_line("a"), a_line("b", start=date(2025, 9, 20), end=date(2025, 9, 30))]
    ((link, points),) = gantt(lines, [Link("a", "b")], today=TODAY).arrows
    assert link.blocking
    assert len(points) == 4
    assert all(x == next_x or y == next_y for (x, y), (next_x, next_y) in pairwise(points))


def test_an_arrow_back_turns_between_the_rows() -> None:
    lines = [a_line("a", end=date(2025, 9, 30)), a_line("b")]
    found = gantt(lines, [Link("a", "b"), Link("b", "a")], today=TODAY)
    for _, points in found.arrows:
        assert len(points) == 6
        assert points[2][1] == found.rows[1].y  # the border between the two


def test_arrows_to_rows_of_other_pages_are_left_out() -> None:
    assert gantt([a_line()], [Link("elsewhere", "a"), Link("a", "a")], today=TODAY).arrows == ()


def test_everything_drawn_lies_on_the_sheet() -> None:
    lines = [a_line(f"r{n}", start=TODAY - timedelta(n * 7), end=TODAY + timedelta(n * 31)) for n in range(40)]
    found = gantt(lines, [Link(f"r{n}", f"r{n + 1}") for n in range(39)], today=TODAY)
    xs = [x for _, points in found.arrows for x, _ in points]
    xs += [x for row in found.rows for x in (row.start, row.end, row.deadline, row.late) if x is not None]
    assert min(xs) > 0
    assert max(xs) <= found.width


def test_no_assignment_at_all_is_a_sheet_too() -> None:
    found = gantt([], today=TODAY)
    assert found.rows == ()
    assert found.today is None
