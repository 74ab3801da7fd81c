"""Administration: whether the tracker is at work, whom it reaches and how, who covers for whom, how it is set up."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from tracker import clock
from tracker.domain.account import Role
from tracker.domain.errors import Invalid, TrackerError
from tracker.operations.channels import public_address, remove_channel, set_service
from tracker.operations.configuration import shown_settings
from tracker.operations.deputies import end_deputy, name_deputy
from tracker.operations.guard import look
from tracker.operations.kinds import KINDS, Kind
from tracker.operations.sealing import last_seal
from tracker.operations.trying import try_channel
from tracker.operations.watchdog import look as watchdog
from tracker.operations.witnessing import public_place, witnesses
from tracker.views import Channel, health
from tracker.views.contacts import contact, contact_list
from tracker.views.life import deputy_list
from tracker.views.watch import watch
from tracker.web.desk import Desk, Reading, Viewer, require
from tracker.web.forms import Form, Sent, day_of
from tracker.web.refusals import why_not
from tracker.web.tokens import N_

ADMINS: tuple[Role, ...] = ("admin",)
CONTACTS: tuple[Role, ...] = ("admin", "secretariat")
FIELDS = ("agency", "deputy", "first", "last", "why")
LOOKED_BACK = timedelta(days=1)
TABS: tuple[tuple[str, str], ...] = (
    ("/admin", N_("Health")),
    ("/admin/contacts", N_("Agencies and contacts")),
    ("/admin/deputies", N_("Deputies")),
    ("/admin/settings", N_("Settings")),
    ("/admin/accounts", N_("Accounts")),
    ("/admin/tokens", N_("Tokens")),
)
DONE: Mapping[str, str] = {
    "set": N_("The channel is set. Test it before anybody relies on it."),
    "removed": N_("The channel is removed."),
    "accepted": N_("The test was taken by the other side."),
    "temporary": N_("The test was not taken this time; a reminder would be tried again."),
    "permanent": N_("The test was refused for good; a reminder would fail: set the channel again."),
    "unknown": N_("The test was sent, and no answer came."),
    "named": N_("The deputy is named: both offices hear of every reminder meanwhile."),
    "ended": N_("The deputy covers no longer."),
}
WORKS = {"sweep": N_("Looking for what came due"), "deliver": N_("Sending"), "seal": N_("Sealing")}


def routes(desk: Desk) -> APIRouter:
    """Return the pages of who looks after the tracker."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/admin")
    def state(request: Request, viewer: Who) -> Response:
        """Show whether everything is at work."""
        require(viewer, *ADMINS)
        with desk.reading(request) as reading:
            at = desk.now()
            found = health(reading.connection, at=at)
            return desk.page(
                request,
                "admin.html",
                viewer=viewer,
                reading=reading,
                tabs=TABS,
                health=found,
                works=[(WORKS[work], found.watched.get(work)) for work in WORKS],
                names=WORKS,
                watch=watch(
                    reading.connection,
                    at=at,
                    begin=at - LOOKED_BACK,
                    end=at,
                    zone=reading.zone,
                    every=desk.settings.watch_limit,
                ),
                guard=look(desk.store, desk.settings),
                wrong=tuple(watchdog(desk.settings, at=clock.now())),
                seal=last_seal(desk.store),
                witnesses=[replace(one, place=public_place(one.place)) for one in witnesses(desk.store)],
            )

    @router.get("/admin/settings")
    def settings(request: Request, viewer: Who) -> Response:
        """Show the settings without their secrets."""
        require(viewer, *ADMINS)
        with desk.reading(request) as reading:
            found = tuple(shown_settings(desk.settings))
            return desk.page(request, "admin_settings.html", viewer=viewer, reading=reading, tabs=TABS, settings=found)

    _contacts(router, desk)
    _deputies(router, desk)
    return router


def _contacts(router: APIRouter, desk: Desk) -> None:
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/admin/contacts")
    def contacts(request: Request, viewer: Who) -> Response:
        """List agencies with the channels they are reached by."""
        require(viewer, *CONTACTS)
        asked = request.query_params
        with desk.reading(request) as reading:
            found = contact_list(
                reading.connection,
                reading.registry,
                on=reading.registry.calendar.civil_day(reading.at),
                said=asked.get("q", ""),
                only_unreachable=asked.get("only") == "unreachable",
                after=asked.get("after", ""),
                language=viewer.language,
            )
            return desk.page(
                request, "admin_contacts.html", viewer=viewer, reading=reading, tabs=_tabs(viewer), found=found,
                q=asked.get("q", ""), only=asked.get("only", ""), public=public_address,
            )  # fmt: skip

    def one(
        request: Request,
        viewer: Viewer,
        code: str,
        *,
        problems: Mapping[str, str] | None = None,
        typed: Mapping[str, str] | None = None,
    ) -> Response:
        asked = request.query_params
        kind = (typed or {}).get("kind") or asked.get("kind", "mail")
        if kind not in KINDS:
            raise Invalid(f"there is no kind '{kind[:40]}'", code="bad-channel")
        with desk.reading(request) as reading:
            on = reading.registry.calendar.civil_day(reading.at)
            return desk.page(
                request,
                "admin_contact.html",
                viewer=viewer,
                reading=reading,
                status=422 if problems else 200,
                found=contact(reading.connection, code, reading.registry, on=on, language=viewer.language),
                kind=KINDS[kind],
                kinds=[(name, name) for name in KINDS],
                public=public_address,
                problems=problems or {},
                typed=_blank(KINDS[kind]) | dict(typed or {}),
                done=DONE.get(asked.get("done", "")),
                detail=asked.get("detail", "")[:200],
            )

    @router.get("/admin/contacts/{code}")
    def shown(request: Request, viewer: Who, code: str) -> Response:
        """Show one agency's channels, and the form for another one."""
        require(viewer, *CONTACTS)
        return one(request, viewer, code)

    @router.post("/admin/contacts/{code}/set")
    def set_one(request: Request, viewer: Who, code: str, form: Sent) -> Response:
        """Set a channel; the same name replaces what it had. What was secret is not shown again."""
        require(viewer, *CONTACTS)
        try:
            channel, fields = _channel(code, form)
            desk.act(
                request,
                viewer,
                lambda at: set_service(desk.store, channel, fields, settings=desk.settings, at=at, actor=viewer.actor),
            )
        except TrackerError as error:
            typed = {name: form.one(name) for name in ("kind", "name", "language")} | _open(form)
            return one(request, viewer, code, problems={"": why_not(error, viewer.language)}, typed=typed)
        return _back(code, "set")

    @router.post("/admin/contacts/{code}/test")
    def test(request: Request, viewer: Who, code: str, form: Sent) -> Response:
        """Send a test, and say what became of it."""
        require(viewer, *CONTACTS)
        tried = desk.act(
            request,
            viewer,
            lambda at: try_channel(
                desk.store, code, form.one("name"), settings=desk.settings, at=at, actor=viewer.actor
            ),
        )
        return _back(code, tried.outcome.kind, detail=tried.outcome.detail[:200])

    @router.post("/admin/contacts/{code}/remove")
    def remove(request: Request, viewer: Who, code: str, form: Sent) -> Response:
        """Forget a channel."""
        require(viewer, *CONTACTS)
        name = form.one("name")
        desk.act(request, viewer, lambda at: remove_channel(desk.store, code, name, at=at, actor=viewer.actor))
        return _back(code, "removed")


