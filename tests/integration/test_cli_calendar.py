"""`tracker calendar` over a real store: the days with their authority, counts line by line, what a change moves."""

from pathlib import Path

import pytest

from tests.integration.test_cli import Office, empty

__all__ = ["empty"]

DIRECTIVE = """\
directive: 412/TB-VPCP
issued: 2025-08-11
issuer: VPCP
title: {en: Conclusions, vi: Kết luận, fr: Conclusions}
tasks:
  week:
    title: {en: Survey, vi: Khảo sát, fr: Enquête}
    lead: BNV
    due: {within: 1 week}
  written:
    title: {en: Report, vi: Báo cáo, fr: Rapport}
    lead: BTC
    due: {by: 2025-08-18}
"""
STORM = (
    "  - {date: 2025-08-18, name: {vi: Bão, en: Storm, fr: Tempête}, source: 1/CĐ-TTg, known_on: 2025-08-15}\n"
    "make_up_days:\n"
)


@pytest.fixture
def office(empty: Office) -> Office:
    """A rehearsal with one directive in force since 11 August 2025, 08:00."""
    empty.file.write_text(DIRECTIVE, encoding="utf-8")
    empty.run("init", "--rehearsal", "--at", "2025-08-11")
    empty.run("directive", "apply", empty.folder, "--yes")
    return empty


def declare(office: Office) -> Path:
    """Let the registry of the folder say that Monday 18 August is off."""
    file = office.folder / "registry/calendar.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("make_up_days:\n", STORM), encoding="utf-8")
    return file.parent


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines()]


def test_a_month_shows_each_day_with_its_authority_and_since_when_it_is_known(office: Office) -> None:
    found = office.ask("calendar", "show", "2026-01")
    assert found["working_days"] == 22
    assert found["days"] == [
        {
            "day": "2026-01-02",
            "kind": "day off",
            "name": "Swapped day off",
            "authority": "12729/VPCP-KGVX",
            "known_on": "2025-12-25",
            "certainty": "decided",
        },
        {
            "day": "2026-01-10",
            "kind": "make-up day",
            "name": "worked instead of 2026-01-02",
            "authority": "12729/VPCP-KGVX",
            "known_on": None,
            "certainty": "decided",
        },
    ]
    said = office.run("calendar", "show", "2026-01").stdout
    assert "12729/VPCP-KGVX" in said
    assert "Thu 25 Dec 2025" in said


@pytest.mark.parametrize(("known", "days"), [("2025-12-24", 1), ("2025-12-25", 2), ("2025-12-26", 2)])
def test_what_was_decided_later_is_not_known_earlier(office: Office, known: str, days: int) -> None:
    assert len(office.ask("calendar", "show", "2026", "--as-known", known)["days"]) == days


def test_without_a_period_it_is_the_year_of_the_store(office: Office) -> None:
    found = office.ask("calendar", "show")
    assert (found["period"], [row["day"] for row in found["days"]]) == ("2025", ["2025-09-01", "2025-09-02"])
    assert office.ask("calendar", "show", "--at", "2026-06-01")["period"] == "2026"


def test_names_are_told_in_the_language_asked_for(office: Office) -> None:
    assert office.ask("calendar", "show", "2025", "--lang", "vi")["days"][0]["name"] == "Quốc khánh"


def test_a_year_of_which_nothing_is_known_says_so(office: Office) -> None:
    assert "No day off and no make-up day is known here." in office.run("calendar", "show", "2031").stdout


def test_working_days_are_counted_line_by_line(office: Office) -> None:
    said = lines(office.run("calendar", "count", "--from", "2025-12-31", "--days", "3", "--working").stdout)
    assert said[-6:] == [
        "from Wed 31 Dec 2025, which is not counted (Civil Code 2015, art. 147)",
        "2026-01-02 is not counted: Swapped day off, 12729/VPCP-KGVX, made known on 2025-12-25",
        "2026-01-03 is not counted: weekly day off",
        "2026-01-04 is not counted: weekly day off",
        "3 working days later is 2026-01-06",
        "to Tue 6 Jan 2026: 3 working days in 6 days",
    ]


