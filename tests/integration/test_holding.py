"""Catch-up, on both databases: after a long pause a person decides what still goes; what is urgent goes at once."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_directive, a_task
from tests.simulation.a_store import Recorder, a_store
from tracker.domain.deadline import By, Due
from tracker.domain.errors import Invalid, NotFound
from tracker.operations import deliver, rebuild, submit, sweep
from tracker.operations.holding import drop, release
from tracker.settings import Settings
from tracker.store import ledger, outbox
from tracker.store.outbox import Reminder
from tracker.store.store import Store
from tracker.views.health import health
from tracker.views.past import Past

MADE = datetime(2025, 8, 11, 1, tzinfo=UTC)
BACK = datetime(2025, 9, 1, 2, tzinfo=UTC)  # three weeks later: the first is overdue, the second soon due
LATE, SOON = date(2025, 8, 29), date(2025, 9, 4)
DAY = timedelta(hours=24)
TICK = timedelta(seconds=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(journal=str(tmp_path / "sends.jsonl"), hold_above="100")


@pytest.fixture
def store(database_url: str, settings: Settings) -> Iterator[Store]:
    """A live store: one task overdue at `BACK`, two due soon, of three ministries; nobody was there since `MADE`."""
    tasks = (
        a_task("late", lead="BNV", due=Due(rule=By(LATE))),
        a_task("soon", lead="BTC", due=Due(rule=By(SOON))),
        a_task("also-soon", lead="BGDDT", due=Due(rule=By(SOON))),
    )
    made = a_store(database_url, a_directive(*tasks))
    go_on(made, settings, MADE)
    yield made
    made.close()


def go_on(store: Store, settings: Settings, at: datetime, **more: Any) -> Recorder:
    recorder = Recorder()
    sweep(store, at=at)
    deliver(store, recorder, settings=settings, clock=lambda: at, **more)
    return recorder


def reminders(store: Store, at: datetime | None = None) -> dict[str, Reminder]:
    """Return the newest reminder of each task."""
    with store.read() as connection:
        found = Past(connection, at).reminders() if at else outbox.reminders(connection)
    return {one.assignment.split("/")[2]: one for one in reversed(found)}


def states(store: Store, at: datetime | None = None) -> dict[str, str]:
    return {task: one.state for task, one in reminders(store, at).items()}


def kinds(store: Store) -> list[str]:
    with store.read() as connection:
        return [entry.kind for entry in ledger.entries(connection)]


def as_the_entries_say(store: Store) -> bool:
    return rebuild(store, keep=False).differing == ()


def test_after_a_long_pause_the_overdue_goes_and_the_rest_waits_for_a_person(store: Store, settings: Settings) -> None:
    assert {channel for channel, _ in go_on(store, settings, BACK).sent} == {"office-bnv@agencies.example"}
    assert states(store) == {"late": "accepted", "soon": "held", "also-soon": "held"}
    assert reminders(store)["soon"].hold == "nobody delivered for 505 hours"
    assert kinds(store).count("reminders_held") == 1
    assert as_the_entries_say(store)
    with store.read() as connection:
        assert health(connection, at=BACK).held_reminders == 2


@pytest.mark.parametrize(("pause", "held"), [(DAY - TICK, False), (DAY, False), (DAY + TICK, True)])
def test_a_pause_is_long_from_a_day_on(store: Store, settings: Settings, pause: timedelta, held: bool) -> None:
    deliver(store, Recorder(), settings=settings, clock=lambda: BACK - pause)
    go_on(store, settings, BACK)
    assert ("held" in states(store).values()) == held


@pytest.mark.parametrize(("above", "held"), [("2", True), ("3", False), ("4", False)])
def test_more_than_so_many_at_once_wait_too(store: Store, settings: Settings, above: str, held: bool) -> None:
    deliver(store, Recorder(), settings=settings, clock=lambda: BACK - timedelta(minutes=1))
    go_on(store, Settings(journal=settings.journal, hold_above=above), BACK)
    assert ("held" in states(store).values()) == held
    assert as_the_entries_say(store)


def test_what_is_released_goes_and_is_not_held_again(store: Store, settings: Settings) -> None:
    go_on(store, settings, BACK)
    chosen = reminders(store)["soon"].reference
    assert release(store, [chosen], at=BACK, actor="secretariat:le") == 1
    assert as_the_entries_say(store)
    sent = go_on(store, settings, BACK + DAY + TICK).sent
    assert chosen in {reference for _, reference in sent}
    assert reminders(store)["also-soon"].state == "held"
    assert release(store, at=BACK + 2 * DAY, actor="secretariat:le") == 1
    assert as_the_entries_say(store)


def test_what_is_dropped_is_closed_with_the_reason(store: Store, settings: Settings) -> None:
    go_on(store, settings, BACK)
    assert drop(store, why="the ministry was told by telephone", at=BACK, actor="secretariat:le") == 2
    assert states(store)["soon"] == "cancelled"
    assert reminders(store)["soon"].why == "the ministry was told by telephone"
    assert kinds(store)[-1] == "dropped_hold"
    assert as_the_entries_say(store)


def test_nothing_is_released_that_is_not_held_and_nothing_dropped_without_a_reason(
    store: Store, settings: Settings
) -> None:
    go_on(store, settings, BACK)
    with pytest.raises(NotFound):
        release(store, [reminders(store)["late"].reference], at=BACK, actor="test")
    with pytest.raises(Invalid):
        drop(store, why="  ", at=BACK, actor="test")
    assert states(store)["soon"] == "held"


def test_a_report_closes_what_was_held(store: Store, settings: Settings) -> None:
    go_on(store, settings, BACK)
    submit(store, "2025/412-tb-vpcp/soon/BTC", at=BACK, actor="BTC", words="done")
    with store.read() as connection:
        held = [one.assignment for one in outbox.reminders(connection, state="held")]
    assert held == ["2025/412-tb-vpcp/also-soon/BGDDT"]
    assert as_the_entries_say(store)


def test_the_past_shows_what_was_held_then(store: Store, settings: Settings) -> None:
    go_on(store, settings, BACK)
    release(store, [reminders(store)["soon"].reference], at=BACK + DAY, actor="test")
    drop(store, why="told", at=BACK + 2 * DAY, actor="test")
    assert states(store, BACK) == {"late": "accepted", "soon": "held", "also-soon": "held"}
    assert states(store, BACK + DAY) == {"late": "accepted", "soon": "pending", "also-soon": "held"}
    assert states(store, BACK + 2 * DAY) == {"late": "accepted", "soon": "pending", "also-soon": "cancelled"}


def test_no_more_leave_in_ten_minutes_than_the_rate_allows(store: Store, settings: Settings) -> None:
    slow = Settings(journal=settings.journal, rate="2")
    start = BACK - timedelta(minutes=30)
    deliver(store, Recorder(), settings=slow, clock=lambda: start)
    assert go_on(store, slow, start + timedelta(minutes=1)).mails == 2
    assert go_on(store, slow, start + timedelta(minutes=10)).mails == 0
    assert go_on(store, slow, start + timedelta(minutes=11)).mails == 1


def test_a_run_begins_nothing_more_when_its_patience_ends(store: Store, settings: Settings) -> None:
    deliver(store, Recorder(), settings=settings, clock=lambda: BACK - timedelta(minutes=1))
    sweep(store, at=BACK)
    readings = iter([BACK] * 4 + [BACK + timedelta(seconds=n) for n in (29, 29, 30, 31, 32, 33)])
    recorder = Recorder()
    deliver(store, recorder, settings=settings, clock=lambda: next(readings), patience=timedelta(seconds=30))
    assert recorder.mails == 1
    assert go_on(store, settings, BACK + timedelta(minutes=1)).mails == 2
