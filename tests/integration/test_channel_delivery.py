"""Reminders by sealed channels, from the sweep to a socket and back into the ledger; on both databases."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import a_directive, a_registry, a_task
from tests.integration.web_server import WebServer, answer
from tracker import operations
from tracker.operations.channels import set_service
from tracker.operations.deliver import Delivered, deliver, open_sender
from tracker.operations.trying import try_channel
from tracker.settings import Settings
from tracker.store import ledger, outbox
from tracker.store.adopted import Channel
from tracker.store.outbox import Reminder
from tracker.store.store import Store

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(secret=str(tmp_path / "secret"), smtp_url="smtp://127.0.0.1:9")


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as made:
        yield made


@pytest.fixture
def store(database_url: str, server: WebServer, settings: Settings) -> Iterator[Store]:
    """A rehearsal in which BNV is reached by a webhook alone and owes one report."""
    made = operations.init(database_url, rehearsal=True, at=AT, actor="test")
    operations.adopt_registry(made, a_registry(), at=AT, actor="test")
    channel = Channel(agency="BNV", name="hook", address="", language="en", kind="webhook")
    fields = {"url": f"http://127.0.0.1:{server.port}/in/t0ken", "secret": SIGNING}
    set_service(made, channel, fields, settings=settings, at=AT, actor="test")
    operations.adopt_directive(made, a_directive(a_task()), at=AT, actor="test")
    operations.sweep(made, at=AT)
    yield made
    made.close()


def send(store: Store, settings: Settings, at: datetime = AT) -> Delivered:
    with open_sender(store, settings) as sender:
        return deliver(store, sender, settings=settings, clock=lambda: at)


def only(store: Store) -> Reminder:
    with store.read() as connection:
        (found,) = outbox.reminders(connection)
    return found


def said(store: Store, kind: str) -> list[dict[str, object]]:
    with store.read() as connection:
        return [dict(entry.payload) for entry in ledger.entries(connection) if entry.kind == kind]


def test_a_reminder_is_sent_to_the_webhook_that_was_sealed(store: Store, server: WebServer, settings: Settings) -> None:
    assert send(store, settings).accepted == 1
    assert server.requests[0].startswith(b"POST /in/t0ken HTTP/1.1")
    assert json.loads(server.body())["data"]["assignment"] == "2025/412-tb-vpcp/report/BNV"
    assert server.header("webhook-signature")
    (entry,) = said(store, "delivery")
    assert (entry["address"], entry["outcome"], entry["code"]) == ("webhook:127.0.0.1", "accepted", 200)
    assert "t0ken" not in json.dumps([*said(store, "channel_set"), entry])


@pytest.mark.parametrize("status", ["429 Many", "503 Away"])
def test_a_receiver_is_asked_again_when_it_said_and_not_before(
    store: Store, server: WebServer, settings: Settings, status: str
) -> None:
    server.reply = answer(status, "Retry-After: 3600")
    assert send(store, settings).temporary == 1
    due = only(store).due_at
    assert due is not None
    assert timedelta(hours=1) <= due - AT <= timedelta(hours=2)
    server.reply = answer("200 OK")
    assert send(store, settings, due - timedelta(seconds=1)).attempts == 0
    assert send(store, settings, due).accepted == 1
    assert server.header("webhook-id", 0) == server.header("webhook-id", 1)


@pytest.mark.parametrize("status", ["301 Moved", "404 Where"])
def test_a_receiver_that_refuses_for_good_is_left_to_a_person(
    store: Store, server: WebServer, settings: Settings, status: str
) -> None:
    server.reply = answer(status, "Location: http://127.0.0.1:1/")
    assert send(store, settings).permanent == 1
    assert only(store).state == "failed"
    assert status[:3] in str(only(store).why)


def test_without_the_key_a_reminder_waits_and_leaves_when_it_is_back(
    store: Store, server: WebServer, settings: Settings
) -> None:
    file = Path(settings.secret)
    file.rename(file.with_name("away"))
    assert send(store, settings).temporary == 1
    assert server.connections == 0
    file.with_name("away").rename(file)
    due = only(store).due_at
    assert due is not None
    assert send(store, settings, due).accepted == 1


def test_a_channel_is_tested_and_the_ledger_says_how_it_went(
    store: Store, server: WebServer, settings: Settings
) -> None:
    tried = try_channel(store, "BNV", "hook", settings=settings, at=AT, actor="test")
    assert (tried.outcome.kind, tried.address) == ("accepted", "webhook:127.0.0.1")
    assert "Nothing need be done." in json.loads(server.body())["data"]["text"]
    server.reply = answer("410 Gone")
    assert try_channel(store, "BNV", "hook", settings=settings, at=AT, actor="test").outcome.kind == "permanent"
    outcomes = [(one["kind"], one["outcome"], one["code"]) for one in said(store, "channel_tested")]
    assert outcomes == [("webhook", "accepted", 200), ("webhook", "permanent", 410)]
    assert operations.rebuild(store, keep=False).differing == ()
