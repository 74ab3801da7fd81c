"""The command line over a real store: exit codes, what goes to stdout and what to stderr, and who may say when."""

import json
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tracker.cli import exits
from tracker.cli.main import app
from tracker.cli.options import instant
from tracker.domain.errors import Invalid

ROOT = Path(__file__).parent.parent.parent
REGISTRY = ROOT / "tests/corpus/registry"
REF = "2025/412-tb-vpcp/report/BNV"
DIRECTIVE = """\
directive: 412/TB-VPCP
issued: 2025-08-11
issuer: VPCP
title: {en: Conclusions, vi: Kết luận, fr: Conclusions}
tasks:
  report:
    title: {en: Report, vi: Báo cáo, fr: Rapport}
    lead: BNV
    due: {by: 2025-08-31}
    evidence: required
  publish:
    title: {en: Publish, vi: Công bố, fr: Publier}
    lead: BTC
    needs: [report]
    due: {by: 2025-09-15}
"""


class Office:
    """A folder with a registry, one directive and a store, and the command line over them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "directives"
        self.database = folder / "tracker.db"
        shutil.copytree(REGISTRY, self.folder / "registry")
        self.file = self.folder / "2025/412-tb-vpcp.yaml"
        self.file.parent.mkdir()
        self.file.write_text(DIRECTIVE, encoding="utf-8")

    def run(self, *words: str | Path, status: int = 0) -> Any:
        """Run one command, which must leave with `status`, and return what it wrote."""
        said = CliRunner().invoke(app, ["--database", f"sqlite:///{self.database}", *map(str, words)])
        assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
        assert said.exit_code == status, said.output
        return said

    def ask(self, *words: str | Path, status: int = 0) -> Any:
        """Run one command and return its JSON; nothing but JSON is on stdout."""
        return json.loads(self.run(*words, "--format", "json", status=status).stdout)


@pytest.fixture
def empty(tmp_path: Path) -> Office:
    """Files, and no store yet."""
    return Office(tmp_path)


@pytest.fixture
def office(empty: Office) -> Office:
    """A rehearsal with one directive in force since 11 August 2025, 08:00."""
    empty.run("init", "--rehearsal", "--at", "2025-08-11")
    empty.run("directive", "apply", empty.folder, "--yes")
    return empty


# ── When ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "utc"),
    [
        ("2025-08-11", datetime(2025, 8, 11, 1, tzinfo=UTC)),
        ("2025-08-11T00:00", datetime(2025, 8, 10, 17, tzinfo=UTC)),
        ("2025-08-11T08:00", datetime(2025, 8, 11, 1, tzinfo=UTC)),
        ("2025-08-11T08:00Z", datetime(2025, 8, 11, 8, tzinfo=UTC)),
        ("2025-08-11T08:00+02:00", datetime(2025, 8, 11, 6, tzinfo=UTC)),
    ],
)
def test_at_is_hanoi_time_and_a_bare_date_is_eight_in_the_morning(words: str, utc: datetime) -> None:
    assert instant(words) == utc


@pytest.mark.parametrize("words", ["", "now", "2025-8-11", "2025-02-30", "11/08/2025", "2025-08-11T25:00", "9" * 60])
def test_what_is_no_instant_is_refused(words: str) -> None:
    with pytest.raises(Invalid):
        instant(words)


LIVE_REFUSES = (
    ("sweep",),
    ("deliver",),
    ("directive", "apply", "{folder}", "--yes"),
    ("task", "acknowledge", REF),
    ("task", "submit", REF, "--words", "done"),
    ("task", "accept", REF),
    ("task", "return", REF, "--missing", "annex"),
    ("channel", "set", "BNV", "bnv@moha.example"),
    ("channel", "remove", "BNV"),
)


def test_nobody_back_dates_a_live_store(empty: Office) -> None:
    empty.run("init")
    before = empty.database.read_bytes()
    for words in LIVE_REFUSES:
        said = empty.run(*(word.format(folder=empty.folder) for word in words), "--at", "2025-08-11", status=2)
        assert said.stderr.startswith("tracker: live-clock: a live store reads its own clock"), words
    assert empty.database.read_bytes() == before


def test_a_live_store_is_not_made_in_the_past(empty: Office) -> None:
    assert "live-clock" in empty.run("init", "--at", "2025-08-11", status=2).stderr
    assert not empty.database.exists()


def test_a_live_store_works_at_its_own_clock_and_shows_any_instant(empty: Office) -> None:
    empty.run("init")
    empty.run("directive", "apply", empty.folder, "--yes")
    assert empty.ask("sweep")["claimed"] == 2
    assert empty.ask("board")["rehearsal"] is False
    assert empty.ask("board", "--at", "2999-01-01")["cells"]["open_overdue"] == 2


def test_a_rehearsal_goes_on_where_it_had_got_to(office: Office) -> None:
    assert office.ask("sweep", "--at", "2025-08-20")["at"] == "2025-08-20T01:00:00Z"
    assert office.ask("sweep")["at"] == "2025-08-20T01:00:00Z"
    assert office.ask("board")["as_of"] == "2025-08-20T01:00:00Z"


def test_a_rehearsal_never_goes_back(office: Office) -> None:
    office.run("sweep", "--at", "2025-08-20")
    assert "tracker: refused:" in office.run("sweep", "--at", "2025-08-19", status=1).stderr


# ── Exit codes ────────────────────────────────────────────────────────────────────────────────────────────────


def test_0_is_done(office: Office) -> None:
    office.run("board")


def test_1_is_refused_in_one_line_on_stderr(office: Office) -> None:
    said = office.run("task", "accept", REF, status=1)
    assert said.stdout == ""
    assert said.stderr == f"tracker: refused: {REF} is assigned: it cannot be completed from there\n"


def test_1_is_also_a_store_that_is_not_there(empty: Office) -> None:
    assert "tracker: no-store:" in empty.run("board", status=1).stderr


@pytest.mark.parametrize(
    "words", [("bord",), ("board", "--at"), ("board", "--at", "soon"), ("task",), ("board", "--format", "xml")]
)
def test_2_is_usage(office: Office, words: tuple[str, ...]) -> None:
    office.run(*words, status=2)


def test_a_mistyped_command_is_guessed(office: Office) -> None:
    assert "Did you mean 'board'?" in office.run("bord", status=2).stderr


def test_3_is_an_invalid_directive(office: Office) -> None:
    office.file.write_text(DIRECTIVE.replace("needs: [report]", "needs: [raport]"), encoding="utf-8")
    for command in ("check", "plan", "apply"):
        said = office.run("directive", command, office.folder, status=3)
        assert f"{office.file.as_posix()}:14:13: unknown-task:" in said.output, command
        assert "(did you mean 'report'?)" in said.output
    assert "1 error" in office.run("directive", "check", office.file, status=3).stdout


def test_4_is_what_was_to_fail_and_did(office: Office) -> None:
    office.run("board", "--fail-on", "overdue")
    office.run("board", "--fail-on", "overdue", "--at", "2025-08-31T23:59:59")
    office.run("board", "--fail-on", "overdue", "--at", "2025-09-01T00:00", status=4)
    office.run("task", "list", "--fail-on", "overdue", "--at", "2025-09-01", status=4)
    office.run("directive", "plan", office.folder, "--fail-on", "changes")
    office.file.write_text(DIRECTIVE.replace("2025-09-15", "2025-09-16"), encoding="utf-8")
    office.run("directive", "plan", office.folder, "--fail-on", "changes", status=4)


def tampered(office: Office, *statements: str) -> None:
    """Change the file behind the program's back, as somebody with the disk in hand could."""
    with sqlite3.connect(office.database) as connection:
        for verb in ("update", "delete"):
            connection.execute(f"DROP TRIGGER entry_no_{verb}")
        for statement in statements:
            connection.execute(statement)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "at"),
    [
        ("UPDATE entry SET body = replace(body, '2025-08-31', '2025-09-30') WHERE body LIKE '%2025-08-31%'", 5),
        ("UPDATE entry SET actor = 'somebody else' WHERE seq = 3", 3),
        ("DELETE FROM entry WHERE seq = 2", 2),
        ("DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)", 5),
    ],
)
def test_5_is_a_ledger_that_does_not_hold(office: Office, statement: str, at: int) -> None:
    assert office.ask("history", "verify")["holds"] is True
    tampered(office, statement)
    found = office.ask("history", "verify", status=5)
    assert (found["holds"], found["broken_at"]) == (False, at)
    assert "does not hold" in office.run("history", "verify", status=5).stdout


