"""A way to reach somebody: its kind, what may be shown of its address, and the fields nobody is shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field

MAIL, WEBHOOK, APPRISE = "mail", "webhook", "apprise"


@dataclass(frozen=True, slots=True)
class Way:
    """Where a message goes. `address` may stand in any log; `fields`, with the secrets, are in no repr.

    `trouble` is what keeps us from using it, a sentence without a secret: the message waits meanwhile.
    """

    kind: str
    address: str
    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    trouble: str | None = None


To = Way | str


def way_to(channel: To) -> Way:
    """Return a way as it is; of a text, that to a mailbox, or by a URL of the old form.

    >>> way_to("bnv@moha.example").address, way_to("json://user:secret@host/path")
    ('bnv@moha.example', Way(kind='apprise', address='json://…', trouble=None))
    """
    if isinstance(channel, Way):
        return channel
    if "://" in channel:
        return Way(APPRISE, public_address(channel), {"url": channel})
    return Way(MAIL, channel)


def public_address(channel: To) -> str:
    """Return what may be shown of an address: a mailbox as it is, of a URL only its kind (the rest may be a secret).

    >>> public_address("json://user:secret@host/path"), public_address("bnv@moha.example")
    ('json://…', 'bnv@moha.example')
    """
    if isinstance(channel, Way):
        return channel.address
    scheme, separator, _ = channel.partition("://")
    return f"{scheme}://…" if separator else channel
