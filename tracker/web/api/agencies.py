"""Agencies: the offices of the registry, and what lies below each."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from tracker.domain.agency import Agency
from tracker.views.stamp import Stamp
from tracker.web.api.counter import At, Caller, Counter, Who
from tracker.web.api.models import model_of, paged, said
from tracker.web.api.problems import Problem
from tracker.web.api.rules import reads
from tracker.web.api.shape import Code, Cursor, Limit, page


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


def add_to(router: APIRouter, counter: Counter) -> None:
    """Add these operations."""

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
