"""Dates that are set later, duties that come again, and cut-offs: on both databases, from adoption to rebuild."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import MetaData, Table

from tests.builders import a_calendar, a_directive, a_registry, a_task
from tests.simulation.a_store import mailboxes
from tracker.domain.assignment import Assignment
from tracker.domain.calendar import Span
from tracker.domain.deadline import Anchor, By, Done, Due, Every, In, Window, Within
from tracker.domain.directive import Directive, ForEach, Need, Relation, Task
from tracker.domain.errors import Conflict, Invalid, NotFound, Refused
from tracker.domain.standing import Progress, standing
from tracker.operations import (
    accept,
    adopt_directive,
    adopt_registry,
    init,
    open_store,
    rebuild,
    record_event,
    send_back,
    set_channel,
    submit,
    sweep,
    upgrade,
    verify,
)
from tracker.operations.agencies import hand_on
from tracker.operations.recurring import materialise
from tracker.operations.sweep import Swept
from tracker.store import assignments, clocks, ledger, migrate, outbox
from tracker.store.engine import make_engine, write
from tracker.store.store import HEAD_REVISION, Store
from tracker.views import task_list

KEY = "2025/412-tb-vpcp"
AT = datetime(2025, 8, 11, 1, tzinfo=UTC)  # Mon 11 Aug 2025, 08:00 in Ha Noi: the day of issue
TICK = timedelta(microseconds=1)
DAY = timedelta(days=1)
PROVINCES = ForEach(agencies="provinces")
SURVEY = Anchor("task", f"{KEY}/survey")
SHORTAGE = Anchor("event", "shortage")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = init(database_url, rehearsal=True, at=AT, actor="test")
    adopt_registry(made, a_registry(), at=AT, actor="test")
    set_channel(made, mailboxes("BNV", "BTC", "01", "04", "22"), at=AT, actor="test")
    yield made
    made.close()


def adopt(store: Store, *tasks: Task, at: datetime = AT) -> Directive:
    directive = a_directive(*tasks)
    adopt_directive(store, directive, at=at, actor="test")
    return directive


def within(days: int, anchor: Anchor) -> Due:
    return Due(rule=Within(Span(days, "days"), anchor))


def every(rule: str, **more: object) -> Due:
    return Due(rule=Every(rule, **more))  # type: ignore[arg-type]


def full(ref: str) -> str:
    """Return the reference in this file's directive, or with '../' in another of the year."""
    return f"2025/{ref[3:]}" if ref.startswith("../") else f"{KEY}/{ref}"


def get(store: Store, ref: str) -> Assignment:
    with store.read() as connection:
        (found,) = assignments.get(connection, [full(ref)])
    return found


def refs(store: Store, task: str) -> list[str]:
    with store.read() as connection:
        return [a.ref.removeprefix(f"{KEY}/") for a in assignments.of_tasks(connection, [f"{KEY}/{task}"])]


def kinds(store: Store, ref: str) -> list[str]:
    with store.read() as connection:
        return [entry.kind for entry in ledger.entries(connection, assignment=f"{KEY}/{ref}")]


def last_day(store: Store, ref: str) -> date | None:
    limit = get(store, ref).facts.limit
    return limit.last_day if limit else None


def complete(store: Store, ref: str, at: datetime) -> None:
    submit(store, full(ref), at=at, actor="office", words="done")
    accept(store, full(ref), at=at, actor="secretariat")


def reason(store: Store, ref: str, at: datetime) -> str:
    policy = a_registry().policy("standard")
    return str(standing(get(store, ref).facts, at=at, policy=policy).reason)


def everything_holds(store: Store) -> bool:
    return verify(store).holds and rebuild(store, keep=False).differing == ()


# ── Periods that run from another task's completion ─────────────────────────────────────────────────────────


