"""Accounts: made, changed, disabled; what proves who they are is kept apart, and only that it changed is recorded.

Who looks after accounts may, and an operator at the machine. Whatever takes something away ends sessions at once.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from tracker.audit import passwords
from tracker.audit.vault import Vault
from tracker.domain.account import LANGUAGES, Account, check_account, check_password
from tracker.domain.agency import Registry
from tracker.domain.authority import may_administer, standpoint
from tracker.domain.entry import Draft
from tracker.domain.errors import Conflict, Invalid, NotFound, Refused
from tracker.domain.scope import exists
from tracker.operations.recording import registry_in_force
from tracker.operations.secrets import vault_made
from tracker.settings import Settings
from tracker.store import accounts, ledger, sessions
from tracker.store.accounts import Known
from tracker.store.store import Connection, Store

NOT_AN_OFFICE = frozenset({"secretariat", "auditor", "admin", "operator", "cli"})


def make_account(
    store: Store,
    name: str,
    role: str,
    *,
    office: str | None = None,
    shown: str = "",
    language: str = "vi",
    email: str | None = None,
    at: datetime,
    actor: str,
) -> Account:
    """Make an account that cannot log in yet: nothing proves who it is.

    Raises Invalid for what is no name, role or language, NotFound for an office that is not there, Conflict for
    a name that is taken: also by a disabled account, since a name stands in the ledger for one person.
    """
    check_account(name, role, office, language)
    with store.write() as connection:
        at = ledger.settle(connection, at)
        check_admin(connection, actor)
        _check_office(connection, office, at)
        if accounts.known(connection, name) is not None:
            raise Conflict(f"there is an account '{name}' already", code="account-exists")
        end = _note(connection, "account_made", {"account": name, "role": role, "office": office}, at, actor)
        made = Account(
            name=name,
            shown=shown.strip() or name,
            role=role,  # type: ignore[arg-type]  # checked above
            office=office,
            language=language,
            made_at=at,
            changed=end,
        )
        accounts.add(connection, made, email=email.strip() if email else None)
        return made


def change_account(
    store: Store,
    name: str,
    *,
    role: str | None = None,
    office: str | None = None,
    shown: str | None = None,
    language: str | None = None,
    email: str | None = None,
    at: datetime,
    actor: str,
) -> Account:
    """Change what is given of an account; another role or office ends its sessions."""
    with store.write() as connection:
        at = ledger.settle(connection, at)
        check_admin(connection, actor)
        account, _ = known(connection, name)
        wanted_role = role or account.role
        wanted_office = (office or account.office) if wanted_role == "agency" else office
        check_account(name, wanted_role, wanted_office, language or account.language)
        if (wanted_role, wanted_office) != (account.role, account.office):
            _check_office(connection, wanted_office, at)
            _not_oneself(account, actor, "gives themselves another role")
            said = {"account": name, "role": wanted_role, "office": wanted_office}
            end = _note(connection, "account_changed", said, at, actor)
            accounts.change(connection, name, role=wanted_role, office=wanted_office, seq=end)
            sessions.end_all(connection, name)
        personal = {"shown": shown, "language": language, "email": email}
        if given := {key: value.strip() for key, value in personal.items() if value is not None}:
            accounts.keep(connection, name, **given)
        return known(connection, name)[0]


def disable_account(store: Store, name: str, *, at: datetime, actor: str) -> Account:
    """Let nobody in by an account any more: its sessions end, its tokens are no longer heard."""
    with store.write() as connection:
        at = ledger.settle(connection, at)
        check_admin(connection, actor)
        account, _ = known(connection, name)
        _not_oneself(account, actor, "disables their own account")
        if account.disabled_at is not None:
            raise Conflict(f"'{name}' has been disabled since {account.disabled_at.isoformat()}", code="disabled")
        end = _note(connection, "account_disabled", {"account": name}, at, actor)
        accounts.change(connection, name, disabled_at=at, seq=end)
        sessions.end_all(connection, name)
        return replace(account, disabled_at=at, changed=end)


def enable_account(store: Store, name: str, *, at: datetime, actor: str) -> Account:
    """Let somebody in again."""
    with store.write() as connection:
        at = ledger.settle(connection, at)
        check_admin(connection, actor)
        account, _ = known(connection, name)
        if account.disabled_at is None:
            raise Conflict(f"'{name}' is not disabled", code="not-disabled")
        _check_office(connection, account.office, at)
        end = _note(connection, "account_enabled", {"account": name}, at, actor)
        accounts.change(connection, name, disabled_at=None, seq=end)
        return replace(account, disabled_at=None, changed=end)


def set_password(
    store: Store,
    name: str,
    password: str | None,
    *,
    at: datetime,
    actor: str,
    but: str | None = None,
    once: bool = False,
) -> None:
    """Set the password of an account, one's own too; None: it comes in by single sign-on only. Its sessions end.

    `but` is the hash of a session that goes on: of the person who is at the page. A password that is good `once`
    lets in to choose another, and no further: whoever made it knows it. It is known by having no instant.
    """
    if password is not None:
        check_password(password, name)
    kept = passwords.hashed(password) if password is not None else None
    with store.write() as connection:
        at = ledger.settle(connection, at)
        account, _ = known(connection, name)
        _check_own(connection, account, actor)
        _note(connection, "password_set" if kept else "password_removed", {"account": name}, at, actor)
        accounts.keep(connection, name, password=kept, password_at=None if once else at)
        sessions.end_all(connection, name, but=but)


def set_totp(
    store: Store, settings: Settings, name: str, secret: str | None, *, at: datetime, actor: str, but: str | None = None
) -> None:
    """Ask for codes of a secret from now on, or with None no longer; the other sessions end."""
    vault = vault_made(store, settings)
    with store.write() as connection:
        at = ledger.settle(connection, at)
        account, _ = known(connection, name)
        _check_own(connection, account, actor)
        _note(connection, "codes_on" if secret else "codes_off", {"account": name}, at, actor)
        sealed = vault.seal(secret, bound=bound_to(name)) if secret else None
        accounts.keep(connection, name, totp=sealed, totp_step=None)
        sessions.end_all(connection, name, but=but)


def link_account(store: Store, name: str, issuer: str | None, subject: str | None, *, at: datetime, actor: str) -> None:
    """Let an account come in by a single sign-on, or with None no longer; raises Conflict where another one does."""
    with store.write() as connection:
        at = ledger.settle(connection, at)
        check_admin(connection, actor)
        link_within(connection, name, issuer, subject, at=at, actor=actor)


def link_within(
    connection: Connection, name: str, issuer: str | None, subject: str | None, *, at: datetime, actor: str
) -> None:
    """Link an account inside a transaction; who may is for the caller to say."""
    known(connection, name)
    if issuer and subject:
        other = accounts.of_subject(connection, issuer, subject)
        if other is not None and other[0].name != name:
            raise Conflict(f"'{other[0].name}' comes in by this sign-on already", code="linked")
    _note(connection, "sign_on_linked" if issuer else "sign_on_unlinked", {"account": name}, at, actor)
    accounts.keep(connection, name, issuer=issuer, subject=subject)


def set_language(store: Store, name: str, language: str) -> None:
    """Let an account read in a language."""
    if language not in LANGUAGES:
        raise Invalid(f"'{language}' is no language: {', '.join(LANGUAGES)}")
    with store.write() as connection:
        known(connection, name)
        accounts.keep(connection, name, language=language)


def reseal(connection: Connection, vault: Vault) -> None:
    """Seal the secrets of codes anew with the key in force."""
    for account, credential in accounts.listed(connection):
        if credential.totp is not None:
            bound = bound_to(account.name)
            accounts.keep(
                connection, account.name, totp=vault.seal(vault.open(credential.totp, bound=bound), bound=bound)
            )


def known(connection: Connection, name: str) -> Known:
    """Return an account and how it proves who it is; raises NotFound."""
    found = accounts.known(connection, name)
    if found is None:
        raise NotFound(f"there is no account '{name}'", code="no-account")
    return found


def account_list(store: Store) -> tuple[Known, ...]:
    """Return every account, those that may log in first."""
    with store.read() as connection:
        return accounts.listed(connection)


def has_accounts(store: Store) -> bool:
    """Return whether anybody was ever given an account."""
    with store.read() as connection:
        return accounts.is_any(connection)


def bound_to(name: str) -> tuple[str, ...]:
    """Return what the secret of an account's codes is bound to."""
    return ("account", name, "totp")


