"""`tracker reminder preview` and `tracker reminder try`: a policy at the terminal before it acts."""

from pathlib import Path

import pytest

from tests.integration.test_cli import Office, empty

__all__ = ["empty"]

STRICT = """\
secretariat: VPCP
ladders:
  standard:
    time: "08:00"
    rungs: [assigned, half time, due, 1 working day after]
    daily_after: 2 working days
    escalate: [{after: 2 working days, to: secretariat}]
"""


@pytest.fixture
def office(empty: Office) -> Office:
    """A rehearsal with one directive in force since 11 August 2025, 08:00, and one mailbox."""
    empty.run("init", "--rehearsal", "--at", "2025-08-11")
    empty.run("directive", "apply", empty.folder, "--yes")
    empty.run("channel", "set", "BNV", "office@moha.example")
    return empty


@pytest.fixture
def strict(office: Office) -> Path:
    file = office.folder.parent / "strict.yaml"
    file.write_text(STRICT, encoding="utf-8")
    return file


def test_a_preview_says_when_to_whom_about_what_and_why(office: Office) -> None:
    said = office.run("reminder", "preview", "--from", "2025-08-25", "--to", "2025-09-05").stdout
    assert "Thu 28 Aug 2025 08:00  BNV/mail  1 reminder" in said
    assert "before-1wd: 2025/412-tb-vpcp/report/BNV, last day Sun 31 Aug 2025 (answers for it)" in said
    # the Ministry of Finance has no channel
    assert (
        said.splitlines()[-1] == "4 mails with 4 reminders to 1 office: before 2, due 1, overdue 1; 1 without a channel"
    )


def test_a_preview_writes_nothing(office: Office) -> None:
    before = office.database.read_bytes()
    office.ask("reminder", "preview", "--to", "2025-10-01")
    assert office.database.read_bytes() == before


def test_a_preview_for_programs_has_every_mail_with_its_reminders(office: Office) -> None:
    found = office.ask("reminder", "preview", "--from", "2025-08-29", "--to", "2025-08-29", "--agency", "BNV")
    assert found["figures"]["mails"] == 1
    (mail,) = found["mails"]
    assert (mail["at"], mail["agency"], mail["channel"]) == ("2025-08-29T01:00:00Z", "BNV", "mail")
    (reminder,) = mail["reminders"]
    assert (reminder["rung"], reminder["role"], reminder["state"]) == ("due", "lead", "pending")


def test_a_preview_of_another_policy_goes_by_its_file(office: Office, strict: Path) -> None:
    words = ("--from", "2025-08-12", "--to", "2025-08-25", "--agency", "BNV")
    by_file = office.ask("reminder", "preview", *words, "--ladder", strict)
    rungs = [reminder["rung"] for mail in by_file["mails"] for reminder in mail["reminders"]]
    assert (rungs, by_file["policy"]) == (["half"], "strict.yaml")
    in_force = office.ask("reminder", "preview", *words)
    rungs = [reminder["rung"] for mail in in_force["mails"] for reminder in mail["reminders"]]
    assert (rungs, in_force["policy"]) == (["before-10wd"], None)


def test_a_trial_says_what_another_policy_would_have_sent(office: Office, strict: Path) -> None:
    for day in ("2025-08-11", "2025-08-15", "2025-08-26", "2025-08-28", "2025-08-29", "2025-09-03", "2025-09-10"):
        office.run("sweep", "--at", day)
    found = office.ask("reminder", "try", strict)
    assert found["made"] == found["in_force"]["reminders"] == 7
    # assigned, half time, due, one day after, then daily on the 4th, 5th, 8th, 9th and 10th
    assert found["tried"]["reminders"] == 9
    assert found["tried"]["stages"] == {"assigned": 1, "due": 1, "half": 1, "overdue": 6}
    said = office.run("reminder", "try", strict).stdout
    assert "strict.yaml would have sent 9 mails instead of 7; 7 reminders were made in fact." in said


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [("half time", "third time", "bad-rung"), ("secretariat: VPCP", "secretariat: VPC", "unknown-agency")],
)
def test_a_policy_with_mistakes_is_not_tried(office: Office, strict: Path, old: str, new: str, told: str) -> None:
    strict.write_text(STRICT.replace(old, new), encoding="utf-8")
    for words in (("try", strict), ("preview", "--ladder", strict)):
        said = office.run("reminder", *words, status=3)
        assert told in said.output


def test_a_period_ends_after_it_begins(office: Office) -> None:
    office.run("reminder", "preview", "--from", "2025-09-01", "--to", "2025-08-31", status=2)
