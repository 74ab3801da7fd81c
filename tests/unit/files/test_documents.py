"""Documents: what the store keeps of a version, and the fingerprint that tells two versions apart."""

from dataclasses import replace
from datetime import date

import pytest

from tests.builders import a_directive, a_registry, a_task
from tracker.domain.calendar import Span
from tracker.domain.deadline import Before, Due
from tracker.domain.directive import Need, Relation
from tracker.domain.errors import Broken
from tracker.files.documents import (
    directive_document,
    directive_from,
    fingerprint,
    registry_document,
    registry_from,
)
from tracker.files.reader import read_text
from tracker.files.render import render


def test_a_document_says_out_what_a_file_leaves_to_defaults():
    task = directive_document(a_directive())["tasks"]["report"]
    assert (task["attribution"], task["modality"], task["class"], task["track"], task["remind"]) == (
        "explicit", "must", "task", True, "standard",
    )  # fmt: skip


def test_a_rendered_file_leaves_defaults_out():
    text = render(a_directive())
    assert "attribution" not in text
    assert "track" not in text
    assert "due: {by: 2025-08-31}" in text


def test_two_readings_of_before_stand_side_by_side_in_one_rendered_file():
    day = date(2025, 8, 31)
    directive = a_directive(
        a_task("with-the-day", due=Due(rule=Before(day, inclusive=True))), a_task("without", due=Due(rule=Before(day)))
    )
    assert read_text(render(directive).encode(), "a.yaml")[0] == directive


def test_the_order_of_tasks_and_comments_leave_the_fingerprint_alone():
    directive = a_directive(a_task("a"), a_task("b"))
    turned = replace(directive, tasks=directive.tasks[::-1])
    read, _ = read_text(b"# a comment\n" + render(directive).encode(), "a.yaml")
    assert read is not None
    assert fingerprint(directive) == fingerprint(turned) == fingerprint(read)


def test_another_deadline_has_another_fingerprint():
    other = a_directive(a_task(due=Due(rule=Before(date(2025, 9, 1)))))
    assert fingerprint(a_directive()) != fingerprint(other)


def test_the_fingerprint_of_a_version_never_changes():
    expected = "1c37a46b9b5583421b58ad73cff9aa67a919dcc9803534d58fc7cc6cdaf9bc8a"
    assert fingerprint(a_directive()) == expected


@pytest.mark.parametrize("key", ["directive", "issued", "issuer", "title"])
def test_a_damaged_document_is_a_broken_store(key: str):
    document = directive_document(a_directive())
    del document[key]
    with pytest.raises(Broken):
        directive_from(document)


@pytest.mark.parametrize(
    ("key", "value"), [("due", {"scope": "own"}), ("due", {"by": "31"}), ("title", "a"), ("source", 1)]
)
def test_a_damaged_task_is_a_broken_store(key: str, value: object):
    document = directive_document(a_directive())
    document["tasks"]["report"][key] = value
    with pytest.raises(Broken):
        directive_from(document)


@pytest.mark.parametrize("key", ["agencies", "sets", "calendar", "ladders", "due_soon"])
def test_a_damaged_registry_is_a_broken_store(key: str):
    document = registry_document(a_registry())
    del document[key]
    with pytest.raises(Broken):
        registry_from(document)


def test_a_document_kept_before_the_format_grew_reads_the_same_and_keeps_its_fingerprint():
    document = directive_document(a_directive())
    grown = {"numbered", "kind", "status", "relations"} & set(document)
    assert grown == set()
    grown = {"restates", "supervises", "derives_from", "indicators", "any_of"} & set(document["tasks"]["report"])
    assert grown == set()
    assert directive_from(document) == a_directive()


def test_a_need_says_its_kind_and_lag_only_where_they_are_not_the_usual_ones():
    survey = "2025/412-tb-vpcp/survey"
    needs = (Need(survey), Need(survey, "inferred", "start-start", Span(3, "working days")))
    kept = [directive_document(a_directive(a_task(needs=(need,))))["tasks"]["report"]["needs"] for need in needs]
    assert kept == [
        [{"task": survey, "basis": "stated"}],
        [{"task": survey, "kind": "start-start", "lag": "3 working days", "basis": "inferred"}],
    ]


def test_references_within_a_file_are_rendered_by_their_ids():
    key = "2025/412-tb-vpcp"
    report = a_task(needs=(Need(f"{key}/survey", kind="during"),), restates=(f"{key}/survey",), supervises=(key,))
    text = render(a_directive(report, a_task("survey")))
    assert "needs: [{task: survey, kind: during}]" in " ".join(text.split()) or "- {task: survey, kind: during}" in text
    assert "restates: [survey]" in text
    assert f"supervises: [{key}]" in text


@pytest.mark.parametrize("relation", [{"implements": "1/QĐ-TTg", "amends": "2/QĐ-TTg"}, {"issued": "2025-08-01"}])
def test_a_relation_that_was_damaged_is_broken(relation: dict[str, str]):
    document = directive_document(a_directive(relations=(Relation("amends", "303/NQ-CP"),)))
    with pytest.raises(Broken):
        directive_from({**document, "relations": [relation]})
