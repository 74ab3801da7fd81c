"""History: the journal, one entry, and whether the whole of it holds; receipts; everything to take away."""

import time
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import IO, Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import StreamingResponse

from tracker.domain.account import Role
from tracker.domain.errors import Invalid, TryLater
from tracker.notify.tongue import catalogue
from tracker.operations.checking import check_ledger
from tracker.operations.evidence import evidence_folder
from tracker.operations.proving import check_receipt
from tracker.operations.taking import bag_of, name_of
from tracker.views.journal import Sought, entry_page, journal
from tracker.views.mailbook import day_bounds
from tracker.web.desk import Desk, Reading, Viewer, require
from tracker.web.entries import KINDS, kind_name, told
from tracker.web.forms import Form, Sent, day_of
from tracker.web.refusals import why_not
from tracker.web.tokens import N_

WATCHERS: tuple[Role, ...] = ("secretariat", "auditor", "admin")
LONGEST = 1 << 20  # of a receipt or a seal
_CHUNK = 1 << 18
NOTHING = {"text": "", "vkey": ""}
TABS: tuple[tuple[str, str], ...] = (
    ("/history", N_("Journal")),
    ("/history/verify", N_("Check the ledger")),
    ("/history/receipt", N_("Check a receipt")),
    ("/history/deadlines", N_("Changed deadlines")),
    ("/history/diff", N_("Differences")),
    ("/history/patterns", N_("Worth a look")),
    ("/history/sample", N_("Sample")),
    ("/history/export", N_("Export")),
)
# entries that are about no task: what they are called
OTHERS: Mapping[str, str] = {
    "store_made": N_("Store made"),
    "registry_adopted": N_("Registry adopted"),
    "calendar_changed": N_("Calendar changed"),
    "directive_adopted": N_("Directive adopted"),
    "event": N_("Event recorded"),
    "agency_handed_on": N_("Agency handed on its tasks"),
    "channel_set": N_("Channel set"),
    "channel_removed": N_("Channel removed"),
    "channel_tested": N_("Channel tested"),
    "channels_rekeyed": N_("Secrets sealed anew"),
    "deputy_named": N_("Deputy named"),
    "deputy_ended": N_("Deputy ended"),
    "evidence_added": N_("Evidence added"),
    "reminders_held": N_("Reminders held"),
    "released_hold": N_("Reminders released"),
    "dropped_hold": N_("Reminders dropped"),
    "alarmed": N_("Undelivered mail reported"),
    "listed": N_("Lists made"),
    "clock_stepped": N_("The clock jumped"),
    "watch_gap": N_("Nobody watched"),
    "key_made": N_("Key made"),
    "key_rotated": N_("Key changed"),
    "journal_began": N_("Journal of sends begun"),
    "hold_began": N_("Sending stopped"),
    "hold_lifted": N_("Sending goes on"),
    "restored": N_("Restored from a copy"),
    "account_made": N_("Account made"),
    "account_changed": N_("Account changed"),
    "account_disabled": N_("Account disabled"),
    "account_enabled": N_("Account enabled"),
    "witness_added": N_("Witness added"),
    "witness_removed": N_("Witness removed"),
    "looked_ahead": N_("Looked ahead for recurring tasks"),
    "password_set": N_("Password set"),
    "password_removed": N_("Password removed"),
    "codes_on": N_("Codes asked for"),
    "codes_off": N_("Codes no longer asked for"),
    "sign_on_linked": N_("Sign-on linked"),
    "sign_on_unlinked": N_("Sign-on unlinked"),
    "token_made": N_("Token made"),
    "token_revoked": N_("Token revoked"),
}


def kind_in_words(kind: str, language: str) -> str:
    """Return what an entry is called, about a task or not.

    >>> kind_in_words("submitted", "en"), kind_in_words("store_made", "en"), kind_in_words("new_thing", "en")
    ('Result reported', 'Store made', 'new thing')
    """
    if kind in OTHERS and kind not in KINDS:
        return catalogue(language).gettext(OTHERS[kind])
    return kind_name(kind, language)