def test_5_is_also_a_cache_that_the_ledger_contradicts(office: Office) -> None:
    office.run("db", "rebuild", "--check")
    with sqlite3.connect(office.database) as connection:
        connection.execute("UPDATE assignment SET cell = 'completed_on_time' WHERE agency = 'BNV'")
    connection.close()
    assert office.ask("db", "rebuild", "--check", status=5)["differing"] == [f"assignment {REF}"]
    assert office.ask("db", "rebuild")["differing"] == [f"assignment {REF}"]
    office.run("db", "rebuild", "--check")


def test_75_is_try_later(office: Office) -> None:
    said = CliRunner().invoke(app, ["--database", "postgresql://tracker@127.0.0.1:1/tracker", "board"])
    assert said.exit_code == 75
    assert said.stderr.startswith("tracker: database-away:")


def test_every_refusal_of_the_domain_has_a_status() -> None:
    for code in exits.STATUS:
        assert exits.status_of(code) in (1, 2, 3, 4, 5, 6, 7, 75)
    assert exits.status_of("a code nobody thought of") == 1


# ── Directives ────────────────────────────────────────────────────────────────────────────────────────────────


def test_findings_are_json_with_file_line_and_column(empty: Office) -> None:
    empty.file.write_text(DIRECTIVE.replace("BTC", "BTX"), encoding="utf-8")
    found = empty.ask("directive", "check", empty.folder, status=3)
    assert found["errors"] == 1
    (finding,) = (one for one in found["findings"] if one["severity"] == "error")
    assert (finding["file"], finding["line"], finding["column"]) == (empty.file.as_posix(), 13, 11)
    assert {"code", "sentence", "remedy"} <= finding.keys()


