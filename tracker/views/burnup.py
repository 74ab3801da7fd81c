"""The burn-up of a directive, from its entries: what was asked, received, accepted and planned, week by week."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from tracker.domain.agency import Registry
from tracker.domain.burnup import KINDS, Point, burn_up
from tracker.domain.calendar import civil_day
from tracker.domain.chart import Chart, chart
from tracker.domain.entry import Entry
from tracker.domain.scope import EVERYTHING, Scope
from tracker.store import histories, ledger, versions
from tracker.store.store import Connection
from tracker.views.past import Vantage
from tracker.views.portrait import owed
from tracker.views.sight import Sight, sight
from tracker.views.stamp import Stamp


@dataclass(frozen=True, slots=True)
class Amended:
    """The day from which a version was in force."""

    day: date
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BurnUp:
    """The points of a burn-up in the order of their days, and when the text was amended; `own` as in a portrait."""

    stamp: Stamp
    own: bool
    today: date
    points: tuple[Point, ...]
    amended: tuple[Amended, ...]

    @property
    def chart(self) -> Chart | None:
        """Return the points laid out as lines: `scope`, `received`, `accepted` and `planned`; None without any."""
        series = {
            name: [(point.day, value) for point in self.points if (value := getattr(point, name)) is not None]
            for name in ("scope", "received", "accepted", "planned")
        }
        if not any(point.planned for point in self.points):
            del series["planned"]  # nothing has a date
        return chart(series, marks=[one.day for one in self.amended])


def burnup(
    connection: Connection,
    key: str,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    scope: Scope = EVERYTHING,
) -> BurnUp:
    """Return the burn-up of a directive up to an instant, over the assignments of a scope."""
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    zone = registry.calendar.zone
    adoptions = versions.adoptions(connection, key, at=seen.adopted_by)
    return BurnUp(
        stamp=seen.stamp,
        own=scope.offices is not None,
        today=civil_day(zone, at),
        points=_points(connection, seen, key),
        amended=tuple(Amended(civil_day(zone, one.adopted_at), one.version) for one in adoptions if one.version > 1),
    )


def _points(connection: Connection, seen: Sight, key: str) -> tuple[Point, ...]:
    """Return the points; counted once for each end of the ledger and day, for they come from entries alone."""
    stamp, zone = seen.stamp, seen.registry.calendar.zone
    is_past = min(seen.at, seen.known) < ledger.position(connection).high_water
    mark = (
        key,
        stamp.seq,
        stamp.head,
        civil_day(zone, seen.at),
        seen.scope,
        (seen.at, seen.known) if is_past else None,
    )
    found = _KNOWN.get(mark)
    if found is None:
        refs = [assignment.ref for assignment, _ in owed(seen, key)]
        entries = _entries(connection, refs, Vantage(seen.at, seen.known))
        while len(_KNOWN) >= _ROOM:
            _KNOWN.pop(next(iter(_KNOWN)), None)
        found = _KNOWN[mark] = burn_up(entries, at=seen.at, zone=zone)
    return found


def _entries(connection: Connection, refs: list[str], vantage: Vantage) -> Iterator[Entry]:
    for entries in histories.entries_of(connection, refs, kinds=KINDS, until=vantage.known).values():
        yield from filter(vantage.sees, entries)


_ROOM = 64
_KNOWN: dict[object, tuple[Point, ...]] = {}
