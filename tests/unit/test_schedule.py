"""Schedules: earliest and latest times, the critical path, slips, deadlines and days, reckoned by hand."""

from collections.abc import Iterable
from datetime import date

import pytest

from tests.builders import a_calendar, a_task
from tracker.domain.calendar import Span, SpecialDay
from tracker.domain.directive import Need
from tracker.domain.errors import Invalid, NotFound
from tracker.domain.planning import dated, offsets, schedule_of, unit_of
from tracker.domain.schedule import Edge, Kind, Schedule, fits, late_by, schedule, schedule_document, slip, under

# The network of seven activities that courses on the critical path method draw: a and b may start at once, c needs a,
# d needs a and b, e needs c, f needs c and d, g needs e and f.
DURATIONS = {"a": 3, "b": 5, "c": 4, "d": 2, "e": 6, "f": 3, "g": 1}
EDGES = [Edge(*pair) for pair in ("ac", "ad", "bd", "ce", "cf", "df", "eg", "fg")]
COURSE = schedule(DURATIONS, EDGES)


def rows(found: Schedule) -> dict[str, tuple[int, int, int, int, int]]:
    """Return for each task: earliest start and finish, latest start and finish, slack."""
    return {
        task: (t.earliest_start, t.earliest_finish, t.latest_start, t.latest_finish, t.slack)
        for task in sorted(found.places)
        for t in [found.times(task)]
    }


def test_a_network_is_reckoned_as_by_hand() -> None:
    assert rows(COURSE) == {
        "a": (0, 3, 0, 3, 0),
        "b": (0, 5, 3, 8, 3),
        "c": (3, 7, 3, 7, 0),
        "d": (5, 7, 8, 10, 3),
        "e": (7, 13, 7, 13, 0),
        "f": (7, 10, 10, 13, 3),
        "g": (13, 14, 13, 14, 0),
    }
    assert COURSE.length == 14
    assert COURSE.critical_path == ("a", "c", "e", "g")


def test_the_order_of_the_input_changes_nothing() -> None:
    turned = schedule(dict(reversed(DURATIONS.items())), reversed(EDGES))
    assert rows(turned) == rows(COURSE)
    assert turned.critical_path == COURSE.critical_path


@pytest.mark.parametrize(
    ("kind", "lag", "durations", "start_of_second"),
    [
        ("finish-start", -1, (4, 3), 3),
        ("finish-start", 0, (4, 3), 4),
        ("finish-start", 1, (4, 3), 5),
        ("finish-start", -5, (4, 3), 0),  # a lead longer than the task: nothing starts before everything
        ("start-start", 0, (4, 3), 0),
        ("start-start", 2, (4, 3), 2),
        ("during", 0, (4, 3), 1),  # it may not finish before the fourth day
        ("during", 0, (4, 4), 0),
        ("during", 0, (4, 5), 0),
        ("during", 2, (4, 3), 3),  # two days after both ends
        ("during", 2, (4, 5), 2),
    ],
)
def test_a_task_starts_as_its_edge_allows(
    kind: Kind, lag: int, durations: tuple[int, int], start_of_second: int
) -> None:
    first, second = durations
    found = schedule({"first": first, "second": second}, [Edge("first", "second", kind, lag)])
    assert found.times("second").earliest_start == start_of_second


def test_a_schedule_with_every_kind_of_edge_is_reckoned_as_by_hand() -> None:
    found = schedule(
        {"survey": 10, "guide": 2, "report": 3, "review": 4},
        [
            Edge("survey", "guide", "start-start", 2),  # 2 days in, guidance is given
            Edge("survey", "report", "during", 1),  # the report is done a day after the survey
            Edge("guide", "review"),
            Edge("report", "review", "finish-start", -2),
        ],
    )
    assert rows(found) == {
        "guide": (2, 4, 7, 9, 5),
        "report": (8, 11, 8, 11, 0),
        "review": (9, 13, 9, 13, 0),
        "survey": (0, 10, 0, 10, 0),
    }
    assert found.critical_path == ("survey", "report", "review")


def test_of_two_chains_of_one_length_the_smallest_names_are_told_from_the_start() -> None:
    diamond = {"start": 1, "left": 2, "right": 2, "end": 1, "also": 1}
    edges = [Edge(*p.split()) for p in ("start right", "start left", "right end", "left end", "also right")]
    assert schedule(diamond, edges).critical_path == ("also", "right", "end")
    del diamond["also"]
    assert schedule(diamond, edges[:-1]).critical_path == ("start", "left", "end")


