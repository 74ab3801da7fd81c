"""Hooks: who is told of entries as they are made, by a signed call. Their secret is shown once, and kept sealed.

An entry says that somebody subscribed, and the host that is called; neither the address nor the secret.
"""

import base64
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from tracker.audit.vault import Vault
from tracker.domain.authority import standpoint
from tracker.domain.entry import Draft, Payload
from tracker.domain.errors import Conflict, Invalid, NotFound, Refused
from tracker.domain.hook import kinds_of
from tracker.notify.relay import is_loopback
from tracker.notify.way import WEBHOOK, Way
from tracker.notify.webhook import wrong_url
from tracker.operations.accounts import registry_if_any
from tracker.operations.secrets import vault_made, vault_of
from tracker.settings import Settings
from tracker.store import hooks, ledger
from tracker.store.hooks import Hook, Telling
from tracker.store.store import Connection, Store

ADDED, REMOVED, DISABLED = "hook_added", "hook_removed", "hook_disabled"
SECRET_BYTES = 32
MOST = 20
OVERSEE = frozenset({"secretariat", "admin", "operator"})

__all__ = ["Hook", "Telling", "add_hook", "hook_list", "one_hook", "remove_hook", "tellings_of", "way_of"]


@dataclass(frozen=True, slots=True)
class Added:
    """A hook and the secret its receiver knows it by: shown this once, and never again."""

    hook: Hook
    secret: str


def add_hook(
    store: Store, url: str, kinds: Iterable[str] = (), *, settings: Settings, at: datetime, actor: str
) -> Added:
    """Tell an address of every entry of some kinds from now on, of all where none are named.

    Raises Invalid for an address that cannot be called or a kind there is not, Conflict where the same is told already.
    """
    wanted = kinds_of(kinds)
    _check_url(url, rehearsal=store.position().is_rehearsal)
    secret = "whsec_" + base64.b64encode(os.urandom(SECRET_BYTES)).decode("ascii")
    vault = vault_made(store, settings)
    with store.write() as connection:
        at = ledger.settle(connection, at)
        _check_actor(connection, actor)
        every = hooks.every(connection)
        if len(every) >= MOST:
            raise Conflict(f"there are {MOST} hooks already: remove one first", code="too-many-hooks")
        for one in every:
            if one.kinds == wanted and _opened(vault, one).get("url") == url:
                raise Conflict(f"{one.reference} is told of the same already", code="hook-known")
        reference = f"hook-{os.urandom(6).hex()}"
        said: Payload = {"hook": reference, "address": public(url), "kinds": list(wanted)}
        end = ledger.append(connection, [Draft(kind=ADDED, effective_at=at, actor=actor, payload=said)], at=at)
        fields = json.dumps({"url": url, "secret": secret}, ensure_ascii=False, sort_keys=True)
        row = {"reference": reference, "address": public(url), "kinds": json.dumps(wanted)}
        row |= {"secret": vault.seal(fields, bound=bound_to(reference)), "made_by": actor}
        hooks.add(connection, {**row, "made_at": at, "changed": end.seq})
        found = hooks.get(connection, reference)
        assert found is not None
        return Added(found, secret)


def remove_hook(store: Store, reference: str, *, at: datetime, actor: str, seen: int | None = None) -> None:
    """Tell a hook nothing more; raises NotFound, Conflict where it changed since it was `seen`."""
    with store.write() as connection:
        at = ledger.settle(connection, at)
        _check_actor(connection, actor)
        found = _known(connection, reference)
        if seen is not None and found.changed != seen:
            raise Conflict(f"{reference} has changed since you looked at it")
        said: Payload = {"hook": reference, "address": found.address}
        ledger.append(connection, [Draft(kind=REMOVED, effective_at=at, actor=actor, payload=said)], at=at)
        hooks.remove(connection, reference)


def hook_list(store: Store) -> tuple[Hook, ...]:
    """Return every hook, the oldest first."""
    with store.read() as connection:
        return hooks.every(connection)


def one_hook(store: Store, reference: str) -> Hook:
    """Return a hook; raises NotFound."""
    with store.read() as connection:
        return _known(connection, reference)


def tellings_of(store: Store, reference: str, *, limit: int, before: int | None = None) -> tuple[Telling, ...]:
    """Return what a hook was told and is to be told, the newest entry first; raises NotFound."""
    with store.read() as connection:
        _known(connection, reference)
        return hooks.tellings(connection, reference, limit=limit, before=before)


def way_of(hook: Hook, store: Store, settings: Settings) -> Way:
    """Return the way to a hook's receiver; `trouble` says where its secret cannot be opened."""
    try:
        return Way(WEBHOOK, hook.address, _opened(vault_of(store, settings), hook))
    except Refused as error:
        return Way(WEBHOOK, hook.address, trouble=str(error))


def reseal(connection: Connection, vault: Vault) -> None:
    """Seal every hook anew with the key in force."""
    for one in hooks.every(connection):
        bound = bound_to(one.reference)
        hooks.change(connection, one.reference, secret=vault.seal(vault.open(one.secret, bound=bound), bound=bound))


def bound_to(reference: str) -> tuple[str, ...]:
    """Return what the secret of a hook is bound to."""
    return ("hook", reference)


def public(url: str) -> str:
    """Return what may be shown of an address: its host, since the rest may be a secret.

    >>> public("https://hooks.moha.example/T024/secret?x=1")
    'https://hooks.moha.example/…'
    """
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/…"


def _opened(vault: Vault, hook: Hook) -> dict[str, str]:
    found: dict[str, str] = json.loads(vault.open(hook.secret, bound=bound_to(hook.reference)))
    return found


def _known(connection: Connection, reference: str) -> Hook:
    found = hooks.get(connection, reference)
    if found is None:
        raise NotFound(f"there is no hook '{reference}'", code="no-hook")
    return found


def _check_url(url: str, *, rehearsal: bool) -> None:
    why = wrong_url(url)
    host = urlsplit(url).hostname or "" if why is None else ""
    if why is None and rehearsal and not is_loopback(host):
        why = "a rehearsal reaches nothing but this machine"
    elif why is None and not rehearsal and not url.startswith("https://"):
        why = "the URL must begin with https://"
    elif why is None and not rehearsal and is_loopback(host):
        why = "it is this machine itself"
    if why is not None:
        raise Invalid(why, code="bad-channel")


def _check_actor(connection: Connection, actor: str) -> None:
    registry = registry_if_any(connection)
    if registry is not None and standpoint(actor, registry).role not in OVERSEE:
        raise Refused(f"{actor} may not say who is told of entries", code="not-yours")
