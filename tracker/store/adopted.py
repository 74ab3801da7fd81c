"""What has been adopted: versions of the registry and of directives, and the task graph they make."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from tracker.store.tables import AgencyRow, ChannelRow, DirectiveRow, NeedRow, RegistryRow, TaskRow

REGISTRY = RegistryRow.__table__  # type: ignore[attr-defined]
AGENCY = AgencyRow.__table__  # type: ignore[attr-defined]
CHANNEL = ChannelRow.__table__  # type: ignore[attr-defined]
DIRECTIVE = DirectiveRow.__table__  # type: ignore[attr-defined]
TASK = TaskRow.__table__  # type: ignore[attr-defined]
NEED = NeedRow.__table__  # type: ignore[attr-defined]

# statements of every message are built once: building one takes longer than running it
_REGISTRY_MARK = select(REGISTRY.c.fingerprint).order_by(REGISTRY.c.version.desc()).limit(1)
_DIRECTIVE_MARK = select(DIRECTIVE.c.fingerprint).where(
    DIRECTIVE.c.key == bindparam("directive"), DIRECTIVE.c.current.is_(True)
)
_CHANNEL = select(CHANNEL).where(CHANNEL.c.agency == bindparam("of"), CHANNEL.c.name == bindparam("called"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """An adopted document: its version from 1, fingerprint, content, and where the ledger records it."""

    version: int
    fingerprint: str
    document: dict[str, Any]
    seq: int
    adopted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """Where an agency is reached."""

    agency: str
    name: str
    address: str
    language: str | None
    kind: str = "mail"
    secret: str | None = field(default=None, repr=False)


def registry(connection: Connection, *, seq: int | None = None) -> Version | None:
    """Return the registry in force, or the one in force at a position of the ledger; None before the first."""
    question = select(REGISTRY).order_by(REGISTRY.c.version.desc()).limit(1)
    if seq is not None:
        question = question.where(REGISTRY.c.seq <= seq)
    row = connection.execute(question).one_or_none()
    return _version(row) if row else None


def registry_versions(connection: Connection) -> tuple[Version, ...]:
    """Return every adopted registry, the oldest first."""
    return tuple(_version(row) for row in connection.execute(select(REGISTRY).order_by(REGISTRY.c.version)))


def registry_fingerprint(connection: Connection) -> str | None:
    """Return the fingerprint of the registry in force, without reading the document."""
    return connection.execute(_REGISTRY_MARK).scalar_one_or_none()


def registry_mark_at(connection: Connection, at: datetime) -> tuple[int, str] | None:
    """Return the version and fingerprint of the registry in force at an instant; None before the first."""
    question = select(REGISTRY.c.version, REGISTRY.c.fingerprint).where(REGISTRY.c.adopted_at <= at)
    row = connection.execute(question.order_by(REGISTRY.c.version.desc()).limit(1)).one_or_none()
    return (row.version, row.fingerprint) if row else None


def add_registry(connection: Connection, row: Mapping[str, Any], agencies: Sequence[Mapping[str, Any]]) -> None:
    """Write a version of the registry and make the agency table say what it says."""
    connection.execute(insert(REGISTRY).values(**row))
    connection.execute(delete(AGENCY))
    if agencies:
        connection.execute(insert(AGENCY), [dict(agency) for agency in agencies])


def channels(connection: Connection, agencies: Iterable[str] | None = None) -> Mapping[str, tuple[Channel, ...]]:
    """Return the channels of agencies by code, each in the order of their names; all by default."""
    question = select(CHANNEL).order_by(CHANNEL.c.agency, CHANNEL.c.name)
    if agencies is not None:
        question = question.where(CHANNEL.c.agency.in_(sorted(agencies)))
    found: dict[str, list[Channel]] = {}
    for row in connection.execute(question):
        found.setdefault(row.agency, []).append(Channel(**row._mapping))
    return {agency: tuple(ways) for agency, ways in found.items()}


def channel(connection: Connection, agency: str, name: str) -> Channel | None:
    """Return one channel of an agency."""
    row = connection.execute(_CHANNEL, {"of": agency, "called": name}).one_or_none()
    return Channel(**row._mapping) if row else None


def set_channels(connection: Connection, rows: Sequence[Channel]) -> None:
    """Write channels, replacing those of the same agency and name; what they held is wiped from an SQLite file."""
    for channel in rows:
        remove_channel(connection, channel.agency, channel.name)
    values = [{name: getattr(c, name) for name in Channel.__dataclass_fields__} for c in rows]
    if values:
        connection.execute(insert(CHANNEL), values)


def remove_channel(connection: Connection, agency: str, name: str) -> bool:
    """Remove a channel and return whether there was one."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete = ON")  # an old address may be a secret
    return connection.execute(delete(CHANNEL).where(CHANNEL.c.agency == agency, CHANNEL.c.name == name)).rowcount > 0


