"""Whose task it is: contested, upheld, transferred, handed on, delegated: the answer never gets lost on the way."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from tests.builders import a_directive, a_task
from tests.simulation.a_store import ADOPTED, Recorder
from tests.simulation.an_office import (
    KEY,
    LAST_DAY,
    SECRETARIAT,
    an_office,
    holds,
    kinds,
    on,
    reminders,
    the,
    told,
)
from tracker.domain.deadline import By, Due, Every
from tracker.domain.directive import ForEach, Need
from tracker.domain.errors import Conflict, NotFound, Refused
from tracker.domain.standing import Progress
from tracker.operations import adopt_directive, deliver, sweep
from tracker.operations.agencies import hand_on
from tracker.operations.extensions import ask, grant, resume, suspend
from tracker.operations.ownership import contest, delegate, take_back, transfer, uphold
from tracker.operations.progress import accept, reopen, send_back, start, submit
from tracker.settings import Settings
from tracker.store import assignments
from tracker.store.store import Store

REF = f"{KEY}/report/BNV"
ANNA = "BNV:anna"
LATER = date(2025, 9, 30)
IN_TIME = on(date(2025, 8, 20))


def code_of(move: Callable[[], Any]) -> str:
    with pytest.raises((Refused, Conflict, NotFound)) as refusal:
        move()
    return refusal.value.code


def moved(store: Store, to: str = "BTC", ref: str = REF, **more: Any) -> Any:
    return transfer(store, ref, to, **{"at": IN_TIME, "actor": SECRETARIAT, "why": "it is about money", **more})


# ── "Not ours" ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_contested_task_stays_owed_until_that_is_decided(database_url: str) -> None:
    store = an_office(database_url)
    contest(store, REF, at=IN_TIME, actor=ANNA, why="it is about money", proposed="BTC")
    assert (the(store).contested_at, the(store).facts.progress) == (IN_TIME, Progress.ASSIGNED)
    sweep(store, at=on(date(2025, 9, 3)))
    assert the(store).standing == "overdue"
    uphold(store, REF, at=on(date(2025, 9, 3)), actor=SECRETARIAT, why="the decree names you")
    assert the(store).contested_at is None
    assert code_of(lambda: uphold(store, REF, at=IN_TIME, actor=SECRETARIAT, why="again")) == "nothing-contested"
    assert holds(store)


@pytest.mark.parametrize(("proposed", "code"), [("BNV", "same-agency"), ("XYZ", "unknown-agency")])
def test_nobody_is_proposed_who_cannot_owe_it(database_url: str, proposed: str, code: str) -> None:
    store = an_office(database_url)
    assert code_of(lambda: contest(store, REF, at=IN_TIME, actor=ANNA, why="x", proposed=proposed)) == code
    assert the(store).contested_at is None


# ── Transferred ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_transferred_task_goes_on_with_its_progress_its_date_and_its_first_date(database_url: str) -> None:
    store = an_office(database_url)
    start(store, REF, at=ADOPTED, actor=ANNA)
    ask(store, REF, LATER, at=ADOPTED, actor=ANNA, why="a survey")
    grant(store, REF, at=ADOPTED, actor=SECRETARIAT, instrument="77/VPCP-TH")
    contest(store, REF, at=IN_TIME, actor=ANNA, why="it is about money", proposed="BTC")
    new = moved(store)
    assert (new.ref, new.agency, new.facts.progress) == (f"{KEY}/report/BTC", "BTC", Progress.IN_PROGRESS)
    assert new.facts.limit is not None
    assert (new.facts.limit.last_day, new.first_day, new.ordered_day) == (LATER, LAST_DAY, LAST_DAY)
    assert (new.version, new.extensions, new.contested_at) == (2, 1, None)
    old = the(store)
    assert (old.facts.progress, old.standing, old.contested_at) == (Progress.SUPERSEDED, "closed_out", None)
    assert old.facts.why == "transferred to BTC: it is about money"
    assert holds(store)


def test_a_granted_date_outlives_a_transfer_and_the_amendment_after_it(database_url: str) -> None:
    store = an_office(database_url)
    ask(store, REF, LATER, at=ADOPTED, actor=ANNA, why="a survey")
    grant(store, REF, at=ADOPTED, actor=SECRETARIAT, instrument="77/VPCP-TH")
    moved(store)
    amended = a_directive(a_task(title=a_task("other").title), a_task("third", lead="BGDDT"))
    adopted = adopt_directive(store, amended, at=on(date(2025, 8, 25)), actor="test")
    assert (adopted.added, adopted.changed, adopted.withdrawn) == (1, 0, 0)
    limit = the(store, "report/BTC").facts.limit
    assert limit is not None
    assert limit.last_day == LATER
    assert holds(store)


@pytest.mark.parametrize("state", ["delegated", "asked", "suspended", "submitted", "returned"])
def test_what_goes_with_a_transfer_and_what_stays_behind(database_url: str, state: str) -> None:
    store = an_office(database_url)
    if state == "delegated":
        delegate(store, REF, "BNV-TC", at=ADOPTED, actor=ANNA)
    elif state == "asked":
        ask(store, REF, LATER, at=ADOPTED, actor=ANNA, why="a survey")
    elif state == "suspended":
        suspend(store, REF, at=ADOPTED, actor=SECRETARIAT, why="a flood", instrument="9/QĐ-TTg")
    else:
        submit(store, REF, at=ADOPTED, actor=ANNA, words="done", done_on=date(2025, 8, 10))
        if state == "returned":
            send_back(store, REF, at=ADOPTED, actor=SECRETARIAT, missing="the annex")
    new = moved(store)
    # the unit is the old lead's, and the old lead's reasons are not the new one's
    assert (new.delegate, new.asked_at, new.asked_day) == (None, None, None)
    match state:
        case "suspended":
            assert (new.facts.progress, new.facts.suspended_at) == (Progress.SUSPENDED, ADOPTED)
            assert new.facts.why == "a flood"
            resume(store, new.ref, at=on(LAST_DAY), actor=SECRETARIAT)
        case "submitted":
            assert (new.facts.received_at, new.facts.done_on) == (ADOPTED, date(2025, 8, 10))
            assert accept(store, new.ref, at=on(LATER), actor=SECRETARIAT).standing == "completed_on_time"
        case "returned":
            assert (new.facts.progress, new.facts.missing) == (Progress.RETURNED, "the annex")
    assert holds(store)


def test_there_and_back_again_is_another_reference_and_the_same_duty(database_url: str) -> None:
    store = an_office(database_url)
    moved(store)
    back = moved(store, "BNV", f"{KEY}/report/BTC", why="no, it is about people")
    assert (back.ref, back.agency) == (f"{KEY}/report/BNV~BTC", "BNV")
    assert moved(store, "BTC", back.ref).ref == f"{KEY}/report/BTC~BNV"
    again = moved(store, "BNV", f"{KEY}/report/BTC~BNV")
    assert again.ref == f"{KEY}/report/BNV~BTC-2"
    adopted = adopt_directive(store, a_directive(a_task(remind="none")), at=on(date(2025, 8, 25)), actor="test")
    assert (adopted.added, adopted.changed, adopted.withdrawn) == (0, 1, 0)
    with store.read() as connection:
        open_still = [
            a.ref for a in assignments.of_directive(connection, KEY) if a.facts.progress not in (Progress.SUPERSEDED,)
        ]
    assert open_still == [again.ref]
    assert holds(store)


def test_an_agency_that_owes_the_task_itself_cannot_be_given_it_again(database_url: str) -> None:
    store = an_office(database_url, a_directive(a_task(for_each=ForEach(agencies="ministries"))))
    end = store.position().seq
    assert code_of(lambda: moved(store)) == "owed-already"
    assert code_of(lambda: moved(store, "BNV")) == "same-agency"
    assert code_of(lambda: moved(store, "XYZ")) == "unknown-agency"
    assert store.position().seq == end


def test_a_transferred_duty_waits_for_what_its_new_agency_waits_for(database_url: str) -> None:
    survey = a_task("survey", for_each=ForEach(agencies=("BNV", "BTC")))
    summary = a_task("summary", for_each=ForEach(agencies=("BNV", "BGDDT")), needs=(Need(f"{KEY}/survey"),))
    store = an_office(database_url, a_directive(survey, summary))
    submit(store, f"{KEY}/survey/BNV", at=ADOPTED, actor="office", words="done")
    accept(store, f"{KEY}/survey/BNV", at=ADOPTED, actor=SECRETARIAT)
    assert the(store, "summary/BNV").facts.waiting_for == ()
    new = moved(store, "BTC", f"{KEY}/summary/BNV")
    assert the(store, "summary/BTC").facts.waiting_for == (f"{KEY}/survey",), "its own survey is not done"
    assert new.ref == f"{KEY}/summary/BTC"
    assert holds(store)


def test_what_waits_for_a_transferred_task_waits_for_its_new_agency(database_url: str) -> None:
    summary = a_task("summary", needs=(Need(f"{KEY}/report"),), due=Due(rule=By(date(2025, 10, 31))))
    store = an_office(database_url, a_directive(a_task(), summary))
    moved(store)
    assert the(store, "summary/BNV").facts.waiting_for == (f"{KEY}/report",)
    submit(store, f"{KEY}/report/BTC", at=IN_TIME, actor="BTC:binh", words="done")
    accept(store, f"{KEY}/report/BTC", at=IN_TIME, actor=SECRETARIAT)
    assert the(store, "summary/BNV").facts.waiting_for == ()
    reopen(store, f"{KEY}/report/BTC", at=IN_TIME, actor=SECRETARIAT, why="no")
    assert the(store, "summary/BNV").facts.waiting_for == (f"{KEY}/report",)
    assert holds(store)


def test_one_occurrence_is_transferred_and_those_to_come_stay(database_url: str) -> None:
    store = an_office(database_url, a_directive(a_task("monthly", due=Due(rule=Every("FREQ=MONTHLY;BYMONTHDAY=25")))))
    sweep(store, at=ADOPTED)
    new = moved(store, "BTC", f"{KEY}/monthly/BNV@2025-08-25")
    assert new.ref == f"{KEY}/monthly/BTC@2025-08-25"
    sweep(store, at=on(date(2025, 9, 20)))
    with store.read() as connection:
        found = {a.ref.rpartition("/")[2]: a for a in assignments.of_directive(connection, KEY)}
    assert {"BNV@2025-09-25", "BNV@2025-10-25"} <= set(found)
    assert not {"BTC@2025-09-25", "BTC@2025-10-25"} & set(found)
    assert holds(store)


def test_reminders_that_were_not_sent_to_the_old_agency_never_leave(database_url: str) -> None:
    store = an_office(database_url)
    sweep(store, at=ADOPTED)
    moved(store)
    assert told(store) == [("BNV", "assigned", "cancelled")]
    sweep(store, at=IN_TIME)
    assert told(store, "pending") == [("BTC", "assigned", "pending")], "for the new agency it is a new task"
    assert holds(store)


# ── An agency that ends with questions open ──────────────────────────────────────────────────────────────────


def test_an_office_that_ends_hands_its_questions_on_with_its_tasks(database_url: str) -> None:
    store = an_office(database_url, a_directive(a_task(), a_task("other")))
    ask(store, REF, LATER, at=ADOPTED, actor=ANNA, why="a survey")
    contest(store, f"{KEY}/other/BNV", at=ADOPTED, actor=ANNA, why="not ours")
    delegate(store, REF, "BNV-TC", at=ADOPTED, actor=ANNA)
    hand_on(store, "BNV", "BTC", at=IN_TIME, actor=SECRETARIAT, instrument="a decree")
    report, other = the(store, "report/BTC"), the(store, "other/BTC")
    assert (report.asked_day, report.asked_at, other.contested_at) == (LATER, ADOPTED, ADOPTED)
    assert report.delegate is None, "the unit stayed with the office that ended"
    grant(store, report.ref, at=on(date(2025, 9, 5)), actor=SECRETARIAT, instrument="77/VPCP-TH")
    limit = the(store, "report/BTC").facts.limit
    assert limit is not None
    assert limit.last_day == LATER
    assert holds(store)


# ── Delegated ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_unit_works_and_reports_and_the_lead_stays_answerable(database_url: str) -> None:
    store = an_office(database_url)
    delegate(store, REF, "BNV-TC", at=ADOPTED, actor=ANNA, words="by Friday")
    assert (the(store).delegate, the(store).agency) == ("BNV-TC", "BNV")
    unit = "BNV-TC:dung"
    start(store, REF, at=ADOPTED, actor=unit)
    assert code_of(lambda: ask(store, REF, LATER, at=ADOPTED, actor=unit, why="x")) == "not-yours"
    assert code_of(lambda: contest(store, REF, at=ADOPTED, actor=unit, why="x")) == "not-yours"
    assert code_of(lambda: delegate(store, REF, "BNV-VP", at=ADOPTED, actor=unit)) == "not-yours"
    assert code_of(lambda: start(store, REF, at=ADOPTED, actor="BNV-VP:chi")) == "not-yours"
    submit(store, REF, at=ADOPTED, actor=unit, words="done")
    assert the(store).facts.progress == Progress.SUBMITTED
    assert holds(store)


@pytest.mark.parametrize(
    ("unit", "code"), [("BTC-NS", "not-below"), ("BNV", "not-below"), ("CP", "not-below"), ("XYZ", "unknown-agency")]
)
def test_a_task_goes_to_units_below_its_lead_only(database_url: str, unit: str, code: str) -> None:
    store = an_office(database_url)
    assert code_of(lambda: delegate(store, REF, unit, at=ADOPTED, actor=ANNA)) == code
    assert the(store).delegate is None


def test_the_lead_and_its_unit_are_both_reminded_once(database_url: str) -> None:
    store = an_office(database_url)
    before = an_office_reminder_key(store)
    delegate(store, REF, "BNV-TC", at=ADOPTED, actor=ANNA)
    for _ in range(2):
        sweep(store, at=IN_TIME)
    assert told(store, "pending") == [("BNV", "before-10wd", "pending"), ("BNV-TC", "before-10wd", "pending")]
    keys = {reminder.agency: reminder.key for reminder in reminders(store) if reminder.rung == "before-10wd"}
    assert keys == {
        "BNV": f"r1|{REF}|before-10wd|1|BNV|mail",
        "BNV-TC": f"r1|{REF}|before-10wd|1|BNV-TC|mail",
    }
    assert before == f"r1|{REF}|assigned|1|BNV|mail"
    assert holds(store)


def an_office_reminder_key(store: Store) -> str:
    sweep(store, at=ADOPTED)
    deliver(store, Recorder(), settings=Settings(), clock=lambda: ADOPTED)
    (only,) = reminders(store)
    assert only.state == "accepted"
    return only.key


def test_a_task_that_is_taken_back_is_no_more_the_units_and_what_was_not_sent_to_it_is_not(database_url: str) -> None:
    store = an_office(database_url)
    delegate(store, REF, "BNV-TC", at=ADOPTED, actor=ANNA)
    sweep(store, at=ADOPTED)
    end = store.position().seq
    take_back(store, REF, at=ADOPTED, actor=ANNA)
    assert kinds(store, end) == ["delegation_ended", "reminder_closed"]
    assert told(store) == [("BNV", "assigned", "pending"), ("BNV-TC", "assigned", "cancelled")]
    assert code_of(lambda: start(store, REF, at=ADOPTED, actor="BNV-TC:dung")) == "not-yours"
    assert code_of(lambda: take_back(store, REF, at=ADOPTED, actor=ANNA)) == "nothing-delegated"
    assert holds(store)


def test_a_task_goes_from_one_unit_to_the_next(database_url: str) -> None:
    store = an_office(database_url)
    delegate(store, REF, "BNV-TC", at=ADOPTED, actor=ANNA)
    sweep(store, at=ADOPTED)
    delegate(store, REF, "BNV-VP", at=ADOPTED, actor=ANNA)
    assert the(store).delegate == "BNV-VP"
    assert told(store) == [("BNV", "assigned", "pending"), ("BNV-TC", "assigned", "cancelled")]
    sweep(store, at=IN_TIME)
    assert {agency for agency, rung, _ in told(store) if rung == "before-10wd"} == {"BNV", "BNV-VP"}
    assert code_of(lambda: delegate(store, REF, "BNV-VP", at=IN_TIME, actor=ANNA)) == "same-agency"
    assert holds(store)


def test_what_was_made_for_a_unit_is_asked_again_when_it_is_sent(database_url: str) -> None:
    """The row may stay pending where a worker had it; nobody who has no more to do with a task hears of it."""
    store = an_office(database_url)
    delegate(store, REF, "BNV-TC", at=ADOPTED, actor=ANNA)
    sweep(store, at=ADOPTED)
    take_back(store, REF, at=ADOPTED, actor=ANNA)
    recorder = Recorder()
    deliver(store, recorder, settings=Settings(), clock=lambda: ADOPTED + timedelta(minutes=1))
    assert [channel for channel, _ in recorder.sent] == ["office-bnv@agencies.example"]
    assert holds(store)