def test_a_date_counted_from_another_task_is_set_in_the_transaction_that_completes_it(store: Store) -> None:
    adopt(store, a_task("survey"), a_task("report", lead="BTC", due=within(10, SURVEY)))
    waiting = get(store, "report/BTC")
    assert (waiting.standing, waiting.facts.limit, waiting.first_day) == ("undated", None, None)
    assert reason(store, "report/BTC", AT) == f"no date yet: it is set when '{KEY}/survey' is completed"
    complete(store, "survey/BNV", AT + DAY)
    dated = get(store, "report/BTC")
    assert (last_day(store, "report/BTC"), dated.standing) == (date(2025, 8, 22), "open")
    assert (dated.version, dated.first_day, dated.facts.anchored_on) == (2, date(2025, 8, 22), date(2025, 8, 12))
    assert kinds(store, "report/BTC") == ["assigned", "date_set"]
    assert everything_holds(store)


def test_the_agency_is_told_at_once_that_its_date_is_set(store: Store) -> None:
    adopt(store, a_task("survey"), a_task("report", lead="BTC", due=within(60, SURVEY)))
    sweep(store, at=AT)
    complete(store, "survey/BNV", AT + DAY)
    assert sweep(store, at=AT + DAY).reminders == 1
    with store.read() as connection:
        told = [(r.rung, r.version) for r in outbox.reminders(connection, assignment=f"{KEY}/report/BTC")]
    assert sorted(told) == [("assigned", 1), ("assigned", 2)]
    assert sweep(store, at=AT + DAY) == Swept()
    assert everything_holds(store)


def test_a_returned_or_only_submitted_report_sets_no_date(store: Store) -> None:
    adopt(store, a_task("survey"), a_task("report", lead="BTC", due=within(10, SURVEY)))
    submit(store, f"{KEY}/survey/BNV", at=AT, actor="office", words="done")
    assert last_day(store, "report/BTC") is None
    send_back(store, f"{KEY}/survey/BNV", at=AT, actor="secretariat", missing="the annex")
    assert last_day(store, "report/BTC") is None


def test_a_task_that_both_needs_and_counts_from_another_is_freed_and_dated_at_once(store: Store) -> None:
    report = a_task("report", lead="BTC", due=within(10, SURVEY), needs=(Need(SURVEY.name),))
    adopt(store, a_task("survey"), report)
    complete(store, "survey/BNV", AT)
    found = get(store, "report/BTC")
    assert (found.facts.waiting_for, last_day(store, "report/BTC")) == ((), date(2025, 8, 21))
    assert kinds(store, "report/BTC") == ["assigned", "waiting", "date_set"]
    assert everything_holds(store)


def test_where_both_fan_out_each_agency_waits_for_its_own(store: Store) -> None:
    adopt(store, a_task("survey", for_each=PROVINCES), a_task("report", for_each=PROVINCES, due=within(10, SURVEY)))
    complete(store, "survey/04", AT)
    assert [last_day(store, f"report/{code}") for code in ("01", "04", "22")] == [None, date(2025, 8, 21), None]


def test_a_single_office_waits_until_all_have_completed_and_counts_from_the_last(store: Store) -> None:
    adopt(store, a_task("survey", for_each=PROVINCES), a_task("report", lead="BTC", due=within(10, SURVEY)))
    for days, code in enumerate(("04", "01", "22")):
        assert last_day(store, "report/BTC") is None
        complete(store, f"survey/{code}", AT + days * DAY)
    assert last_day(store, "report/BTC") == date(2025, 8, 25)  # the 23rd is a Saturday


def test_a_task_adopted_after_the_completion_has_its_date_from_the_start(store: Store) -> None:
    adopt(store, a_task("survey"))
    complete(store, "survey/BNV", AT)
    adopt(store, a_task("survey"), a_task("report", lead="BTC", due=within(10, SURVEY)), at=AT + 5 * DAY)
    assert last_day(store, "report/BTC") == date(2025, 8, 21)
    assert everything_holds(store)


