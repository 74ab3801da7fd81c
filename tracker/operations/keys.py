"""Keys of a store: the private half in a file that only its owner reads, the public one in the ledger.

Key number n lies in a file of its own, the first under the name of the setting, later ones with
`.2`, `.3` … after it. A file is never written over: a key that is lost cannot be made again, and
one that is out of force still shows where old seals came from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tracker.audit.keys import MADE, ROTATED, Ring, Signer, Vkey, ring_of
from tracker.audit.seal import origin_of
from tracker.domain.entry import Draft
from tracker.domain.errors import Conflict, Invalid, NotFound, Refused
from tracker.operations.keyfiles import read_private, write_private
from tracker.settings import Settings
from tracker.store import ledger, seals
from tracker.store.store import Connection, Store

WHAT = "the private key"
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
    pem = read_private(file, what=WHAT, setting="TRACKER_KEY")
    try:
        return Signer.of(pem)
    except Invalid as error:
        raise Refused(f"{file}: {error}", code="bad-key") from None


def _found_or_made(file: Path) -> Signer:
    """Return the key in a file, made now where there is none; a crash leaves a whole file or none."""
    if file.exists():
        return read_key(file)
    signer = Signer.new()
    write_private(file, signer.pem(), what=WHAT)
    return signer


def _record(connection: Connection, kind: str, payload: Mapping[str, Any], at: datetime, actor: str) -> int:
    draft = Draft(kind=kind, effective_at=at, actor=actor, payload=payload)
    return ledger.append(connection, [draft], at=at).seq
