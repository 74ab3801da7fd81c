"""Contacts: every agency with the channels it is reached by, and whether it owes anything without one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from tracker.domain.agency import Agency, Registry
from tracker.domain.errors import NotFound
from tracker.domain.search import folded
from tracker.store import queries
from tracker.store.adopted import Channel
from tracker.store.store import Connection

LISTED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One agency with its channels; `unreachable`: it owes something and has none."""

    code: str
    name: str
    parent: str | None
    language: str
    valid: bool
    channels: tuple[Channel, ...]
    unreachable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactList:
    """Some agencies by code; `after` is the code the next page begins behind, None on the last."""

    contacts: tuple[Contact, ...]
    total: int
    unreachable: int
    after: str | None


def contact_list(
    connection: Connection,
    registry: Registry,
    *,
    on: date,
    said: str = "",
    only_unreachable: bool = False,
    after: str = "",
    language: str = "en",
    limit: int = LISTED,
) -> ContactList:
    """Return the agencies whose code or name has what is said, whatever its marks, from a code on."""
    unreachable = frozenset(queries.unreachable(connection))
    fit = sorted(
        (one for one in _saying(registry.agencies.values(), said) if not only_unreachable or one.code in unreachable),
        key=lambda one: one.code,
    )
    page = [one for one in fit if one.code > after][: limit + 1]
    known: dict[str, list[Channel]] = {}
    for channel in queries.channels_where(connection):
        known.setdefault(channel.agency, []).append(channel)
    return ContactList(
        contacts=tuple(
            _contact(one, tuple(known.get(one.code, ())), one.code in unreachable, on, language) for one in page[:limit]
        ),
        total=len(fit),
        unreachable=len(unreachable),
        after=page[limit - 1].code if len(page) > limit else None,
    )


def contact(connection: Connection, code: str, registry: Registry, *, on: date, language: str = "en") -> Contact:
    """Return one agency with its channels; raises NotFound."""
    agency = registry.agencies.get(code)
    if agency is None:
        raise NotFound(f"the registry has no agency '{code}'", code="unknown-agency")
    ways = queries.channels_where(connection, code)
    return _contact(agency, ways, not ways and code in queries.unreachable(connection), on, language)


def _saying(agencies: Iterable[Agency], said: str) -> Iterator[Agency]:
    wanted = folded(said)
    for one in agencies:
        if not wanted or any(wanted in folded(text) for text in (one.code, one.name.vi, one.name.en, one.name.fr)):
            yield one


def _contact(agency: Agency, ways: tuple[Channel, ...], unreachable: bool, on: date, language: str) -> Contact:
    return Contact(
        code=agency.code,
        name=agency.name.in_language(language),
        parent=agency.parent,
        language=agency.language,
        valid=agency.is_valid(on),
        channels=ways,
        unreachable=unreachable,
    )
