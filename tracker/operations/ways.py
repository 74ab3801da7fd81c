"""Ways to agencies, opened just before something is sent: what was sealed is here in clear, and nowhere else."""

import json

from tracker.audit.vault import Vault, key_of
from tracker.domain.errors import TrackerError
from tracker.notify.way import APPRISE, MAIL, To, Way, public_address
from tracker.operations.secrets import vault_of
from tracker.settings import Settings
from tracker.store.adopted import Channel
from tracker.store.store import Store


def bound_to(channel: Channel) -> tuple[str, ...]:
    """Return what a channel's secret belongs to: moved to another row or address it opens no more."""
    return ("channel", channel.agency, channel.name, channel.kind, channel.address)


class Ways:
    """What opens the channels of a store; it reads the key once, and again where a newer one is asked for."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings
        self._vault: Vault | None = None

    def of(self, channel: Channel) -> To:
        """Return where a channel leads; what cannot be opened is a way with its trouble. Never raises.

        A mailbox is its address; so nobody who sends only mail need know of ways.
        """
        if channel.secret is None:
            return _unsealed(channel)
        try:
            plain = self._open(channel)
            return Way(channel.kind, channel.address, json.loads(plain))
        except TrackerError as error:
            why = f"the secret of {channel.agency}'s channel '{channel.name}' cannot be opened: {error}"
            return Way(channel.kind, channel.address, trouble=why)

    def _open(self, channel: Channel) -> str:
        sealed = str(channel.secret)
        if self._vault is None or key_of(sealed) not in self._vault.key_ids:
            self._vault = vault_of(self._store, self._settings)
        return self._vault.open(sealed, bound=bound_to(channel))


def _unsealed(channel: Channel) -> To:
    if channel.kind == MAIL and "://" not in channel.address:
        return channel.address
    if "://" in channel.address:  # of the time before secrets were sealed
        return Way(APPRISE, public_address(channel.address), {"url": channel.address})
    why = f"{channel.agency}'s channel '{channel.name}' has lost its secret: set it again"
    return Way(channel.kind, channel.address, trouble=why)
