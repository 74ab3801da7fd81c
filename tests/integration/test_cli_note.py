"""Noting a reminder at the terminal: with a day reminders rest, and the next one is told of again."""

from tests.integration.test_cli import Office, empty
from tests.integration.test_cli_life import ANNA, office, shown, task

__all__ = ["empty", "office"]


def test_a_noted_reminder_puts_the_next_ones_off_until_it_is_noted_again(office: Office) -> None:
    office.run("sweep", "--at", "2025-08-11")
    usual = office.ask("task", "show", "report/BNV")["next_moment"]
    said = office.ask("task", "note", "report/BNV", "--until", "2025-08-20", *ANNA)
    assert (said["progress"], said["cell"]) == ("assigned", "open_in_time")
    assert office.ask("task", "show", "report/BNV")["next_moment"] > max(usual, "2025-08-20")
    task(office, "note", *ANNA)
    assert shown(office)["next_moment"] == usual
    office.run("db", "rebuild", "--check")


def test_a_day_beyond_the_last_working_day_before_the_deadline_is_refused(office: Office) -> None:
    refused = task(office, "note", "--until", "2025-08-30", *ANNA, status=1)
    assert "bad-snooze: reminders can be put off to 2025-08-29 at the latest, not to 2025-08-30" in refused.stderr
    task(office, "note", "--until", "2025-08-29", *ANNA)
    assert "'30.8.' is no day" in task(office, "note", "--until", "30.8.", *ANNA, status=2).stderr
