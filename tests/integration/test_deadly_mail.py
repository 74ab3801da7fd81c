"""A mail that kills its process while it is made is counted, given up, and takes nobody with it; on both databases."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.a_store import ADOPTED, DUE, LAST_DAYS, Recorder, a_store, a_store_before_the_day
from tracker.domain.patience import TRIES
from tracker.notify.message import message_id
from tracker.notify.outcome import Outcome
from tracker.notify.send import Prepared
from tracker.operations import deliver, open_store, rebuild, sweep, verify
from tracker.operations.turn import LEASE
from tracker.settings import Settings
from tracker.store import outbox
from tracker.store.store import Store

DEAD = 9
POISON = sorted(LAST_DAYS)[2]
MINUTE = timedelta(minutes=1)
WORRIED = "office-btc@agencies.example"  # it is owed two reminders at once


class Deadly:
    """A sender whose making of one office's mails kills the process, as a fault in a C library does."""

    def prepare(self, channel: Any, notice: Any) -> Prepared | None:
        if channel == f"office-{POISON.lower()}@agencies.example" and notice.stage != "alarm":
            os._exit(DEAD)
        return None

    def send(self, channel: Any, notice: Any) -> Outcome:
        return Outcome("accepted", 250, "taken")


def run(url: str, settings: Settings, at: datetime, sender: Any = None) -> int:
    """Deliver in a process of its own, and return how that ended."""
    child = os.fork()
    if not child:
        code = 1
        try:
            deliver(open_store(url), sender or Deadly(), settings=settings, clock=lambda: at)
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = a_store(database_url)
    sweep(made, at=ADOPTED)
    yield made
    made.close()


def states(store: Store) -> dict[str, str]:
    with store.read() as connection:
        return {one.agency: one.state for one in outbox.reminders(connection) if one.stage != "alarm"}


def test_a_mail_that_kills_its_process_while_it_is_made_is_given_up_after_eight_tries(
    store: Store, database_url: str, tmp_path: Path
) -> None:
    settings = Settings(journal=str(tmp_path / "sends"))
    store.engine.dispose()  # a child has no part in our connections
    codes: list[int] = []
    at = ADOPTED
    while codes.count(DEAD) < 2 * TRIES and states(store)[POISON] != "failed":
        store.engine.dispose()
        codes.append(run(database_url, settings, at))
        if len(codes) == 4:
            assert {state for office, state in states(store).items() if office != POISON} == {"accepted"}
        at += LEASE + MINUTE
    # it may have been in the middle of a group once before its turn to be first came
    assert TRIES <= codes.count(DEAD) <= TRIES + 2
    assert set(codes) <= {0, DEAD}
    found = states(store)
    assert found.pop(POISON) == "failed"
    assert set(found.values()) == {"accepted"}
    with store.read() as connection:
        (failed,) = (one for one in outbox.reminders(connection, state="failed"))
        tries = outbox.deliveries(connection, [failed.id])

    assert [one.outcome for one in tries] == ["unknown"] * TRIES
    assert rebuild(store, keep=False).differing == ()
    assert verify(store).holds


class Dying(Recorder):
    """A sender whose worker dies with the mail of one office in hand, once the server has it."""

    def __init__(self, seen: Path) -> None:
        super().__init__()
        self.seen = seen

    def send(self, channel: Any, notice: Any) -> Outcome:
        if channel != WORRIED:
            return super().send(channel, notice)
        with self.seen.open("a") as file:
            file.write(message_id(notice) + "\n")
        os._exit(DEAD)


class Deadlier(Recorder):
    """A sender whose worker dies of that office before there is a mail."""

    def prepare(self, channel: Any, notice: Any) -> Prepared | None:
        if channel == WORRIED:
            os._exit(DEAD)
        return None


class Noting(Recorder):
    """A sender that notes every mail of that office."""

    def __init__(self) -> None:
        super().__init__()
        self.identities: list[str] = []

    def send(self, channel: Any, notice: Any) -> Outcome:
        if channel == WORRIED:
            self.identities.append(message_id(notice))
        return super().send(channel, notice)


def test_a_mail_that_may_have_left_stays_what_it_was_whatever_dies_of_it_later(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    store, settings, seen, at = a_store_before_the_day(database_url), Settings(), tmp_path / "seen", DUE
    sweep(store, at=DUE)
    for sender in (Dying(seen), Deadlier(), Deadlier(), Deadlier()):
        store.engine.dispose()
        assert run(database_url, settings, at, sender) == DEAD
        at += LEASE + MINUTE
    last = Noting()
    deliver(store, last, settings=settings, clock=lambda: at)
    store.close()
    assert last.identities == seen.read_text().split()
