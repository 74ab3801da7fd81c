"""Reading what was adopted: directives and tasks as the domain knows them."""

from datetime import datetime

from tracker.domain.directive import Directive, Task
from tracker.domain.errors import NotFound
from tracker.store import adopted, versions
from tracker.store.adopted import Version
from tracker.store.store import Connection
from tracker.store.versions import Adoption

_KNOWN: dict[tuple[str, str], Directive] = {}
_ROOM = 64


def directive_in_force(connection: Connection, key: str) -> Directive:
    """Return the adopted directive of that key; raises NotFound."""
    mark = adopted.directive_fingerprint(connection, key)
    if mark is None:
        raise NotFound(f"no directive '{key}' has been adopted")
    if known := _KNOWN.get((key, mark)):
        return known
    version = adopted.directive(connection, key)
    assert version is not None
    return read_version(key, version)


def directive_at(connection: Connection, key: str, at: datetime) -> Directive:
    """Return the directive of that key as it was in force at an instant; raises NotFound."""
    found = versions.adoptions(connection, key, at=at)
    if not found:
        raise NotFound(f"no directive '{key}' had been adopted at {at.isoformat()}")
    return _of(connection, key, found[-1])


def directive_version(connection: Connection, key: str, version: int, *, at: datetime) -> Directive:
    """Return one version of a directive, adopted by an instant, in force then or not; raises NotFound."""
    found = next((one for one in versions.adoptions(connection, key, at=at) if one.version == version), None)
    if found is None:
        raise NotFound(f"'{key}' has no version {version}", code="no-version")
    return _of(connection, key, found)


def ordering(connection: Connection, task: str) -> tuple[Directive, Task]:
    """Return a task with the text in force, or with the last that had it where an amendment took it out.

    Raises NotFound where none ever had it.
    """
    key = task.rsplit("/", 1)[0]
    directive = directive_in_force(connection, key)
    if (found := directive.task(task)) is not None:
        return directive, found
    for version in reversed(versions.every(connection, key)):
        directive = _of(connection, key, version)
        if (found := directive.task(task)) is not None:
            return directive, found
    raise NotFound(f"no version of {key} has a task '{task}'")


def _of(connection: Connection, key: str, adoption: Adoption) -> Directive:
    if known := _KNOWN.get((key, adoption.fingerprint)):
        return known
    version = adopted.directive_version(connection, key, adoption.version)
    assert version is not None
    return read_version(key, version)


def read_version(key: str, version: Version) -> Directive:
    """Return the directive of an adopted version; read once a process, found again by its fingerprint."""
    known = _KNOWN.get((key, version.fingerprint))
    if known is None:
        while len(_KNOWN) >= _ROOM:
            _KNOWN.pop(next(iter(_KNOWN)))
        from tracker.files.documents import directive_from  # a sweep that finds nothing due reads no directive

        known = _KNOWN[key, version.fingerprint] = directive_from(version.document)
    return known


def task_of(connection: Connection, key: str) -> Task:
    """Return the task of an adopted directive by its full key; raises NotFound."""
    task = directive_in_force(connection, key.rsplit("/", 1)[0]).task(key)
    if task is None:
        raise NotFound(f"no directive in force has a task '{key}'")
    return task
