"""Every move from every progress, on both databases: accepted exactly where the table of the model says so."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from tests.builders import a_directive, a_task
from tests.integration.test_store_contract import contents
from tests.simulation.a_store import ADOPTED, a_store
from tests.simulation.life_model import BY_RULE, PROGRESSES, SETTLED, VERBS
from tests.simulation.life_world import PRODUCT
from tracker.domain.assignment import Assignment
from tracker.domain.calendar import Span
from tracker.domain.deadline import Anchor, By, Due, Within
from tracker.domain.directive import Directive, ForEach, Need
from tracker.domain.errors import TrackerError
from tracker.operations import adopt_directive, rebuild, sweep, verify
from tracker.operations.moving import move
from tracker.store import assignments, ledger
from tracker.store.store import Store

KEY = "2025/412-tb-vpcp"
LEAD, OVER, OPERATOR = "01:an", "secretariat:le", "cli:root"
CUT, LAST, MORE = date(2025, 8, 12), date(2025, 9, 30), date(2025, 10, 20)
AFTER = ADOPTED + timedelta(days=3)
SAID: Mapping[str, dict[str, Any]] = {
    "submit": {"words": "done"}, "send_back": {"missing": "annex 2"}, "reopen": {"why": "it does not hold"},
    "suspend": {"why": "the law changes", "instrument": "9/CP"}, "ask": {"why": "floods", "day": MORE},
    "grant": {"instrument": "99/VPCP"}, "refuse": {"why": "no"}, "contest": {"why": "not ours"},
    "uphold": {"why": "it is yours"}, "transfer": {"why": "merged", "to_code": "22"},
    "excuse": {"why": "nothing of the kind here", "agreed_by": "VPCP"},
    "discontinue": {"why": "overtaken", "instrument": "1/CP"}, "delegate": {"unit": "01004"},
}  # fmt: skip
RULED: Mapping[str, dict[str, Any]] = {
    "withdrawn": {"why": "amended"}, "released": {"why": "done by another"}, "superseded": {"why": "a later text"},
    "moved_along": {"with": f"{KEY}/other/BNV"}, "cut_off": {},
}  # fmt: skip
# which question must be open, or what must have happened, before a move makes sense
FIRST = {"grant": "ask", "refuse": "ask", "uphold": "contest", "take_back": "delegate"}
# how an assignment comes to where a move is tried
ROADS: Mapping[str, tuple[str, ...]] = {
    "assigned": (), "acknowledged": ("acknowledge",), "in_progress": ("start",), "submitted": ("submit",),
    "returned": ("submit", "send_back"), "completed": ("submit", "accept"), "suspended": ("suspend",),
    "not_applicable": ("excuse",), "discontinued": ("discontinue",), "superseded": ("transfer",), "expired": (),
}  # fmt: skip


def by(verb: str) -> str:
    return OVER if VERBS[verb][1] == "secretariat" else LEAD


def make(store: Store, verb: str, ref: str, actor: str, **more: Any) -> object:
    return PRODUCT[verb](store, ref, at=AFTER, actor=actor, **{**SAID.get(verb, {}), **more})


def ref_of(progress: str, move: str) -> str:
    return f"{KEY}/{progress}-{move}".replace("_", "-") + "/01"


def a_directive_of_every_pair() -> Directive:
    """Return one duty for each progress and each move, so that every pair is tried once in one store."""
    return a_directive(
        *(
            a_task(
                f"{progress}-{kind}".replace("_", "-"),
                lead="01",
                remind="none",
                due=Due(rule=By(CUT if progress == "expired" else LAST), cutoff=progress == "expired"),
            )
            for progress in PROGRESSES
            for kind in (*VERBS, *BY_RULE)
        )
    )


def a_store_of_every_pair(url: str) -> Store:
    store = a_store(url, a_directive_of_every_pair())
    for progress in PROGRESSES:
        for kind in (*VERBS, *BY_RULE):
            ref = ref_of(progress, kind)
            for verb in (*((FIRST[kind],) if kind in FIRST else ()), *ROADS[progress]):
                PRODUCT[verb](store, ref, at=ADOPTED, actor=by(verb), **SAID.get(verb, {}))
    sweep(store, at=AFTER)
    return store


def heard(act: Callable[..., object], *how: Any, **more: Any) -> str:
    try:
        act(*how, **more)
    except TrackerError as error:
        return error.code
    return "accepted"


def ruled(store: Store, kind: str, ref: str, actor: str) -> object:
    return move(store, ref, kind, RULED[kind], at=AFTER, actor=actor)


def the(store: Store, ref: str) -> Assignment:
    with store.read() as connection:
        return assignments.get(connection, [ref])[0]


def written(store: Store, ref: str, after: int) -> list[str]:
    with store.read() as connection:
        return [entry.kind for entry in ledger.entries(connection, assignment=ref, after=after)]


def test_every_pair_of_move_and_progress_is_what_the_model_says(database_url: str) -> None:
    store = a_store_of_every_pair(database_url)
    for progress in PROGRESSES:
        assert {str(the(store, ref_of(progress, kind)).facts.progress) for kind in (*VERBS, *BY_RULE)} == {progress}
        before = contents(store)
        refuses_what_it_should(store, progress)
        assert contents(store) == before, f"something was written by what was refused from {progress}"
        accepts_the_rest(store, progress)
    assert verify(store).holds
    assert rebuild(store, keep=False).differing == ()


def refuses_what_it_should(store: Store, progress: str) -> None:
    for verb, (_, whose, sources, _, needs, _) in VERBS.items():
        ref = ref_of(progress, verb)
        for stranger in ("auditor:pham", "04:binh", LEAD if whose == "secretariat" else OVER):
            assert heard(make, store, verb, ref, stranger) == "not-yours"
        if progress not in sources:
            assert heard(make, store, verb, ref, by(verb)) == "refused"
        elif needs:
            assert heard(make, store, verb, ref, by(verb), **{needs[-1]: " "}) == "no-reason"
    for kind, (sources, _, _) in BY_RULE.items():
        ref = ref_of(progress, kind)
        assert {heard(ruled, store, kind, ref, who) for who in (LEAD, OVER, "auditor:pham")} == {"not-yours"}
        if progress not in sources:
            assert heard(ruled, store, kind, ref, OPERATOR) == "refused"


def accepts_the_rest(store: Store, progress: str) -> None:
    verbs = [(verb, row[0], row[3], make, by(verb)) for verb, row in VERBS.items() if progress in row[2]]
    rules = [(kind, kind, row[1], ruled, OPERATOR) for kind, row in BY_RULE.items() if progress in row[0]]
    for name, kind, target, act, actor in (*verbs, *rules):
        end, ref = store.position().seq, ref_of(progress, name)
        assert heard(act, store, name, ref, actor) == "accepted", f"{name} from {progress}"
        assert written(store, ref, end) == [kind]
        assert the(store, ref).facts.progress == (target or progress)


@pytest.mark.parametrize("verb", FIRST)
def test_a_question_that_nobody_asked_is_not_answered(database_url: str, verb: str) -> None:
    store = a_store(database_url, a_directive_of_every_pair())
    before = contents(store)
    nothing = {"ask": "nothing-asked", "contest": "nothing-contested", "delegate": "nothing-delegated"}
    assert heard(make, store, verb, ref_of("assigned", "ask"), by(verb)) == nothing[FIRST[verb]]
    assert contents(store) == before


# ── What the random lives found ──────────────────────────────────────────────────────────────────────────────


def a_chain() -> Directive:
    first, second, third = (a_task(name, lead="01", remind="none") for name in ("first", "second", "third"))
    return a_directive(
        first, *(a_task(t.id, lead="01", needs=(Need(n.key),)) for t, n in ((second, first), (third, second)))
    )


def waits(store: Store, ref: str) -> tuple[str, ...]:
    return the(store, f"{KEY}/{ref}").facts.waiting_for


def test_what_a_transferred_task_needs_goes_on_waiting_for_its_own_needs(database_url: str) -> None:
    store = a_store(database_url, a_chain())
    make(store, "transfer", f"{KEY}/third/01", OVER)
    assert waits(store, "second/01") == (f"{KEY}/first",)


def test_what_a_reopened_task_needs_goes_on_waiting_for_its_own_needs(database_url: str) -> None:
    store = a_store(database_url, a_chain())
    for verb in ("submit", "accept", "reopen"):
        make(store, verb, f"{KEY}/third/01", by(verb))
    assert waits(store, "second/01") == (f"{KEY}/first",)
    assert waits(store, "third/01") == (f"{KEY}/second",)


def test_what_a_new_directive_needs_goes_on_waiting_for_its_own_needs(database_url: str) -> None:
    store = a_store(database_url, a_chain())
    later = a_directive(number="7/CT-TTg")
    report = a_task("report", directive=later.key, needs=(Need(f"{KEY}/second"),))
    adopt_directive(store, a_directive(report, number="7/CT-TTg"), at=ADOPTED, actor="test")
    assert waits(store, "second/01") == (f"{KEY}/first",)


def test_a_task_that_came_back_to_its_lead_has_not_begun_by_that(database_url: str) -> None:
    survey = a_task("survey", lead="01")
    report = a_task("report", lead="04", needs=(Need(survey.key, kind="start-start"),))
    store = a_store(database_url, a_directive(survey, report))
    make(store, "transfer", f"{KEY}/survey/01", OVER)
    make(store, "transfer", f"{KEY}/survey/22", OVER, to_code="01")
    assert the(store, f"{KEY}/survey/01~22").facts.progress == "assigned"
    assert waits(store, "report/04") == (survey.key,)
    make(store, "start", f"{KEY}/survey/01~22", LEAD)
    assert waits(store, "report/04") == ()


def a_report_counted_from_a_survey() -> Directive:
    survey = a_task("survey", lead="01", due=None)
    report = a_task("report", lead="04", due=Due(rule=Within(Span(10, "days"), Anchor("task", survey.key))))
    return a_directive(survey, report)


def last_day(store: Store, ref: str) -> date | None:
    limit = the(store, f"{KEY}/{ref}").facts.limit
    return limit.last_day if limit else None


def test_a_date_comes_though_both_tasks_changed_hands(database_url: str) -> None:
    store = a_store(database_url, a_report_counted_from_a_survey())
    make(store, "transfer", f"{KEY}/survey/01", OVER)
    make(store, "transfer", f"{KEY}/report/04", OVER, to_code="01")
    for verb in ("submit", "accept"):
        make(store, verb, f"{KEY}/survey/22", OPERATOR)
    assert last_day(store, "report/01") == date(2025, 8, 25)  # Sunday the 24th moves on


def test_what_is_reopened_gets_the_date_that_came_meanwhile(database_url: str) -> None:
    store = a_store(database_url, a_report_counted_from_a_survey())
    for ref in ("report/04", "survey/01"):
        for verb in ("submit", "accept"):
            make(store, verb, f"{KEY}/{ref}", OPERATOR)
    assert last_day(store, "report/04") is None
    make(store, "reopen", f"{KEY}/report/04", OVER)
    assert last_day(store, "report/04") == date(2025, 8, 25)
    assert rebuild(store, keep=False).differing == ()


def test_a_dependent_that_came_back_to_its_agency_is_squeezed_and_moves_along(database_url: str) -> None:
    store = a_store(database_url, a_chain())
    make(store, "transfer", f"{KEY}/second/01", OVER)
    make(store, "transfer", f"{KEY}/second/22", OVER, to_code="01")
    make(store, "ask", f"{KEY}/first/01", LEAD)
    moved = make(store, "grant", f"{KEY}/first/01", OVER, along={f"{KEY}/second/01~22": MORE})
    assert isinstance(moved, tuple)
    assert [a.ref for a in moved] == [f"{KEY}/first/01", f"{KEY}/second/01~22"]


def test_whoever_may_not_transfer_is_not_told_who_owes_what(database_url: str) -> None:
    pair = a_task("pair", for_each=ForEach(agencies=("01", "22"), complete_when="any"))
    store = a_store(database_url, a_directive(pair))
    assert heard(make, store, "transfer", f"{pair.key}/01", LEAD) == "not-yours"
    assert heard(make, store, "transfer", f"{pair.key}/01", OVER) == "owed-already"


def test_the_settled_are_those_from_which_only_a_completion_leads_back() -> None:
    assert {source for _, _, sources, _, _, _ in VERBS.values() for source in sources} & set(SETTLED) == {"completed"}
