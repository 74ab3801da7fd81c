"""The evidence folder: files known by the SHA-256 of their bytes, written once, read only while they still match it.

`ab/abcdef…` lies beside the others of its first two digits. No path is ever made from a name somebody chose, and
below the folder itself no link is followed. A file is whole and on the disk before it gets its name, and
an existing one is never overwritten.
"""

import errno
import fcntl
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from hashlib import file_digest, sha256
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO, cast

from sqlalchemy.engine import make_url

from tracker.domain.errors import Broken, Refused, TryLater
from tracker.domain.evidence import byte_count, is_hash, size_words
from tracker.settings import Settings

CHUNK = 1 << 20
INCOMING = ".incoming-"
_SHARD = re.compile("[0-9a-f]{2}")
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
# without O_NONBLOCK a pipe planted in the folder would keep us waiting for its other end
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file that has been received whole, under a name of its own until it is placed."""

    sha256: str
    size: int
    file: BinaryIO
    name: str


@dataclass(frozen=True, slots=True)
class Inventory:
    """What lies in the folder: hashes, uploads that never ended, and what has no business there."""

    hashes: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()


class EvidenceFolder:
    """A folder of evidence and the size a file may have."""

    def __init__(self, root: Path, *, limit: int) -> None:
        self.root = root
        self.limit = limit

    @contextmanager
    def receive(self, stream: BinaryIO) -> Iterator[Incoming]:
        """Yield the bytes of a stream, on this disk and hashed; what is not placed is gone afterwards.

        Raises Refused for no bytes or too many, TryLater where the folder cannot be written.
        """
        with ExitStack() as stack:
            with _writing():
                root = stack.enter_context(self._opened(make=True))
                name = INCOMING + secrets.token_hex(8)
                number = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600, dir_fd=root)
                # unbuffered: what could not be written must not be tried again while the file is closed
                file = stack.enter_context(os.fdopen(number, "w+b", buffering=0))
                stack.callback(_remove, name, root)
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # ours while we live: see `clear`
                digest, size = self._copy(stream, number)
                file.seek(0)
            yield Incoming(digest, size, file, name)

    def place(self, incoming: Incoming) -> bool:
        """Give a received file its name for ever and return True; False where the same bytes lay there already.

        Raises Broken where other bytes lie under that name: they are evidence of something, and stay.
        """
        with _writing(), self._opened() as root:
            os.fchmod(incoming.file.fileno(), 0o400)
            os.fsync(incoming.file.fileno())
            with suppress(FileExistsError):
                os.mkdir(incoming.sha256[:2], 0o700, dir_fd=root)
            os.fsync(root)
            with self._shard(root, incoming.sha256) as shard:
                try:
                    os.link(incoming.name, incoming.sha256, src_dir_fd=root, dst_dir_fd=shard, follow_symlinks=False)
                    is_new = True
                except FileExistsError:
                    is_new = False
                # also where another writer was first: its entry may not be there to wait for
                os.fsync(shard)
        if not is_new:
            self.open(incoming.sha256).close()
        return is_new

    def open(self, digest: str) -> BinaryIO:
        """Return a file open for reading, its bytes checked against its name; raises Broken where they are not its."""
        file = self._file(digest)
        try:
            if file_digest(cast("BufferedReader", file), "sha256").hexdigest() != digest:
                raise Broken(f"the bytes of evidence {digest} are not those that were kept: it is not served")
            file.seek(0)
        except OSError as error:
            file.close()
            raise TryLater(f"the evidence folder cannot be read: {error.strerror}") from error
        except Broken:
            file.close()
            raise
        return file

    def size_of(self, digest: str) -> int | None:
        """Return the size of a file without reading it; None where there is none."""
        try:
            with self._file(digest) as file:
                return os.fstat(file.fileno()).st_size
        except Broken:
            return None

    def inventory(self) -> Inventory:
        """Return what lies in the folder; nothing where it was never made."""
        found, unfinished, strays = [], [], []
        for shard, entry in self._walk():
            path = f"{shard}/{entry.name}" if shard else entry.name
            regular = entry.is_file(follow_symlinks=False)
            if shard and regular and is_hash(entry.name) and entry.name.startswith(shard):
                found.append(entry.name)
            elif not shard and regular and entry.name.startswith(INCOMING):
                unfinished.append(path)
            else:
                strays.append(path)
        return Inventory(tuple(sorted(found)), tuple(sorted(unfinished)), tuple(sorted(strays)))

    def clear(self, unfinished: tuple[str, ...]) -> tuple[str, ...]:
        """Remove uploads that ended before their time, and return those: whoever still writes one holds its lock."""
        removed = []
        with _writing(), self._opened() as root:
            for name in unfinished:
                with suppress(FileNotFoundError, BlockingIOError), _descriptor(name, _FILE, root) as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    os.unlink(name, dir_fd=root)
                    removed.append(name)
        return tuple(removed)

    def _copy(self, stream: BinaryIO, number: int) -> tuple[str, int]:
        digest, size = sha256(), 0
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > self.limit:
                raise Refused(f"the file is larger than {size_words(self.limit)}, the limit here", code="too-large")
            digest.update(chunk)
            rest = memoryview(chunk)
            while rest:
                rest = rest[os.write(number, rest) :]
        if not size:
            raise Refused("the file is empty", code="empty-file")
        return digest.hexdigest(), size

    def _walk(self) -> Iterator[tuple[str, "os.DirEntry[str]"]]:
        """Yield what lies in the folder and in the folders of two digits, with the latter's name."""
        try:
            with self._opened() as root, os.scandir(root) as top:
                for entry in top:
                    if not (_SHARD.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False)):
                        yield "", entry
                        continue
                    with _descriptor(entry.name, _FOLDER, root) as shard, os.scandir(shard) as files:
                        yield from ((entry.name, file) for file in files)
        except FileNotFoundError:
            return
        except OSError as error:
            raise TryLater(f"the evidence folder cannot be read: {error.strerror}") from error

    def _file(self, digest: str) -> BinaryIO:
        if not is_hash(digest):
            raise ValueError("no SHA-256")
        try:
            with self._opened() as root, self._shard(root, digest) as shard:
                number = os.open(digest, _FILE, dir_fd=shard)
        except FileNotFoundError:
            raise Broken(f"the bytes of evidence {digest} are gone") from None
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):  # a link, a socket
                raise Broken(f"the bytes of evidence {digest} were replaced by what is no file") from None
            raise TryLater(f"the evidence folder cannot be read: {error.strerror}") from error
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise Broken(f"the bytes of evidence {digest} were replaced by what is no file")
        return os.fdopen(number, "rb")

    @contextmanager
    def _opened(self, *, make: bool = False) -> Iterator[int]:
        if make:
            self._make()
        # the folder itself may be a link: where it lies is the operator's choice
        number = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            yield number
        finally:
            os.close(number)

    def _make(self) -> None:
        if not self.root.exists():
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _descriptor(str(self.root.absolute().parent), _FOLDER & ~os.O_NOFOLLOW, None) as parent:
                os.fsync(parent)

    @contextmanager
    def _shard(self, root: int, digest: str) -> Iterator[int]:
        try:
            number = os.open(digest[:2], _FOLDER, dir_fd=root)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENOTDIR):
                raise Broken(f"'{digest[:2]}' in the evidence folder is no folder of its own") from None
            raise
        try:
            yield number
        finally:
            os.close(number)


def evidence_folder(settings: Settings) -> EvidenceFolder:
    """Return the evidence folder of an installation: as set, else beside an SQLite store, else here."""
    limit = byte_count(settings.evidence_limit)
    if settings.evidence:
        return EvidenceFolder(Path(settings.evidence), limit=limit)
    url = make_url(settings.database_url)
    beside = Path(url.database).parent if url.get_backend_name() == "sqlite" and url.database else Path()
    return EvidenceFolder(beside / "evidence", limit=limit)


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TryLater(f"the evidence folder cannot be written: {error.strerror}") from error


@contextmanager
def _descriptor(name: str, flags: int, folder: int | None) -> Iterator[int]:
    number = os.open(name, flags, dir_fd=folder)
    try:
        yield number
    finally:
        os.close(number)


def _remove(name: str, folder: int) -> None:
    with suppress(OSError):
        os.unlink(name, dir_fd=folder)
