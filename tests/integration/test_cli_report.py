"""`tracker report summary` and `check`, and both instants of the past on every reading command."""

import json
from pathlib import Path

import pytest

from tests.integration.test_cli import Office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    made = Office(tmp_path)
    made.run("init", "--rehearsal", "--at", "2025-08-11")
    made.run("directive", "apply", made.folder, "--yes", "--at", "2025-08-11")
    return made


def test_a_report_made_again_has_the_same_bytes_in_every_language_and_as_another_person(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    words = ("report", "summary", "--from", "2025-08-12", "--to", "2025-09-02", "--format", "json")
    kept = tmp_path / "august.json"
    office.run("sweep", "--at", "2025-09-03")
    first = office.run(*words, "-o", kept).stdout
    assert kept.read_bytes() == first.encode()
    monkeypatch.setenv("LOGNAME", "somebody-else")
    office.run("task", "submit", "report/BNV", "-w", "done", "-d", "12/BC", "--at", "2025-09-04")
    office.run("task", "accept", "report/BNV", "--at", "2025-09-05")
    for lang in ("vi", "fr"):
        assert office.run(*words, "--lang", lang).stdout == first
    told = office.run("report", "check", kept).stdout
    assert json.loads(first)["fingerprint"] in told
    kept.write_text(first.replace('"open_overdue":1', '"open_overdue":0'), encoding="utf-8")
    assert "it was changed" in office.run("report", "check", kept, status=5).stdout


def test_a_report_as_text_prints_every_rate_with_its_formula_and_the_fingerprint(office: Office) -> None:
    office.run("sweep", "--at", "2025-09-03")
    told = office.run("report", "summary", "--from", "2025-08-12", "--at", "2025-09-02").stdout
    assert "on time, of all completed: no rate yet: 0 of 0 (completed on time ÷" in told
    assert "open, in time → open, overdue: 1 assignment\n  2025/412-tb-vpcp/report/BNV" in told
    assert (
        f"fingerprint {office.ask('report', 'summary', '--from', '2025-08-12', '--at', '2025-09-02')['fingerprint']}"
        in told
    )
    known = office.run("board", "--at", "2025-08-30", "--known", "2025-09-02").stdout
    assert "as known on Tue 2 Sep 2025 08:00" in known


@pytest.mark.parametrize("words", [("check", "nowhere.json"), ("summary", "--below"), ("summary", "--agency", "XX")])
def test_a_report_that_cannot_be_made_or_read_is_refused_in_one_line(office: Office, words: tuple[str, ...]) -> None:
    said = office.run("report", *words, status=2 if "--below" in words else 1)
    assert said.stderr.startswith("tracker: ")


READING = (
    ("board",),
    ("task", "list"),
    ("task", "show", "report/BNV"),
    ("task", "explain", "report/BNV"),
    ("history", "show"),
    ("reminder", "list"),
    ("directive", "list"),
    ("directive", "show", "2025/412-tb-vpcp"),
    ("calendar", "show", "2025-09"),
    ("calendar", "count", "--from", "2025-09-01", "--days", "3"),
)


@pytest.mark.parametrize("words", READING, ids=lambda words: " ".join(words[:2]))
def test_every_reading_command_takes_both_instants_and_says_both(office: Office, words: tuple[str, ...]) -> None:
    office.run("sweep", "--at", "2025-09-10")
    then = office.ask(*words, "--at", "2025-09-05")
    assert (then["as_of"], then["known_at"]) == ("2025-09-05T01:00:00Z", "2025-09-05T01:00:00Z")
    since = office.ask(*words, "--at", "2025-09-05", "--known", "now")
    assert (since["as_of"], since["known_at"]) == ("2025-09-05T01:00:00Z", "2025-09-10T01:00:00Z")
    assert since["seq"] > then["seq"]
    ahead = office.ask(*words, "--at", "2025-12-01")
    assert (ahead["as_of"], ahead["known_at"]) == ("2025-12-01T01:00:00Z", "2025-09-10T01:00:00Z")
