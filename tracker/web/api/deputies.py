"""Deputies: which office covers for which while that one is absent."""

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from tracker.operations.deputies import end_deputy, name_deputy
from tracker.views.life import DeputyRow, deputy_list
from tracker.views.stamp import Stamp
from tracker.web.api.bodies import DeputyBody
from tracker.web.api.counter import At, Caller, Counter, When, Who
from tracker.web.api.models import model_of, said
from tracker.web.api.problems import Problem
from tracker.web.api.rules import reads, writes
from tracker.web.api.shape import Position, check_tag, tag


@dataclass(frozen=True, slots=True, kw_only=True)
class OneDeputy:
    """An office that covers for another."""

    stamp: Stamp
    deputy: DeputyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class DeputyRows:
    """Who covers for whom, in the order they were named."""

    stamp: Stamp
    deputies: tuple[DeputyRow, ...]


def add_to(router: APIRouter, counter: Counter) -> None:
    """Add these operations."""
    _add_reads(router, counter)
    _add_changes(router, counter)


def _add_reads(router: APIRouter, counter: Counter) -> None:
    @router.get("/deputies", response_model=model_of(DeputyRows), tags=["deputies"], **reads())
    def list_deputies(who: Who, when: At, over: bool = False) -> dict[str, Any]:
        """List who covers for whom at present or will; with `over` also those whose time has passed."""
        with counter.looking(who, when) as look:
            found = deputy_list(
                look.connection,
                at=look.at,
                known=look.known,
                registry=look.registry,
                over=over,
                language=look.language,
            )
            mine = tuple(row for row in found.deputies if _concerns(row, who))
            return said(DeputyRows(stamp=found.stamp, deputies=mine), who.language)

    @router.get("/deputies/{entry:int}", response_model=model_of(OneDeputy), tags=["deputies"], **reads(owned=True))
    def one_deputy(entry: Position, response: Response, who: Who, when: At) -> dict[str, Any]:
        """Show a deputy by the entry that named it."""
        return _shown(counter, entry, response, who, when)


def _add_changes(router: APIRouter, counter: Counter) -> None:
    @router.post(
        "/deputies",
        response_model=model_of(OneDeputy),
        status_code=201,
        tags=["deputies"],
        **writes("secretariat", "agency", owned=True),
    )
    def name(body: DeputyBody, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Name the office that covers for an agency from one day to another, both included."""
        if not who.scope.covers(body.agency):
            raise Problem("forbidden", f"you may not speak for {body.agency}")
        named = counter.act(
            lambda at: name_deputy(
                counter.store,
                body.agency,
                body.deputy,
                first=body.from_day,
                last=body.until_day,
                at=at,
                actor=who.actor,
                why=body.why,
            )
        )
        response.headers["Location"] = f"{request.scope.get('root_path', '')}/deputies/{named.seq}"
        return _shown(counter, named.seq, response, who, None)

    @router.post(
        "/deputies/{entry:int}:end",
        response_model=model_of(OneDeputy),
        tags=["deputies"],
        **writes("secretariat", "agency", decides=True, owned=True),
    )
    def end(entry: Position, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Let a deputy cover no longer, from now on."""
        check_tag(request, _mark(_one_of(counter, entry, who, None)[1]))
        counter.act(lambda at: end_deputy(counter.store, entry, at=at, actor=who.actor))
        return _shown(counter, entry, response, who, None)


def _one_of(counter: Counter, entry: int, who: Caller, when: When | None) -> tuple[Stamp, DeputyRow]:
    with counter.looking(who, when) as look:
        found = deputy_list(
            look.connection, at=look.at, known=look.known, registry=look.registry, over=True, language=look.language
        )
    row = next((row for row in found.deputies if row.seq == entry and _concerns(row, who)), None)
    if row is None:
        raise Problem("not-found", f"entry {entry} named no deputy")
    return found.stamp, row


def _shown(counter: Counter, entry: int, response: Response, who: Caller, when: When | None) -> dict[str, Any]:
    stamp, row = _one_of(counter, entry, who, when)
    tag(response, _mark(row))
    return said(OneDeputy(stamp=stamp, deputy=row), who.language)


def _mark(row: DeputyRow) -> str:
    return f"{row.seq}-{row.until_day}"


def _concerns(row: DeputyRow, who: Caller) -> bool:
    return who.scope.covers(row.agency) or who.scope.covers(row.deputy)
