"""Files that hold keys: their owner alone reads them, a crash leaves a whole file or none."""

import os
from contextlib import suppress
from pathlib import Path

from tracker.domain.errors import Conflict, Refused

LONGEST = 64 * 1024


def read_private(file: Path, *, what: str, setting: str) -> bytes:
    """Return what a key file holds; raises Refused where it is not there, or others may read it."""
    try:
        with file.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            held = stream.read(LONGEST)
    except FileNotFoundError:
        raise Refused(
            f"{what} is not at {file}: put it there, or say where with {setting}", code="no-keyfile"
        ) from None
    except OSError as error:
        raise Refused(f"{what} at {file} cannot be read: {error.strerror}", code="no-keyfile") from None
    if mode & 0o077:
        raise Refused(f"others may read {file}: run 'chmod 600 {file}' (and think of a new key)", code="open-keyfile")
    return held


def write_private(file: Path, held: bytes, *, what: str, over: bool = False) -> None:
    """Write a key file. Never over one that came there meanwhile, unless `over` says so: raises Conflict."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "wb") as stream:
                os.fchmod(stream.fileno(), 0o600)
                stream.write(held)
                stream.flush()
                os.fsync(stream.fileno())
            if over:
                os.replace(beside, file)
            else:
                os.link(beside, file)
        finally:
            with suppress(FileNotFoundError):
                beside.unlink()
        _keep_name(file.parent)
    except FileExistsError:
        raise Conflict(f"somebody else is making the key {file} at this moment", code="key-exists") from None
    except OSError as error:
        raise Refused(f"{what} cannot be written to {file}: {error.strerror}", code="no-keyfile") from None


def _keep_name(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
