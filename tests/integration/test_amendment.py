"""Amendment without loss: planned, applied as a version, readable as of its day; on both databases."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest

from tests.builders import a_directive, a_registry, a_task, a_text
from tests.simulation.a_store import ADOPTED, DUE, a_store, minutes
from tracker.domain.assignment import Assignment
from tracker.domain.deadline import By, Due, Every
from tracker.domain.directive import Directive, ForEach, Need, Relation, Task
from tracker.domain.errors import Refused, TrackerError
from tracker.domain.standing import Progress
from tracker.operations import (
    accept,
    acknowledge,
    adopt_directive,
    plan_directive,
    rebuild,
    send_back,
    submit,
    sweep,
    verify,
)
from tracker.operations.agencies import hand_on
from tracker.store import adopted, assignments, ledger, outbox
from tracker.store.store import Store
from tracker.views.past import Past

KEY = "2025/412-tb-vpcp"
PROVINCES = ForEach(agencies="provinces")
NEW_DAY = Due(rule=By(date(2025, 12, 31)))


def the(store: Store, ref: str) -> Assignment:
    with store.read() as connection:
        return assignments.get(connection, [ref])[0]


def refs(store: Store) -> Mapping[str, Assignment]:
    with store.read() as connection:
        return {a.ref: a for a in assignments.find(connection)}


def complete(store: Store, *names: str) -> None:
    for ref in names:
        submit(store, ref, at=ADOPTED, actor="office", words="done")
        accept(store, ref, at=ADOPTED, actor="secretariat")


def signs(store: Store, directive: Directive) -> list[tuple[str, str, str | None]]:
    """Return the signs a plan shows, each with the task and what it was."""
    found = plan_directive(store, directive, at=DUE).changes
    return [(change.sign, change.task.removeprefix("2025/"), change.was) for change in found]


def adopt(store: Store, directive: Directive) -> Any:
    return adopt_directive(store, directive, at=DUE, actor="secretariat")


def exact(store: Store) -> bool:
    return rebuild(store, keep=False).differing == () and verify(store).holds


def entries(store: Store, *, after: int) -> list[tuple[str, str | None]]:
    with store.read() as connection:
        return [(entry.kind, entry.assignment) for entry in ledger.entries(connection, after=after)]


# ── Another id ───────────────────────────────────────────────────────────────────────────────────────────────


def surveys(id: str, **changes: Any) -> Task:
    return a_task(id, title=a_text("Survey"), for_each=PROVINCES, **changes)


def test_a_task_under_another_id_keeps_its_assignments_and_what_waits_for_it(database_url: str) -> None:
    summary = a_task("summary", needs=(Need(f"{KEY}/survey"),))
    store = a_store(database_url, a_directive(surveys("survey", records=("R-1",)), summary))
    sweep(store, at=ADOPTED)
    complete(store, f"{KEY}/survey/01")
    submit(store, f"{KEY}/survey/04", at=ADOPTED, actor="office", words="done")
    before, end = refs(store), store.position().seq
    renamed = a_directive(
        surveys("census", records=("R-1",), note="renamed"), replace(summary, needs=(Need(f"{KEY}/census"),))
    )
    assert signs(store, renamed) == [
        ("→", "412-tb-vpcp/census", f"{KEY}/survey"),
        ("~", "412-tb-vpcp/summary", None),
    ]
    (carried, _) = plan_directive(store, renamed, at=DUE).changes
    assert (carried.added, carried.removed, carried.stays) == ((), (), ("01",))
    found = adopt(store, renamed)
    assert (found.added, found.changed, found.withdrawn) == (0, 0, 0)
    after = refs(store)
    assert after.keys() == before.keys()
    for province in ("01", "04", "22"):
        ref = f"{KEY}/survey/{province}"
        assert after[ref].task == f"{KEY}/census"
        assert replace(after[ref], task=before[ref].task, seq=0) == replace(before[ref], seq=0)
    assert after[f"{KEY}/summary/BNV"].facts.waiting_for == (f"{KEY}/census",)
    assert entries(store, after=end) == [
        ("directive_adopted", None),
        *(("renamed", f"{KEY}/survey/{province}") for province in ("01", "04", "22")),
        ("waiting", f"{KEY}/summary/BNV"),
    ]
    with store.read() as connection:
        note = next(entry for entry in ledger.entries(connection, after=end))
        assert {r.state for r in outbox.reminders(connection) if "survey/22" in r.assignment} == {"pending"}
    assert note.payload["renamed"] == [[f"{KEY}/survey", f"{KEY}/census"]]
    complete(store, f"{KEY}/survey/22")
    accept(store, f"{KEY}/survey/04", at=DUE, actor="secretariat")
    assert the(store, f"{KEY}/summary/BNV").facts.waiting_for == ()
    assert exact(store)


def test_a_renamed_task_is_known_by_being_the_same_where_no_record_tells(database_url: str) -> None:
    store = a_store(database_url, a_directive(surveys("survey"), a_task("study")))
    new = a_directive(surveys("census"), a_task("research", due=NEW_DAY))
    assert signs(store, new) == [
        ("→", "412-tb-vpcp/census", f"{KEY}/survey"),
        ("+", "412-tb-vpcp/research", None),
        ("-", "412-tb-vpcp/study", None),
    ]
    found = adopt(store, new)
    assert (found.added, found.withdrawn) == (1, 1)


def test_of_two_tasks_that_might_be_the_old_one_neither_is_taken_for_it(database_url: str) -> None:
    store = a_store(database_url, a_directive(a_task("study", records=("R-1",))))
    new = a_directive(a_task("law", records=("R-1",)), a_task("money", records=("R-1",)))
    assert [sign for sign, _, _ in signs(store, new)] == ["+", "+", "-"]


def test_a_renamed_task_may_be_moved_and_moved_again_under_its_first_reference(database_url: str) -> None:
    store = a_store(database_url, a_directive(a_task("study", records=("R-1",))))
    adopt(store, a_directive(a_task("research", records=("R-1",), due=NEW_DAY)))
    adopt(store, a_directive(a_task("research", records=("R-1",), due=Due(rule=By(date(2025, 10, 31))))))
    found = the(store, f"{KEY}/study/BNV")
    assert (found.task, found.version, found.first_day) == (f"{KEY}/research", 3, date(2025, 8, 31))
    assert found.facts.limit is not None
    assert found.facts.limit.last_day == date(2025, 10, 31)
    assert exact(store)


def test_an_id_that_was_renamed_away_is_not_given_to_another_task(database_url: str) -> None:
    store = a_store(database_url, a_directive(a_task("study", records=("R-1",))))
    adopt(store, a_directive(a_task("research", records=("R-1",))))
    end = store.position()
    with pytest.raises(Refused, match="was renamed 'research' before"):
        adopt(store, a_directive(a_task("research", records=("R-1",)), a_task("study", due=NEW_DAY)))
    assert store.position() == end


# ── Superseded ───────────────────────────────────────────────────────────────────────────────────────────────

NEXT = "2025/500-tb-vpcp"
SUPERSEDES = Relation("supersedes", "412/TB-VPCP", date(2025, 8, 11))


def old_text() -> Directive:
    return a_directive(
        a_task("survey", for_each=PROVINCES),
        a_task("study", lead="BTC"),
        a_task("law", lead="BGDDT"),
        a_task("report", lead="BNV", needs=(Need(f"{KEY}/survey"),)),
    )


def new_text(*tasks: Task, relations: Sequence[Relation] = (SUPERSEDES,)) -> Directive:
    made = tasks or (
        a_task("count", directive=NEXT, for_each=PROVINCES, restates=(f"{KEY}/survey",), due=NEW_DAY),
        a_task("decree", directive=NEXT, lead="BGDDT", restates=(f"{KEY}/law",)),
        a_task("review", directive=NEXT, needs=(Need(f"{NEXT}/count"),)),
    )
    return a_directive(*made, number="500/TB-VPCP", issued=date(2025, 8, 14), relations=tuple(relations))


def a_store_under_way(url: str) -> Store:
    store = a_store(url, old_text())
    sweep(store, at=ADOPTED)
    complete(store, f"{KEY}/survey/01")
    acknowledge(store, f"{KEY}/survey/04", at=ADOPTED, actor="office")
    submit(store, f"{KEY}/law/BGDDT", at=ADOPTED, actor="office", words="done")
    return store


def test_a_superseding_directive_plans_what_is_carried_over_and_what_is_closed(database_url: str) -> None:
    store = a_store_under_way(database_url)
    assert signs(store, new_text()) == [
        ("+", "500-tb-vpcp/review", None),
        ("→", "500-tb-vpcp/count", f"{KEY}/survey"),
        ("→", "500-tb-vpcp/decree", f"{KEY}/law"),
        ("-", "412-tb-vpcp/report", None),
        ("-", "412-tb-vpcp/study", None),
    ]
    changes = {c.task.rpartition("/")[2]: c for c in plan_directive(store, new_text(), at=DUE).changes}
    assert (changes["count"].stays, changes["count"].removed) == (("01",), ())
    assert (changes["study"].stays, changes["study"].removed) == ((), ("BTC",))


def test_a_superseded_directive_closes_what_is_open_and_keeps_what_was_completed(database_url: str) -> None:
    store = a_store_under_way(database_url)
    done = the(store, f"{KEY}/survey/01")
    found = adopt(store, new_text())
    assert (found.added, found.carried, found.superseded, found.withdrawn) == (1, 4, 5, 0)
    assert the(store, f"{KEY}/survey/01") == done
    for ref in ("survey/04", "survey/22", "study/BTC", "law/BGDDT", "report/BNV"):
        assert the(store, f"{KEY}/{ref}").facts.progress == Progress.SUPERSEDED
    assert the(store, f"{KEY}/study/BTC").facts.why == "superseded by 500/TB-VPCP"
    assert the(store, f"{KEY}/survey/04").facts.why == "carried over to 500/TB-VPCP"
    heard, sent, ready = (the(store, f"{NEXT}/{ref}") for ref in ("count/04", "decree/BGDDT", "count/01"))
    assert (heard.facts.progress, heard.version, heard.first_day) == (Progress.ACKNOWLEDGED, 2, date(2025, 8, 31))
    assert (sent.facts.progress, sent.version, sent.facts.received_at) == (Progress.SUBMITTED, 1, ADOPTED)
    assert (ready.facts.progress, ready.facts.limit, ready.standing) == (
        Progress.COMPLETED,
        done.facts.limit,
        "completed_on_time",
    )
    assert the(store, f"{NEXT}/review/BNV").facts.waiting_for == (f"{NEXT}/count",)
    with store.read() as connection:
        (first, *_) = ledger.entries(connection, assignment=heard.ref)
        states = {r.assignment: r.state for r in outbox.reminders(connection)}
    assert (first.kind, first.payload["continues"]) == ("assigned", f"{KEY}/survey/04")
    assert states[f"{KEY}/study/BTC"] == "cancelled"
    complete(store, *(f"{NEXT}/count/{code}" for code in ("04", "22")))
    assert the(store, f"{NEXT}/review/BNV").facts.waiting_for == ()
    assert exact(store)


def test_both_texts_applied_again_change_nothing_and_the_old_stays_closed(database_url: str) -> None:
    store = a_store_under_way(database_url)
    adopt(store, new_text())
    end = store.position()
    assert (adopt(store, old_text()).unchanged, adopt(store, new_text()).unchanged) == (True, True)
    assert store.position() == end
    assert signs(store, new_text()) == []
    again = adopt(store, replace(new_text(), note="a remark"))
    assert (again.added, again.changed, again.withdrawn, again.carried, again.superseded) == (0, 0, 0, 0, 0)
    corrected = adopt(store, replace(old_text(), note="a remark"))
    assert (corrected.added, corrected.changed, corrected.withdrawn) == (0, 0, 0)
    assert exact(store)


@pytest.mark.parametrize(
    ("relation", "status"),
    [
        (Relation("amends", "412/TB-VPCP"), "in_force"),
        (Relation("supersedes", "412/TB-VPCP"), "draft"),
        (Relation("supersedes", "412/TB-VPCP", date(2024, 8, 11)), "in_force"),
        (Relation("supersedes", "413/TB-VPCP"), "in_force"),
    ],
)
def test_nothing_is_closed_by_another_relation_a_draft_or_another_years_number(
    database_url: str, relation: Relation, status: Any
) -> None:
    store = a_store_under_way(database_url)
    found = adopt(store, replace(new_text(relations=[relation]), status=status))
    assert (found.superseded, found.carried) == (0, 0)
    assert the(store, f"{KEY}/study/BTC").facts.progress == Progress.ASSIGNED


@pytest.mark.parametrize("named", ["412/TB-VPCP", KEY])
def test_the_superseded_directive_may_be_named_by_its_number_alone_or_by_its_key(database_url: str, named: str) -> None:
    store = a_store_under_way(database_url)
    assert adopt(store, new_text(relations=[Relation("supersedes", named)])).superseded == 5


def abroad(*needed: str) -> Directive:
    """Return another directive, one task of which needs tasks elsewhere."""
    key = "2025/7-ct-ttg"
    return a_directive(
        a_task("watch", directive=key, lead="BTC", needs=tuple(Need(one) for one in needed)), number="7/CT-TTg"
    )


def test_what_needs_a_superseded_task_in_a_third_directive_waits_for_the_one_that_took_its_place(
    database_url: str,
) -> None:
    store, watch = a_store_under_way(database_url), "2025/7-ct-ttg/watch/BTC"
    adopt(store, abroad(f"{KEY}/law"))
    adopt(store, new_text())
    assert the(store, watch).facts.waiting_for == (f"{NEXT}/decree",)
    adopt(store, replace(abroad(f"{KEY}/law"), note="a remark"))
    assert the(store, watch).facts.waiting_for == (f"{NEXT}/decree",)
    accept(store, f"{NEXT}/decree/BGDDT", at=DUE, actor="secretariat")
    assert the(store, watch).facts.waiting_for == ()
    assert exact(store)


def test_what_needs_a_renamed_task_from_elsewhere_waits_for_it_under_its_new_id(database_url: str) -> None:
    store, watch = a_store(database_url, a_directive(a_task("study", records=("R-1",)))), "2025/7-ct-ttg/watch/BTC"
    adopt(store, abroad(f"{KEY}/study"))
    adopt(store, a_directive(a_task("research", records=("R-1",))))
    assert the(store, watch).facts.waiting_for == (f"{KEY}/research",)
    complete_at_last(store, f"{KEY}/study/BNV")
    assert the(store, watch).facts.waiting_for == ()


def complete_at_last(store: Store, ref: str) -> None:
    submit(store, ref, at=DUE, actor="office", words="done")
    accept(store, ref, at=DUE, actor="secretariat")


def test_a_recurring_duty_of_a_superseded_directive_comes_round_no_more(database_url: str) -> None:
    monthly = a_task("monthly", lead="BTC", due=Due(rule=Every("FREQ=MONTHLY;BYMONTHDAY=25")))
    store = a_store(database_url, a_directive(monthly))
    adopt(store, new_text(a_task("review", directive=NEXT)))
    owed = set(refs(store))
    sweep(store, at=DUE + timedelta(days=200))
    assert set(refs(store)) == owed
    adopt_directive(store, a_directive(monthly, note="x"), at=DUE + timedelta(days=200), actor="secretariat")
    sweep(store, at=DUE + timedelta(days=400))
    assert set(refs(store)) == owed


# ── As of its day ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_state_under_the_old_text_stays_readable_as_of_its_day(database_url: str) -> None:
    store = a_store_under_way(database_url)
    before = refs(store)
    adopt(store, new_text())
    with store.read() as connection:
        past = Past(connection, DUE - timedelta(seconds=1)).assignments
    assert {ref: (a.task, a.facts, a.version) for ref, a in past.items()} == {
        ref: (a.task, a.facts, a.version) for ref, a in before.items()
    }


def test_every_version_of_a_text_stays_readable(database_url: str) -> None:
    store = a_store(database_url, a_directive(a_task("study")))
    adopt(store, a_directive(a_task("study", due=NEW_DAY)))
    with store.read() as connection:
        found = [adopted.directive_version(connection, KEY, version) for version in (1, 2, 3)]
    assert [one.document["tasks"]["study"]["due"]["by"] if one else None for one in found] == [
        "2025-08-31",
        "2025-12-31",
        None,
    ]


# ── Whatever is amended ──────────────────────────────────────────────────────────────────────────────────────

DAYS = [date(2025, 8, 31), date(2025, 10, 31), date(2025, 12, 31)]


def a_text_by_chance(chance: Random) -> Directive:
    """Return a version of a small directive: tasks come, go, move, go by another id, exempt, choose, cascade."""

    def due() -> Due:
        return Due(rule=By(chance.choice(DAYS)))

    exempt = tuple(code for code in ("01", "04") if chance.random() < 0.3)
    survey = chance.choice(["survey", "census", "count"])
    when = chance.choice(["all", "2", "60 %"])
    rule = ForEach(agencies="provinces", exempt=exempt, complete_when=when)
    tasks = [a_task(survey, records=("R-1",), for_each=rule, due=due())]
    if chance.random() < 0.8:
        any_of = ForEach(agencies="ministries", complete_when=chance.choice(["any", "all"]))
        tasks.append(a_task("study", for_each=any_of, due=due()))
    if chance.random() < 0.8:
        cascade = ForEach(agencies="provinces", exempt=exempt, then="communes")
        tasks.append(a_task("review", for_each=cascade, needs=(Need(f"{KEY}/{survey}"),), due=due()))
    kind = chance.choice(["finish-start", "start-start", "during"])
    tasks.append(a_task("summary", needs=(Need(f"{KEY}/{survey}", kind=kind),), due=due()))
    return a_directive(*tasks)


def step(store: Store, chance: Random, ref: str, at: datetime) -> None:
    match chance.randrange(10):
        case 0:
            sweep(store, at=at)
        case 1:
            acknowledge(store, ref, at=at, actor="office")
        case 2 | 3 | 4:
            submit(store, ref, at=at, actor="office", words="done")
        case 5 | 6:
            accept(store, ref, at=at, actor="secretariat")
        case 7:
            send_back(store, ref, at=at, actor="secretariat", missing="the annex")
        case 8:
            one, other = chance.choice([("22", "01"), ("01", "04"), ("BTC", "BNV")])
            hand_on(store, one, other, at=at, actor="secretariat", instrument="a decree")
        case _:
            adopt_directive(store, a_text_by_chance(chance), at=at, actor="secretariat")


@pytest.mark.parametrize("seed", range(6))
def test_what_is_planned_is_what_is_done(database_url: str, seed: int) -> None:
    chance = Random(seed)
    store = a_store(database_url, a_plain_text(chance))
    for _ in range(8):
        for ref in chance.sample(sorted(refs(store)), 2):
            with suppress(Refused):
                complete_at_last(store, ref)
        text = a_plain_text(chance)
        planned = plan_directive(store, text, at=DUE).changes
        done = adopt(store, text)
        assert sum(len(change.added) for change in planned) == done.added
        assert sum(len(change.removed) for change in planned) == done.withdrawn
        assert done.unchanged or planned
        assert plan_directive(store, text, at=DUE).is_empty
    assert exact(store)


def a_plain_text(chance: Random) -> Directive:
    """Return a version in which nothing is done for others: what is owed can be read from the text alone."""
    found = a_text_by_chance(chance)
    tasks = [task for task in found.tasks if task.id != "study"]
    return replace(found, tasks=tuple(tasks))


@pytest.mark.parametrize("seed", range(6))
def test_whatever_was_amended_and_handed_on_nothing_completed_is_lost_and_rebuild_is_exact(
    database_url: str, seed: int
) -> None:
    chance = Random(seed)
    store = a_store(database_url, a_text_by_chance(chance))
    at, allowed, completed = ADOPTED, 0, set()
    for _ in range(90):
        at += minutes(chance.choice([0, 1, 90, 600]))
        try:
            step(store, chance, chance.choice(sorted(refs(store))), at)
            allowed += 1
        except TrackerError:
            pass
        now = {ref for ref, a in refs(store).items() if a.facts.progress == Progress.COMPLETED}
        assert completed <= now, "completed work stays completed"
        completed = now
    assert allowed > 30
    assert rebuild(store, keep=False).differing == ()
    assert verify(store).holds
    last = adopt_directive(store, replace(a_text_by_chance(chance), note="the last"), at=at, actor="secretariat")
    with store.read() as connection:
        version = adopted.directive(connection, KEY)
    assert version is not None
    assert version.version == last.version
    assert a_registry().agencies.keys() >= {a.agency for a in refs(store).values()}
