"""`tracker task explain`: how a date was set, each authority named, and why a task stands where it stands."""

import pytest

from tests.integration.test_cli import Office, empty
from tests.integration.test_cli_calendar import declare

__all__ = ["empty"]

ISSUE = "the period runs from the date of issue, 2025-08-11, which is not counted (Civil Code 2015, art. 147)"
NATIONAL = (
    "2025-09-01 is a day off too: National Day, annual notice",
    "2025-09-02 is a day off too: National Day, Labour Code art. 112",
)


def late(day: str) -> str:
    return f"the last day ends at midnight: late from {day} 00:00 (Asia/Ho_Chi_Minh)"


def on_a_day_off(day: str, why: str, working: str) -> tuple[str, str]:
    return (
        "a written date does not move when it falls on a day off",
        f"{day} is a day off ({why}); reminders count back from {working}, the working day before it",
    )


def rolled(day: str, why: str) -> str:
    return (
        f"{day} is a day off ({why}): the period ends on the next working day, 2025-09-03 (Civil Code 2015, art. 148)"
    )


# the rule as the file writes it -> every line of the explanation
RULES: dict[str, tuple[str, tuple[str, ...]]] = {
    "before": (
        "{before: 2025-09-02}",
        (
            "'before 2025-09-02' leaves that day out: the last day is the one before",
            *on_a_day_off("2025-09-01", "National Day, annual notice", "2025-08-29"),
            late("2025-09-02"),
        ),
    ),
    "by-minute": (
        "{by: 2025-08-29T17:00}",
        (
            "'by 2025-08-29' includes that day",
            "a report at 17:00 is still in time: late from 2025-08-29 17:01 (Asia/Ho_Chi_Minh)",
        ),
    ),
    "month": (
        "{in: 2025-08}",
        (
            "a month named without a day ends with its last day, 2025-08-31",
            *on_a_day_off("2025-08-31", "weekly day off", "2025-08-29"),
            late("2025-09-01"),
        ),
    ),
    "quarter": (
        "{in: 2025-Q3}",
        ("a quarter named without a day ends with its last day, 2025-09-30", late("2025-10-01")),
    ),
    "window": (
        "{from: 2025-09-03, to: 2025-09-30}",
        ("'from 2025-09-03 to 2025-09-30' includes both days; it opens with the first", late("2025-10-01")),
    ),
    "days": (
        "{within: 20 days}",
        (
            ISSUE,
            "20 days later is 2025-08-31; days off are counted too",
            rolled("2025-08-31", "weekly day off"),
            *NATIONAL,
            late("2025-09-04"),
        ),
    ),
    "working-days": (
        "{within: 6 working days}",
        (
            ISSUE,
            "2025-08-16 is not counted: weekly day off",
            "2025-08-17 is not counted: weekly day off",
            "6 working days later is 2025-08-19",
            late("2025-08-20"),
        ),
    ),
    "weeks": (
        "{within: 3 weeks}",
        (
            ISSUE,
            "3 weeks later the corresponding day is 2025-09-01 (Civil Code 2015, art. 148)",
            rolled("2025-09-01", "National Day, annual notice"),
            NATIONAL[1],
            late("2025-09-04"),
        ),
    ),
    "month-period": (
        "{within: 1 month}",
        (ISSUE, "1 month later the corresponding day is 2025-09-11 (Civil Code 2015, art. 148)", late("2025-09-12")),
    ),
    "after-a-task": (
        "{within: 5 working days, of: quarter}",
        ("no date yet: it is set when '2025/412-tb-vpcp/quarter' is completed",),
    ),
    "after-an-event": (
        "{within: 10 days, of: {event: shortage}}",
        ("no date yet: it is set when the event 'shortage' is recorded",),
    ),
    "cut-off": (
        "{by: 2025-08-20, cutoff: true}",
        (
            "'by 2025-08-20' includes that day",
            "the date is a cut-off: from 2025-08-21 00:00 (Asia/Ho_Chi_Minh) the duty is void, not late",
        ),
    ),
    "review": ("{review: 14 days}", ()),
}
HEAD = """\
directive: 412/TB-VPCP
issued: 2025-08-11
issuer: VPCP
title: {en: Conclusions, vi: Kết luận, fr: Conclusions}
tasks:
"""
TASK = """\
  {name}:
    title: {{en: Report, vi: Báo cáo, fr: Rapport}}
    lead: BNV
    due: {rule}
"""


@pytest.fixture
def office(empty: Office) -> Office:
    """A rehearsal with a task of every rule in force since 11 August 2025, 08:00."""
    tasks = "".join(TASK.format(name=name, rule=rule) for name, (rule, _) in RULES.items())
    empty.file.write_text(HEAD + tasks, encoding="utf-8")
    empty.run("init", "--rehearsal", "--at", "2025-08-11")
    empty.run("directive", "apply", empty.folder, "--yes")
    return empty


def explained(office: Office, name: str) -> tuple[str, ...]:
    return tuple(step["text"] for step in office.ask("task", "explain", f"{name}/BNV")["deadline"])


def test_every_rule_is_explained_line_by_line_with_each_authority(office: Office) -> None:
    assert {name: explained(office, name) for name in RULES} == {name: lines for name, (_, lines) in RULES.items()}


