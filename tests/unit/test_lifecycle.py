"""The table of transitions, held against everything drawn from it: the refusals, the page, the diagram."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.builders import a_registry, an_agency
from tracker.domain.assignment import MOVES, Assignment, check_move
from tracker.domain.authority import Standpoint, may, standpoint
from tracker.domain.errors import Refused
from tracker.domain.lifecycle import BY_KIND, OPEN, TRANSITIONS, UNSETTLED, Transition, Who, unsaid
from tracker.domain.standing import SETTLED, Facts, Progress
from tracker.terminal.lifecycle import NEEDS, PENDING, WHO, diagram, page

ROOT = Path(__file__).parents[2]
AT = datetime(2025, 8, 12, 1, tzinfo=UTC)
EACH = pytest.mark.parametrize("transition", TRANSITIONS, ids=lambda each: each.kind)


def an_assignment(progress: Progress, **changes: object) -> Assignment:
    facts = Facts(progress=progress, assigned_at=AT, touched_at=AT)
    made = Assignment(ref="2025/1/report/BNV", task="2025/1/report", agency="BNV", remind="standard", facts=facts)
    return replace(made, **changes)


def as_asked(transition: Transition, progress: Progress) -> Assignment:
    """Return an assignment of that progress with whatever question the transition wants open."""
    made = an_assignment(progress, delegate="BNV-TC")
    if transition.pending == "asked":
        made = replace(made, asked_at=AT, asked_day=date(2025, 9, 30))
    return replace(made, contested_at=AT) if transition.pending == "contested" else made


def said(transition: Transition) -> dict[str, str]:
    return dict.fromkeys(transition.needs, "said")


# ── Every pair of a move and a state ─────────────────────────────────────────────────────────────────────────


@EACH
@pytest.mark.parametrize("progress", Progress)
def test_a_move_starts_where_the_table_says_and_nowhere_else(transition: Transition, progress: Progress) -> None:
    assignment = as_asked(transition, progress)
    if progress in transition.sources:
        check_move(transition.kind, assignment, said(transition), at=AT)
        return
    with pytest.raises(Refused, match=f"is {progress}") as refusal:
        check_move(transition.kind, assignment, said(transition), at=AT)
    assert refusal.value.code == "refused"


@EACH
def test_a_move_needs_every_word_the_table_names(transition: Transition) -> None:
    assignment = as_asked(transition, min(transition.sources))
    for word in transition.needs:
        for nothing in ({}, {word: None}, {word: ""}, {word: " \t"}):
            words = {**{name: value for name, value in said(transition).items() if name != word}, **nothing}
            assert unsaid(transition, words) == (word,)
            with pytest.raises(Refused, match=word) as refusal:
                check_move(transition.kind, assignment, words, at=AT)
            assert refusal.value.code == "no-reason"


@EACH
def test_a_move_needs_its_question_open_or_not_open(transition: Transition) -> None:
    wrong = {"asked": {"asked_at": None}, "no asked": {"asked_at": AT}}
    wrong |= {"contested": {"contested_at": None}, "no contested": {"contested_at": AT}}
    if transition.pending is None:
        return
    assignment = replace(as_asked(transition, min(transition.sources)), **wrong[transition.pending])
    with pytest.raises(Refused) as refusal:
        check_move(transition.kind, assignment, said(transition), at=AT)
    assert refusal.value.code in ("nothing-asked", "asked-already", "nothing-contested", "contested-already")


def test_nothing_settled_moves_again_but_what_is_reopened() -> None:
    from_settled = {each.kind for each in TRANSITIONS if each.sources & SETTLED}
    assert from_settled == {"reopened"}
    assert BY_KIND["reopened"].sources == {Progress.COMPLETED}


def test_every_state_but_the_first_is_reached() -> None:
    assert {target for _, target in MOVES.values()} == set(Progress) - {Progress.ASSIGNED}


def test_open_and_unsettled_are_what_their_names_say() -> None:
    assert set(Progress) == UNSETTLED | SETTLED
    assert {Progress.SUBMITTED, Progress.SUSPENDED} == UNSETTLED - OPEN


# ── Who may ──────────────────────────────────────────────────────────────────────────────────────────────────

REGISTRY = a_registry(an_agency("BNV-TC", "unit", parent="BNV"), an_agency("BNV-VP", "unit", parent="BNV"))
AGENCY, LEAD, SECRETARIAT = {Who.AGENCY}, {Who.AGENCY, Who.LEAD}, {Who.SECRETARIAT}
MAY: dict[str, set[Who]] = {
    "BNV:anna": LEAD,
    "CP:head": LEAD,
    "BTC:binh": LEAD,  # its deputy at present
    "BNV-TC:dung": AGENCY,  # the unit it delegated to
    "BNV-VP:chi": set(),
    "BGDDT:em": set(),
    "secretariat:le": SECRETARIAT,
    "auditor:pham": set(),
    "cli:root": {Who.AGENCY, Who.LEAD, Who.SECRETARIAT},
    "BNV": LEAD,
    "bnv:anna": {Who.AGENCY, Who.LEAD, Who.SECRETARIAT},  # no office of the registry: an operator
}


@EACH
@pytest.mark.parametrize("actor", MAY)
def test_a_move_is_for_those_the_table_names(transition: Transition, actor: str) -> None:
    assignment = an_assignment(Progress.ASSIGNED, delegate="BNV-TC")
    who = standpoint(actor, REGISTRY)
    assert may(transition, assignment, who, REGISTRY, ("BTC",)) is (transition.who in MAY[actor])


def test_nobody_makes_what_follows_by_a_rule() -> None:
    for transition in TRANSITIONS:
        if transition.who == Who.SYSTEM:
            for role in ("agency", "secretariat", "auditor", "operator"):
                assert not may(transition, an_assignment(Progress.ASSIGNED), Standpoint(role), REGISTRY)


# ── Drawn from it ────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_is_the_one_that_is_drawn() -> None:
    written = (ROOT / "docs/life-cycle.md").read_text(encoding="utf-8")
    assert written == page(), "run: tracker task lifecycle --format markdown > docs/life-cycle.md"


@EACH
def test_the_page_names_every_move(transition: Transition) -> None:
    assert page().count(f"| **{transition.verb}** (`{transition.kind}`) |") == 1
    assert transition.who in WHO
    assert set(transition.needs) <= set(NEEDS)
    assert transition.pending is None or transition.pending in PENDING


def test_the_diagram_has_an_arrow_for_every_way_and_none_besides() -> None:
    groups = {"any_open": OPEN, "any_unsettled": UNSETTLED}
    drawn = set()
    for source, target, verbs in re.findall(r"^    (\w+) --> (\w+): (.+)$", diagram(), re.MULTILINE):
        for verb in verbs.split(", "):
            drawn |= {(str(one), target, verb) for one in groups.get(source, [source])}
    moves = [each for each in TRANSITIONS if each.target]
    wanted = {(str(source), str(each.target), each.verb) for each in moves for source in each.sources}
    assert drawn == wanted
