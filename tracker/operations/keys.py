"""Keys of a store: the private half in a file that only its owner reads, the public one in the ledger.

Key number n lies in a file of its own, the first under the name of the setting, later ones with
`.2`, `.3` … after it. A file is never written over: a key that is lost cannot be made again, and
one that is out of force still shows where old seals came from.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tracker.audit.keys import MADE, ROTATED, Ring, Signer, Vkey, ring_of
from tracker.audit.seal import origin_of
from tracker.domain.entry import Draft
from tracker.domain.errors import Conflict, Invalid, NotFound, Refused
from tracker.settings import Settings
from tracker.store import ledger, seals
from tracker.store.store import Connection, Store

MAKE = "no key has been made for this ledger: run 'tracker key make'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key of a ledger: the entry that brought it, its public half, its file, and whether that is here."""

    seq: int
    vkey: Vkey
    file: Path
    here: bool


def keyfile_of(store: Store, settings: Settings) -> Path:
    """Return where the first private key of a store lies: as set, else beside an SQLite file, else here."""
    if settings.key:
        return Path(settings.key)
    if store.engine.dialect.name == "sqlite":
        return Path(f"{store.engine.url.database}.key")
    return Path("tracker.key")


def make_key(store: Store, keyfile: Path, *, at: datetime, actor: str) -> Key:
    """Make the first key of a ledger and record its public half; raises Conflict where there is one.

    A key that lies there already is taken as it is.
    """
    with store.write() as connection:
        at = ledger.settle(connection, at)
        ring = ring_at(connection)
        if ring.keys:
            raise Conflict("this ledger has a key; a new one follows with 'tracker key rotate'", code="key-exists")
        vkey = Vkey(ring.next_name(), _found_or_made(keyfile).public)
        seq = _record(connection, MADE, {"key": vkey.name, "vkey": vkey.text()}, at, actor)
    return Key(seq=seq, vkey=vkey, file=keyfile, here=True)


def rotate_key(store: Store, keyfile: Path, *, at: datetime, actor: str) -> Key:
    """Make the next key, endorsed by the one in force, and record it; from here on it alone seals."""
    with store.write() as connection:
        at = ledger.settle(connection, at)
        ring = ring_at(connection)
        old = signer_of(ring, keyfile)
        file = file_of(keyfile, len(ring.keys) + 1)
        vkey = Vkey(ring.next_name(), _found_or_made(file).public)
        if vkey.public == old.public:
            raise Conflict(f"{file} holds the key that is in force already", code="key-exists")
        payload = {"key": vkey.name, "vkey": vkey.text(), "endorsement": old.endorse(vkey)}
        seq = _record(connection, ROTATED, payload, at, actor)
    return Key(seq=seq, vkey=vkey, file=file, here=True)


def keys(store: Store, keyfile: Path) -> tuple[Key, ...]:
    """Return the keys of a ledger in their order; the last one is in force."""
    with store.read() as connection:
        ring = ring_at(connection)
    files = [file_of(keyfile, number) for number in range(1, len(ring.keys) + 1)]
    return tuple(
        Key(seq=seq, vkey=vkey, file=file, here=file.exists())
        for (seq, vkey), file in zip(ring.keys, files, strict=True)
    )


def ring_at(connection: Connection, *, until: int | None = None) -> Ring:
    """Return the keys that the ledger names up to a position; raises Broken where one may not follow another."""
    first = seals.entry_at(connection, 1)
    if first is None:
        raise NotFound("this ledger has no entry yet")
    end = ledger.position(connection).seq if until is None else until
    named = seals.notes_of_kinds(connection, (MADE, ROTATED), until=end)
    return ring_of(origin_of(first.hash), ((entry.seq, entry.kind, entry.payload) for entry in named))


def signer_of(ring: Ring, keyfile: Path) -> Signer:
    """Return the private key that is in force; raises Refused where there is none, or its file is another's."""
    if not ring.keys:
        raise Refused(MAKE, code="no-key")
    file, vkey = file_of(keyfile, len(ring.keys)), ring.keys[-1][1]
    signer = read_key(file)
    if signer.public != vkey.public:
        raise Refused(f"{file} holds another key than {vkey.text()}, which is in force", code="wrong-key")
    return signer


def file_of(keyfile: Path, number: int) -> Path:
    """Return the file of a key by its number.

    >>> str(file_of(Path("tracker.key"), 1)), str(file_of(Path("tracker.key"), 2))
    ('tracker.key', 'tracker.key.2')
    """
    return keyfile if number == 1 else keyfile.with_name(f"{keyfile.name}.{number}")


def read_key(file: Path) -> Signer:
    """Return the private key in a file; raises Refused where it is not there, or others may read it."""
    try:
        with file.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            pem = stream.read(64 * 1024)
    except FileNotFoundError:
        raise Refused(
            f"the private key is not at {file}: put it there, or say where with TRACKER_KEY", code="no-keyfile"
        ) from None
    except OSError as error:
        raise Refused(f"the private key at {file} cannot be read: {error.strerror}", code="no-keyfile") from None
    if mode & 0o077:
        raise Refused(f"others may read {file}: run 'chmod 600 {file}' (and think of a new key)", code="open-keyfile")
    try:
        return Signer.of(pem)
    except Invalid as error:
        raise Refused(f"{file}: {error}", code="bad-key") from None


def _found_or_made(file: Path) -> Signer:
    """Return the key in a file, made now where there is none; a crash leaves a whole file or none."""
    if file.exists():
        return read_key(file)
    signer = Signer.new()
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as stream:
                os.fchmod(stream.fileno(), 0o600)
                stream.write(signer.pem())
                stream.flush()
                os.fsync(stream.fileno())
            os.link(beside, file)  # never over a file that came there meanwhile
        finally:
            with suppress(FileNotFoundError):
                beside.unlink()
        _keep_name(file.parent)
    except FileExistsError:
        raise Conflict(f"somebody else is making the key {file} at this moment", code="key-exists") from None
    except OSError as error:
        raise Refused(f"the private key cannot be written to {file}: {error.strerror}", code="no-keyfile") from None
    return signer


def _keep_name(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _record(connection: Connection, kind: str, payload: Mapping[str, Any], at: datetime, actor: str) -> int:
    draft = Draft(kind=kind, effective_at=at, actor=actor, payload=payload)
    return ledger.append(connection, [draft], at=at).seq
