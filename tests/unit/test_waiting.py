"""What waits for what, on paper: which marks count for whom, and how many of them are enough."""

import pytest

from tests.builders import a_registry, a_task, an_agency
from tracker.domain.directive import ForEach, Need
from tracker.domain.waiting import Mark, Scene, above, children

OPEN, BEGUN, DONE, LET_OFF = Mark(), Mark(True), Mark(True, True, True), Mark(False, True)
KEY = "2025/412-tb-vpcp"


def scene(needed: dict[str, Mark], waiting: tuple[str, ...], *, when: str = "all", kind: str = "finish-start") -> Scene:
    """Return a report by some agencies that needs a survey by others."""
    survey = a_task("survey", for_each=ForEach(agencies=tuple(needed), complete_when=when))
    owner = {"for_each": ForEach(agencies=waiting)} if len(waiting) > 1 else {"lead": waiting[0]}
    report = a_task("report", needs=(Need(survey.key, kind=kind),), **owner)  # type: ignore[arg-type]
    marks = {survey.key: needed, report.key: dict.fromkeys(waiting, OPEN)}
    return Scene({survey.key: survey, report.key: report}, marks, a_registry())


def waits(found: Scene, agency: str) -> bool:
    return found.waits_for(f"{KEY}/report", agency) != ()


@pytest.mark.parametrize(
    ("when", "marks", "waiting"),
    [
        ("all", (DONE, DONE, OPEN), True),
        ("all", (DONE, DONE, LET_OFF), False),
        ("all", (LET_OFF, LET_OFF, LET_OFF), False),
        ("any", (OPEN, BEGUN, OPEN), True),
        ("any", (OPEN, DONE, OPEN), False),
        ("any", (OPEN, LET_OFF, OPEN), True),
        ("2", (DONE, OPEN, OPEN), True),
        ("2", (DONE, DONE, OPEN), False),
        ("2", (DONE, LET_OFF, LET_OFF), False),
        ("67 %", (DONE, DONE, OPEN), True),
        ("66 %", (DONE, DONE, OPEN), False),
        ("50 %", (DONE, OPEN, LET_OFF), False),
    ],
)
def test_as_many_as_the_task_asks_of_those_not_let_off(when: str, marks: tuple[Mark, ...], waiting: bool) -> None:
    found = scene(dict(zip(("01", "04", "22"), marks, strict=True)), ("BNV",), when=when)
    assert waits(found, "BNV") is waiting


@pytest.mark.parametrize(("mark", "waiting"), [(OPEN, True), (BEGUN, False), (DONE, False), (LET_OFF, False)])
def test_begun_is_enough_for_what_starts_together(mark: Mark, waiting: bool) -> None:
    assert waits(scene({"01": mark}, ("BNV",), kind="start-start"), "BNV") is waiting


def test_what_goes_on_is_over_once_the_needed_task_is_completed() -> None:
    for mark, going_on in ((OPEN, True), (BEGUN, True), (DONE, False), (LET_OFF, False)):
        found = scene({"01": mark}, ("BNV",), kind="during")
        assert (found.goes_on(f"{KEY}/report", "BNV") != ()) is going_on


def test_each_waits_for_itself_and_a_ministry_among_provinces_for_all() -> None:
    found = scene({"01": DONE, "04": OPEN, "22": OPEN}, ("01", "04", "BNV"))
    assert [waits(found, code) for code in ("01", "04", "BNV")] == [False, True, True]


def test_each_province_waits_for_those_below_it_and_a_ministry_for_all() -> None:
    found = scene({"01004": DONE, "04273": OPEN}, ("01", "04", "22", "BNV"))
    assert [waits(found, code) for code in ("01", "04", "22", "BNV")] == [False, True, False, True]


def test_a_circle_of_parents_ends_where_it_closes() -> None:
    registry = a_registry(an_agency("A", parent="B"), an_agency("B", parent="A"))
    assert list(above("A", registry)) == ["B"]
    assert list(above("nobody", registry)) == []


def test_children_stand_below_the_nearest_that_owes_too() -> None:
    assert children(("CP", "01", "01004", "04273"), a_registry()) == {"01": ("01004",), "CP": ("01", "04273")}


def test_a_task_in_force_nowhere_waits_for_nothing() -> None:
    assert Scene({}, {}, a_registry()).waits_for(f"{KEY}/gone", "BNV") == ()
