"""Agencies: how each of them stands, in one table; who is first is a question of the order asked for, not of merit."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.cells import Cells
from tracker.domain.errors import Invalid
from tracker.domain.scope import EVERYTHING, Scope
from tracker.domain.search import folded
from tracker.domain.standing import Cell
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.views.lateness import AgencyLateness, lateness
from tracker.views.paging import window
from tracker.views.rows import agency_name
from tracker.views.sight import Sight, sight
from tracker.views.sought import province_of
from tracker.views.stamp import Stamp
from tracker.views.timelines import Texts

PER_PAGE = 100
MOST_JUDGED = 2_000  # late assignments whose days are charged while somebody waits for a page
ORDERS = ("name", "overdue", "rate", "total")
LOCAL = ("commune", "unit")
_MOST = 10**9  # more than anybody owes
_LATE = frozenset({Cell.OVERDUE, Cell.LATE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How one agency stands; `late` says what its late days are charged to, and what it caused to others."""

    code: str
    name: str
    kind: str
    province: str | None
    cells: Cells
    late: AgencyLateness | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoreboard:
    """The agencies that owe something; `judged` is False where too much is late to charge its days on a page.

    `provinces` are those whose communes can be asked for. `agencies` is one page of `total`; `earlier` and `later`
    are where the pages around it lie. `cells` are those of all.
    """

    stamp: Stamp
    agencies: tuple[Score, ...]
    total: int
    earlier: str | None
    later: str | None
    cells: Cells
    order: str
    kind: str
    province: str | None
    provinces: tuple[tuple[str, str], ...]
    judged: bool
    late: int


def scoreboard(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    texts: Texts | None = None,
    known: datetime | None = None,
    kind: str = "",
    province: str | None = None,
    order: str = "name",
    after: str | None = None,
    before: str | None = None,
    scope: Scope = EVERYTHING,
    language: str = "en",
) -> Scoreboard:
    """Return how agencies stand: those of a kind or of a province, by default all but communes and units.

    With `texts`, which gives directives as they were in force, late days are charged to who caused them.
    """
    if order not in ORDERS:
        raise Invalid(f"'{order[:60]}' is no order: {', '.join(ORDERS)}", code="bad-filter")
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    codes = frozenset(code for code in registry.agencies if of_kind(code, registry, kind, province))
    counts = _by_agency(seen, codes)
    late = _late(seen)
    judged = texts is not None and scope == EVERYTHING and late <= MOST_JUDGED
    days: Mapping[str, AgencyLateness] = {}
    if judged and texts is not None:
        found = lateness(connection, at=at, known=known, registry=registry, texts=texts, language=language, limit=0)
        days = {one.agency: one for one in found.agencies}
    scores = [
        Score(
            code=code,
            name=agency_name(registry, code, language),
            kind=registry.agencies[code].kind,
            province=province_of(code, registry),
            cells=Cells.of(counts.get(code, {})),
            late=days.get(code),
        )
        for code in codes
        if code in counts or code in days
    ]
    scores.sort(key=lambda score: _place(score, order))
    page, earlier, later = window(
        scores, lambda score: _place(score, order), limit=PER_PAGE, after=after, before=before
    )
    return Scoreboard(
        stamp=seen.stamp,
        agencies=tuple(page),
        total=len(scores),
        earlier=earlier,
        later=later,
        cells=sum((score.cells for score in scores), Cells()),
        order=order,
        kind=kind,
        province=province,
        provinces=provinces(registry, language),
        judged=judged,
        late=late,
    )


def _by_agency(seen: Sight, codes: frozenset[str]) -> Mapping[str, Mapping[Cell, int]]:
    counts: dict[str, dict[Cell, int]] = {}
    for (code, cell), number in seen.counts(Wanted(agencies=codes), ("agency", "cell")).items():
        counts.setdefault(code, {})[Cell(cell)] = number
    return counts


def provinces(registry: Registry, language: str) -> tuple[tuple[str, str], ...]:
    """Return the provinces by name, each with its code."""
    found = [
        (agency_name(registry, a.code, language), a.code) for a in registry.agencies.values() if a.kind == "province"
    ]
    return tuple((code, name) for name, code in sorted(found, key=lambda one: (folded(one[0]), one[1])))


def of_kind(code: str, registry: Registry, kind: str, province: str | None) -> bool:
    """Return whether an agency is of a kind, and in a province; asked for neither, it must be no commune or unit."""
    agency = registry.agencies[code]
    if province is not None and province_of(code, registry) != province:
        return False
    return agency.kind == kind if kind else province is not None or agency.kind not in LOCAL


def _late(seen: Sight) -> int:
    return sum(seen.counts(Wanted(cells=_LATE), ("cell",)).values())


def _place(score: Score, order: str) -> tuple[str, ...]:
    """Return the place of an agency in an order: the lowest share first, those without one last."""
    name = (folded(score.name), score.code)
    match order:
        case "overdue":
            return f"{_MOST - score.cells.open_overdue:010}", *name
        case "total":
            return f"{_MOST - score.cells.total:010}", *name
        case "rate":
            rate = score.cells.on_time_rate
            share = rate.numerator / rate.denominator if rate.denominator else 2.0
            return f"{share:.12f}", *name
    return name
