"""One's own account: language, password, codes, where one is logged in, and tokens for programs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from tracker.domain.calendar import Span
from tracker.domain.errors import Invalid, TrackerError
from tracker.domain.text import LANGUAGES
from tracker.notify.tongue import catalogue, span
from tracker.operations.accounts import set_language, set_password, set_totp
from tracker.operations.codes import Offer, has_codes, offer_codes, take_codes
from tracker.operations.sessions import Slow, end_session, end_sessions, is_password, rotate, sessions_of
from tracker.operations.tokens import SCOPES, make_token, revoke_token, token_list
from tracker.web.desk import A_YEAR, COOKIE, Desk, Viewer
from tracker.web.doorman import Doorman, address_of
from tracker.web.tokens import N_

DONE = {
    "language": N_("Pages are shown in this language from now on."),
    "password": N_("The password is changed; everywhere else you are logged out."),
    "codes-on": N_("From now on you are asked for a code; everywhere else you are logged out."),
    "codes-off": N_("You are no longer asked for a code; everywhere else you are logged out."),
    "ended": N_("Logged out there."),
    "revoked": N_("The token is no longer heard."),
}
WRONG = N_("This is not your password.")
UNEQUAL = N_("The two are not the same.")
WEAK = N_("Take at least 12 characters, not your name, and not the same few again and again.")
NO_CODE = N_("This is not the code of this moment. Check the clock of your device and type the next one.")
SLOW = N_("That was wrong too often. Please wait {seconds} seconds, then try again.")
NO_LABEL = N_("Say what it is for, and choose what it may.")
# what a token is for, and how it is said
MAY = {
    "read": N_("read"),
    "write": N_("read and change"),
    "feed": N_("calendar only"),
    "metrics": N_("figures for machines"),
}
DAYS = (30, 90, 366)
ROLES = {
    "secretariat": N_("Secretariat"),
    "agency": N_("Member of an agency"),
    "auditor": N_("Auditor"),
    "admin": N_("Administrator"),
}


@dataclass(slots=True)
class Shown:
    """What the page shows beside what it always does."""

    problems: dict[str, str] = field(default_factory=dict)
    secret: str = ""
    label: str = ""
    offer: Offer | None = None
    status: int = 200


def routes(desk: Desk) -> APIRouter:
    """Return the pages of one's own account."""
    own = _Own(desk)
    # who looks is asked of the desk, which the methods cannot name in their signatures
    router = APIRouter(prefix="/account", dependencies=[Depends(own.known)])
    router.add_api_route("", own.show, methods=["GET"])
    router.add_api_route("/codes", own.ask_codes, methods=["GET"])
    router.add_api_route("/new-password", own.ask_password, methods=["GET"])
    acts: tuple[tuple[str, Callable[..., Response]], ...] = (
        ("/language", own.language),
        ("/password", own.password),
        ("/new-password", own.first_password),
        ("/codes", own.codes),
        ("/codes/off", own.no_codes),
        ("/sessions/end", own.end_others),
        ("/sessions/{id}/end", own.end_one),
        ("/tokens", own.token),
        ("/tokens/{id}/revoke", own.revoke),
    )
    for path, act in acts:
        router.add_api_route(path, act, methods=["POST"])
    return router


