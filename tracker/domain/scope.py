"""Scope: whose assignments somebody may see at all; what lies outside does not exist for them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from tracker.domain.account import Role
from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment


@dataclass(frozen=True, slots=True)
class Scope:
    """The offices whose assignments may be seen: as lead, or as the unit that does the work; None: everybody's."""

    offices: frozenset[str] | None = None

    def sees(self, assignment: Assignment) -> bool:
        """Return whether an assignment lies within the scope."""
        return self.covers(assignment.agency) or self.covers(assignment.delegate)

    def covers(self, office: str | None) -> bool:
        """Return whether an office is one of those the scope is about."""
        return self.offices is None or (office is not None and office in self.offices)

    def __and__(self, other: "Scope") -> "Scope":
        """Return the scope of what lies within both.

        >>> Scope(frozenset({"BNV", "BTC"})) & Scope(frozenset({"BNV"})) & EVERYTHING
        Scope(offices=frozenset({'BNV'}))
        """
        if self.offices is None or other.offices is None:
            return other if self.offices is None else self
        return Scope(self.offices & other.offices)


EVERYTHING = Scope(None)
NOTHING = Scope(frozenset())


def scope_of(role: Role, office: str | None, registry: Registry, covers_for: Collection[str] = ()) -> Scope:
    """Return what a role sees: all but an agency's member everything; they their office, those below and covered for.

    `covers_for` are the offices that theirs is deputy for on the day; it does not see what lies below those.

    >>> from tests.builders import a_registry, an_agency
    >>> registry = a_registry(an_agency("BNV-TC", "unit", parent="BNV"))
    >>> sorted(scope_of("agency", "BNV", registry, ["BTC"]).offices)
    ['BNV', 'BNV-TC', 'BTC']
    >>> scope_of("auditor", None, registry) == EVERYTHING
    True
    """
    if role != "agency":
        return EVERYTHING
    if office is None:
        return NOTHING
    return Scope(frozenset({*with_those_below(office, registry), *covers_for}))


def with_those_below(office: str, registry: Registry) -> frozenset[str]:
    """Return an office and every office below it, however far."""
    below: dict[str, list[str]] = {}
    for agency in registry.agencies.values():
        if agency.parent is not None:
            below.setdefault(agency.parent, []).append(agency.code)
    found, ahead = {office}, [office]
    while ahead:
        fresh = [code for code in below.get(ahead.pop(), ()) if code not in found]
        found.update(fresh)
        ahead += fresh
    return frozenset(found)


def exists(office: str, registry: Registry, on: date) -> bool:
    """Return whether an office stands in the registry on a day: nobody acts for one that does not."""
    agency = registry.agencies.get(office)
    return agency is not None and agency.is_valid(on)
