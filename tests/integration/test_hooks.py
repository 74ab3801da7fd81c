"""Hooks: told of entries as they are made, in the same transaction, signed, tried again, and given up at last."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.builders import a_directive
from tests.integration.links import settings_in
from tests.integration.web_server import WebServer, answer
from tests.simulation.a_store import ADOPTED, mailboxes
from tests.simulation.an_office import KEY, OFFICES, SECRETARIAT, an_office, kinds, the_registry
from tracker import clock
from tracker.domain.entry import Draft
from tracker.domain.errors import Conflict, Invalid, NotFound, Refused
from tracker.domain.hook import GIVEN_UP, STEPS
from tracker.notify.outcome import Outcome
from tracker.operations import (
    acknowledge,
    adopt_directive,
    adopt_registry,
    deliver,
    init,
    set_channel,
    submit,
    sweep,
)
from tracker.operations.channels import rekey
from tracker.operations.hooks import add_hook, hook_list, remove_hook, tellings_of, way_of
from tracker.operations.rounds import go_round
from tracker.operations.telling import Told, tell, try_hook
from tracker.settings import Settings
from tracker.store import ledger
from tracker.store.store import Store

NOW = datetime(2025, 8, 20, 2, tzinfo=UTC)
BNV = f"{KEY}/report/BNV"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a rehearsal: its calls stay on this machine."""
    store = init(f"sqlite:///{tmp_path}/tracker.db", rehearsal=True, at=ADOPTED, actor="test")
    adopt_registry(store, the_registry(), at=ADOPTED, actor="test")
    set_channel(store, mailboxes(*OFFICES), at=ADOPTED, actor="test")
    adopt_directive(store, a_directive(), at=ADOPTED, actor="test")
    return store


def told(store: Store, settings: Settings, at: datetime = NOW) -> Told:
    return tell(store, settings=settings, clock=lambda: at)


def _fail_after_an_entry(store: Store) -> None:
    with store.write() as connection:
        ledger.append(connection, [Draft(kind="started", effective_at=NOW, actor="x", assignment=BNV)], at=NOW)
        raise ZeroDivisionError


def add(store: Store, settings: Settings, server: WebServer, *some: str) -> Any:
    url = f"http://127.0.0.1:{server.port}/in?token=x"
    return add_hook(store, url, some, settings=settings, at=ADOPTED, actor=SECRETARIAT)


def states(store: Store, reference: str) -> list[tuple[str, int]]:
    return [(one.state, one.attempts) for one in tellings_of(store, reference, limit=50)]


