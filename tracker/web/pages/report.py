"""Reporting a result: what was done, what shows it, a last look, the receipt. One thing per page, without a script."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse
from starlette.background import BackgroundTask

from tracker.domain.assignment import Assignment
from tracker.domain.errors import Broken, Conflict, Invalid, Refused, TrackerError
from tracker.domain.evidence import NUMBER_LENGTH, Proof
from tracker.notify.tongue import catalogue
from tracker.operations.evidence import ENDINGS, add_evidence, evidence_folder, fetch, held
from tracker.operations.progress import submit
from tracker.operations.proving import prove
from tracker.views.dossier import Dossier
from tracker.views.history import EntryRow
from tracker.web.desk import Desk, Viewer
from tracker.web.dossiers import REF, Path, again, dossier_of, newer_than
from tracker.web.drafts import DOCUMENTS_MOST, Draft, draft_of
from tracker.web.entries import told
from tracker.web.forms import Form, Sent, day_of
from tracker.web.refusals import problems_of
from tracker.web.tokens import N_

STEPS = ("outcome", "evidence", "check")
# on which page a problem can be made good
STEP_OF = {"words": "outcome", "done_on": "outcome", "file": "evidence", "number": "evidence", "dated": "evidence"}
KIND = "submitted"
CHUNK = 1 << 16


def routes(desk: Desk) -> APIRouter:
    """Return the pages of a report, its receipt, and what fetches evidence."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get(REF + "/report")
    def begin(request: Request, viewer: Who, at: Path) -> Response:
        """Ask what was done."""
        return _step(desk, request, viewer, at.ref, "outcome", Draft(seen=None))

    @router.post(REF + "/report")
    def go_on(request: Request, viewer: Who, at: Path, form: Sent) -> Response:
        """Keep what a page said and show the next, or send the report."""
        return _gone_on(desk, request, viewer, at.ref, form)

    @router.get(REF + "/receipt/{seq}")
    def receipt(request: Request, viewer: Who, at: Path, seq: int) -> Response:
        """Show the receipt of a report."""
        with desk.reading(request) as reading:
            found = dossier_of(reading, at.ref, viewer)
            report = next((one for one in found.reports if one.seq == seq), None)
            if report is None or not found.reads:
                raise HTTPException(404)
            return desk.page(
                request,
                "assignment_receipt.html",
                viewer=viewer,
                reading=reading,
                dossier=found,
                report=report,
                fresh="done" in request.query_params,
            )

    @router.get(REF + "/receipt/{seq}/proof.json")
    def proof(request: Request, viewer: Who, at: Path, seq: int) -> Response:
        """Hand out the proof of a report, for its holder to check alone."""
        with desk.reading(request) as reading:
            found = dossier_of(reading, at.ref, viewer)
        if not found.reads or all(one.seq != seq for one in found.reports):
            raise HTTPException(404)
        text = json.dumps(prove(desk.store, seq).document(), ensure_ascii=False, indent=2) + "\n"
        return Response(text, media_type="application/json", headers=_attached(f"receipt-{seq}.json"))

    @router.get("/evidence/{sha256}")
    def evidence(viewer: Who, sha256: str) -> Response:
        """Hand out a file to who may have it: to be kept, never to be shown here."""
        return _fetched(desk, viewer, sha256)

    return router


def _step(
    desk: Desk,
    request: Request,
    viewer: Viewer,
    ref: str,
    step: str,
    draft: Draft,
    *,
    problems: Mapping[str, str] | None = None,
    typed: Form | None = None,
    newer: tuple[EntryRow, ...] = (),
    status: int = 200,
) -> Response:
    """Return one page of a report, with what was typed so far."""
    with desk.reading(request) as reading:
        found = dossier_of(reading, ref, viewer)
        open_now = KIND in found.moves
        if not open_now and status == 200:
            status = 409 if viewer.role == "agency" else 403
        digests = [proof.sha256 for proof in draft.proofs if proof.sha256]
        with desk.store.read() as connection:
            files = held(connection, digests, at=reading.at, actor=viewer.actor)
        context: dict[str, Any] = {
            "dossier": found,
            "draft": draft,
            "open_now": open_now,
            "step": step,
            "steps": STEPS,
            "seen": found.task.row.changed if newer or draft.seen is None else draft.seen,
            "problems": problems or {},
            "typed": {name: typed.one(name) if typed else "" for name in ("number", "dated")},
            "files": files,
            "earlier": _earlier(found, draft),
            "endings": ",".join(ENDINGS),
            "limit": evidence_folder(desk.settings).limit,
            "newer": [(entry, told(entry, viewer.language, reading.registry)) for entry in newer],
        }
        return desk.page(request, "assignment_report.html", viewer=viewer, reading=reading, status=status, **context)


