"""Accounts and tokens of everybody, for who looks after them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from fastapi.responses import RedirectResponse

from tracker.domain.account import LANGUAGES, ROLES
from tracker.domain.calendar import Span
from tracker.domain.errors import Conflict, Invalid, NotFound, Refused
from tracker.notify.tongue import catalogue, span
from tracker.operations import accounts as verbs
from tracker.operations.sessions import end_sessions, sessions_of
from tracker.operations.tokens import SCOPES, make_token, revoke_token, token_list
from tracker.web.desk import Desk, Viewer, require
from tracker.web.doorman import Doorman
from tracker.web.pages.account import DAYS, MAY, NO_LABEL
from tracker.web.pages.account import ROLES as ROLE_WORDS
from tracker.web.refusals import why_not
from tracker.web.tokens import N_

ACCOUNTS, TOKENS = "/admin/accounts", "/admin/tokens"
DONE = {
    "made": N_("The account is there. Give it a password, or let it come in by single sign-on."),
    "changed": N_("The account is changed."),
    "disabled": N_("The account is disabled; it is logged out everywhere, and its tokens are no longer heard."),
    "enabled": N_("The account works again."),
    "codes-off": N_("The account is no longer asked for a code."),
    "ended": N_("The account is logged out everywhere."),
    "revoked": N_("The token is no longer heard."),
}
# a refusal of the verbs, by the field it is about
WHY = {
    "account-exists": ("name", N_("There is an account of this name already, perhaps a disabled one.")),
    "unknown-agency": ("office", N_("There is no such agency today.")),
    "invalid": ("name", N_("A login name is of small letters, digits, dots and dashes; only a member has an agency.")),
    "oneself": ("", N_("Nobody does this to their own account: ask another administrator.")),
    "disabled": ("", N_("The account is disabled.")),
    "not-disabled": ("", N_("The account is not disabled.")),
}


@dataclass(slots=True)
class Shown:
    """What a page shows beside what it always does."""

    problems: dict[str, str] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    secret: str = ""
    status: int = 200


def routes(desk: Desk) -> APIRouter:
    """Return the pages of accounts and tokens."""
    admin = _Admin(desk)
    router = APIRouter(dependencies=[Depends(admin.known)])
    one = ACCOUNTS + "/{name}"
    shows: tuple[tuple[str, Callable[..., Response]], ...] = (
        (ACCOUNTS, admin.accounts),
        (one, admin.account),
        (TOKENS, admin.tokens),
    )
    acts: tuple[tuple[str, Callable[..., Response]], ...] = (
        (ACCOUNTS, admin.make),
        (one, admin.change),
        (one + "/disable", admin.disable),
        (one + "/enable", admin.enable),
        (one + "/password", admin.password),
        (one + "/codes/off", admin.no_codes),
        (one + "/sessions/end", admin.end),
        (TOKENS, admin.token),
        (TOKENS + "/{id}/revoke", admin.revoke),
    )
    for path, act in shows:
        router.add_api_route(path, act, methods=["GET"])
    for path, act in acts:
        router.add_api_route(path, act, methods=["POST"])
    return router


class _Admin:
    def __init__(self, desk: Desk) -> None:
        self.desk, self.store, self.door = desk, desk.store, Doorman(desk.store, desk.settings)

    def known(self, request: Request) -> None:
        """Let nobody but an administrator by."""
        request.state.me = self.desk.viewer(request)
        require(request.state.me, "admin")

    def accounts(self, request: Request, done: str = "") -> Response:
        """List the accounts."""
        return self._list(request, Shown(), done=done)

    def account(self, request: Request, name: str, done: str = "") -> Response:
        """Show an account."""
        return self._one(request, name, Shown(), done=done)

    def tokens(self, request: Request, done: str = "") -> Response:
        """List the tokens of everybody."""
        return self._tokens(request, Shown(), done=done)

    def make(
        self,
        request: Request,
        name: Annotated[str, Form()] = "",
        shown: Annotated[str, Form()] = "",
        role: Annotated[str, Form()] = "",
        office: Annotated[str, Form()] = "",
        language: Annotated[str, Form()] = "vi",
        email: Annotated[str, Form()] = "",
    ) -> Response:
        """Make an account."""
        me, given = _me(request), name.strip().lower()
        typed = {"name": name, "shown": shown, "role": role, "office": office, "language": language, "email": email}
        try:
            self.desk.act(
                request,
                me,
                lambda at: verbs.make_account(
                    self.store,
                    given,
                    role,
                    office=office.strip() or None,
                    shown=shown,
                    language=language,
                    email=email,
                    at=at,
                    actor=me.actor,
                ),
            )
        except (Invalid, Conflict, NotFound) as refusal:
            return self._list(request, Shown(_why(me, refusal), typed, status=422))
        return RedirectResponse(f"{ACCOUNTS}/{given}?done=made", 303)

    def change(
        self,
        request: Request,
        name: str,
        shown: Annotated[str, Form()] = "",
        role: Annotated[str, Form()] = "",
        office: Annotated[str, Form()] = "",
        language: Annotated[str, Form()] = "vi",
        email: Annotated[str, Form()] = "",
    ) -> Response:
        """Change an account."""
        me = _me(request)
        return self._do(
            request,
            name,
            "changed",
            lambda at: verbs.change_account(
                self.store,
                name,
                role=role or None,
                office=office.strip() or None,
                shown=shown,
                language=language,
                email=email,
                at=at,
                actor=me.actor,
            ),
        )

    def disable(self, request: Request, name: str) -> Response:
        """Let nobody in by an account any more."""
        actor = _me(request).actor
        return self._do(
            request, name, "disabled", lambda at: verbs.disable_account(self.store, name, at=at, actor=actor)
        )

    def enable(self, request: Request, name: str) -> Response:
        """Let somebody in again."""
        actor = _me(request).actor
        return self._do(request, name, "enabled", lambda at: verbs.enable_account(self.store, name, at=at, actor=actor))

    def password(self, request: Request, name: str) -> Response:
        """Make a password for an account and show it: it lets in once, to choose another."""
        actor, fresh = _me(request).actor, secrets.token_urlsafe(15)
        once = name != _me(request).account
        self.desk.act(
            request,
            _me(request),
            lambda at: verbs.set_password(self.store, name, fresh, at=at, actor=actor, once=once),
        )
        return self._one(request, name, Shown(secret=fresh))

    def no_codes(self, request: Request, name: str) -> Response:
        """Ask an account for no codes any more: its owner lost the device."""
        actor, settings = _me(request).actor, self.desk.settings
        return self._do(
            request, name, "codes-off", lambda at: verbs.set_totp(self.store, settings, name, None, at=at, actor=actor)
        )

    def end(self, request: Request, name: str) -> Response:
        """Log an account out everywhere."""
        end_sessions(self.store, name)
        return RedirectResponse(f"{ACCOUNTS}/{name}?done=ended", 303)

    def token(
        self,
        request: Request,
        account: Annotated[str, Form()] = "",
        label: Annotated[str, Form()] = "",
        may: Annotated[str, Form()] = "",
        office: Annotated[str, Form()] = "",
        days: Annotated[int, Form()] = 90,
    ) -> Response:
        """Make a token for an account and show it, this once."""
        me, wall = _me(request), self.door.now()
        scopes = {"read", "write"} if may == "write" else {may}
        lasts = timedelta(days=days if days in DAYS else 0)
        try:
            secret, _ = self.desk.act(
                request,
                me,
                lambda at: make_token(
                    self.store,
                    account,
                    scopes,
                    label=label,
                    office=office.strip() or None,
                    lasts=lasts,
                    at=at,
                    actor=me.actor,
                    wall=wall,
                ),
            )
        except Invalid:
            said = {"label": catalogue(me.language).gettext(NO_LABEL)}
            return self._tokens(request, Shown(said, {"label": label, "office": office}, status=422))
        except (Conflict, NotFound) as refusal:
            return self._tokens(request, Shown(_why(me, refusal), {"label": label, "office": office}, status=422))
        return self._tokens(request, Shown(secret=secret))

    def revoke(self, request: Request, id: str) -> Response:
        """Hear a token no longer."""
        actor, wall = _me(request).actor, self.door.now()
        self.desk.act(request, _me(request), lambda at: revoke_token(self.store, id, at=at, actor=actor, wall=wall))
        return RedirectResponse(f"{TOKENS}?done=revoked", 303)

    def _do(self, request: Request, name: str, done: str, verb: Callable[..., object]) -> Response:
        """Act on an account and show it, or why not."""
        try:
            self.desk.act(request, _me(request), verb)
        except (Invalid, Conflict, Refused) as refusal:
            return self._one(request, name, Shown(_why(_me(request), refusal), status=409))
        except NotFound as refusal:
            if refusal.code == "no-account":
                raise
            return self._one(request, name, Shown(_why(_me(request), refusal), status=422))
        return RedirectResponse(f"{ACCOUNTS}/{name}?done={done}", 303)

    def _list(self, request: Request, shown: Shown, *, done: str = "") -> Response:
        return self._page(request, "admin_accounts.html", shown, done, accounts=verbs.account_list(self.store))

    def _one(self, request: Request, name: str, shown: Shown, *, done: str = "") -> Response:
        found = next((one for one in verbs.account_list(self.store) if one[0].name == name), None)
        if found is None:
            raise HTTPException(404)
        account, credential = found
        held = sessions_of(self.store, name, self.desk.settings, at=self.door.now())
        return self._page(
            request, "admin_account.html", shown, done, account=account, credential=credential, sessions=len(held)
        )

    def _tokens(self, request: Request, shown: Shown, *, done: str = "") -> Response:
        at = self.door.now()
        names = [account.name for account, _ in verbs.account_list(self.store) if account.disabled_at is None]
        found = [(one, one.works(at)) for one in token_list(self.store)]
        return self._page(request, "admin_tokens.html", shown, done, found=found, names=names)

    def _page(self, request: Request, template: str, shown: Shown, done: str, **context: object) -> Response:
        me = _me(request)
        words = catalogue(me.language)
        with self.desk.reading(request) as reading:
            return self.desk.page(
                request,
                template,
                viewer=me,
                reading=reading,
                status=shown.status,
                shown=shown,
                problems=shown.problems,
                done_words=words.gettext(DONE[done]) if done in DONE else "",
                roles=[(role, words.gettext(ROLE_WORDS[role])) for role in ROLES],
                role_words={role: words.gettext(said) for role, said in ROLE_WORDS.items()},
                may={name: words.gettext(said) for name, said in MAY.items()},
                scopes=SCOPES,
                days=[(n, span(Span(n, "days"), me.language)) for n in DAYS],
                languages=LANGUAGES,
                **context,
            )


def _me(request: Request) -> Viewer:
    me: Viewer = request.state.me
    return me


def _why(me: Viewer, refusal: Conflict | Invalid | NotFound | Refused) -> dict[str, str]:
    name, said = WHY.get(refusal.code, ("", ""))
    return {name: catalogue(me.language).gettext(said) if said else why_not(refusal, me.language)}
