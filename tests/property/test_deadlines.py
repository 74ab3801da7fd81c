"""Laws of deadlines: they agree with clocks and calendars reckoned another way, in every zone there is.

The oracles share no code with the product: clocks are read through the standard library's zones,
recurrences are counted day by day.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import islice, takewhile
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_calendar
from tracker.domain.calendar import Calendar, Span, SpecialDay
from tracker.domain.deadline import Before, By, Every, In, Rule, Window, Within, dated
from tracker.domain.recurrence import occurrences, rrule_text
from tracker.domain.text import Text

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIRST, LAST = datetime(2011, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
NAME = Text(vi="nghỉ", en="day off", fr="congé")

# ── Clocks, read another way ────────────────────────────────────────────────────────────────────────────────


def wall(zone: ZoneInfo, at: datetime) -> datetime:
    """Return what the clock on the wall shows at an instant, without any zone."""
    return at.astimezone(zone).replace(tzinfo=None)


@cache
def turns_of(name: str) -> tuple[datetime, ...]:
    """Return the instants from 2011 to 2035 at which the clocks of a zone were moved, found by halving."""
    zone = ZoneInfo(name)
    found = []
    at = FIRST
    while at < LAST:
        later = at + 7 * DAY
        if at.astimezone(zone).utcoffset() != later.astimezone(zone).utcoffset():
            low, high = at, later
            while high - low > MINUTE:
                middle = low + ((high - low) // 2 // MINUTE) * MINUTE
                low, high = (
                    (middle, high)
                    if middle.astimezone(zone).utcoffset() == low.astimezone(zone).utcoffset()
                    else (low, middle)
                )
            found.append(high)
        at = later
    return tuple(found)


def last_reading(name: str, shown: datetime) -> datetime:
    """Return the last instant at which a clock shows a time.

    A time that was skipped is as long after the jump as it would have been after the moment of it.
    """
    zone = ZoneInfo(name)
    middle = shown.replace(tzinfo=UTC)
    offsets = {(middle + n * 6 * HOUR).astimezone(zone).utcoffset() for n in range(-6, 7)}
    readings = [middle - offset for offset in offsets if offset is not None]
    shown_at = [at for at in readings if wall(zone, at) == shown]
    if shown_at:
        return max(shown_at)
    jump = next(at for at in turns_of(name) if wall(zone, at - MINUTE) < shown <= wall(zone, at))
    return jump + (shown - (wall(zone, jump - MINUTE) + MINUTE))


def happened(name: str, day: date) -> bool:
    noon = datetime.combine(day, time(12))
    return any(wall(ZoneInfo(name), noon.replace(tzinfo=UTC) + n * HOUR).date() == day for n in range(-26, 27))


def late_from(name: str, rule: Rule) -> datetime | None:
    """Return the first late instant of a rule, or None where the day it names never was."""
    match rule:
        case Before(day, inclusive):
            last = day if inclusive else next(d for n in range(1, 9) if happened(name, d := day - n * DAY))
        case By(day, minute):
            last = day
            if minute is not None and happened(name, day):
                return last_reading(name, datetime.combine(day, minute)) + MINUTE
        case In(year, month, _):
            last = date(year + (month == 12), (month or 0) % 12 + 1, 1) - DAY
        case _:
            raise AssertionError(rule)
    return last_reading(name, datetime.combine(last + DAY, time())) if happened(name, last) else None


def minute_by_minute(name: str, shown: datetime) -> datetime:
    """Return what `last_reading` does for a time that was shown, by looking at the clock every minute for four days."""
    start = shown.replace(tzinfo=UTC) - 2 * DAY
    return max(start + n * MINUTE for n in range(4 * 24 * 60) if wall(ZoneInfo(name), start + n * MINUTE) == shown)


@cache
def zones() -> dict[tuple[object, ...], str]:
    """Return one zone for each way that clocks were moved; the others are names for the same."""
    found: dict[tuple[object, ...], str] = {}
    for name in sorted(available_timezones() - {"localtime"}):
        turns = turns_of(name)
        offsets = tuple(at.astimezone(ZoneInfo(name)).utcoffset() for at in (FIRST, *turns))
        found.setdefault((turns, offsets), name)
    return found


def days_to_try(name: str) -> Iterator[tuple[date, time]]:
    """Yield the days around some clock changes of a zone, with the minutes around the change; and a quiet day."""
    turns = turns_of(name)
    yield date(2025, 8, 31), time(17)
    for at in {*turns[:3], *turns[len(turns) // 2 :][:4], *turns[-3:]}:
        shown = wall(ZoneInfo(name), at)
        for days in (-1, 0, 1):
            yield shown.date() + days * DAY, (shown - 30 * MINUTE).time()


def test_every_zone_agrees_with_its_clocks_before_at_and_after_they_are_moved() -> None:
    tried = 0
    for name in zones().values():
        calendar = a_calendar(zone=name, days_off={})
        for day, minute in days_to_try(name):
            for rule in (Before(day), Before(day, inclusive=True), By(day), By(day, minute), In(day.year, day.month)):
                expected = late_from(name, rule)
                if expected is not None:
                    found = dated(rule, issued=day, calendar=calendar)
                    assert found is not None
                    assert found.late_from == expected, (name, rule)
                    tried += 1
    assert len(zones()) > 100
    assert tried > 5_000


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("Asia/Ho_Chi_Minh", date(2025, 9, 1)),
        ("America/Havana", date(2025, 11, 2)),  # shown twice
        ("Pacific/Apia", date(2011, 12, 31)),  # the day after the one that never was
        ("Africa/Casablanca", date(2030, 1, 1)),
    ],
)
def test_the_oracle_itself_agrees_with_a_clock_looked_at_every_minute(name: str, day: date) -> None:
    shown = datetime.combine(day, time())
    assert last_reading(name, shown) == minute_by_minute(name, shown)


def test_before_the_day_after_the_missing_samoan_day_ends_with_the_day_before_it() -> None:
    found = dated(Before(date(2011, 12, 31)), issued=date(2011, 12, 1), calendar=a_calendar(zone="Pacific/Apia"))
    assert found is not None
    assert (found.last_day, found.late_from) == (date(2011, 12, 29), datetime(2011, 12, 30, 10, tzinfo=UTC))


# ── Working days ────────────────────────────────────────────────────────────────────────────────────────────

starts = st.dates(date(2025, 1, 1), date(2026, 12, 31))
some_days = st.sets(st.dates(date(2024, 12, 1), date(2027, 12, 31)), max_size=40)


def with_days_off(days: set[date], **changes: object) -> Calendar:
    off = {day: SpecialDay(day=day, name=NAME, source="notice") for day in sorted(days)}
    return replace(a_calendar(), days_off=off, **changes)  # type: ignore[arg-type]


def last_day(rule: Rule, issued: date, calendar: Calendar) -> date:
    found = dated(rule, issued=issued, calendar=calendar)
    assert found is not None
    return found.last_day


def counted(start: date, count: int, calendar: Calendar) -> date:
    """Return the last of some working days after a day, by counting with a finger."""
    day = start
    while count:
        day += DAY
        weekend, off = day.weekday() >= 5, day in calendar.days_off
        count -= day in calendar.make_up_days or not (weekend or off)
    return day


@given(starts, st.integers(1, 60), some_days, some_days)
def test_working_days_are_what_a_finger_on_the_calendar_counts(
    start: date, count: int, off: set[date], made_up: set[date]
) -> None:
    days = {day: SpecialDay(day=day, name=NAME, source="notice") for day in sorted(made_up)}
    calendar = with_days_off(off, make_up_days=days)
    assert last_day(Within(Span(count, "working days")), start, calendar) == counted(start, count, calendar)


@given(starts, st.integers(1, 60), some_days, st.dates(date(2025, 1, 1), date(2027, 12, 31)))
def test_one_day_off_more_never_makes_a_working_day_deadline_earlier(
    start: date, count: int, off: set[date], more: date
) -> None:
    rule = Within(Span(count, "working days"))
    assert last_day(rule, start, with_days_off(off)) <= last_day(rule, start, with_days_off(off | {more}))


@given(starts, st.integers(1, 60), some_days, st.sampled_from(["days", "working days", "weeks", "months"]))
def test_more_time_or_a_later_start_never_ends_earlier(start: date, count: int, off: set[date], unit: str) -> None:
    calendar = with_days_off(off)

    def end(count: int, start: date) -> date:
        return last_day(Within(Span(count, unit)), start, calendar)  # type: ignore[arg-type]

    assert end(count, start) <= end(count + 1, start)
    assert end(count, start) <= end(count, start + DAY)


@given(starts, st.integers(1, 400), some_days, st.sampled_from(["days", "weeks", "months"]))
def test_a_period_ends_on_a_working_day_unless_nothing_rolls(
    start: date, count: int, off: set[date], unit: str
) -> None:
    span, calendar = Span(count, unit), with_days_off(off)  # type: ignore[arg-type]
    back, stays, forward = (last_day(Within(span, roll=roll), start, calendar) for roll in ("back", "none", "forward"))
    assert back <= stays <= forward
    assert calendar.is_working(back)
    assert calendar.is_working(forward)
    if calendar.is_working(stays):
        assert back == stays == forward


@given(st.dates(date(2025, 1, 1), date(2030, 12, 31)), st.integers(0, 40))
def test_a_window_is_in_time_from_its_first_instant_to_its_last(start: date, days: int) -> None:
    calendar = a_calendar()
    found = dated(Window(start, start + days * DAY), issued=start, calendar=calendar)
    assert found is not None
    assert found.opens_at is not None
    assert found.late_from - found.opens_at == (days + 1) * DAY


# ── Recurrence ──────────────────────────────────────────────────────────────────────────────────────────────

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@given(
    starts,
    st.integers(1, 4),
    st.sets(st.sampled_from(WEEKDAYS), min_size=1).map(sorted),
    st.integers(0, 500),
)
def test_a_weekly_rule_names_the_days_a_naive_count_finds(
    first: date, interval: int, weekdays: list[str], skip: int
) -> None:
    rule = Every(rrule_text(f"FREQ=WEEKLY;INTERVAL={interval};BYDAY={','.join(weekdays)}"), first=first)
    monday = first - first.weekday() * DAY
    naive = [
        day
        for day in (first + n * DAY for n in range(800))
        if WEEKDAYS[day.weekday()] in weekdays and (day - monday).days // 7 % interval == 0
    ]
    since = first + skip * DAY
    assert first_days(rule, since) == [day for day in naive if day >= since][:10]


@given(starts, st.integers(1, 5), st.sampled_from([*range(1, 32), *range(-5, 0)]))
def test_a_monthly_rule_leaves_out_the_months_without_such_a_day(first: date, interval: int, number: int) -> None:
    rule = Every(rrule_text(f"FREQ=MONTHLY;INTERVAL={interval};BYMONTHDAY={number}"), first=first)
    naive = []
    for n in range(4_000):
        day = first + n * DAY
        months = (day.year - first.year) * 12 + day.month - first.month
        from_the_end = day.day - 1 - ((day.replace(day=28) + 4 * DAY).replace(day=1) - DAY).day
        if months % interval == 0 and number in (day.day, from_the_end):
            naive.append(day)
    assert first_days(rule, first) == naive[:10]


@given(starts, st.sampled_from(["FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=MO,FR", "FREQ=MONTHLY;BYMONTHDAY=-1"]))
def test_asking_from_a_later_day_gives_the_rest_of_the_same_days(first: date, words: str) -> None:
    rule = Every(words, first=first)
    whole = first_days(rule, first, count=30)
    for day in whole[:20:7]:
        assert first_days(rule, day) == [one for one in whole if one >= day][:10]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Ho_Chi_Minh", "Africa/Casablanca"])
def test_a_recurring_time_of_day_stays_the_same_on_the_wall_across_every_clock_change(zone: str) -> None:
    calendar = a_calendar(zone=zone)
    rule = Every("FREQ=MONTHLY;BYMONTHDAY=25", minute=time(17), first=date(2025, 1, 25))
    for day in first_days(rule, date(2025, 1, 1), count=24):
        found = reckoned(rule, day, calendar)
        assert wall(ZoneInfo(zone), found) == datetime.combine(day, time(17, 1))


def test_a_day_that_never_was_is_left_out_of_a_recurrence() -> None:
    rule = Every("FREQ=DAILY", first=date(2011, 12, 28))
    found = occurrences(rule, issued=date(2011, 12, 1), zone="Pacific/Apia", since=date(2011, 12, 28))
    assert [day.day for day in islice(found, 4)] == [28, 29, 31, 1]


def first_days(rule: Every, since: date, *, count: int = 10) -> list[date]:
    found = occurrences(rule, issued=date(2024, 12, 1), zone="Asia/Ho_Chi_Minh", since=since)
    return list(islice(takewhile(lambda day: day < date(2040, 1, 1), found), count))


def reckoned(rule: Every, day: date, calendar: Calendar) -> datetime:
    from tracker.domain.deadline import Deadline, reckon

    found = reckon(rule, issued=date(2024, 12, 1), calendar=calendar, occurrence=day)
    assert isinstance(found, Deadline)
    return found.late_from
