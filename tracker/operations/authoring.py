"""Authoring: a directive written on a page: what is wrong with it, what it would change, making it the one in force.

Where a folder of directives is set, the file in it stays the truth. A page puts the text there first, and then makes
it the version in force; where it may not write, it does neither, and whoever keeps the folder takes the file.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Literal

from tracker.domain.directive import Directive
from tracker.domain.errors import Conflict, Invalid, Refused
from tracker.domain.finding import Finding
from tracker.files.draft_file import MODELINE, draft_file
from tracker.files.reader import read_text
from tracker.files.render import render
from tracker.files.schema import schema
from tracker.files.table import Imported, read_table
from tracker.operations.adopt import Adopted
from tracker.operations.applying import Prepared, adopt_prepared, prepare
from tracker.operations.in_force import registry_in_force
from tracker.operations.reading import directive_in_force
from tracker.settings import Settings
from tracker.store import adopted
from tracker.store.store import Connection, Store

NAME = "draft.yaml"
MOST_TASKS = 5_000
KEPT = "the folder of the directives is kept elsewhere: hand the file in there"
# where the truth lies: in the store alone; in a folder that pages may write to, or may not
Truth = Literal["store", "folder", "kept"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A text as it was read: the directive, where nothing forbids it, and every finding."""

    directive: Directive | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a text would change, and on what that stands.

    `base` is the SHA-256 of the file in the folder (none: no such file). The directive `waits` until its date of
    issue where that lies ahead.
    """

    ready: Prepared
    base: str = ""
    waits: date | None = None

    @property
    def everybody_told(self) -> tuple[str, ...]:
        """Return every agency that is told something."""
        return tuple(sorted({code for codes in self.ready.told.values() for code in codes}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What applying did; `path` is the file in the folder, where there is one."""

    adopted: Adopted
    path: str | None


def check_text(connection: Connection, text: str) -> Checked:
    """Return what is wrong with the text of a directive under the registry in force, or could be better."""
    known = adopted.task_keys(connection)
    directive, findings = read_text(
        text.encode(), NAME, registry=registry_in_force(connection), known=known, drafting=True
    )
    return Checked(directive=directive, findings=findings)


def plan_text(store: Store, settings: Settings, text: str, *, at: datetime) -> Planned:
    """Return what a text would change if it were applied, without changing anything."""
    ready = prepare(store, text.encode(), at=at)
    if ready.directive is None:
        return Planned(ready=ready)
    with store.read() as connection:
        today = registry_in_force(connection).calendar.civil_day(at)
    issued = ready.directive.issued
    base = _mark(_file(settings, ready.directive.key))
    return Planned(ready=ready, base=base, waits=issued if issued > today else None)


def apply_text(
    store: Store, settings: Settings, text: str, *, at: datetime, actor: str, version: int | None, base: str
) -> Applied:
    """Make a text the version in force; `version` and `base` are what its plan stood on.

    Raises Invalid for a text with mistakes, Conflict where somebody was quicker, Refused where the folder is not ours
    to write to or the date of issue lies ahead.
    """
    planned = plan_text(store, settings, text, at=at)
    ready, directive = planned.ready, planned.ready.directive
    if directive is None:
        raise Invalid("a text with mistakes cannot be applied", code="bad-directive")
    if (ready.version, planned.base) != (version, base):
        raise Conflict(f"{directive.key} was changed since the plan was made: look at it again", code="changed")
    if planned.waits:
        raise Refused(f"{directive.key} is issued on {planned.waits}: apply it on that day", code="not-issued")
    if truth(settings) == "kept":
        raise Refused(KEPT, code="folder-kept")
    if truth(settings) == "store":
        return Applied(adopted=adopt_prepared(store, ready, at=at, actor=actor, seen=version), path=None)
    path = _path(settings, directive.key)
    before = path.read_bytes() if path.is_file() else None
    _write(path, text.encode())
    try:
        done = adopt_prepared(store, ready, at=at, actor=actor, seen=version)
    except BaseException:
        _put_back(path, before)
        raise
    return Applied(adopted=done, path=path.as_posix())


