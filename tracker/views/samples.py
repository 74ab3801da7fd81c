"""Samples: assignments or entries drawn by a seed, each with what an auditor needs to look it up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.assignment import FOLDED
from tracker.domain.errors import NotFound
from tracker.domain.sampling import ALGORITHM, sample
from tracker.domain.standing import Cell, Policy
from tracker.store import exported
from tracker.store.store import Connection
from tracker.views.changes import Filter, stamp_at
from tracker.views.past import Vantage, replayed
from tracker.views.sight import standing_at
from tracker.views.stamp import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A member of a sample: its rank, its reference (of an entry, its position), and what is known of it."""

    rank: str
    ref: str
    about: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleView:
    """A sample with everything needed to draw it again."""

    stamp: Stamp
    of: str
    filters: dict[str, str]
    seed: str
    size: int
    algorithm: str
    population: int
    fingerprint: str
    drawn: tuple[Drawn, ...]


def sample_of_assignments(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    size: int,
    seed: str,
    wanted: Filter | None = None,
    cell: Cell | None = None,
) -> SampleView:
    """Return a sample of the assignments as the entries recorded up to an instant make them."""
    wanted = wanted or Filter()
    policy = Policy(calendar=registry.calendar, due_soon=registry.due_soon)
    (made,) = replayed(connection, [Vantage(at, at)], kinds=FOLDED - {"swept"})
    standings = {ref: standing_at(found, at, policy) for ref, found in made.items() if wanted.fits(ref)}
    drawn = sample((ref for ref, now in standings.items() if cell in (None, now.cell)), size=size, seed=seed)
    rows = [
        Drawn(rank=rank, ref=ref, about={"cell": str(standings[ref].cell), "standing": standings[ref].name})
        for rank, ref in drawn.drawn
    ]
    filters = {"agency": wanted.agency, "directive": wanted.directive, "cell": str(cell) if cell else None}
    return SampleView(
        stamp=stamp_at(connection, at, registry.calendar.zone),
        of="assignments",
        filters={name: value for name, value in filters.items() if value},
        seed=seed,
        size=size,
        algorithm=ALGORITHM,
        population=drawn.population,
        fingerprint=drawn.fingerprint,
        drawn=tuple(rows),
    )


def sample_of_entries(
    connection: Connection,
    *,
    at: datetime,
    zone: str,
    size: int,
    seed: str,
    kind: str | None = None,
    actor: str | None = None,
    since: datetime | None = None,
) -> SampleView:
    """Return a sample of the entries recorded up to an instant; an entry goes by its position."""
    refs = exported.positions(connection, until=at, since=since, kind=kind, actor=actor)
    drawn = sample(map(str, refs), size=size, seed=seed)
    found = {entry.seq: entry for entry in exported.entries_at(connection, [int(ref) for _, ref in drawn.drawn])}
    rows = []
    for rank, ref in drawn.drawn:
        if (entry := found.get(int(ref))) is None:
            raise NotFound(f"entry {ref} is gone")
        about = {"kind": entry.kind, "assignment": entry.assignment, "actor": entry.actor, "hash": entry.hash}
        rows.append(Drawn(rank=rank, ref=ref, about=about))
    filters = {"kind": kind, "actor": actor, "since": since.isoformat() if since else None}
    return SampleView(
        stamp=stamp_at(connection, at, zone),
        of="entries",
        filters={name: value for name, value in filters.items() if value},
        seed=seed,
        size=size,
        algorithm=ALGORITHM,
        population=drawn.population,
        fingerprint=drawn.fingerprint,
        drawn=tuple(rows),
    )
