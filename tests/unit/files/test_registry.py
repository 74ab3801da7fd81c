"""The registry's files: agencies, communes, calendar, ladders; every mistake in its file, line and column."""

import shutil
from pathlib import Path

import pytest

from tracker.domain.calendar import Span
from tracker.domain.text import Text
from tracker.files.registry import read_registry

SMALL = Path(__file__).parents[2] / "corpus" / "registry"
SHIPPED = Path(__file__).parents[3] / "directives" / "registry"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SMALL, tmp_path / "registry"))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def codes(folder: Path) -> list[tuple[str, int, int, str]]:
    registry, findings = read_registry(folder)
    assert (registry is None) == bool(findings)
    return [(Path(f.place.file).name, f.place.line, f.place.column, f.code) for f in findings]


def test_a_registry_is_read_whole():
    registry, findings = read_registry(SMALL)
    assert findings == ()
    assert registry is not None
    assert registry.agencies["00004"].name == Text(vi="Phường Ba Đình", en="Phường Ba Đình", fr="Phường Ba Đình")
    assert registry.agencies["00004"].parent == "01"
    assert registry.agencies["BGDDT"].symbol == "BGDĐT"
    assert registry.sets["central"].codes == ("VPCP",)
    assert registry.due_soon == Span(3, "working days")
    assert [str(rung) for rung in registry.ladders["standard"].rungs] == [
        "assigned", "before-10wd", "before-3wd", "before-1wd", "due", "after-1wd",
    ]  # fmt: skip
    assert [str(day) for day in registry.calendar.make_up_days] == ["2026-01-10"]


def test_the_shipped_registry_has_every_commune():
    registry, findings = read_registry(SHIPPED)
    assert findings == ()
    assert registry is not None
    assert len(registry.members("communes", on=registry.agencies["01"].valid_from)) == 3321


# the mark ¦ stands where the finding must point
@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("agencies.yaml", "code: BTC,", "code: ¦BNV,", "duplicate-agency"),
        ("agencies.yaml", "parent: CP", "parent: ¦CPP", "unknown-agency"),
        ("agencies.yaml", "kind: [ministry]}", "kind: [¦minister]}", "unknown-kind"),
        ("agencies.yaml", "codes: [VPCP]", "codes: [¦VPPC]", "unknown-agency"),
        ("agencies.yaml", "  central:", "  ¦BTC-:", "bad-id"),
        ("agencies.yaml", "kind: ministry,", "kind: ¦Ministry,", "bad-id"),
        ("agencies.yaml", "valid_to: 2025-03-01", "valid_to: ¦2025-02-29", "bad-date"),
        ("agencies.yaml", "2025-03-01,", "2025-03-01, valid_to: ¦2025-03-01,", "bad-date"),
        ("agencies.yaml", "fr: Hanoï}", "fr: Hanoï}, ¦capital: true", "unknown-key"),
        ("communes.csv", "code,", "¦id,", "bad-header"),
        ("communes.csv", "phuong,04", "phuong,¦05", "unknown-agency"),
        ("communes.csv", "00008,", "¦00004,", "duplicate-agency"),
        ("communes.csv", "00008,", "¦0 8,", "bad-id"),
        ("communes.csv", "Phường Hạ Long", "¦ ", "empty-value"),
        ("communes.csv", "06652,Phường Hạ Long,phuong", "¦06652,Phường Hạ Long", "bad-row"),
        ("communes.csv", "06652,Phường Hạ", '¦06652,"Phường Hạ', "bad-row"),
        ("communes.csv", "Hạ Long", "Hạ ¦\0Long", "control-character"),
        ("calendar.yaml", "Asia/Ho_Chi_Minh", "¦Asia/Hue", "bad-zone"),
        ("calendar.yaml", "[sat, sun]", "¦[mon, tue, wed, thu, fri, sat, sun]", "bad-choice"),
        ("calendar.yaml", "[sat", "[¦samedi", "bad-choice"),
        ("calendar.yaml", "{date: 2025-09-02", "¦{date: 2025-09-01", "duplicate-day"),
        ("calendar.yaml", "for: 2026-01-02", "for: ¦2026-01-03", "unknown-day"),
        ("calendar.yaml", "{date: 2025-09-01, name", "¦{date: 2025-09-01, nom", "missing-key"),
        ("ladders.yaml", "3 working days\n", "¦soon\n", "bad-span"),
        ("ladders.yaml", "standard:", "¦usual:", "missing-key"),
        ("ladders.yaml", "gentle:", "¦none:", "bad-id"),
        ("ladders.yaml", '"08:00"', '¦"8:00"', "bad-time"),
        ("ladders.yaml", "rungs: [due]", "rungs: [¦3 days later]", "bad-rung"),
        ("ladders.yaml", "review: true", "review: ¦always", "bad-choice"),
    ],
)
def test_a_mistake_is_told_in_its_file_line_and_column(folder: Path, file: str, old: str, new: str, code: str):
    edit(folder / file, old, new)
    before, after = (folder / file).read_text().split("¦")
    (folder / file).write_text(before + after)
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    assert (file, line, column, code) in codes(folder)


@pytest.mark.parametrize("file", ["agencies.yaml", "communes.csv", "calendar.yaml", "ladders.yaml"])
def test_a_missing_file_is_told_and_not_guessed_around(folder: Path, file: str):
    (folder / file).unlink()
    assert (file, 1, 1, "missing-file") in codes(folder)


def test_mistakes_in_all_files_are_told_in_one_run(folder: Path):
    edit(folder / "agencies.yaml", "code: BTC,", "code: BNV,")
    edit(folder / "communes.csv", "phuong,04", "phuong,05")
    edit(folder / "calendar.yaml", "Asia/Ho_Chi_Minh", "Asia/Hue")
    edit(folder / "ladders.yaml", "08:00", "8:00")
    assert len({file for file, *_ in codes(folder)}) == 4


def test_offices_that_are_their_own_ancestors_are_a_finding(folder: Path):
    edit(folder / "agencies.yaml", "fr: Gouvernement}}", "fr: Gouvernement}, parent: TTg}")
    assert {code for *_, code in codes(folder)} == {"cycle"}
