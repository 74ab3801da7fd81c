"""The rules of extensions: read from their file, carried by the registry, and silent where they say nothing new."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import a_registry
from tracker.domain.calendar import Span
from tracker.domain.extension import NO_RULES, ExtensionRule, ExtensionRules
from tracker.files.documents import registry_document, registry_from
from tracker.files.registry import read_registry

SMALL = Path(__file__).parents[2] / "corpus" / "registry"
SHIPPED = Path(__file__).parents[3] / "directives"
RULES = """\
rules:
  standard: {at_most: 2, ask_before: 0 days, longest: 180 days}
  strict: {at_most: 1, ask_before: 5 working days, longest: 1 month}
  never: {at_most: 0}
default: standard
directives: {2025/412-tb-vpcp: strict}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "2025").mkdir()
    (tmp_path / "2025/412-tb-vpcp.yaml").touch()
    return Path(shutil.copytree(SMALL, tmp_path / "registry"))


def test_the_rules_are_read_whole(folder: Path) -> None:
    (folder / "extensions.yaml").write_text(RULES)
    registry, findings = read_registry(folder)
    assert findings == ()
    assert registry is not None
    strict = ExtensionRule(name="strict", at_most=1, ask_before=Span(5, "working days"), longest=Span(1, "months"))
    assert registry.extensions.of("2025/412-tb-vpcp") == strict
    assert registry.extensions.of("2025/1-ct-ttg").name == "standard"
    assert registry.extensions.rules["never"] == ExtensionRule(name="never", at_most=0)


def test_without_the_file_the_rule_holds_that_the_tracker_brings_along() -> None:
    registry, findings = read_registry(SMALL)
    assert findings == ()
    assert registry is not None
    assert registry.extensions == NO_RULES


# the mark ¦ stands where the finding must point
@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("default: standard", "default: ¦standrd", "unknown-rule"),
        ("vpcp: strict", "vpcp: ¦lax", "unknown-rule"),
        ("{2025/412-tb-vpcp:", "{¦2025/413-tb-vpcp:", "unknown-directive"),
        ("{2025/412-tb-vpcp:", "{¦412/TB-VPCP:", "bad-id"),
        ("at_most: 2", "at_most: ¦twice", "bad-number"),
        ("at_most: 2", "at_most: ¦-1", "bad-number"),
        ("ask_before: 0 days", "ask_before: ¦00 days", "bad-span"),
        ("5 working days", "¦5 weeks", "bad-span"),
        ("longest: 180 days", "longest: ¦0 days", "bad-span"),
        ("longest: 180 days", "¦lasts: 180 days", "unknown-key"),
        ("{at_most: 0}", "¦0", "wrong-type"),
        ("never:", "¦Never:", "bad-id"),
        ("default: standard\n", "", "missing-key"),
    ],
)
def test_a_mistake_is_told_in_its_line_and_column(folder: Path, old: str, new: str, code: str) -> None:
    assert old in RULES
    before, mark, after = RULES.replace(old, new, 1).partition("¦")
    (folder / "extensions.yaml").write_text(before + after)
    registry, findings = read_registry(folder)
    assert registry is None
    place = (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1) if mark else (1, 1)
    assert [(f.place.line, f.place.column, f.code) for f in findings] == [(*place, code)]


def test_an_empty_file_is_no_missing_one(folder: Path) -> None:
    (folder / "extensions.yaml").write_text("")
    registry, findings = read_registry(folder)
    assert registry is None
    assert [finding.code for finding in findings] == ["empty-file"]


def test_a_registry_that_says_nothing_of_extensions_keeps_its_document() -> None:
    assert "extensions" not in registry_document(a_registry())
    assert registry_from(registry_document(a_registry())) == a_registry()


def test_a_registry_with_rules_is_read_back_equal() -> None:
    strict = ExtensionRule(name="strict", at_most=0, ask_before=Span(3, "days"), longest=Span(2, "weeks"))
    plain = ExtensionRule(name="plain")
    rules = ExtensionRules(
        rules={"strict": strict, "plain": plain}, default="plain", directives={"2025/412-tb-vpcp": "strict"}
    )
    registry = replace(a_registry(), extensions=rules)
    assert registry_from(json.loads(json.dumps(registry_document(registry)))) == registry


def test_the_shipped_rules_say_whose_they_are_and_are_in_force() -> None:
    registry, findings = read_registry(SHIPPED / "registry")
    assert findings == ()
    assert registry is not None
    assert registry.extensions.of("2025/412-tb-vpcp").longest == Span(180, "days")
    assert "OURS" in (SHIPPED / "registry/extensions.yaml").read_text()
