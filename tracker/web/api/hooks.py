"""Hooks: who is told of entries as they are made, by calls signed as Standard Webhooks has it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from tracker.domain.hook import TOLD
from tracker.operations.hooks import Hook, add_hook, hook_list, one_hook, remove_hook, tellings_of
from tracker.operations.telling import try_hook
from tracker.web.api.bodies import HookBody
from tracker.web.api.counter import Counter, Who
from tracker.web.api.models import model_of, paged, said
from tracker.web.api.rules import reads, writes
from tracker.web.api.shape import Cursor, Limit, decided_by, number_of, page, tag

Reference = Annotated[str, Path(pattern=r"^hook-[0-9a-f]{4,40}$", examples=["hook-0f3a5b7c9d1e"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRow:
    """A subscription: the host that is called, and which kinds of entry; none for all. The address is not shown."""

    reference: str
    address: str
    kinds: tuple[str, ...]
    made_at: datetime
    made_by: str
    disabled_at: datetime | None
    failing_since: datetime | None
    why: str | None
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRows:
    """Every subscription, and the kinds of entry there are to be told of."""

    hooks: tuple[HookRow, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewHook:
    """A subscription with the secret its receiver checks calls by. It is shown this once."""

    hook: HookRow
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellingRow:
    """One entry a hook was told, or is to be told: `identity` is the webhook-id of every try."""

    entry: int
    identity: str
    state: str
    attempts: int
    made_at: datetime
    due_at: datetime | None
    tried_at: datetime | None
    code: int | None
    why: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TellingRows:
    """What a hook was told, the newest entry first."""

    hook: str
    deliveries: tuple[TellingRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of a call that tells of nothing."""

    outcome: str
    code: int | None
    detail: str


def add_to(router: APIRouter, counter: Counter) -> None:
    """Add these operations."""
    _add_reads(router, counter)
    _add_changes(router, counter)


def _add_reads(router: APIRouter, counter: Counter) -> None:
    @router.get("/hooks", response_model=model_of(HookRows), tags=["hooks"], **reads("secretariat", "admin", "auditor"))
    def list_hooks(who: Who) -> dict[str, Any]:
        """List the subscriptions."""
        rows = tuple(map(_row, hook_list(counter.store)))
        return said(HookRows(hooks=rows, kinds=tuple(sorted(TOLD))), who.language)

    @router.get(
        "/hooks/{reference}",
        response_model=model_of(HookRow),
        tags=["hooks"],
        **reads("secretariat", "admin", "auditor"),
    )
    def show_hook(reference: Reference, response: Response, who: Who) -> dict[str, Any]:
        """Show a subscription."""
        found = one_hook(counter.store, reference)
        tag(response, found.changed)
        return said(_row(found), who.language)

    @router.get(
        "/hooks/{reference}/deliveries",
        response_model=paged("HookDeliveries", TellingRows),
        tags=["hooks"],
        **reads("secretariat", "admin", "auditor"),
    )
    def deliveries(
        reference: Reference, request: Request, response: Response, who: Who, limit: Limit = 50, cursor: Cursor = None
    ) -> dict[str, Any]:
        """List what a hook was told and is to be told, with what came of it."""
        found = tellings_of(counter.store, reference, limit=limit + 1, before=number_of(cursor))
        names = TellingRow.__dataclass_fields__
        rows = tuple(TellingRow(**{name: getattr(one, name) for name in names}) for one in found[:limit])
        after = rows[-1].entry if len(found) > limit else None
        document = said(TellingRows(hook=reference, deliveries=rows), who.language)
        return page(counter, request, response, document, after)


def _add_changes(router: APIRouter, counter: Counter) -> None:
    @router.post(
        "/hooks",
        response_model=model_of(NewHook),
        status_code=201,
        tags=["hooks"],
        # a key would keep the secret with the answer: the same address and kinds again are refused instead
        **writes("secretariat", "admin", repeats=False),
    )
    def add(body: HookBody, request: Request, response: Response, who: Who) -> dict[str, Any]:
        """Subscribe an address. Its secret is in this answer and nowhere else."""
        made = counter.act(
            lambda at: add_hook(counter.store, body.url, body.kinds, settings=counter.settings, at=at, actor=who.actor)
        )
        response.headers["Location"] = f"{request.scope.get('root_path', '')}/hooks/{made.hook.reference}"
        tag(response, made.hook.changed)
        return said(NewHook(hook=_row(made.hook), secret=made.secret), who.language)

    @router.delete(
        "/hooks/{reference}",
        status_code=204,
        tags=["hooks"],
        **writes("secretariat", "admin", decides=True, repeats=False),
    )
    def remove(reference: Reference, request: Request, who: Who) -> None:
        """Tell a hook nothing more."""
        seen = decided_by(request)
        counter.act(lambda at: remove_hook(counter.store, reference, at=at, actor=who.actor, seen=seen))

    @router.post(
        "/hooks/{reference}:test",
        response_model=model_of(Tried),
        tags=["hooks"],
        **writes("secretariat", "admin", repeats=False),
    )
    def test(reference: Reference, who: Who) -> dict[str, Any]:
        """Call a hook once with a message that tells of nothing, and say what came of it."""
        found = counter.act(lambda at: try_hook(counter.store, reference, settings=counter.settings, at=counter.now()))
        return said(Tried(outcome=found.kind, code=found.code, detail=found.detail), who.language)


def _row(hook: Hook) -> HookRow:
    return HookRow(**{name: getattr(hook, name) for name in HookRow.__dataclass_fields__})
