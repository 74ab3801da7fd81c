"""What a page offers is what the verbs would take: nothing more, and nothing less."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.builders import a_registry, an_agency
from tracker.domain.assignment import Assignment, check_move
from tracker.domain.authority import Standpoint, check_who, standpoint
from tracker.domain.errors import Refused
from tracker.domain.lifecycle import TRANSITIONS, Who
from tracker.domain.openings import openings
from tracker.domain.standing import Facts, Progress

AT = datetime(2025, 8, 12, 1, tzinfo=UTC)
REGISTRY = a_registry(an_agency("BNV-TC", "unit", parent="BNV"))
SECRETARIAT, LEAD, UNIT = "secretariat:le", "BNV:anna", "BNV-TC:tam"


def an_assignment(progress: Progress, **changes: object) -> Assignment:
    facts = Facts(progress=progress, assigned_at=AT, touched_at=AT)
    made = Assignment(ref="2025/1/report/BNV", task="2025/1/report", agency="BNV", remind="standard", facts=facts)
    return replace(made, **changes)


def offered(assignment: Assignment, actor: str, **deputies: list[str]) -> set[str]:
    return {each.verb for each in openings(assignment, standpoint(actor, REGISTRY), REGISTRY, deputies, at=AT)}


@pytest.mark.parametrize("progress", Progress)
@pytest.mark.parametrize("actor", [SECRETARIAT, LEAD, UNIT, "BTC:binh", "auditor:pham"])
def test_what_is_offered_is_what_would_be_taken(progress: Progress, actor: str) -> None:
    assignment = an_assignment(progress, delegate="BNV-TC", asked_at=AT, asked_day=date(2025, 9, 30), contested_at=AT)
    for transition in TRANSITIONS:
        if transition.who == Who.SYSTEM:
            continue
        try:
            check_who(transition, assignment, actor=actor, registry=REGISTRY)
            check_move(transition.kind, assignment, dict.fromkeys(transition.needs, "x"), at=AT)
        except Refused:
            assert transition.verb not in offered(assignment, actor)
        else:
            assert transition.verb in offered(assignment, actor)


def test_the_lead_of_a_new_task_may_take_note_start_report_ask_contest_and_delegate() -> None:
    found = offered(an_assignment(Progress.ASSIGNED), LEAD)
    assert found == {"acknowledge", "note", "start", "submit", "ask", "contest", "delegate"}


def test_taking_back_is_offered_only_where_something_was_delegated() -> None:
    assert "take back" not in offered(an_assignment(Progress.ASSIGNED), LEAD)
    assert "take back" in offered(an_assignment(Progress.ASSIGNED, delegate="BNV-TC"), LEAD)


def test_a_unit_may_report_and_not_decide_for_its_lead() -> None:
    assert offered(an_assignment(Progress.IN_PROGRESS, delegate="BNV-TC"), UNIT) == {"note", "submit"}


def test_a_deputy_is_offered_what_the_lead_is() -> None:
    new = an_assignment(Progress.ASSIGNED)
    assert offered(new, "BTC:binh", BNV=["BTC"]) == offered(new, LEAD)
    assert offered(new, "BTC:binh") == set()


def test_a_report_leaves_the_secretariat_to_accept_or_return_it_and_the_agency_nothing_but_its_unit() -> None:
    report = an_assignment(Progress.SUBMITTED)
    assert offered(report, SECRETARIAT) == {"accept", "return", "excuse", "discontinue", "transfer"}
    assert offered(report, LEAD) == {"delegate"}


def test_an_auditor_is_offered_nothing() -> None:
    for progress in Progress:
        assert openings(an_assignment(progress), Standpoint("auditor"), REGISTRY, at=AT) == ()


def test_the_deputy_of_a_unit_is_offered_what_the_unit_is_and_no_more() -> None:
    delegated = an_assignment(Progress.ASSIGNED, delegate="BNV-TC")
    deputies = {"BNV-TC": ["BTC"]}
    assert offered(delegated, "BTC:binh", **deputies) == offered(delegated, UNIT)
