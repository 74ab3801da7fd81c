"""The monitor: one tick looks at what has come due, then sends what is owed.

A tick is level-triggered: it does whatever is due, however many ticks were missed, and leaves at
once while another is at work. A URL with a password belongs in TRACKER_DATABASE_URL, since Prefect
keeps the parameters of a run.
"""

import asyncio
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from prefect import flow, task
from prefect.artifacts import acreate_table_artifact
from prefect.cache_policies import NO_CACHE
from prefect.events import emit_event

from tracker.clock import now, uptime
from tracker.domain.errors import NotFound
from tracker.operations import Delivered, Swept, deliver, open_store, sweep
from tracker.operations.canary import sing
from tracker.operations.deliver import open_sender
from tracker.operations.lists import lists
from tracker.operations.telling import Told, tell
from tracker.operations.ticking import clock_of, registry_of, store_name, tick_lock
from tracker.settings import Settings
from tracker.views import Board, Cells, board

Clock = Callable[[], datetime]
PATIENCE = timedelta(seconds=30)
TOLD = ("accepted", "temporary", "permanent", "unknown")


@flow(name="monitor")
async def monitor(database_url: str | None = None, at: datetime | None = None) -> dict[str, int]:
    """Sweep, then deliver, and return what was done; all zero where another tick is at work.

    `at` is for rehearsals; a live store reads its own clock and refuses it.
    """
    settings = Settings.of(os.environ)
    store = open_store(database_url or settings.database_url)
    try:
        clock = clock_of(store, at, wall=now)
        with tick_lock(store) as alone:
            if not alone:
                return summary(Swept(), Delivered())
            swept = await sweep_due(store, settings, clock)
            delivered = await deliver_due(store, settings, clock)
            await tell_due(store, settings, clock)
            await _publish(store, clock())
        _emit(store, swept, delivered)
        return summary(swept, delivered)
    finally:
        store.close()


@task(name="sweep", cache_policy=NO_CACHE)
async def sweep_due(store: Any, settings: Settings, clock: Clock) -> Swept:
    """Return what one sweep did with everything that has come due."""

    def look() -> Swept:
        done = sweep(store, at=clock(), watch_every=settings.watch_limit)
        lists(store, at=clock())  # after it: they say what was found
        return done

    return await asyncio.to_thread(look)


@task(name="deliver", cache_policy=NO_CACHE)
async def deliver_due(store: Any, settings: Settings, clock: Clock) -> Delivered:
    """Return what became of every reminder that was due."""

    def send() -> Delivered:
        with open_sender(store, settings) as sender:
            # what a slow server leaves over is for the next tick: nobody else waits for it
            done = deliver(store, sender, settings=settings, clock=clock, patience=PATIENCE, uptime=uptime)
            sing(store, sender, settings=settings, at=clock())
            return done

    return await asyncio.to_thread(send)


@task(name="tell", cache_policy=NO_CACHE)
async def tell_due(store: Any, settings: Settings, clock: Clock) -> Told:
    """Return what became of every entry a hook was to be told: after the mails, which wait for none of them."""

    def call() -> Told:
        with tick_lock(store, "tell") as alone:
            return tell(store, settings=settings, clock=clock) if alone else Told()

    return await asyncio.to_thread(call)


async def _publish(store: Any, at: datetime) -> None:
    try:
        registry = registry_of(store)
    except NotFound:
        return  # nothing has been adopted yet: there is no board
    with store.read() as connection:
        seen = board(connection, at=at, registry=registry, limit=0)
    await acreate_table_artifact(key="board", table=_table(seen), description=f"The board as of {at.isoformat()}")


def _table(seen: Board) -> list[dict[str, Any]]:
    """Return a line a directive and one for all: the six cells and their sum; the overdue ones are a cell."""
    return [_line(one.number, one.cells) for one in seen.directives] + [_line("all", seen.cells)]


def _line(name: str, cells: Cells) -> dict[str, Any]:
    counts = {cell: getattr(cells, cell) for cell in cells.__dataclass_fields__}
    return {"directive": name, **counts, "sum": cells.total}


def _emit(store: Any, swept: Swept, delivered: Delivered) -> None:
    resource = {"prefect.resource.id": f"tracker.store.{store_name(store)}", "prefect.resource.name": "tracker store"}
    done = summary(swept, delivered)
    emit_event("tracker.sweep.finished", resource=resource, payload=done)
    if delivered.accepted:
        emit_event("tracker.delivery.accepted", resource=resource, payload=done)
    if delivered.temporary + delivered.unknown:
        emit_event("tracker.delivery.delayed", resource=resource, payload=done)
    if delivered.permanent + delivered.failed:
        emit_event("tracker.delivery.failed", resource=resource, payload={**done, "failed": delivered.failed})


def summary(swept: Swept, delivered: Delivered) -> dict[str, int]:
    """Return the counts a run ends with."""
    done = {"claimed": swept.claimed, "entries": swept.entries, "reminders": swept.reminders}
    return done | {name: getattr(delivered, name) for name in TOLD}
