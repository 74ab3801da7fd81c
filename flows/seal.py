"""Sealing: one tick seals what the ledger holds by now, where that is due, and pushes the seal outside."""

import asyncio
import os
from datetime import datetime
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event

from tracker.clock import now
from tracker.operations import open_store
from tracker.operations.deliver import open_sender
from tracker.operations.keys import keyfile_of
from tracker.operations.sealing import seal as make
from tracker.operations.ticking import clock_of, store_name, tick_lock
from tracker.operations.watching import attended
from tracker.operations.witnessing import Pushed, push
from tracker.settings import Settings


@flow(name="seal")
async def seal(database_url: str | None = None, at: datetime | None = None) -> dict[str, int]:
    """Seal what is due, push the latest seal to each witness that lacks it, and return what was done.

    `size` is of the seal made now, 0 where none was due. A refusal to sign fails the run: no key,
    or a ledger that does not hold. `at` is for rehearsals.
    """
    settings = Settings.of(os.environ)
    store = open_store(database_url or settings.database_url)
    try:
        instant = clock_of(store, at, wall=now)()
        with tick_lock(store, "seal") as alone:
            if not alone:
                return _summary(0, ())
            size = await seal_due(store, settings, instant)
            pushed = await push_latest(store, settings, instant)
        _emit(store, size, pushed)
        return _summary(size, pushed)
    finally:
        store.close()


@task(name="seal", cache_policy=NO_CACHE)
async def seal_due(store: Any, settings: Settings, at: datetime) -> int:
    """Return how many entries were sealed, counted from the first; 0 where nothing was due."""

    def work() -> int:
        made = make(store, at=at, keyfile=keyfile_of(store, settings))
        attended(store, "seal", at=at, actor="seal", every=settings.watch_limit)
        return made.size if made else 0

    return await asyncio.to_thread(work)


@task(name="push", cache_policy=NO_CACHE)
async def push_latest(store: Any, settings: Settings, at: datetime) -> tuple[Pushed, ...]:
    """Return what became of the latest seal at each place that was tried."""

    def send() -> tuple[Pushed, ...]:
        with open_sender(store, settings) as sender:
            return push(store, sender, settings=settings, at=at)

    return await asyncio.to_thread(send)


def _emit(store: Any, size: int, pushed: tuple[Pushed, ...]) -> None:
    resource = {"prefect.resource.id": f"tracker.store.{store_name(store)}", "prefect.resource.name": "tracker store"}
    if size:
        emit_event("tracker.seal.made", resource=resource, payload={"size": size})
    for one in pushed:
        if one.why:
            emit_event("tracker.witness.failed", resource=resource, payload={"place": one.place, "why": one.why})


def _summary(size: int, pushed: tuple[Pushed, ...]) -> dict[str, int]:
    failed = sum(one.why is not None for one in pushed)
    return {"size": size, "pushed": len(pushed) - failed, "failed": failed}
