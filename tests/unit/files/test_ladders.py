"""ladders.yaml: every word of a policy is read, every mistake is told, and an old policy keeps its fingerprint."""

import shutil
from dataclasses import replace
from datetime import time
from hashlib import sha256
from pathlib import Path

import pytest

from tests.builders import a_ladder, a_registry
from tracker.domain.calendar import Span
from tracker.domain.entry import canonical
from tracker.domain.ladder import Ladder, Level, Quiet, Rung
from tracker.files.documents import registry_document, registry_from
from tracker.files.ladders import LADDER_KEYS
from tracker.files.registry import read_registry

SMALL = Path(__file__).parents[2] / "corpus" / "registry"
ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "directives" / "registry"
WORKING = "working days"
OLD_MARK = "74a912f501f6c62d8e459dc64dfb249ee6cd3657c21558d77c2004d8e5ae547a"  # as of issue 4
STRICT = """\
secretariat: VPCP
lists: "08:00"
ladders:
  standard: {time: "08:00", rungs: [due]}
  strict:
    time: "08:00"
    working_days: true
    quiet: {from: "17:30", until: "07:30"}
    rungs: [assigned, {at: half time, to: [lead, with]}, 75 % of the time, due, 1 working day after]
    then_every: 2 working days
    daily_after: 5 working days
    escalate:
      - {after: 5 working days, to: parent}
      - {after: 10 working days, to: [secretariat, head]}
    cap: 5
    head: TTg
"""
READ = Ladder(
    name="strict",
    time=time(8),
    working_days=True,
    quiet=Quiet(time(17, 30), time(7, 30)),
    rungs=(
        Rung("assigned"),
        Rung("share", share=50, to=("lead", "with")),
        Rung("share", share=75),
        Rung("due"),
        Rung("after", Span(1, WORKING)),
    ),
    then_every=Span(2, WORKING),
    daily_after=Span(5, WORKING),
    escalate=(Level(Span(5, WORKING), ("parent",)), Level(Span(10, WORKING), ("secretariat", "head"))),
    cap=5,
    head="TTg",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SMALL, tmp_path / "registry"))


def findings(folder: Path, words: str) -> list[tuple[int, int, str]]:
    """Return line, column and code of the findings in a ladders.yaml."""
    (folder / "ladders.yaml").write_text(words)
    return [(f.place.line, f.place.column, f.code) for f in read_registry(folder)[1]]


def test_every_word_of_a_policy_is_read(folder: Path) -> None:
    assert findings(folder, STRICT) == []
    registry, _ = read_registry(folder)
    assert registry is not None
    assert (registry.secretariat, registry.lists) == ("VPCP", time(8))
    assert registry.ladders["strict"] == READ


def test_a_policy_is_written_into_a_document_and_read_back_equal() -> None:
    ladders = {"standard": a_ladder(), "strict": READ}
    registry = a_registry(ladders=ladders, secretariat="VPCP", head="CP", lists=time(7, 30))
    assert registry_from(registry_document(registry)) == registry


