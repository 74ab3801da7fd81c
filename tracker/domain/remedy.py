"""Remedies: what a person can do about a reminder that was not delivered, or waits; a code for the faces to word."""

from typing import Literal

from tracker.domain.outbox import NO_CHANNEL

Remedy = Literal["set-channel", "fix-channel", "try-again", "fix-address", "decide", "none"]
RETRIED = (
    "let go once more"  # the hold of what had failed and a person let go: it has one more try, whatever came before
)
_GONE = "has no channel"
_OURS = "configuration"


def remedy(state: str, *, channel: str, why: str | None, outcome: str | None = None) -> Remedy:
    """Return what can be done about a reminder; `outcome` is how its last attempt ended.

    >>> remedy("failed", channel="none", why="the agency has no channel")
    'set-channel'
    >>> remedy("failed", channel="mail", why="550 no such user", outcome="permanent")
    'fix-address'
    >>> remedy("failed", channel="mail", why="no answer", outcome="temporary"), remedy("held", channel="m", why=None)
    ('try-again', 'decide')
    """
    if state == "held":
        return "decide"
    if state != "failed":
        return "none"
    said = why or ""
    if channel == NO_CHANNEL or _GONE in said:
        return "set-channel"
    if said.startswith(_OURS):
        return "fix-channel"
    return "fix-address" if outcome == "permanent" else "try-again"


def may_retry(state: str, *, channel: str) -> bool:
    """Return whether a reminder can be tried once more: it failed, and there was a channel to fail on."""
    return state == "failed" and channel != NO_CHANNEL