def test_one_file_may_need_a_task_of_its_neighbour(empty: Office) -> None:
    other = empty.folder / "2025/5-ct-ttg.yaml"
    text = DIRECTIVE.replace("412/TB-VPCP", "5/CT-TTg").replace("[report]", "[2025/412-tb-vpcp/report]")
    other.write_text(text, encoding="utf-8")
    empty.run("directive", "check", other)
    empty.run("directive", "check", empty.file, other)


def test_a_directive_is_applied_after_the_one_it_needs_whatever_their_dates(empty: Office) -> None:
    other = empty.folder / "2025/5-ct-ttg.yaml"
    older = DIRECTIVE.replace("412/TB-VPCP", "5/CT-TTg").replace("issued: 2025-08-11", "issued: 2025-08-01")
    other.write_text(older.replace("[report]", "[2025/412-tb-vpcp/report]"), encoding="utf-8")
    empty.run("init", "--rehearsal", "--at", "2025-08-11")
    found = empty.ask("directive", "apply", empty.folder, "--yes")
    assert [one["key"] for one in found["applied"]] == ["2025/412-tb-vpcp", "2025/5-ct-ttg"]


def test_a_plan_names_what_changes_and_counts_who_is_told(office: Office) -> None:
    text = DIRECTIVE.replace("2025-09-15", "2025-09-16").replace("en: Report,", "en: Report at once,")
    office.file.write_text(text, encoding="utf-8")
    (directive,) = office.ask("directive", "plan", office.folder)["directives"]
    publish, report = directive["tasks"]
    assert (publish["sign"], publish["old_last_day"], publish["new_last_day"]) == ("~", "2025-09-15", "2025-09-16")
    assert (publish["told"], report["told"]) == (1, 0)
    said = office.run("directive", "plan", office.folder).stdout
    assert "last day Mon 15 Sep 2025 → Tue 16 Sep 2025" in said
    assert "+ 0  ~ 2  - 0 tasks · 1 agency would be told" in said


