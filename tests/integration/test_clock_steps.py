"""Clocks that jump, on both databases: nobody is told twice, and what is owed goes on."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.simulation.a_store import ADOPTED, Recorder, a_store
from tracker.notify.outcome import Outcome
from tracker.operations import deliver, rebuild, sweep, verify
from tracker.operations.deliver import LEASE
from tracker.settings import Settings
from tracker.store import ledger, outbox, watches
from tracker.store.store import Store

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
UP = timedelta(days=3)  # how long the machine has been up at the adoption


class Machine:
    """A machine whose wall clock can be set, and whose uptime goes on evenly."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings = store, settings
        self.gone, self.off = timedelta(), timedelta()

    def wall(self) -> Any:
        return ADOPTED + self.gone + self.off

    def uptime(self) -> timedelta:
        return UP + self.gone

    def tick(self, sender: Any = None) -> Recorder:
        recorder = sender or Recorder()
        sweep(self.store, at=self.wall())
        deliver(self.store, recorder, settings=self.settings, clock=self.wall, uptime=self.uptime)
        return recorder

    def entries(self) -> list[dict[str, Any]]:
        with self.store.read() as connection:
            return [entry.payload for entry in ledger.notes(connection, "clock_stepped")]

    def counts(self) -> dict[str, int]:
        with self.store.read() as connection:
            return dict(outbox.counts(connection))


class Meanwhile(Recorder):
    """A sender that takes its time: once, something happens while it sends."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self.act: Callable[[], object] | None = act

    def send(self, channel: Any, notice: Any) -> Outcome:
        act, self.act = self.act, None
        if act is not None:
            act()
        return super().send(channel, notice)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(journal=str(tmp_path / "sends.jsonl"))


@pytest.fixture
def machine(database_url: str, settings: Settings) -> Iterator[Machine]:
    store = a_store(database_url)
    deliver(store, Recorder(), settings=settings, clock=lambda: ADOPTED, uptime=lambda: UP)
    made = Machine(store, settings)
    yield made
    assert verify(store).holds
    assert rebuild(store, keep=False).differing == ()
    store.close()


STEPS = [
    (-DAY, True), (-HOUR, True), (-timedelta(seconds=6), True), (-timedelta(seconds=5), False), (timedelta(), False),
    (timedelta(minutes=5), False), (timedelta(minutes=5, seconds=1), True), (HOUR, True), (DAY, True),
]  # fmt: skip


@pytest.mark.parametrize(("step", "noticed"), STEPS, ids=[str(step) for step, _ in STEPS])
def test_a_jump_is_an_entry_and_everything_owed_goes_once_all_the_same(
    machine: Machine, step: timedelta, noticed: bool
) -> None:
    machine.gone, machine.off = MINUTE, step
    sent = machine.tick().sent
    assert len(sent) == len(set(sent)) == 6
    assert machine.counts() == {"accepted": 6}
    assert [entry["by"] for entry in machine.entries()] == ([int(step.total_seconds())] if noticed else [])
    machine.gone += MINUTE
    assert machine.tick().sent == []
    assert len(machine.entries()) == noticed, "one jump is told once"


def test_a_pause_of_the_watcher_is_no_jump(machine: Machine) -> None:
    machine.gone = HOUR
    machine.tick()
    assert machine.entries() == []


@pytest.mark.parametrize("step", [HOUR, DAY], ids=str)
def test_nobody_is_taken_over_because_the_clock_jumped(machine: Machine, step: timedelta) -> None:
    second = Recorder()

    def jump() -> None:
        machine.off = step
        machine.tick(second)

    machine.gone = MINUTE
    first = machine.tick(Meanwhile(jump))
    together = first.sent + second.sent
    assert len(together) == len(set(together)) == 6


def test_a_dead_worker_is_taken_over_when_a_lease_has_passed_since_the_jump(machine: Machine) -> None:
    class Died(BaseException):
        pass

    def die() -> None:
        raise Died

    machine.gone = MINUTE
    with pytest.raises(Died):
        machine.tick(Meanwhile(die))
    machine.gone, machine.off = 2 * MINUTE, HOUR
    assert len(machine.tick().sent) == 5
    machine.gone += LEASE - MINUTE / 60
    assert machine.tick().sent == []
    machine.gone += MINUTE / 60
    assert len(machine.tick().sent) == 1
    assert machine.counts() == {"accepted": 6}


@pytest.mark.parametrize("skew", [-10 * MINUTE, 10 * MINUTE], ids=["behind", "ahead"])
def test_two_workers_with_clocks_apart_share_that_of_their_server(postgres_url: str, skew: timedelta) -> None:
    store = a_store(postgres_url)
    one, other = (store.clock(lambda off=off: ADOPTED + off)() for off in (timedelta(), skew))  # type: ignore[misc]
    assert timedelta() <= other - one < MINUTE
    store.close()


def test_a_worker_behind_the_others_works_at_the_instant_the_ledger_has_reached(machine: Machine) -> None:
    second = Recorder()

    def other() -> None:
        deliver(machine.store, second, settings=machine.settings, clock=lambda: machine.wall() - 10 * MINUTE)

    machine.gone = MINUTE
    first = machine.tick(Meanwhile(other))
    together = first.sent + second.sent
    assert len(together) == len(set(together)) == 6
    with machine.store.read() as connection:
        assert watches.last(connection, "deliver") == machine.wall()
