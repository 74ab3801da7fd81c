"""The summary: the cells of every agency and directive at an instant, and the bridge that leads there from another.

It is made from the entries alone, never from the cache, in one reading of the ledger; so a report
of a day that is over is the same whoever asks for it and whenever, and its document (`document`)
has a fingerprint. Nothing in the document depends on a language: agencies and directives stand in
it by code and key.

Each end of the bridge is as known on its own day, unless both are looked at as known by another:
so the reports of one period after the other join without a gap, and what was recorded late is a
movement of the period in which it became known.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.assignment import FOLDED, Assignment
from tracker.domain.bridge import Bridge
from tracker.domain.cells import Cells
from tracker.domain.entry import stamp as written
from tracker.domain.errors import Invalid, NotFound
from tracker.domain.standing import Cell, Policy
from tracker.domain.waiting import above
from tracker.store import ledger, queries
from tracker.store.store import Connection
from tracker.views.fingerprint import fingerprinted
from tracker.views.past import Vantage, replayed
from tracker.views.sight import standing_at
from tracker.views.stamp import Stamp

FORM = 1  # of the document; another one where a key changes its meaning
_KINDS = FOLDED - {"swept"}  # a look at an assignment moves nothing

Registries = Callable[[Vantage], Registry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which assignments a summary is about: those of one agency (`below`: and of all under it), of one directive."""

    agency: str | None = None
    below: bool = False
    directive: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The cells of one agency or directive, by its code or key."""

    key: str
    cells: Cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The figures of an instant; with `since`, where they come from."""

    stamp: Stamp
    asked: Asked
    cells: Cells
    agencies: tuple[Group, ...]
    directives: tuple[Group, ...]
    since: Stamp | None = None
    bridge: Bridge | None = None


def summary(
    connection: Connection,
    to: Vantage,
    *,
    registries: Registries,
    since: Vantage | None = None,
    asked: Asked | None = None,
) -> Summary:
    """Return the cells at an instant, by agency and by directive, and the bridge from an earlier one.

    `registries` gives the registry in force at each. Raises NotFound for an agency or directive that was not known
    then, Invalid where the first instant is not the earlier one.
    """
    asked = asked or Asked()
    ends = [to] if since is None else [to, since]
    if since is not None and since.at > to.at:
        raise Invalid(f"{since.at.isoformat()} is after {to.at.isoformat()}: a bridge leads from the earlier instant")
    in_force = _in_force(ends, registries)
    wanted = _wanted(connection, to, asked, in_force[0])
    found = [
        _cells(made.values(), end, registry, wanted)
        for made, end, registry in zip(replayed(connection, ends, kinds=_KINDS), ends, in_force, strict=True)
    ]
    stamps = [_stamp(connection, end, registry) for end, registry in zip(ends, in_force, strict=True)]
    cells = Cells.counted(found[0].values())
    return Summary(
        stamp=stamps[0],
        asked=asked,
        cells=cells.adding_up_to(len(found[0])),
        agencies=_grouped(found[0], lambda key: key[1]),
        directives=_grouped(found[0], lambda key: key[2]),
        since=stamps[1] if since else None,
        bridge=Bridge.between(_by_ref(found[1]), _by_ref(found[0])) if since else None,
    )


def document(of: Summary) -> dict[str, Any]:
    """Return a summary as the document that has a fingerprint."""
    return fingerprinted(
        {
            "report": "summary",
            "form": FORM,
            "asked": {"agency": of.asked.agency, "below": of.asked.below, "directive": of.asked.directive},
            "to": _end(of.stamp),
            "from": _end(of.since) if of.since else None,
            "zone": of.stamp.zone,
            "rehearsal": of.stamp.rehearsal,
            "invented": of.stamp.invented,
            "cells": _figures(of.cells),
            "rates": _rates(of.cells),
            "agencies": [_group(group, "agency") for group in of.agencies],
            "directives": [_group(group, "directive") for group in of.directives],
            "bridge": _bridge(of.bridge) if of.bridge else None,
        }
    )


