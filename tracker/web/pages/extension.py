"""Asking for more time: why and until when; then what that does to others, before it is sent."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from tracker.domain.assignment import Assignment
from tracker.domain.errors import Conflict, Invalid, Refused
from tracker.domain.openings import refusal_of_day
from tracker.notify.tongue import catalogue
from tracker.operations.extensions import ask
from tracker.views.history import EntryRow
from tracker.views.strip import strip
from tracker.web.desk import Desk, Viewer
from tracker.web.dossiers import REF, Path, again, dossier_of, effect_on, newer_than
from tracker.web.entries import told
from tracker.web.forms import Form, Sent, day_of
from tracker.web.refusals import problems_of
from tracker.web.tokens import N_

KIND = "extension_requested"
FIELDS = frozenset({"day", "why"})
LONGEST = 4000


def routes(desk: Desk) -> APIRouter:
    """Return the pages that ask for more time."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get(REF + "/extension")
    def begin(request: Request, viewer: Who, at: Path) -> Response:
        """Ask why and until when."""
        return _page(desk, request, viewer, at.ref)

    @router.post(REF + "/extension")
    def go_on(request: Request, viewer: Who, at: Path, form: Sent) -> Response:
        """Show what the day does to others, or ask for it."""
        day, problems = day_of(form.one("day")), _wrong(form)
        with desk.reading(request) as reading:
            dossier_of(reading, at.ref, viewer)
        if problems or day is None:
            words = {name: catalogue(viewer.language).gettext(said) for name, said in problems.items()}
            return _page(desk, request, viewer, at.ref, form=form, problems=words, status=422)
        if form.one("go") == "send":
            return _sent(desk, request, viewer, at.ref, form, day)
        return _page(desk, request, viewer, at.ref, form=form, day=None if form.one("go") == "back" else day)

    return router


def _wrong(form: Form) -> dict[str, str]:
    found: dict[str, str] = {}
    if day_of(form.one("day")) is None:
        found["day"] = N_("Write a day as 31/12/2025.")
    if not form.one("why"):
        found["why"] = N_("Please fill this in.")
    elif len(form.one("why")) > LONGEST:
        found["why"] = N_("This is too long.")
    if form.seen is None:
        found[""] = N_("Please open the page again: it is too old.")
    return found


def _page(
    desk: Desk,
    request: Request,
    viewer: Viewer,
    ref: str,
    *,
    form: Form | None = None,
    day: date | None = None,
    problems: Mapping[str, str] | None = None,
    newer: tuple[EntryRow, ...] = (),
    status: int = 200,
) -> Response:
    """Return the form; with a day, the page that shows its effect before it is asked for."""
    with desk.reading(request) as reading:
        found = dossier_of(reading, ref, viewer)
        problems = dict(problems or {})
        open_now = KIND in found.moves and found.asking is not None
        if not open_now and status == 200:
            status = 409 if viewer.role == "agency" else 403
        if open_now and day is not None and not problems:
            wrong = refusal_of_day(found.assignment, day, at=reading.at, registry=reading.registry)
            if wrong is not None:
                problems, day, status = problems_of(wrong, viewer.language, FIELDS), None, 422
        effect = effect_on(desk, reading, ref, day) if open_now and day is not None else None
        context: dict[str, Any] = {
            "dossier": found,
            "open_now": open_now,
            "typed": {name: form.one(name) if form else "" for name in FIELDS},
            "seen": found.task.row.changed if newer or form is None or form.seen is None else form.seen,
            "day": day,
            "problems": problems,
            "effect": effect,
            "picture": strip(effect, at=reading.at) if effect else None,
            "newer": [(entry, told(entry, viewer.language, reading.registry)) for entry in newer],
        }
        return desk.page(request, "assignment_extension.html", viewer=viewer, reading=reading, status=status, **context)


def _sent(desk: Desk, request: Request, viewer: Viewer, ref: str, form: Form, day: date) -> Response:
    why, seen = form.one("why"), form.seen
    assert seen is not None

    def verb(at: datetime) -> Assignment:
        return ask(desk.store, ref, day, at=at, actor=viewer.actor, why=why, seen=seen)

    try:
        desk.act(request, viewer, verb)
    except (Conflict, Refused, Invalid) as error:
        if error.code == "not-yours":
            raise HTTPException(403, "role") from None
        says: dict[str, object] = {"day": day.isoformat(), "why": why}
        if again(desk, ref, KIND, viewer=viewer, seen=seen, says=says) is None:
            newer = newer_than(desk, ref, seen) if isinstance(error, Conflict) else ()
            problems = problems_of(error, viewer.language, FIELDS)
            status = 409 if "" in problems else 422
            return _page(desk, request, viewer, ref, form=form, problems=problems, newer=newer, status=status)
    return RedirectResponse(f"/tasks/{ref}?done=ask", 303)