def adopt_true(
    store: Store, settings: Settings, ready: Prepared, text: bytes, *, at: datetime, actor: str, seen: int | None
) -> Adopted:
    """Make a text the version in force where no folder is set, or its file there says the same.

    Raises Refused where the folder's file says otherwise, or there is none: it is to be put there first.
    """
    assert ready.directive is not None
    if truth(settings) != "store" and _file(settings, ready.directive.key) != text:
        raise Refused(KEPT, code="folder-kept")
    return adopt_prepared(store, ready, at=at, actor=actor, seen=seen)


def text_of(connection: Connection, settings: Settings, key: str) -> str:
    """Return a directive as the text of its file: the file itself where the folder has it, else as it is in force."""
    if (data := _file(settings, key)) is not None:
        return data.decode("utf-8-sig", "replace")
    return f"{MODELINE}\n{render(directive_in_force(connection, key))}"


def new_text(connection: Connection, number: str, issued: date, *, issuer: str | None = None) -> tuple[str, str]:
    """Return the key and the text of a directive that is begun; raises Invalid or NotFound for what cannot be one."""
    found = draft_file(number, issued, registry=registry_in_force(connection), issuer=issuer or None)
    return found.path.removesuffix(".yaml"), found.text


def table_text(
    connection: Connection, data: bytes, name: str, number: str, issued: date, *, issuer: str | None = None
) -> tuple[str, Imported]:
    """Return the text of a directive that a task table (XLSX or CSV) describes, and what could not be understood.

    The text is empty where a finding forbids it. Raises Invalid or NotFound for the number, the issuer or the file.
    """
    registry = registry_in_force(connection)
    ending = ".csv" if name.lower().endswith(".csv") else ".xlsx"
    with TemporaryDirectory(prefix="tracker-") as folder:
        path = Path(folder) / f"table{ending}"
        path.write_bytes(data)
        found = read_table(path, number, issued, registry=registry, issuer=issuer or None)
    if found.directive is None:
        return "", found
    about = "# Imported from a table: translate the titles, and say where each task stands."
    return f"{MODELINE}\n{about}\n{render(found.directive)}", found


def truth(settings: Settings) -> Truth:
    """Return where the truth about directives lies in this installation."""
    if not (Path(settings.directives) / "registry" / "agencies.yaml").is_file():
        return "store"
    return "folder" if settings.may_write_directives else "kept"


def words_for(connection: Connection) -> Mapping[str, object]:
    """Return what completes a text: the schema of its keys, and the codes it may name, but for the communes."""
    registry = registry_in_force(connection)
    named = [agency for code, agency in sorted(registry.agencies.items()) if agency.kind != "commune"]
    return {
        "agencies": [[one.code, one.name.vi, one.name.en] for one in named],
        "sets": sorted(registry.sets),
        "ladders": sorted([*registry.ladders, "none"]),
        "tasks": adopted.task_keys(connection)[:MOST_TASKS],
        "schema": schema(),
    }


def _path(settings: Settings, key: str) -> Path:
    return Path(settings.directives) / f"{key}.yaml"


def _file(settings: Settings, key: str) -> bytes | None:
    """Return the file of a directive in the folder; None without either."""
    if truth(settings) == "store":
        return None
    path = _path(settings, key)
    return path.read_bytes() if path.is_file() else None


def _mark(data: bytes | None) -> str:
    return sha256(data).hexdigest() if data is not None else ""


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
    except OSError as error:
        raise Refused(f"{path} cannot be written: {error.strerror}", code="folder-kept") from None


def _put_back(path: Path, before: bytes | None) -> None:
    if before is None:
        path.unlink(missing_ok=True)
    else:
        _write(path, before)
