"""Changes of dates: every time an assignment got another last day, with the reason its entries give.

What the list shows is read from the entries alone, one assignment at a time, so that an export, a page
and an auditor's own script agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tracker.domain.entry import Entry, instant

# the kinds of entry that can set a last day; the first only begins
DATING = frozenset({"assigned", "reinstated", "date_set", "extension_granted", "moved_along", "resumed"})
# and those whose words explain a later one
EXPLAINING = frozenset({"extension_requested", "suspended"})
KINDS = DATING | EXPLAINING

AMENDED = "the directive was amended"
AGAIN = "the directive holds it again"


@dataclass(frozen=True, slots=True, kw_only=True)
class DateChange:
    """One change of a last day. `old` is None where there was no date yet, `new` where there is none any more.

    `first` is the first last day the assignment ever had. `expired`: the old date had passed when it was changed.
    """

    ref: str
    seq: int
    kind: str
    recorded_at: datetime
    effective_at: datetime
    actor: str
    old: date | None
    new: date | None
    first: date | None
    why: str
    instrument: str | None
    expired: bool

    @property
    def days(self) -> int | None:
        """Return by how many days the date moved; None where it was set or taken away."""
        return (self.new - self.old).days if self.old and self.new else None


@dataclass(slots=True)
class Trail:
    """The dates of one assignment, entry by entry."""

    limit: Mapping[str, Any] | None = None
    first: date | None = None
    _said: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def take(self, entry: Entry) -> DateChange | None:
        """Return the change that an entry makes, or None where the last day stays as it is."""
        if entry.kind in EXPLAINING:
            self._said[entry.kind] = entry.payload
        if entry.kind not in DATING or "limit" not in entry.payload:
            return None
        before, self.limit = self.limit, entry.payload["limit"]
        old, new = _last_day(before), _last_day(self.limit)
        self.first = self.first or new
        if entry.kind == "assigned" or old == new:
            return None
        return DateChange(
            ref=entry.assignment or "",
            seq=entry.seq,
            kind=entry.kind,
            recorded_at=entry.recorded_at,
            effective_at=entry.effective_at,
            actor=entry.actor,
            old=old,
            new=new,
            first=self.first,
            why=self._why(entry, old),
            instrument=entry.payload.get("instrument") or self._asked(entry).get("instrument"),
            expired=before is not None and instant(before["late_from"]) <= entry.recorded_at,
        )

    def _asked(self, entry: Entry) -> Mapping[str, Any]:
        """Return the words that led to this change: of the request, or of the order to rest."""
        led = {"extension_granted": "extension_requested", "resumed": "suspended"}.get(entry.kind, "")
        return self._said.get(led, {})

    def _why(self, entry: Entry, old: date | None) -> str:
        said = entry.payload.get("why") or self._asked(entry).get("why")
        if said:
            return str(said)
        if entry.kind == "moved_along":
            return f"it moves with {entry.payload.get('with')}"
        if entry.kind == "reinstated":
            return AGAIN
        if entry.kind == "date_set" and old is None and entry.payload.get("anchored_on"):
            return f"it counts from {entry.payload.get('anchor')} on {entry.payload['anchored_on']}"
        return AMENDED if entry.kind == "date_set" else ""


def _last_day(limit: Mapping[str, Any] | None) -> date | None:
    return date.fromisoformat(limit["last_day"]) if limit else None
