"""Entries: the ledger after a position, each entry bound to the one before; its check, and its seals."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from tracker.operations import verify
from tracker.views.trail import SealRows, Trail, seal_rows, trail
from tracker.web.api.counter import At, Counter, Who
from tracker.web.api.models import model_of, paged, said
from tracker.web.api.rules import OVERSEERS, reads
from tracker.web.api.shape import Cursor, Limit, number_of, page

REF = r"^[0-9]{4}/[a-z0-9-]{1,100}/[a-z0-9-]{1,100}/[A-Za-z0-9~@.-]{1,80}$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a check of the whole ledger found: every entry and every seal, up to the end its head names."""

    holds: bool
    entries: int
    head: str
    seals: int
    sealed: int
    outside: int
    broken_at: int | None
    why: str | None


def add_to(router: APIRouter, counter: Counter) -> None:
    """Add these operations."""

    @router.get("/entries", response_model=paged("Entries", Trail), tags=["entries"], **reads(*OVERSEERS))
    def list_entries(
        request: Request,
        response: Response,
        who: Who,
        when: At,
        after: Annotated[int, Query(ge=0, le=2**53, description="A position: entries that follow it.")] = 0,
        kind: Annotated[list[Annotated[str, Query(max_length=60)]], Query(max_length=50)] = [],  # noqa: B006
        assignment: Annotated[str | None, Query(pattern=REF)] = None,
        limit: Limit = 100,
        cursor: Cursor = None,
    ) -> dict[str, Any]:
        """List entries in their order after a position. `hash` binds each to the one before, `previous`."""
        with counter.looking(who, when) as look:
            found = trail(
                look.connection,
                look.stamp,
                after=max(after, number_of(cursor) or 0),
                kinds=frozenset(one for one in kind if one.isprintable()) or frozenset(kind and [""]),
                assignment=assignment,
                limit=limit,
            )
            return page(counter, request, response, said(found, who.language), found.after)

    @router.get("/entries:verify", response_model=model_of(Verdict), tags=["entries"], **reads(*OVERSEERS))
    def check(who: Who) -> dict[str, Any]:
        """Check every entry and every seal; a ledger that does not hold is an answer too."""
        found = verify(counter.store)
        return {name: getattr(found, name) for name in Verdict.__dataclass_fields__}

    @router.get("/seals", response_model=paged("Seals", SealRows), tags=["entries"], **reads())
    def list_seals(
        request: Request, response: Response, who: Who, when: At, limit: Limit = 100, cursor: Cursor = None
    ) -> dict[str, Any]:
        """List the seals of the ledger: keep them, and nobody can rewrite what they hold unseen."""
        with counter.looking(who, when) as look:
            found = seal_rows(look.connection, look.stamp, after=number_of(cursor) or 0, limit=limit)
            return page(counter, request, response, said(found, who.language), found.after)
