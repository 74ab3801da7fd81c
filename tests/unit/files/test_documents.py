"""Documents: what the store keeps of a version, and the fingerprint that tells two versions apart."""

from dataclasses import replace
from datetime import date

import pytest

from tests.builders import a_directive, a_registry, a_task
from tracker.domain.deadline import Before, Due
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
