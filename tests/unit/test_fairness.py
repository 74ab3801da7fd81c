"""Fair lateness, by example: what a late day is charged to, and that the causes add up to the days late."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest

from tests.builders import a_calendar
from tracker.domain.assignment import Assignment
from tracker.domain.calendar import Span
from tracker.domain.entry import Entry
from tracker.domain.fairness import Attribution, Cause, Period, Timeline, Wait, attribute
from tracker.domain.limit import Limit
from tracker.domain.standing import Facts, Progress
from tracker.domain.timeline import timeline

ISSUED, LAST = date(2025, 8, 11), date(2025, 8, 31)
REF = "2025/412-tb-vpcp/publish/BTC"
DRAFT = "2025/412-tb-vpcp/draft/BNV"


def aug(number: int) -> date:
    return date(2025, 8, number)


def sep(number: int) -> date:
    return date(2025, 9, number)


def a_line(**changes: Any) -> Timeline:
    """Return a task of BTC issued and assigned on 11 August, due on the 31st, reported on 9 September."""
    usual: dict[str, Any] = {
        "ref": REF,
        "agency": "BTC",
        "given": ISSUED,
        "assigned": ISSUED,
        "end": sep(9),
        "last_day": LAST,
    }
    return Timeline(**(usual | changes))


def a_needed(**changes: Any) -> Timeline:
    """Return the task of BNV that it needs, due on 20 August, done on the 25th."""
    usual: dict[str, Any] = {"ref": DRAFT, "agency": "BNV", "last_day": aug(20), "end": aug(25), "settled": aug(25)}
    return a_line(**(usual | changes))


def waits(until: date | None, *on: str, since: date = ISSUED) -> tuple[Wait, ...]:
    return (Wait(Period(since, until), on or (DRAFT,)),)


def judged(*lines: Timeline) -> Attribution:
    return attribute({line.ref: line for line in lines})[lines[0].ref]


def told(*lines: Timeline) -> list[tuple[int, str]]:
    return [(run.days, str(run.cause)) for run in judged(*lines).runs()]


def test_the_worked_example_is_what_the_module_says() -> None:
    publish = a_line(latest_start=aug(21), waits=waits(aug(25)), reviews=(Period(sep(4), sep(6)), Period(sep(9))))
    found = judged(publish, a_needed())
    assert [str(phrase) for phrase in found.explanation()] == [
        "4 days, up to 2025-09-04: given back for days lost before, when it waited for BNV, who was late",
        "2 days, up to 2025-09-06: the report lay with the reviewer before it was returned",
        "3 days, up to 2025-09-09: the agency's own delay",
    ]
    assert [late.lost for late in found.days][:5] == [aug(22), aug(23), aug(24), aug(25), sep(5)]
    assert found.shares() == {"BNV": Fraction(4)}


@pytest.mark.parametrize(("end", "days"), [(aug(30), 0), (LAST, 0), (sep(1), 1)])
def test_the_day_after_the_last_one_is_the_first_late_day(end: date, days: int) -> None:
    assert judged(a_line(end=end)).counts()[Cause.OWN] == days


def test_where_nothing_kept_the_agency_every_late_day_is_its_own() -> None:
    assert told(a_line()) == [(9, "own")]


# ── Impossible at issue ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("start", "causes"),
    [
        (aug(12), [(9, "own")]),
        (ISSUED, [(9, "own")]),
        (aug(10), [(1, "impossible"), (8, "own")]),
        (date(2025, 7, 31), [(9, "impossible")]),
    ],
)
def test_as_many_days_as_the_time_was_too_short_at_issue_are_impossible(
    start: date, causes: list[tuple[int, str]]
) -> None:
    assert told(a_line(latest_start=start)) == causes


@pytest.mark.parametrize(
    ("assigned", "causes"),
    [
        (aug(31), [(9, "own")]),
        (sep(1), [(1, "impossible"), (8, "own")]),
        (sep(3), [(3, "impossible"), (6, "own")]),
    ],
)
def test_a_date_that_had_passed_when_the_order_was_issued_is_impossible_up_to_that_day(
    assigned: date, causes: list[tuple[int, str]]
) -> None:
    assert told(a_line(given=assigned, assigned=assigned)) == causes


@pytest.mark.parametrize(
    ("set_on", "causes"),
    [(aug(31), [(9, "own")]), (sep(2), [(2, "impossible"), (7, "own")]), (sep(3), [(3, "impossible"), (6, "own")])],
)
def test_a_date_moved_back_makes_no_day_late_that_was_still_in_time_on_that_day(
    set_on: date, causes: list[tuple[int, str]]
) -> None:
    assert told(a_line(dates=((ISSUED, sep(30)), (set_on, LAST)))) == causes


def test_a_day_that_was_late_by_both_dates_stays_late() -> None:
    assert told(a_line(last_day=aug(28), dates=((ISSUED, LAST), (sep(5), aug(28))))) == [
        (3, "impossible"),
        (9, "own"),
    ]


# ── Delivery ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("assigned", "days"), [(ISSUED, 0), (aug(12), 1), (aug(16), 5)])
def test_days_between_issue_and_assignment_are_given_back(assigned: date, days: int) -> None:
    found = judged(a_line(assigned=assigned)).counts()
    assert (found[Cause.DELIVERY], found[Cause.OWN]) == (days, 9 - days)


@pytest.mark.parametrize(("assigned", "days"), [(aug(20), 0), (aug(21), 0), (aug(22), 1), (aug(25), 4)])
def test_an_order_that_came_late_and_left_the_time_the_task_takes_cost_nothing(assigned: date, days: int) -> None:
    assert judged(a_line(assigned=assigned, latest_start=aug(21))).counts()[Cause.DELIVERY] == days


# ── Review and suspension ───────────────────────────────────────────────────────────────────────────────────


def test_days_a_report_lay_with_the_reviewer_are_the_reviewers_before_and_after_the_last_day() -> None:
    assert told(a_line(reviews=(Period(aug(20), aug(23)),))) == [(3, "review"), (6, "own")]
    assert told(a_line(reviews=(Period(sep(2), sep(5)),))) == [(2, "own"), (3, "review"), (4, "own")]


def test_a_report_returned_on_the_day_it_came_cost_no_day() -> None:
    assert told(a_line(reviews=(Period(sep(2), sep(2)),))) == [(9, "own")]


def test_days_under_a_suspension_are_nobodys_and_come_before_everything_but_the_date() -> None:
    line = a_line(suspended=(Period(sep(2), sep(5)),), reviews=(Period(sep(1), sep(4)),))
    assert told(line) == [(1, "own"), (1, "review"), (3, "suspended"), (4, "own")]


def test_a_suspension_that_lasts_takes_every_day_to_come() -> None:
    assert told(a_line(suspended=(Period(sep(3)),))) == [(3, "own"), (6, "suspended")]


# ── Upstream ────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("done", "days"), [(aug(19), 0), (aug(20), 0), (aug(21), 1), (aug(25), 5)])
def test_days_waited_past_the_others_own_date_are_the_others(done: date, days: int) -> None:
    found = judged(a_line(waits=waits(done)), a_needed(end=done, settled=done))
    assert found.counts()[Cause.UPSTREAM] == days
    assert found.counts()[Cause.OWN] == 9 - days


def test_a_wait_that_still_left_the_time_the_task_takes_cost_nothing() -> None:
    assert told(a_line(latest_start=aug(25), waits=waits(aug(25))), a_needed()) == [(9, "own")]


def test_a_task_that_was_in_time_and_left_too_little_shows_that_the_dates_were_impossible() -> None:
    needed = a_needed(last_day=aug(28), end=aug(28), settled=aug(28))
    assert told(a_line(latest_start=aug(25), waits=waits(aug(28))), needed) == [(3, "impossible"), (6, "own")]


def test_a_task_without_a_date_is_late_for_us_from_our_latest_start_on() -> None:
    needed = a_needed(last_day=None, end=aug(28), settled=aug(28))
    assert told(a_line(latest_start=aug(25), waits=waits(aug(28))), needed) == [(3, "upstream"), (6, "own")]
    assert told(a_line(waits=waits(aug(28))), needed) == [(9, "own")]
    open_still = a_needed(last_day=None, end=sep(9), settled=None)
    assert told(a_line(waits=waits(None)), open_still) == [(9, "upstream")]


def test_a_day_waited_for_one_who_waits_is_charged_to_the_end_of_the_chain() -> None:
    law = a_line(ref="law/BGDDT", agency="BGDDT", last_day=aug(15), end=aug(18), settled=aug(18))
    draft = a_needed(last_day=aug(20), end=aug(25), settled=aug(25), waits=waits(aug(18), "law/BGDDT"))
    found = judged(a_line(waits=waits(aug(25))), draft, law)
    # BNV lost 16-18 August to BGDDT and is given back 21-23; only the 24th and 25th are its own
    assert found.shares() == {"BGDDT": 3, "BNV": 2}


def test_a_day_lost_by_both_ends_of_a_chain_is_given_back_once() -> None:
    # the order of both came five days late; the first is excused for five days, the second has lost no others
    draft = a_needed(last_day=LAST, assigned=aug(16), end=sep(7), settled=sep(7))
    publish = a_line(assigned=aug(16), waits=waits(sep(7), since=aug(16)))
    found = judged(publish, draft)
    assert told(publish, draft) == [(5, "delivery"), (2, "upstream"), (2, "own")]
    assert [late.lost for late in found.days][:6] == [*(aug(n) for n in range(12, 17)), sep(6)]


def test_a_day_lost_by_what_it_waits_for_alone_is_given_back_where_it_cut_into_its_time() -> None:
    draft = a_needed(assigned=aug(14), last_day=aug(20), end=aug(23), settled=aug(23))
    publish = a_line(latest_start=aug(21), waits=waits(aug(23)))
    assert told(publish, draft) == [(2, "delivery"), (7, "own")]


def test_a_day_waited_for_a_suspended_task_is_the_suspensions() -> None:
    draft = a_needed(suspended=(Period(aug(20), aug(25)),))
    assert told(a_line(waits=waits(aug(25))), draft) == [(5, "suspended"), (4, "own")]


def test_a_day_waited_for_a_reviewer_is_the_reviewers() -> None:
    draft = a_needed(end=aug(20), reviews=(Period(aug(20)),))
    assert told(a_line(waits=waits(aug(25))), draft) == [(5, "review"), (4, "own")]


def test_agencies_late_on_the_same_day_share_it_exactly() -> None:
    others = [
        a_needed(ref=f"x/{code}", agency=code, end=aug(day), settled=aug(day))
        for code, day in (("01", 21), ("04", 22), ("22", 25))
    ]
    found = judged(a_line(waits=waits(aug(25), *(one.ref for one in others))), *others)
    assert found.shares() == {"01": Fraction(1, 3), "04": Fraction(5, 6), "22": Fraction(23, 6)}
    assert sum(found.shares().values()) == found.counts()[Cause.UPSTREAM] == 5


def test_nobody_is_excused_by_another_while_its_own_earlier_task_is_late() -> None:
    own = a_needed(ref="x/BTC", agency="BTC")
    assert told(a_line(waits=waits(aug(25), DRAFT, "x/BTC")), a_needed(), own) == [(9, "own")]


# ── From the entries ────────────────────────────────────────────────────────────────────────────────────────

CALENDAR = a_calendar()
MIDNIGHT = datetime(2025, 8, 31, 17, tzinfo=UTC)  # the beginning of 1 September in Hanoi
LIMIT = Limit(last_day=LAST, zone="Asia/Ho_Chi_Minh", late_from=MIDNIGHT)


def entry(kind: str, at: datetime, **payload: Any) -> Entry:
    return Entry(
        seq=1,
        recorded_at=at,
        effective_at=at,
        actor="test",
        assignment=REF,
        kind=kind,
        payload=payload,
        body="",
        previous="",
        hash="",
    )


def hour(month: int, day: int, hours: int = 1) -> datetime:
    return datetime(2025, month, day, hours, tzinfo=UTC)


def woven(*entries: Entry, at: datetime, received_at: datetime | None = None, **more: Any) -> Timeline:
    facts = Facts(
        progress=Progress.SUBMITTED if received_at else Progress.ASSIGNED,
        assigned_at=hour(8, 11),
        touched_at=hour(8, 11),
        limit=LIMIT,
        received_at=received_at,
    )
    one = Assignment(ref=REF, task="2025/412-tb-vpcp/publish", agency="BTC", remind="standard", facts=facts)
    usual: dict[str, Any] = {"issued": ISSUED, "waited": lambda task: (f"{task}/BNV",)}
    assigned = entry("assigned", hour(8, 11), waiting_for=[], limit={"last_day": "2025-08-31"})
    return timeline(one, [assigned, *entries], at=at, calendar=CALENDAR, **(usual | more))


@pytest.mark.parametrize(
    ("at", "days"),
    [
        (MIDNIGHT - timedelta(microseconds=1), 0),
        (MIDNIGHT, 1),
        (MIDNIGHT + timedelta(hours=24, microseconds=-1), 1),
        (MIDNIGHT + timedelta(hours=24), 2),
    ],
)
def test_days_turn_at_midnight_in_the_deadlines_zone(at: datetime, days: int) -> None:
    assert len(judged(woven(at=at)).days) == days == max(0, LIMIT.days_late(at))


def test_every_kind_of_entry_finds_its_place() -> None:
    line = woven(
        entry("waiting", hour(8, 12), waiting_for=["d/a"]),
        entry("waiting", hour(8, 14), waiting_for=["d/a", "d/b"]),
        entry("waiting", hour(8, 15), waiting_for=[]),
        entry("suspended", hour(8, 16), why="law", instrument="x"),
        entry("resumed", hour(8, 18)),
        entry("submitted", hour(9, 2, 18)),  # 3 September in Hanoi
        entry("returned", hour(9, 5), missing="annex"),
        entry("submitted", hour(9, 9)),
        at=hour(9, 20),
        received_at=hour(9, 9),
        takes=Span(10, "working days"),
    )
    assert [(w.period, w.on) for w in line.waits] == [
        (Period(aug(12), aug(14)), ("d/a/BNV",)),
        (Period(aug(14), aug(15)), ("d/a/BNV", "d/b/BNV")),
    ]
    assert line.suspended == (Period(aug(16), aug(18)),)
    assert line.reviews == (Period(sep(3), sep(5)), Period(sep(9)))
    assert line.latest_start == aug(18)  # ten working days before Sunday 31 August
    assert (line.given, line.assigned, line.end) == (ISSUED, ISSUED, sep(9))


def test_what_was_accepted_and_reopened_lay_with_the_reviewer() -> None:
    line = woven(
        entry("submitted", hour(8, 30)),
        entry("completed", hour(9, 1)),
        entry("reopened", hour(9, 4), why="forged"),
        at=hour(9, 6),
    )
    # 1-4 September themselves, and the 5th for the last of August
    assert told(line) == [(4, "review"), (1, "review"), (1, "own")]


def test_a_duty_that_is_given_again_starts_anew() -> None:
    line = woven(
        entry("submitted", hour(8, 12)),
        entry("returned", hour(8, 20), missing="annex"),
        entry("withdrawn", hour(8, 21), why="amended"),
        entry("reinstated", hour(9, 2), waiting_for=[], limit={"last_day": "2025-08-31"}),
        at=hour(9, 6),
    )
    assert (line.assigned, line.reviews, line.settled) == (sep(2), (), None)
    assert told(line)[0] == (2, "impossible")
