"""Bags: a folder of files with their hashes, as BagIt 1.0 (RFC 8493) has it, so that any archive can check it.

A bag is written beside its place and moved there whole: who finds the folder finds all of it. The
same contents give the same bytes.
"""

import codecs
import csv
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from tracker.domain.errors import Conflict, Refused

DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_CHUNK = 1 << 20
# a spreadsheet takes a cell that begins so for a formula, and runs it
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Bag:
    """A bag that is being written: payload files below `data/`, then the tags that make it one."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._payload: dict[str, tuple[str, int]] = {}

    @property
    def octets(self) -> int:
        """Return how many bytes the payload has."""
        return sum(size for _, size in self._payload.values())

    @contextmanager
    def file(self, name: str) -> Iterator["Counted"]:
        """Yield a payload file to write bytes to; its hash is taken on the way."""
        path = f"data/{name}"
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as raw:
            counted = Counted(raw)
            yield counted
            raw.flush()
            os.fsync(raw.fileno())
        self._payload[path] = counted.hash.hexdigest(), counted.size

    @contextmanager
    def table(self, name: str, columns: Sequence[str]) -> Iterator["Table"]:
        """Yield a CSV file for people: UTF-8 that spreadsheets recognise, no cell of which is a formula."""
        with self.file(name) as raw:
            raw.write(codecs.BOM_UTF8)
            table = Table(raw)
            table.row(columns)
            yield table

    def copy(self, name: str, source: BinaryIO) -> None:
        """Write a payload file with the bytes of another."""
        with self.file(name) as target:
            while chunk := source.read(_CHUNK):
                target.write(chunk)

    def close(self, info: Iterable[tuple[str, str]]) -> None:
        """Write the tag files: what kind of bag it is, who made it of what, and every hash."""
        oxum = f"{self.octets}.{len(self._payload)}"
        tags = {
            "bagit.txt": DECLARATION,
            "bag-info.txt": "".join(f"{label}: {value}\n" for label, value in [*info, ("Payload-Oxum", oxum)]),
            "manifest-sha256.txt": _manifest({path: digest for path, (digest, _) in self._payload.items()}),
        }
        hashes = {name: sha256(text.encode()).hexdigest() for name, text in tags.items()}
        for name, text in {**tags, "tagmanifest-sha256.txt": _manifest(hashes)}.items():
            with (self.root / name).open("xb") as raw:
                raw.write(text.encode())
                raw.flush()
                os.fsync(raw.fileno())


class Counted:
    """A file that knows the hash and the number of the bytes written to it."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw, self.hash, self.size = raw, sha256(), 0

    def write(self, data: bytes) -> int:
        """Write bytes and return how many."""
        self.hash.update(data)
        self.size += len(data)
        return self._raw.write(data)


class Table:
    """A CSV file that is being written."""

    def __init__(self, raw: Counted) -> None:
        self._raw = raw
        self._writer = csv.writer(self, lineterminator="\r\n")

    def write(self, text: str) -> int:
        """Write what the CSV writer made of a row."""
        return self._raw.write(text.encode())

    def row(self, cells: Iterable[Any]) -> None:
        """Write a row; None is an empty cell, and text that would be a formula gets an apostrophe."""
        self._writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula.

    >>> harmless("=HYPERLINK(1)"), harmless("12/BC-BNV")
    ("'=HYPERLINK(1)", '12/BC-BNV')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


@contextmanager
def new_bag(folder: Path) -> Iterator[Bag]:
    """Yield a bag that stands at `folder` once this is left; raises Conflict where something stands there already."""
    folder = folder.absolute()
    if os.path.lexists(folder):
        raise Conflict(f"{folder} is there already: an export never overwrites", code="export-exists")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    except OSError as error:
        raise Refused(f"nothing can be written to {folder.parent}: {error.strerror}", code="no-place") from None
    try:
        yield Bag(beside)
        if os.path.lexists(folder):  # a rename would take the place of an empty folder
            raise Conflict(f"{folder} was made meanwhile: an export never overwrites", code="export-exists")
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _manifest(hashes: Mapping[str, str]) -> str:
    # a name is ours or a hash: there is nothing in it that RFC 8493 wants encoded
    return "".join(f"{digest}  {name}\n" for name, digest in sorted(hashes.items()))
