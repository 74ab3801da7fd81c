"""A checked copy of the store, made by schedule into a folder that somebody else carries away."""

import asyncio
import os
from pathlib import Path

from prefect import flow

from tracker.clock import now
from tracker.operations import open_store
from tracker.operations.backup import backup as make
from tracker.operations.ticking import clock_of
from tracker.settings import Settings


@flow(name="backup")
async def backup(folder: str, files: bool = False, database_url: str | None = None) -> dict[str, str | int]:
    """Write a copy of the store into a folder that is there, check it, and return its file and where it ends.

    With `files`, evidence and keys lie beside it, modes kept.
    """
    settings = Settings.of(os.environ)
    store = open_store(database_url or settings.database_url)
    try:
        at = clock_of(store, None, wall=now)()
        done = await asyncio.to_thread(make, store, Path(folder), settings, at=at, files=files)
        return {"file": str(done.file), "octets": done.octets, "entries": done.entries, "head": done.head}
    finally:
        store.close()