def directive(connection: Connection, key: str) -> Version | None:
    """Return the current version of a directive."""
    question = select(DIRECTIVE).where(DIRECTIVE.c.key == key, DIRECTIVE.c.current.is_(True))
    row = connection.execute(question).one_or_none()
    return _version(row) if row else None


def directive_version(connection: Connection, key: str, version: int) -> Version | None:
    """Return one version of a directive, in force or not."""
    question = select(DIRECTIVE).where(DIRECTIVE.c.key == key, DIRECTIVE.c.version == version)
    row = connection.execute(question).one_or_none()
    return _version(row) if row else None


def directive_fingerprint(connection: Connection, key: str) -> str | None:
    """Return the fingerprint of the current version of a directive, without reading the document."""
    return connection.execute(_DIRECTIVE_MARK, {"directive": key}).scalar_one_or_none()


def directive_list(connection: Connection) -> tuple[tuple[str, str, date, int, str], ...]:
    """Return (key, number, date of issue, version, fingerprint) of every current directive, by date and key."""
    columns = (
        DIRECTIVE.c.key,
        DIRECTIVE.c.number,
        DIRECTIVE.c.issued,
        DIRECTIVE.c.version,
        DIRECTIVE.c.fingerprint,
    )
    question = select(*columns).where(DIRECTIVE.c.current.is_(True)).order_by(DIRECTIVE.c.issued, DIRECTIVE.c.key)
    return tuple((row[0], row[1], row[2], row[3], row[4]) for row in connection.execute(question))


def add_directive(
    connection: Connection,
    row: Mapping[str, Any],
    tasks: Sequence[Mapping[str, Any]],
    needs: Iterable[tuple[str, str]],
) -> None:
    """Write a version of a directive as the current one, with its tasks and the edges of its graph."""
    key = row["key"]
    connection.execute(update(DIRECTIVE).where(DIRECTIVE.c.key == key).values(current=False))
    connection.execute(insert(DIRECTIVE).values(**row, current=True))
    mine = select(TASK.c.key).where(TASK.c.directive == key)
    connection.execute(delete(NEED).where(NEED.c.task.in_(mine)))
    connection.execute(delete(TASK).where(TASK.c.directive == key))
    if tasks:
        connection.execute(insert(TASK), [dict(task) for task in tasks])
    add_needs(connection, needs)


def add_needs(connection: Connection, needs: Iterable[tuple[str, str]]) -> None:
    """Write edges of the task graph that are not known yet."""
    edges = [{"task": task, "needs": needed} for task, needed in needs]
    if edges:
        connection.execute(insert(NEED), edges)


def task_keys(connection: Connection) -> tuple[str, ...]:
    """Return the keys of all current tasks."""
    return tuple(connection.execute(select(TASK.c.key).order_by(TASK.c.key)).scalars())


def titles(connection: Connection, language: str = "en") -> Mapping[str, str]:
    """Return the title of every current task by key, in a language."""
    return {row[0]: row[1] for row in connection.execute(select(TASK.c.key, TASK.c[f"title_{language}"]))}


def agency_names(connection: Connection, language: str = "en") -> Mapping[str, str]:
    """Return the name of every agency by code, in a language."""
    return {row[0]: row[1] for row in connection.execute(select(AGENCY.c.code, AGENCY.c[f"name_{language}"]))}


def count_agencies(connection: Connection) -> int:
    """Return how many agencies the registry in force has."""
    return int(connection.execute(select(func.count()).select_from(AGENCY)).scalar_one())


def _version(row: Any) -> Version:
    return Version(
        version=row.version,
        fingerprint=row.fingerprint,
        document=json.loads(row.document),
        seq=row.seq,
        adopted_at=row.adopted_at,
    )