def test_what_is_applied_twice_changes_nothing(office: Office) -> None:
    before = office.ask("board")["seq"]
    found = office.ask("directive", "apply", office.folder)  # nothing to ask about: --yes is not needed
    assert (found["changes"], found["applied"], found["seq"]) == (False, [], before)


def test_nothing_is_applied_where_nobody_can_be_asked(empty: Office) -> None:
    empty.run("init", "--rehearsal", "--at", "2025-08-11")
    assert "tracker: not-asked:" in empty.run("directive", "apply", empty.folder, status=2).stderr
    assert empty.ask("directive", "list")["directives"] == []


def test_a_file_is_applied_with_the_registry_above_it(empty: Office) -> None:
    empty.run("init", "--rehearsal", "--at", "2025-08-11")
    assert empty.ask("directive", "apply", empty.file, "--yes")["registry"] == "changed"
    assert [one["number"] for one in empty.ask("directive", "list")["directives"]] == ["412/TB-VPCP"]


@pytest.mark.parametrize(("form", "start"), [("text", "412/TB-VPCP of"), ("mermaid", "flowchart LR"), ("json", "{")])
def test_the_graph_is_drawn_in_three_forms(empty: Office, form: str, start: str) -> None:
    assert empty.run("directive", "graph", empty.folder, "--format", form).stdout.startswith(start)


# ── The work ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_task_is_reported_returned_and_accepted(office: Office) -> None:
    office.run("task", "acknowledge", "report/BNV", "--at", "2025-08-12")
    assert "no-evidence" in office.run("task", "submit", REF, "-w", "done", status=1).stderr
    after = office.ask("task", "submit", REF, "-w", "done", "-d", "12/BC-BNV", "--at", "2025-08-20")
    assert (after["progress"], after["cell"]) == ("submitted", "open_in_time")
    office.run("task", "return", REF, "-m", "the annex", "--at", "2025-08-21")
    office.run("task", "submit", REF, "-w", "done", "-d", "13/BC-BNV", "--at", "2025-08-22", "--as", "demo:BNV")
    assert office.ask("task", "list", "--standing", "waiting")["tasks"][0]["agency"] == "BTC"
    assert office.ask("task", "accept", REF, "--at", "2025-08-23")["cell"] == "completed_on_time"
    assert office.ask("task", "list", "--standing", "waiting")["tasks"] == []
    shown = office.ask("task", "show", REF)
    kinds = [entry["kind"] for entry in shown["entries"]]
    assert kinds == ["assigned", "acknowledged", "submitted", "returned", "submitted", "completed"]
    assert [entry["invented"] for entry in shown["entries"]] == [False, False, False, False, True, False]
    assert shown["entries"][1]["actor"].startswith("cli:")
    assert "How the date was set" in office.run("task", "explain", REF).stdout