def test_a_new_version_keeps_a_date_that_was_set_and_changes_only_what_changed(store: Store) -> None:
    report = a_task("report", lead="BTC", due=within(10, SURVEY))
    adopt(store, a_task("survey"), report)
    complete(store, "survey/BNV", AT)
    again = adopt_directive(store, a_directive(a_task("survey"), report, note="n"), at=AT + DAY, actor="test")
    assert (again.version, again.added, again.changed, again.withdrawn) == (2, 0, 0, 0)
    longer = replace(report, due=within(20, SURVEY))
    changed = adopt_directive(store, a_directive(a_task("survey"), longer), at=AT + DAY, actor="test")
    assert (changed.changed, last_day(store, "report/BTC")) == (1, date(2025, 9, 3))
    assert everything_holds(store)


def test_what_the_source_reports_as_done_starts_completed_and_sets_the_dates_that_wait_for_it(store: Store) -> None:
    done = a_task("survey", due=Due(rule=Done(date(2025, 8, 5))))
    waiting = a_task("sum-up", lead="BTC", needs=(Need(SURVEY.name),))
    adopt(store, done, a_task("report", lead="BTC", due=within(10, SURVEY)), waiting)
    found = get(store, "survey/BNV")
    assert (found.facts.progress, found.standing, found.next_moment) == ("completed", "completed_on_time", None)
    assert reason(store, "survey/BNV", AT) == "completed on 2025-08-05, as the source itself reports"
    assert last_day(store, "report/BTC") == date(2025, 8, 15)
    assert get(store, "sum-up/BTC").facts.waiting_for == ()
    assert everything_holds(store)


# ── Events ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_first_event_dates_the_duty_and_each_later_one_makes_an_occurrence(store: Store) -> None:
    due = Due(rule=Within(Span(1, "working days"), SHORTAGE))
    adopt(store, a_task("signal", for_each=PROVINCES, due=due))
    assert reason(store, "signal/01", AT) == "no date yet: it is set when the event 'shortage' is recorded"
    first = record_event(store, KEY, "shortage", date(2025, 8, 15), at=AT + 5 * DAY, actor="secretariat")
    assert len(first.dated) == 3
    assert first.made == ()
    assert last_day(store, "signal/01") == date(2025, 8, 18)  # the 15th is a Friday
    again = record_event(store, KEY, "shortage", date(2025, 8, 20), agency="04", at=AT + 10 * DAY, actor="secretariat")
    assert again.made == (f"{KEY}/signal/04@2025-08-20",)
    assert last_day(store, "signal/04@2025-08-20") == date(2025, 8, 21)
    assert refs(store, "signal") == ["signal/01", "signal/04", "signal/04@2025-08-20", "signal/22"]
    assert everything_holds(store)


def test_an_event_recorded_twice_a_day_to_come_or_a_name_nobody_waits_for_is_refused(store: Store) -> None:
    adopt(store, a_task("signal", due=within(3, SHORTAGE)))
    today = date(2025, 8, 11)
    record_event(store, KEY, "shortage", today, at=AT, actor="secretariat")
    before = store.position().seq
    with pytest.raises(Conflict, match="recorded already"):
        record_event(store, KEY, "shortage", today, at=AT, actor="secretariat")
    with pytest.raises(Invalid, match="still to come"):
        record_event(store, KEY, "shortage", today + DAY, at=AT, actor="secretariat")
    with pytest.raises(NotFound, match="it knows: shortage"):
        record_event(store, KEY, "flood", today, at=AT, actor="secretariat")
    with pytest.raises(NotFound, match="04 owes nothing"):
        record_event(store, KEY, "shortage", today, agency="04", at=AT, actor="secretariat")
    assert store.position().seq == before


def test_events_stay_in_force_over_a_new_version(store: Store) -> None:
    task = a_task("signal", due=within(3, SHORTAGE))
    adopt(store, task)
    for days in (0, 1):
        record_event(store, KEY, "shortage", date(2025, 8, 11 + days), at=AT + days * DAY, actor="secretariat")
    done = adopt_directive(store, a_directive(task, a_task("other")), at=AT + 2 * DAY, actor="test")
    assert (done.added, done.changed, done.withdrawn) == (1, 0, 0)
    assert refs(store, "signal") == ["signal/BNV", "signal/BNV@2025-08-12"]
    assert everything_holds(store)


