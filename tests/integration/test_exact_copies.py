"""Exact copies, on both databases: what a server was handed is kept before it leaves, and proven by its entry."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.builders import a_directive, a_registry, a_task
from tests.integration.smtp import DROP, SmtpServer
from tracker import operations
from tracker.domain.errors import Broken, NotFound
from tracker.domain.scope import Scope
from tracker.notify.digest import Digest
from tracker.notify.notice import Notice
from tracker.notify.outcome import Outcome
from tracker.notify.send import Prepared, Sender
from tracker.notify.way import To
from tracker.operations.backup import backup, restore
from tracker.operations.deliver import LEASE, Delivered, deliver
from tracker.operations.exactcopy import exact_copies, exact_copy
from tracker.operations.links import keys_of
from tracker.operations.rebuild import rebuild
from tracker.settings import Settings
from tracker.store import outbox, queries
from tracker.store.adopted import Channel
from tracker.store.mails import MAIL
from tracker.store.outbox import Reminder
from tracker.store.store import Store, open_store

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """A live store with two tasks of one ministry, each reminded once: of the assignment, in one mail."""
    made = operations.init(database_url, rehearsal=False, at=AT, actor="test")
    operations.adopt_registry(made, a_registry(), at=AT, actor="test")
    channel = Channel(agency="BNV", name="mail", address="bnv@moha.example", language="vi")
    operations.set_channel(made, [channel], at=AT, actor="test")
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(secret=str(tmp_path / "secret"), journal=str(tmp_path / "sends"))


def assign(store: Store, *tasks: str) -> list[Reminder]:
    operations.adopt_directive(store, a_directive(*map(a_task, tasks)), at=AT, actor="test")
    operations.sweep(store, at=AT)
    with store.read() as connection:
        return sorted(outbox.reminders(connection), key=lambda one: one.id)


def run(store: Store, server: SmtpServer, settings: Settings, at: datetime = AT) -> Delivered:
    with Sender(server.url, rehearsal=False, read_timeout=5) as sender:
        return deliver(store, sender, settings=settings, clock=lambda: at)


def named(store: Store) -> list[object]:
    """Return what the entries of attempts name of their mails, the first attempt first."""
    with store.read() as connection:
        return [one.payload.get("mail") for one in reversed(queries.entries_where(connection, kinds=["delivery"]))]


def test_what_left_is_kept_octet_for_octet_but_for_what_acts_and_its_entry_proves_it(
    store: Store, server: SmtpServer, settings: Settings
) -> None:
    keys_of(store, settings, make=True)
    (reminder,) = assign(store, "report")
    assert run(store, server, settings).accepted == 1
    (taken,) = server.messages
    copy = exact_copy(store, reminder.reference, settings=settings)
    assert copy.sent == sha256(taken.content).hexdigest()
    assert copy.shown == sha256(copy.octets).hexdigest() != copy.sent
    assert [line for line in copy.octets.splitlines() if line not in taken.content.splitlines()]
    assert (copy.attempt, copy.outcome, copy.proven) == (1, "accepted", True)
    assert named(store) == [{"sent": copy.sent, "shown": copy.shown}]
    elsewhere = replace(settings, secret=settings.secret + ".gone")
    assert exact_copy(store, reminder.reference, settings=elsewhere).proven is None
    assert rebuild(store, keep=False).differing == ()


def test_a_mail_without_links_is_kept_as_it_is_and_found_by_each_reminder_in_it(
    store: Store, server: SmtpServer, settings: Settings
) -> None:
    first, second = assign(store, "report", "survey")
    assert run(store, server, settings).accepted == 1
    copies = [exact_copy(store, one.reference, settings=settings) for one in (first, second)]
    assert copies[0] == copies[1]
    assert copies[0].octets == server.messages[0].content
    assert copies[0].sent == copies[0].shown
    for scope in (Scope(offices=frozenset({"BTC"})), Scope(offices=frozenset())):
        with pytest.raises(NotFound):
            exact_copies(store, first.reference, settings=settings, scope=scope)
    assert exact_copies(store, second.reference, settings=settings, scope=Scope(offices=frozenset({"BNV"})))


def test_only_what_a_server_has_or_may_have_is_kept(store: Store, server: SmtpServer, settings: Settings) -> None:
    (reminder,) = assign(store, "report")
    server.rule("RCPT", "451 greylisted", times=1)
    server.rule("END", DROP, times=1)
    assert run(store, server, settings).temporary == 1
    with pytest.raises(NotFound, match="no exact copy"):
        exact_copy(store, reminder.reference, settings=settings)
    assert run(store, server, settings, AT + HOUR).unknown == 1
    assert run(store, server, settings, AT + 2 * HOUR).accepted == 1
    copies = exact_copies(store, reminder.reference, settings=settings)
    assert [(one.attempt, one.outcome) for one in copies] == [(2, "unknown"), (3, "accepted")]
    assert copies[1].octets == server.messages[0].content != copies[0].octets
    assert exact_copy(store, reminder.reference, settings=settings, attempt=2) == copies[0]
    assert named(store) == [None, *({"sent": one.sent, "shown": one.shown} for one in copies)]


class Died(BaseException):
    """The worker is gone."""


class Mortal:
    """A sender whose worker is killed when the server has the mail."""

    def __init__(self, sender: Sender) -> None:
        self.sender, self.prepare = sender, sender.prepare

    def send(self, channel: To, what: Notice | Digest | Prepared) -> Outcome:
        self.sender.send(channel, what)
        raise Died


def test_a_worker_that_is_killed_leaves_the_copy_of_what_it_sent(
    store: Store, server: SmtpServer, settings: Settings
) -> None:
    (reminder,) = assign(store, "report")
    with Sender(server.url, rehearsal=False) as sender, pytest.raises(Died):
        deliver(store, Mortal(sender), settings=settings, clock=lambda: AT)
    assert run(store, server, settings, AT + LEASE + HOUR).accepted == 1
    copies = exact_copies(store, reminder.reference, settings=settings)
    assert [one.octets for one in copies] == [one.content for one in server.messages]
    assert [one.outcome for one in copies] == ["unknown", "accepted"]
    assert [one["sent"] for one in named(store)] == [one.sent for one in copies]  # type: ignore[index]


def test_a_copy_that_was_changed_is_not_shown(store: Store, server: SmtpServer, settings: Settings) -> None:
    first, second = assign(store, "report", "survey")
    run(store, server, settings)
    copy = exact_copy(store, first.reference, settings=settings)
    for change in ({"content": b"another"}, {"sent": "0" * 64}, {"shown": "0" * 64}):
        with store.write() as connection:
            before = connection.execute(MAIL.select()).one()._mapping
            connection.execute(update(MAIL).values(change))
        with pytest.raises(Broken):
            exact_copy(store, second.reference, settings=settings)
        with store.write() as connection:
            connection.execute(update(MAIL).values(dict(before)))
    assert exact_copy(store, second.reference, settings=settings) == copy


def test_what_left_before_copies_were_kept_has_none(store: Store, settings: Settings) -> None:
    class Plain:
        def send(self, channel: To, notice: Notice | Digest) -> Outcome:
            return Outcome("accepted", 250, "ok")

    (reminder,) = assign(store, "report")
    deliver(store, Plain(), settings=settings, clock=lambda: AT)
    assert exact_copies(store, reminder.reference, settings=settings) == ()
    assert named(store) == [None]
    with pytest.raises(NotFound, match="before copies were kept"):
        exact_copy(store, reminder.reference, settings=settings)
    with pytest.raises(NotFound, match="no reminder"):
        exact_copy(store, "ntf-nobody", settings=settings)


def test_a_backup_carries_the_copies(tmp_path: Path, server: SmtpServer, settings: Settings) -> None:
    made = operations.init(f"sqlite:///{tmp_path / 'one.db'}", rehearsal=False, at=AT, actor="test")
    operations.adopt_registry(made, a_registry(), at=AT, actor="test")
    operations.set_channel(
        made, [Channel(agency="BNV", name="mail", address="bnv@moha.example", language="vi")], at=AT, actor="test"
    )
    (reminder,) = assign(made, "report")
    run(made, server, settings)
    copy = exact_copy(made, reminder.reference, settings=settings)
    backup(made, tmp_path / "copy.db", settings, at=AT)
    made.close()
    restore(tmp_path / "copy.db", f"sqlite:///{tmp_path / 'two.db'}", at=AT, actor="test")
    again = open_store(f"sqlite:///{tmp_path / 'two.db'}")
    assert exact_copy(again, reminder.reference, settings=settings) == copy
    again.close()
