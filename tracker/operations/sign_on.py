"""Coming in by single sign-on: the account of a subject, found, linked, or made where the office's rules say so.

Who calls has checked the ID token. A subject is an account's by issuer and subject, nothing else; a mailbox
or a name finds the account once, the first time, and only where the setting allows it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from tracker.domain.account import LANGUAGES, Account, check_account
from tracker.domain.entry import Draft
from tracker.domain.errors import Invalid, Refused
from tracker.domain.sign_on import MATCHES, Rule, rule_for, rules_of
from tracker.operations.accounts import link_within, office_works, registry_if_any
from tracker.operations.keyfiles import read_private
from tracker.operations.sessions import SIGN_ON, Begun, begin, visitor_for
from tracker.settings import Settings
from tracker.store import accounts, ledger, sessions
from tracker.store.accounts import Known
from tracker.store.store import Connection, Store

ACTOR = "admin:sign-on"  # in the ledger, for what the rules of the office do
NO_ACCOUNT = "no-account"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who an issuer says somebody is, with everything it says of them."""

    issuer: str
    subject: str
    claims: Mapping[str, Any]

    @property
    def email(self) -> str:
        """Return the mailbox, where the issuer has verified it."""
        said = self.claims.get("email")
        return said if isinstance(said, str) and self.claims.get("email_verified") is True else ""

    @property
    def login(self) -> str:
        """Return what they are called there, as a login name here may be."""
        said = self.claims.get("preferred_username") or self.email.partition("@")[0]
        return re.sub(r"[^a-z0-9._-]", "-", said.casefold()) if isinstance(said, str) else ""


def client_secret(settings: Settings) -> str:
    """Return the secret of the client; empty where it proves itself by PKCE alone."""
    if not settings.oidc_secret:
        return ""
    held = read_private(Path(settings.oidc_secret), what="the client's secret", setting="TRACKER_OIDC_SECRET")
    return held.decode("utf-8").strip()


def come_in(
    store: Store, settings: Settings, who: Subject, *, agent: str, before: str, at: datetime, now: datetime
) -> Begun:
    """Begin a session for a subject; `at` is the instant of entries, `now` that of the wall.

    Raises Refused, with the code 'no-account', for whom no account is found or made, or none that works.
    """
    if settings.oidc_match not in MATCHES:
        raise Invalid(f"'{settings.oidc_match}' is none of: email, preferred_username", code="bad-setting")
    rules = rules_of(settings.oidc_roles)
    rule = rule_for(who.claims, rules)
    if rules and rule is None:
        raise Refused("the issuer gives this person no role here", code=NO_ACCOUNT)
    with store.write() as connection:
        at = ledger.settle(connection, at)
        found = accounts.of_subject(connection, who.issuer, who.subject)
        account = found[0] if found else _first(connection, settings, who, rule, at)
        if rule is not None:
            account = _ruled(connection, account, rule, at)
        if visitor_for(connection, account.name, at=now) is None:
            raise Refused("this account lets nobody in", code=NO_ACCOUNT)
        return begin(connection, settings, account, way=SIGN_ON, agent=agent, before=before, at=now)


def _first(connection: Connection, settings: Settings, who: Subject, rule: Rule | None, at: datetime) -> Account:
    """Return the account of a subject who was never here: one that is found and linked now, or made by a rule."""
    found = _matching(connection, settings, who)
    if found is not None:
        account, credential = found
        if credential.subject is not None or account.disabled_at is not None:
            raise Refused("the account is another's", code=NO_ACCOUNT)
        link_within(connection, account.name, who.issuer, who.subject, at=at, actor=account.actor)
        return account
    if rule is None or not who.login or accounts.known(connection, who.login) is not None:
        raise Refused("there is no account for this person", code=NO_ACCOUNT)
    return _made(connection, who, rule, at)


def _matching(connection: Connection, settings: Settings, who: Subject) -> Known | None:
    if settings.oidc_match == "email" and who.email:
        found = accounts.of_email(connection, who.email)
        return found[0] if len(found) == 1 else None
    name = who.claims.get("preferred_username")
    if settings.oidc_match == "preferred_username" and isinstance(name, str):
        return accounts.known(connection, name.casefold())
    return None


def _made(connection: Connection, who: Subject, rule: Rule, at: datetime) -> Account:
    try:
        check_account(who.login, rule.role, rule.office, "vi")
    except Invalid as error:
        raise Refused(str(error), code=NO_ACCOUNT) from error
    said = {"account": who.login, "role": rule.role, "office": rule.office}
    end = _note(connection, "account_made", said, at)
    shown, locale = who.claims.get("name"), str(who.claims.get("locale", ""))[:2]
    account = Account(
        name=who.login,
        shown=shown[:120] if isinstance(shown, str) and shown.strip() else who.login,
        role=rule.role,
        office=rule.office,
        language=locale if locale in LANGUAGES else "vi",
        made_at=at,
        changed=end,
    )
    accounts.add(connection, account, email=who.email or None)
    link_within(connection, account.name, who.issuer, who.subject, at=at, actor=account.actor)
    return account


def _ruled(connection: Connection, account: Account, rule: Rule, at: datetime) -> Account:
    """Return an account with the role that the claims of today give it; another one than before ends its sessions."""
    if (account.role, account.office) == (rule.role, rule.office):
        return account
    if not office_works(rule.office, registry_if_any(connection), at):
        raise Refused(f"the registry has no agency '{rule.office}' today", code=NO_ACCOUNT)
    end = _note(connection, "account_changed", {"account": account.name, "role": rule.role, "office": rule.office}, at)
    accounts.change(connection, account.name, role=rule.role, office=rule.office, seq=end)
    sessions.end_all(connection, account.name)
    return replace(account, role=rule.role, office=rule.office, changed=end)


def _note(connection: Connection, kind: str, said: Mapping[str, str | None], at: datetime) -> int:
    draft = Draft(kind=kind, effective_at=at, actor=ACTOR, payload=dict(said))
    return ledger.append(connection, [draft], at=at).seq