def test_an_event_is_an_entry_on_the_day_it_happened(store: Store) -> None:
    adopt(store, a_task("signal", due=within(3, SHORTAGE)))
    done = record_event(store, KEY, "shortage", date(2025, 8, 11), at=AT + DAY, actor="secretariat")
    with store.read() as connection:
        entries = {entry.seq: entry for entry in ledger.entries(connection)}
        events = clocks.events(connection, KEY)
    entry = entries[done.seq]
    assert (entry.kind, entry.actor, entry.effective_at) == (
        "event",
        "secretariat",
        datetime(2025, 8, 10, 17, tzinfo=UTC),
    )
    assert (entry.payload["event"], entry.payload["day"]) == ("shortage", "2025-08-11")
    assert [(event.name, event.day) for event in events] == [("shortage", date(2025, 8, 11))]


# ── Recurrence ──────────────────────────────────────────────────────────────────────────────────────────────

MONTHLY = every("FREQ=MONTHLY;BYMONTHDAY=25", minute=time(17))


def test_the_occurrences_in_sight_are_made_at_adoption_each_an_assignment_of_its_own(store: Store) -> None:
    adopt(store, a_task("report", for_each=PROVINCES, due=MONTHLY))
    assert refs(store, "report") == [
        f"report/{code}@{day}" for code in ("01", "04", "22") for day in ("2025-08-25", "2025-09-25")
    ]
    found = get(store, "report/01@2025-09-25")
    assert found.facts.limit is not None
    assert found.facts.limit.late_from == datetime(2025, 9, 25, 10, 1, tzinfo=UTC)  # 17:00 in Ha Noi is in time
    assert found.facts.limit.opens_at == datetime(2025, 8, 25, 10, 1, tzinfo=UTC)
    assert everything_holds(store)


def test_a_sweep_makes_the_next_occurrence_when_it_comes_into_sight_and_only_once(store: Store) -> None:
    adopt(store, a_task("report", due=MONTHLY))
    sight = datetime(2025, 8, 25, 17, tzinfo=UTC)  # the first instant of 26 August, sixty days before 25 October
    assert sweep(store, at=sight - TICK).occurrences == 0
    assert sweep(store, at=sight).occurrences == 1
    assert refs(store, "report")[-1] == "report/BNV@2025-10-25"
    position = store.position()
    assert [sweep(store, at=at) for at in (sight, sight + TICK)] == [Swept(), Swept()]
    assert store.position().seq == position.seq
    assert everything_holds(store)


def test_after_an_outage_everything_missed_is_made_across_the_new_year_and_tet(store: Store) -> None:
    adopt(store, a_task("report", due=every("FREQ=MONTHLY;BYMONTHDAY=17", minute=time(9))))
    assert sweep(store, at=datetime(2026, 3, 1, tzinfo=UTC)).occurrences == 7
    assert [ref[-10:] for ref in refs(store, "report")] == [
        "2025-08-17", "2025-09-17", "2025-10-17", "2025-11-17", "2025-12-17", "2026-01-17", "2026-02-17", "2026-03-17",
        "2026-04-17",
    ]  # fmt: skip
    assert last_day(store, "report/BNV@2026-02-17") == date(2026, 2, 17)  # the first day of Tet: written, so it stays
    assert everything_holds(store)


def test_a_recurrence_ends_with_its_last_day_and_then_costs_no_sweep_anything(store: Store) -> None:
    adopt(store, a_task("report", due=every("FREQ=MONTHLY;BYMONTHDAY=25", until=date(2025, 10, 25))))
    sweep(store, at=datetime(2026, 1, 1, tzinfo=UTC))
    assert len(refs(store, "report")) == 3
    with store.write() as connection:
        assert clocks.claim_recurring(connection, at=datetime(2099, 1, 1, tzinfo=UTC), limit=9) == {}


