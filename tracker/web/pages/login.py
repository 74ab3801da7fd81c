"""The door: logging in and out."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from tracker.domain.errors import Refused
from tracker.notify.tongue import catalogue
from tracker.operations.links import Keys, keys_of
from tracker.operations.sessions import Begun, Slow, log_in, log_out, visitor_of
from tracker.web.desk import Desk, Viewer, language_of
from tracker.web.doorman import Doorman, address_of, own_path
from tracker.web.tokens import N_
from tracker.web.typed import Typed, typed_of

NOT_YOU = N_("The name, the password or the code is not right.")
SLOW = N_("That was wrong too often. Please wait {seconds} seconds, then try again.")
STALE = N_("This page was open for too long, or your browser keeps no cookies. Please try again.")
OUT = N_("You are logged out.")
NO_ACCOUNT = N_("You proved who you are, but no account here is yours. Please ask the office.")
NO_SIGN_ON = N_("The single sign-on did not work. Please try again, or log in with a password.")
SAID = {"out": OUT, "no-account": NO_ACCOUNT, "sign-on": NO_SIGN_ON}


def log_in_page(
    desk: Desk,
    request: Request,
    *,
    next: str = "/",
    name: str = "",
    problem: str = "",
    said: str = "",
    typed: Typed | None = None,
    status: int = 200,
) -> Response:
    """Return the page that asks who it is; it carries on what was `typed` into a form whose session was over."""
    door = Doorman(desk.store, desk.settings)
    knock, words = door.knock(request), catalogue(language_of(request))
    answer = desk.page(
        request,
        "login.html",
        viewer=None,
        status=status,
        next=next,
        name=name,
        problems={"name": problem} if problem else {},
        said=words.gettext(said) if said else "",
        stamp=_keys(desk).stamp(knock, at=door.now()),
        sign_on="" if typed else sign_on_name(desk),
        typed=typed,
    )
    door.at_door(answer, knock)
    return answer


def _keys(desk: Desk) -> Keys:
    found = keys_of(desk.store, desk.settings, make=True)
    assert found is not None
    return found


def routes(desk: Desk) -> APIRouter:
    """Return the pages at the door."""
    router, door = APIRouter(), Doorman(desk.store, desk.settings)
    Who = Annotated[Viewer | None, Depends(desk.who)]

    @router.get("/login")
    def ask(request: Request, viewer: Who, next: str = "/", why: str = "") -> Response:
        """Ask for name and password; who is in already goes on."""
        if viewer is not None:
            return RedirectResponse(own_path(next), 303)
        return log_in_page(desk, request, next=own_path(next), said=SAID.get(why, ""))

    @router.post("/login")
    def enter(
        request: Request,
        name: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        code: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "/",
        csrf: Annotated[str, Form()] = "",
        typed: Annotated[str, Form()] = "",
    ) -> Response:
        """Let somebody in who knows the password; of what was wrong nothing is said."""
        words, target, kept = catalogue(language_of(request)), own_path(next), typed_of(typed)
        again = partial(log_in_page, desk, request, next=target, name=name, typed=kept)
        ours = door.has_knocked(request) and _keys(desk).are_of_page(csrf, door.knock(request), at=door.now())
        if not ours:
            return again(problem=words.gettext(STALE), status=403)
        try:
            begun = log_in(
                desk.store,
                desk.settings,
                name=name,
                password=password,
                code=code,
                address=address_of(request),
                agent=request.headers.get("user-agent", ""),
                before=door.held(request),
                at=door.now(),
            )
        except Slow as slow:
            said = words.gettext(SLOW).format(seconds=slow.seconds)
            answer = again(problem=said, status=429)
            answer.headers["Retry-After"] = str(slow.seconds)
            return answer
        except Refused as refusal:
            if refusal.code != "not-you":
                raise
            return again(problem=words.gettext(NOT_YOU), status=401)
        answer = _sent_again(desk, request, begun, kept) or RedirectResponse(target, 303)
        door.let_in(answer, begun)
        return answer

    @router.post("/logout")
    def leave(request: Request, viewer: Who) -> Response:
        """End the session; a form without its stamp never came so far."""
        if viewer is not None:
            log_out(desk.store, door.held(request))
        answer = RedirectResponse("/login?why=out", 303)
        door.see_out(answer)
        return answer

    return router


def _sent_again(desk: Desk, request: Request, begun: Begun, typed: Typed | None) -> Response | None:
    """Return the page that sends what was typed, under the session that just began; None for anybody else's."""
    if typed is None:
        return None
    found = visitor_of(desk.store, desk.settings, begun.token, at=Doorman(desk.store, desk.settings).now())
    if found is None or found.once or found.account.name != typed.account:
        return None
    return desk.page(request, "login_again.html", viewer=None, typed=typed, csrf_now=found.csrf)


def sign_on_name(desk: Desk) -> str:
    """Return what the button of the single sign-on says; empty where there is none."""
    settings = desk.settings
    host = settings.oidc_issuer.partition("://")[2].partition("/")[0]
    return (settings.oidc_name or host) if settings.oidc_issuer and settings.oidc_client else ""