def test_a_milestone_without_an_estimate_takes_nothing_and_stands_on_the_path() -> None:
    found = schedule({"work": 5}, [Edge("begin", "work"), Edge("work", "done")])
    assert found.critical_path == ("begin", "work", "done")
    assert rows(found)["done"] == (5, 5, 5, 5, 0)


def test_no_tasks_have_a_schedule_of_no_length() -> None:
    assert schedule_document(schedule({})) == {"length": 0, "critical_path": [], "tasks": {}}


def test_a_task_needed_twice_in_two_ways_starts_when_both_allow() -> None:
    edges = [Edge("a", "b"), Edge("a", "b", "start-start", 9), Edge("a", "b")]
    assert schedule({"a": 3, "b": 1}, edges).times("b").earliest_start == 9


@pytest.mark.parametrize(
    ("pairs", "told"),
    [
        ("ab bc ca", "a -> c -> b -> a"),
        ("ab bc ca da", "a -> c -> b -> a"),
        ("zz", "z -> z"),
    ],
)
def test_a_circle_is_refused_with_its_whole_path(pairs: str, told: str) -> None:
    edges = [Edge(*pair) for pair in pairs.split()]
    for order in (edges, edges[::-1]):
        with pytest.raises(Invalid, match=f"wait for each other: {told}$") as refused:
            schedule({}, order)
        assert refused.value.code == "cycle"


@pytest.mark.parametrize("duration", [-1, 0, 1])
def test_an_estimate_is_not_negative(duration: int) -> None:
    if duration < 0:
        with pytest.raises(Invalid, match="cannot take -1"):
            schedule({"a": duration})
    else:
        assert schedule({"a": duration}).length == duration


def test_an_unknown_kind_of_edge_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(Invalid, match=r"'finish-finish' is no way .* finish-start, start-start, during"):
        schedule({"a": 1}, [Edge("a", "b", "finish-finish")])  # type: ignore[arg-type]


def test_a_task_that_is_not_there_has_no_times() -> None:
    with pytest.raises(NotFound, match="no task 'x'"):
        COURSE.times("x")


# ── Slips and deadlines ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("by", "moved"),
    [
        (0, {}),
        (1, {"b": 1, "d": 1, "f": 1}),
        (3, {"b": 3, "d": 3, "f": 3}),  # all the slack there is
        (4, {"b": 4, "d": 4, "f": 4, "g": 1}),
    ],
)
def test_a_slip_moves_what_follows_by_what_no_slack_absorbs(by: int, moved: dict[str, int]) -> None:
    assert slip(COURSE, "b", by) == moved


def test_a_slip_reaches_what_starts_with_the_task() -> None:
    found = schedule({"a": 5, "b": 1}, [Edge("a", "b", "start-start")])
    assert slip(found, "a", 2) == {"a": 2, "b": 2}


def test_a_slip_is_of_0_or_more_and_of_a_task_that_is_there() -> None:
    with pytest.raises(Invalid):
        slip(COURSE, "b", -1)
    with pytest.raises(NotFound):
        slip(COURSE, "x", 1)


@pytest.mark.parametrize(("deadline", "late"), [(12, {"e": 1}), (13, {}), (14, {})])
def test_a_chain_fits_up_to_the_last_day_of_its_deadline(deadline: int, late: dict[str, int]) -> None:
    assert late_by(COURSE, {"e": deadline, "g": 14}) == late
    assert fits(COURSE, {"e": deadline, "g": 14}) is not bool(late)


def test_what_is_completed_takes_nothing_of_the_time_that_is_left() -> None:
    assert not fits(COURSE, {"g": 10})
    assert fits(schedule({**DURATIONS, "a": 0, "b": 0, "c": 0}, EDGES), {"g": 10})


def test_a_deadline_pulls_the_latest_times_of_all_that_leads_to_it() -> None:
    found = under(COURSE, {"f": 11, "g": 20})
    assert rows(found) == {
        "a": (0, 3, 1, 4, 1),
        "b": (0, 5, 1, 6, 1),
        "c": (3, 7, 4, 8, 1),
        "d": (5, 7, 6, 8, 1),
        "e": (7, 13, 13, 19, 6),
        "f": (7, 10, 8, 11, 1),
        "g": (13, 14, 19, 20, 6),
    }
    assert (found.length, found.critical_path) == (COURSE.length, COURSE.critical_path)
    assert rows(COURSE)["a"] == (0, 3, 0, 3, 0)


def test_negative_slack_tells_how_much_faster_a_chain_must_be() -> None:
    found = under(COURSE, {"g": 12})
    assert [found.times(task).slack for task in "acegbdf"] == [-2, -2, -2, -2, 1, 1, 1]