@pytest.mark.parametrize(("known", "end"), [("2025-12-24", "2026-01-05"), ("2025-12-25", "2026-01-06")])
def test_a_count_can_be_made_as_it_would_have_been_made(office: Office, known: str, end: str) -> None:
    words = ("--from", "2025-12-31", "--days", "3", "--working", "--as-known", known)
    assert office.ask("calendar", "count", *words)["end"] == end


def test_calendar_days_roll_over_every_day_off_and_name_it(office: Office) -> None:
    found = office.ask("calendar", "count", "--from", "2025-08-11", "--days", "20")
    assert (found["end"], found["calendar_days"], found["working_days"]) == ("2025-09-03", 23, 15)
    assert [step["code"] for step in found["steps"]] == ["count_days", "rolled", "passed_over", "passed_over"]
    left_out = [row["day"] for row in found["days"] if row["kind"] == "day off"]
    assert left_out == ["2025-09-01", "2025-09-02"]


@pytest.mark.parametrize(
    ("to", "working"), [("2026-01-02", 1), ("2026-01-09", 6), ("2026-01-10", 7), ("2026-01-11", 7), ("2025-12-31", 0)]
)
def test_the_working_days_between_two_days_take_in_the_make_up_day(office: Office, to: str, working: int) -> None:
    assert office.ask("calendar", "count", "--from", "2025-12-31", "--to", to)["working_days"] == working


@pytest.mark.parametrize(
    "words",
    [
        ("show", "2026-13"),
        ("show", "26"),
        ("show", "2026", "--as-known", "yesterday"),
        ("count", "--from", "2025-12-31"),
        ("count", "--from", "2025-12-31", "--days", "3", "--to", "2026-01-05"),
        ("count", "--from", "2025-02-30", "--days", "3"),
        ("count", "--from", "2026-01-05", "--to", "2025-12-31"),
        ("count", "--from", "2025-12-31", "--days", "0"),
    ],
)
def test_what_cannot_be_shown_or_counted_is_refused(office: Office, words: tuple[str, ...]) -> None:
    office.run("calendar", *words, status=2)


def test_a_plan_says_what_a_day_off_would_move_and_changes_nothing(office: Office) -> None:
    folder = declare(office)
    before = office.database.read_bytes()
    for path in (folder, office.folder):
        said = lines(office.run("calendar", "plan", path).stdout)
        assert said[:2] == ["calendar:", "+ Mon 18 Aug 2025 day off: Storm, 1/CĐ-TTg, made known on 2025-08-15"]
        assert (
            "~ 2025/412-tb-vpcp/week/BNV: last day Mon 18 Aug 2025 → Tue 19 Aug 2025 (within 1 week of issue)" in said
        )
        assert said[-1].startswith("1 deadline moves by 1 day · ")
    found = office.ask("calendar", "plan", folder)
    assert [move["ref"] for move in found["moves"]] == ["2025/412-tb-vpcp/week/BNV"]
    assert office.database.read_bytes() == before


def test_the_plan_and_the_adoption_of_a_folder_tell_the_calendar_too(office: Office) -> None:
    declare(office)
    assert "1 deadline moves by 1 day" in office.run("directive", "plan", office.folder).stdout
    done = office.ask("directive", "apply", office.folder, "--yes")
    assert [day["date"] for day in done["calendar"]["days"]] == ["2025-08-18"]
    assert office.ask("task", "show", "week/BNV")["row"]["last_day"] == "2025-08-19"
    again = office.run("calendar", "plan", office.folder).stdout
    assert again == "the calendar is the one in force: nothing moves\n"
    assert office.ask("directive", "plan", office.folder)["calendar"]["changes"] is False


def test_the_first_adoption_does_not_tell_every_day(empty: Office) -> None:
    empty.run("init", "--rehearsal", "--at", "2025-08-11")
    assert "calendar" not in empty.run("directive", "plan", empty.folder).stdout


def test_a_registry_that_cannot_be_read_is_no_plan(office: Office) -> None:
    file = office.folder / "registry/calendar.yaml"
    file.write_text("zone: Mars\n", encoding="utf-8")
    assert "bad-zone" in office.run("calendar", "plan", office.folder, status=3).stderr


def test_a_folder_without_a_registry_is_no_plan(office: Office, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "no registry" in office.run("calendar", "plan", tmp_path / "empty", status=3).stderr
