"""What the pages of an assignment share: its reference in the address, its dossier, and what came in between."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, HTTPException, Request

from tracker.domain.directive import Directive
from tracker.domain.errors import NotFound
from tracker.operations.extensions import dependents
from tracker.operations.moving import find
from tracker.operations.reading import directive_at
from tracker.views import history
from tracker.views.dossier import Dossier, dossier
from tracker.views.history import EntryRow
from tracker.views.life import Effect, effect_of
from tracker.views.receipts import is_done
from tracker.views.tasks import directive_of
from tracker.web.desk import Desk, Reading, Viewer
from tracker.web.entries import QUIET

REF = "/tasks/{year}/{slug_of}/{task}/{agency}"
NEWER = 20


@dataclass(frozen=True, slots=True)
class Named:
    """The assignment that an address names."""

    ref: str


def named(request: Request) -> Named:
    """Return the assignment of an address: its reference has three slashes."""
    parts = [request.path_params[name] for name in ("year", "slug_of", "task", "agency")]
    if any(len(part) > 200 or "\x00" in part for part in parts):
        raise HTTPException(404)
    return Named("/".join(parts))


Path = Annotated[Named, Depends(named)]


def dossier_of(reading: Reading, ref: str, viewer: Viewer) -> Dossier:
    """Return the dossier of an assignment for a viewer; raises NotFound for what is not in their scope."""
    opened = min(reading.at, reading.known or reading.at)

    def text(key: str) -> Directive | None:
        try:
            return directive_at(reading.connection, key, opened)
        except NotFound:
            return None

    directive = text(directive_of(ref))
    if directive is None:
        raise NotFound(f"there is no assignment '{ref}'")
    return dossier(
        reading.connection,
        ref,
        at=reading.at,
        known=reading.known,
        registry=reading.registry,
        directive=directive,
        texts=text,
        actor=viewer.actor,
        language=reading.language,
        scope=reading.scope,
    )


def effect_on(desk: Desk, reading: Reading, ref: str, day: date) -> Effect:
    """Return what a later last day of a task does to the work that depends on it, whoever owes that."""
    with desk.store.read() as connection:  # not within the scope: what waits is named, as in a mail
        found = dependents(connection, find(connection, ref), day)
        return effect_of(
            connection,
            ref,
            day,
            [each.ref for each in found],
            {each.ref for each in found if each.squeezed},
            at=reading.at,
            registry=reading.registry,
            language=reading.language,
        )


def again(desk: Desk, ref: str, kind: str, *, viewer: Viewer, seen: int, says: dict[str, object]) -> int | None:
    """Return the entry that a form recorded when it was sent before, by the same person; None where it was not."""
    with desk.store.read() as connection:
        done = is_done(connection, ref, kind, actor=viewer.actor, seen=seen, says=says)
    return done.seq if done else None


def newer_than(desk: Desk, ref: str, seen: int) -> tuple[EntryRow, ...]:
    """Return what was recorded about an assignment since somebody looked, the oldest first."""
    with desk.store.read() as connection:
        found = history(connection, at=desk.now(), zone="UTC", assignment=ref, limit=NEWER).entries
    return tuple(reversed([entry for entry in found if entry.seq > seen and entry.kind not in QUIET]))
