"""Adopting: the directive files of a folder become those in force, as far as they say something new."""

import asyncio
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import acreate_markdown_artifact
from prefect.events import emit_event

from tracker.clock import now
from tracker.operations import open_store
from tracker.operations.folder import Folder, adopt_folder
from tracker.operations.ticking import clock_of, store_name, tick_lock
from tracker.settings import Settings

ACTOR = "adopt"


@flow(name="adopt")
async def adopt(
    folder: str | None = None,
    at: datetime | None = None,
    database_url: str | None = None,
    actor: str = ACTOR,
    only: list[str] | None = None,
) -> dict[str, int]:
    """Plan and adopt what changed in a folder, and return how many assignments that added, changed and withdrew.

    A folder with a mistake is refused whole, with its findings; one that was adopted already
    changes nothing. A directive that bears a later date waits for its day; `only` names those wanted by key.
    """
    settings = Settings.of(os.environ)
    store = open_store(database_url or settings.database_url)
    try:
        instant = clock_of(store, at, wall=now)()
        path = Path(folder or settings.directives)
        with tick_lock(store, "adopt") as alone:
            if not alone:
                return _summary(Folder(registry_changed=False, plans=(), adopted=()))
            done = await asyncio.to_thread(adopt_folder, store, path, at=instant, actor=actor, only=only or ())
        await acreate_markdown_artifact(key="plan", markdown="\n".join(_plan(done)), description="What was adopted")
        if not done.is_unchanged:
            _emit(store, done)
        return _summary(done)
    finally:
        store.close()


def _summary(done: Folder) -> dict[str, int]:
    counts = {what: sum(getattr(one, what) for one in done.adopted) for what in ("added", "changed", "withdrawn")}
    fresh = sum(not one.unchanged for one in done.adopted)
    return {"directives": fresh, **counts, "registry": int(done.registry_changed)}


def _plan(done: Folder) -> Iterator[str]:
    """Yield the lines of a page: what each directive changed, task by task."""
    yield "# Adopted" if not done.is_unchanged else "# Nothing changed"
    if done.registry_changed:
        yield "\nThe registry is a new version."
    for plan in (plan for plan in done.plans if not plan.is_empty):
        yield f"\n## {plan.directive}\n\n| | task | new agencies | agencies gone | last day |\n|---|---|---|---|---|"
        for change in plan.changes:
            day = change.new_deadline.last_day.isoformat() if change.new_deadline else ""
            yield f"| {change.sign} | {change.task} | {len(change.added)} | {len(change.removed)} | {day} |"


def _emit(store: Any, done: Folder) -> None:
    name = f"tracker.store.{store_name(store)}"
    emit_event("tracker.directives.adopted", resource={"prefect.resource.id": name}, payload=_summary(done))
