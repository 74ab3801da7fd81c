"""The registry in force, which almost every verb asks for."""

from tracker.domain.agency import Registry
from tracker.domain.errors import NotFound
from tracker.files.documents import registry_from
from tracker.store import adopted
from tracker.store.store import Connection


def registry_in_force(connection: Connection) -> Registry:
    """Return the adopted registry; raises NotFound before the first was adopted."""
    fingerprint = adopted.registry_fingerprint(connection)
    if fingerprint is None:
        raise NotFound("no registry has been adopted yet: run 'tracker directive apply directives'", code="no-registry")
    known = _KNOWN.get(fingerprint)
    if known is None:
        version = adopted.registry(connection)
        assert version is not None
        _KNOWN.clear()
        known = _KNOWN[fingerprint] = registry_from(version.document)
    return known


# a registry is 3,400 agencies: read once a process, found again by its fingerprint
_KNOWN: dict[str, Registry] = {}
