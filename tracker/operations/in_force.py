"""The registry in force, which almost every verb asks for."""

from datetime import datetime
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.errors import NotFound
from tracker.store import adopted, ledger
from tracker.store.ground import Ground
from tracker.store.store import Connection


def registry_in_force(connection: Connection, fingerprint: str | None = None) -> Registry:
    """Return the adopted registry, whose fingerprint may be known; raises NotFound before the first was adopted."""
    fingerprint = fingerprint or adopted.registry_fingerprint(connection)
    if fingerprint is None:
        raise NotFound("no registry has been adopted yet: run 'tracker directive apply directives'", code="no-registry")
    known = _KNOWN.get(fingerprint)
    if known is None:
        version = adopted.registry(connection)
        assert version is not None
        _KNOWN.clear()
        known = _KNOWN[fingerprint] = _read(version.document)
    return known


def registry_at(connection: Connection, at: datetime, ground: Ground | None = None) -> Registry:
    """Return the registry in force at an instant; raises NotFound before the first was adopted.

    From the ledger's high-water mark on that is the newest one.
    """
    if at >= (ground or ledger.position(connection)).high_water:
        return registry_in_force(connection, ground.registry if ground else None)
    mark = adopted.registry_mark_at(connection, at)
    if mark is None:
        raise NotFound(f"no registry had been adopted at {at.isoformat()}", code="no-registry")
    version, fingerprint = mark
    if (known := _KNOWN.get(fingerprint) or _EARLIER.get(fingerprint)) is not None:
        return known
    found = next(one for one in adopted.registry_versions(connection) if one.version == version)
    while len(_EARLIER) >= _ROOM:
        _EARLIER.pop(next(iter(_EARLIER)))
    known = _EARLIER[fingerprint] = _read(found.document)
    return known


_ROOM = 4
_EARLIER: dict[str, Registry] = {}
# a registry is 3,400 agencies: read once a process, found again by its fingerprint
_KNOWN: dict[str, Registry] = {}


def _read(document: dict[str, Any]) -> Registry:
    from tracker.files.documents import registry_from  # a sweep that finds nothing due needs no registry

    return registry_from(document)
