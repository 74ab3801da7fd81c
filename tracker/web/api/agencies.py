"""Agencies: the offices of the registry, and what lies below each."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from tracker.domain.agency import Agency
from tracker.domain.scope import Scope
from tracker.views.heatmap import heatmap
from tracker.views.stamp import Stamp
from tracker.web.api.counter import At, Caller, Counter, Who
from tracker.web.api.models import model_of, paged, said
from tracker.web.api.problems import Problem
from tracker.web.api.rules import reads
from tracker.web.api.shape import Code, Cursor, Limit, page

EARLIEST, LATEST = date(1900, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRow:
    """An office of the registry; `mine` says that the caller sees its assignments."""

    code: str
    symbol: str | None
    kind: str
    name: str
    names: dict[str, str]
    parent: str | None
    language: str
    valid_from: date | None
    valid_to: date | None
    mine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyRows:
    """Offices by their code."""

    stamp: Stamp
    agencies: tuple[AgencyRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneAgency:
    """One office, with those directly below it."""

    stamp: Stamp
    agency: AgencyRow
    below: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatWeek:
    """A week by its Monday, Sunday and number: how many assignments fall due in it, and how many of them are open."""

    monday: date
    sunday: date
    number: int
    open: int
    due: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatOf:
    """What falls due for one agency, week by week."""

    stamp: Stamp
    agency: str
    weeks: tuple[HeatWeek, ...]


def add_to(router: APIRouter, counter: Counter) -> None:
    """Add these operations."""
    _add_heat(router, counter)

    @router.get("/agencies", response_model=paged("Agencies", AgencyRows), tags=["agencies"], **reads())
    def list_agencies(
        request: Request,
        response: Response,
        who: Who,
        when: At,
        kind: Annotated[str | None, Query(pattern=r"^[a-z-]{1,40}$")] = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> dict[str, Any]:
        """List the offices of the registry."""
        with counter.looking(who, when) as look:
            codes = sorted(
                code
                for code, agency in look.registry.agencies.items()
                if (cursor is None or code > cursor) and kind in (None, agency.kind)
            )
            rows = [_row(look.registry.agencies[code], who) for code in codes[:limit]]
            after = codes[limit - 1] if len(codes) > limit else None
            document = said(AgencyRows(stamp=look.stamp, agencies=tuple(rows)), who.language)
            return page(counter, request, response, document, after)

    @router.get("/agencies/{code}", response_model=model_of(OneAgency), tags=["agencies"], **reads())
    def one_agency(code: Code, who: Who, when: At) -> dict[str, Any]:
        """Show one office."""
        with counter.looking(who, when) as look:
            agency = look.registry.agencies.get(code)
            if agency is None:
                raise Problem("not-found", f"the registry has no agency '{code}'")
            below = sorted(one.code for one in look.registry.agencies.values() if one.parent == code)
            found = OneAgency(stamp=look.stamp, agency=_row(agency, who), below=tuple(below))
            return said(found, who.language)


def _add_heat(router: APIRouter, counter: Counter) -> None:
    @router.get("/agencies/{code}/heatmap", response_model=model_of(HeatOf), tags=["agencies"], **reads(owned=True))
    def heat(
        code: Code,
        who: Who,
        when: At,
        since: Annotated[date | None, Query(description="A day of the first week; four weeks ago by default.")] = None,
    ) -> dict[str, Any]:
        """Count what falls due for an agency, week by week."""
        if not who.scope.covers(code):
            raise Problem("not-found")
        with counter.looking(who, when) as look:
            agency = look.registry.agencies.get(code)
            if agency is None:
                raise Problem("not-found", f"the registry has no agency '{code}'")
            if since is not None and not EARLIEST <= since <= LATEST:
                raise Problem("bad-parameter", f"weeks are counted from {EARLIEST} to {LATEST}")
            within = {**look.within, "scope": look.scope & Scope(frozenset({code}))}
            found = heatmap(look.connection, since=since, kind=agency.kind, language=look.language, **within)
            row = next((row for row in found.rows if row.code == code), None)
            heats = row.weeks if row else (None,) * len(found.weeks)
            weeks = tuple(
                HeatWeek(
                    monday=week.monday,
                    sunday=week.sunday,
                    number=week.number,
                    open=heat.open if heat else 0,
                    due=heat.due if heat else 0,
                )
                for week, heat in zip(found.weeks, heats, strict=True)
            )
            return said(HeatOf(stamp=found.stamp, agency=code, weeks=weeks), who.language)


def _row(agency: Agency, who: Caller) -> AgencyRow:
    return AgencyRow(
        code=agency.code,
        symbol=agency.symbol,
        kind=agency.kind,
        name=agency.name.in_language(who.language),
        names={"vi": agency.name.vi, "en": agency.name.en, "fr": agency.name.fr},
        parent=agency.parent,
        language=agency.language,
        valid_from=agency.valid_from,
        valid_to=agency.valid_to,
        mine=who.scope.covers(agency.code),
    )
