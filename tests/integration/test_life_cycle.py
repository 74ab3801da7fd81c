"""The whole life of an assignment, move by move, on SQLite and on PostgreSQL alike."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.builders import a_directive, a_task
from tests.simulation.a_store import ADOPTED
from tests.simulation.an_office import KEY, LAST_DAY, SECRETARIAT, an_office, holds, kinds, on, the, told
from tracker.domain.calendar import Span
from tracker.domain.deadline import Anchor, By, Due, Every, Within
from tracker.domain.directive import ForEach, Need, Relation
from tracker.domain.errors import Conflict, Refused
from tracker.domain.evidence import Proof
from tracker.domain.lifecycle import BY_KIND
from tracker.domain.standing import Progress
from tracker.operations import adopt_directive, sweep
from tracker.operations.extensions import resume, suspend
from tracker.operations.ownership import discontinue, excuse
from tracker.operations.progress import accept, acknowledge, reopen, send_back, start, submit
from tracker.store import assignments, evidence
from tracker.store.store import Store

REF = f"{KEY}/report/BNV"
ANNA = "BNV:anna"
DAY = timedelta(days=1)


def code_of(move: Callable[[], Any]) -> str:
    """Return the code with which a move is refused."""
    with pytest.raises((Refused, Conflict)) as refusal:
        move()
    return refusal.value.code


def complete(store: Store, ref: str, day: date) -> None:
    submit(store, f"{KEY}/{ref}", at=on(day), actor="office", words="done")
    accept(store, f"{KEY}/{ref}", at=on(day, 10), actor=SECRETARIAT)


# ── From the first to the last ───────────────────────────────────────────────────────────────────────────────


def test_a_life_passes_through_every_stage_and_is_told_again_by_its_entries(database_url: str) -> None:
    store = an_office(database_url)
    acknowledge(store, REF, at=on(date(2025, 8, 12)), actor=ANNA)
    start(store, REF, at=on(date(2025, 8, 13)), actor=ANNA)
    submit(store, REF, at=on(date(2025, 8, 20)), actor=ANNA, words="written")
    send_back(store, REF, at=on(date(2025, 8, 21)), actor=SECRETARIAT, missing="the annex")
    start(store, REF, at=on(date(2025, 8, 22)), actor=ANNA)
    submit(store, REF, at=on(date(2025, 8, 25)), actor=ANNA, words="with its annex", done_on=date(2025, 8, 24))
    accept(store, REF, at=on(date(2025, 9, 3)), actor=SECRETARIAT)
    facts = the(store).facts
    assert (facts.done_on, facts.received_at, facts.accepted_at) == (
        date(2025, 8, 24), on(date(2025, 8, 25)), on(date(2025, 9, 3)),
    )  # fmt: skip
    assert the(store).standing == "completed_on_time"
    reopen(store, REF, at=on(date(2025, 9, 5)), actor=SECRETARIAT, why="the annex is of another year")
    after = the(store)
    assert (after.facts.progress, after.standing) == (Progress.IN_PROGRESS, "overdue")
    assert (after.facts.done_on, after.facts.received_at, after.facts.accepted_at) == (None, None, None)
    assert holds(store)


@pytest.mark.parametrize(
    ("kind", "move"),
    [
        ("returned", lambda store, **by: send_back(store, REF, missing=" ", **by)),
        ("reopened", lambda store, **by: reopen(store, REF, why=" ", **by)),
        ("suspended", lambda store, **by: suspend(store, REF, why="a reason", instrument=" ", **by)),
        ("excused", lambda store, **by: excuse(store, REF, why="a reason", agreed_by="", **by)),
        ("discontinued", lambda store, **by: discontinue(store, REF, why="", instrument="12/QĐ", **by)),
        ("submitted", lambda store, **by: submit(store, REF, words="\t", **by)),
    ],
)
def test_a_move_without_its_words_is_refused_and_writes_nothing(
    database_url: str, kind: str, move: Callable[..., Any]
) -> None:
    store = an_office(database_url)
    if kind == "returned":
        submit(store, REF, at=ADOPTED, actor=ANNA, words="done")
    if kind == "reopened":
        complete(store, "report/BNV", date(2025, 8, 12))
    before = the(store), store.position().seq
    assert BY_KIND[kind].needs
    assert code_of(lambda: move(store, at=on(date(2025, 8, 13)), actor="cli:root")) == "no-reason"
    assert (the(store), store.position().seq) == before


# ── Who may ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("actor", "may"),
    [
        ("BNV:anna", True),
        ("CP:head", True),
        ("cli:root", True),
        ("BTC:binh", False),
        ("BNV-VP:chi", False),
        ("secretariat:le", False),
        ("auditor:pham", False),
    ],
)
def test_a_report_is_for_the_agency_and_the_offices_above_it(database_url: str, actor: str, may: bool) -> None:
    store = an_office(database_url)
    if may:
        assert submit(store, REF, at=ADOPTED, actor=actor, words="done").facts.progress == Progress.SUBMITTED
    else:
        assert code_of(lambda: submit(store, REF, at=ADOPTED, actor=actor, words="done")) == "not-yours"
        assert kinds(store)[-1] != "submitted"


@pytest.mark.parametrize(
    ("actor", "may"), [("secretariat:le", True), ("cli:root", True), ("BNV:anna", False), ("auditor:pham", False)]
)
def test_accepting_is_for_the_secretariat(database_url: str, actor: str, may: bool) -> None:
    store = an_office(database_url)
    submit(store, REF, at=ADOPTED, actor=ANNA, words="done")
    if may:
        assert accept(store, REF, at=ADOPTED, actor=actor).facts.progress == Progress.COMPLETED
    else:
        assert code_of(lambda: accept(store, REF, at=ADOPTED, actor=actor)) == "not-yours"


# ── Two people at once ───────────────────────────────────────────────────────────────────────────────────────


def test_of_two_who_decide_by_the_same_page_one_wins_and_the_other_is_told_who(database_url: str) -> None:
    store = an_office(database_url)
    submit(store, REF, at=ADOPTED, actor=ANNA, words="done")
    page = the(store).changed
    send_back(store, REF, at=ADOPTED, actor="secretariat:le", missing="the annex", seen=page)
    end = store.position().seq
    with pytest.raises(Conflict, match=f"entry {end}, returned by secretariat:le") as refusal:
        accept(store, REF, at=ADOPTED, actor="secretariat:tran", seen=page)
    assert refusal.value.code == "conflict"
    assert store.position().seq == end
    assert the(store).facts.missing == "the annex"


def test_what_happens_by_itself_is_no_reason_to_look_again(database_url: str) -> None:
    store = an_office(database_url)
    page = the(store).changed
    sweep(store, at=on(date(2025, 8, 29)))
    assert the(store).seq > the(store).changed == page
    assert start(store, REF, at=on(date(2025, 8, 29)), actor=ANNA, seen=page).changed > page


# ── Lateness is measured on the day received ─────────────────────────────────────────────────────────────────

MIDNIGHT = on(LAST_DAY + DAY, 0)
BEFORE, AT, AFTER = MIDNIGHT - timedelta(microseconds=1), MIDNIGHT, MIDNIGHT + timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("received", "standing", "completed"),
    [
        (BEFORE, "open", "completed_on_time"),
        (AT, "overdue", "completed_late"),
        (AFTER, "overdue", "completed_late"),
    ],
)
def test_a_report_is_late_by_the_instant_it_is_received_and_never_by_its_review(
    database_url: str, received: Any, standing: str, completed: str
) -> None:
    store = an_office(database_url)
    submit(store, REF, at=received, actor=ANNA, words="done", done_on=date(2025, 8, 20))
    months_later = on(date(2026, 1, 15))
    for at in (received, AFTER + DAY, months_later):
        sweep(store, at=max(at, received))
        assert the(store).standing == standing
    assert [rung for _, rung, state in told(store) if state == "pending"] == []
    accept(store, REF, at=months_later, actor=SECRETARIAT)
    assert the(store).standing == completed
    assert holds(store)


def test_no_day_it_says_makes_a_late_report_timely_and_none_to_come_is_taken(database_url: str) -> None:
    store = an_office(database_url)
    late = on(date(2025, 9, 5))
    assert code_of(
        lambda: submit(store, REF, at=late, actor=ANNA, words="done", done_on=date(2025, 9, 6))
    ) == "not-done-yet"  # fmt: skip
    submit(store, REF, at=late, actor=ANNA, words="done", done_on=date(2025, 8, 20))
    assert the(store).standing == "overdue"


def test_proofs_are_kept_in_the_very_transaction_of_their_report(database_url: str) -> None:
    store = an_office(database_url)
    proofs = [Proof(number="12 / BC-BNV", dated=date(2025, 8, 29)), Proof(number="13/BC-BNV")]
    at = on(date(2025, 8, 30))
    submit(store, REF, at=at, actor=ANNA, words="done", proofs=proofs)
    with store.read() as connection:
        kept = evidence.uses_of(connection, REF, until=store.position().seq)
    assert [(use.proof.number, use.proof.dated) for use in kept] == [
        ("12 / BC-BNV", date(2025, 8, 29)), ("13/BC-BNV", None),
    ]  # fmt: skip
    assert holds(store)


def test_a_report_with_a_proof_that_is_not_there_is_not_a_report(database_url: str) -> None:
    store = an_office(database_url)
    end = store.position().seq
    nothing = Proof(sha256="0" * 64)
    assert (
        code_of(lambda: submit(store, REF, at=ADOPTED, actor=ANNA, words="x", proofs=[nothing])) == "no-such-evidence"
    )
    assert store.position().seq == end


# ── Suspended ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_suspended_task_is_not_chased_and_goes_on_where_it_stood(database_url: str) -> None:
    store = an_office(database_url)
    suspend(store, REF, at=on(date(2025, 8, 14)), actor=SECRETARIAT, why="the law changes", instrument="9/QĐ-TTg")
    sweep(store, at=on(date(2025, 10, 1)))
    assert told(store) == []
    assert (the(store).standing, the(store).cell) == ("open", "open_in_time")
    assert code_of(lambda: submit(store, REF, at=on(date(2025, 10, 1)), actor=ANNA, words="done")) == "refused"
    resume(store, REF, at=on(date(2025, 10, 2)), actor=SECRETARIAT, day=date(2025, 10, 31), instrument="11/QĐ-TTg")
    after = the(store)
    assert (after.facts.limit and after.facts.limit.last_day, after.first_day) == (date(2025, 10, 31), LAST_DAY)
    assert (after.facts.progress, after.facts.why, after.version) == (Progress.IN_PROGRESS, None, 2)
    sweep(store, at=on(date(2025, 10, 2)))
    assert [rung for _, rung, _ in told(store)] == ["assigned"]
    assert holds(store)


def test_work_that_is_resumed_without_a_new_date_has_the_old_one(database_url: str) -> None:
    store = an_office(database_url)
    suspend(store, REF, at=on(date(2025, 8, 14)), actor=SECRETARIAT, why="the law changes", instrument="9/QĐ-TTg")
    resume(store, REF, at=on(date(2025, 10, 2)), actor=SECRETARIAT)
    assert the(store).standing == "overdue"
    with pytest.raises(Refused, match="by what instrument"):
        resume(store, REF, at=on(date(2025, 10, 2)), actor=SECRETARIAT, day=date(2025, 10, 31))
    assert holds(store)


def test_what_was_not_sent_when_work_was_ordered_to_rest_is_not_sent(database_url: str) -> None:
    store = an_office(database_url)
    sweep(store, at=ADOPTED)
    assert told(store) == [("BNV", "assigned", "pending")]
    suspend(store, REF, at=ADOPTED, actor=SECRETARIAT, why="the law changes", instrument="9/QĐ-TTg")
    assert told(store) == [("BNV", "assigned", "cancelled")]
    assert holds(store)


# ── Reopened ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_waited_for_a_completion_waits_again_when_it_is_reopened(database_url: str) -> None:
    summary = a_task("summary", needs=(Need(f"{KEY}/report"),), due=Due(rule=By(date(2025, 10, 31))))
    store = an_office(database_url, a_directive(a_task(), summary))
    complete(store, "report/BNV", date(2025, 8, 20))
    assert the(store, "summary/BNV").facts.waiting_for == ()
    reopen(store, REF, at=on(date(2025, 8, 25)), actor=SECRETARIAT, why="it lacks the north")
    assert the(store, "summary/BNV").facts.waiting_for == (f"{KEY}/report",)
    assert holds(store)


def test_what_is_reopened_waits_itself_for_what_was_reopened_before(database_url: str) -> None:
    summary = a_task("summary", needs=(Need(f"{KEY}/report"),), due=Due(rule=By(date(2025, 10, 31))))
    store = an_office(database_url, a_directive(a_task(), summary))
    complete(store, "report/BNV", date(2025, 8, 20))
    complete(store, "summary/BNV", date(2025, 8, 22))
    reopen(store, REF, at=on(date(2025, 8, 25)), actor=SECRETARIAT, why="it lacks the north")
    assert the(store, "summary/BNV").facts.progress == Progress.COMPLETED, "what was accepted stays accepted"
    reopen(store, f"{KEY}/summary/BNV", at=on(date(2025, 8, 26)), actor=SECRETARIAT, why="so does this")
    assert the(store, "summary/BNV").facts.waiting_for == (f"{KEY}/report",)
    assert holds(store)


def test_who_was_let_off_owes_it_again_when_the_completion_is_reopened(database_url: str) -> None:
    study = a_task("study", for_each=ForEach(agencies="ministries", complete_when="any"))
    store = an_office(database_url, a_directive(study))
    sweep(store, at=ADOPTED)
    acknowledge(store, f"{KEY}/study/BNV", at=ADOPTED, actor=ANNA)
    excuse(store, f"{KEY}/study/BGDDT", at=ADOPTED, actor=SECRETARIAT, why="no schools in it", agreed_by="VPCP")
    complete(store, "study/BTC", date(2025, 8, 20))
    assert the(store, "study/BNV").facts.why == "done by BTC"
    end = store.position().seq
    reopen(store, f"{KEY}/study/BTC", at=on(date(2025, 8, 25)), actor=SECRETARIAT, why="not a study")
    assert kinds(store, end) == ["reopened", "reinstated"]
    back = the(store, "study/BNV")
    assert (back.facts.progress, back.standing, back.version) == (Progress.ASSIGNED, "open", 2)
    assert the(store, "study/BGDDT").facts.progress == Progress.NOT_APPLICABLE, "that was another reason"
    sweep(store, at=on(date(2025, 8, 25)))
    assert ("BNV", "assigned", "pending") in told(store)
    complete(store, "study/BNV", date(2025, 8, 26))
    assert the(store, "study/BTC").facts.why == "done by BNV"
    assert holds(store)


def test_a_date_that_was_counted_from_a_completion_stays_when_that_is_reopened(database_url: str) -> None:
    after = Due(rule=Within(Span(10, "days"), Anchor("task", f"{KEY}/report")))
    store = an_office(database_url, a_directive(a_task(), a_task("follow-up", due=after)))
    complete(store, "report/BNV", date(2025, 8, 20))
    dated = the(store, "follow-up/BNV").facts.limit
    assert dated is not None
    reopen(store, REF, at=on(date(2025, 8, 25)), actor=SECRETARIAT, why="it lacks the north")
    complete(store, "report/BNV", date(2025, 8, 28))
    assert the(store, "follow-up/BNV").facts.limit == dated
    assert holds(store)


# ── Given up, excused, withdrawn ─────────────────────────────────────────────────────────────────────────────


def test_what_was_given_up_by_a_decision_is_not_asked_again_by_an_amendment(database_url: str) -> None:
    store = an_office(database_url, a_directive(a_task(), a_task("other", lead="BTC")))
    discontinue(store, REF, at=ADOPTED, actor=SECRETARIAT, why="merged into the census", instrument="9/QĐ-TTg")
    wider = a_directive(a_task(), a_task("other", lead="BTC"), a_task("third", lead="BGDDT"))
    adopt_directive(store, wider, at=on(date(2025, 8, 12)), actor="test")
    assert the(store).facts.progress == Progress.DISCONTINUED
    assert the(store).facts.why == "merged into the census"
    assert holds(store)


def test_what_an_amendment_withdrew_is_asked_again_by_the_next(database_url: str) -> None:
    both = a_directive(a_task(), a_task("other", lead="BTC"))
    store = an_office(database_url, both)
    adopt_directive(store, a_directive(a_task("other", lead="BTC")), at=on(date(2025, 8, 12)), actor="test")
    assert the(store).facts.progress == Progress.DISCONTINUED
    adopt_directive(store, both, at=on(date(2025, 8, 13)), actor="test")
    assert the(store).facts.progress == Progress.ASSIGNED
    assert holds(store)


def test_who_was_excused_frees_what_waited_for_it(database_url: str) -> None:
    survey = a_task("survey", for_each=ForEach(agencies="provinces"))
    summary = a_task("summary", needs=(Need(f"{KEY}/survey"),))
    store = an_office(database_url, a_directive(survey, summary))
    complete(store, "survey/01", date(2025, 8, 12))
    complete(store, "survey/04", date(2025, 8, 12))
    assert the(store, "summary/BNV").facts.waiting_for == (f"{KEY}/survey",)
    excuse(store, f"{KEY}/survey/22", at=on(date(2025, 8, 13)), actor=SECRETARIAT, why="none there", agreed_by="VPCP")
    assert the(store, "summary/BNV").facts.waiting_for == ()
    assert the(store, "survey/22").standing == "closed_out"
    assert holds(store)


# ── Again and again ──────────────────────────────────────────────────────────────────────────────────────────


def test_one_occurrence_is_suspended_and_reopened_and_the_others_go_on(database_url: str) -> None:
    monthly = a_task("monthly", due=Due(rule=Every("FREQ=MONTHLY;BYMONTHDAY=25")))
    store = an_office(database_url, a_directive(monthly))
    sweep(store, at=ADOPTED)
    first, second = f"{KEY}/monthly/BNV@2025-08-25", f"{KEY}/monthly/BNV@2025-09-25"
    suspend(store, first, at=on(date(2025, 8, 14)), actor=SECRETARIAT, why="a flood", instrument="9/QĐ-TTg")
    resume(store, first, at=on(date(2025, 8, 20)), actor=SECRETARIAT)
    submit(store, first, at=on(date(2025, 8, 21)), actor=ANNA, words="done")
    accept(store, first, at=on(date(2025, 8, 21)), actor=SECRETARIAT)
    reopen(store, first, at=on(date(2025, 8, 22)), actor=SECRETARIAT, why="of the wrong month")
    with store.read() as connection:
        one, other = assignments.get(connection, [first, second])
    assert (one.facts.progress, other.facts.progress) == (Progress.IN_PROGRESS, Progress.ASSIGNED)
    sweep(store, at=on(date(2025, 9, 30)))
    assert holds(store)


def test_a_void_task_can_be_neither_resumed_nor_reported(database_url: str) -> None:
    store = an_office(database_url, a_directive(a_task(due=replace(Due(rule=By(LAST_DAY)), cutoff=True))))
    suspend(store, REF, at=on(date(2025, 8, 14)), actor=SECRETARIAT, why="a flood", instrument="9/QĐ-TTg")
    late = on(LAST_DAY + DAY)
    assert code_of(lambda: resume(store, REF, at=late, actor=SECRETARIAT)) == "cut-off"
    sweep(store, at=late)
    assert the(store).facts.progress == Progress.EXPIRED
    assert holds(store)


# ── Reopened under another text ──────────────────────────────────────────────────────────────────────────────


def test_what_is_reopened_stands_under_the_text_in_force_by_then(database_url: str) -> None:
    store = an_office(database_url)
    complete(store, "report/BNV", date(2025, 8, 20))
    later = a_directive(a_task(due=Due(rule=By(date(2025, 12, 31))), remind="none"))
    adopt_directive(store, later, at=on(date(2025, 8, 25)), actor="test")
    assert the(store).standing == "completed_on_time", "it stays completed under the old terms"
    end = store.position().seq
    reopen(store, REF, at=on(date(2025, 10, 1)), actor=SECRETARIAT, why="it lacks the north")
    assert kinds(store, end) == ["reopened", "date_set"]
    after = the(store)
    assert after.facts.limit is not None
    assert (after.facts.limit.last_day, after.first_day, after.remind) == (date(2025, 12, 31), LAST_DAY, "none")
    assert (after.standing, after.version) == ("open", 2)
    assert holds(store)


def test_who_owes_it_again_owes_it_by_the_text_in_force(database_url: str) -> None:
    study = a_task("study", for_each=ForEach(agencies="ministries", complete_when="any"))
    store = an_office(database_url, a_directive(study))
    complete(store, "study/BTC", date(2025, 8, 20))
    later = a_directive(replace(study, due=Due(rule=By(date(2025, 12, 31)))))
    adopt_directive(store, later, at=on(date(2025, 8, 25)), actor="test")
    reopen(store, f"{KEY}/study/BTC", at=on(date(2025, 10, 1)), actor=SECRETARIAT, why="not a study")
    for code in ("BNV", "BTC", "BGDDT"):
        limit = the(store, f"study/{code}").facts.limit
        assert limit is not None
        assert limit.last_day == date(2025, 12, 31)
    assert holds(store)


def test_what_no_text_in_force_holds_cannot_be_reopened(database_url: str) -> None:
    store = an_office(database_url, a_directive(a_task(), a_task("other", lead="BTC")))
    complete(store, "report/BNV", date(2025, 8, 20))
    adopt_directive(store, a_directive(a_task("other", lead="BTC")), at=on(date(2025, 8, 25)), actor="test")
    end = store.position().seq
    again = code_of(lambda: reopen(store, REF, at=on(date(2025, 9, 1)), actor=SECRETARIAT, why="it lacks the north"))
    assert (again, store.position().seq) == ("out-of-force", end)


def test_what_goes_on_under_a_later_directive_is_reopened_there(database_url: str) -> None:
    store = an_office(database_url)
    complete(store, "report/BNV", date(2025, 8, 20))
    key = "2025/500-tb-vpcp"
    new = a_directive(
        a_task(directive=key, restates=(f"{KEY}/report",)),
        number="500/TB-VPCP",
        issued=date(2025, 8, 22),
        relations=(Relation("supersedes", "412/TB-VPCP", None),),
    )
    adopt_directive(store, new, at=on(date(2025, 8, 22)), actor="test")
    with pytest.raises(Refused, match=f"goes on as {key}/report") as refusal:
        reopen(store, REF, at=on(date(2025, 9, 1)), actor=SECRETARIAT, why="it lacks the north")
    assert refusal.value.code == "out-of-force"
    after = reopen(store, f"{key}/report/BNV", at=on(date(2025, 9, 1)), actor=SECRETARIAT, why="it lacks the north")
    assert after.standing == "overdue"
    assert holds(store)


def test_what_is_reopened_without_a_date_gets_the_text_in_force_and_the_date_that_came_meanwhile(
    database_url: str,
) -> None:
    after = Due(rule=Within(Span(10, "days"), Anchor("task", f"{KEY}/report")))
    follow_up = a_task("follow-up", due=after)
    store = an_office(database_url, a_directive(a_task(), follow_up))
    complete(store, "follow-up/BNV", date(2025, 8, 12))
    complete(store, "report/BNV", date(2025, 8, 20))
    later = a_directive(a_task(), replace(follow_up, remind="none"))
    adopt_directive(store, later, at=on(date(2025, 8, 21)), actor="test")
    reopen(store, f"{KEY}/follow-up/BNV", at=on(date(2025, 8, 22)), actor=SECRETARIAT, why="too early")
    again = the(store, "follow-up/BNV")
    assert again.facts.limit is not None
    assert (again.facts.limit.last_day, again.first_day, again.remind) == (
        date(2025, 9, 3), date(2025, 9, 3), "none",
    )  # fmt: skip
    assert holds(store)
