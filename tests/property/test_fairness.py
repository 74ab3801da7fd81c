"""Laws of fair lateness, over any history: sums, one cause a day, nothing re-judged, nothing charged twice."""

from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.fairness import Attribution, Cause, Period, Timeline, Wait, attribute

START = date(2025, 8, 1)
AGENCIES = ("BNV", "BTC", "BGDDT", "01")
HORIZON = 60
offsets = st.integers(0, HORIZON)


def on(offset: int) -> date:
    return START + timedelta(offset)


@st.composite
def periods(draw: st.DrawFn) -> tuple[Period, ...]:
    """Return periods one after the other; the last may still last."""
    edges = sorted(draw(st.lists(offsets, max_size=6)))
    pairs = [Period(on(a), on(b)) for a, b in zip(edges[::2], edges[1::2], strict=False)]
    return tuple(pairs) + ((Period(on(edges[-1])),) if len(edges) % 2 else ())


@st.composite
def a_line(draw: st.DrawFn, place: int) -> Timeline:
    """Return any history of the assignment at a place; it waits only for those before it."""
    given = draw(offsets)
    needed = draw(st.lists(st.integers(0, place - 1), unique=True, max_size=3)) if place else []
    on_these = tuple(f"t{n}" for n in needed)
    settled = draw(st.none() | offsets)
    return Timeline(
        ref=f"t{place}",
        agency=draw(st.sampled_from(AGENCIES)),
        given=on(given),
        assigned=on(max(given, draw(offsets))),
        end=on(HORIZON if settled is None else settled),
        last_day=draw(st.none() | offsets.map(on)),
        latest_start=draw(st.none() | st.integers(-20, HORIZON).map(on)),
        dates=tuple((on(a), on(b)) for a, b in draw(st.lists(st.tuples(offsets, offsets), max_size=2).map(sorted))),
        suspended=draw(periods()),
        reviews=draw(periods()),
        waits=tuple(Wait(period, on_these) for period in draw(periods())) if on_these else (),
        settled=None if settled is None else on(settled),
    )


@st.composite
def stories(draw: st.DrawFn) -> dict[str, Timeline]:
    """Return up to five assignments, each waiting for some of those before it."""
    lines = [draw(a_line(place)) for place in range(draw(st.integers(1, 5)))]
    lines = [one if one.latest_start is None or one.last_day is None else _sound(one) for one in lines]
    return {line.ref: line for line in lines}


def _sound(line: Timeline) -> Timeline:
    assert line.latest_start is not None
    assert line.last_day is not None
    return replace(line, latest_start=min(line.latest_start, line.last_day))


def days_late(line: Timeline) -> int:
    assert line.last_day is not None
    return max(0, (line.end - line.last_day).days)


@given(stories())
def test_the_causes_of_an_assignment_add_up_to_its_days_late(story: dict[str, Timeline]) -> None:
    for ref, found in attribute(story).items():
        assert sum(found.counts().values()) == len(found.days) == days_late(story[ref])
        assert min(found.counts().values()) >= 0


@given(stories())
def test_each_late_day_is_there_once_in_order_and_has_one_cause(story: dict[str, Timeline]) -> None:
    for ref, found in attribute(story).items():
        first = story[ref].last_day
        assert first is not None
        assert [late.day for late in found.days] == [first + timedelta(n + 1) for n in range(len(found.days))]


@given(stories())
def test_no_day_is_charged_twice(story: dict[str, Timeline]) -> None:
    for found in attribute(story).values():
        lost = [late.lost for late in found.days]
        assert len(set(lost)) == len(lost)
        assert all(late.lost <= late.day for late in found.days)


@given(stories())
def test_only_others_answer_for_upstream_days_and_their_shares_add_up(story: dict[str, Timeline]) -> None:
    for found in attribute(story).values():
        assert all(bool(late.agencies) == (late.cause is Cause.UPSTREAM) for late in found.days)
        assert found.agency not in found.shares()
        assert sum(found.shares().values(), Fraction()) == found.counts()[Cause.UPSTREAM]


@given(stories(), offsets)
def test_a_later_instant_adds_days_and_re_judges_none(story: dict[str, Timeline], until: int) -> None:
    earlier = {ref: replace(line, end=min(line.end, on(until))) for ref, line in story.items()}
    now, then = attribute(story), attribute(earlier)
    for ref, found in then.items():
        assert now[ref].days[: len(found.days)] == found.days


@given(stories())
def test_the_order_in_which_assignments_are_given_changes_nothing(story: dict[str, Timeline]) -> None:
    backwards = dict(reversed(story.items()))
    assert attribute(backwards) == attribute(story)


@given(stories())
def test_the_runs_hold_every_late_day(story: dict[str, Timeline]) -> None:
    for found in attribute(story).values():
        assert sum(run.days for run in found.runs()) == len(found.days)


@given(a_line(0))
def test_what_nothing_kept_is_the_agencys_own(line: Timeline) -> None:
    free = replace(line, assigned=line.given, latest_start=None, dates=(), suspended=(), reviews=(), waits=())
    for found in attribute({free.ref: free}).values():
        in_time = [late for late in found.days if late.day <= free.given]
        assert all(late.cause is Cause.IMPOSSIBLE for late in in_time)
        assert all(late.cause is Cause.OWN for late in found.days[len(in_time) :])


def test_needs_in_a_circle_are_judged_all_the_same() -> None:
    lines = {
        ref: Timeline(
            ref=ref,
            agency=agency,
            given=START,
            assigned=START,
            end=on(30),
            last_day=on(20),
            waits=(Wait(Period(START), (other,)),),
        )
        for ref, agency, other in (("a", "BNV", "b"), ("b", "BTC", "a"))
    }
    found: dict[str, Attribution] = attribute(lines)
    assert [len(one.days) for one in found.values()] == [10, 10]
