"""Replaying: everything that entries make, folded in one pass over the ledger.

What is held grows with the tables, not with the ledger: an assignment, a reminder, an attempt is
what its last entry left of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tracker.domain.assignment import FOLDED, Assignment, fold
from tracker.domain.entry import Entry, Payload
from tracker.domain.evidence import proof_from
from tracker.domain.outbox import Outbox
from tracker.store import evidence


@dataclass(frozen=True, slots=True)
class Adoption:
    """An adoption as its entry tells it."""

    seq: int
    at: datetime
    payload: Payload


@dataclass(frozen=True, slots=True)
class Looked:
    """Up to which day the occurrences of a recurring task were looked for, and by which entry."""

    until: date
    seq: int


class Replay:
    """What entries made, taken one after the other from the first."""

    def __init__(self) -> None:
        self.assignments: dict[str, Assignment] = {}
        self.reckoned_at: dict[str, datetime] = {}
        self.outbox = Outbox()
        self.registries: list[Adoption] = []
        self.directives: list[Adoption] = []
        self.channels: dict[tuple[str, str], dict[str, Any]] = {}
        self.events: dict[int, dict[str, Any]] = {}
        self.deputies: dict[int, dict[str, Any]] = {}
        self.evidence: dict[str, dict[str, Any]] = {}
        self.proofs: dict[tuple[int, int], dict[str, Any]] = {}
        self.accounts: dict[str, dict[str, Any]] = {}
        self.looked: dict[str, Looked] = {}
        self.first: Entry | None = None
        self.last: Entry | None = None
        self.high_water: datetime | None = None

    def take(self, entry: Entry) -> None:
        """Go on by one entry. A kind that is not known here makes no row."""
        self.first = self.first or entry
        self.last = entry
        self.high_water = max(entry.recorded_at, self.high_water or entry.recorded_at)
        before, after = self._folded(entry)
        self.outbox.take(entry, before, after)
        match entry.kind:
            case "registry_adopted":
                self.registries.append(Adoption(entry.seq, entry.recorded_at, entry.payload))
            case "directive_adopted":
                self.directives.append(Adoption(entry.seq, entry.recorded_at, entry.payload))
            case "channel_set":
                self.channels[entry.payload["agency"], entry.payload["channel"]] = dict(entry.payload)
            case "channels_rekeyed":
                for said in entry.payload["channels"]:
                    self.channels[said["agency"], said["channel"]] |= said
            case "channel_removed":
                self.channels.pop((entry.payload["agency"], entry.payload["channel"]), None)
            case "event":
                self.events[entry.seq] = _event(entry)
            case "deputy_named":
                self.deputies[entry.seq] = _deputy(entry)
            case "deputy_ended":
                self.deputies[entry.payload["named"]]["until_day"] = date.fromisoformat(entry.payload["until"])
            case "account_made" | "account_changed" | "account_disabled" | "account_enabled":
                self._account(entry)
            case "evidence_added":
                self.evidence.setdefault(entry.payload["sha256"], _file(entry))
            case "submitted":
                self._report(entry)
            case "assigned" if after is not None and after.occurrence is not None:
                self._look(after.task, after.occurrence, entry.seq)
            case "looked_ahead":
                for task in entry.payload["tasks"]:
                    self._look(task, date.fromisoformat(entry.payload["until"]), entry.seq)

    def _folded(self, entry: Entry) -> tuple[Assignment | None, Assignment | None]:
        ref = entry.assignment
        if ref is None or entry.kind not in FOLDED:
            return None, None
        before = self.assignments.get(ref)
        after = self.assignments[ref] = fold(
            before,
            entry.kind,
            entry.payload,
            ref=ref,
            seq=entry.seq,
            effective_at=entry.effective_at,
            at=entry.recorded_at,
        )
        self.reckoned_at[ref] = entry.recorded_at
        return before, after

    def _account(self, entry: Entry) -> None:
        said, name = entry.payload, entry.payload["account"]
        row = self.accounts.setdefault(name, {"name": name, "made_at": entry.recorded_at, "disabled_at": None})
        row |= {"seq": entry.seq, **{key: said[key] for key in ("role", "office") if key in said}}
        if entry.kind in ("account_disabled", "account_enabled"):
            row["disabled_at"] = entry.recorded_at if entry.kind == "account_disabled" else None

    def _report(self, entry: Entry) -> None:
        proofs = [proof_from(one) for one in entry.payload.get("proofs") or ()]
        for row in evidence.proof_rows(entry.seq, entry.assignment or "", proofs):
            self.proofs[entry.seq, row["position"]] = row

    def _look(self, task: str, until: date, seq: int) -> None:
        known = self.looked.get(task)
        if known is None or until > known.until:
            self.looked[task] = Looked(until, seq)


def _event(entry: Entry) -> dict[str, Any]:
    said = entry.payload
    return {
        "seq": entry.seq,
        "directive": said["directive"],
        "name": said["event"],
        "day": date.fromisoformat(said["day"]),
        "agency": said["agency"] or "",
    }


def _deputy(entry: Entry) -> dict[str, Any]:
    said = entry.payload
    return {
        "seq": entry.seq,
        "agency": said["agency"],
        "deputy": said["deputy"],
        "from_day": date.fromisoformat(said["from"]),
        "until_day": date.fromisoformat(said["until"]),
    }


def _file(entry: Entry) -> dict[str, Any]:
    said: Mapping[str, Any] = {name: entry.payload[name] for name in ("sha256", "size", "media_type", "name")}
    return {**said, "stored_at": entry.recorded_at, "seq": entry.seq}
