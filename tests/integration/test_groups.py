"""Mails in groups, on both databases: what a slow server, a full disk or a dead worker costs those behind the first."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_directive, a_registry, a_task, an_agency
from tests.simulation.a_store import ADOPTED, Recorder
from tracker.domain.directive import ForEach
from tracker.domain.errors import TryLater
from tracker.domain.patience import GIVE_UP, PUT_BACK, TRIES
from tracker.notify.outcome import Outcome
from tracker.operations import adopt_directive, adopt_registry, init, open_store, rebuild, set_channel, sweep, verify
from tracker.operations import journal as journals
from tracker.operations.deliver import GROUP, LEASE, SOON, Delivered, deliver
from tracker.operations.journal import ENDED, SENDING
from tracker.settings import Settings
from tracker.store import ledger, outbox
from tracker.store.adopted import Channel
from tracker.store.store import Store

delivering = sys.modules["tracker.operations.deliver"]
OFFICES = 40
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
AWAY = Outcome("temporary", None, "connect: timed out")


class Server(Recorder):
    """A server that takes its time, answers from a list, then accepts."""

    def __init__(self, *answers: Outcome | BaseException | Callable[[], Outcome], takes: timedelta = TICK) -> None:
        super().__init__()
        self.answers, self.takes, self.up = list(answers), takes, timedelta(days=1)

    def send(self, channel: Any, notice: Any) -> Outcome:
        self.up += self.takes
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, Outcome):
            return answer
        outcome = super().send(channel, notice)
        return answer() if answer else outcome


class Died(BaseException):
    """The worker is gone."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(journal=str(tmp_path / "sends.jsonl"), rate="100000", watch_every="100000")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A live store in which forty offices wait to hear of a task each."""
    codes = tuple(f"{n:05d}" for n in range(OFFICES))
    made = init(database_url, rehearsal=False, at=ADOPTED, actor="test")
    offices = (an_agency(code, "commune", parent="01") for code in codes)
    adopt_registry(made, a_registry(*offices, secretariat="VPCP"), at=ADOPTED, actor="test")
    ways = [Channel(agency=code, name="mail", address=f"{code}@agencies.example", language="en") for code in codes]
    set_channel(made, ways, at=ADOPTED, actor="test")
    adopt_directive(made, a_directive(a_task(for_each=ForEach(agencies=codes))), at=ADOPTED, actor="test")
    sweep(made, at=ADOPTED)
    yield made
    made.close()


Run = Callable[..., Delivered]


@pytest.fixture
def run(store: Store, settings: Settings) -> Run:
    """Deliver at an instant through a server, on a machine whose uptime goes on with both."""

    def deliver_now(server: Server, at: datetime = ADOPTED, **more: Any) -> Delivered:
        return deliver(
            store, server, settings=settings, clock=lambda: at, uptime=lambda: at - ADOPTED + server.up, **more
        )

    return deliver_now


def groups(settings: Settings) -> list[int]:
    """Return how many mails the journal says leave together, group by group."""
    found: dict[tuple[int, str], int] = {}
    for line in journals.lines(Path(settings.journal)):
        if line.said == SENDING:
            found[line.seq, line.head] = found.get((line.seq, line.head), 0) + 1
    return list(found.values())


