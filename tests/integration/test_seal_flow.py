"""Sealing by itself: a tick of the flow on a real Prefect server; `test_served_schedule` sees it served."""

import asyncio
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.integration.prefect_api import Api, prefect_api, prefect_server
from tests.integration.smtp import SmtpServer
from tests.simulation.a_store import ADOPTED, a_store
from tracker.domain.errors import Broken, Refused
from tracker.operations import open_store, verify
from tracker.operations.keys import make_key
from tracker.operations.sealing import last_seal
from tracker.operations.ticking import store_name, tick_lock
from tracker.operations.witnessing import add_witness, witnesses
from tracker.store import seals

__all__ = ["prefect_api", "prefect_server"]

NOTHING = {"size": 0, "pushed": 0, "failed": 0}
LATER = ADOPTED + timedelta(minutes=1)


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        monkeypatch.setenv("TRACKER_SMTP_URL", server.url)
        yield server


@pytest.fixture
def rehearsal(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'tracker.db'}"
    store = a_store(url, rehearsal=True)
    make_key(store, tmp_path / "tracker.db.key", at=ADOPTED, actor="cli:root")
    store.close()
    return url


def tick(url: str, at: datetime) -> dict[str, int]:
    from flows.seal import seal

    return asyncio.run(seal(url, at))


def test_a_tick_seals_what_is_due_and_pushes_it(
    prefect_api: Api, mails: SmtpServer, rehearsal: str, tmp_path: Path
) -> None:
    store = open_store(rehearsal)
    for place in (f"folder:{tmp_path}", "auditor@sav.example"):
        add_witness(store, place, at=ADOPTED, actor="cli:root")
    size = store.position().seq
    assert tick(rehearsal, ADOPTED) == NOTHING
    assert tick(rehearsal, LATER) == {"size": size, "pushed": 2, "failed": 0}
    assert tick(rehearsal, LATER) == NOTHING
    assert len(mails.messages) == 1
    assert {one.size for one in witnesses(store)} == {size}
    verdict = verify(store)
    assert (verdict.holds, verdict.seals) == (True, 1)


def test_a_place_that_fails_is_an_event_and_is_tried_again_by_the_next_tick(
    prefect_api: Api, mails: SmtpServer, rehearsal: str
) -> None:
    store = open_store(rehearsal)
    add_witness(store, "auditor@sav.example", at=ADOPTED, actor="cli:root")
    mails.rule("RCPT", "451 later")
    assert tick(rehearsal, LATER)["failed"] == 1
    assert tick(rehearsal, LATER) == {"size": 0, "pushed": 0, "failed": 1}
    mails.behave()
    assert tick(rehearsal, LATER) == {"size": 0, "pushed": 1, "failed": 0}
    name = f"tracker.store.{store_name(store)}"
    end = time.monotonic() + 30
    while not [e for e in prefect_api.events("tracker.witness") if e["resource"]["prefect.resource.id"] == name]:
        assert time.monotonic() < end
        time.sleep(0.1)


def test_a_burst_of_ticks_makes_one_seal_and_does_not_wait_for_the_monitor(
    prefect_api: Api, mails: SmtpServer, rehearsal: str
) -> None:
    from flows.seal import seal

    async def burst() -> list[dict[str, int]]:
        return await asyncio.gather(*(seal(rehearsal, LATER) for _ in range(3)))

    store = open_store(rehearsal)
    with tick_lock(store):
        done = asyncio.run(burst())
    assert sum(one["size"] > 0 for one in done) == 1
    with store.read() as connection:
        assert seals.count(connection) == 1


def test_a_tick_leaves_at_once_while_another_seals(prefect_api: Api, mails: SmtpServer, rehearsal: str) -> None:
    store = open_store(rehearsal)
    with tick_lock(store, "seal"):
        assert tick(rehearsal, LATER) == NOTHING
    assert last_seal(store) is None


def test_a_tick_that_may_not_sign_fails_and_says_so(
    prefect_api: Api, mails: SmtpServer, rehearsal: str, tmp_path: Path
) -> None:
    assert tick(rehearsal, LATER)["size"]
    (tmp_path / "tracker.db.key").rename(tmp_path / "away")
    store = open_store(rehearsal)
    add_witness(store, f"folder:{tmp_path}", at=LATER, actor="cli:root")
    with pytest.raises(Refused, match="TRACKER_KEY"):
        tick(rehearsal, LATER + timedelta(minutes=1))
    (tmp_path / "away").rename(tmp_path / "tracker.db.key")
    from sqlalchemy import text

    with store.write() as connection:
        connection.execute(text("UPDATE seal SET head = :head"), {"head": "0" * 64})
    with pytest.raises(Broken, match="says something else"):
        tick(rehearsal, LATER + timedelta(minutes=1))
