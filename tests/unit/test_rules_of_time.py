"""The language of time: windows, units, periods from anchors, recurrences, cut-offs; each explained line by line."""

from datetime import UTC, date, datetime, time

import pytest

from tests.builders import a_calendar
from tracker.domain.calendar import Roll, Span
from tracker.domain.deadline import (
    Anchor,
    By,
    Deadline,
    Done,
    Due,
    Every,
    In,
    Rule,
    Unresolved,
    Window,
    Within,
    dated,
    dated_due,
    reckon,
)
from tracker.domain.errors import Invalid
from tracker.domain.recurrence import day_before, rrule_text

ISSUED = date(2025, 8, 11)
SURVEY = Anchor("task", "2025/412-tb-vpcp/survey")
SHORTAGE = Anchor("event", "shortage")


def deadline(rule: Rule, *, issued: date = ISSUED, roll: Roll = "forward", **more: object) -> Deadline:
    found = reckon(rule, issued=issued, calendar=a_calendar(roll=roll), **more)  # type: ignore[arg-type]
    assert isinstance(found, Deadline)
    return found


def steps(found: Deadline) -> list[str]:
    return [str(step) for step in found.explanation]


@pytest.mark.parametrize(
    ("rule", "last_day"),
    [
        (In(2025, quarter=1), date(2025, 3, 31)),
        (In(2025, quarter=3), date(2025, 9, 30)),
        (In(2025, quarter=4), date(2025, 12, 31)),
        (In(2025), date(2025, 12, 31)),
        (Window(date(2025, 8, 11), date(2025, 8, 29)), date(2025, 8, 29)),
    ],
)
def test_a_quarter_a_year_and_a_window_end_with_their_last_day(rule: Rule, last_day: date) -> None:
    assert deadline(rule).last_day == last_day


def test_a_window_opens_at_the_first_instant_of_its_first_day() -> None:
    found = deadline(Window(date(2025, 10, 1), date(2025, 10, 20)))
    assert found.opens_at == datetime(2025, 9, 30, 17, tzinfo=UTC)
    assert steps(found)[0] == "'from 2025-10-01 to 2025-10-20' includes both days; it opens with the first"


def test_a_written_last_day_of_a_window_stays_on_a_day_off() -> None:
    assert deadline(Window(date(2025, 8, 1), date(2025, 8, 31))).last_day == date(2025, 8, 31)


@pytest.mark.parametrize(
    ("issued", "span", "last_day"),
    [
        (date(2025, 8, 11), Span(2, "weeks"), date(2025, 8, 25)),
        (date(2025, 8, 11), Span(3, "weeks"), date(2025, 9, 3)),  # 1 September is National Day
        (date(2025, 6, 30), Span(1, "months"), date(2025, 7, 30)),
        (date(2025, 5, 31), Span(1, "months"), date(2025, 6, 30)),
        (date(2023, 12, 31), Span(2, "months"), date(2024, 2, 29)),
        (date(2025, 8, 11), Span(12, "months"), date(2026, 8, 11)),
        (date(2024, 2, 29), Span(12, "months"), date(2025, 2, 28)),
    ],
)
def test_weeks_and_months_end_on_the_corresponding_day_or_the_last_of_the_month(
    issued: date, span: Span, last_day: date
) -> None:
    assert deadline(Within(span), issued=issued).last_day == last_day


def test_a_month_without_such_a_day_says_so_and_why_it_moved_on() -> None:
    assert steps(deadline(Within(Span(1, "months")), issued=date(2026, 1, 31))) == [
        "the period runs from the date of issue, 2026-01-31, which is not counted (Civil Code 2015, art. 147)",
        "1 month later there is no corresponding day: the period ends with the last of the month, 2026-02-28 "
        "(Civil Code 2015, art. 148)",
        "2026-02-28 is a day off (weekly day off): the period ends on the next working day, 2026-03-02 "
        "(Civil Code 2015, art. 148)",
        "2026-03-01 is a day off too: weekly day off",
        "the last day ends at midnight: late from 2026-03-03 00:00 (Asia/Ho_Chi_Minh)",
    ]


@pytest.mark.parametrize(
    ("roll", "last_day", "code"),
    [
        ("forward", date(2025, 9, 3), "rolled"),
        ("back", date(2025, 8, 29), "rolled_back"),
        ("none", date(2025, 8, 31), "not_rolled"),
    ],
)
def test_the_direction_a_last_day_off_moves_is_data_of_the_calendar_or_of_the_rule(
    roll: Roll, last_day: date, code: str
) -> None:
    by_law = deadline(Within(Span(20, "days")), roll=roll)
    by_rule = deadline(Within(Span(20, "days"), roll=roll), roll="none" if roll != "none" else "forward")
    assert by_law == by_rule
    assert by_law.last_day == last_day
    assert by_law.explanation[2].code == code


@pytest.mark.parametrize("roll", ["forward", "back", "none"])
def test_a_written_date_never_moves_whatever_the_law_of_the_land(roll: Roll) -> None:
    for rule in (By(date(2025, 8, 31)), In(2025, 8), Window(date(2025, 8, 1), date(2025, 8, 31))):
        assert deadline(rule, roll=roll).last_day == date(2025, 8, 31)


