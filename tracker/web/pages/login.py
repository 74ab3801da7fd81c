"""The door: logging in and out."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from tracker.domain.errors import Refused
from tracker.notify.tongue import catalogue
from tracker.operations.links import Keys, keys_of
from tracker.operations.sessions import Slow, log_in, log_out
from tracker.web.desk import Desk, Viewer, language_of
from tracker.web.doorman import Doorman, address_of, own_path
from tracker.web.tokens import N_

NOT_YOU = N_("The name, the password or the code is not right.")
SLOW = N_("That was wrong too often. Please wait {seconds} seconds, then try again.")
STALE = N_("This page was open for too long, or your browser keeps no cookies. Please try again.")
OUT = N_("You are logged out.")
NO_ACCOUNT = N_("You proved who you are, but no account here is yours. Please ask the office.")
NO_SIGN_ON = N_("The single sign-on did not work. Please try again, or log in with a password.")
SAID = {"out": OUT, "no-account": NO_ACCOUNT, "sign-on": NO_SIGN_ON}


def routes(desk: Desk) -> APIRouter:
    """Return the pages at the door."""
    router, door = APIRouter(), Doorman(desk.store, desk.settings)
    Who = Annotated[Viewer | None, Depends(desk.who)]

    def keys() -> Keys:
        found = keys_of(desk.store, desk.settings, make=True)
        assert found is not None
        return found

    def shown(
        request: Request, *, next: str, name: str = "", problem: str = "", said: str = "", status: int = 200
    ) -> Response:
        knock = door.knock(request)
        words = catalogue(language_of(request))
        answer = desk.page(
            request,
            "login.html",
            viewer=None,
            status=status,
            next=next,
            name=name,
            problems={"name": problem} if problem else {},
            said=words.gettext(said) if said else "",
            stamp=keys().stamp(knock, at=door.now()),
            sign_on=sign_on_name(desk),
        )
        door.at_door(answer, knock)
        return answer

    @router.get("/login")
    def ask(request: Request, viewer: Who, next: str = "/", why: str = "") -> Response:
        """Ask for name and password; who is in already goes on."""
        if viewer is not None:
            return RedirectResponse(own_path(next), 303)
        return shown(request, next=own_path(next), said=SAID.get(why, ""))

    @router.post("/login")
    def enter(
        request: Request,
        name: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        code: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "/",
        csrf: Annotated[str, Form()] = "",
    ) -> Response:
        """Let somebody in who knows the password; of what was wrong nothing is said."""
        words, target = catalogue(language_of(request)), own_path(next)
        ours = door.has_knocked(request) and keys().are_of_page(csrf, door.knock(request), at=door.now())
        if not ours:
            return shown(request, next=target, name=name, problem=words.gettext(STALE), status=403)
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
            answer = shown(request, next=target, name=name, problem=said, status=429)
            answer.headers["Retry-After"] = str(slow.seconds)
            return answer
        except Refused as refusal:
            if refusal.code != "not-you":
                raise
            return shown(request, next=target, name=name, problem=words.gettext(NOT_YOU), status=401)
        answer = RedirectResponse(target, 303)
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


def sign_on_name(desk: Desk) -> str:
    """Return what the button of the single sign-on says; empty where there is none."""
    settings = desk.settings
    host = settings.oidc_issuer.partition("://")[2].partition("/")[0]
    return (settings.oidc_name or host) if settings.oidc_issuer and settings.oidc_client else ""
