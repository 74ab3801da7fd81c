"""Backup and restore: a whole copy that was checked, and one put back that sends nothing until a person has looked."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tracker.audit import sealed
from tracker.audit.chain import Verdict
from tracker.domain.errors import Broken, Conflict, Invalid, TryLater
from tracker.operations.evidence import evidence_folder
from tracker.operations.guard import mark_restored
from tracker.operations.keys import file_of as numbered
from tracker.operations.keys import keyfile_of
from tracker.operations.secrets import secretfile_of
from tracker.operations.sessions import end_everything
from tracker.operations.ticking import store_name
from tracker.settings import Settings
from tracker.store import copies, ledger, seals
from tracker.store.store import Connection, Store, open_store, upgrade

ENDS = {"sqlite": "db", "postgresql": "dump"}


@dataclass(frozen=True, slots=True)
class Beside:
    """Something that belongs to a store and is not in it: what it is, where it lies, whether that is here."""

    what: str
    where: Path
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """A copy that was made and checked: its file, its size, where the ledger in it ends, and what is not in it."""

    file: Path
    octets: int
    entries: int
    head: str
    beside: tuple[Beside, ...]
    files: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PutBack:
    """A store that was put back: where its ledger ended in the copy, and whether it is on hold now."""

    entries: int
    head: str
    on_hold: bool


def backup(store: Store, place: Path, settings: Settings, *, at: datetime, files: bool = False) -> BackedUp:
    """Write one state of a store to a new file, or under a name of its own into a folder, and check the copy.

    With `files` what belongs to the store is copied beside it, modes kept. Raises Conflict where
    the file is there already, and Broken where what was copied does not hold.
    """
    file = place / _name(store, at) if place.is_dir() else place
    aside = Path(f"{file}.files")
    for there in (file, *([aside] if files else [])):
        if there.exists():
            raise Conflict(f"{there} is there already: nothing is written over", code="file-exists")
    if not file.parent.is_dir():
        raise Invalid(f"{file.parent} is no folder", code="bad-file")
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    found: list[Verdict] = []
    try:
        copies.copy(store, beside, check=lambda connection: found.append(_whole(connection)))
        os.chmod(beside, 0o600)
        octets = beside.stat().st_size
        copies.finish(beside, file)
    except OSError as error:
        raise TryLater(f"{file} cannot be written: {error.strerror}", code="no-copy") from None
    finally:
        for one in file.parent.glob(f"{beside.name}*"):
            one.unlink()
    belongings = tuple(belonging(store, settings))
    if files:
        _copy(belongings, aside)
    return BackedUp(
        file=file,
        octets=octets,
        entries=found[0].entries,
        head=found[0].head,
        beside=belongings,
        files=aside if files else None,
    )


def restore(file: Path, url: str, *, at: datetime, actor: str) -> PutBack:
    """Put a copy where nothing is, at this program's migrations, and mark it; a live store is on hold from then on.

    Raises Conflict where something is there already, Broken where the ledger in the copy does not hold.
    """
    copies.put_back(file, url)
    upgrade(url)
    store = open_store(url)
    try:
        end = store.position()
        # marked before it is checked: whatever comes of that, nothing is sent from here
        said = {"file": file.name, "entries": end.seq, "head": end.hash}
        mark_restored(store, at=at, actor=actor, said=said)
        end_everything(store)  # who was logged in then is not now
        with store.read() as connection:
            _whole(connection)
    finally:
        store.close()
    return PutBack(entries=end.seq, head=end.hash, on_hold=not end.is_rehearsal)


def belonging(store: Store, settings: Settings) -> Iterator[Beside]:
    """Yield what belongs to a store and no copy of the database holds."""
    evidence = evidence_folder(settings).root
    yield Beside("evidence", evidence, evidence.is_dir())
    for what, first in (("sealing key", keyfile_of(store, settings)), ("secrets", secretfile_of(store, settings))):
        number = 1
        while number == 1 or numbered(first, number).exists():
            yield Beside(what, numbered(first, number), numbered(first, number).exists())
            number += 1


def _name(store: Store, at: datetime) -> str:
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"tracker-{store_name(store)}-{stamp}.{ENDS[store.engine.dialect.name]}"


def _whole(connection: Connection) -> Verdict:
    head = ledger.position(connection)
    records = ledger.records(connection)
    verdict = sealed.verify(records, seq=head.seq, head=head.hash, seals=seals.notes(connection))
    if not verdict.holds:
        raise Broken(f"the ledger in the copy does not hold, from entry {verdict.broken_at}: {verdict.why}")
    return verdict


def _copy(belongings: tuple[Beside, ...], aside: Path) -> None:
    """Copy what is here below a new folder that only its owner reads, modes kept."""
    try:
        aside.mkdir(mode=0o700)
        for one in belongings:
            if one.here and one.where.is_dir():
                shutil.copytree(one.where, aside / one.where.name)
            elif one.here:
                shutil.copy2(one.where, aside / one.where.name)
    except OSError as error:
        raise TryLater(f"{aside} cannot be written: {error}", code="no-copy") from None
