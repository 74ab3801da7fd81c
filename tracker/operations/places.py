"""Places outside that take seals: a folder, a clone of a git repository, a mailbox or any address Apprise knows.

Each function tries once and returns None when the place holds the seal, else why it does not.
Nothing here asks a question, waits without an end, or writes over what a place already holds.
"""

import os
import re
import signal
import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tracker.audit.seal import TORN, Note, find
from tracker.domain.errors import Invalid
from tracker.notify.send import REHEARSAL_ONLY, check_channel

GIT_SECONDS = 60.0
TAIL = 64 * 1024
REASON_MAX = 300
_CREDENTIALS = re.compile(r"//[^/@\s]*@")

Known = Callable[[int], str | None]


@dataclass(frozen=True, slots=True)
class Place:
    """What kind of place it is, and where: a folder for `folder` and `git`, an address for `mail`."""

    kind: str
    where: str

    @property
    def text(self) -> str:
        """Return the place as it is written down."""
        return self.where if self.kind == "mail" else f"{self.kind}:{self.where}"


def place_of(text: str) -> Place:
    """Return the place a text names; raises Invalid where no seal could be put there.

    >>> place_of("auditor@sav.example").kind
    'mail'
    """
    kind, _, path = text.partition(":")
    if kind in ("folder", "git") and path:
        folder = Path(path).expanduser().absolute()
        if not folder.is_dir():
            raise Invalid(f"{folder} is no folder", code="bad-place")
        if kind == "git" and (why := _no_clone(folder)):
            raise Invalid(f"{folder} is no clone of a git repository that can be pushed: {why}", code="bad-place")
        return Place(kind, str(folder))
    if why := check_channel(text):
        raise Invalid(f"write folder:PATH, git:PATH, name@host or an Apprise URL ({why})", code="bad-place")
    return Place("mail", text)


def file_name(origin: str) -> str:
    """Return the name of the file that holds the seals of a ledger, in a folder or a repository.

    >>> file_name("tracker/5b1c7a0f9d3e2468")
    'seals-5b1c7a0f9d3e2468.txt'
    """
    return f"seals-{origin.rpartition('/')[2]}.txt"


def newest(folder: Path, origin: str) -> Note | None:
    """Return the seal of the most entries that a folder holds of a ledger; raises Invalid, OSError."""
    held = _tail(folder / file_name(origin))
    return max(find(held[: held.rfind("\n") + 1]), key=lambda one: one.seal.size, default=None)


def to_folder(folder: Path, note: Note, *, known: Known) -> str | None:
    """Append a note to the file of its ledger in a folder, through to the disk.

    What the file already holds must be seals this store knows, by size (`known`): a store that
    was rolled back or rewritten finds its own past there, and is told so.
    """
    file = folder / file_name(note.seal.origin)
    try:
        held = _tail(file)
        last = max(find(held[: held.rfind("\n") + 1]), key=lambda one: one.seal.size, default=None)
    except Invalid as error:
        return f"{file} holds something spoilt: {error}"
    except OSError as error:
        return f"{file} cannot be read: {error.strerror}"
    if last is not None:
        if last.text() == note.text():
            return None
        if last.seal.size >= note.seal.size or known(last.seal.size) != last.text():
            return f"{file} holds a seal of {last.seal.size:,} entries that this store does not have: was it rewound?"
    try:
        _append(file, note.text(), torn=bool(held) and not held.endswith("\n"))
    except OSError as error:
        return f"{file} cannot be written: {error.strerror}"
    return None


def to_git(clone: Path, note: Note, *, known: Known, rehearsal: bool, sender: str) -> str | None:
    """Append a note to the file in a clone, commit it and push the branch; a push that failed is made up for."""
    if rehearsal and (why := _leaves(clone)):
        return why
    if why := to_folder(clone, note, known=known):
        return why
    name = file_name(note.seal.origin)
    who = ("-c", "user.name=tracker", "-c", f"user.email={sender}", "-c", "commit.gpgSign=false")
    if why := _failed(clone, "add", "--", name):
        return why
    if _run(clone, "diff", "--cached", "--quiet", "--", name)[0] != 0:
        words = f"Seal of {note.seal.size} entries"
        if why := _failed(clone, *who, "commit", "--quiet", "--message", words, "--", name):
            return why
    return _failed(clone, "push", "--quiet", "origin", "HEAD")


def _no_clone(folder: Path) -> str | None:
    return _failed(folder, "rev-parse", "--git-dir") or _failed(folder, "remote", "get-url", "origin")


def _leaves(clone: Path) -> str | None:
    """Return why a rehearsal may not push there: only to a repository on this machine."""
    code, said = _run(clone, "remote", "get-url", "--push", "origin")
    url = said.strip()
    near = url.startswith(("file://", "/", ".")) and code == 0
    return None if near else REHEARSAL_ONLY


def _tail(file: Path) -> str:
    """Return the end of a file, from the start of a line; it grows by a note a minute for years."""
    try:
        with file.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - TAIL))
            found = stream.read()
    except FileNotFoundError:
        return ""
    return (found.partition(b"\n")[2] if size > TAIL else found).decode("utf-8", "replace")


def _append(file: Path, text: str, *, torn: bool) -> None:
    new = not file.exists()
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(handle, ((f"{TORN}\n" if torn else "") + text).encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    if new:
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _failed(clone: Path, *words: str) -> str | None:
    code, said = _run(clone, *words)
    if code == 0:
        return None
    verb = next((word for word in words if word in ("add", "commit", "push", "remote", "rev-parse")), words[0])
    said = _CREDENTIALS.sub("//…@", " ".join(said.split()))
    return f"git {verb}: {said or f'status {code}'}"[:REASON_MAX]


def _run(clone: Path, *words: str) -> tuple[int, str]:
    """Return the status of a git command and what it said; one that does not end is ended, with all it started."""
    try:
        child = subprocess.Popen(
            ["git", "-C", str(clone), *words],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,  # no terminal to ask at, and one group to end
        )
    except OSError as error:
        return 127, f"git cannot be started: {error.strerror}"
    try:
        said, _ = child.communicate(timeout=GIT_SECONDS)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()
        return 124, f"no end within {GIT_SECONDS:.0f} s"
    return child.returncode, said


def _environment() -> dict[str, str]:
    theirs = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}  # of a hook we may have been started by
    ours = {name: value for name, value in os.environ.items() if name not in theirs}
    ours.setdefault("GIT_SSH_COMMAND", "ssh -o BatchMode=yes -o ConnectTimeout=15")
    return ours | {"GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "true", "SSH_ASKPASS": "true", "LC_ALL": "C"}
