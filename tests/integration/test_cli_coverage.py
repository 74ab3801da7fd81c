"""`tracker directive coverage`: what it says, where it puts it, and how it leaves."""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tracker.cli.main import app

ROOT = Path(__file__).parents[2]
REGISTRY = ROOT / "tests/corpus/registry"
REAL = "Report by August. Publish it too. All is well.\n\nReport, please.\n"
SENTENCES = ("Report by August.", "Publish it too.", "All is well.", "Report, please.")


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


DIRECTIVE = f"""\
directive: 412/TB-VPCP
issued: 2025-08-11
issuer: VPCP
title: {{en: Conclusions, vi: Kết luận, fr: Conclusions}}
sources:
  article: {{file: a.txt, language: en, sha256: {sha256(REAL)}}}
tasks:
  report:
    record: TB412-01
    title: {{en: Report, vi: Báo cáo, fr: Rapport}}
    source: {{in: article, sentence: 1, sha256: {sha256(SENTENCES[0])}}}
    lead: BNV
    due: {{by: 2025-08-31}}
  publish:
    record: [TB412-02, TB412-03]
    title: {{en: Publish, vi: Công bố, fr: Publier}}
    source: {{in: article, sentence: 2, sha256: {sha256(SENTENCES[1])}}}
    lead: BTC
    needs: [report]
    due: {{by: 2025-09-15}}
"""
COVERAGE = f"""\
records: [TB412-01..03]
sources:
  article:
    file: a.txt
    language: en
    sha256: {sha256(REAL)}
    sentences:
      1: {{sha256: {sha256(SENTENCES[0])}}}
      2: {{sha256: {sha256(SENTENCES[1])}}}
      3: {{sha256: {sha256(SENTENCES[2])}, context: Praise}}
      4: {{sha256: {sha256(SENTENCES[3])}, restates: [TB412-01]}}
"""


