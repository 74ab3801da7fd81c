"""Schema: what editors are told is what the reader reads, and the committed file is what the command prints."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from tracker.cli.directive import app
from tracker.files import document, due, links, owner, task
from tracker.files.schema import schema

ROOT = Path(__file__).parents[3]
SHIPPED = sorted((ROOT / "directives" / "2025").glob("*.yaml"))
GOOD = sorted((ROOT / "tests" / "corpus" / "good").rglob("*.yaml"))
VALIDATOR = jsonschema.Draft7Validator(schema())

# all that draft 07 has and we use; a keyword of a later draft would be ignored in silence
DRAFT_07 = {
    "$schema", "$ref", "title", "description", "definitions", "default", "type", "properties", "required", "enum",
    "additionalProperties", "propertyNames", "items", "uniqueItems", "minItems", "pattern", "minLength", "maxLength",
    "minimum", "maximum", "anyOf", "allOf", "oneOf", "not",
}  # fmt: skip


class Loader(yaml.SafeLoader):
    """Reads scalars as YAML 1.2 does, and so as editors do: a date is a text, `no` is a text."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (
    ("bool", "true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", "[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", "~|null|Null|NULL|", ["~", "n", "N", ""]),
):
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(f"^(?:{pattern})$"), list(first))


def loaded(text: str) -> Any:
    return yaml.load(text, Loader=Loader)


def test_the_committed_schema_is_what_the_command_prints():
    printed = CliRunner().invoke(app, ["schema"])
    assert printed.exit_code == 0
    assert (ROOT / "directives" / "schema.json").read_text(encoding="utf-8") == printed.output


def test_the_schema_is_a_schema_of_draft_07():
    assert schema()["$schema"] == "http://json-schema.org/draft-07/schema#"
    jsonschema.Draft7Validator.check_schema(schema())


def parts(value: Any, *, named: bool = False) -> Iterator[dict[str, Any]]:
    """Yield every schema within a schema; below `properties` and `definitions` the keys are names."""
    if isinstance(value, dict):
        if not named:
            yield value
        for key, inner in value.items():
            if key not in ("enum", "required", "default"):
                yield from parts(inner, named=not named and key in ("properties", "definitions"))
    elif isinstance(value, list):
        for inner in value:
            yield from parts(inner)


def test_no_keyword_of_a_later_draft_is_used():
    used = {key for part in parts(schema()) for key in part}
    assert used <= DRAFT_07


def test_nothing_stands_beside_a_reference_where_draft_07_would_ignore_it():
    assert [part for part in parts(schema()) if "$ref" in part and len(part) > 1] == []


def test_every_key_is_explained_and_no_other_key_is_allowed():
    objects = [part for part in parts(schema()) if "properties" in part]
    assert len(objects) >= 9
    for part in objects:
        assert part["additionalProperties"] is False
        for key, value in part["properties"].items():
            assert len(value["description"]) > 10, key


@pytest.mark.parametrize(
    ("found", "keys"),
    [
        (schema(), document.KEYS),
        (schema()["definitions"]["task"], task.KEYS),
        (schema()["definitions"]["due"], due.KEYS),
        (schema()["definitions"]["forEach"]["anyOf"][1], owner.FOR_EACH_KEYS),
        (schema()["definitions"]["need"]["anyOf"][1], links.NEED_KEYS),
        (schema()["definitions"]["relation"], links.RELATION_KEYS),
    ],
)
def test_the_schema_has_the_keys_of_the_reader(found: dict[str, Any], keys: tuple[str, ...]):
    assert set(found["properties"]) == set(keys)


@pytest.mark.parametrize("file", [*GOOD, *SHIPPED], ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_a_good_file_is_valid(file: Path):
    errors = [error.message for error in VALIDATOR.iter_errors(loaded(file.read_text(encoding="utf-8-sig")))]
    assert errors == []


HEAD = "directive: 412/TB-VPCP\nissued: 2025-08-11\nissuer: VPCP\ntitle: {vi: a, en: b, fr: c}\n"
TASK = HEAD + "tasks:\n  report:\n    title: {vi: a, en: b, fr: c}\n    "


@pytest.mark.parametrize(
    "text",
    [
        HEAD,  # no tasks
        HEAD + "tasks: [report]\n",
        HEAD + "taks: {}\ntasks: {}\n",
        HEAD + "tasks: {Report: {title: {vi: a, en: b, fr: c}}}\n",
        HEAD + "tasks: {report: {title: report}}\n",
        HEAD + "tasks: {report: {title: {vi: a, en: b}}}\n",
        HEAD.replace("2025-08-11", "11/8/2025") + "tasks: {}\n",
        HEAD + "kind: noticce\ntasks: {}\n",
        HEAD + "status: over\ntasks: {}\n",
        HEAD + "numbered: no\ntasks: {}\n",
        HEAD + "relations: [{implements: 183-KL/TW, amends: 303/NQ-CP}]\ntasks: {}\n",
        HEAD + "relations: [{issued: 2025-08-01}]\ntasks: {}\n",
        HEAD + "relations: [183-KL/TW]\ntasks: {}\n",
        TASK + "lead: [BNV, BTC]\n",
        TASK + "lead: Bộ Nội vụ\n",
        TASK + "lead: BNV\n    for_each: provinces\n",
        TASK + "lead: BNV\n    any_of: [BTC]\n",
        TASK + "for_each: {exempt: [BNV]}\n",
        TASK + "for_each: {agencies: provinces, complete_when: most}\n",
        TASK + "for_each: {agencies: provinces, complete_when: 0}\n",
        TASK + 'for_each: {agencies: provinces, complete_when: "101 %"}\n',
        TASK + "needs: another\n",
        TASK + "needs: [{kind: during}]\n",
        TASK + "needs: [{task: a, kind: sometimes}]\n",
        TASK + "takes: a while\n",
        TASK + "due: 2025-08-31\n",
        TASK + "due: {words: soon}\n",
        TASK + "due: {by: 2025-08-31, before: 2025-08-31}\n",
        TASK + "due: {by: tomorrow}\n",
        TASK + "due: {in: 2025-13}\n",
        TASK + "due: {from: 2025-08-01}\n",
        TASK + "due: {within: thirty days}\n",
        TASK + "evidence: maybe\n",
        TASK + "indicators: IND-19\n",
        TASK + "source: {in: article, sentence: 0, sha256: " + "0a" * 32 + "}\n",
        TASK + "source: {in: article, sentence: 1, sha256: abc}\n",
    ],
)
def test_a_bad_shape_is_not_valid(text: str):
    assert not VALIDATOR.is_valid(loaded(text))


@pytest.mark.parametrize(
    "more",
    [
        "lead: BNV\n    due: {in: 2025}\n",
        "for_each: {agencies: [provinces, BNV], complete_when: 3}\n",
        'for_each: {agencies: provinces, then: communes, complete_when: "60 %"}\n',
        "any_of: [provinces]\n    due: {within: 2 weeks, of: {event: storm}}\n",
        "track: false\n    needs: [a, {task: 2025/1-qd-ttg/b, kind: during, lag: 5 days}]\n",
    ],
)
def test_a_good_shape_is_valid(more: str):
    assert VALIDATOR.is_valid(loaded(TASK + more))
