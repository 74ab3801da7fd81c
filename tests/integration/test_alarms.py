"""Alarms and poison, on both databases: what fails for good is told to the secretariat, and holds up nobody."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.builders import a_directive, a_registry, a_task
from tests.integration.test_delivery import ACCEPTED, Post, run
from tests.simulation.a_store import told
from tracker import operations
from tracker.domain.patience import TRIES
from tracker.notify.digest import Digest
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.render import render
from tracker.notify.way import To
from tracker.operations import rebuild
from tracker.operations.deliver import Delivered
from tracker.store import outbox
from tracker.store.adopted import Channel
from tracker.store.outbox import Reminder
from tracker.store.store import Store

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
REFUSED = Outcome("permanent", 550, "5.1.1 no such user")
SECRETARIAT = "vpcp@agencies.example"
LEADS = ("BNV", "BTC", "BGDDT")


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A rehearsal with a secretariat and three ministries, each owed one reminder."""
    made = operations.init(database_url, rehearsal=True, at=AT, actor="test")
    operations.adopt_registry(made, replace(a_registry(), secretariat="VPCP"), at=AT, actor="test")
    ways = [
        Channel(agency=code, name="mail", address=f"{code.lower()}@agencies.example", language="en")
        for code in (*LEADS, "VPCP")
    ]
    operations.set_channel(made, ways, at=AT, actor="test")
    tasks = [a_task(f"duty-{code.lower()}", lead=code) for code in LEADS]
    operations.adopt_directive(made, a_directive(*tasks), at=AT, actor="test")
    operations.sweep(made, at=AT)
    yield made
    made.close()


class Refusing(Post):
    """A sender whose server refuses some addresses for good."""

    def __init__(self, *addresses: str) -> None:
        super().__init__()
        self.refused = {f"{code.lower()}@agencies.example" for code in addresses}

    def send(self, channel: To, notice: Notice | Digest) -> Outcome:
        outcome = super().send(str(channel), notice)
        return REFUSED if channel in self.refused else outcome


def alarms(store: Store) -> list[Reminder]:
    with store.read() as connection:
        return sorted((one for one in outbox.reminders(connection) if one.stage == "alarm"), key=lambda one: one.rung)


def heard(post: Post) -> list[Digest]:
    return [notice for channel, notice in post.sent if channel == SECRETARIAT and isinstance(notice, Digest)]


def as_the_entries_say(store: Store) -> bool:
    return rebuild(store, keep=False).differing == ()


def test_the_secretariat_hears_of_everything_that_failed_in_one_mail(store: Store) -> None:
    post = Refusing("BNV", "BTC")
    assert run(store, post) == Delivered(accepted=2, permanent=2)
    (alarm,) = heard(post)
    said = render(alarm)
    assert said.subject.startswith("[REHEARSAL] [2 reminders not delivered] ")
    assert "not delivered to BNV by mail: 5.1.1 no such user" in said.text
    assert "not delivered to BTC by mail: 5.1.1 no such user" in said.text
    assert [one.state for one in alarms(store)] == ["accepted"]
    assert as_the_entries_say(store)


def test_what_fails_after_the_first_alarm_of_a_day_is_gathered_for_an_hour(store: Store) -> None:
    first = Refusing("BNV")
    first.answers = [ACCEPTED, ACCEPTED, Outcome("temporary", 451, "busy")]  # the last one is for BTC
    run(store, first)
    assert [one.state for one in alarms(store)] == ["accepted"]
    post = Refusing("BTC")
    run(store, post, AT + timedelta(minutes=2))
    run(store, post, AT + HOUR - timedelta(seconds=1))
    assert [one.state for one in alarms(store)] == ["accepted", "pending"]
    assert as_the_entries_say(store)
    run(store, post, AT + HOUR)
    assert [one.state for one in alarms(store)] == ["accepted", "accepted"]
    assert len(heard(first)) == len(heard(post)) == 1
    assert as_the_entries_say(store)


def test_an_alarm_that_fails_makes_no_alarm(store: Store) -> None:
    post = Refusing("BNV", "VPCP")
    run(store, post)
    run(store, post, AT + timedelta(days=1))
    assert [one.state for one in alarms(store)] == ["failed"]
    assert as_the_entries_say(store)


def test_a_secretariat_without_a_channel_is_a_failure_that_somebody_sees(store: Store) -> None:
    operations.remove_channel(store, "VPCP", "mail", at=AT, actor="test")
    run(store, Refusing("BNV"))
    assert [(one.state, one.channel) for one in alarms(store)] == [("failed", "none")]
    assert as_the_entries_say(store)


def test_without_a_secretariat_there_is_no_alarm(store: Store) -> None:
    operations.adopt_registry(store, a_registry(), at=AT, actor="test")
    run(store, Refusing("BNV"))
    assert alarms(store) == []


@pytest.mark.parametrize("where", ["sending", "reckoning"])
def test_a_poisoned_reminder_is_set_aside_after_eight_tries_and_the_others_go_on_time(
    store: Store, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.read() as connection:
        (poison,) = outbox.reminders(connection, agency="BTC")

    class Fragile(Post):
        def send(self, channel: To, notice: Notice | Digest) -> Outcome:
            if where == "sending" and poison.reference in told(notice) and not channel == SECRETARIAT:
                raise RuntimeError("no such letter")
            return super().send(str(channel), notice)

    if where == "reckoning":
        from tracker.operations import attempting

        plain = attempting.notice_of

        def fragile(connection: object, reminder: Reminder, *given: object, **named: object) -> Notice:
            if reminder.reference == poison.reference:
                raise KeyError("no such task")
            return plain(connection, reminder, *given, **named)  # type: ignore[arg-type]

        monkeypatch.setattr(attempting, "notice_of", fragile)
    post, at = Fragile(), AT
    assert run(store, post) == Delivered(accepted=2, temporary=1)
    assert as_the_entries_say(store)
    for _ in range(TRIES):
        at += timedelta(days=1)
        run(store, post, at)
    with store.read() as connection:
        (poison,) = outbox.reminders(connection, agency="BTC")
    assert (poison.state, poison.attempts) == ("failed", TRIES)
    assert len(heard(post)) == 1
    assert as_the_entries_say(store)