def _in_force(ends: Sequence[Vantage], registries: Registries) -> list[Registry]:
    """Return the registry at each end; before the first was adopted nothing was owed, and any will do."""
    latest = registries(ends[0])
    found = [latest]
    for end in ends[1:]:
        try:
            found.append(registries(end))
        except NotFound:
            found.append(latest)
    return found


# an assignment is counted by its reference, its agency and its directive
_Key = tuple[str, str, str]


def _cells(
    made: Iterable[Assignment], end: Vantage, registry: Registry, wanted: Callable[[Assignment], bool]
) -> dict[_Key, Cell]:
    policy = Policy(calendar=registry.calendar, due_soon=registry.due_soon)
    return {
        (one.ref, one.agency, one.task.rpartition("/")[0]): standing_at(one, end.at, policy).cell
        for one in made
        if wanted(one)
    }


def _wanted(connection: Connection, to: Vantage, asked: Asked, registry: Registry) -> Callable[[Assignment], bool]:
    agencies = _agencies(asked, registry)
    if asked.directive is not None and queries.document_at(connection, asked.directive, to.adopted_by) is None:
        raise NotFound(f"no directive '{asked.directive}' had been adopted at {to.adopted_by.isoformat()}")

    def fits(one: Assignment) -> bool:
        return (agencies is None or one.agency in agencies) and asked.directive in (None, one.task.rpartition("/")[0])

    return fits


def _agencies(asked: Asked, registry: Registry) -> frozenset[str] | None:
    if asked.agency is None:
        return None
    if asked.agency not in registry.agencies:
        raise NotFound(f"the registry has no agency '{asked.agency}'", code="no-agency")
    under = (code for code in registry.agencies if asked.agency in above(code, registry)) if asked.below else ()
    return frozenset({asked.agency, *under})


def _by_ref(found: Mapping[_Key, Cell]) -> dict[str, Cell]:
    return {ref: cell for (ref, _, _), cell in found.items()}


def _grouped(found: Mapping[_Key, Cell], by: Callable[[_Key], str]) -> tuple[Group, ...]:
    groups: dict[str, list[Cell]] = {}
    for key, cell in found.items():
        groups.setdefault(by(key), []).append(cell)
    return tuple(Group(key=key, cells=Cells.counted(cells)) for key, cells in sorted(groups.items()))


def _stamp(connection: Connection, end: Vantage, registry: Registry) -> Stamp:
    head = ledger.position(connection)
    seq, digest = queries.end_at(connection, end.known, upto=end.upto)
    invented = head.is_rehearsal and queries.is_made_up(connection, until=end.known, upto=end.upto)
    return Stamp(
        as_of=end.at,
        known_at=end.known,
        seq=seq,
        head=digest,
        rehearsal=head.is_rehearsal,
        invented=invented,
        zone=registry.calendar.zone,
    )


def _end(stamp: Stamp) -> dict[str, Any]:
    return {
        "as_of": written(stamp.as_of),
        "known_at": written(stamp.known_at),
        "seq": stamp.seq,
        "head": stamp.head,
    }


def _figures(cells: Cells) -> dict[str, int]:
    return {**{str(cell): cells[cell] for cell in Cell}, "total": cells.total}


def _rates(cells: Cells) -> dict[str, dict[str, Any]]:
    return {
        name: {
            "numerator": rate.numerator,
            "denominator": rate.denominator,
            "percent": rate.printed,
            "formula": rate.formula,
        }
        for name, rate in cells.rates.items()
    }


def _group(group: Group, name: str) -> dict[str, Any]:
    return {name: group.key, "cells": _figures(group.cells), "rates": _rates(group.cells)}


def _bridge(bridge: Bridge) -> dict[str, Any]:
    names = ("opening", "new", "come", "gone", "left", "closing")
    lines = {**{str(cell): bridge.line(cell) for cell in Cell}, "total": bridge.total}
    return {
        "lines": {cell: {name: getattr(line, name) for name in names} for cell, line in lines.items()},
        "movements": [
            {
                "from": str(movement.origin) if movement.origin else None,
                "to": str(movement.target) if movement.target else None,
                "count": len(movement.refs),
                "assignments": list(movement.refs),
            }
            for movement in bridge.movements
        ],
    }
