"""What an entry of the journal says, kind by kind, in the reader's language; its payload as labelled lines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tracker.domain.agency import Registry
from tracker.notify.content import stage_name as ladder_stage
from tracker.notify.tongue import catalogue, day, weekday
from tracker.views.history import EntryRow
from tracker.views.rows import agency_name
from tracker.web.tokens import N_, token

KINDS: Mapping[str, str] = {
    "assigned": N_("Assigned"),
    "acknowledged": N_("Taken note"),
    "noted": N_("Took note of a reminder"),
    "started": N_("Work begun"),
    "submitted": N_("Result reported"),
    "returned": N_("Report returned"),
    "completed": N_("Report accepted"),
    "reopened": N_("Opened again"),
    "suspended": N_("Suspended"),
    "resumed": N_("Resumed"),
    "extension_requested": N_("More time asked for"),
    "extension_granted": N_("More time granted"),
    "extension_refused": N_("More time refused"),
    "moved_along": N_("Date moved with another task"),
    "contested": N_("“Not ours” said"),
    "contest_refused": N_("The task stays"),
    "transferred": N_("Transferred"),
    "excused": N_("Does not apply here"),
    "discontinued": N_("Discontinued"),
    "delegated": N_("Delegated"),
    "delegation_ended": N_("Taken back by the lead"),
    "withdrawn": N_("Withdrawn by an amendment"),
    "released": N_("Released: another agency did it"),
    "superseded": N_("Superseded"),
    "cut_off": N_("Cut off"),
    "reinstated": N_("Owed again"),
    "date_set": N_("Date set"),
    "waiting": N_("What it waits for changed"),
    "renamed": N_("Renamed"),
    "swept": N_("Looked at: a reminder came due"),
    "delivery": N_("Delivery of a reminder"),
    "reminder_closed": N_("Reminder not sent"),
    "reconciled": N_("Delivery settled after a restore"),
}
# what the tracker notes by itself, and a reader may fold away
QUIET = frozenset({"swept", "waiting", "delivery", "reminder_closed", "reconciled", "renamed"})
_LABELS: Mapping[str, str] = {
    "words": N_("What was done"),
    "done_on": N_("Done on"),
    "document": N_("Document"),
    "missing": N_("Still missing"),
    "why": N_("Why"),
    "instrument": N_("Instrument"),
    "day": N_("Last day"),
    "asked": N_("Asked for"),
    "proposed": N_("Proposed instead"),
    "to": N_("Delegated to"),
    "agreed_by": N_("Agreed by"),
    "until": N_("No reminder up to the end of"),
    "by": N_("Now owed as"),
    "with": N_("Moves with"),
    "waiting_for": N_("Waiting for"),
    "would_move": N_("Due by then, and dependent"),
}
_DAYS = frozenset({"done_on", "day", "asked", "until"})
_OFFICES = frozenset({"proposed", "to"})


@dataclass(frozen=True, slots=True)
class Told:
    """What an entry says: its kind in words, then label and text; `quiet` where nobody decided anything."""

    what: str
    rows: tuple[tuple[str, str], ...]
    quiet: bool


def kind_name(kind: str, language: str) -> str:
    """Return what an entry of a kind is called; one that the table lacks is written as it is.

    >>> kind_name("submitted", "en"), kind_name("store_made", "en")
    ('Result reported', 'store made')
    """
    return catalogue(language).gettext(KINDS[kind]) if kind in KINDS else kind.replace("_", " ")


def stage_name(stage: str, language: str) -> str:
    """Return what a mail of a stage is called; of a list or an alarm too.

    >>> stage_name("due", "en"), stage_name("received", "en")
    ('Due today', 'Received')
    """
    if stage in _STAGES:
        return catalogue(language).gettext(_STAGES[stage])
    return ladder_stage(stage, language)


_STAGES: Mapping[str, str] = {
    "unblocked": N_("You can start"),
    "returned": N_("Returned"),
    "accepted": N_("Accepted"),
    "received": N_("Received"),
    "date_changed": N_("Date changed"),
    "decided": N_("Decision"),
    "ended": N_("No longer owed"),
    "weekly": N_("Weekly list"),
    "monday": N_("Weekly report"),
    "alarm": N_("Alarm"),
}


def told(entry: EntryRow, language: str, registry: Registry) -> Told:
    """Return what an entry says, in a language."""
    rows = tuple(
        _sent(entry.payload, language) if entry.kind == "delivery" else _rows(entry.payload, language, registry)
    )
    return Told(kind_name(entry.kind, language), rows, entry.kind in QUIET)


def _rows(payload: Mapping[str, Any], language: str, registry: Registry) -> Iterator[tuple[str, str]]:
    words = catalogue(language)
    for name, label in _LABELS.items():
        value = payload.get(name)
        if value not in (None, "", [], ()):
            yield words.gettext(label), _shown(name, value, language, registry)
    limit = payload.get("limit")
    if limit and "day" not in payload:
        yield words.gettext("Last day"), weekday(date.fromisoformat(limit["last_day"]), language)
    for proof in payload.get("proofs", ()):
        yield words.gettext("Proof"), _proof(proof, language)


def _sent(payload: Mapping[str, Any], language: str) -> Iterator[tuple[str, str]]:
    words = catalogue(language)
    yield words.gettext("Outcome"), words.gettext(token("reminder", payload.get("outcome", "unknown")).word)
    if payload.get("detail"):
        yield words.gettext("Answer"), str(payload["detail"])
    if payload.get("with"):
        yield words.gettext("Sent together with"), ", ".join(map(str, payload["with"]))


def _shown(name: str, value: Any, language: str, registry: Registry) -> str:
    if name in _DAYS and isinstance(value, str):
        return weekday(date.fromisoformat(value), language)
    if name in _OFFICES:
        return agency_name(registry, str(value), language)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _proof(proof: Mapping[str, Any], language: str) -> str:
    dated = day(date.fromisoformat(proof["dated"]), language) if proof.get("dated") else None
    return ", ".join(filter(None, (proof.get("number"), dated, proof.get("sha256"))))