def routes(desk: Desk) -> APIRouter:
    """Return the pages about the ledger itself."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/history")
    def entries(request: Request, viewer: Who, after: int | None = None) -> Response:
        """Show entries that fit, the newest first."""
        require(viewer, *WATCHERS)
        asked = request.query_params
        with desk.reading(request) as reading:
            sought = _sought(request, reading)
            found = journal(
                reading.connection,
                sought,
                at=reading.at,
                known=reading.known or reading.at,
                zone=reading.zone,
                after=after,
            )
            return desk.page(
                request,
                "history.html",
                viewer=viewer,
                reading=reading,
                tabs=TABS,
                found=found,
                told={one.seq: told(one, viewer.language, reading.registry) for one in found.entries},
                kind=lambda name: kind_in_words(name, viewer.language),
                sought={name: asked.get(name, "") for name in ("kind", "actor", "assignment", "agency", "from", "to")},
                paged=after is not None,
            )

    @router.get("/history/entries/{seq}")
    def one(request: Request, viewer: Who, seq: int) -> Response:
        """Show one entry as it was hashed."""
        require(viewer, *WATCHERS)
        with desk.reading(request) as reading:
            found = entry_page(reading.connection, seq, at=reading.known or reading.at, zone=reading.zone)
            return desk.page(
                request,
                "history_entry.html",
                viewer=viewer,
                reading=reading,
                found=found,
                told=told(found.entry, viewer.language, reading.registry),
                kind=kind_in_words(found.entry.kind, viewer.language),
            )

    _checks(router, desk)
    _exports(router, desk)
    return router


def _checks(router: APIRouter, desk: Desk) -> None:
    """Add the check of the whole ledger, and that of a receipt. Both change nothing and keep nothing."""
    Who = Annotated[Viewer, Depends(desk.viewer)]

    def page(request: Request, viewer: Viewer, template: str, status: int = 200, **context: object) -> Response:
        with desk.reading(request) as reading:
            return desk.page(request, template, viewer=viewer, reading=reading, status=status, tabs=TABS, **context)

    @router.get("/history/verify")
    def ask(request: Request, viewer: Who) -> Response:
        """Offer to check the whole ledger."""
        require(viewer, *WATCHERS)
        return page(request, viewer, "history_verify.html", check=None, problems={})

    @router.post("/history/verify")
    def verify(request: Request, viewer: Who, form: Sent) -> Response:
        """Check every entry, key and seal, and say what was found."""
        require(viewer, *WATCHERS)
        try:
            check = check_ledger(desk.store, [_text(one.file) for one in form.files], ticks=time.monotonic)
        except (Invalid, TryLater) as error:
            status = 503 if isinstance(error, TryLater) else 422
            said = {"file": why_not(error, viewer.language)}
            return page(request, viewer, "history_verify.html", status, check=None, problems=said)
        return page(request, viewer, "history_verify.html", check=check, problems={})

    @router.get("/history/receipt")
    def ask_receipt(request: Request, viewer: Who) -> Response:
        """Offer to check a receipt."""
        return page(request, viewer, "history_receipt.html", checked=None, problems={}, typed=NOTHING)

    @router.post("/history/receipt")
    def receipt(request: Request, viewer: Who, form: Sent) -> Response:
        """Check a receipt by what it says and the key given; it is read here and not kept."""
        typed = {"text": form.one("text"), "vkey": form.one("vkey")}
        try:
            checked = check_receipt(_receipt(form), vkey=typed["vkey"] or None)
        except Invalid as error:
            said = {"vkey" if error.code == "bad-key" else "file": why_not(error, viewer.language)}
            return page(request, viewer, "history_receipt.html", 422, checked=None, problems=said, typed=typed)
        kind, recorded = str(checked.says.get("kind", "")), _instant(checked.says.get("recorded_at"))
        shown = {"checked": checked, "kind": kind_name(kind, viewer.language), "recorded": recorded}
        return page(request, viewer, "history_receipt.html", 200, problems={}, typed=typed, **shown)


def _exports(router: APIRouter, desk: Desk) -> None:
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/history/export")
    def ask(request: Request, viewer: Who) -> Response:
        """Say what an export holds, and offer it."""
        require(viewer, *WATCHERS)
        with desk.reading(request) as reading:
            return desk.page(request, "history_export.html", viewer=viewer, reading=reading, tabs=TABS)

    @router.post("/history/export")
    def take(request: Request, viewer: Who, form: Sent) -> Response:
        """Send the bag of everything recorded up to the instant that is looked at."""
        require(viewer, *WATCHERS)
        with desk.reading(request) as reading:
            at = min(reading.at, reading.known or reading.at)
        files = evidence_folder(desk.settings) if form.one("evidence") else None
        bag = bag_of(desk.store, at=at, evidence=files)
        size = bag.seek(0, 2)
        bag.seek(0)
        named = {"Content-Disposition": f'attachment; filename="{name_of(at)}.zip"', "Content-Length": str(size)}
        return StreamingResponse(_pieces(bag), media_type="application/zip", headers=named)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _text(file: IO[bytes]) -> str:
    return file.read(LONGEST).decode("utf-8", "replace")


def _instant(said: object) -> datetime | None:
    """Return the instant that the entry of a receipt says; None where it says none."""
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return found if found.tzinfo else None


def _receipt(form: Form) -> str:
    if form.files:
        return _text(form.files[0].file)
    if not form.one("text"):
        raise Invalid("choose the file of a receipt, or paste its text", code="no-file")
    return form.one("text")


def _sought(request: Request, reading: Reading) -> Sought:
    asked = request.query_params
    first, last = (_day(asked.get(name, "")) for name in ("from", "to"))
    since, until = day_bounds(reading.registry.calendar, first, last)
    return Sought(
        kinds=(asked["kind"],) if asked.get("kind") else (),
        actor=asked.get("actor") or None,
        assignment=asked.get("assignment") or None,
        agency=asked.get("agency") or None,
        since=since,
        until=until,
    )


def _day(said: str) -> date | None:
    found = day_of(said)
    if said and found is None:
        raise Invalid(f"'{said[:40]}' is no day", code="bad-day")
    return found