class Desk:
    """A folder of directives with its accounts, a folder of texts, and the command line over them."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.texts = folder / "directives", folder / "texts"
        shutil.copytree(REGISTRY, self.folder / "registry")
        self.file = self.folder / "2025/412-tb-vpcp.yaml"
        self.book = self.folder / "coverage.yaml"
        for file, text in ((self.file, DIRECTIVE), (self.book, COVERAGE), (self.texts / "a.txt", REAL)):
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(text.encode())

    def change(self, file: Path, old: str, new: str) -> None:
        text = file.read_bytes().decode()
        assert text.count(old) == 1
        file.write_bytes(text.replace(old, new).encode())

    def run(self, *words: str | Path, status: int = 0) -> Any:
        said = CliRunner().invoke(app, ["directive", "coverage", str(self.folder), *map(str, words)])
        assert said.exception is None or isinstance(said.exception, SystemExit), said.exception
        assert said.exit_code == status, said.output
        return said

    def ask(self, *words: str | Path, status: int = 0) -> Any:
        return json.loads(self.run(*words, "--format", "json", status=status).stdout)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_every_sentence_is_shown_with_what_became_of_it(desk: Desk):
    lines = [line.strip() for line in desk.run().stdout.splitlines()]
    assert lines == [
        "article · a.txt (en) · 4 sentences",
        "1  2025/412-tb-vpcp/report (TB412-01)",
        "2  2025/412-tb-vpcp/publish (TB412-02, TB412-03)",
        "3  context: Praise",
        "4  restates TB412-01",
        "",
        "3 of 3 obligations",
        "4 of 4 sentences accounted for: 2 became tasks, 1 restate them, 1 context",
    ]


def test_the_same_as_json(desk: Desk):
    said = desk.ask()
    assert said["obligations"] == {"expected": 3, "found": 3}
    assert said["sentences"] == {
        "all": 4, "accounted": 4, "tasks": 2, "restates": 1, "indicators": 0, "context": 1,
    }  # fmt: skip
    assert said["findings"] == []
    (source,) = said["sources"]
    assert [one["became"] for one in source["sentences"]] == ["tasks", "tasks", "context", "restates"]
    assert source["sentences"][1]["tasks"] == [{"key": "2025/412-tb-vpcp/publish", "records": ["TB412-02", "TB412-03"]}]
    assert said["records"][2] == {"record": "TB412-03", "tasks": ["2025/412-tb-vpcp/publish"]}


def test_with_the_texts_their_fingerprints_are_checked(desk: Desk):
    assert "the fingerprints of 1 text and 4 sentences hold" in desk.run("--sources", desk.texts).stdout
    desk.change(desk.texts / "a.txt", "August", "October")
    assert desk.run().exit_code == 0  # nobody looks at the texts unless asked to
    said = desk.run("--sources", desk.texts, status=3).stdout
    assert "wrong-fingerprint" in said
    assert "hold" not in said
    found = desk.ask("--sources", desk.texts, status=3)["findings"]
    assert [(one["line"], one["code"]) for one in found] == [(3, "wrong-fingerprint"), (8, "wrong-fingerprint")]


def test_a_record_is_found_wherever_it_went(desk: Desk):
    said = desk.run("--record", "TB412-01").stdout
    assert "task 2025/412-tb-vpcp/report, read from sentence 1 of a.txt" in said
    assert "412-tb-vpcp.yaml:11)" in said
    assert "restated by sentence 4 of a.txt" in said
    assert [task["key"] for task in desk.ask("--record", "TB412-03")["tasks"]] == ["2025/412-tb-vpcp/publish"]


def test_a_record_that_is_expected_but_went_nowhere_is_told(desk: Desk):
    desk.change(desk.book, "TB412-01..03", "TB412-01..04")
    assert "no task comes from it" in desk.run("--record", "TB412-04").stdout


def test_an_unknown_record_is_refused_with_the_one_that_was_meant(desk: Desk):
    assert "did you mean 'TB412-0" in desk.run("--record", "TB412-09", status=1).stderr


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("book", ", context: Praise", "", [("coverage.yaml", 10, "unaccounted-sentence")]),
        ("book", "TB412-01..03", "TB412-01..04", [("coverage.yaml", 1, "missing-record")]),
        ("book", "TB412-01..03", "TB412-01..02", [("412-tb-vpcp.yaml", 17, "unknown-record")]),
        ("file", "sentence: 2", "sentence: 5", [
            ("412-tb-vpcp.yaml", 17, "unknown-sentence"), ("coverage.yaml", 9, "unaccounted-sentence"),
        ]),
        ("file", sha256(SENTENCES[1]), sha256("x"), [("412-tb-vpcp.yaml", 17, "wrong-fingerprint")]),
        ("file", "file: a.txt", "file: b.txt", [
            ("412-tb-vpcp.yaml", 11, "unknown-text"), ("412-tb-vpcp.yaml", 17, "unknown-text"),
            ("coverage.yaml", 8, "unaccounted-sentence"), ("coverage.yaml", 9, "unaccounted-sentence"),
        ]),
        ("book", "sources:", "source:", [
            ("coverage.yaml", 1, "missing-key"), ("coverage.yaml", 2, "unknown-key"),
            ("412-tb-vpcp.yaml", 11, "unknown-text"), ("412-tb-vpcp.yaml", 17, "unknown-text"),
        ]),
    ],
)  # fmt: skip
def test_each_mistake_is_a_finding_with_its_place_and_status_3(
    desk: Desk, file: str, old: str, new: str, expected: list[tuple[str, int, str]]
):
    desk.change(getattr(desk, file), old, new)
    found = desk.ask(status=3)["findings"]
    assert sorted((Path(one["file"]).name, one["line"], one["code"]) for one in found) == sorted(expected)
    assert all(one["remedy"] for one in found)


def test_mistakes_of_a_directive_hide_its_tasks_and_are_told_too(desk: Desk):
    desk.change(desk.file, "lead: BTC", "lead: BTX")
    codes = {one["code"] for one in desk.ask(status=3)["findings"]}
    assert codes == {"unknown-agency", "missing-record", "unaccounted-sentence", "unknown-record"}


def test_without_accounts_nothing_is_covered(desk: Desk):
    desk.book.unlink()
    assert "missing-file" in desk.run(status=3).stdout


@pytest.mark.parametrize("words", [["--sources", "nowhere"], ["--sources", "pyproject.toml"]])
def test_texts_are_looked_for_in_a_folder_only(desk: Desk, words: list[str]):
    assert "is no folder" in desk.run(*words, status=3).stderr


def test_the_directives_that_ship_cover_every_obligation_and_every_sentence():
    said = CliRunner().invoke(app, ["directive", "coverage", str(ROOT / "directives")])
    assert said.exit_code == 0
    assert "97 of 97 obligations" in said.stdout
    assert "101 of 101 sentences accounted for: 56 became tasks, 11 restate them, 34 context" in said.stdout