def test_a_recurrence_starts_with_its_first_day_where_it_has_one(store: Store) -> None:
    adopt(store, a_task("report", due=every("FREQ=WEEKLY;BYDAY=MO", first=date(2025, 9, 22))))
    assert refs(store, "report") == ["report/BNV@2025-09-22", "report/BNV@2025-09-29", "report/BNV@2025-10-06"]


def test_an_occurrence_is_announced_when_the_one_before_has_ended_not_when_it_is_made(store: Store) -> None:
    adopt(store, a_task("report", due=MONTHLY))
    sweep(store, at=AT)
    with store.read() as connection:
        assert {reminder.assignment[-10:] for reminder in outbox.reminders(connection)} == {"2025-08-25"}
    sweep(store, at=datetime(2025, 8, 26, 1, tzinfo=UTC))  # 08:00 of the working day after
    with store.read() as connection:
        told = [(r.assignment[-10:], r.rung) for r in outbox.reminders(connection) if r.rung == "assigned"]
    assert told == [("2025-09-25", "assigned")]


def test_a_worker_that_dies_while_it_makes_occurrences_leaves_none_or_all(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    adopt(store, a_task("report", for_each=PROVINCES, due=MONTHLY))
    at = datetime(2025, 9, 1, tzinfo=UTC)
    before = refs(store, "report")

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(assignments, "add", die)  # after the entries were appended, before the rows are there
        with pytest.raises(KeyboardInterrupt):
            materialise(store, at=at, actor="sweep")
    assert refs(store, "report") == before
    assert materialise(store, at=at, actor="sweep") == 3
    assert materialise(store, at=at, actor="sweep") == 0
    assert everything_holds(store)


def test_a_new_version_of_a_recurrence_changes_what_is_to_come_and_leaves_what_has_passed(store: Store) -> None:
    adopt(store, a_task("report", due=MONTHLY))
    later = datetime(2025, 9, 1, tzinfo=UTC)
    sweep(store, at=later)
    moved = a_task("report", due=every("FREQ=MONTHLY;BYMONTHDAY=20"))
    done = adopt_directive(store, a_directive(moved), at=later, actor="test")
    assert (done.added, done.withdrawn) == (2, 2)
    progress = {ref: get(store, ref).facts.progress for ref in refs(store, "report")}
    assert progress == {
        "report/BNV@2025-08-25": Progress.ASSIGNED,  # overdue, and still owed
        "report/BNV@2025-09-20": Progress.ASSIGNED,
        "report/BNV@2025-09-25": Progress.DISCONTINUED,
        "report/BNV@2025-10-20": Progress.ASSIGNED,
        "report/BNV@2025-10-25": Progress.DISCONTINUED,
    }
    assert everything_holds(store)


def test_what_needs_a_recurring_task_waits_for_each_of_its_occurrences(store: Store) -> None:
    once = every("FREQ=MONTHLY;BYMONTHDAY=25", until=date(2025, 9, 25))
    adopt(store, a_task("report", due=once), a_task("sum-up", lead="BTC", needs=(Need(f"{KEY}/report"),)))
    complete(store, "report/BNV@2025-08-25", AT)
    assert get(store, "sum-up/BTC").facts.waiting_for == (f"{KEY}/report",)
    complete(store, "report/BNV@2025-09-25", AT)
    assert get(store, "sum-up/BTC").facts.waiting_for == ()
    assert everything_holds(store)


# ── Cut-offs and windows ────────────────────────────────────────────────────────────────────────────────────

CUT = Due(rule=By(date(2025, 9, 1)), cutoff=True)
CUT_AT = datetime(2025, 9, 1, 17, tzinfo=UTC)


def test_after_its_cut_off_an_open_task_is_closed_out_and_what_waited_for_it_may_start(store: Store) -> None:
    adopt(
        store,
        a_task("leave", due=CUT),
        a_task("sum-up", lead="BTC", due=Due(rule=In(2025, 12)), needs=(Need(f"{KEY}/leave"),)),
    )
    sweep(store, at=CUT_AT - TICK)
    assert get(store, "leave/BNV").standing == "due_soon"
    sweep(store, at=CUT_AT)
    found = get(store, "leave/BNV")
    assert (found.standing, found.cell, found.facts.progress) == ("closed_out", "closed_out", "expired")
    assert reason(store, "leave/BNV", CUT_AT) == "closed without completion: the cut-off of 2025-09-01 passed"
    assert (found.next_moment, kinds(store, "leave/BNV")[-1]) == (None, "cut_off")
    assert get(store, "sum-up/BTC").facts.waiting_for == ()
    assert everything_holds(store)


def test_a_report_received_before_the_cut_off_counts_and_one_after_is_refused(store: Store) -> None:
    adopt(store, a_task("leave", due=CUT), a_task("stay", due=CUT))
    submit(store, f"{KEY}/leave/BNV", at=CUT_AT - TICK, actor="office", words="done")
    with pytest.raises(Refused, match="its cut-off, 2025-09-01, has passed"):
        submit(store, f"{KEY}/stay/BNV", at=CUT_AT, actor="office", words="done")
    sweep(store, at=CUT_AT)
    accept(store, f"{KEY}/leave/BNV", at=CUT_AT + 30 * DAY, actor="secretariat")
    assert get(store, "leave/BNV").standing == "completed_on_time"
    assert get(store, "stay/BNV").standing == "closed_out"
    assert everything_holds(store)


def test_a_report_returned_after_the_cut_off_is_closed_out_by_the_next_sweep(store: Store) -> None:
    adopt(store, a_task("leave", due=CUT))
    submit(store, f"{KEY}/leave/BNV", at=CUT_AT - TICK, actor="office", words="done")
    send_back(store, f"{KEY}/leave/BNV", at=CUT_AT + DAY, actor="secretariat", missing="the annex")
    sweep(store, at=CUT_AT + DAY)
    assert get(store, "leave/BNV").facts.progress == Progress.EXPIRED
    assert everything_holds(store)


def test_nobody_is_reminded_before_a_window_opens(store: Store) -> None:
    adopt(store, a_task("census", due=Due(rule=Window(date(2025, 10, 1), date(2025, 10, 20)))))
    assert sweep(store, at=datetime(2025, 9, 30, 17, tzinfo=UTC) - TICK).reminders == 0
    assert get(store, "census/BNV").standing == "open"
    assert reason(store, "census/BNV", AT) == "not open yet: it opens on 2025-10-01, and the last day is 2025-10-20"
    assert sweep(store, at=datetime(2025, 10, 1, 1, tzinfo=UTC)).reminders == 1
    assert everything_holds(store)


def test_a_calendar_in_force_sets_the_date_of_a_period_that_starts_later(store: Store) -> None:
    adopt(store, a_task("survey"), a_task("report", lead="BTC", due=within(10, SURVEY)))
    adopt_registry(store, a_registry(calendar=a_calendar(roll="back")), at=AT, actor="test")
    complete(store, "survey/BNV", AT + 2 * DAY)
    assert last_day(store, "report/BTC") == date(2025, 8, 22)  # the 23rd is a Saturday


# ── Rebuilding ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_rebuild_puts_a_lost_moment_and_a_lost_event_right(store: Store) -> None:
    adopt(store, a_task("report", due=MONTHLY), a_task("signal", due=within(3, SHORTAGE)))
    done = record_event(store, KEY, "shortage", date(2025, 8, 11), at=AT, actor="secretariat")
    sweep(store, at=datetime(2025, 10, 1, tzinfo=UTC))
    with store.write() as connection:
        moments = clocks.moments(connection)
        clocks.set_materialise_at(connection, f"{KEY}/report", None)
        clocks.clear_events(connection)
    wrong = (f"task {KEY}/report", f"event {done.seq}")
    assert rebuild(store, keep=False).differing == rebuild(store).differing == wrong
    with store.read() as connection:
        assert clocks.moments(connection) == moments
        assert [event.name for event in clocks.events(connection, KEY)] == ["shortage"]
    assert everything_holds(store)


def test_the_past_is_seen_as_it_was_known_before_a_date_was_set(store: Store) -> None:
    adopt(store, a_task("survey"), a_task("report", lead="BTC", due=within(10, SURVEY)))
    complete(store, "survey/BNV", AT + DAY)
    with store.read() as connection:
        then, now = (task_list(connection, at=at, registry=a_registry()) for at in (AT, AT + DAY))
    assert [row.standing for row in then.tasks if row.task == "report"] == ["undated"]
    assert [row.standing for row in now.tasks if row.task == "report"] == ["open"]


def test_a_store_of_the_first_migration_is_brought_up_to_date_with_what_it_holds(database_url: str) -> None:
    engine = make_engine(database_url)
    migrate.upgrade(engine, "0001")
    row = {
        **{"ref": f"{KEY}/report/BNV", "task": f"{KEY}/report", "agency": "BNV", "remind": "standard"},
        **{"progress": "assigned", "assigned_at": AT, "touched_at": AT, "version": 1, "waiting_for": "[]"},
        **{"standing": "open", "cell": "open_in_time", "seq": 3},
    }
    with write(engine) as connection:
        as_it_was = Table("assignment", MetaData(), autoload_with=connection)
        connection.execute(as_it_was.insert().values(**row))
    with pytest.raises(Conflict, match="the store is at migration 0001"):
        open_store(database_url)
    assert upgrade(database_url) == HEAD_REVISION
    store = open_store(database_url)
    found = get(store, "report/BNV")
    assert (found.occurrence, found.facts.anchor, found.facts.limit) == (None, None, None)
    store.close()
    migrate.downgrade(engine, "0001")
    engine.dispose()


def test_what_an_abolished_agency_owed_again_and_again_its_successor_owes(store: Store) -> None:
    due = Due(rule=Within(Span(1, "working days"), SHORTAGE))
    adopt(store, a_task("report", due=MONTHLY), a_task("signal", due=due))
    at = datetime(2025, 8, 25, 17, tzinfo=UTC)
    hand_on(store, "BNV", "BTC", at=at, actor="secretariat", instrument="2179/QĐ-TTg")
    assert sweep(store, at=at).occurrences == 1
    assert refs(store, "report")[-1] == "report/BTC@2025-10-25"
    done = record_event(store, KEY, "shortage", date(2025, 8, 25), at=at, actor="secretariat")
    assert (done.dated, done.made) == ((f"{KEY}/signal/BTC",), ())
    assert everything_holds(store)


def test_a_period_counted_from_a_task_that_another_directive_restates_is_counted_from_that(store: Store) -> None:
    other = a_task("report", directive="2025/7-ct-ttg", lead="BTC", due=within(10, SURVEY))
    adopt(store, a_task("survey", for_each=PROVINCES))
    adopt_directive(store, a_directive(other, number="7/CT-TTg"), at=AT, actor="test")
    complete(store, "survey/01", AT)
    supersedes = Relation("supersedes", "412/TB-VPCP", date(2025, 8, 11))
    count = a_task("count", directive="2025/500-tb-vpcp", for_each=PROVINCES, restates=(SURVEY.name,))
    new = a_directive(count, number="500/TB-VPCP", issued=date(2025, 8, 12), relations=(supersedes,))
    adopt_directive(store, new, at=AT + DAY, actor="test")
    assert last_day(store, "../7-ct-ttg/report/BTC") is None  # two provinces go on under the new text
    for code in ("04", "22"):
        complete(store, f"../500-tb-vpcp/count/{code}", AT + 2 * DAY)
    assert last_day(store, "../7-ct-ttg/report/BTC") == date(2025, 8, 25)  # the 23rd is a Saturday
    assert everything_holds(store)