def test_a_receiver_with_the_real_library_knows_the_call(store: Store, settings: Settings) -> None:
    with WebServer() as server:
        made = add(store, settings, server)
        acknowledge(store, BNV, at=NOW, actor="BNV:anna")
        assert told(store, settings, clock.now()) == Told(accepted=1)
        headers = {name: server.header(name) or "" for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
        body = server.body()
    found = Webhook(made.secret).verify(body, headers)
    assert found["type"] == "entry.acknowledged"
    assert (found["data"]["assignment"], found["data"]["actor"]) == (BNV, "BNV:anna")
    with pytest.raises(WebhookVerificationError):
        Webhook(made.secret).verify(body.replace(b"BNV:anna", b"BNV:anne"), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + "A" * 43 + "=").verify(body, headers)
    position = store.position()
    assert (found["data"]["seq"], found["data"]["hash"]) == (position.seq, position.hash)


def test_an_entry_and_what_is_told_of_it_are_made_together_or_not_at_all(store: Store, settings: Settings) -> None:
    with WebServer() as server:
        made = add(store, settings, server)
    with pytest.raises(ZeroDivisionError):
        _fail_after_an_entry(store)
    assert states(store, made.hook.reference) == []
    acknowledge(store, BNV, at=NOW, actor="BNV:anna")
    assert states(store, made.hook.reference) == [("pending", 0)]


def test_a_hook_is_told_of_the_kinds_it_asked_for(store: Store, settings: Settings) -> None:
    with WebServer() as server:
        made = add(store, settings, server, "submitted")
        acknowledge(store, BNV, at=NOW, actor="BNV:anna")
        submit(store, BNV, at=NOW, actor="BNV:anna", words="Done.")
        assert told(store, settings) == Told(accepted=1)
        assert json.loads(server.body())["type"] == "entry.submitted"
    assert states(store, made.hook.reference) == [("accepted", 1)]


def test_mails_and_looks_tell_no_hook_and_ask_nothing_of_it(store: Store, settings: Settings) -> None:
    with WebServer() as server:
        made = add(store, settings, server)
    before = store.position().seq
    sweep(store, at=NOW)

    class Taking:
        def send(self, channel: object, notice: object) -> Any:
            return Outcome("accepted", 250, "taken")

    deliver(store, Taking(), settings=settings, clock=lambda: NOW)
    assert {"swept", "delivery"} <= set(kinds(store, before))
    assert states(store, made.hook.reference) == []


def test_a_call_is_tried_again_under_the_same_id_and_later_each_time(store: Store, settings: Settings) -> None:
    with WebServer(answer("503 Service Unavailable")) as server:
        made = add(store, settings, server)
        acknowledge(store, BNV, at=NOW, actor="BNV:anna")
        at, ids = NOW, []
        for attempt in range(1, 5):
            assert told(store, settings, at) == Told(postponed=1)
            ids.append(server.header("webhook-id"))
            (one,) = tellings_of(store, made.hook.reference, limit=5)
            assert (one.attempts, one.due_at) == (attempt, at + STEPS[attempt - 1])
            assert told(store, settings, at + STEPS[attempt - 1] - timedelta(seconds=1)) == Told()
            at += STEPS[attempt - 1]
        assert len(set(ids)) == 1
        server.reply = answer("204 No Content")
        assert told(store, settings, at) == Told(accepted=1)
    (hook,) = hook_list(store)
    assert (hook.failing_since, hook.why) == (None, None)


def test_one_silent_hook_holds_up_no_other(store: Store, settings: Settings) -> None:
    with WebServer(answer("500 Oops")) as silent, WebServer() as well:
        bad, good = add(store, settings, silent), add(store, settings, well)
        acknowledge(store, BNV, at=NOW, actor="BNV:anna")
        submit(store, BNV, at=NOW, actor="BNV:anna", words="Done.")
        assert told(store, settings) == Told(accepted=2, postponed=1)
    assert states(store, good.hook.reference) == [("accepted", 1), ("accepted", 1)]
    assert states(store, bad.hook.reference) == [("pending", 0), ("pending", 1)]


def test_a_hook_that_takes_nothing_for_days_is_told_nothing_more_and_the_ledger_says_so(
    store: Store, settings: Settings
) -> None:
    with WebServer(answer("404 Not Found")) as server:
        made = add(store, settings, server)
        acknowledge(store, BNV, at=NOW, actor="BNV:anna")
        at, after = NOW, store.position().seq
        while at < NOW + GIVEN_UP:
            assert told(store, settings, at) == Told(postponed=1)
            (one,) = tellings_of(store, made.hook.reference, limit=5)
            assert one.due_at is not None
            at = one.due_at
        assert told(store, settings, at) == Told(disabled=1)
        assert kinds(store, after) == ["hook_disabled"]
        (hook,) = hook_list(store)
        assert hook.disabled_at is not None
        submit(store, BNV, at=at, actor="BNV:anna", words="Done.")
        calls = len(server.requests)
        assert told(store, settings, at + timedelta(days=1)) == Told()
        assert len(server.requests) == calls


def test_a_receiver_that_is_gone_for_good_is_taken_at_its_word(store: Store, settings: Settings) -> None:
    with WebServer(answer("410 Gone")) as server:
        add(store, settings, server)
        acknowledge(store, BNV, at=NOW, actor="BNV:anna")
        assert told(store, settings) == Told(disabled=1)


def test_no_redirect_is_followed(store: Store, settings: Settings) -> None:
    with WebServer() as elsewhere:
        with WebServer(answer("302 Found", f"Location: http://127.0.0.1:{elsewhere.port}/")) as server:
            add(store, settings, server)
            acknowledge(store, BNV, at=NOW, actor="BNV:anna")
            assert told(store, settings) == Told(postponed=1)
        assert elsewhere.connections == 0


def test_the_secret_and_the_address_are_sealed_and_stand_in_no_entry(store: Store, settings: Settings) -> None:
    with WebServer() as server:
        made = add(store, settings, server)
    raw = Path(str(store.engine.url.database)).read_bytes()
    assert made.secret.encode() not in raw
    assert b"token=x" not in raw
    with store.read() as connection:
        said = [entry.payload for entry in ledger.entries(connection, kinds={"hook_added"})]
    assert said == [{"hook": made.hook.reference, "address": f"http://127.0.0.1:{server.port}/…", "kinds": []}]


def test_a_new_key_opens_what_was_sealed_with_the_old_one(store: Store, settings: Settings) -> None:
    with WebServer() as server:
        made = add(store, settings, server)
    rekey(store, settings=settings, at=NOW, actor="test", forget=True)
    (hook,) = hook_list(store)
    assert way_of(hook, store, settings).fields["secret"] == made.secret


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.moha.example/a",
        "https://127.0.0.1/a",
        "https://localhost/a",
        "https://user:pass@hooks.moha.example/",
        "https://hooks.moha.example/a#b",
        "ftp://hooks.moha.example/a",
        "nonsense",
    ],
)
def test_in_earnest_only_a_plain_https_address_elsewhere_is_called(
    tmp_path: Path, settings: Settings, url: str
) -> None:
    live = an_office(f"sqlite:///{tmp_path}/live.db")
    with pytest.raises(Invalid):
        add_hook(live, url, settings=settings, at=ADOPTED, actor=SECRETARIAT)
    assert hook_list(live) == ()


