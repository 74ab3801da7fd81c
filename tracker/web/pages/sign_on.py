"""Single sign-on: the way to the issuer and back."""

import logging
from collections.abc import Mapping
from datetime import timedelta

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from tracker.domain.errors import Refused, TrackerError
from tracker.operations.secrets import vault_made
from tracker.operations.sign_on import NO_ACCOUNT, Subject, client_secret, come_in
from tracker.web.desk import Desk
from tracker.web.doorman import Doorman, own_path
from tracker.web.oidc import Errand, Issuer

LOG = logging.getLogger("tracker.web")
HERE, BACK = "/login/sign-on", "/login/sign-on/back"
LASTS = timedelta(minutes=10)
BOUND = ("sign-on", "errand")


def routes(desk: Desk) -> APIRouter:
    """Return the pages of the single sign-on; without an issuer there are none."""
    router, door, settings = APIRouter(), Doorman(desk.store, desk.settings), desk.settings
    cookie = ("__Host-" if door.https else "") + "tracker-errand"
    issuers: list[Issuer] = []

    def issuer() -> Issuer:
        if not settings.oidc_issuer or not settings.oidc_client:
            raise HTTPException(404)
        if not issuers:
            back = settings.base_url.rstrip("/") + BACK
            issuers.append(Issuer(settings, client_secret(settings), back))
        return issuers[0]

    @router.get(HERE)
    def go(next: str = "/") -> Response:
        """Send somebody to the issuer."""
        try:
            url, errand = issuer().send(own_path(next), at=door.now(), lasts=LASTS)
        except TrackerError as error:
            return _failed(error)
        answer = RedirectResponse(url, 303)
        sealed = vault_made(desk.store, settings).seal(errand.text(), bound=BOUND)
        life = int(LASTS.total_seconds())
        answer.set_cookie(cookie, sealed, max_age=life, path="/", secure=door.https, httponly=True, samesite="lax")
        return answer

    @router.get(BACK)
    def back(request: Request) -> Response:
        """Let in whom the issuer sent back, where an account here is theirs."""
        try:
            errand = _errand(request.cookies.get(cookie, ""))
            claims = issuer().claims(errand, _once(request), at=door.now())
            begun = come_in(
                desk.store,
                settings,
                Subject(issuer=settings.oidc_issuer, subject=claims["sub"], claims=claims),
                agent=request.headers.get("user-agent", ""),
                before=door.held(request),
                at=desk.now(),
                now=door.now(),
            )
        except TrackerError as error:
            answer = _failed(error)
        else:
            answer = RedirectResponse(own_path(errand.next), 303)
            door.let_in(answer, begun)
        answer.delete_cookie(cookie, path="/", secure=door.https, httponly=True, samesite="lax")
        return answer

    def _errand(sealed: str) -> Errand:
        if not 0 < len(sealed) <= 4_000:
            raise Refused("nobody was sent to the issuer from this browser", code="sign-on")
        return Errand.of(vault_made(desk.store, settings).open(sealed, bound=BOUND))

    return router


def _once(request: Request) -> Mapping[str, str]:
    """Return what an answer says; raises Refused where it says something twice."""
    said = request.query_params.multi_items()
    if len({name for name, _ in said}) != len(said):
        raise Refused("an answer says everything once", code="sign-on")
    return dict(said)


def _failed(error: TrackerError) -> Response:
    LOG.warning("single sign-on: %s", error)
    return RedirectResponse("/login?why=" + ("no-account" if error.code == NO_ACCOUNT else "sign-on"), 303)
