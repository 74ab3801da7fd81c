"""Laws of schedules, against an oracle that knows no order: it relaxes every edge until nothing changes."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_calendar, a_text
from tracker.domain.calendar import Span, SpecialDay
from tracker.domain.planning import dated, offsets
from tracker.domain.schedule import Edge, Schedule, fits, late_by, schedule, slip, under

NAMES = "qzaxbycwdv"  # so that the order of the names is not the order of the graph

Plan = tuple[dict[str, int], list[Edge]]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Return tasks and edges without a circle, in any order, with every kind of edge and with lags either way."""
    names = draw(st.permutations(NAMES[: draw(st.integers(1, len(NAMES)))]))
    durations = {name: draw(st.integers(0, 6)) for name in draw(st.permutations(names))}
    pairs = st.tuples(st.integers(0, len(names) - 1), st.integers(0, len(names) - 1)).filter(lambda p: p[0] < p[1])
    several = st.lists(pairs, max_size=16) if len(names) > 1 else st.just([])
    kinds = st.sampled_from(["finish-start", "start-start", "during"])
    lags = st.integers(-3, 3)
    return durations, [Edge(names[a], names[b], draw(kinds), draw(lags)) for a, b in draw(several)]


def allowed(edge: Edge, durations: Mapping[str, int], starts: Mapping[str, int]) -> bool:
    """Return whether two starts keep an edge, said in starts and finishes as the edge is defined."""
    start, other = starts[edge.task], starts[edge.needed]
    finish, other_finish = start + durations[edge.task], other + durations[edge.needed]
    if edge.kind == "finish-start":
        return start >= other_finish + edge.lag
    if edge.kind == "start-start":
        return start >= other + edge.lag
    return start >= other + edge.lag and finish >= other_finish + edge.lag


def pushed(durations: Mapping[str, int], edges: Sequence[Edge], starts: dict[str, int]) -> dict[str, int]:
    """Return the smallest starts from these on that keep every edge: step by step, each by a day."""
    starts = dict(starts)
    while not all(allowed(edge, durations, starts) for edge in edges):
        for edge in edges:
            starts[edge.task] += not allowed(edge, durations, starts)
    return starts


def pulled(durations: Mapping[str, int], edges: Sequence[Edge], ends: Mapping[str, int]) -> dict[str, int]:
    """Return the largest starts that keep every edge and every end."""
    starts = {task: ends[task] - durations[task] for task in durations}
    while not all(allowed(edge, durations, starts) for edge in edges):
        for edge in edges:
            starts[edge.needed] -= not allowed(edge, durations, starts)
    return starts


def starts_of(found: Schedule) -> dict[str, int]:
    return {task: found.times(task).earliest_start for task in found.places}


def latest_of(found: Schedule) -> dict[str, int]:
    return {task: found.times(task).latest_start for task in found.places}


@given(plans())
def test_earliest_and_latest_times_are_those_of_the_oracle(plan: Plan) -> None:
    durations, edges = plan
    found = schedule(durations, edges)
    earliest = pushed(durations, edges, dict.fromkeys(durations, 0))
    length = max(earliest[task] + durations[task] for task in durations)
    assert starts_of(found) == earliest
    assert found.length == length
    assert latest_of(found) == pulled(durations, edges, dict.fromkeys(durations, length))


@given(plans())
def test_times_of_a_task_agree_with_each_other(plan: Plan) -> None:
    found = schedule(*plan)
    for task, takes in plan[0].items():
        times = found.times(task)
        assert times.earliest_finish - times.earliest_start == times.latest_finish - times.latest_start == takes
        assert times.slack == times.latest_start - times.earliest_start >= 0


@given(plans())
def test_the_critical_path_has_no_slack_and_is_as_long_as_everything(plan: Plan) -> None:
    durations, edges = plan
    found = schedule(durations, edges)
    path = found.critical_path
    assert all(found.times(task).slack == 0 for task in path)
    # Alone, with only the edges along it, it takes the whole length: each task held up by the one before.
    steps = [edge for edge in edges if (edge.needed, edge.task) in pairwise(path)]
    alone = schedule({task: durations[task] for task in path}, steps)
    assert alone.length == found.length
    assert starts_of(alone) == {task: found.times(task).earliest_start for task in path}
    assert len({(edge.needed, edge.task) for edge in steps}) == len(path) - 1


