"""calendar.yaml: a base expanded by a library, and what the file says over it, day by day."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from tracker.domain.calendar import Calendar
from tracker.domain.finding import Finding
from tracker.files.registry import read_registry

REGISTRY = Path(__file__).parents[2] / "corpus/registry"
HEAD = "zone: Asia/Ho_Chi_Minh\nweekend: [sat, sun]\n"
BASE = HEAD + "base: {library: holidays, country: VN, years: 2025-2026, decided_until: 2025-12-31}\n"
NAME = "name: {vi: Bão, en: Storm, fr: Tempête}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(REGISTRY, tmp_path / "registry"))


def read(folder: Path, text: str) -> tuple[Calendar | None, tuple[Finding, ...]]:
    (folder / "calendar.yaml").write_text(text, encoding="utf-8")
    registry, findings = read_registry(folder)
    return registry.calendar if registry else None, findings


def calendar(folder: Path, text: str) -> Calendar:
    found, findings = read(folder, text)
    assert findings == ()
    assert found is not None
    return found


def test_a_base_is_expanded_to_days_with_their_names(folder: Path) -> None:
    found = calendar(folder, BASE)
    national = found.days_off[date(2025, 9, 2)]
    assert (national.name.vi, national.name.en, national.name.fr) == ("Quốc khánh", "National Day", "Fête nationale")
    assert (national.source, national.known_on) == ("the library holidays, VN", None)
    assert {day.year for day in found.days_off} == {2025, 2026}


@pytest.mark.parametrize(
    ("day", "certainty"), [("2025-09-02", "decided"), ("2026-01-01", "predicted"), ("2026-09-02", "predicted")]
)
def test_what_lies_after_the_last_decision_is_predicted(folder: Path, day: str, certainty: str) -> None:
    assert calendar(folder, BASE).days_off[date.fromisoformat(day)].certainty == certainty


def test_without_a_last_decision_all_of_a_base_is_predicted(folder: Path) -> None:
    found = calendar(folder, BASE.replace(", decided_until: 2025-12-31", ""))
    assert {special.certainty for special in found.days_off.values()} == {"predicted"}


def test_a_swap_of_the_library_names_both_of_its_days(folder: Path) -> None:
    found = calendar(folder, BASE)
    assert found.days_off[date(2025, 5, 2)].name.en == "swapped day off, worked on 2025-04-26"
    assert found.make_up_days[date(2025, 4, 26)].name.fr == "travaillé au lieu du 02/05/2025"
    assert sorted(found.make_up_days) == [date(2025, 4, 26), date(2026, 8, 22)]


def test_a_day_of_the_base_on_a_weekly_day_off_is_left_to_the_week(folder: Path) -> None:
    assert date(2026, 4, 26) not in calendar(folder, BASE).days_off  # a Sunday
    assert date(2026, 4, 27) in calendar(folder, BASE).days_off


def test_the_file_wins_over_the_base_and_may_leave_the_name_to_it(folder: Path) -> None:
    found = calendar(folder, BASE + "days_off:\n  - {date: 2026-09-02, source: Labour Code, known_on: 2019-11-20}\n")
    special = found.days_off[date(2026, 9, 2)]
    assert (special.name.en, special.source) == ("National Day", "Labour Code")
    assert (special.known_on, special.certainty) == (date(2019, 11, 20), "decided")


def test_a_day_the_base_lacks_is_added_in_its_place(folder: Path) -> None:
    found = calendar(folder, BASE + f"days_off:\n  - {{date: 2026-01-02, {NAME}, source: decree}}\n")
    assert list(found.days_off) == sorted(found.days_off)
    assert found.days_off[date(2026, 1, 2)].source == "decree"


def test_a_day_of_the_base_can_be_taken_out_on_an_authority(folder: Path) -> None:
    found = calendar(folder, BASE + "removed:\n  - {date: 2026-11-24, source: 1/CV-BVHTTDL, known_on: 2026-10-01}\n")
    day = date(2026, 11, 24)
    assert found.is_working(day)
    assert found.removed[day].source == "1/CV-BVHTTDL"
    assert found.as_known(date(2026, 10, 1)).is_working(day)
    before = found.as_known(date(2026, 9, 30))
    assert not before.is_working(day)
    assert before.days_off[day].certainty == "predicted"


def test_a_make_up_day_of_the_base_can_be_taken_out_too(folder: Path) -> None:
    found = calendar(folder, BASE + "removed:\n  - {date: 2026-08-22, source: decree, known_on: 2026-08-01}\n")
    saturday = date(2026, 8, 22)
    assert not found.is_working(saturday)
    assert found.as_known(date(2026, 7, 31)).is_working(saturday)


def test_without_a_base_only_the_days_of_the_file_are_known(folder: Path) -> None:
    found = calendar(folder, HEAD + f"days_off:\n  - {{date: 2025-08-18, {NAME}, source: decree}}\n")
    assert (list(found.days_off), dict(found.make_up_days)) == ([date(2025, 8, 18)], {})


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (HEAD + "base: {library: workdays, country: VN, years: 2025}\n", "bad-choice", 3),
        (HEAD + "base: {library: holidays, country: Vietnam, years: 2025}\n", "bad-choice", 3),
        (HEAD + "base: {library: holidays, country: VN}\n", "missing-key", 3),
        (HEAD + "base: {library: holidays, country: VN, years: 25}\n", "bad-date", 3),
        (HEAD + "base: {library: holidays, country: VN, years: 2026-2025}\n", "bad-date", 3),
        (HEAD + "base: {library: holidays, country: VN, years: 2000-2030}\n", "bad-date", 3),
        (HEAD + "base: {library: holidays, country: VN, years: 2025, until: 2026}\n", "unknown-key", 3),
        (HEAD + "base: holidays\n", "wrong-type", 3),
        (BASE + "days_off:\n  - {date: 2026-01-02, source: decree}\n", "missing-key", 5),
        (BASE + "days_off:\n  - {date: 2026-09-02, source: law, certainty: likely}\n", "bad-choice", 5),
        (BASE + "removed:\n  - {date: 2026-01-02, source: decree}\n", "missing-key", 5),
        (BASE + f"removed:\n  - {{date: 2026-01-02, {NAME}, source: decree}}\n", "unknown-day", 5),
        (
            BASE + "removed:\n  - {date: 2026-09-02, source: a}\ndays_off:\n  - {date: 2026-09-02, source: b}\n",
            "duplicate-day",
            5,
        ),
        (BASE + f"make_up_days:\n  - {{date: 2026-09-05, for: 2026-09-03, {NAME}, source: a}}\n", "unknown-day", 5),
    ],
)
def test_a_mistake_is_a_finding_in_its_line(folder: Path, text: str, code: str, line: int) -> None:
    found, findings = read(folder, text)
    assert found is None
    assert (code, line) in {(finding.code, finding.place.line) for finding in findings}


def test_the_years_of_a_base_have_a_limit(folder: Path) -> None:
    assert calendar(folder, BASE.replace("2025-2026", "2001-2030")).days_off
