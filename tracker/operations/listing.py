"""Lists as files: the writers of `files` for whoever has rows, and the identities that stay the same in all of them."""

from hashlib import sha256

from tracker.files.feeds import Deadline, Feed, News, atom_pieces, calendar_pieces
from tracker.files.listing import Column, Kind, Listing, Value, csv_pieces, json_pieces, xlsx_pieces
from tracker.notify.wire import ascii_domain
from tracker.settings import Settings

__all__ = [
    "Column",
    "Deadline",
    "Feed",
    "Kind",
    "Listing",
    "News",
    "Value",
    "atom_pieces",
    "calendar_pieces",
    "csv_pieces",
    "event_id",
    "json_pieces",
    "tag",
    "xlsx_pieces",
]


def event_id(assignment: str, settings: Settings) -> str:
    """Return the identity of a deadline in every calendar: the one of the event that went with its mail."""
    return f"{sha256(assignment.encode()).hexdigest()[:32]}@{_domain(settings)}"


def tag(what: str, settings: Settings) -> str:
    """Return the identity of a thing in feeds (RFC 4151): it stays when the pages move.

    >>> tag("2025/412-tb-vpcp/report/BNV", Settings())
    'tag:directives.example,2025:2025/412-tb-vpcp/report/BNV'
    """
    return f"tag:{_domain(settings)},2025:{what}"


def _domain(settings: Settings) -> str:
    return ascii_domain(settings.sender).rpartition("@")[2]
