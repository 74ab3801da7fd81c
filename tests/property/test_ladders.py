"""Laws of ladders: moments are in order, on working days, outside quiet hours, and always found again."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, takewhile

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import a_calendar, a_registry
from tracker.domain.calendar import Calendar, Span, SpecialDay, civil_time
from tracker.domain.ladder import AUDIENCES, Ladder, Level, Moment, Quiet, Rung, calls, stage_of
from tracker.domain.limit import Limit
from tracker.domain.standing import Facts, Policy, Progress, moments, next_moment
from tracker.domain.text import Text
from tracker.files.documents import registry_document, registry_from

ZONE = "Asia/Ho_Chi_Minh"
START = datetime(2025, 8, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
MANY = 60

minutes = st.builds(time, st.integers(0, 23), st.integers(0, 59))
spans = st.builds(Span, st.integers(1, 20), st.sampled_from(["days", "working days"]))
audiences = st.lists(st.sampled_from(AUDIENCES), min_size=1, max_size=3, unique=True).map(tuple)
rungs = st.one_of(
    st.builds(Rung, st.sampled_from(["assigned", "due"]), to=audiences),
    st.builds(Rung, st.sampled_from(["before", "after"]), spans, to=audiences),
    st.builds(lambda share, to: Rung("share", share=share, to=to), st.integers(1, 99), audiences),
)
quiets = st.builds(Quiet, minutes, minutes).filter(lambda quiet: quiet.since != quiet.until)


def unique(found: list[Rung]) -> tuple[Rung, ...]:
    return tuple({str(rung): rung for rung in found}.values())


def increasing(found: list[Span]) -> tuple[Level, ...]:
    by_length = {span.count * (7 if span.unit == "working days" else 5): span for span in found}
    return tuple(Level(span, (AUDIENCES[n],)) for n, (_, span) in enumerate(sorted(by_length.items()), 1))


ladders = st.builds(
    Ladder,
    name=st.just("standard"),
    time=minutes,
    rungs=st.lists(rungs, max_size=6).map(unique),
    then_every=st.none() | spans,
    review=st.booleans(),
    daily_after=st.none() | spans,
    escalate=st.lists(spans, max_size=3).map(increasing),
    quiet=st.none() | quiets,
    working_days=st.booleans(),
    cap=st.none() | st.integers(1, 9),
    head=st.none() | st.just("CP"),
)
instants = st.integers(0, 60 * 24 * 60).map(lambda minute: START + timedelta(minutes=minute))
calendars = st.sets(st.integers(0, 120), max_size=12).map(
    lambda days: a_calendar(
        days_off={
            (day := date(2025, 8, 1) + timedelta(days=n)): SpecialDay(
                day=day, name=Text(vi="nghỉ", en="off", fr="repos"), source="notice"
            )
            for n in days
        }
    )
)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    assigned = draw(instants)
    last = (assigned + timedelta(hours=7)).date() + timedelta(days=draw(st.integers(0, 70)))
    late = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(hours=17)
    limit = Limit(last_day=last, zone=ZONE, late_from=late)
    if draw(st.booleans()):
        limit = replace(limit, opens_at=late - timedelta(days=draw(st.integers(1, 20))))
    return Facts(
        progress=Progress.ASSIGNED,
        assigned_at=assigned,
        touched_at=assigned,
        limit=limit,
        answered_at=draw(st.none() | instants),
        snoozed_until=draw(st.none() | st.integers(0, 90).map(lambda n: date(2025, 8, 1) + timedelta(days=n))),
    )


def policy(ladder: Ladder, calendar: Calendar) -> Policy:
    return Policy(calendar=calendar, due_soon=Span(3, "working days"), ladder=ladder)


def some(of: Facts, by: Policy) -> list[Moment]:
    near = takewhile(lambda moment: moment.at < START + YEAR, moments(of, by))
    return list(islice(near, MANY))


@given(facts(), ladders, calendars)
def test_moments_come_in_order_and_each_rung_once(of: Facts, ladder: Ladder, calendar: Calendar) -> None:
    found = some(of, policy(ladder, calendar))
    assert [moment.at for moment in found] == sorted(moment.at for moment in found)
    names = [moment.rung for moment in found]
    assert len(names) == len(set(names))
    assert [moment.stage for moment in found] == [stage_of(name) for name in names]
    assert all(moment.at >= of.assigned_at for moment in found)


def opened_after(at: datetime, ladder: Ladder, calendar: Calendar) -> datetime:
    """Return when offices are open next, minute by minute."""

    def is_off() -> bool:
        return ladder.working_days and not calendar.is_working(calendar.civil_day(at))

    if is_off():
        at = calendar.instant(calendar.on_or_after(calendar.civil_day(at)), ladder.time)
    while ladder.quiet is not None and (ladder.quiet.covers(civil_time(ZONE, at).time()) or is_off()):
        at += timedelta(minutes=1)
    return at


@given(facts(), ladders, calendars)
def test_no_moment_lies_in_quiet_hours_or_on_a_day_off(of: Facts, ladder: Ladder, calendar: Calendar) -> None:
    for moment in some(of, policy(ladder, calendar)):
        local = civil_time(ZONE, moment.at)
        if moment.rung == "assigned":
            assert of.limit is not None
            opened = opened_after(moment.at, ladder, calendar)
            # only a notice that would come after its deadline comes at once
            assert opened == moment.at or opened >= of.limit.late_from
            continue
        assert ladder.quiet is None or not ladder.quiet.covers(local.time())
        assert calendar.is_working(local.date())


@given(facts(), ladders, calendars)
def test_what_is_before_the_deadline_comes_before_it_and_the_rest_after(
    of: Facts, ladder: Ladder, calendar: Calendar
) -> None:
    assert of.limit is not None
    for moment in some(of, policy(ladder, calendar)):
        if moment.stage in ("before", "half", "due"):
            assert moment.at < of.limit.late_from
        elif moment.stage != "assigned":
            assert moment.at >= of.limit.late_from - timedelta(days=1)  # no minute of the last day is late


@given(facts(), ladders, calendars, st.integers(0, 200))
def test_the_next_moment_is_exact_from_wherever_one_looks(
    of: Facts, ladder: Ladder, calendar: Calendar, days: int
) -> None:
    by = policy(ladder, calendar)
    told = of.assigned_at + timedelta(days=days, minutes=days)
    slow = next((moment.at for moment in some(of, by) if moment.at > told), None)
    coming = next_moment(of, at=START + 2 * YEAR, policy=by, told=told)
    if slow is not None:
        assert coming == slow


@given(facts(), ladders, calendars)
def test_every_audience_of_what_is_owed_hears_once_of_the_latest(of: Facts, ladder: Ladder, calendar: Calendar) -> None:
    owed = tuple(some(of, policy(ladder, calendar)))
    heard = [(audience, call.moment) for call in calls(owed) for audience in call.to]
    assert sorted(audience for audience, _ in heard) == sorted({a for moment in owed for a in moment.to})
    for audience, moment in heard:
        assert moment == [one for one in owed if audience in one.to][-1]


@given(ladders)
def test_a_ladder_is_read_back_from_its_document(ladder: Ladder) -> None:
    registry = a_registry(ladders={"standard": ladder}, secretariat="VPCP")
    assert registry_from(registry_document(registry)) == registry