def test_the_lines_are_numbered_and_end_at_no_blank(office: Office) -> None:
    said = office.run("task", "explain", "days/BNV").stdout.splitlines()
    lines = [line for line in said if line.startswith("  ") and line[2].isdigit()]
    assert lines == [f"  {number}. {text}" for number, text in enumerate(RULES["days"][1], 1)]


def test_a_day_that_was_decided_late_says_since_when_it_is_known(office: Office) -> None:
    file = office.folder / "2025/413-tb-vpcp.yaml"
    text = HEAD.replace("412/", "413/").replace("2025-08-11", "2025-08-12")
    file.write_text(text + TASK.format(name="long", rule="{within: 100 working days}"), encoding="utf-8")
    office.run("directive", "apply", office.folder, "--yes", "--at", "2025-08-12")
    lines = explained(office, "long")
    assert "2026-01-02 is not counted: Swapped day off, 12729/VPCP-KGVX, made known on 2025-12-25" not in lines
    file.write_text(text + TASK.format(name="long", rule="{within: 105 working days}"), encoding="utf-8")
    office.run("directive", "apply", office.folder, "--yes")
    lines = explained(office, "long")
    assert "2026-01-02 is not counted: Swapped day off, 12729/VPCP-KGVX, made known on 2025-12-25" in lines


def test_a_date_the_calendar_moved_tells_the_first_date_and_why_it_moved(office: Office) -> None:
    declare(office)
    office.run("directive", "apply", office.folder, "--yes", "--at", "2025-08-15")
    found = office.ask("task", "explain", "working-days/BNV")
    assert (found["row"]["first_day"], found["row"]["last_day"], found["moved"]) == ("2025-08-19", "2025-08-20", False)
    assert "2025-08-18 is not counted: Storm, 1/CĐ-TTg, made known on 2025-08-15" in explained(office, "working-days")
    (date,) = found["dates"]
    assert (date["last_day"], date["why"]) == ("2025-08-20", "the calendar changed")
    said = office.run("task", "explain", "working-days/BNV").stdout
    assert "  at first: Tue 19 Aug 2025\n" in said
    assert f"  since Fri 15 Aug 2025 08:00 (entry {date['seq']}): Wed 20 Aug 2025, the calendar changed\n" in said


def test_the_day_before_a_calendar_changed_it_explains_as_it_was(office: Office) -> None:
    declare(office)
    office.run("directive", "apply", office.folder, "--yes", "--at", "2025-08-15")
    found = office.ask("task", "explain", "working-days/BNV", "--at", "2025-08-14")
    assert (found["row"]["last_day"], found["dates"], found["moved"]) == ("2025-08-19", [], False)
    assert [step["text"] for step in found["deadline"]] == list(RULES["working-days"][1])


def test_a_task_settled_before_the_calendar_changed_keeps_its_date_and_says_so(office: Office) -> None:
    office.run("task", "submit", "working-days/BNV", "--words", "done")
    office.run("task", "accept", "working-days/BNV")
    declare(office)
    office.run("directive", "apply", office.folder, "--yes", "--at", "2025-08-15")
    said = office.run("task", "explain", "working-days/BNV").stdout
    assert "the date in force is another one: Tue 19 Aug 2025" in said
    assert "completed: the report of 2025-08-11 came in time" in said


def test_a_date_that_a_completed_task_set_counts_from_its_day(office: Office) -> None:
    office.run("task", "submit", "quarter/BNV", "--words", "done", "--at", "2025-08-27")
    office.run("task", "accept", "quarter/BNV", "--at", "2025-08-28")
    lines = explained(office, "after-a-task")
    assert lines[0] == (
        "the period runs from 2025-08-28, when '2025/412-tb-vpcp/quarter' was completed; that day is not counted "
        "(Civil Code 2015, art. 147)"
    )
    assert lines[-2:] == ("5 working days later is 2025-09-08", late("2025-09-09"))
    said = office.run("task", "explain", "after-a-task/BNV").stdout
    assert "at first" not in said
    assert "): Mon 8 Sep 2025\n" in said


@pytest.mark.parametrize(
    ("name", "at", "standing", "why"),
    [
        ("window", "2025-09-02T23:59", "open", "not open yet: it opens on 2025-09-03, and the last day is 2025-09-30"),
        ("window", "2025-09-03T00:00", "open", "in time: the last day is 2025-09-30"),
        ("days", "2025-08-28", "due_soon", "due soon: the last day is 2025-09-03, 2 working days left"),
        ("days", "2025-09-04T00:00", "overdue", "overdue by 1 day: the last day was 2025-09-03"),
        ("cut-off", "2025-08-21T00:00", "closed_out", "closed without completion: the cut-off of 2025-08-20 passed"),
        ("by-minute", "2025-08-29T17:00", "due_soon", "the last day is 2025-08-29: no working day is left after today"),
        ("by-minute", "2025-08-29T17:01", "overdue", "overdue: it was due by 17:00 today"),
        ("after-an-event", "2025-09-04", "undated", "no date yet: it is set when the event 'shortage' is recorded"),
        ("review", "2025-08-12", "undated", "no date was set: the next review is on 2025-08-25"),
    ],
)
def test_it_says_why_a_task_stands_where_it_stands(office: Office, name: str, at: str, standing: str, why: str) -> None:
    row = office.ask("task", "explain", f"{name}/BNV", "--at", at)["row"]
    assert (row["standing"], row["reason"]["text"]) == (standing, why)
