"""Views, as far as they only compute: cells and their sum, rates, JSON, the week, the stamp's place."""

from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.builders import a_calendar
from tracker.domain.calendar import Span
from tracker.domain.cells import Rate
from tracker.domain.phrase import Phrase
from tracker.domain.standing import Cell
from tracker.views import Cells, Stamp, document
from tracker.views.board import week_end
from tracker.views.plain import plain

AT = datetime(2025, 10, 20, 1, tzinfo=UTC)
counts = st.dictionaries(st.sampled_from(Cell), st.integers(0, 10**6))


@given(counts)
def test_the_six_cells_add_up_to_everything_that_was_counted(found: dict[Cell, int]) -> None:
    assert Cells.of(found).total == sum(found.values())


@given(counts)
def test_what_is_open_in_time_undated_or_closed_is_in_no_rate(found: dict[Cell, int]) -> None:
    rate = Cells.of(found).on_time_rate
    assert rate.numerator == found.get(Cell.ON_TIME, 0)
    assert rate.denominator == sum(found.get(cell, 0) for cell in (Cell.ON_TIME, Cell.LATE, Cell.OVERDUE))


def test_there_is_a_field_for_each_cell_and_no_other() -> None:
    assert {field.name for field in fields(Cells)} == {str(cell) for cell in Cell}


def test_nothing_of_nothing_has_no_rate() -> None:
    assert Rate(0, 0, "done ÷ all").percent is None


@pytest.mark.parametrize(
    ("at", "end"),
    [
        # the week ends with Sunday, in Hanoi
        (datetime(2025, 10, 19, 16, 59, tzinfo=UTC), datetime(2025, 10, 19, 17, tzinfo=UTC)),
        (datetime(2025, 10, 19, 17, tzinfo=UTC), datetime(2025, 10, 26, 17, tzinfo=UTC)),
        (datetime(2025, 10, 19, 17, 1, tzinfo=UTC), datetime(2025, 10, 26, 17, tzinfo=UTC)),
    ],
)
def test_this_week_ends_when_monday_begins_in_hanoi(at: datetime, end: datetime) -> None:
    assert week_end(a_calendar(), at) == end


@dataclass(frozen=True, slots=True)
class _View:
    stamp: Stamp
    days: tuple[date, ...]


def test_a_view_as_json_says_first_as_of_when_it_is_true() -> None:
    stamp = Stamp(as_of=AT, known_at=AT, seq=7, head="ab", rehearsal=True, invented=False, zone="Asia/Ho_Chi_Minh")
    found = document(_View(stamp, (date(2025, 8, 31),)))
    assert list(found) == ["as_of", "known_at", "seq", "head", "rehearsal", "invented", "zone", "days"]
    assert found["as_of"] == "2025-10-20T01:00:00Z"
    assert found["days"] == ["2025-08-31"]


@given(st.datetimes(timezones=st.integers(-12, 14).map(lambda hours: timezone(timedelta(hours=hours)))))
def test_an_instant_in_json_is_utc_and_reads_back_equal(at: datetime) -> None:
    assume(1 < at.year < 9999)  # an offset leads beyond either end of the calendar
    text = plain(at)
    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == at


def test_a_reason_in_json_has_its_code_its_values_and_its_sentence() -> None:
    found = plain(Phrase("count_working", {"span": Span(20, "working days"), "day": date(2025, 9, 10)}))
    assert found["code"] == "count_working"
    assert found["values"] == {"span": {"count": 20, "unit": "working days"}, "day": "2025-09-10"}
    assert found["text"] == "20 working days later is 2025-09-10"