def test_a_registry_without_the_new_words_keeps_its_fingerprint() -> None:
    document = canonical(registry_document(a_registry()))
    # adopted registries are found again by this mark: another one would be another registry
    assert sha256(document.encode()).hexdigest() == OLD_MARK
    assert registry_document(a_registry())["ladders"]["standard"] == {
        "time": "08:00",
        "rungs": [
            "assigned", "10 working days before", "3 working days before", "1 working day before", "due",
            "1 working day after",
        ],
        "then_every": "7 days",
        "review": True,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("75 % of the time", "¦0 % of the time", "bad-rung"),
        ("75 % of the time", "1 % of the time", None),
        ("75 % of the time", "99 % of the time", None),
        ("75 % of the time", "¦100 % of the time", "bad-rung"),
        ("75 % of the time", "¦50 % of the time", "duplicate-item"),
        ("75 % of the time", "¦third time", "bad-rung"),
        ("at: half time", "at: ¦half", "bad-rung"),
        ("[lead, with]", "[lead, ¦boss]", "unknown-audience"),
        ("[lead, with]", "¦[]", "empty-value"),
        ("[lead, with]", "[lead, ¦lead]", "duplicate-item"),
        ("to: parent", "to: ¦parents", "unknown-audience"),
        ("{after: 5 working days, to: parent}", "¦{after: 5 working days}", "missing-key"),
        ("- {after: 10 working days", "- {after: 6 working days", None),
        ("- {after: 10 working days", "- ¦{after: 5 working days", "not-increasing"),
        ("- {after: 10 working days", "- ¦{after: 7 days", "not-increasing"),
        ("- {after: 10 working days", "- {after: 8 days", None),
        ('until: "07:30"', 'until: "08:00"', None),
        ('quiet: {from: "17:30", until: "07:30"}', 'quiet: ¦{from: "17:30", until: "08:01"}', "bad-quiet"),
        ('quiet: {from: "17:30", until: "07:30"}', 'quiet: ¦{from: "07:30", until: "17:30"}', "bad-quiet"),
        ('quiet: {from: "17:30", until: "07:30"}', 'quiet: ¦{from: "17:30", until: "17:30"}', "bad-quiet"),
        ('until: "07:30"', 'until: ¦"7:30"', "bad-time"),
        ("cap: 5", "cap: ¦0", "bad-number"),
        ("cap: 5", "cap: 1", None),
        ("cap: 5", "cap: ¦-1", "bad-number"),
        ("head: TTg", "head: ¦TTgg", "unknown-agency"),
        ("secretariat: VPCP", "secretariat: ¦VPC", "unknown-agency"),
        ("secretariat: VPCP\n", "", "missing-key"),
        ("    head: TTg\n", "", "missing-key"),
        ("daily_after: 5 working days", "daily_after: 4 working days", None),
        ("then_every: 2 working days", "then_every: ¦4 working days", "never-comes"),
        ("working_days: true", "working_days: ¦yes", "bad-choice"),
        ("daily_after", "¦dayly_after", "unknown-key"),
    ],
)
def test_a_mistake_in_a_policy_is_told_where_it_stands(folder: Path, old: str, new: str, code: str | None) -> None:
    words = STRICT.replace(old, new)
    assert words != STRICT
    before, mark, after = words.partition("¦")
    told = findings(folder, before + after)
    if code is None:
        assert told == []
        return
    assert code in {code for *_, code in told}
    if mark:
        assert (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1, code) in told


def test_what_never_comes_is_a_warning_and_forbids_nothing(folder: Path) -> None:
    (folder / "ladders.yaml").write_text(STRICT.replace("then_every: 2 working", "then_every: 4 working"))
    registry, (finding,) = read_registry(folder)
    assert (registry is not None, finding.severity) == (True, "warning")


def test_the_standard_ladder_ships_as_it_always_was() -> None:
    registry, _ = read_registry(SHIPPED)
    assert registry is not None
    assert registry.ladders["standard"] == a_ladder()
    assert registry.secretariat == "VPCP"


def test_the_close_watch_escalates_and_no_directive_uses_it_yet() -> None:
    registry, _ = read_registry(SHIPPED)
    assert registry is not None
    watch = registry.ladders["close-watch"]
    assert [str(level) for level in watch.escalate] == ["escalate-5wd-secretariat", "escalate-10wd-parent"]
    assert replace(watch, quiet=None) != watch
    files = (SHIPPED.parent).glob("[0-9]*/*.yaml")
    assert [file.name for file in files if "close-watch" in file.read_text(encoding="utf-8")] == []


def test_every_key_of_a_ladder_has_its_line_in_the_reference() -> None:
    reference = (ROOT / "directives" / "README.md").read_text(encoding="utf-8").partition("\n### Ladders\n")[2]
    told = [line for line in reference.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    assert [key for key in LADDER_KEYS if not any(f"`{key}" in line.split(" | ")[0] for line in told)] == []