@given(plans(), st.randoms(use_true_random=False))
def test_the_order_of_tasks_and_edges_changes_nothing(plan: Plan, random: Random) -> None:
    durations, edges = plan
    found = schedule(durations, edges)
    tasks, others = list(durations.items()), list(edges)
    random.shuffle(tasks)
    random.shuffle(others)
    again = schedule(dict(tasks), others)
    assert (again.length, again.critical_path) == (found.length, found.critical_path)
    assert {task: again.times(task) for task in durations} == {task: found.times(task) for task in durations}


@given(plans(), st.integers(0, 12), st.data())
def test_a_slip_moves_exactly_what_the_oracle_moves(plan: Plan, by: int, data: st.DataObject) -> None:
    durations, edges = plan
    found = schedule(durations, edges)
    task = data.draw(st.sampled_from(sorted(durations)))
    before = starts_of(found)
    after = pushed(durations, edges, {**before, task: before[task] + by})
    assert slip(found, task, by) == {t: after[t] - before[t] for t in durations if after[t] > before[t]}


@given(plans(), st.data())
def test_what_slips_within_its_slack_delays_nothing_beyond_the_length(plan: Plan, data: st.DataObject) -> None:
    found = schedule(*plan)
    task = data.draw(st.sampled_from(sorted(plan[0])))
    slack = found.times(task).slack

    def end(by: int) -> int:
        return max(found.times(other).earliest_finish + late for other, late in slip(found, task, by).items())

    assert slack == 0 or end(slack) <= found.length
    assert end(slack + 1) > found.length


@given(plans(), st.data())
def test_deadlines_that_cannot_be_kept_are_those_with_negative_slack(plan: Plan, data: st.DataObject) -> None:
    durations, edges = plan
    found = schedule(durations, edges)
    deadlines = data.draw(st.dictionaries(st.sampled_from(sorted(durations)), st.integers(0, 40), max_size=5))
    bound = under(found, deadlines)
    last = max([found.length, *deadlines.values()])
    assert latest_of(bound) == pulled(durations, edges, {task: deadlines.get(task, last) for task in durations})
    assert starts_of(bound) == starts_of(found)
    late = late_by(found, deadlines)
    assert fits(found, deadlines) is all(bound.times(task).slack >= 0 for task in durations)
    worst = min(bound.times(task).slack for task in durations)
    assert max(0, -worst) == max(late.values(), default=0)


STARTS = st.dates(date(2024, 1, 1), date(2026, 12, 31))
DAYS_OFF = st.sets(st.dates(date(2024, 1, 1), date(2027, 6, 30)), max_size=30)


@given(plans(), STARTS, DAYS_OFF, DAYS_OFF, st.sampled_from(["days", "working days"]))
def test_days_are_those_the_calendar_counts_one_by_one(
    plan: Plan, start: date, off: set[date], made_up: set[date], unit: str
) -> None:
    special = {day: SpecialDay(day=day, name=a_text(), source="notice") for day in off | made_up}
    calendar = a_calendar(
        days_off={day: special[day] for day in off}, make_up_days={day: special[day] for day in made_up}
    )
    found = schedule(*plan)

    def counted(offset: int) -> date:
        return calendar.shift(start, Span(offset, unit)) if offset else start  # type: ignore[arg-type]

    days = dated(found, start, calendar, unit)  # type: ignore[arg-type]
    times = {task: found.times(task) for task in plan[0]}
    assert days == {t: (counted(times[t].earliest_start), counted(times[t].earliest_finish)) for t in times}
    # And back: the last day of each task is its offset again.
    assert offsets({t: finish for t, (_, finish) in days.items()}, start, calendar, unit) == {  # type: ignore[arg-type]
        t: times[t].earliest_finish for t in times
    }


@given(STARTS, STARTS, DAYS_OFF)
def test_an_offset_counts_the_working_days_either_way(start: date, day: date, off: set[date]) -> None:
    calendar = a_calendar(days_off={d: SpecialDay(day=d, name=a_text(), source="notice") for d in off})
    found = offsets({"a": day}, start, calendar, "working days")["a"]
    assert found == calendar.working_days_between(start, day) - calendar.working_days_between(day, start)
    later = offsets({"a": day + timedelta(1)}, start, calendar, "working days")["a"]
    assert later - found == calendar.is_working(day + timedelta(1))
