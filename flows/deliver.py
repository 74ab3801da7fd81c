"""Delivery alone, as often at once as one likes: each run claims what nobody else is sending.

Beside the monitor, which sweeps and delivers, such runs share a large morning among several workers. They need
no shards: a reminder is claimed with a lease, and the lease of a run that was killed ends by itself.
"""

import asyncio
import os
from datetime import datetime, timedelta
from typing import Any

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.monitor import Clock, summary
from tracker.clock import now, uptime
from tracker.operations import Delivered, Swept, open_store
from tracker.operations import deliver as run
from tracker.operations.deliver import open_sender
from tracker.operations.ticking import clock_of
from tracker.settings import Settings


@flow(name="deliver")
async def deliver(
    database_url: str | None = None, at: datetime | None = None, seconds: float = 30, limit: int | None = None
) -> dict[str, int]:
    """Send what is due for so many seconds, `limit` mails at most, and return how the attempts ended.

    `at` is for rehearsals.
    """
    settings = Settings.of(os.environ)
    store = open_store(database_url or settings.database_url)
    try:
        clock = clock_of(store, at, wall=now)
        return summary(Swept(), await send_due(store, settings, clock, timedelta(seconds=seconds), limit))
    finally:
        store.close()


@task(name="deliver", cache_policy=NO_CACHE)
async def send_due(store: Any, settings: Settings, clock: Clock, patience: timedelta, limit: int | None) -> Delivered:
    """Return what became of the reminders that were due."""

    def send() -> Delivered:
        with open_sender(store, settings) as sender:
            return run(store, sender, settings=settings, clock=clock, patience=patience, limit=limit, uptime=uptime)

    return await asyncio.to_thread(send)
