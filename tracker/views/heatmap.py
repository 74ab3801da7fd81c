"""The heatmap: how much falls due for each agency in each week, as numbers in a table; colour only repeats them."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tracker.domain.agency import Registry
from tracker.domain.scope import EVERYTHING, Scope
from tracker.domain.search import folded
from tracker.domain.standing import Cell
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.views.agencies import of_kind, provinces
from tracker.views.rows import agency_name
from tracker.views.sight import sight
from tracker.views.stamp import Stamp

WEEKS = 16
BEFORE = 4  # of them are over
CLASSES = 5
MOST_ROWS = 60
_OPEN = frozenset({Cell.IN_TIME, Cell.OVERDUE})
_A_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week by its Monday, its Sunday and its number (ISO 8601); `now` is the one looked from."""

    monday: date
    sunday: date
    number: int
    now: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """What falls due in one week: how many are still open, of how many; None of both where nothing falls due.

    `level` is the class of the number, from 0 for none to the highest.
    """

    open: int
    due: int
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRow:
    """One agency, week by week; None where nothing falls due."""

    code: str
    name: str
    weeks: tuple[Heat | None, ...]
    open: int
    due: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap:
    """The agencies shown, of `total`; `bounds` are the lowest numbers of the classes above none."""

    stamp: Stamp
    weeks: tuple[Week, ...]
    rows: tuple[HeatRow, ...]
    total: int
    start: int
    sums: tuple[Heat | None, ...]
    bounds: tuple[int, ...]
    kind: str
    province: str | None
    provinces: tuple[tuple[str, str], ...]
    since: date
    earlier: date


def heatmap(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    since: date | None = None,
    kind: str = "",
    province: str | None = None,
    start: int = 0,
    scope: Scope = EVERYTHING,
    language: str = "en",
) -> Heatmap:
    """Return what falls due for the agencies of a kind or province, week by week, from the week of a day on.

    By default it begins four weeks ago, and has every agency that owes something but communes and units.
    """
    today = registry.calendar.civil_day(at)
    first = _monday(today) - BEFORE * _A_WEEK if since is None else _monday(since)
    mondays = [first + n * _A_WEEK for n in range(WEEKS)]
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    codes = frozenset(code for code in registry.agencies if of_kind(code, registry, kind, province))
    wanted = Wanted(agencies=codes, days=(first, mondays[-1] + timedelta(days=6)))
    found = _found(seen.counts(wanted, ("agency", "week", "cell")))
    named = sorted(((agency_name(registry, c, language), c) for c in found), key=lambda one: (folded(one[0]), one[1]))
    shown = named[start : start + MOST_ROWS]
    bounds = classes(max((pair[0] for _, code in shown for pair in found[code].values()), default=0))
    sums = [_sum(found, monday) for monday in mondays]
    most = classes(max((pair[0] for pair in sums), default=0))
    return Heatmap(
        stamp=seen.stamp,
        weeks=tuple(
            Week(
                monday=monday,
                sunday=monday + timedelta(days=6),
                number=monday.isocalendar().week,
                now=monday <= today < monday + _A_WEEK,
            )
            for monday in mondays
        ),
        rows=tuple(_row(code, name, found[code], mondays, bounds) for name, code in shown),
        total=len(named),
        start=start,
        sums=tuple(_heat(pair if pair[1] else None, most) for pair in sums),
        bounds=bounds,
        kind=kind,
        province=province,
        provinces=provinces(registry, language),
        since=first,
        earlier=first - (WEEKS - 1) * _A_WEEK,
    )


# agency -> Monday -> how many are open, of how many
_Found = Mapping[str, Mapping[date, Sequence[int]]]


def _found(counts: Mapping[tuple[str, ...], int]) -> _Found:
    found: dict[str, dict[date, list[int]]] = {}
    for (code, week, cell), number in counts.items():
        if cell != Cell.CLOSED_OUT:
            pair = found.setdefault(code, {}).setdefault(date.fromisoformat(week), [0, 0])
            pair[0] += number if Cell(cell) in _OPEN else 0
            pair[1] += number
    return found


def _sum(found: _Found, monday: date) -> tuple[int, int]:
    pairs = [weeks[monday] for weeks in found.values() if monday in weeks]
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)


def _row(
    code: str, name: str, weeks: Mapping[date, Sequence[int]], mondays: Sequence[date], bounds: tuple[int, ...]
) -> HeatRow:
    return HeatRow(
        code=code,
        name=name,
        weeks=tuple(_heat(weeks.get(monday), bounds) for monday in mondays),
        open=sum(pair[0] for pair in weeks.values()),
        due=sum(pair[1] for pair in weeks.values()),
    )


def classes(most: int) -> tuple[int, ...]:
    """Return the lowest number of each class, so that the highest number stands in the last.

    >>> classes(3), classes(5), classes(50), classes(997)
    ((1, 2, 3), (1, 2, 3, 4, 5), (1, 11, 21, 31, 41), (1, 201, 401, 601, 801))
    """
    if most <= CLASSES:
        return tuple(range(1, most + 1))
    step = -(-most // CLASSES)
    magnitude = 10 ** (len(str(step)) - 1)
    step = -(-step // magnitude) * magnitude
    return tuple(n * step + 1 for n in range(CLASSES) if n * step < most)


def _heat(pair: Sequence[int] | None, bounds: tuple[int, ...]) -> Heat | None:
    return None if pair is None else Heat(open=pair[0], due=pair[1], level=bisect_right(bounds, pair[0]))


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