def _deputies(router: APIRouter, desk: Desk) -> None:
    Who = Annotated[Viewer, Depends(desk.viewer)]

    def listed(request: Request, viewer: Viewer, problem: str = "", typed: Mapping[str, str] | None = None) -> Response:
        with desk.reading(request) as reading:
            found = deputy_list(
                reading.connection,
                at=reading.at,
                known=reading.known,
                registry=reading.registry,
                over=request.query_params.get("over") == "yes",
                language=viewer.language,
            )
            return desk.page(
                request,
                "admin_deputies.html",
                viewer=viewer,
                reading=reading,
                status=422 if problem else 200,
                tabs=_tabs(viewer),
                found=tuple(one for one in found.deputies if _covers(reading, one.agency, one.deputy)),
                may=viewer.role in ("secretariat", "agency"),
                problems={"deputy": problem} if problem else {},
                typed=dict.fromkeys(FIELDS, "") | dict(typed or {}),
                done=DONE.get(request.query_params.get("done", "")),
            )

    @router.get("/admin/deputies")
    def deputies(request: Request, viewer: Who) -> Response:
        """List who covers for whom; a member sees what is about their offices."""
        require(viewer, "admin", "secretariat", "agency")
        return listed(request, viewer)

    @router.post("/admin/deputies")
    def name(request: Request, viewer: Who, form: Sent) -> Response:
        """Name who covers for an agency between two days."""
        require(viewer, "secretariat", "agency")
        agency = form.one("agency") or viewer.office or ""
        first, last = day_of(form.one("first")), day_of(form.one("last"))
        try:
            if first is None or last is None:
                raise Invalid("say from which day to which", code="bad-day")
            desk.act(
                request,
                viewer,
                lambda at: name_deputy(
                    desk.store,
                    agency,
                    form.one("deputy"),
                    first=first,
                    last=last,
                    at=at,
                    actor=viewer.actor,
                    why=form.one("why"),
                ),
            )
        except TrackerError as error:
            typed = {name: form.one(name) for name in FIELDS}
            return listed(request, viewer, why_not(error, viewer.language), typed)
        return RedirectResponse("/admin/deputies?done=named", 303)

    @router.post("/admin/deputies/{seq}/end")
    def end(request: Request, viewer: Who, seq: int) -> Response:
        """Let a deputy cover no longer."""
        require(viewer, "secretariat", "agency")
        desk.act(request, viewer, lambda at: end_deputy(desk.store, seq, at=at, actor=viewer.actor))
        return RedirectResponse("/admin/deputies?done=ended", 303)


def _tabs(viewer: Viewer) -> tuple[tuple[str, str], ...]:
    """Return the tabs of a viewer: the secretariat looks after contacts and deputies, a member after deputies."""
    open_to = {"secretariat": TABS[1:3], "agency": TABS[2:3]}
    return open_to.get(viewer.role, TABS)


def _covers(reading: Reading, *offices: str) -> bool:
    return any(reading.scope.covers(office) for office in offices)


def _channel(code: str, form: Form) -> tuple[Channel, dict[str, str]]:
    kind = form.one("kind")
    if kind not in KINDS:
        raise Invalid(f"there is no kind '{kind[:40]}'", code="bad-channel")
    fields = {one.name: form.one(f"field-{one.name}") for one in KINDS[kind].fields}
    language = form.one("language") or None
    return Channel(agency=code, name=form.one("name") or kind, address="", language=language, kind=kind), fields


def _open(form: Form) -> dict[str, str]:
    """Return what was typed that is no secret: a secret is typed again."""
    kind = KINDS.get(form.one("kind"))
    return {
        f"field-{one.name}": form.one(f"field-{one.name}") for one in (kind.fields if kind else ()) if not one.secret
    }


def _blank(kind: Kind) -> dict[str, str]:
    return dict.fromkeys(("name", "language", *(f"field-{one.name}" for one in kind.fields)), "")


def _back(code: str, done: str, **more: str) -> Response:
    return RedirectResponse(f"/admin/contacts/{quote(code)}?{urlencode({'done': done, **more})}", 303)
