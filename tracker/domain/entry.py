"""Entries: one recorded fact each, never edited, linked by hash to the one before.

The bytes that are hashed are the canonical JSON (RFC 8785) of the whole entry. Payloads hold
only text, integers, booleans, null, lists and objects with ASCII keys; for those, sorted keys
without spaces *are* the canonical form, and a test holds that against an RFC 8785 library.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, NamedTuple

GENESIS = "0" * 64
Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A fact about to be recorded: its kind, when it is said to have happened, who says so, about which assignment."""

    kind: str
    effective_at: datetime
    actor: str
    assignment: str | None = None
    payload: Payload = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A recorded fact: its position, the server's instant, the draft's words, the canonical text, both hashes."""

    seq: int
    recorded_at: datetime
    effective_at: datetime
    actor: str
    assignment: str | None
    kind: str
    payload: Payload
    body: str
    previous: str
    hash: str


class Record(NamedTuple):
    """An entry as the database holds it: its instants are stamps, its payload is not read until it is asked for."""

    seq: int
    recorded_at: str
    effective_at: str
    actor: str
    assignment: str | None
    kind: str
    body: str
    previous: str
    hash: str

    @property
    def payload(self) -> Payload:
        """Return the payload in the hashed text."""
        found: Payload = json.loads(self.body)["payload"]
        return found


# the encoder is kept: `json.dumps` would make one for every entry
written = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


_quoted = json.encoder.encode_basestring


def canonical(document: Mapping[str, Any]) -> str:
    """Return the canonical JSON text of a document.

    >>> canonical({"b": "Đ", "a": [1, None, True]})
    '{"a":[1,null,true],"b":"Đ"}'
    """
    return written(document)


def body_of(draft: Draft, *, seq: int, recorded_at: datetime) -> str:
    """Return the canonical text of the entry a draft becomes at a position and an instant."""
    return canonical(
        {
            "actor": draft.actor,
            "assignment": draft.assignment,
            "effective_at": stamp(draft.effective_at),
            "kind": draft.kind,
            "payload": draft.payload,
            "recorded_at": stamp(recorded_at),
            "seq": seq,
        }
    )


@dataclass(frozen=True, slots=True)
class Frame:
    """The canonical text of entries that are alike but for the assignment they are about and their position.

    What is between the two is written once; a test holds it against `body_of`.
    """

    draft: Draft
    before: str
    after: str

    def body(self, assignment: str, seq: int) -> str:
        """Return the canonical text of the entry about an assignment at a position."""
        return f"{self.before}{_quoted(assignment)}{self.after}{seq}}}"


def frame_of(draft: Draft, *, recorded_at: datetime) -> Frame:
    """Return the frame of the entries that say what a draft says, each of an assignment of its own."""
    before = canonical({"actor": draft.actor, "assignment": ""})
    after = canonical(
        {
            "effective_at": stamp(draft.effective_at),
            "kind": draft.kind,
            "payload": draft.payload,
            "recorded_at": stamp(recorded_at),
            "seq": 0,
        }
    )
    return Frame(draft, before.removesuffix('""}'), f",{after[1:].removesuffix('0}')}")


def is_alike(draft: Draft, other: Draft) -> bool:
    """Return whether two drafts give the same duty, each to an agency of its own.

    Each name in the payload of an `assigned` has values of one type: what is equal there is written alike.
    """
    mine, theirs = draft.payload, other.payload
    return (
        draft.kind == other.kind == "assigned"
        and (draft.actor, draft.effective_at) == (other.actor, other.effective_at)
        and {**mine, "agency": theirs["agency"]} == theirs
    )


def bodies_of(drafts: Iterable[Draft], *, first: int, recorded_at: datetime) -> Iterator[str]:
    """Yield the canonical texts of the entries that drafts become, from a position on; what `body_of` says of each.

    One that is like the one before takes its words: so a fan-out is written in a fourth of the time.
    """
    last: tuple[Draft, tuple[str, str, str]] | None = None
    for seq, draft in enumerate(drafts, first):
        if draft.kind != "assigned" or draft.assignment is None:
            yield body_of(draft, seq=seq, recorded_at=recorded_at)
            continue
        if last is None or not is_alike(draft, last[0]):
            last = draft, _pieces(draft, recorded_at)
        before, between, after = last[1]
        yield f"{before}{_quoted(draft.assignment)}{between}{_quoted(draft.payload['agency'])}{after}{seq}}}"


def _pieces(draft: Draft, recorded_at: datetime) -> tuple[str, str, str]:
    """Return the canonical text of an entry before its assignment, between that and its agency, and up to its seq."""
    frame = frame_of(draft, recorded_at=recorded_at)
    between, found, after = frame.after.partition(f'"payload":{{"agency":{_quoted(draft.payload["agency"])}')
    assert found
    return frame.before, f'{between}"payload":{{"agency":', after


def link(previous: str, body: str) -> str:
    """Return the hash (64 hex digits) that binds an entry's canonical text to the hash before it.

    >>> link(GENESIS, "{}")[:16]
    '5649d09ed68c1715'
    """
    return sha256(f"{previous}\n{body}".encode()).hexdigest()


def stamp(at: datetime) -> str:
    """Return an aware instant as UTC text with microseconds; the one form of time in the ledger.

    >>> stamp(datetime(2025, 8, 11, 1, tzinfo=UTC))
    '2025-08-11T01:00:00.000000Z'
    """
    if at.tzinfo is None:
        raise ValueError("an instant must be aware")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def instant(text: str) -> datetime:
    """Return the aware UTC instant of a stamp."""
    return datetime.fromisoformat(text)
