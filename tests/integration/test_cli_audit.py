"""The auditor's commands: export, sample, diff, deadlines and patterns, in text and JSON."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.simulation.a_store import ADOPTED, a_store, minutes
from tracker.cli.main import app
from tracker.operations import accept, open_store, submit
from tracker.operations.extensions import ask, grant
from tracker.operations.ownership import excuse

DUTY = "2025/412-tb-vpcp/duty-{}"
BNV, BTC = f"{DUTY.format('bnv')}/BNV", f"{DUTY.format('btc')}/BTC"
LATE = datetime(2025, 8, 31, 18, tzinfo=UTC)  # an hour past the last day
CLOSED = (BNV, f"{DUTY.format('bgddt')}/BGDDT", f"{DUTY.format('01')}/01", f"{DUTY.format('04')}/04")


class Auditor:
    """A rehearsal in which something happened, and the command line over it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.url = folder, f"sqlite:///{folder / 'tracker.db'}"
        a_store(self.url, rehearsal=True).close()
        store = open_store(self.url)
        ask(store, BTC, date(2025, 9, 10), at=ADOPTED + minutes(1), actor="BTC:binh", why="floods in the north")
        grant(store, BTC, at=LATE, actor="secretariat:le", instrument="55/VPCP")
        ask(store, BTC, date(2025, 9, 20), at=LATE + minutes(1), actor="BTC:binh", why="more floods")
        grant(store, BTC, at=LATE + minutes(2), actor="secretariat:le", instrument="56/VPCP")
        excuse(
            store,
            f"{DUTY.format('22')}/22",
            at=LATE + minutes(2),
            actor="secretariat:le",
            why="no such office there",
            agreed_by="VPCP",
        )
        for ref in CLOSED:
            submit(store, ref, at=LATE + minutes(4), actor=f"{ref.rpartition('/')[2]}:anna", words="done")
            accept(store, ref, at=LATE + minutes(4), actor="secretariat:le")
        store.close()

    def run(self, *words: object, status: int = 0) -> str:
        said = CliRunner().invoke(app, ["--database", self.url, "history", *map(str, words)])
        assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
        assert said.exit_code == status, said.output
        return said.output

    def ask(self, *words: object) -> dict:  # type: ignore[type-arg]
        return dict(json.loads(self.run(*words, "-f", "json")))


@pytest.fixture(scope="module")
def auditor(tmp_path_factory: pytest.TempPathFactory) -> Auditor:
    return Auditor(tmp_path_factory.mktemp("auditor"))


def test_an_export_is_written_checked_and_never_overwritten(auditor: Auditor) -> None:
    bag = auditor.folder / "bag"
    said = auditor.ask("export", bag)
    assert (said["entries"], said["lost"], said["disagreeing"]) == (len(entries(bag)), [], 0)
    done = subprocess.run(
        [sys.executable, bag / "data/verify.py", "bag", bag], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "✓ HOLDS")
    assert "never overwrites" in auditor.run("export", bag, status=1)


def test_an_export_in_words_says_how_to_check_it(auditor: Auditor) -> None:
    said = auditor.run("export", auditor.folder / "words", "--evidence")
    assert f"python {auditor.folder}/words/data/verify.py bag {auditor.folder}/words" in said
    assert "are under no seal yet" in said
    assert "this is a rehearsal" in said
    assert "Ledger-Mode: rehearsal" in (auditor.folder / "words/bag-info.txt").read_text()


def test_an_export_as_of_a_day_ends_there(auditor: Auditor) -> None:
    auditor.run("export", auditor.folder / "then", "--at", "2025-08-12")
    assert len(entries(auditor.folder / "then")) < len(entries_now(auditor))


def entries(bag: Path) -> list[str]:
    return (bag / "data/entries.jsonl").read_text().splitlines()


def entries_now(auditor: Auditor) -> list[str]:
    auditor.run("export", auditor.folder / "now")
    return entries(auditor.folder / "now")


def test_a_sample_is_the_same_for_everybody_who_has_the_seed(auditor: Auditor) -> None:
    said = auditor.ask("sample", "--size", 3, "--seed", "2025-Q3")
    again = auditor.ask("sample", "--size", 3, "--seed", "2025-Q3")
    assert said == again
    refs = sorted([BNV, BTC, *CLOSED[1:], f"{DUTY.format('22')}/22"])
    ranks = sorted((sha256(f"2025-Q3\n{ref}".encode()).hexdigest(), ref) for ref in refs)
    assert [(each["rank"], each["ref"]) for each in said["drawn"]] == ranks[:3]
    assert (said["population"], said["seed"]) == (6, "2025-Q3")
    assert said["fingerprint"] == sha256("".join(f"{ref}\n" for ref in refs).encode()).hexdigest()
    text = auditor.run("sample", "--size", 3, "--seed", "2025-Q3")
    assert "3 of 6" in text
    assert "seed 2025-Q3" in text
    assert said["fingerprint"] in text