# ── Days ────────────────────────────────────────────────────────────────────────────────────────────────────

FRIDAY = date(2025, 8, 29)  # before a weekend and the National Day, 1 and 2 September


def days_of(found: Schedule, unit: str, **changes: object) -> dict[str, tuple[str, str]]:
    calendar = a_calendar(**changes)
    days = dated(found, FRIDAY, calendar, unit)  # type: ignore[arg-type]
    return {task: (start.isoformat(), finish.isoformat()) for task, (start, finish) in days.items()}


CHAIN = schedule({"a": 1, "b": 2}, [Edge("a", "b"), Edge("b", "c")])


def test_offsets_fall_on_calendar_days_after_the_start() -> None:
    assert days_of(CHAIN, "days") == {
        "a": ("2025-08-29", "2025-08-30"),
        "b": ("2025-08-30", "2025-09-01"),
        "c": ("2025-09-01", "2025-09-01"),
    }


def test_working_days_leave_out_days_off() -> None:
    assert days_of(CHAIN, "working days") == {
        "a": ("2025-08-29", "2025-09-03"),
        "b": ("2025-09-03", "2025-09-05"),
        "c": ("2025-09-05", "2025-09-05"),
    }


def test_working_days_count_make_up_days() -> None:
    saturday = date(2025, 8, 30)
    swap = {saturday: SpecialDay(day=saturday, name=a_task().title, source="notice")}
    assert days_of(CHAIN, "working days", make_up_days=swap)["a"] == ("2025-08-29", "2025-08-30")


@pytest.mark.parametrize("unit", ["days", "working days"])
def test_a_schedule_that_outlives_the_calendar_is_refused(unit: str) -> None:
    with pytest.raises(Invalid, match="beyond the year 9999"):
        days_of(schedule({"a": 3_000_000}), unit)


@pytest.mark.parametrize(
    ("day", "in_days", "in_working_days"),
    [
        (date(2025, 8, 28), -1, -1),
        (FRIDAY, 0, 0),
        (date(2025, 8, 30), 1, 0),
        (date(2025, 9, 2), 4, 0),
        (date(2025, 9, 3), 5, 1),
        (date(2025, 9, 4), 6, 2),
    ],
)
def test_a_day_is_an_offset_from_the_start(day: date, in_days: int, in_working_days: int) -> None:
    days = {"a": day, "b": date(2025, 8, 20)}
    assert offsets(days, FRIDAY, a_calendar(), "days")["a"] == in_days
    assert offsets(days, FRIDAY, a_calendar(), "working days")["a"] == in_working_days


# ── Tasks of directives ─────────────────────────────────────────────────────────────────────────────────────


def key(id: str) -> str:
    return f"2025/412-tb-vpcp/{id}"


def needs(ids: Iterable[str]) -> tuple[Need, ...]:
    return tuple(Need(key(id)) for id in ids)


def times(start: int, finish: int) -> dict[str, int]:
    return {
        "earliest_start": start,
        "earliest_finish": finish,
        "latest_start": start,
        "latest_finish": finish,
        "slack": 0,
    }


def test_tasks_are_scheduled_from_what_they_take_and_need() -> None:
    draft = a_task("draft", takes=Span(10, "days"))
    sign = a_task("sign", takes=Span(2, "days"), needs=needs(["draft"]))
    report = a_task("report", needs=needs(["sign"]))
    found = schedule_of([report, sign, draft])
    assert unit_of([report, sign, draft]) == "days"
    assert schedule_document(found, directive="2025/412-tb-vpcp") == {
        "length": 12,
        "critical_path": ["draft", "sign", "report"],
        "tasks": {
            "draft": times(0, 10),
            "report": times(12, 12),
            "sign": times(10, 12),
        },
    }


@pytest.mark.parametrize(("days", "working"), [(1, 1), (6, 5), (7, 5), (8, 6), (14, 10), (30, 22)])
def test_where_one_task_takes_working_days_all_are_counted_in_them(days: int, working: int) -> None:
    tasks = [a_task("draft", takes=Span(days, "days")), a_task("sign", takes=Span(3, "working days"))]
    assert unit_of(tasks) == "working days"
    found = schedule_of(tasks)
    assert found.times(key("draft")).earliest_finish == working
    assert found.times(key("sign")).earliest_finish == 3


def test_a_need_outside_the_tasks_given_holds_nothing_up() -> None:
    found = schedule_of([a_task("sign", takes=Span(3, "days"), needs=(Need("2024/1-nd-cp/law"),))])
    assert list(found.places) == [key("sign")]
    assert found.length == 3