def _gone_on(desk: Desk, request: Request, viewer: Viewer, ref: str, form: Form) -> Response:
    draft, here, goes = draft_of(form), form.one("step"), form.one("go")
    with desk.reading(request) as reading:
        found = dossier_of(reading, ref, viewer)
    if KIND not in found.moves and goes != "send":
        return _step(desk, request, viewer, ref, "outcome", draft)
    if wrong := draft.wrong():
        words = {name: catalogue(viewer.language).gettext(said) for name, said in wrong.items()}
        return _step(desk, request, viewer, ref, "outcome", draft, problems=words, status=422)
    if here == "evidence" and KIND in found.moves:
        if remove := form.one("remove"):
            return _step(desk, request, viewer, ref, "evidence", draft.without(remove))
        try:
            draft = _with_typed(desk, request, viewer, draft, form)
        except TrackerError as error:
            if isinstance(error, Broken):
                raise
            problems = problems_of(error, viewer.language, frozenset(STEP_OF))
            return _step(desk, request, viewer, ref, "evidence", draft, problems=problems, typed=form, status=422)
    if goes == "check" and found.task.evidence_required and not draft.proofs:
        lacks = Refused("no evidence", code="no-evidence")
        problems = problems_of(lacks, viewer.language, frozenset(STEP_OF))
        return _step(desk, request, viewer, ref, "evidence", draft, problems=problems, status=422)
    if goes == "send":
        return _sent(desk, request, viewer, ref, draft)
    return _step(desk, request, viewer, ref, goes if goes in STEPS else "evidence", draft)


def _with_typed(desk: Desk, request: Request, viewer: Viewer, draft: Draft, form: Form) -> Draft:
    """Return a draft with the document that a page adds, and the earlier ones chosen again."""
    for chosen in form.every("earlier"):
        draft = draft.with_proof(Proof(sha256=chosen))
    number, dated = form.one("number"), form.one("dated")
    day = day_of(dated)
    if (dated and day is None) or len(number) > NUMBER_LENGTH:
        raise Invalid("the document", code="bad-proof")
    if day is not None and not number and not form.files:
        raise Invalid("the document", code="no-proof")
    if not (number or form.files):
        return draft
    if len(draft.proofs) >= DOCUMENTS_MOST:
        raise Refused("too many", code="too-many-documents")
    digest = _kept(desk, request, viewer, form) if form.files else None
    return draft.with_proof(Proof(sha256=digest, number=number or None, dated=day))


def _kept(desk: Desk, request: Request, viewer: Viewer, form: Form) -> str:
    """Return the hash of the file that a form brings: it is evidence from here on, whatever becomes of the report."""
    upload = form.files[0]
    folder = evidence_folder(desk.settings)

    def verb(at: datetime) -> str:
        name = upload.filename or ""
        return add_evidence(desk.store, folder, upload.file, name=name, at=at, actor=viewer.actor).sha256

    return desk.act(request, viewer, verb)


def _sent(desk: Desk, request: Request, viewer: Viewer, ref: str, draft: Draft) -> Response:
    if draft.seen is None:
        old = {"": catalogue(viewer.language).gettext(N_("Please open the page again: it is too old."))}
        return _step(desk, request, viewer, ref, "check", draft, problems=old, status=422)

    def verb(at: datetime) -> Assignment:
        return submit(
            desk.store,
            ref,
            at=at,
            actor=viewer.actor,
            words=draft.words,
            done_on=draft.day,
            proofs=draft.proofs,
            seen=draft.seen,
        )

    try:
        made = desk.act(request, viewer, verb)
    except (Conflict, Refused, Invalid) as error:
        if error.code == "not-yours":
            raise HTTPException(403, "role") from None
        if done := again(desk, ref, KIND, viewer=viewer, seen=draft.seen, says=draft.payload):
            return _receipt(ref, done)
        newer = newer_than(desk, ref, draft.seen) if isinstance(error, Conflict) else ()
        problems = problems_of(error, viewer.language, frozenset(STEP_OF))
        step = STEP_OF.get(next(iter(problems)), "check")
        status = 409 if "" in problems else 422
        return _step(desk, request, viewer, ref, step, draft, problems=problems, newer=newer, status=status)
    return _receipt(ref, made.seq)


def _receipt(ref: str, seq: int) -> Response:
    return RedirectResponse(f"/tasks/{ref}/receipt/{seq}?done=report", 303)


def _earlier(found: Dossier, draft: Draft) -> list[tuple[str, str]]:
    """Return the files that earlier reports of the task named: they need not be sent again."""
    named = {proof.sha256 for proof in draft.proofs}
    known = {p.sha256: p.name or p.sha256 for p in found.task.proofs if p.sha256 and p.sha256 not in named}
    return list(known.items()) if found.reads else []


def _fetched(desk: Desk, viewer: Viewer, sha256: str) -> Response:
    stack = ExitStack()
    folder = evidence_folder(desk.settings)
    try:
        opened = fetch(desk.store, folder, sha256, at=desk.now(), actor=viewer.actor)
        known, file = stack.enter_context(opened)
    except Refused:
        raise HTTPException(404) from None
    headers = {
        **_attached(known.name),
        "Content-Length": str(known.size),
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "ETag": f'"{known.sha256}"',
    }
    # closed when all of it was sent, or nobody wants the rest
    parts = iter(lambda: file.read(CHUNK), b"")
    return StreamingResponse(
        parts, media_type=known.media_type, headers=headers, background=BackgroundTask(stack.close)
    )


def _attached(name: str) -> dict[str, str]:
    """Return the header that makes a file something to keep, whatever its name; and that nobody guesses its kind."""
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\%;' else "_" for char in name)
    said = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return {"Content-Disposition": said, "X-Content-Type-Options": "nosniff"}
