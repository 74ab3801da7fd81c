"""Channels: where an agency is reached. The address is kept out of the ledger, its change is not."""

from collections.abc import Sequence
from datetime import datetime

from tracker.domain.entry import Draft
from tracker.domain.errors import Invalid, NotFound
from tracker.notify.send import check_channel
from tracker.operations.recording import registry_in_force
from tracker.store import adopted, ledger
from tracker.store.adopted import Channel
from tracker.store.store import Store


def set_channel(store: Store, channels: Sequence[Channel], *, at: datetime, actor: str) -> None:
    """Record where agencies are reached: a mailbox, or any address Apprise knows.

    Raises Invalid for an address that cannot work, NotFound for an unknown agency; then nothing is kept.
    """
    for channel in channels:
        if why := check_channel(channel.address):
            raise Invalid(f"{channel.agency}, channel '{channel.name}': {why}", code="bad-channel")
    with store.write() as connection:
        at = ledger.settle(connection, at)
        known = registry_in_force(connection).agencies
        for channel in channels:
            if channel.agency not in known:
                raise NotFound(f"the registry has no agency '{channel.agency}'", code="unknown-agency")
        adopted.set_channels(connection, channels)
        ledger.append(
            connection,
            [
                _draft("channel_set", c.agency, c.name, c.address, at, actor, kind=c.kind, language=c.language)
                for c in channels
            ],
            at=at,
        )


def remove_channel(store: Store, agency: str, name: str, *, at: datetime, actor: str) -> None:
    """Forget a channel of an agency; raises NotFound where there is none."""
    with store.write() as connection:
        at = ledger.settle(connection, at)
        if not adopted.remove_channel(connection, agency, name):
            raise NotFound(f"{agency} has no channel '{name}'")
        ledger.append(connection, [_draft("channel_removed", agency, name, "", at, actor)], at=at)


def public_address(address: str) -> str:
    """Return what may be shown of an address: a mailbox as it is, of a URL only its kind (the rest may be a secret).

    >>> public_address("json://user:secret@host/path"), public_address("bnv@moha.example")
    ('json://…', 'bnv@moha.example')
    """
    scheme, separator, _ = address.partition("://")
    return f"{scheme}://…" if separator else address


def _draft(entry: str, agency: str, name: str, address: str, at: datetime, actor: str, **more: str | None) -> Draft:
    payload = {"agency": agency, "channel": name, "address": public_address(address), **more}
    return Draft(kind=entry, effective_at=at, actor=actor, payload=payload)