def test_an_event_sets_the_dates_that_wait_for_it_and_comes_again_as_an_occurrence(empty: Office) -> None:
    rule = "{within: 1 working day, of: {event: shortage}}"
    empty.file.write_text(DIRECTIVE.replace("{by: 2025-08-31}", rule), encoding="utf-8")
    empty.run("init", "--rehearsal", "--at", "2025-08-11")
    empty.run("directive", "apply", empty.folder, "--yes")
    event = ("event", "record", "2025/412-tb-vpcp", "shortage")
    first = empty.ask(*event, "2025-08-11", "--at", "2025-08-12")
    assert (first["dated"], first["occurrences"]) == ([REF], [])
    assert empty.ask("task", "show", REF)["row"]["last_day"] == "2025-08-12"
    again = empty.ask(*event, "2025-08-12", "--agency", "BNV", "--at", "2025-08-12")
    assert again["occurrences"] == [f"{REF}@2025-08-12"]
    moved = empty.ask("task", "acknowledge", f"{REF}@2025-08-12", "--at", "2025-08-12")
    assert (moved["ref"], moved["last_day"]) == (f"{REF}@2025-08-12", "2025-08-13")
    assert "the day of the event 'shortage'" in empty.run("task", "explain", f"{REF}@2025-08-12").stdout
    assert "recorded already" in empty.run(*event, "2025-08-11", status=1).stderr
    assert (
        "it knows: shortage" in empty.run("event", "record", "2025/412-tb-vpcp", "flood", "2025-08-11", status=1).stderr
    )
    assert "is not a date" in empty.run(*event, "today", status=2).stderr


def test_the_board_in_json_has_the_keys_that_programs_rely_on(office: Office) -> None:
    found = office.ask("board", "--at", "2025-09-01")
    assert set(found) == {
        *("as_of", "known_at", "seq", "head", "rehearsal", "invented", "zone", "cells", "directives", "overdue"),
        "due_this_week",
        *("awaiting_review", "awaiting_review_total", "reminders", "undelivered"),
        *("asking", "contested", "hold"),
    }
    cells = found["cells"]
    six = ("completed_on_time", "completed_late", "open_in_time", "open_overdue", "undated", "closed_out")
    assert sum(cells[name] for name in six) == cells["total"] == 2
    assert {"numerator": 0, "denominator": 1, "percent": 0.0}.items() <= cells["on_time_rate"].items()
    (late,) = found["overdue"]["rows"]
    assert (late["agency"], late["last_day"], late["late_from"], late["days_late"]) == (
        *("BNV", "2025-08-31", "2025-08-31T17:00:00Z"),
        1,
    )
    assert late["reason"]["text"].startswith("overdue by")


def test_the_sweep_in_json_counts_what_it_did_and_a_second_one_does_nothing(office: Office) -> None:
    office.run("channel", "set", "BNV", "bnv@moha.example")
    first = office.ask("sweep", "--at", "2025-08-12")
    assert {key: first[key] for key in ("claimed", "entries", "reminders")} == {
        "claimed": 2,
        "entries": 2,
        "reminders": 2,
    }
    second = office.ask("sweep", "--at", "2025-08-12")
    assert {key: second[key] for key in ("claimed", "entries", "reminders")} == {
        "claimed": 0,
        "entries": 0,
        "reminders": 0,
    }


def test_what_was_not_delivered_is_listed_with_the_reason(office: Office) -> None:
    office.run("sweep")
    found = office.ask("reminder", "list", "--failed")["reminders"]
    assert {row["agency"] for row in found} == {"BNV", "BTC"}
    assert "tracker channel set" in found[0]["why"]
    assert "undelivered" in office.run("reminder", "list", "--failed").stdout


def test_a_channel_is_set_shown_without_its_secret_and_forgotten(office: Office) -> None:
    office.run("channel", "set", "BNV", "bnv@moha.example")
    (office.folder / "token").write_text("whsec_" + "secret00" * 5 + "\n")
    hook = ("--kind", "webhook", "--field", "url=http://localhost/secret/path", "--name", "hook")
    office.run("channel", "set", "BNV", *hook, "--secret-file", office.folder / "token")
    said = office.run("channel", "list")
    assert "bnv@moha.example" in said.stdout
    assert "webhook:localhost" in said.stdout
    assert "secret" not in said.stdout.replace("language   secret", "") + office.run("history", "show").stdout
    office.run("channel", "remove", "BNV", "--name", "hook")
    assert [one["channel"] for one in office.ask("channel", "list")["channels"]] == ["mail"]
    assert "bad-channel" in office.run("channel", "set", "BNV", "not an address", status=2).stderr
    said = office.run("channel", "set", "BNV", "json://user:hidden@localhost/path", status=2).stderr
    assert "say its kind" in said
    assert "hidden" not in said
    assert "unknown-agency" in office.run("channel", "set", "NOBODY", "a@b.example", status=1).stderr


