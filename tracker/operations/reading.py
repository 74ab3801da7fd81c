"""Reading what was adopted: directives and tasks as the domain knows them."""

from tracker.domain.directive import Directive, Task
from tracker.domain.errors import NotFound
from tracker.files.documents import directive_from
from tracker.store import adopted
from tracker.store.adopted import Version
from tracker.store.store import Connection

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


def read_version(key: str, version: Version) -> Directive:
    """Return the directive of an adopted version; read once a process, found again by its fingerprint."""
    known = _KNOWN.get((key, version.fingerprint))
    if known is None:
        while len(_KNOWN) >= _ROOM:
            _KNOWN.pop(next(iter(_KNOWN)))
        known = _KNOWN[key, version.fingerprint] = directive_from(version.document)
    return known


def task_of(connection: Connection, key: str) -> Task:
    """Return the task of an adopted directive by its full key; raises NotFound."""
    task = directive_in_force(connection, key.rsplit("/", 1)[0]).task(key)
    if task is None:
        raise NotFound(f"no directive in force has a task '{key}'")
    return task