@pytest.mark.parametrize(
    ("anchor", "said"),
    [
        (SURVEY, "no date yet: it is set when '2025/412-tb-vpcp/survey' is completed"),
        (SHORTAGE, "no date yet: it is set when the event 'shortage' is recorded"),
    ],
)
def test_a_period_whose_start_is_not_known_is_an_answer_that_says_what_it_waits_for(anchor: Anchor, said: str) -> None:
    rule = Within(Span(10, "working days"), anchor)
    found = reckon(rule, issued=ISSUED, calendar=a_calendar())
    assert isinstance(found, Unresolved)
    assert (found.anchor, str(found.reason)) == (anchor, said)
    assert dated(rule, issued=ISSUED, calendar=a_calendar()) is None


def test_a_period_from_an_anchor_leaves_the_day_of_it_out_and_names_it() -> None:
    found = deadline(Within(Span(1, "working days"), SHORTAGE), anchors={SHORTAGE: date(2025, 8, 29)})
    assert found.last_day == date(2025, 9, 3)
    assert steps(found)[0] == (
        "the period runs from 2025-08-29, the day of the event 'shortage', which is not counted "
        "(Civil Code 2015, art. 147)"
    )


def test_a_cut_off_says_that_the_duty_is_void_afterwards() -> None:
    found = dated_due(Due(rule=By(date(2025, 9, 1)), cutoff=True), issued=ISSUED, calendar=a_calendar())
    assert found is not None
    assert found.cutoff
    assert steps(found)[-1].startswith("the date is a cut-off: from 2025-09-02 00:00")


def test_what_was_reported_as_done_and_a_recurrence_as_a_whole_have_no_date() -> None:
    for rule in (Done(date(2025, 8, 1)), Every("FREQ=DAILY")):
        assert reckon(rule, issued=ISSUED, calendar=a_calendar()) is None


def test_an_occurrence_keeps_its_minute_stays_on_a_day_off_and_opens_when_the_one_before_ends() -> None:
    rule = Every("FREQ=MONTHLY;BYMONTHDAY=-1", minute=time(17))
    found = deadline(rule, occurrence=date(2025, 8, 31))
    assert found.last_day == date(2025, 8, 31)
    assert found.late_from == datetime(2025, 8, 31, 10, 1, tzinfo=UTC)
    assert found.opens_at is None
    assert deadline(rule, occurrence=date(2025, 9, 30)).opens_at == found.late_from


@pytest.mark.parametrize(("roll", "last_day"), [("forward", date(2025, 9, 3)), ("back", date(2025, 8, 29))])
def test_an_occurrence_moves_only_where_the_rule_says_so(roll: Roll, last_day: date) -> None:
    rule = Every("FREQ=MONTHLY;BYMONTHDAY=-1", roll=roll)
    assert deadline(rule, occurrence=date(2025, 8, 31)).last_day == last_day


def test_the_first_occurrence_comes_after_the_day_of_issue_unless_the_rule_names_it() -> None:
    monday = Every("FREQ=WEEKLY;BYDAY=MO")
    assert day_before(monday, date(2025, 8, 25), issued=ISSUED, zone="Asia/Ho_Chi_Minh") == date(2025, 8, 18)
    assert day_before(monday, date(2025, 8, 18), issued=ISSUED, zone="Asia/Ho_Chi_Minh") is None
    named = Every("FREQ=WEEKLY;BYDAY=MO", first=ISSUED)
    assert day_before(named, date(2025, 8, 18), issued=ISSUED, zone="Asia/Ho_Chi_Minh") == ISSUED


@pytest.mark.parametrize(
    "words",
    [
        "FREQ=DAILY",
        "FREQ=WEEKLY;BYDAY=MO",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=MONTHLY;BYMONTH=3,6,9,12;BYMONTHDAY=14",
        "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=MONTHLY;BYDAY=-1FR",
    ],
)
def test_a_rule_of_the_standard_is_taken_as_it_is(words: str) -> None:
    assert rrule_text(words) == rrule_text(words.lower()) == rrule_text(f"RRULE:{words}") == words


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        ("", "does not say FREQ"),
        ("monthly", "does not say FREQ"),
        ("FREQ=HOURLY", "FREQ is one of"),
        ("FREQ=MONTHLY;FREQ=DAILY", "twice"),
        ("FREQ=MONTHLY;COUNT=3", "COUNT has no place"),
        ("FREQ=MONTHLY;UNTIL=20260101", "UNTIL has no place"),
        ("FREQ=DAILY;BYHOUR=9", "BYHOUR has no place"),
        ("FREQ=DAILY;BYMONTHDAY=31", "BYMONTHDAY has no place"),
        ("FREQ=WEEKLY;BYDAY=1MO", "only within a month or a year"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY cannot be '32'"),
        ("FREQ=MONTHLY;INTERVAL=0", "INTERVAL cannot be '0'"),
        ("FREQ=MONTHLY;BYDAY=XX", "BYDAY cannot be 'XX'"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "no day ever fits"),
        ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=9", "no day ever fits"),
        ("FREQ=MONTHLY;INTERVAL=12;BYMONTH=2", "both choose months"),
        ("FREQ=MONTHLY;" + "BYMONTHDAY=" + ",".join(["1"] * 200), "longer than 200"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused_with_the_reason(words: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        rrule_text(words)


def test_an_occurrence_on_a_day_that_does_not_exist_is_refused() -> None:
    calendar = a_calendar(zone="Pacific/Apia")
    with pytest.raises(Invalid, match="2011-12-30 does not exist"):
        reckon(Every("FREQ=DAILY"), issued=date(2011, 12, 1), calendar=calendar, occurrence=date(2011, 12, 30))
