"""The journal of sends: a file outside the database that knows what left, whatever becomes of the database.

One JSON object a line, only ever appended to. Before a mail leaves, a line says which reminders it
tells, and is on the disk when the mail goes out; after it, another says what became of it, which
may be lost with the power. A line that a crash or a full disk cut short is no line.

Each line names the journal and its epoch. A restore, once a person has looked, begins the next
epoch: a copy of the database from an earlier one is known by that.
"""

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from tracker.domain.entry import canonical, stamp
from tracker.domain.errors import Refused, TryLater
from tracker.domain.outbox import OVER
from tracker.settings import Settings
from tracker.store.ledger import Position
from tracker.store.outbox import Reminder
from tracker.store.store import Store

TAIL = 64 * 1024
EPOCH, SENDING, ENDED = "epoch", "sending", "ended"
_sync = getattr(os, "fdatasync", os.fsync)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A reminder that left in a mail: its reference, its once-only key, whom it is about, and its moment."""

    reference: str
    key: str
    assignment: str
    moment: str

    def is_of(self, reminder: Reminder) -> bool:
        """Return whether it is this reminder, and not one of the same name about something else.

        After a restore people enter again what was lost: a deadline may get the same version and
        another date, and a position of the ledger another entry.
        """
        if (self.key, self.assignment) != (reminder.key, reminder.assignment):
            return False
        return (
            reminder.rung == "assigned" or self.key.startswith(("l1|", OVER)) or self.moment == stamp(reminder.moment)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a journal: what it says, and for a send its mail, the attempt, and where the ledger stood."""

    journal: str
    epoch: int
    said: str
    at: str = ""
    seq: int = 0
    head: str = ""
    members: tuple[Member, ...] = ()
    attempt: int = 0
    message_id: str = ""
    outcome: str = ""
    reminder: str = ""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A mail that is about to leave: what it tells, the one its attempt is kept with first."""

    members: Sequence[Reminder]
    attempt: int
    message_id: str


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal that is open for sends; without a file it is that of a rehearsal and writes nothing.

    `before` are mails that left before a restore and that the store learnt of only from here.
    """

    file: Path | None
    name: str = ""
    epoch: int = 0
    before: Mapping[str, tuple[Member, str]] = field(default_factory=dict)

    def sent_before(self, reminder: Reminder) -> str | None:
        """Return why a reminder is not sent: it left before a restore; None where it did not."""
        found = self.before.get(reminder.reference)
        if found is None or not found[0].is_of(reminder):
            return None
        return found[1]

    def about_to_send(self, mails: Sequence["Leaving"], *, head: Position, at: datetime) -> None:
        """Write that mails leave now, through to the disk; raises TryLater where that cannot be: send none then."""
        where = {"at": stamp(at), "seq": head.seq, "head": head.hash}
        said = [{"members": _named(m.members), "attempt": m.attempt, "message_id": m.message_id} for m in mails]
        self._write(SENDING, *({**one, **where} for one in said), sync=True)

    def ended(self, members: Sequence[Reminder], *, attempt: int, outcome: str) -> bool:
        """Write what became of a mail, and return whether that could be: else only the database will know."""
        try:
            self._write(ENDED, {"reminder": members[0].reference, "attempt": attempt, "outcome": outcome}, sync=False)
        except TryLater:
            return False
        return True

    def outcome_of(self, reference: str, attempt: int) -> str | None:
        """Return what became of an attempt whose worker could not record it, None where nobody knows."""
        if self.file is None:
            return None
        for line in backwards(self.file, having=f'"{reference}"'.encode()):
            if line.epoch != self.epoch:
                return None
            if line.said == ENDED and (line.reminder, line.attempt) == (reference, attempt):
                return line.outcome
            if line.said == SENDING and (line.members[0].reference, line.attempt) == (reference, attempt):
                return None
        return None

    def _write(self, said: str, *lines: Mapping[str, Any], sync: bool) -> None:
        if self.file is not None:
            known = {"journal": self.name, "epoch": self.epoch, "said": said}
            append(self.file, *({**known, **more} for more in lines), sync=sync)


