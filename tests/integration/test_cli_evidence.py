"""`tracker evidence`: what goes in comes out the same, what is shared is seen, what is broken is said with a 5."""

import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_directive, a_registry, a_task
from tests.integration.test_cli import ROOT, Office
from tests.simulation.a_store import ADOPTED
from tracker.cli import exits
from tracker.domain.evidence import Proof
from tracker.operations import adopt_directive, adopt_registry, init, submit

PDF = b"%PDF-1.7\nthe report\n"
SHA = sha256(PDF).hexdigest()
ONE, OTHER = "2025/412-tb-vpcp/one/BNV", "2025/412-tb-vpcp/other/BTC"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A live store with two tasks, and a file to prove them with."""
    made = Office(tmp_path)
    store = init(f"sqlite:///{made.database}", rehearsal=True, at=ADOPTED, actor="test")
    adopt_registry(store, a_registry(), at=ADOPTED, actor="test")
    adopt_directive(store, a_directive(a_task("one"), a_task("other", lead="BTC")), at=ADOPTED, actor="test")
    store.close()
    (tmp_path / "report.pdf").write_bytes(PDF)
    return made


def reported(office: Office, *refs: str) -> None:
    from tracker.operations import open_store

    store = open_store(f"sqlite:///{office.database}")
    for ref in refs:
        submit(store, ref, at=ADOPTED, actor="cli:root", words="done", proofs=[Proof(SHA, "12/BC", ADOPTED.date())])
    store.close()


def place_of(office: Office) -> Path:
    return office.database.parent / "evidence" / SHA[:2] / SHA


def test_what_is_added_comes_back_the_same_and_overwrites_nothing(office: Office, tmp_path: Path) -> None:
    (added,) = office.ask("evidence", "add", tmp_path / "report.pdf", "--as", "BNV:anna")["evidence"]
    assert (added["sha256"], added["name"], added["size"], added["again"]) == (SHA, "report.pdf", len(PDF), False)
    assert "known already" in office.run("evidence", "add", tmp_path / "report.pdf").stdout
    office.run("evidence", "get", SHA, "-o", tmp_path / "back.pdf", "--as", "BNV:anna")
    assert (tmp_path / "back.pdf").read_bytes() == PDF
    said = office.run("evidence", "get", SHA, "-o", tmp_path / "back.pdf", status=exits.USAGE)
    assert "is there already" in said.stderr
    said = office.run("evidence", "get", SHA, "-o", tmp_path / "theirs.pdf", "--as", "BTC:chi", status=exits.FAILED)
    assert said.stderr == "tracker: no-such-evidence: there is no such evidence, or it is not yours to have\n"
    assert not (tmp_path / "theirs.pdf").exists()


def test_bytes_go_to_stdout_alone(office: Office, tmp_path: Path) -> None:
    office.run("evidence", "add", tmp_path / "report.pdf")
    command = [sys.executable, "-c", "from tracker.cli.main import main; main()"]
    words = ["--database", f"sqlite:///{office.database}", "evidence", "get", SHA, "-o", "-"]
    done = subprocess.run([*command, *words], capture_output=True, check=False, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, PDF), done.stderr.decode()


@pytest.mark.parametrize("name", ["nowhere.pdf", "directives"])
def test_a_file_that_cannot_be_read_is_a_mistake_of_the_command(office: Office, tmp_path: Path, name: str) -> None:
    assert "cannot be read" in office.run("evidence", "add", tmp_path / name, status=exits.USAGE).stderr


def test_the_settings_say_where_and_how_large(office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKER_EVIDENCE", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("TRACKER_EVIDENCE_LIMIT", str(len(PDF)))
    office.run("evidence", "add", tmp_path / "report.pdf")
    assert (tmp_path / "elsewhere" / SHA[:2] / SHA).read_bytes() == PDF
    monkeypatch.setenv("TRACKER_EVIDENCE_LIMIT", str(len(PDF) - 1))
    assert "too-large" in office.run("evidence", "add", tmp_path / "report.pdf", status=exits.FAILED).stderr
    monkeypatch.setenv("TRACKER_EVIDENCE_LIMIT", "plenty")
    assert "is no size" in office.run("evidence", "add", tmp_path / "report.pdf", status=exits.USAGE).stderr


def test_what_is_shared_is_listed_with_what_it_closes(office: Office, tmp_path: Path) -> None:
    office.run("evidence", "add", tmp_path / "report.pdf")
    assert "No document closes more than one task." in office.run("evidence", "shared").stdout
    reported(office, ONE, OTHER)
    (shared,) = office.ask("evidence", "shared")["documents"]
    assert (shared["sha256"], shared["assignments"], shared["agencies"]) == (SHA, [ONE, OTHER], ["BNV", "BTC"])
    said = office.run("evidence", "shared").stdout
    assert "report.pdf closes 2 tasks of BNV, BTC" in said
    (proof,) = office.ask("evidence", "list", "one/BNV")["proofs"]
    assert (proof["number"], proof["name"], proof["also_closes"]) == ("12/BC", "report.pdf", [OTHER])
    assert f"! the same document closes {OTHER}" in office.run("evidence", "list", "one/BNV").stdout
    assert office.ask("task", "show", "one/BNV")["proofs"] == [proof]
    said = office.run("task", "show", "one/BNV").stdout
    assert "document 12/BC of Mon 11 Aug 2025, report.pdf" in said
    assert f"! the same document closes {OTHER}" in said
    (file,) = office.ask("evidence", "list")["files"]
    assert (file["sha256"], file["assignments"]) == (SHA, [ONE, OTHER])
    assert f"named by {ONE}, {OTHER}" in office.run("evidence", "list").stdout


def test_a_check_that_fails_leaves_with_5_and_the_doctor_agrees(office: Office, tmp_path: Path) -> None:
    office.run("evidence", "add", tmp_path / "report.pdf")
    assert office.ask("evidence", "check")["holds"] is True
    place_of(office).chmod(0o600)
    place_of(office).write_bytes(PDF + b"more")
    assert office.ask("evidence", "check", status=exits.INTEGRITY)["broken"] == [SHA]
    said = office.run("evidence", "get", SHA, "-o", tmp_path / "back.pdf", status=exits.INTEGRITY)
    assert "broken: the bytes of evidence" in said.stderr
    assert not (tmp_path / "back.pdf").exists()
    shutil.rmtree(place_of(office).parent)
    assert f"{SHA}: an entry speaks of it" in office.run("evidence", "check", status=exits.INTEGRITY).stdout
    assert doctors(office)["evidence"]["fine"] is False


def test_what_a_crash_left_is_said_and_only_the_unfinished_removed(office: Office, tmp_path: Path) -> None:
    office.run("evidence", "add", tmp_path / "report.pdf")
    orphan = sha256(b"orphan").hexdigest()
    folder = office.database.parent / "evidence"
    (folder / orphan[:2]).mkdir()
    (folder / orphan[:2] / orphan).write_bytes(b"orphan")
    (folder / ".incoming-0123").write_bytes(b"half")
    seen = doctors(office)["evidence"]
    assert (seen["fine"], seen["seen"]) == (True, "2 files, all there, 1 without an entry, 1 unfinished")
    found = office.ask("evidence", "tidy")
    assert (found["removed"], found["orphans"], found["unfinished"]) == ([".incoming-0123"], [orphan], [])
    assert (folder / orphan[:2] / orphan).exists()
    assert f"{orphan}: no entry of this store speaks of it" in office.run("evidence", "tidy").stdout


def doctors(office: Office) -> dict[str, Any]:
    return {check["name"]: check for check in office.ask("doctor", status=exits.FAILED)["checks"]}


def test_a_file_of_a_kind_not_taken_is_refused_in_a_line(office: Office, tmp_path: Path) -> None:
    (tmp_path / "page.pdf").write_bytes(b"<html></html>")
    os.mkfifo(tmp_path / "pipe.pdf")
    said = office.run("evidence", "add", tmp_path / "page.pdf", status=exits.FAILED)
    assert said.stderr.startswith("tracker: bad-type: 'page.pdf' is none of the kinds that are taken")
    said = office.run("evidence", "add", tmp_path / "pipe.pdf", status=exits.USAGE)
    assert "is no file" in said.stderr