def test_a_sample_can_be_of_one_cell_or_of_entries(auditor: Auditor) -> None:
    late = auditor.ask("sample", "--size", 9, "--seed", "x", "--cell", "completed_late")
    assert {each["ref"] for each in late["drawn"]} == set(CLOSED[:3])
    found = auditor.ask("sample", "--size", 2, "--seed", "x", "--entries", "--kind", "completed")
    assert (found["of"], found["population"], len(found["drawn"])) == ("entries", 4, 2)
    assert {each["about"]["kind"] for each in found["drawn"]} == {"completed"}


def test_what_chooses_assignments_chooses_no_entries(auditor: Auditor) -> None:
    auditor.run("sample", "--size", 1, "--seed", "x", "--entries", "--cell", "undated", status=2)
    auditor.run("sample", "--size", 1, "--seed", "x", "--kind", "completed", status=2)


def test_a_difference_lists_what_moved_what_was_dated_and_what_was_closed_out(auditor: Auditor) -> None:
    said = auditor.ask("diff", "--from", "2025-08-12", "--to", "2025-09-02")
    moves = {(each["origin"], each["target"]): each["refs"] for each in said["moved"]}
    assert moves["open_in_time", "completed_late"] == sorted(CLOSED[:3])
    assert moves["open_in_time", "completed_on_time"] == [CLOSED[3]]
    assert [each["new"] for each in said["deadlines"]] == ["2025-09-10", "2025-09-20"]
    (closed,) = said["closed_out"]
    assert (closed["kind"], closed["why"]) == ("excused", "no such office there")
    text = auditor.run("diff", "--from", "2025-08-12", "--to", "2025-09-02")
    assert "2025-08-31 → 2025-09-10 after it had passed" in text
    assert "Closed out: 1" in text


def test_a_difference_of_one_instant_is_empty(auditor: Auditor) -> None:
    said = auditor.ask("diff", "--from", "2025-09-02", "--to", "2025-09-02")
    assert [said[part] for part in ("new", "moved", "left", "deadlines", "closed_out")] == [[], [], [], [], []]


def test_what_is_new_is_listed(auditor: Auditor) -> None:
    (new,) = auditor.ask("diff", "--from", "2025-08-11T07:59", "--to", "2025-08-11T08:00")["new"] or [{"refs": []}]
    assert len(new["refs"]) == 6


def test_every_changed_date_stands_with_its_reason(auditor: Auditor) -> None:
    first, second = auditor.ask("deadlines")["changes"]
    assert (first["old"], first["new"], first["expired"], first["why"]) == (
        "2025-08-31",
        "2025-09-10",
        True,
        "floods in the north",
    )
    assert (second["instrument"], second["expired"], second["first"]) == ("56/VPCP", False, "2025-08-31")
    assert auditor.ask("deadlines", "--agency", "BNV")["changes"] == []
    assert len(auditor.ask("deadlines", "--since", "2025-09-01T01:01")["changes"]) == 1
    assert "on 55/VPCP: floods in the north" in auditor.run("deadlines")


def test_patterns_print_their_rule_numbers_and_assignments(auditor: Auditor) -> None:
    found = {each["rule"]: each for each in auditor.ask("patterns", "--report", "2025-09-01")["patterns"]}
    assert found.keys() == {"closing-burst", "closing-before-report", "serial-extension", "moved-after-expiry"}
    assert sorted(found["closing-burst"]["refs"]) == sorted([*CLOSED, f"{DUTY.format('22')}/22"])
    assert found["serial-extension"]["numbers"]["times"] == 2
    text = auditor.run("patterns")
    assert "none of this says that anything is wrong" in text
    assert "not asked: name the days of reports with --report" in text
    assert f"the last day of {BTC} was moved 2 times, from 2025-08-31 to 2025-09-20" in text


def test_patterns_of_one_agency_leave_the_others_out(auditor: Auditor) -> None:
    assert auditor.ask("patterns", "--agency", "22")["patterns"] == []
    assert "is no day" in auditor.run("patterns", "--report", "tomorrow", status=2)
