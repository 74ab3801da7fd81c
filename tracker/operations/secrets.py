"""The key that seals the secrets of channels: a file beside the store, made when first needed; no database has it.

The file holds one key a line, the one in force first. Older ones stay for backups and for whoever works at
this moment, until they are forgotten.
"""

import base64
import binascii
from pathlib import Path

from tracker.audit.vault import KEY_BYTES, Vault, new_key
from tracker.domain.errors import Refused
from tracker.operations.keyfiles import read_private, write_private
from tracker.settings import Settings
from tracker.store.store import Store

WHAT = "the key of secrets"
SETTING = "TRACKER_SECRET"


def secretfile_of(store: Store, settings: Settings) -> Path:
    """Return where the key of secrets lies: as set, else beside an SQLite file, else here."""
    if settings.secret:
        return Path(settings.secret)
    if store.engine.dialect.name == "sqlite":
        return Path(f"{store.engine.url.database}.secret")
    return Path("tracker.secret")


def vault_of(store: Store, settings: Settings) -> Vault:
    """Return the keys of a store; raises Refused where their file is not there, or others may read it."""
    return Vault(_read(secretfile_of(store, settings)))


def vault_made(store: Store, settings: Settings) -> Vault:
    """Return the keys of a store, the first made now where there is none."""
    file = secretfile_of(store, settings)
    if not file.exists():
        write_private(file, _text([new_key()]), what=WHAT)
    return Vault(_read(file))


def add_key(file: Path) -> Vault:
    """Put a new key in force before the others and return them all."""
    keys = [new_key(), *_read(file)]
    write_private(file, _text(keys), what=WHAT, over=True)
    return Vault(keys)


def forget_keys(file: Path) -> None:
    """Leave only the key in force."""
    write_private(file, _text(_read(file)[:1]), what=WHAT, over=True)


def _read(file: Path) -> list[bytes]:
    lines = read_private(file, what=WHAT, setting=SETTING).split()
    try:
        keys = [base64.b64decode(line, validate=True) for line in lines]
    except binascii.Error:
        keys = []
    if not keys or any(len(key) != KEY_BYTES for key in keys):
        raise Refused(f"{file} holds no key of secrets", code="bad-key")
    return keys


def _text(keys: list[bytes]) -> bytes:
    return b"".join(base64.b64encode(key) + b"\n" for key in keys)
