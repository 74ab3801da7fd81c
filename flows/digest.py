"""The lists of the week: made once their morning has come, and sent at once. The monitor makes them as well."""

import asyncio
import os
from datetime import datetime

from prefect import flow

from flows.deliver import send_due
from flows.monitor import PATIENCE, summary
from tracker.clock import now
from tracker.operations import Swept, open_store
from tracker.operations.lists import lists
from tracker.operations.ticking import clock_of
from tracker.settings import Settings


@flow(name="digest")
async def digest(database_url: str | None = None, at: datetime | None = None) -> dict[str, int]:
    """Make the lists that are due, deliver what is owed by then, and return how many offices get a list.

    A list is made once, whoever is first. `at` is for rehearsals.
    """
    settings = Settings.of(os.environ)
    store = open_store(database_url or settings.database_url)
    try:
        clock = clock_of(store, at, wall=now)
        offices = await asyncio.to_thread(lists, store, at=clock())
        sent = await send_due(store, settings, clock, PATIENCE, None) if offices else None
        return {"lists": offices, **(summary(Swept(), sent) if sent else {})}
    finally:
        store.close()