class _Own:
    def __init__(self, desk: Desk) -> None:
        self.desk, self.door = desk, Doorman(desk.store, desk.settings)

    def known(self, request: Request) -> None:
        """Send nobody to log in."""
        request.state.me = self.desk.viewer(request)

    def show(self, request: Request, done: str = "") -> Response:
        """Show the account."""
        return self._page(request, Shown(), done=done)

    def ask_codes(self, request: Request) -> Response:
        """Offer a secret for an authenticator."""
        offer = offer_codes(self.desk.store, self.desk.settings, _me(request).account)
        return self._page(request, Shown(offer=offer))

    def language(self, request: Request, language: Annotated[str, Form()] = "") -> Response:
        """Keep the language pages are shown in."""
        if language not in LANGUAGES:
            raise HTTPException(400)
        set_language(self.desk.store, _me(request).account, language)
        answer = _back("language")
        answer.set_cookie(COOKIE, language, max_age=A_YEAR, httponly=True, samesite="lax", secure=self.door.https)
        return answer

    def password(
        self,
        request: Request,
        old: Annotated[str, Form()] = "",
        new: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
    ) -> Response:
        """Change the password of who knows the old one."""
        me, words = _me(request), catalogue(_me(request).language)
        problems = self._prove(request, "old", old)
        if not problems and new != again:
            problems = {"again": words.gettext(UNEQUAL)}
        if problems:
            return self._page(request, Shown(problems, status=422))
        try:
            held = request.state.session
            self.desk.act(
                request, me, lambda at: set_password(self.desk.store, me.account, new, at=at, actor=me.actor, but=held)
            )
        except Invalid:
            return self._page(request, Shown({"new": words.gettext(WEAK)}, status=422))
        return self._go_on(request, "password")

    def ask_password(self, request: Request) -> Response:
        """Ask who came in by a password that was made for them for one of their own."""
        return self._choose(request, {}) if request.state.once else RedirectResponse("/account", 303)

    def first_password(
        self, request: Request, new: Annotated[str, Form()] = "", again: Annotated[str, Form()] = ""
    ) -> Response:
        """Take a password of their own, and let them in."""
        me, words = _me(request), catalogue(_me(request).language)
        if not request.state.once:
            raise HTTPException(403, "stale")
        if new != again:
            return self._choose(request, {"again": words.gettext(UNEQUAL)})
        try:
            held = request.state.session
            self.desk.act(
                request, me, lambda at: set_password(self.desk.store, me.account, new, at=at, actor=me.actor, but=held)
            )
        except Invalid:
            return self._choose(request, {"new": words.gettext(WEAK)})
        return self._go_on(request, "password")

    def _choose(self, request: Request, problems: dict[str, str]) -> Response:
        me, status = _me(request), 422 if problems else 200
        return self.desk.page(request, "account_choose.html", viewer=me, status=status, problems=problems)

    def codes(
        self,
        request: Request,
        sealed: Annotated[str, Form()] = "",
        code: Annotated[str, Form()] = "",
        proof: Annotated[str, Form()] = "",
    ) -> Response:
        """Ask for codes from now on, once one was typed."""
        me, store, settings = _me(request), self.desk.store, self.desk.settings
        offer = offer_codes(store, settings, me.account, sealed=sealed)
        if problems := self._prove(request, "proof", proof):
            return self._page(request, Shown(problems, offer=offer, status=422))
        wall, held = self.door.now(), request.state.session

        def take(at: datetime) -> None:
            take_codes(
                store, settings, me.account, sealed=sealed, code=code, wall=wall, at=at, actor=me.actor, but=held
            )

        try:
            self.desk.act(request, me, take)
        except Invalid:
            words = catalogue(me.language).gettext(NO_CODE)
            return self._page(request, Shown({"code": words}, offer=offer, status=422))
        return self._go_on(request, "codes-on")

    def no_codes(self, request: Request, proof_off: Annotated[str, Form()] = "") -> Response:
        """Ask for no codes any more."""
        me, store, settings = _me(request), self.desk.store, self.desk.settings
        if problems := self._prove(request, "proof_off", proof_off):
            return self._page(request, Shown(problems, status=422))
        held = request.state.session
        self.desk.act(
            request, me, lambda at: set_totp(store, settings, me.account, None, at=at, actor=me.actor, but=held)
        )
        return self._go_on(request, "codes-off")

    def end_one(self, request: Request, id: str) -> Response:
        """Log out somewhere."""
        if not end_session(self.desk.store, _me(request).account, id):
            raise HTTPException(404)
        return _back("ended")

    def end_others(self, request: Request) -> Response:
        """Log out everywhere but here."""
        end_sessions(self.desk.store, _me(request).account, but=request.state.session)
        return _back("ended")

    def token(
        self,
        request: Request,
        label: Annotated[str, Form()] = "",
        may: Annotated[str, Form()] = "",
        days: Annotated[int, Form()] = 90,
    ) -> Response:
        """Make a token and show it, this once."""
        me, wall = _me(request), self.door.now()
        scopes = {"read", "write"} if may == "write" else {may}
        try:
            secret, _ = self.desk.act(
                request,
                me,
                lambda at: make_token(
                    self.desk.store,
                    me.account,
                    scopes,
                    label=label,
                    lasts=timedelta(days=days if days in DAYS else 0),
                    at=at,
                    actor=me.actor,
                    wall=wall,
                ),
            )
        except Invalid:
            said = catalogue(me.language).gettext(NO_LABEL)
            return self._page(request, Shown({"label": said}, label=label, status=422))
        return self._page(request, Shown(secret=secret))

    def revoke(self, request: Request, id: str) -> Response:
        """Hear a token no longer."""
        me, wall = _me(request), self.door.now()
        if not any(token.id == id for token in token_list(self.desk.store, me.account)):
            raise HTTPException(404)
        self.desk.act(request, me, lambda at: revoke_token(self.desk.store, id, at=at, actor=me.actor, wall=wall))
        return _back("revoked")

    def _prove(self, request: Request, name: str, password: str) -> dict[str, str]:
        """Return what is wrong with a password typed again; nothing where it is right."""
        me, words = _me(request), catalogue(_me(request).language)
        try:
            right = is_password(
                self.desk.store,
                self.desk.settings,
                me.account,
                password,
                address=address_of(request),
                at=self.door.now(),
            )
        except Slow as slow:
            return {name: words.gettext(SLOW).format(seconds=slow.seconds)}
        return {} if right else {name: words.gettext(WRONG)}

    def _go_on(self, request: Request, done: str) -> Response:
        """Go on under another token: what proves who somebody is has changed."""
        answer = _back(done)
        try:
            self.door.let_in(
                answer, rotate(self.desk.store, self.desk.settings, self.door.held(request), at=self.door.now())
            )
        except TrackerError:  # ended meanwhile by somebody who looks after accounts
            self.door.see_out(answer)
        return answer

    def _page(self, request: Request, shown: Shown, *, done: str = "") -> Response:
        me, store, at = _me(request), self.desk.store, self.door.now()
        words = catalogue(me.language)
        with self.desk.reading(request) as reading:
            return self.desk.page(
                request,
                "account.html",
                viewer=me,
                reading=reading,
                status=shown.status,
                shown=shown,
                role=words.gettext(ROLES[me.role]),
                problems=shown.problems,
                done_words=words.gettext(DONE[done]) if done in DONE else "",
                coded=has_codes(store, me.account),
                sessions=sessions_of(store, me.account, self.desk.settings, at=at),
                held=request.state.session[:12],
                tokens_mine=[one for one in token_list(store, me.account) if one.works(at)],
                may={name: words.gettext(said) for name, said in MAY.items()},
                scopes=SCOPES,
                days=[(n, span(Span(n, "days"), me.language)) for n in DAYS],
            )


def _me(request: Request) -> Viewer:
    me: Viewer = request.state.me
    return me


def _back(done: str) -> Response:
    return RedirectResponse(f"/account?done={done}", 303)
