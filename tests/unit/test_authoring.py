"""Authoring commands: fmt, new and import leave every file as good as before, and say what they did."""

import shutil
from pathlib import Path

import openpyxl
import pytest
import yaml
from typer.testing import CliRunner, Result

from tracker.cli.directive import app
from tracker.cli.exits import INVALID_DIRECTIVE, MATCHED, OK
from tracker.domain.errors import Invalid, NotFound, Refused
from tracker.files.reader import read_directives
from tracker.files.registry import read_registry

ROOT = Path(__file__).parents[2]
UNTIDY = "tasks: {}\nissuer: VPCP\nissued: 2025-08-11 # then\ntitle: {vi: a, en: a, fr: a}\ndirective: 412/TB-VPCP\n"
TIDY = "directive: 412/TB-VPCP\nissued: 2025-08-11 # then\nissuer: VPCP\ntitle: {vi: a, en: a, fr: a}\ntasks: {}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "tests" / "corpus" / "registry", tmp_path / "registry")
    return tmp_path


def run(*args: object) -> Result:
    return CliRunner().invoke(app, [str(arg) for arg in args])


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_fmt_lays_out_every_file_of_a_folder_once(folder: Path):
    file = put(folder / "2025" / "412-tb-vpcp.yaml", UNTIDY)
    first = run("fmt", folder)
    assert (first.exit_code, first.output) == (OK, f"laid out {file}\n")
    assert file.read_text(encoding="utf-8") == TIDY
    assert run("fmt", folder).output == ""


def test_fmt_check_writes_nothing_and_leaves_with_four(folder: Path):
    file = put(folder / "2025" / "412-tb-vpcp.yaml", UNTIDY)
    found = run("fmt", "--check", folder)
    assert (found.exit_code, found.output) == (MATCHED, f"would lay out {file}\n")
    assert file.read_text(encoding="utf-8") == UNTIDY
    put(file, TIDY)
    assert run("fmt", "--check", folder).exit_code == OK


def test_fmt_leaves_a_file_with_mistakes_alone_and_lays_out_the_others(folder: Path):
    bad = put(folder / "2025" / "1-qd-ttg.yaml", UNTIDY.replace("2025-08-11", "soon"))
    good = put(folder / "2025" / "412-tb-vpcp.yaml", UNTIDY)
    found = run("fmt", folder)
    assert found.exit_code == INVALID_DIRECTIVE
    assert "1-qd-ttg.yaml:3:9: bad-date" in found.output
    assert "soon" in bad.read_text(encoding="utf-8")
    assert good.read_text(encoding="utf-8") == TIDY


@pytest.mark.parametrize("number", ["413/TB-VPCP", "8/2025/QĐ-TTg", "9/BNV-TCBC"])
def test_a_started_file_is_valid_tidy_and_in_its_place(folder: Path, number: str):
    made = run("new", number, "--issued", "2025-09-01", "--dir", folder)
    assert made.exit_code == OK
    file = Path(made.output.strip())
    registry, _ = read_registry(folder / "registry")
    directives, findings = read_directives(folder, registry)
    assert findings == ()
    assert file == folder / f"{directives[0].key}.yaml"
    assert directives[0].number == number
    assert file.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=../schema.json\n")
    assert run("fmt", "--check", folder).exit_code == OK


@pytest.mark.parametrize("name", ["Họp ĐUCP 23/8", "Draft: a law", "# 5", "2025", "no"])
def test_what_has_no_number_is_started_by_its_name(folder: Path, name: str):
    args = ("new", name, "--issued", "2025-08-23", "--issuer", "VPCP", "--dir", folder)
    assert isinstance(run(*args).exception, Invalid)
    assert run(*args, "--unnumbered", "meeting").exit_code == OK
    registry, _ = read_registry(folder / "registry")
    directives, findings = read_directives(folder, registry)
    assert findings == ()
    assert (directives[0].number, directives[0].kind, directives[0].title.en) == (name, "meeting", name)
    assert run("fmt", "--check", folder).exit_code == OK