def registry_if_any(connection: Connection) -> Registry | None:
    """Return the registry in force, None before the first."""
    try:
        return registry_in_force(connection)
    except NotFound:
        return None


def office_works(office: str | None, registry: Registry | None, at: datetime) -> bool:
    """Return whether somebody may act for an office on a day: it is there, and its name says no role.

    The office that is the secretariat has accounts of that role: as an agency's they would have its powers.
    """
    if office is None:
        return True
    if registry is None or office in NOT_AN_OFFICE or office == registry.secretariat:
        return False
    return exists(office, registry, registry.calendar.civil_day(at))


def _check_office(connection: Connection, office: str | None, at: datetime) -> None:
    registry = registry_if_any(connection)
    if registry is not None and office is not None and office == registry.secretariat:
        raise Invalid(f"{office} is the secretariat: give the account that role")
    if not office_works(office, registry, at):
        raise NotFound(f"the registry has no agency '{office}' today", code="unknown-agency")


def check_admin(connection: Connection, actor: str) -> None:
    """Raise Refused unless an actor looks after accounts, or is an operator at the machine."""
    registry = registry_if_any(connection)
    # before the first registry there are no offices: whoever has a role is known by its name alone
    prefix = actor.partition(":")[0]
    may = may_administer(standpoint(actor, registry)) if registry else prefix not in ("secretariat", "auditor")
    if not may:
        raise Refused(f"{actor} does not look after accounts", code="not-yours")


def _check_own(connection: Connection, account: Account, actor: str) -> None:
    if actor != account.actor:
        check_admin(connection, actor)


def _not_oneself(account: Account, actor: str, what: str) -> None:
    if actor == account.actor:
        raise Refused(f"nobody {what}: ask another who looks after accounts", code="oneself")


def _note(connection: Connection, kind: str, said: Mapping[str, str | None], at: datetime, actor: str) -> int:
    draft = Draft(kind=kind, effective_at=at, actor=actor, payload=dict(said))
    return ledger.append(connection, [draft], at=at).seq