def test_history_is_filtered_by_task_kind_and_actor(office: Office) -> None:
    office.run("task", "acknowledge", REF, "--as", "clerk")
    assert [one["kind"] for one in office.ask("history", "show", REF)["entries"]] == ["acknowledged", "assigned"]
    assert [one["assignment"] for one in office.ask("history", "show", "--actor", "clerk")["entries"]] == [REF]
    assert office.ask("history", "show", "--kind", "submitted")["entries"] == []
    assert "acknowledged" in office.run("history", "show").stdout


def test_titles_come_in_the_language_asked_for(office: Office) -> None:
    assert office.ask("task", "list", "--lang", "vi")["tasks"][0]["title"] == "Báo cáo"
    assert "Rapport" in office.run("task", "show", REF, "--lang", "fr").stdout


def test_settings_are_shown_without_passwords() -> None:
    words = ["--database", "postgresql://me:hidden@db.example/tracker", "config", "show"]
    said = CliRunner().invoke(app, words, env={"TRACKER_SMTP_URL": "smtp://me:hidden@mail.example"})
    assert said.exit_code == 0
    assert "hidden" not in said.output
    assert "postgresql://me:…@db.example/tracker" in said.output


def test_the_doctor_names_what_is_wrong_and_what_to_do(office: Office) -> None:
    found = office.ask("doctor", status=1)
    checks = {check["name"]: check for check in found["checks"]}
    assert checks["database"]["fine"]
    assert checks["ledger"]["fine"]
    assert not checks["channels"]["fine"]
    assert "tracker channel set" in checks["channels"]["fix"]
    said = office.run("doctor", status=1).stdout
    assert "✓ database" in said
    assert "✗ channels" in said


def test_the_doctor_without_a_store_says_how_to_make_one(empty: Office) -> None:
    assert "tracker init" in empty.run("doctor", status=1).stdout


# ── The program itself ────────────────────────────────────────────────────────────────────────────────────────


def program(*words: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    code = "from tracker.cli.main import main; main()"
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def test_help_loads_no_database_and_no_prefect() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom tracker.cli.main import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "heavy = {'sqlalchemy', 'sqlmodel', 'prefect', 'apprise', 'pendulum', 'yaml', 'alembic'}\n"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_the_program_says_its_version() -> None:
    said = program("--version")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("tracker ")


def test_a_reader_that_goes_away_is_no_error(office: Office) -> None:
    code = f"{sys.executable} -c 'from tracker.cli.main import main; main()'"
    command = f"{code} --database sqlite:///{office.database} history show | head -1"
    said = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert (said.returncode, said.stderr) == (0, "")


def test_colour_is_left_out_where_no_terminal_reads(office: Office) -> None:
    said = program("--database", f"sqlite:///{office.database}", "board", cwd=ROOT)
    assert said.returncode == 0
    assert "\x1b[" not in said.stdout
    assert said.stderr == ""


def test_the_demo_passes_its_arguments_and_its_exit_code_on(tmp_path: Path) -> None:
    (tmp_path / "flows").mkdir()
    (tmp_path / "flows/__init__.py").touch()
    (tmp_path / "flows/demo.py").write_text("import sys\nprint(sys.argv[1:])\nsys.exit(7)\n")
    said = program("demo", "--folder", "here", "--quick", cwd=tmp_path)
    assert (said.returncode, said.stdout) == (7, "['--folder', 'here', '--quick']\n")