@pytest.mark.parametrize(("name", "more"), [("Họp", ("party",)), ("Họp", ("meeting",)), ("///", ("meeting",))])
def test_a_name_needs_a_kind_that_exists_an_issuer_and_letters(folder: Path, name: str, more: tuple[str, ...]):
    issuer = ("--issuer", "VPCP") if name == "///" else ()
    made = run("new", name, "--issued", "2025-08-23", "--unnumbered", *more, *issuer, "--dir", folder)
    assert isinstance(made.exception, Invalid)
    assert list(folder.glob("2025/*")) == []


def test_the_keys_beside_a_started_file_can_be_taken_over(folder: Path):
    file = Path(run("new", "413/TB-VPCP", "--issued", "2025-09-01", "--dir", folder).output.strip())
    text = file.read_text(encoding="utf-8")
    for key in ("lead: BNV", "with: [BTC]", "takes: 20 working days", "due: {by", "deliverable: report", "evidence:"):
        assert f"    # {key}" in text
        text = text.replace(f"    # {key}", f"    {key}")
    put(file, "".join(line for line in text.splitlines(keepends=True) if "track: false" not in line))
    registry, _ = read_registry(folder / "registry")
    directives, findings = read_directives(folder, registry)
    assert findings == ()
    assert directives[0].tasks[0].lead == "BNV"


def test_a_file_that_stands_there_is_not_written_over(folder: Path):
    assert run("new", "413/TB-VPCP", "--issued", "2025-09-01", "--dir", folder).exit_code == OK
    again = run("new", "413/TB-VPCP", "--issued", "2025-09-01", "--dir", folder)
    assert isinstance(again.exception, Refused)


def test_a_slip_and_a_stranger_are_refused_with_the_mend(folder: Path):
    slip = run("new", "170/KL-TW", "--issued", "2025-09-01", "--issuer", "BNV", "--dir", folder)
    assert isinstance(slip.exception, Invalid)
    assert "170-KL/TW" in str(slip.exception)
    stranger = run("new", "170-KL/TW", "--issued", "2025-09-01", "--dir", folder)
    assert isinstance(stranger.exception, NotFound)
    assert list(folder.glob("2025/*")) == []
    assert run("new", "170-KL/TW", "--issued", "2025-09-01", "--issuer", "Bộ Nội vụ", "--dir", folder).exit_code == OK


def a_table(folder: Path, host: str) -> Path:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["Nhiệm vụ", "Cơ quan chủ trì", "Thời hạn"])
    page.append(["Rà soát", host, "tháng 9/2025"])
    book.save(folder / "plan.xlsx")
    return folder / "plan.xlsx"


def test_an_import_shows_first_and_writes_only_when_told(folder: Path):
    args = ("import", a_table(folder, "Bộ Nội vụ"), "--number", "5/KH-BNV", "--issued", "2025-09-01", "--dir", folder)
    shown = run(*args)
    assert shown.exit_code == OK
    assert "nothing was written" in shown.output
    assert "ra-soat" in shown.output
    assert not (folder / "2025").exists()
    assert run(*args, "--write").exit_code == OK
    registry, _ = read_registry(folder / "registry")
    directives, findings = read_directives(folder, registry)
    assert findings == ()
    assert [(task.id, task.lead) for task in directives[0].tasks] == [("ra-soat", "BNV")]
    assert run("fmt", "--check", folder).exit_code == OK


def test_an_import_with_a_mistake_writes_nothing_even_when_told(folder: Path):
    table = a_table(folder, "Bộ Nội vụu")
    found = run("import", table, "--number", "5/KH-BNV", "--issued", "2025-09-01", "--dir", folder, "--write")
    assert found.exit_code == INVALID_DIRECTIVE
    assert "plan.xlsx:Sheet!B2: unknown-agency" in found.output
    assert not (folder / "2025").exists()


def test_the_hooks_run_commands_that_exist():
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [hook["id"] for hook in hooks] == ["directive-check", "directive-fmt"]
    for hook in hooks:
        program, group, command = hook["entry"].split()
        assert (program, group) == ("tracker", "directive")
        assert run(command, "--help").exit_code == OK
        assert hook["language"] == "python"