def states(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return {state: count for state, count in outbox.counts(connection).items() if state != "failed"}


def put_back(store: Store) -> int:
    with store.read() as connection:
        said = [entry.payload for entry in ledger.entries(connection) if entry.kind == "delivery"]
    return sum(str(one["detail"]).startswith(PUT_BACK) for one in said)


def whole(store: Store) -> bool:
    return rebuild(store, keep=False).differing == () and verify(store).holds


def references(server: Server) -> list[str]:
    return sorted(reference for _, reference in server.sent)


def test_a_quick_server_is_sent_larger_and_larger_groups(store: Store, run: Run, settings: Settings) -> None:
    server = Server()
    assert run(server).accepted == OFFICES
    assert groups(settings) == [1, 4, GROUP, GROUP, 3]
    assert (states(store), put_back(store)) == ({"accepted": OFFICES}, 0)
    assert whole(store)


def test_a_slow_server_is_sent_one_after_the_other(store: Store, run: Run, settings: Settings) -> None:
    run(Server(takes=SOON), limit=5)
    assert groups(settings) == [1] * 5
    assert put_back(store) == 0


def test_what_waits_behind_a_slow_mail_is_put_back_and_leaves_next(store: Store, run: Run) -> None:
    server = Server()

    def slow() -> Outcome:
        server.up += 2 * SOON
        return Outcome("accepted", 250, "at last")

    server.answers = [lambda: Outcome("accepted", 250, "quick")] * 2 + [slow]
    assert run(server).accepted == OFFICES
    assert put_back(store) == 2  # of the second group, four mails
    assert len(references(server)) == len(set(references(server))) == OFFICES
    assert whole(store)


def test_what_waits_behind_a_server_that_falls_silent_is_put_back_as_though_never_begun(store: Store, run: Run) -> None:
    server = Server(*[lambda: Outcome("accepted", 250, "quick")] * 2, *[AWAY] * 3)
    done = run(server)
    assert (done.accepted, done.temporary) == (2, 3)
    with store.read() as connection:
        waiting = outbox.reminders(connection, state="pending")
    assert sum(one.due_at == ADOPTED for one in waiting) == OFFICES - 5
    assert whole(store)
    assert run(Server(), ADOPTED + 10 * MINUTE).accepted == OFFICES - 2
    assert whole(store)


def test_a_limit_counts_what_was_tried_and_not_what_was_put_back(store: Store, run: Run) -> None:
    server = Server(*[lambda: Outcome("accepted", 250, "quick")] * 2, AWAY)
    assert run(server, limit=7).attempts == 7


def test_two_that_deliver_at_once_keep_the_rate_together(store: Store, settings: Settings, database_url: str) -> None:
    rate = 7
    slow = replace(settings, rate=str(rate))

    class Beside(Server):
        """Another process delivers while the second mail of this one is on its way."""

        def send(self, channel: Any, notice: Any) -> Outcome:
            if len(self.sent) == 1:
                with closing(open_store(database_url)) as other:
                    deliver(other, second, settings=slow, clock=lambda: ADOPTED)
            return super().send(channel, notice)

    first, second = Beside(), Server()
    deliver(store, first, settings=slow, clock=lambda: ADOPTED)
    assert len(first.sent) + len(second.sent) == rate
    later = Server()
    deliver(store, later, settings=slow, clock=lambda: ADOPTED + 10 * MINUTE)
    assert len(later.sent) == min(rate, OFFICES - rate)
    assert whole(store)


def test_a_dead_worker_costs_one_unknown_and_no_copies(store: Store, run: Run) -> None:
    first = Server(*[lambda: Outcome("accepted", 250, "quick")] * 8, Died())
    with pytest.raises(Died):
        run(first)
    assert states(store) == {"accepted": 5, "sending": GROUP, "pending": OFFICES - 5 - GROUP}
    second = Server()
    done = run(second, ADOPTED + LEASE)
    assert (done.known, done.accepted) == (3, OFFICES - 8)
    assert set(references(first)).isdisjoint(references(second))
    assert whole(store)


def test_a_power_cut_costs_a_copy_of_each_mail_of_a_group_at_most(store: Store, run: Run, settings: Settings) -> None:
    first = Server(*[lambda: Outcome("accepted", 250, "quick")] * 8, Died())
    with pytest.raises(Died):
        run(first)
    file = Path(settings.journal)
    lines = file.read_text().splitlines(keepends=True)
    synced = max(n for n, line in enumerate(lines, 1) if json.loads(line)["said"] == SENDING)
    assert any(json.loads(line)["said"] == ENDED for line in lines[synced:])
    os.truncate(file, len("".join(lines[:synced])))
    second = Server()
    run(second, ADOPTED + LEASE)
    copies = [one for one in references(second) if one in references(first)]
    assert len(copies) == 3  # of the group that was leaving, what the server had
    assert whole(store)


def test_a_worker_that_died_is_followed_by_mails_that_go_alone(store: Store, run: Run, settings: Settings) -> None:
    with pytest.raises(Died):
        run(Server(*[lambda: Outcome("accepted", 250, "quick")] * 5, Died()))
    run(Server(), ADOPTED + LEASE)
    again = {line.seq for line in journals.lines(Path(settings.journal)) if line.said == SENDING and line.attempt > 1}
    assert len(again) == GROUP


def test_a_poisoned_mail_that_kills_its_worker_is_given_up_and_takes_nobody_with_it(store: Store, run: Run) -> None:
    class Deadly(Server):
        def send(self, channel: Any, notice: Any) -> Outcome:
            if channel == "00012@agencies.example":
                raise Died
            return super().send(channel, notice)

    at = ADOPTED
    for _ in range(3 * TRIES):
        with suppress(Died):
            run(Deadly(), at)
        at += LEASE + MINUTE
    with store.read() as connection:
        failed = [one for one in outbox.reminders(connection, state="failed") if one.stage != "alarm"]
    assert [(one.agency, one.attempts) for one in failed] == [("00012", TRIES)]
    assert states(store) == {"accepted": OFFICES - 1}
    assert whole(store)


def test_where_the_journal_cannot_be_written_a_group_is_put_back(
    store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_given: Any) -> int:
        raise OSError(28, "No space left on device")

    run(Server(), limit=5)
    server = Server()
    with monkeypatch.context() as patched:
        patched.setattr(journals.os, "write", full)
        with pytest.raises(TryLater):
            run(server)
    assert references(server) == []
    assert states(store) == {"accepted": 5, "pending": OFFICES - 5}
    assert run(Server()).accepted == OFFICES - 5
    assert whole(store)


def no_ends(monkeypatch: pytest.MonkeyPatch, *, after: int) -> None:
    """Let the disk be full whenever the journal is to be told what became of a mail, but for the first ones."""
    plain, told = os.write, [0]

    def full(handle: int, octets: bytes) -> int:
        told[0] += b'"said":"ended"' in octets
        if b'"said":"ended"' in octets and told[0] > after:
            raise OSError(28, "No space left on device")
        return plain(handle, octets)

    monkeypatch.setattr(journals.os, "write", full)


def test_an_end_that_the_journal_cannot_be_told_stops_its_group(
    store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server()
    with monkeypatch.context() as patched:
        no_ends(patched, after=8)
        assert run(server).accepted == OFFICES
    assert put_back(store) == GROUP - 4  # all of the third group behind its fourth mail
    assert len(references(server)) == len(set(references(server))) == OFFICES
    assert whole(store)


def test_where_neither_journal_nor_database_can_be_told_one_mail_is_sent_again_at_most(
    store: Store, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, plain = Server(), Server(), delivering.end

    def full(turn: Any, ended: Any) -> None:
        if any(one.is_untried for one in ended):
            raise TryLater("the disk is full", code="database-away")
        plain(turn, ended)

    with monkeypatch.context() as patched:
        no_ends(patched, after=8)
        patched.setattr(delivering, "end", full)
        with pytest.raises(TryLater):
            run(first)
    run(second, ADOPTED + LEASE)
    assert len(references(first)) == 9
    assert len(set(references(first)) & set(references(second))) == 1
    assert states(store) == {"accepted": OFFICES}
    assert whole(store)


@pytest.mark.parametrize(
    ("early", "given_up"), [(TICK, False), (timedelta(), True), (-TICK, True)], ids=["before", "at", "after"]
)
def test_a_server_nobody_can_connect_to_is_tried_for_48_hours(
    store: Store, run: Run, early: timedelta, given_up: bool
) -> None:
    at, tries = ADOPTED, 0
    while at < ADOPTED + GIVE_UP - 8 * timedelta(hours=1) or tries < TRIES:
        tries += run(Server(*[AWAY] * 99), at, limit=1).temporary
        with store.read() as connection:
            first = min(outbox.reminders(connection, agency="00000"), key=lambda one: one.id)
        assert (first.state, first.attempts) == ("pending", tries)
        with store.read() as connection:
            others = [one for one in outbox.reminders(connection, state="pending") if one.agency != "00000"]
        if others:
            drop(store, others)
        assert first.due_at is not None
        at = first.due_at
    run(Server(*[AWAY] * 99), ADOPTED + GIVE_UP - early)
    with store.read() as connection:
        (first,) = outbox.reminders(connection, agency="00000")
    assert (first.state == "failed") is given_up
    assert first.attempts > TRIES
    assert whole(store)


def drop(store: Store, others: list[Any]) -> None:
    """Send what is beside the point."""
    from tracker.operations import remove_channel

    for one in others:
        remove_channel(store, one.agency, "mail", at=ADOPTED, actor="test")