def test_a_rehearsal_tells_nobody_but_this_machine(store: Store, settings: Settings) -> None:
    with pytest.raises(Invalid, match="rehearsal"):
        add_hook(store, "https://hooks.moha.example/a", settings=settings, at=NOW, actor=SECRETARIAT)


def test_who_may_not_oversee_may_not_listen(store: Store, settings: Settings) -> None:
    with WebServer() as server:
        for actor in ("BNV:anna", "auditor:pham"):
            with pytest.raises(Refused):
                add_hook(store, f"http://127.0.0.1:{server.port}/", settings=settings, at=NOW, actor=actor)
        made = add(store, settings, server)
        with pytest.raises(Conflict):
            add(store, settings, server)
        with pytest.raises(Refused):
            remove_hook(store, made.hook.reference, at=NOW, actor="BNV:anna")
        with pytest.raises(Conflict):
            remove_hook(store, made.hook.reference, at=NOW, actor=SECRETARIAT, seen=made.hook.changed - 1)
        remove_hook(store, made.hook.reference, at=NOW, actor=SECRETARIAT)
        with pytest.raises(NotFound):
            remove_hook(store, made.hook.reference, at=NOW, actor=SECRETARIAT)
    with pytest.raises(Invalid):
        add_hook(store, "http://127.0.0.1:9/", ["swept"], settings=settings, at=NOW, actor=SECRETARIAT)


def test_a_hook_can_be_tried(store: Store, settings: Settings) -> None:
    with WebServer() as server:
        made = add(store, settings, server)
        assert try_hook(store, made.hook.reference, settings=settings, at=clock.now()).kind == "accepted"
        assert json.loads(server.body())["type"] == "tracker.test"
    assert states(store, made.hook.reference) == []


def test_the_tick_tells_hooks_after_the_mails(tmp_path: Path, store: Store, settings: Settings) -> None:
    with WebServer() as server:
        add(store, settings, server)
        acknowledge(store, BNV, at=NOW, actor="BNV:anna")
        done = go_round(
            replace(settings, database_url=str(store.engine.url), smtp_url="smtp://127.0.0.1:9"), wall=lambda: NOW
        )
        assert not [trouble for trouble in done.troubles if trouble.startswith("hooks")]
        assert len(server.requests) == 1
