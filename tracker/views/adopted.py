"""What was adopted: directives, the registry and channels, as they were in force at an instant."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.domain.errors import NotFound
from tracker.store import adopted, ledger, queries
from tracker.store.adopted import Channel
from tracker.store.queries import Head
from tracker.store.store import Connection

__all__ = [
    "Channel",
    "DirectiveList",
    "channel_list",
    "directive_document",
    "directive_list",
    "high_water",
    "registry_document",
    "task_keys",
    "version_document",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectiveList:
    """The directives in force at an instant, by date of issue."""

    as_of: datetime
    known_at: datetime
    seq: int
    head: str
    directives: tuple[Head, ...]


def directive_list(
    connection: Connection, *, at: datetime, known: datetime | None = None, language: str = "en"
) -> DirectiveList:
    """Return the directives in force at an instant, as known by another: the same, by default."""
    known = at if known is None else known
    seq, digest = queries.end_at(connection, known)
    found = queries.directives_at(connection, min(at, known), language=language)
    return DirectiveList(as_of=at, known_at=known, seq=seq, head=digest, directives=found)


def directive_document(connection: Connection, key: str, *, at: datetime) -> Mapping[str, Any]:
    """Return the document of a directive in force at an instant; raises NotFound."""
    document = queries.document_at(connection, key, at)
    if document is None:
        raise NotFound(f"no directive '{key}' had been adopted at {at.isoformat()}")
    return document


def version_document(connection: Connection, key: str, version: int) -> Mapping[str, Any]:
    """Return the document of one version of a directive, in force or not; raises NotFound."""
    found = adopted.directive_version(connection, key, version)
    if found is None:
        raise NotFound(f"'{key}' has no version {version}", code="no-version")
    return found.document


def registry_document(connection: Connection, *, at: datetime, upto: int | None = None) -> Mapping[str, Any]:
    """Return the document of the registry in force at an instant; raises NotFound before the first.

    With `upto`, the one in force at that position of the ledger, where that comes first.
    """
    document = queries.registry_document_at(connection, at, upto=upto)
    if document is None:
        raise NotFound(f"no registry had been adopted at {at.isoformat()}", code="no-registry")
    return document


def channel_list(connection: Connection, agency: str | None = None) -> tuple[Channel, ...]:
    """Return the channels of one agency or of all, by agency and name."""
    return queries.channels_where(connection, agency)


def high_water(connection: Connection) -> datetime:
    """Return the highest instant the ledger has seen."""
    return ledger.position(connection).high_water


def task_keys(connection: Connection) -> frozenset[str]:
    """Return the keys of all tasks in force: what a need of a new directive may name."""
    return frozenset(adopted.task_keys(connection))
