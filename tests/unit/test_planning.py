"""Planning: what the tasks of directives wait for, in one unit: kinds, lags, and tasks that periods run from."""

import pytest

from tests.builders import a_task
from tracker.domain.calendar import Span, Unit
from tracker.domain.deadline import Anchor, Due, Within
from tracker.domain.directive import Need, NeedKind
from tracker.domain.planning import edges_of, in_unit, schedule_of, unit_of
from tracker.domain.schedule import Edge

KEY = "2025/412-tb-vpcp"


@pytest.mark.parametrize(
    ("kind", "lag", "start"),
    [
        ("finish-start", None, 5),
        ("finish-start", Span(2, "days"), 7),
        ("start-start", None, 0),
        ("start-start", Span(2, "days"), 2),
        ("during", None, 3),  # of 2 days, it may not finish before the 5 are over
        ("during", Span(2, "days"), 5),
    ],
)
def test_a_need_holds_back_by_its_kind_and_lag(kind: NeedKind, lag: Span | None, start: int) -> None:
    need = Need(f"{KEY}/first", kind=kind, lag=lag)
    then = a_task("then", takes=Span(2, "days"), needs=(need,))
    plan = schedule_of([a_task("first", takes=Span(5, "days")), then])
    assert plan.times(then.key).earliest_start == start


def test_a_task_waits_for_the_one_its_period_runs_from_and_once_only() -> None:
    due = Due(rule=Within(Span(10, "days"), Anchor("task", f"{KEY}/first")))
    follow = a_task("follow", due=due)
    assert schedule_of([a_task("first", takes=Span(5, "days")), follow]).times(follow.key).earliest_start == 5
    needing = a_task("follow", due=due, needs=(Need(f"{KEY}/first", kind="start-start"),))
    assert list(edges_of(needing, "days")) == [Edge(f"{KEY}/first", needing.key, "start-start", 0)]


@pytest.mark.parametrize(
    ("takes", "lag", "unit"),
    [
        (Span(5, "days"), None, "days"),
        (Span(2, "weeks"), None, "days"),
        (Span(5, "working days"), None, "working days"),
        (Span(5, "days"), Span(1, "working days"), "working days"),
        (None, None, "days"),
    ],
)
def test_one_estimate_or_lag_in_working_days_makes_all_of_them_so(
    takes: Span | None, lag: Span | None, unit: Unit
) -> None:
    assert unit_of([a_task("a", takes=takes, needs=(Need(f"{KEY}/b", lag=lag),)), a_task("b")]) == unit


@pytest.mark.parametrize(
    ("span", "days", "working"),
    [(Span(1, "weeks"), 7, 5), (Span(2, "weeks"), 14, 10), (Span(1, "months"), 30, 22), (Span(8, "days"), 8, 6)],
)
def test_weeks_and_months_are_counted_in_days(span: Span, days: int, working: int) -> None:
    assert (in_unit(span, "days"), in_unit(span, "working days")) == (days, working)
