"""Laws of the calendar that hold for any days off, any make-up days and any day."""

from dataclasses import replace
from datetime import date, timedelta

import hypothesis.strategies as st
from hypothesis import given

from tests.builders import a_calendar, a_text
from tracker.domain.calendar import ONE_DAY, Calendar, Span, SpecialDay, Unit
from tracker.domain.deadline import Deadline, Within, reckon
from tracker.files.calendar_documents import calendar_document, calendar_from

YEAR = date(2025, 1, 1)
days = st.integers(0, 700).map(lambda n: YEAR + timedelta(days=n))
known = st.none() | days
units: st.SearchStrategy[Unit] = st.sampled_from(["days", "working days", "weeks", "months"])
spans = st.builds(Span, st.integers(1, 40), units)


@st.composite
def special_days(draw: st.DrawFn, at: st.SearchStrategy[date] = days) -> SpecialDay:
    certainty = draw(st.sampled_from(["decided", "predicted"]))
    source = draw(st.sampled_from(["notice", "1/CĐ-TTg"]))
    return SpecialDay(day=draw(at), name=a_text("Day"), source=source, known_on=draw(known), certainty=certainty)


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Return a calendar in which no day is two things, and only days that fit the week are worked or were removed."""
    found = {special.day: special for special in draw(st.lists(special_days(), max_size=25))}
    weekend = {day: special for day, special in found.items() if day.weekday() in (5, 6)}
    rest = {day: special for day, special in found.items() if day not in weekend}
    removed = {day: special for day, special in rest.items() if draw(st.booleans())}
    return a_calendar(
        days_off={day: special for day, special in rest.items() if day not in removed},
        make_up_days=weekend,
        removed=removed,
        roll=draw(st.sampled_from(["forward", "back", "none"])),
    )


def with_day_off(calendar: Calendar, day: date) -> Calendar:
    special = SpecialDay(day=day, name=a_text("Storm"), source="decree")
    return replace(calendar, days_off={**calendar.days_off, day: special})


def last_day(calendar: Calendar, start: date, span: Span) -> date:
    found = reckon(Within(span), issued=start, calendar=calendar)
    assert isinstance(found, Deadline)
    return found.last_day


@given(calendars(), days, st.integers(1, 40), days)
def test_a_day_off_more_never_makes_a_working_day_deadline_earlier(
    calendar: Calendar, start: date, count: int, day: date
) -> None:
    span = Span(count, "working days")
    assert last_day(with_day_off(calendar, day), start, span) >= last_day(calendar, start, span)


@given(calendars(), days, spans, days)
def test_where_the_law_rolls_forward_no_day_off_makes_any_period_shorter(
    calendar: Calendar, start: date, span: Span, day: date
) -> None:
    calendar = replace(calendar, roll="forward")
    assert last_day(with_day_off(calendar, day), start, span) >= last_day(calendar, start, span)


@given(calendars(), days, spans.filter(lambda span: span.unit != "working days"), days)
def test_where_the_law_rolls_back_no_day_off_makes_a_period_of_calendar_days_longer(
    calendar: Calendar, start: date, span: Span, day: date
) -> None:
    calendar = replace(calendar, roll="back")
    assert last_day(with_day_off(calendar, day), start, span) <= last_day(calendar, start, span)


@given(calendars(), days, st.integers(1, 40))
def test_a_period_of_working_days_holds_so_many_and_ends_on_one(calendar: Calendar, start: date, count: int) -> None:
    end = last_day(calendar, start, Span(count, "working days"))
    assert calendar.is_working(end)
    assert calendar.working_days_between(start, end) == count


@given(calendars(), days, days, days)
def test_days_after_another_add_up(calendar: Calendar, one: date, two: date, three: date) -> None:
    first, middle, last = sorted((one, two, three))
    between = calendar.working_days_between
    assert between(first, middle) + between(middle, last) == between(first, last)


@given(calendars(), days, st.integers(1, 40))
def test_every_day_left_out_of_a_count_is_named_once(calendar: Calendar, start: date, count: int) -> None:
    found = reckon(Within(Span(count, "working days")), issued=start, calendar=calendar)
    assert isinstance(found, Deadline)
    named = [step.values["day"] for step in found.explanation if step.code == "skipped"]
    after = [start + n * ONE_DAY for n in range(1, (found.last_day - start).days + 1)]
    assert named == [day for day in after if not calendar.is_working(day)]


@given(calendars(), days)
def test_what_was_known_on_a_day_holds_nothing_decided_later(calendar: Calendar, on: date) -> None:
    then = calendar.as_known(on)
    for special in (*then.days_off.values(), *then.make_up_days.values(), *then.removed.values()):
        assert special.was_known(on)
    assert then.as_known(on) == then


@given(calendars(), days, days)
def test_what_was_known_only_grows_or_is_taken_back_by_name(calendar: Calendar, one: date, two: date) -> None:
    earlier, later = sorted((one, two))
    before, after = calendar.as_known(earlier), calendar.as_known(later)
    assert set(before.days_off) <= set(after.days_off) | set(after.removed)
    assert set(before.make_up_days) <= set(after.make_up_days)
    assert calendar.as_known(earlier).as_known(later) == before


@given(calendars())
def test_after_the_last_decision_the_calendar_is_what_it_is(calendar: Calendar) -> None:
    assert calendar.as_known(date(2030, 1, 1)) == calendar


@given(calendars())
def test_an_adopted_calendar_is_read_back_as_it_was(calendar: Calendar) -> None:
    assert calendar_from(calendar_document(calendar)) == calendar
