"""An assignment: everything about it on one page, and a form for each act that is open to who looks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from tracker.domain.errors import Conflict, Invalid, NotFound, Refused
from tracker.notify.tongue import catalogue
from tracker.views.dossier import Dossier, offices_offered
from tracker.views.history import EntryRow
from tracker.views.life import Effect
from tracker.web.acts import ACTS, AGENCY_ACTS, ALSO_DONE, BY_SLUG, Act, Deed, along_of, payload_of, read
from tracker.web.desk import Desk, Reading, Viewer
from tracker.web.dossiers import REF, Path, again, dossier_of, effect_on, newer_than
from tracker.web.entries import told
from tracker.web.forms import Form, Sent
from tracker.web.refusals import problems_of
from tracker.web.tokens import N_

JOURNAL_SHOWN = 60


def routes(desk: Desk) -> APIRouter:
    """Return the page of an assignment and the forms of its acts."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get(REF)
    def show(request: Request, viewer: Who, at: Path) -> Response:
        """Show everything about one assignment."""
        with desk.reading(request) as reading:
            return desk.shared(
                request,
                viewer,
                reading,
                lambda who: _shown(desk, request, who, reading, dossier_of(reading, at.ref, who)),
            )

    @router.get(REF + "/do/{slug}")
    def ask(request: Request, viewer: Who, at: Path, slug: str) -> Response:
        """Show the form of one act."""
        return _form(desk, request, viewer, at.ref, _act(slug))

    @router.post(REF + "/do/{slug}")
    def do(request: Request, viewer: Who, at: Path, slug: str, form: Sent) -> Response:
        """Do one act, once, and show what became of it."""
        return _done(desk, request, viewer, at.ref, _act(slug), form)

    @router.get(REF + "/contest")
    def ask_contest(request: Request, viewer: Who, at: Path) -> Response:
        """Show the form that says "not ours"."""
        return _form(desk, request, viewer, at.ref, BY_SLUG["contest"])

    @router.post(REF + "/contest")
    def contest(request: Request, viewer: Who, at: Path, form: Sent) -> Response:
        """Record "not ours"."""
        return _done(desk, request, viewer, at.ref, BY_SLUG["contest"], form)

    @router.get(REF + "/not-ours")
    def from_mail(at: Path) -> Response:
        """Lead on from the address that mails have."""
        return RedirectResponse(f"/tasks/{at.ref}/contest", 308)

    return router


def _act(slug: str) -> Act:
    if slug not in BY_SLUG:
        raise HTTPException(404)
    return BY_SLUG[slug]


def _shown(desk: Desk, request: Request, viewer: Viewer, reading: Reading, found: Dossier) -> HTMLResponse:
    entries = found.task.entries
    slug = request.query_params.get("done", "")
    return desk.page(
        request,
        "assignment.html",
        viewer=viewer,
        reading=reading,
        dossier=found,
        acts=[act for act in ACTS if act.kind in found.moves],
        done=BY_SLUG[slug].done if slug in BY_SLUG else ALSO_DONE.get(slug),
        journal=[(entry, told(entry, viewer.language, reading.registry)) for entry in entries[-JOURNAL_SHOWN:]],
        journal_left=max(0, len(entries) - JOURNAL_SHOWN),
    )


def _form(
    desk: Desk,
    request: Request,
    viewer: Viewer,
    ref: str,
    act: Act,
    *,
    typed: Form | None = None,
    problems: Mapping[str, str] | None = None,
    newer: tuple[EntryRow, ...] = (),
    status: int = 200,
) -> Response:
    """Return the form of an act, with what was typed and what was wrong with it; `newer` came in between."""
    with desk.reading(request) as reading:
        found = dossier_of(reading, ref, viewer)
        open_now = act.kind in found.moves
        if not open_now and status == 200:
            status = 409 if _is_theirs(act, viewer) else 403
        context: dict[str, Any] = {
            "act": act,
            "dossier": found,
            "open_now": open_now,
            "typed": {name: (typed.one(name) if typed else "") for name in _names(act, typed)},
            "problems": problems or {},
            "newer": [(entry, told(entry, viewer.language, reading.registry)) for entry in newer],
            "offices": _offices(act, found, reading),
            "effect": _effect(desk, act, found, reading),
            "back": typed.one("back") if typed else request.query_params.get("back", ""),
        }
        return desk.page(request, "assignment_act.html", viewer=viewer, reading=reading, status=status, **context)


def _done(desk: Desk, request: Request, viewer: Viewer, ref: str, act: Act, form: Form) -> Response:
    said, wrong = read(act, form)
    with desk.reading(request) as reading:
        dossier_of(reading, ref, viewer)  # what is not in scope does not exist, whatever is wrong with the form
    if form.seen is None:
        wrong[""] = N_("Please open the page again: it is too old.")
    if wrong:
        words = {name: catalogue(viewer.language).gettext(sentence) for name, sentence in wrong.items()}
        return _form(desk, request, viewer, ref, act, typed=form, problems=words, status=422)

    def verb(at: datetime) -> object:
        everything = {**said, "along": along_of(form)} if act.kind == "extension_granted" else said
        return act.do(Deed(store=desk.store, ref=ref, at=at, actor=viewer.actor, seen=form.seen, said=everything))

    try:
        desk.act(request, viewer, verb)
    except (Conflict, Refused, Invalid, NotFound) as error:
        if error.code == "not-yours":
            raise HTTPException(403, "role") from None
        assert form.seen is not None
        if again(desk, ref, act.kind, viewer=viewer, seen=form.seen, says=payload_of(act, said)):
            return _on(ref, act, form)
        names = frozenset(field.name for field in act.fields)
        newer = newer_than(desk, ref, form.seen) if isinstance(error, Conflict) else ()
        problems = problems_of(error, viewer.language, names)
        status = 409 if "" in problems else 422
        return _form(desk, request, viewer, ref, act, typed=form, problems=problems, newer=newer, status=status)
    return _on(ref, act, form)


def _on(ref: str, act: Act, form: Form) -> Response:
    where = "/reviews" if form.one("back") == "reviews" else f"/tasks/{ref}"
    return RedirectResponse(f"{where}?done={act.slug}", 303)


def _is_theirs(act: Act, viewer: Viewer) -> bool:
    """Return whether an act is for the viewer's role at all; the verb itself decides by the office."""
    return viewer.role in ("agency", "secretariat") and (viewer.role == "agency") == (act in AGENCY_ACTS)


def _names(act: Act, typed: Form | None) -> list[str]:
    along = [name for name in typed.fields if name.startswith("along:")] if typed else []
    return [*(field.name for field in act.fields), *along]


def _offices(act: Act, found: Dossier, reading: Reading) -> tuple[tuple[str, str], ...]:
    kinds = {field.kind for field in act.fields}
    if "unit" in kinds:
        return found.units
    if "office" not in kinds:
        return ()
    today = reading.registry.calendar.civil_day(reading.at)
    return offices_offered(reading.registry, on=today, language=reading.language, besides=found.task.row.agency)


def _effect(desk: Desk, act: Act, found: Dossier, reading: Reading) -> Effect | None:
    """Return what the day asked for does to the work that depends on the task, before it is granted."""
    asked = found.task.life.asked_day
    return effect_on(desk, reading, found.task.row.ref, asked) if act.kind == "extension_granted" and asked else None
