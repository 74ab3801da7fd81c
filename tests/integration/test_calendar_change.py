"""A new calendar is planned and then applied: what moves, what stays, and that entries alone tell it again."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import holidays
import pytest

from tests.builders import a_calendar, a_directive, a_ladder, a_registry, a_task, a_text
from tests.simulation.a_store import Recorder, mailboxes
from tracker.domain.agency import Registry
from tracker.domain.calendar import Calendar, Span, SpecialDay
from tracker.domain.deadline import Anchor, Before, By, Due, Every, In, Review, Rule, Window, Within
from tracker.domain.directive import Task
from tracker.domain.errors import NotFound
from tracker.files import expansion
from tracker.files.registry import read_registry
from tracker.operations import (
    CalendarPlan,
    accept,
    adopt_directive,
    adopt_registry,
    deliver,
    init,
    plan_calendar,
    rebuild,
    set_channel,
    submit,
    sweep,
    verify,
)
from tracker.settings import Settings
from tracker.store import assignments, ledger, outbox
from tracker.store.store import Store
from tracker.views import Wanted, task_list

KEY = "2025/412-tb-vpcp"
SHIPPED = Path(__file__).parents[2] / "directives/registry"
AT = datetime(2025, 8, 11, 1, tzinfo=UTC)  # Mon 11 Aug 2025, 08:00 in Ha Noi: the day of issue
DECREE = AT + timedelta(days=4)
STORM = SpecialDay(
    day=date(2025, 8, 18), name=a_text("Storm"), source="1/CĐ-TTg", known_on=date(2025, 8, 15)
)  # a Monday


def a_due(rule: Rule) -> Due:
    return Due(rule=rule)


COMPUTED = {
    "five-working-days": (Within(Span(5, "working days")), date(2025, 8, 18), date(2025, 8, 19)),
    "a-week": (Within(Span(1, "weeks")), date(2025, 8, 18), date(2025, 8, 19)),
    "seven-days": (Within(Span(7, "days")), date(2025, 8, 18), date(2025, 8, 19)),
    "twenty-working-days": (Within(Span(20, "working days")), date(2025, 9, 10), date(2025, 9, 11)),
}
STAYS = {
    "eight-days": (Within(Span(8, "days")), date(2025, 8, 19)),  # a day off within calendar days is counted
    "before": (Before(date(2025, 8, 19)), date(2025, 8, 18)),
    "by": (By(date(2025, 8, 18)), date(2025, 8, 18)),
    "in": (In(2025, 8), date(2025, 8, 31)),
    "kept-where-it-falls": (Within(Span(7, "days"), roll="none"), date(2025, 8, 18)),
    "minute": (By(date(2025, 8, 18), time(17)), date(2025, 8, 18)),
    "window": (Window(date(2025, 8, 14), date(2025, 8, 18)), date(2025, 8, 18)),
}


def with_days(*more: SpecialDay, **changes: object) -> Registry:
    """Return the registry with more days off."""
    calendar = a_calendar()
    days_off = dict(calendar.days_off) | {special.day: special for special in more}
    return a_registry(calendar=replace(calendar, days_off=days_off, **changes))


def every_rule() -> tuple[Task, ...]:
    rules = {name: rule for name, (rule, *_) in {**COMPUTED, **STAYS}.items()}
    return tuple(a_task(name, due=a_due(rule)) for name, rule in rules.items())


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = init(database_url, rehearsal=True, at=AT, actor="test")
    adopt_registry(made, a_registry(), at=AT, actor="test")
    set_channel(made, mailboxes("BNV", "BTC"), at=AT, actor="test")
    yield made
    made.close()


def adopt(store: Store, *tasks: Task) -> None:
    adopt_directive(store, a_directive(*tasks), at=AT, actor="test")


def ref(task: str) -> str:
    return f"{KEY}/{task}/BNV"


def the(store: Store, task: str) -> assignments.Assignment:
    with store.read() as connection:
        return assignments.get(connection, [ref(task)])[0]


def last_days(store: Store) -> Mapping[str, date | None]:
    with store.read() as connection:
        found = assignments.of_directive(connection, KEY)
    return {a.ref.split("/")[2]: a.facts.limit.last_day if a.facts.limit else None for a in found}


def entries(store: Store) -> list[tuple[str, str | None]]:
    with store.read() as connection:
        return [(entry.kind, entry.assignment) for entry in ledger.entries(connection)]


def moved(plan: CalendarPlan) -> Mapping[str, tuple[date, date]]:
    return {move.ref.split("/")[2]: (move.old, move.new) for move in plan.moves}


def test_a_day_off_moves_the_computed_periods_and_no_written_date(store: Store) -> None:
    adopt(store, *every_rule())
    plan = plan_calendar(store, with_days(STORM), at=DECREE)
    assert moved(plan) == {name: (old, new) for name, (_, old, new) in COMPUTED.items()}
    assert {move.days for move in plan.moves} == {1}
    assert {move.rule for move in plan.moves} >= {"within 5 working days of issue", "within 1 week of issue"}
    assert adopt_registry(store, with_days(STORM), at=DECREE, actor="test")
    expected = {name: new for name, (_, _, new) in COMPUTED.items()}
    assert last_days(store) == expected | {name: day for name, (_, day) in STAYS.items()}


def test_a_plan_changes_nothing(store: Store) -> None:
    adopt(store, *every_rule())
    before = entries(store)
    plan_calendar(store, with_days(STORM), at=DECREE)
    assert entries(store) == before


def test_the_plan_says_which_day_on_whose_authority(store: Store) -> None:
    (change,) = plan_calendar(store, with_days(STORM), at=DECREE).days
    assert (change.sign, change.kind, change.day, change.authority) == ("+", "day off", STORM.day, STORM)
    assert change.authority.why().en == "Storm, 1/CĐ-TTg, made known on 2025-08-15"


def test_a_day_taken_back_moves_the_periods_back_on_the_authority_that_took_it(store: Store) -> None:
    adopt_registry(store, with_days(STORM), at=AT, actor="test")
    adopt(store, *every_rule())
    took = replace(STORM, source="2/CĐ-TTg", known_on=date(2025, 8, 15))
    back = a_registry(calendar=a_calendar(removed={took.day: took}))
    plan = plan_calendar(store, back, at=DECREE)
    assert [(change.sign, change.day, change.authority.source) for change in plan.days] == [
        ("-", STORM.day, "2/CĐ-TTg")
    ]
    assert {move.days for move in plan.moves} == {-1}
    adopt_registry(store, back, at=DECREE, actor="test")
    assert last_days(store) == {name: day for name, (_, day, *_) in {**COMPUTED, **STAYS}.items()}


def test_a_make_up_day_brings_working_days_forward(store: Store) -> None:
    adopt(store, *every_rule())
    saturday = replace(STORM, day=date(2025, 8, 16))
    worked = a_registry(calendar=a_calendar(make_up_days={saturday.day: saturday}))
    plan = plan_calendar(store, worked, at=DECREE)
    assert moved(plan) == {
        "five-working-days": (date(2025, 8, 18), date(2025, 8, 16)),
        "twenty-working-days": (date(2025, 9, 10), date(2025, 9, 9)),
    }
    assert [(change.sign, change.kind) for change in plan.days] == [("+", "make-up day")]


def test_the_law_that_rolls_back_moves_what_had_rolled(store: Store) -> None:
    adopt(store, a_task("long", due=a_due(Within(Span(20, "days")))), a_task("short", due=a_due(By(date(2025, 8, 31)))))
    plan = plan_calendar(store, with_days(roll="back"), at=DECREE)
    assert moved(plan) == {"long": (date(2025, 9, 3), date(2025, 8, 29))}
    assert plan.settings == (("roll", "forward", "back"),)


def test_a_new_version_of_the_date_keeps_the_first_one(store: Store) -> None:
    adopt(store, *every_rule())
    adopt_registry(store, with_days(STORM), at=DECREE, actor="test")
    one = the(store, "a-week")
    assert (one.version, one.first_day, one.facts.limit and one.facts.limit.last_day) == (
        2,
        date(2025, 8, 18),
        date(2025, 8, 19),
    )
    assert the(store, "by").version == 1


def test_everything_stands_in_one_transaction_in_the_ledger(store: Store) -> None:
    adopt(store, *every_rule())
    plan = plan_calendar(store, with_days(STORM), at=DECREE)
    before = len(entries(store))
    adopt_registry(store, with_days(STORM), at=DECREE, actor="secretariat")
    new = entries(store)[before:]
    assert new[:2] == [("registry_adopted", None), ("calendar_changed", None)]
    assert sorted(new[2:]) == sorted(
        [("date_set", move.ref) for move in plan.moves] + [("swept", name) for name in plan.reckoned]
    )
    with store.read() as connection:
        note = next(entry for entry in ledger.entries(connection) if entry.kind == "calendar_changed")
    assert note.payload == {
        "version": 2,
        "days": [
            {"sign": "+", "kind": "day off", "date": "2025-08-18", "source": "1/CĐ-TTg", "known_on": "2025-08-15"}
        ],
        "settings": [],
        "moved": 4,
        "reckoned": len(plan.reckoned),
    }
    assert verify(store).holds


def test_the_same_calendar_twice_changes_nothing(store: Store) -> None:
    adopt(store, *every_rule())
    adopt_registry(store, with_days(STORM), at=DECREE, actor="test")
    before = entries(store)
    assert plan_calendar(store, with_days(STORM), at=DECREE).is_empty
    assert adopt_registry(store, with_days(STORM), at=DECREE, actor="test") is False
    assert entries(store) == before


def test_the_entries_alone_tell_it_again(store: Store) -> None:
    adopt(store, *every_rule(), a_task("waits", due=a_due(Within(Span(5, "days"), Anchor("task", f"{KEY}/by")))))
    sweep(store, at=AT)
    submit(store, ref("in"), at=AT, actor="BNV", words="done")
    accept(store, ref("in"), at=AT, actor="secretariat:VPCP")
    adopt_registry(store, with_days(STORM), at=DECREE, actor="test")
    assert rebuild(store, keep=False).differing == ()
    sweep(store, at=DECREE + timedelta(days=30))
    adopt_registry(store, a_registry(), at=DECREE + timedelta(days=30), actor="test")
    found = rebuild(store, keep=False)
    assert (found.rows("assignment"), found.differing) == (len(COMPUTED) + len(STAYS) + 1, ())


def test_what_is_settled_stays_as_it_was_settled(store: Store) -> None:
    adopt(store, a_task("a-week", due=a_due(Within(Span(1, "weeks")))))
    submit(store, ref("a-week"), at=AT, actor="BNV", words="done")
    accept(store, ref("a-week"), at=AT, actor="secretariat:VPCP")
    assert plan_calendar(store, with_days(STORM), at=DECREE).moves == ()
    adopt_registry(store, with_days(STORM), at=DECREE, actor="test")
    assert the(store, "a-week").version == 1


def test_a_period_that_an_event_or_a_task_started_moves_too(store: Store) -> None:
    adopt(
        store,
        a_task("survey", due=a_due(By(date(2025, 8, 12)))),
        a_task("report", due=a_due(Within(Span(3, "working days"), Anchor("task", f"{KEY}/survey")))),
    )
    done = AT + timedelta(days=2)  # Wed 13 August
    submit(store, ref("survey"), at=done, actor="BNV", words="done")
    accept(store, ref("survey"), at=done, actor="secretariat:VPCP")
    assert moved(plan_calendar(store, with_days(STORM), at=DECREE)) == {
        "report": (date(2025, 8, 18), date(2025, 8, 19))
    }
    adopt_registry(store, with_days(STORM), at=DECREE, actor="test")
    assert the(store, "report").facts.anchored_on == date(2025, 8, 13)
    assert rebuild(store, keep=False).differing == ()


def test_an_occurrence_moves_where_its_rule_rolls(store: Store) -> None:
    monthly = Every("FREQ=MONTHLY;BYMONTHDAY=18", roll="forward")
    adopt(store, a_task("monthly", due=a_due(monthly)), a_task("written", due=a_due(replace(monthly, roll="none"))))
    plan = plan_calendar(store, with_days(STORM), at=DECREE)
    assert [(move.ref, move.new) for move in plan.moves] == [
        (f"{KEY}/monthly/BNV@2025-08-18", date(2025, 8, 19)),
    ]
    adopt_registry(store, with_days(STORM), at=DECREE, actor="test")
    assert rebuild(store, keep=False).differing == ()


def test_a_reminder_that_counts_back_over_the_day_comes_a_day_earlier(store: Store) -> None:
    adopt(store, a_task("written", due=a_due(By(date(2025, 8, 29)))), a_task("near", due=a_due(By(date(2025, 8, 22)))))
    sweep(store, at=AT)
    # ten working days before the 29th were the 15th and are the 14th; what the 22nd asks for is past or after the day
    plan = plan_calendar(store, with_days(STORM), at=AT)
    assert (plan.moves, plan.reminders, plan.reckoned) == ((), 1, (ref("written"),))
    before = the(store, "written").next_moment
    adopt_registry(store, with_days(STORM), at=AT, actor="test")
    after = the(store, "written").next_moment
    assert (before, after) == (datetime(2025, 8, 15, 1, tzinfo=UTC), datetime(2025, 8, 14, 1, tzinfo=UTC))
    assert rebuild(store, keep=False).differing == ()


def test_an_office_is_told_of_the_new_date_once_for_each_rung(store: Store) -> None:
    adopt(store, a_task("a-week", due=a_due(Within(Span(1, "weeks")))))
    sender, settings = Recorder(), Settings()
    friday = AT + timedelta(days=4)
    sweep(store, at=friday)
    deliver(store, sender, settings=settings, clock=lambda: friday)
    adopt_registry(store, with_days(STORM), at=friday, actor="test")
    days = [friday + timedelta(days=n) for n in range(5)]
    for day in days:
        sweep(store, at=day)
        deliver(store, sender, settings=settings, clock=lambda day=day: day)
    with store.read() as connection:
        told = [(r.rung, r.version) for r in reversed(outbox.reminders(connection, assignment=ref("a-week")))]
    assert len(set(told)) == len(told) == len({reference for _, reference in sender.sent})
    assert ("due", 1) not in told
    assert ("due", 2) in told


def test_the_past_shows_the_date_it_had(store: Store) -> None:
    adopt(store, a_task("a-week", due=a_due(Within(Span(1, "weeks")))))
    adopt_registry(store, with_days(STORM), at=DECREE, actor="test")
    with store.read() as connection:
        for at, day in ((AT, 18), (DECREE - timedelta(microseconds=1), 18), (DECREE, 19)):
            (row,) = task_list(connection, at=at, registry=with_days(STORM), wanted=Wanted()).tasks
            assert row.last_day == date(2025, 8, day)


def test_another_ladder_takes_effect_on_what_is_open(store: Store) -> None:
    adopt(store, a_task("written", due=a_due(By(date(2025, 8, 29)))))
    sweep(store, at=AT)
    early = a_registry(ladders={"standard": a_ladder(time=time(7))})
    plan = plan_calendar(store, early, at=AT)
    assert (plan.days, plan.moves, plan.reckoned) == ((), (), (ref("written"),))
    assert not plan.changes_calendar
    adopt_registry(store, early, at=AT, actor="test")
    assert the(store, "written").next_moment == datetime(2025, 8, 15, 0, tzinfo=UTC)
    assert "calendar_changed" not in {kind for kind, _ in entries(store)}
    assert rebuild(store, keep=False).differing == ()


def test_agencies_alone_move_nothing(store: Store) -> None:
    adopt(store, a_task("free", due=a_due(Review(Span(14, "days")))), *every_rule())
    more = a_registry(ladders=a_registry().ladders)
    agencies = {code: agency for code, agency in more.agencies.items() if code != "22"}
    plan = plan_calendar(store, replace(more, agencies=agencies), at=DECREE)
    assert plan == CalendarPlan()


def test_the_first_registry_of_a_store_is_all_new_days(database_url: str) -> None:
    made = init(database_url, rehearsal=True, at=AT, actor="test")
    plan = plan_calendar(made, a_registry(), at=AT)
    made.close()
    assert [(change.sign, change.day) for change in plan.days] == [("+", date(2025, 9, 1)), ("+", date(2025, 9, 2))]
    assert plan.moves == ()


def test_a_library_that_knows_more_days_shows_up_as_a_plan_and_changes_nothing_by_itself(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped, _ = read_registry(SHIPPED)
    assert shipped is not None
    adopt_registry(store, shipped, at=AT, actor="test")
    adopt(store, a_task("a-week", due=a_due(Within(Span(1, "weeks")))))
    known = holidays.country_holidays

    def knows_more(country: str, **options: object) -> holidays.HolidayBase:
        found = known(country, **options)
        found[date(2025, 8, 18)] = "Ngày mới" if options["language"] == "vi" else "New Day"
        return found

    monkeypatch.setattr(expansion.holidays, "country_holidays", knows_more)
    before = entries(store)
    again, _ = read_registry(SHIPPED)
    assert again is not None
    plan = plan_calendar(store, again, at=DECREE)
    assert [(change.sign, change.day, change.authority.source) for change in plan.days] == [
        ("+", date(2025, 8, 18), "the library holidays, VN")
    ]
    assert moved(plan) == {"a-week": (date(2025, 8, 18), date(2025, 8, 19))}
    assert entries(store) == before
    assert last_days(store) == {"a-week": date(2025, 8, 18)}


def test_the_swap_of_january_2026_moves_what_the_old_calendar_had_set(store: Store) -> None:
    shipped, _ = read_registry(SHIPPED)
    assert shipped is not None
    before_it: Calendar = shipped.calendar.as_known(date(2025, 12, 24))
    adopt_registry(store, replace(shipped, calendar=before_it), at=AT, actor="test")
    three = Within(Span(3, "working days"))
    issued = replace(a_directive(a_task("three", due=a_due(three))), issued=date(2025, 12, 31))
    on = datetime(2025, 12, 31, 1, tzinfo=UTC)
    adopt_directive(store, issued, at=on, actor="test")
    assert last_days(store) == {"three": date(2026, 1, 6)}
    plan = plan_calendar(store, shipped, at=on)
    assert moved(plan) == {"three": (date(2026, 1, 6), date(2026, 1, 7))}
    assert [(c.sign, c.kind, c.day, c.authority.known_on) for c in plan.days] == [
        ("+", "day off", date(2026, 1, 2), date(2025, 12, 25)),
        ("+", "make-up day", date(2026, 1, 10), date(2025, 12, 25)),
    ]


def test_a_registry_without_a_ladder_that_is_in_use_is_not_adopted(store: Store) -> None:
    adopt(store, a_task("a-week", due=a_due(Within(Span(1, "weeks")))))
    before = entries(store)
    with pytest.raises(NotFound, match="no ladder 'standard'"):
        adopt_registry(store, a_registry(ladders={}), at=DECREE, actor="test")
    assert entries(store) == before
