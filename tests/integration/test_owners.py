"""Who owes, who waits for whom, and who is let off: on SQLite and on PostgreSQL alike."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.builders import a_directive, a_registry, a_task, an_agency
from tests.simulation.a_store import ADOPTED, DUE, a_store, an_empty_store, mailboxes
from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.deadline import By, Due
from tracker.domain.directive import ForEach, Need
from tracker.domain.errors import NotFound, Refused
from tracker.domain.standing import Progress
from tracker.operations import accept, acknowledge, adopt_directive, adopt_registry, rebuild, set_channel, submit, sweep
from tracker.operations.agencies import ended, hand_on
from tracker.store import assignments, ledger, outbox
from tracker.store.store import Store

KEY = "2025/412-tb-vpcp"
PROVINCES = ("01", "04", "22")
COMMUNES = ("01004", "04273", "22652")


def the(store: Store, ref: str) -> Assignment:
    with store.read() as connection:
        return assignments.get(connection, [f"{KEY}/{ref}"])[0]


def agencies_of(store: Store, task: str) -> tuple[str, ...]:
    with store.read() as connection:
        return tuple(one.agency for one in assignments.of_tasks(connection, [f"{KEY}/{task}"]))


def waits(store: Store, ref: str) -> tuple[str, ...]:
    return tuple(key.rpartition("/")[2] for key in the(store, ref).facts.waiting_for)


def complete(store: Store, *refs: str) -> None:
    for ref in refs:
        submit(store, f"{KEY}/{ref}", at=ADOPTED, actor="office", words="done")
        accept(store, f"{KEY}/{ref}", at=ADOPTED, actor="secretariat")


def over(agencies: str | tuple[str, ...], **more: Any) -> ForEach:
    return ForEach(agencies=agencies, **more)


def needs(task: str, **more: Any) -> tuple[Need, ...]:
    return (Need(f"{KEY}/{task}", **more),)


def exact(store: Store) -> bool:
    return rebuild(store, keep=False).differing == ()


# ── How many must be completed ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("when", "enough"), [("all", 3), ("2", 2), ("60 %", 2), ("34 %", 2), ("33 %", 1), ("1", 1)])
def test_a_summary_starts_once_as_many_provinces_are_done_as_the_survey_asks(
    database_url: str, when: str, enough: int
) -> None:
    survey = a_task("survey", for_each=over("provinces", complete_when=when))
    store = a_store(database_url, a_directive(survey, a_task("summary", needs=needs("survey"))))
    for done, province in enumerate(PROVINCES):
        assert (waits(store, "summary/BNV") == ()) == (done >= enough)
        complete(store, f"survey/{province}")
    assert waits(store, "summary/BNV") == ()
    assert {the(store, f"survey/{code}").facts.progress for code in PROVINCES} == {Progress.COMPLETED}
    assert exact(store)


def test_the_others_go_on_owing_when_a_number_of_agencies_is_enough(database_url: str) -> None:
    store = a_store(database_url, a_directive(a_task("survey", for_each=over("provinces", complete_when="1"))))
    complete(store, "survey/01")
    assert the(store, "survey/04").facts.progress == Progress.ASSIGNED


# ── Any of some ──────────────────────────────────────────────────────────────────────────────────────────────


def test_once_one_of_several_has_done_it_the_others_are_let_off_and_hear_no_more(database_url: str) -> None:
    study = a_task("study", for_each=over(("ministries", "22"), complete_when="any"))
    store = a_store(database_url, a_directive(study, a_task("summary", lead="01", needs=needs("study"))))
    sweep(store, at=ADOPTED)
    submit(store, f"{KEY}/study/BTC", at=ADOPTED, actor="office", words="done")
    assert the(store, "study/BNV").facts.progress == Progress.ASSIGNED, "a report alone lets nobody off"
    end = store.position().seq
    accept(store, f"{KEY}/study/BTC", at=ADOPTED, actor="secretariat")
    for other in ("BNV", "BGDDT", "22"):
        found = the(store, f"study/{other}")
        assert (found.facts.progress, found.standing, found.facts.why) == (
            Progress.NOT_APPLICABLE, "closed_out", "done by BTC",
        )  # fmt: skip
    assert waits(store, "summary/01") == ()
    with store.read() as connection:
        kinds = [entry.kind for entry in ledger.entries(connection, after=end)]
        states = {r.assignment.rpartition("/")[2]: r.state for r in outbox.reminders(connection)}
    assert kinds == ["completed", "released", "released", "released", "waiting"]
    assert {states[code] for code in ("BNV", "BGDDT", "22")} == {"cancelled"}
    assert exact(store)


def test_who_was_let_off_can_neither_report_nor_be_asked_again(database_url: str) -> None:
    study = a_task("study", for_each=over("ministries", complete_when="any"))
    store = a_store(database_url, a_directive(study))
    complete(store, "study/BTC")
    with pytest.raises(Refused, match="not_applicable"):
        submit(store, f"{KEY}/study/BNV", at=ADOPTED, actor="office", words="done")
    wider = replace(study, for_each=over(("ministries", "22"), complete_when="any"))
    assert adopt_directive(store, a_directive(wider), at=DUE, actor="test").added == 0
    assert agencies_of(store, "study") == ("BGDDT", "BNV", "BTC")


def test_an_amendment_that_lets_any_one_do_it_closes_what_another_has_done(database_url: str) -> None:
    study = a_task("study", for_each=over("ministries"))
    store = a_store(database_url, a_directive(study))
    complete(store, "study/BTC")
    any_one = replace(study, for_each=over("ministries", complete_when="any"))
    assert adopt_directive(store, a_directive(any_one), at=DUE, actor="test").withdrawn == 2
    assert the(store, "study/BNV").facts.progress == Progress.NOT_APPLICABLE
    assert exact(store)


# ── Exempt ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_exempt_agencies_owe_nothing_and_the_rest_can_be_complete(database_url: str) -> None:
    survey = a_task("survey", for_each=over("provinces", exempt=("22",)))
    store = a_store(database_url, a_directive(survey, a_task("summary", needs=needs("survey"))))
    assert agencies_of(store, "survey") == ("01", "04")
    complete(store, "survey/01", "survey/04")
    assert waits(store, "summary/BNV") == ()


def test_an_exempt_province_does_not_wait_for_the_survey_of_others(database_url: str) -> None:
    survey = a_task("survey", for_each=over("provinces", exempt=("22",)))
    report = a_task("report", for_each=over("provinces"), needs=needs("survey"))
    store = a_store(database_url, a_directive(survey, report))
    assert [waits(store, f"report/{code}") for code in PROVINCES] == [("survey",), ("survey",), ()]


def test_an_exemption_withdraws_and_its_end_asks_again(database_url: str) -> None:
    survey = a_task("survey", for_each=over("provinces"))
    store = a_store(database_url, a_directive(survey, a_task("summary", needs=needs("survey"))))
    complete(store, "survey/01", "survey/04")
    exempt = a_directive(
        replace(survey, for_each=over("provinces", exempt=("22",))), a_task("summary", needs=needs("survey"))
    )
    assert adopt_directive(store, exempt, at=ADOPTED, actor="test").withdrawn == 1
    assert (the(store, "survey/22").standing, waits(store, "summary/BNV")) == ("closed_out", ())
    again = adopt_directive(store, a_directive(survey, a_task("summary", needs=needs("survey"))), at=DUE, actor="test")
    assert (again.added, again.withdrawn) == (1, 0)
    back = the(store, "survey/22")
    assert (back.facts.progress, back.version, back.facts.assigned_at) == (Progress.ASSIGNED, 2, DUE)
    assert waits(store, "summary/BNV") == ("survey",)
    assert the(store, "survey/01").facts.progress == Progress.COMPLETED
    assert sweep(store, at=DUE).reminders >= 1
    assert exact(store)


# ── Above and below ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_province_consolidates_once_its_own_communes_are_done(database_url: str) -> None:
    count = a_task("count", for_each=over("communes"))
    sum_up = a_task("sum-up", for_each=over("provinces"), needs=needs("count"))
    store = a_store(database_url, a_directive(count, sum_up))
    assert waits(store, "sum-up/01") == ("count",)
    complete(store, "count/01004")
    assert [waits(store, f"sum-up/{code}") for code in PROVINCES] == [(), ("count",), ("count",)]


def test_a_province_without_a_commune_that_owes_waits_for_nobody(database_url: str) -> None:
    count = a_task("count", for_each=over("communes", exempt=("22652",)))
    sum_up = a_task("sum-up", for_each=over("provinces"), needs=needs("count"))
    store = a_store(database_url, a_directive(count, sum_up))
    assert [waits(store, f"sum-up/{code}") for code in PROVINCES] == [("count",), ("count",), ()]


def test_a_commune_waits_for_its_own_province(database_url: str) -> None:
    plan = a_task("plan", for_each=over("provinces"))
    carry_out = a_task("carry-out", for_each=over("communes"), needs=needs("plan"))
    store = a_store(database_url, a_directive(plan, carry_out))
    complete(store, "plan/04")
    assert [waits(store, f"carry-out/{code}") for code in COMMUNES] == [("plan",), (), ("plan",)]


def test_in_a_cascade_a_province_waits_for_its_communes_and_a_summary_for_all(database_url: str) -> None:
    cascade = a_task("review", for_each=over("provinces", then="communes"))
    store = a_store(database_url, a_directive(cascade, a_task("summary", needs=needs("review"))))
    assert agencies_of(store, "review") == ("01", "01004", "04", "04273", "22", "22652")
    assert [waits(store, f"review/{code}") for code in ("01", "01004", "04")] == [("review",), (), ("review",)]
    complete(store, "review/01004")
    assert [waits(store, f"review/{code}") for code in ("01", "04")] == [(), ("review",)]
    complete(store, "review/01", *(f"review/{code}" for code in ("04273", "22652", "04")))
    assert waits(store, "summary/BNV") == ("review",)
    complete(store, "review/22")
    assert waits(store, "summary/BNV") == ()
    assert exact(store)


# ── Begun is enough, and going on together ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["start-start", "during"])
def test_a_task_may_start_once_the_needed_one_has_begun(database_url: str, kind: str) -> None:
    audit = a_task("audit", lead="BTC", needs=needs("reform", kind=kind))
    store = a_store(database_url, a_directive(a_task("reform"), audit))
    assert waits(store, "audit/BTC") == ("reform",)
    acknowledge(store, f"{KEY}/reform/BNV", at=ADOPTED, actor="office")
    assert waits(store, "audit/BTC") == ()
    assert exact(store)


def test_what_goes_on_during_another_task_is_reported_only_after_it_is_completed(database_url: str) -> None:
    audit = a_task("audit", lead="BTC", needs=needs("reform", kind="during"))
    store = a_store(database_url, a_directive(a_task("reform"), audit))
    acknowledge(store, f"{KEY}/reform/BNV", at=ADOPTED, actor="office")
    end = store.position()
    with pytest.raises(Refused, match="goes on as long as 'Reform' does") as refused:
        submit(store, f"{KEY}/audit/BTC", at=ADOPTED, actor="office", words="done")
    assert (refused.value.code, store.position()) == ("needed-goes-on", end)
    complete(store, "reform/BNV")
    assert submit(store, f"{KEY}/audit/BTC", at=ADOPTED, actor="office", words="done").facts.progress == (
        Progress.SUBMITTED
    )


def test_a_receipt_frees_nobody_who_needs_the_task_completed(database_url: str) -> None:
    store = a_store(database_url, a_directive(a_task("reform"), a_task("audit", lead="BTC", needs=needs("reform"))))
    acknowledge(store, f"{KEY}/reform/BNV", at=ADOPTED, actor="office")
    assert waits(store, "audit/BTC") == ("reform",)


# ── Agencies that end ────────────────────────────────────────────────────────────────────────────────────────

MERGED = date(2025, 8, 14)


def merged_registry() -> Registry:
    """Return a registry in which province 22 went into a new province 24 on 14 August 2025."""
    new = an_agency("24", "province", parent="CP", valid_from=MERGED)
    return a_registry(new, an_agency("22", "province", parent="CP", valid_to=MERGED))


def a_merging_store(url: str) -> Store:
    """Return a store where province 22 has one task completed, one reported, one open, one waiting."""
    tasks = [a_task(id, for_each=over("provinces")) for id in ("done", "sent", "open")]
    late = a_task("late", for_each=over("provinces"), needs=needs("open"), due=Due(rule=By(date(2025, 12, 31))))
    store = an_empty_store(url)
    set_channel(store, mailboxes("22"), at=ADOPTED, actor="test")
    adopt_directive(store, a_directive(*tasks, late), at=ADOPTED, actor="test")
    sweep(store, at=ADOPTED)
    complete(store, "done/22")
    submit(store, f"{KEY}/sent/22", at=ADOPTED, actor="office", words="done")
    adopt_registry(store, merged_registry(), at=DUE, actor="test")
    set_channel(store, mailboxes("24"), at=DUE, actor="test")
    return store


def test_a_merged_province_keeps_its_past_and_hands_on_what_is_open(database_url: str) -> None:
    store = a_merging_store(database_url)
    before = {task: the(store, f"{task}/22") for task in ("done", "sent", "open", "late")}
    done = hand_on(store, "22", "24", at=DUE, actor="test", instrument="Resolution 202/2025/QH15")
    assert [(one.rpartition("/")[0], two) for one, two in done.pairs] == [
        (f"{KEY}/{task}", f"{KEY}/{task}/24") for task in ("late", "open", "sent")
    ]
    assert the(store, "done/22") == before["done"]
    for task in ("late", "open", "sent"):
        old, new = the(store, f"{task}/22"), the(store, f"{task}/24")
        was = before[task]
        assert (old.facts.progress, old.next_moment) == (Progress.SUPERSEDED, None)
        assert old.facts.why == "handed on to 24 (Resolution 202/2025/QH15)"
        assert (new.facts.progress, new.facts.limit, new.facts.received_at) == (
            was.facts.progress, was.facts.limit, was.facts.received_at,
        )  # fmt: skip
        assert (new.version, new.first_day) == (was.version, was.first_day)
    assert waits(store, "late/24") == ("open",)
    with store.read() as connection:
        (assigned,) = [e for e in ledger.entries(connection, assignment=f"{KEY}/open/24") if e.kind == "assigned"]
        (note,) = ledger.notes(connection, "agency_handed_on")
        states = {r.assignment: r.state for r in outbox.reminders(connection)}
    assert assigned.payload["continues"] == f"{KEY}/open/22"
    assert (note.payload["from"], note.payload["to"], note.payload["assignments"]) == ("22", "24", 3)
    assert states[f"{KEY}/open/22"] == "cancelled"
    assert exact(store)
    assert sweep(store, at=DUE).reminders >= 2, "the successor is told what it owes now"


def test_a_registry_in_which_an_agency_ended_says_who_may_follow_it(database_url: str) -> None:
    store = a_merging_store(database_url)
    with store.read() as connection:
        (found,) = ended(connection, merged_registry(), on=MERGED)
        assert ended(connection, merged_registry(), on=date(2025, 8, 13)) == ()
    assert (found.code, found.valid_to, found.open, found.heirs) == ("22", MERGED, 3, ("24",))
    hand_on(store, "22", "24", at=DUE, actor="test", instrument="a resolution")
    with store.read() as connection:
        assert ended(connection, merged_registry(), on=MERGED) == ()


def test_what_is_adopted_after_a_hand_over_asks_the_successor_and_withdraws_nothing(database_url: str) -> None:
    survey = a_task("survey", lead="BTC")
    store = a_store(database_url, a_directive(survey))
    hand_on(store, "BTC", "BNV", at=ADOPTED, actor="test", instrument="Decree 29")
    later = replace(survey, due=Due(rule=By(date(2025, 12, 31))))
    found = adopt_directive(store, a_directive(later, a_task("study", lead="BTC")), at=DUE, actor="test")
    assert (found.added, found.changed, found.withdrawn) == (1, 1, 0)
    assert agencies_of(store, "study") == ("BNV",)
    moved = the(store, "survey/BNV")
    assert (moved.version, moved.first_day) == (2, date(2025, 8, 31))
    assert exact(store)


def test_what_the_successor_owes_itself_takes_in_what_is_handed_on_unless_it_is_settled(database_url: str) -> None:
    tasks = [a_task(id, for_each=over("provinces")) for id in ("open", "done")]
    store = a_store(database_url, a_directive(*tasks))
    complete(store, "done/01")
    found = hand_on(store, "22", "01", at=ADOPTED, actor="test", instrument="a resolution")
    assert found.merged == ((f"{KEY}/open/22", f"{KEY}/open/01"),)
    assert found.pairs == ((f"{KEY}/done/22", f"{KEY}/done/01~22"),)
    assert the(store, "done/01~22").agency == "01"
    later = [replace(task, due=Due(rule=By(date(2025, 12, 31)))) for task in tasks]
    amended = adopt_directive(store, a_directive(*later), at=DUE, actor="test")
    assert (amended.added, amended.withdrawn) == (0, 0)
    assert the(store, "done/01~22").version == 2
    assert the(store, "done/01").version == 1, "what was completed keeps its date"
    assert exact(store)


def test_a_split_agency_hands_on_some_tasks_to_one_and_the_rest_to_another(database_url: str) -> None:
    store = a_store(database_url, a_directive(a_task("law", lead="BTC"), a_task("money", lead="BTC")))
    hand_on(store, "BTC", "BNV", at=ADOPTED, actor="test", instrument="Decree 29", tasks=[f"{KEY}/law"])
    assert the(store, "money/BTC").facts.progress == Progress.ASSIGNED
    hand_on(store, "BTC", "BGDDT", at=ADOPTED, actor="test", instrument="Decree 29")
    assert (agencies_of(store, "law"), agencies_of(store, "money")) == (("BNV", "BTC"), ("BGDDT", "BTC"))
    again = adopt_directive(
        store, a_directive(a_task("law", lead="BTC", note="x"), a_task("money", lead="BTC")), at=DUE, actor="test"
    )
    assert (again.added, again.changed, again.withdrawn) == (0, 0, 0)


@pytest.mark.parametrize(
    ("one", "other", "instrument", "error", "code"),
    [
        ("22", "22", "x", Refused, "same-agency"),
        ("22", "99", "x", NotFound, "unknown-agency"),
        ("99", "22", "x", NotFound, "unknown-agency"),
        ("24", "22", "x", Refused, "agency-ended"),
        ("22", "24", " ", Refused, "no-instrument"),
    ],
)
def test_nothing_is_handed_on_without_an_heir_who_exists_and_a_decision(
    database_url: str, one: str, other: str, instrument: str, error: type[Exception], code: str
) -> None:
    store = a_merging_store(database_url)
    end = store.position()
    with pytest.raises(error) as refused:
        hand_on(store, one, other, at=DUE, actor="test", instrument=instrument)
    assert (refused.value.code, store.position()) == (code, end)  # type: ignore[attr-defined]
