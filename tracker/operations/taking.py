"""Taking the whole ledger away: the bag of an export as one zip that has no name here and is gone once it is read."""

import tempfile
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from tracker.domain.errors import TryLater
from tracker.operations.exporting import export
from tracker.store.blobs import EvidenceFolder
from tracker.store.store import Store

_ONE = Lock()
_CHUNK = 1 << 16


def bag_of(store: Store, *, at: datetime, evidence: EvidenceFolder | None = None) -> IO[bytes]:
    """Return a file without a name: a zip with the bag of everything recorded up to an instant, at its beginning.

    It is written to disk piece by piece, so that memory does not grow with the ledger. Raises TryLater while
    another one is being made: it reads everything.
    """
    if not _ONE.acquire(blocking=False):
        raise TryLater("an export is being made already: wait for that to end, then try again", code="busy")
    try:
        with tempfile.TemporaryDirectory(prefix="tracker-export-") as place:
            folder = Path(place) / name_of(at)
            export(store, folder, at=at, evidence=evidence)
            return _zipped(folder, at)
    finally:
        _ONE.release()


def name_of(at: datetime) -> str:
    """Return what an export of an instant is called.

    >>> from datetime import UTC
    >>> name_of(datetime(2025, 8, 20, 2, 30, tzinfo=UTC))
    'ledger-20250820T023000Z'
    """
    return f"ledger-{at:%Y%m%dT%H%M%SZ}"


def _zipped(folder: Path, at: datetime) -> IO[bytes]:
    made = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    stamp = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    with ZipFile(made, "w", ZIP_DEFLATED) as archive:
        for path in sorted(one for one in folder.rglob("*") if one.is_file()):
            info = ZipInfo(str(path.relative_to(folder.parent)), stamp)
            info.compress_type = ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(info, "w", force_zip64=True) as target:
                while chunk := source.read(_CHUNK):
                    target.write(chunk)
    made.seek(0)
    return made
