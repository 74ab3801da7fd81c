"""The command line of delivery: exit statuses, and what waits for an operator's word."""

from datetime import timedelta
from pathlib import Path

import pytest

from tests.integration.smtp import SmtpServer
from tests.integration.test_cli import Office
from tests.simulation.a_store import ADOPTED, Recorder, a_store
from tracker.operations import deliver, sweep
from tracker.settings import Settings


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A live store of which six ministries and provinces are owed a reminder each."""
    made = Office(tmp_path)
    store = a_store(f"sqlite:///{made.database}")
    sweep(store, at=ADOPTED)
    store.close()
    return made


def held(office: Office) -> Office:
    """Hold everything: somebody delivered once, and nobody for two days."""
    store = a_store(f"sqlite:///{office.database}2")
    for at in (ADOPTED, ADOPTED + timedelta(days=2)):
        deliver(store, Recorder(), settings=Settings(), clock=lambda at=at: at)  # type: ignore[misc]
        sweep(store, at=ADOPTED + timedelta(days=1))
    deliver(store, Recorder(), settings=Settings(), clock=lambda: ADOPTED + timedelta(days=4))
    store.close()
    office.database = Path(f"{office.database}2")
    return office


def test_a_delivery_of_which_nothing_got_through_yet_leaves_with_75(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SmtpServer() as server:
        monkeypatch.setenv("TRACKER_SMTP_URL", server.url)
        server.rule("RCPT", "451 4.7.1 greylisted", times=6)
        assert office.ask("deliver", status=75)["temporary"] == 6


def test_a_delivery_of_which_something_got_through_leaves_with_0(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SmtpServer() as server:
        monkeypatch.setenv("TRACKER_SMTP_URL", server.url)
        server.rule("RCPT", "451 4.7.1 greylisted", times=1)
        done = office.ask("deliver")
        assert (done["accepted"], done["temporary"]) == (5, 1)
        assert office.ask("deliver")["attempts"] == 0


def test_what_is_held_is_listed_released_and_dropped(office: Office) -> None:
    held(office)
    found = office.ask("reminder", "list", "--held")["reminders"]
    assert {(one["state"], one["hold"]) for one in found} == {("held", "nobody delivered for 48 hours")}
    assert "nobody delivered for 48 hours" in office.run("reminder", "list", "--held").stdout
    first, *rest = [one["reference"] for one in found]
    assert rest
    assert office.ask("reminder", "release", first) == {"released": 1}
    office.run("reminder", "release", first, status=1)
    office.run("reminder", "drop", "--all", status=2)
    assert office.ask("reminder", "drop", "--all", "--why", "told by telephone") == {"dropped": len(rest)}
    assert office.ask("reminder", "list", "--held")["reminders"] == []


@pytest.mark.parametrize("verb", ["release", "drop"])
def test_who_releases_or_drops_says_which(office: Office, verb: str) -> None:
    office.run("reminder", verb, status=2)
    office.run("reminder", verb, "ntf-one", "--all", status=2)


def test_the_doctor_says_what_waits_for_a_word(office: Office) -> None:
    held(office)
    checks = {one["name"]: one for one in office.ask("doctor", status=1)["checks"]}
    assert not checks["held back"]["fine"]
    assert checks["held back"]["seen"].endswith("wait for a word of yours")
    assert checks["clock"]["fine"]