def _named(members: Sequence[Reminder]) -> list[dict[str, str]]:
    return [
        {"reminder": r.reference, "key": r.key, "assignment": r.assignment, "moment": stamp(r.moment)} for r in members
    ]


def file_of(store: Store, settings: Settings, origin: str) -> Path:
    """Return where the journal of a store lies: as set, else beside an SQLite file, else in the user's state folder."""
    if settings.journal:
        given = Path(settings.journal)
        return given / f"{origin}.sends" if given.is_dir() else given
    if store.engine.dialect.name == "sqlite":
        return Path(f"{store.engine.url.database}.sends")
    return state_folder() / f"{origin}-{store.engine.url.database}.sends"


def state_folder() -> Path:
    """Return the folder for what this program remembers on a machine, where nobody named a better one."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "tracker"


def begin(file: Path, *, name: str, epoch: int, origin: str, head: Position, at: datetime) -> None:
    """Begin an epoch of a journal, through to the disk; the file is made where it is not there."""
    said = {"origin": origin, "at": stamp(at), "seq": head.seq, "head": head.hash}
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600))
            keep_name(file.parent)
    except OSError as error:
        raise Refused(f"the journal of sends cannot be kept at {file}: {error.strerror}", code="no-journal") from None
    append(file, {"journal": name, "epoch": epoch, "said": EPOCH, **said}, sync=True)


def append(file: Path, *documents: Mapping[str, Any], sync: bool) -> None:
    """Write lines at the end of a file that is there; raises TryLater where they cannot be."""
    octets = "".join(f"{canonical(one)}\n" for one in documents).encode()
    try:
        handle = os.open(file, os.O_RDWR | os.O_APPEND)
        try:
            size = os.fstat(handle).st_size
            if size and os.pread(handle, 1, size - 1) != b"\n":
                octets = b"\n" + octets  # the line before was cut short
            if os.write(handle, octets) < len(octets):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            if sync:
                _sync(handle)
        finally:
            os.close(handle)
    except OSError as error:
        said = f"the journal of sends at {file} cannot be written, so nothing is sent: {error.strerror}"
        raise TryLater(said, code="no-journal") from None


def lines(file: Path) -> Iterator[Line]:
    """Yield the lines of a journal in their order; none where there is no file."""
    try:
        with file.open("rb") as stream:
            for octets in stream:
                if line := _line(octets):
                    yield line
    except FileNotFoundError:
        return
    except OSError as error:
        raise TryLater(f"the journal of sends at {file} cannot be read: {error.strerror}", code="no-journal") from None


def tail(file: Path) -> tuple[Line, ...] | None:
    """Return the last lines of a journal, None where there is no file: it grows by a line or two a mail for years."""
    try:
        with file.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - TAIL))
            octets = stream.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise TryLater(f"the journal of sends at {file} cannot be read: {error.strerror}", code="no-journal") from None
    if size > TAIL:
        octets = octets.partition(b"\n")[2]
    return tuple(line for line in map(_line, octets.splitlines()) if line)


def backwards(file: Path, *, having: bytes) -> Iterator[Line]:
    """Yield the lines of a journal that hold some octets, the newest first; none where it cannot be read."""
    with suppress(OSError), file.open("rb") as stream:
        end, rest = stream.seek(0, os.SEEK_END), b""
        while end > 0:
            start = max(0, end - TAIL)
            stream.seek(start)
            first, *whole = (stream.read(end - start) + rest).split(b"\n")
            for octets in reversed(whole if start else [first, *whole]):
                if having in octets and (line := _line(octets)):
                    yield line
            end, rest = start, first


def keep_name(folder: Path) -> None:
    """Have the names in a folder on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _line(octets: bytes) -> Line | None:
    try:
        said = json.loads(octets)
        members = tuple(
            Member(reference=one["reminder"], key=one["key"], assignment=one["assignment"], moment=one["moment"])
            for one in said.pop("members", ())
        )
        said.pop("origin", None)
        return Line(**said, members=members)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None  # cut short, or not ours
