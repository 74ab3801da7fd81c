"""Channels: where an agency is reached. Secrets are sealed in the store and are in no entry, their change is.

An entry says the kind, what may be shown of the address, and a keyed fingerprint: that the same was set
again shows, and what it was cannot be tried out without the key.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from tracker.audit.vault import Vault, fingerprint_of, key_of
from tracker.domain.entry import Draft, Payload
from tracker.domain.errors import Conflict, Invalid, NotFound, Refused
from tracker.notify.kinds import KINDS, Fields, host_of, wrong_with
from tracker.notify.reach import stays
from tracker.notify.relay import is_loopback
from tracker.notify.send import check_channel
from tracker.notify.way import APPRISE, MAIL, WEBHOOK, public_address
from tracker.operations import secrets
from tracker.operations.accounts import reseal
from tracker.operations.hooks import reseal as reseal_hooks
from tracker.operations.recording import registry_in_force
from tracker.operations.ways import Ways, bound_to
from tracker.settings import Settings
from tracker.store import adopted, ledger
from tracker.store.adopted import Channel
from tracker.store.store import Connection, Store

__all__ = ["Looked", "look", "public_address", "rekey", "remove_channel", "set_channel", "set_service"]

NO_URLS = "say its kind and its fields: an address is a mailbox, name@host, and no URL"


@dataclass(frozen=True, slots=True)
class Looked:
    """How secrets are kept: how many are sealed, which lie in clear, and which cannot be opened, with the reason."""

    sealed: int
    clear: tuple[str, ...]
    broken: tuple[str, ...]


def set_channel(store: Store, channels: Sequence[Channel], *, at: datetime, actor: str) -> None:
    """Record at which mailboxes agencies are reached.

    Raises Invalid for an address that cannot work, NotFound for an unknown agency; then nothing is kept.
    """
    for channel in channels:
        why = NO_URLS if "://" in channel.address or channel.kind != MAIL else check_channel(channel.address)
        if why:
            raise Invalid(f"{channel.agency}, channel '{channel.name}': {why}", code="bad-channel")
    with store.write() as connection:
        at = ledger.settle(connection, at)
        _known(connection, (channel.agency for channel in channels))
        _keep(connection, channels, at=at, actor=actor)


def set_service(
    store: Store, channel: Channel, fields: Fields, *, settings: Settings, at: datetime, actor: str
) -> Channel:
    """Record by which service an agency is reached, its fields sealed, and return the channel as it may be shown.

    The key that seals is made with the first. Raises Invalid for fields that cannot work, NotFound for an
    unknown agency, Conflict where other channels were sealed with a key that is gone.
    """
    fields = {name: value for name, value in fields.items() if value}
    rehearsal = store.position().is_rehearsal
    if why := wrong_with(channel.kind, fields) or _unreachable(channel.kind, fields, rehearsal=rehearsal):
        raise Invalid(f"{channel.agency}, channel '{channel.name}': {why}", code="bad-channel")
    way = KINDS[channel.kind].way(fields)
    channel = replace(channel, address=way.address, secret=None)
    if channel.kind == MAIL:
        set_channel(store, [channel], at=at, actor=actor)
        return channel
    with store.write() as connection:
        at = ledger.settle(connection, at)
        _known(connection, [channel.agency])
        vault = _vault(store, connection, settings)
        _keep(connection, [_sealed(channel, fields, vault)], at=at, actor=actor)
    return channel


def remove_channel(store: Store, agency: str, name: str, *, at: datetime, actor: str) -> None:
    """Forget a channel of an agency; raises NotFound where there is none."""
    with store.write() as connection:
        at = ledger.settle(connection, at)
        if not adopted.remove_channel(connection, agency, name):
            raise NotFound(f"{agency} has no channel '{name}'")
        payload = {"agency": agency, "channel": name, "address": ""}
        ledger.append(connection, [_draft("channel_removed", payload, at, actor)], at=at)


def rekey(store: Store, *, settings: Settings, at: datetime, actor: str, forget: bool = False) -> int:
    """Seal every secret anew with a new key and return how many there are; those in clear are sealed too.

    The old key stays in its file unless `forget`: backups of the store cannot be used without it. Raises
    Refused where a secret cannot be opened; then the old key stays in force for the rest.
    """
    secrets.vault_made(store, settings)
    ways, file = Ways(store, settings), secrets.secretfile_of(store, settings)
    with store.write() as connection:
        at = ledger.settle(connection, at)
        opened = [(one, _opened(ways, one)) for one in _of_services(connection)]
        vault = secrets.add_key(file)
        anew = [_sealed(replace(one, address=public_address(one.address)), fields, vault) for one, fields in opened]
        adopted.set_channels(connection, anew)
        reseal(connection, vault)
        reseal_hooks(connection, vault)
        said = [_said(one) for one in anew]
        ledger.append(connection, [_draft("channels_rekeyed", {"channels": said}, at, actor)], at=at)
    if forget:
        secrets.forget_keys(file)
    return len(anew)


def look(store: Store, settings: Settings) -> Looked:
    """Return how the secrets of channels are kept, and whether they can be opened."""
    ways, sealed, clear, broken = Ways(store, settings), 0, [], []
    with store.read() as connection:
        found = _of_services(connection)
    for one in found:
        way, name = ways.of(one), f"{one.agency}/{one.name}"
        sealed += one.secret is not None
        if not isinstance(way, str) and way.trouble:
            broken.append(f"{name}: {way.trouble}")
        elif one.secret is None:
            clear.append(name)
    return Looked(sealed, tuple(clear), tuple(broken))


def _unreachable(kind: str, fields: Fields, *, rehearsal: bool) -> str | None:
    """Return why a channel of this kind could never be used in a store: a rehearsal stays here, the others leave."""
    if kind == MAIL:
        return None
    host = host_of(KINDS[kind].way(fields))
    if rehearsal:
        here = is_loopback(host) if kind == WEBHOOK else stays(host)
        return None if here else "a rehearsal reaches nothing but this machine"
    if kind == WEBHOOK and not fields["url"].startswith("https://"):
        return "the URL must begin with https://"
    return "it is this machine itself" if host and is_loopback(host) else None


def _known(connection: Connection, agencies: Iterable[str]) -> None:
    known = registry_in_force(connection).agencies
    for agency in agencies:
        if agency not in known:
            raise NotFound(f"the registry has no agency '{agency}'", code="unknown-agency")


def _keep(connection: Connection, channels: Sequence[Channel], *, at: datetime, actor: str) -> None:
    adopted.set_channels(connection, channels)
    drafts = [_draft("channel_set", {**_said(c), "language": c.language}, at, actor) for c in channels]
    ledger.append(connection, drafts, at=at)


def _vault(store: Store, connection: Connection, settings: Settings) -> Vault:
    """Return the keys that seal, the first made now; but none beside secrets that another one has sealed."""
    used = {key_of(str(one.secret)) for one in _of_services(connection) if one.secret is not None}
    file = secrets.secretfile_of(store, settings)
    if used and not file.exists():
        secrets.vault_of(store, settings)  # which says where it looked
    vault = secrets.vault_made(store, settings)
    if used - set(vault.key_ids):
        raise Conflict(f"{file} is not the key that seals the secrets of this store", code="other-secret-key")
    return vault


def _of_services(connection: Connection) -> list[Channel]:
    found = adopted.channels(connection)
    return [one for ways in found.values() for one in ways if one.kind != MAIL or "://" in one.address]


def _opened(ways: Ways, channel: Channel) -> Fields:
    way = ways.of(channel)
    assert not isinstance(way, str)
    if way.trouble:
        raise Refused(way.trouble, code="broken-secret")
    return way.fields


def _sealed(channel: Channel, fields: Fields, vault: Vault) -> Channel:
    kind = APPRISE if channel.kind == MAIL else channel.kind
    channel = replace(channel, kind=kind)
    plain = json.dumps(dict(fields), ensure_ascii=False, sort_keys=True)
    return replace(channel, secret=vault.seal(plain, bound=bound_to(channel)))


def _said(channel: Channel) -> dict[str, str | None]:
    said = {"agency": channel.agency, "channel": channel.name, "kind": channel.kind}
    said["address"] = public_address(channel.address)
    return {**said, "fingerprint": fingerprint_of(channel.secret)} if channel.secret else dict(said)


def _draft(kind: str, payload: Mapping[str, object], at: datetime, actor: str) -> Draft:
    said: Payload = dict(payload)
    return Draft(kind=kind, effective_at=at, actor=actor, payload=said)
