"""The outbox as entries tell it: a look makes reminders, attempts and moves end them.

Verbs, views of the past and `rebuild` use these rules alike. What no entry says is the lease of an
attempt under way; every attempt that ended has an entry.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from tracker.domain.announcement import ENDED, news
from tracker.domain.assignment import Assignment
from tracker.domain.cap import why_suppressed
from tracker.domain.entry import Entry, Payload, canonical, instant
from tracker.domain.ladder import stage_of
from tracker.domain.lifecycle import BY_KIND
from tracker.domain.patience import after_attempt
from tracker.domain.standing import SETTLED, Progress

NO_CHANNEL = "none"
NO_WAY = "the agency has no channel: set one with 'tracker channel set'"
# an assignment that rests or is reported is not chased
QUIET = SETTLED | {Progress.SUBMITTED, Progress.SUSPENDED}
ALARM, ALARMED = "alarm", "alarmed"
OVER = "e1|"  # how the key begins of what tells that nothing is owed any more
HELD, RELEASED, DROPPED = "reminders_held", "released_hold", "dropped_hold"
# what goes whatever happened, and is never held back for an operator
URGENT = frozenset({"due", "overdue", "escalated", ALARM})
# what ladders tell; it leaves in one mail with others that one office is owed on one channel, and so does what is
# owed no longer, since an amendment may end thirty tasks at once; everything else goes alone
BUNDLED = frozenset({"assigned", "before", "half", "due", "overdue", "escalated", "review"})
TOGETHER = BUNDLED | {ENDED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A reminder as entries tell it; `due_at` is when it is tried next, `attempts` how many ended."""

    key: str
    reference: str
    assignment: str
    rung: str
    stage: str
    version: int
    agency: str
    channel: str
    moment: datetime
    made_at: datetime
    state: str
    due_at: datetime | None
    why: str | None
    attempts: int = 0
    bundle: str | None = None
    hold: str | None = None
    payload: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """An attempt that ended, as its entry tells it; entries before issue 4 did not say how it began."""

    reference: str
    attempt: int
    message_id: str
    outcome: str
    code: int | None
    detail: str | None
    finished_at: datetime
    seq: int
    started_at: datetime | None
    address: str | None


class Outbox:
    """Every reminder, folded from entries taken in their order."""

    def __init__(self) -> None:
        self.reminders: dict[str, Told] = {}
        self.attempts: dict[tuple[str, int], Tried] = {}
        self._channels: dict[str, set[str]] = {}
        self._pending: dict[str, set[str]] = {}

    def take(self, entry: Entry, before: Assignment | None, after: Assignment | None) -> None:
        """Go on by one entry; `before` and `after` are the assignment it is about, where it changes one."""
        match entry.kind:
            case "channel_set":
                self._channels.setdefault(entry.payload["agency"], set()).add(entry.payload["channel"])
            case "channel_removed":
                self._channels.get(entry.payload["agency"], set()).discard(entry.payload["channel"])
            case "delivery":
                self._attempted(entry)
            case "reminder_closed" | "reconciled":
                self._close(entry.payload["reminder"], entry.payload["state"], entry.payload["why"])
            case "listed":
                for told in self._listed(entry):
                    self._put(self.reminders.setdefault(told.reference, told))
            case "alarmed":
                self._alarmed(entry)
            case "reminders_held" | "released_hold" | "dropped_hold":
                self._held(entry)
        if after is None:
            return
        if entry.kind == "swept" and entry.payload["rung"] is not None:
            for told in self._made(entry, after):
                self._put(self.reminders.setdefault(told.reference, told))
        if before is not None and (why := void_since(before, after, entry.kind, entry.payload)):
            for reference in sorted(self._pending.get(after.ref, ())):
                self._close(reference, "cancelled", why)
        if before is not None and "notice" in entry.payload:
            for told in self._announced(entry, before, after):
                self._put(self.reminders.setdefault(told.reference, told))

    def _made(self, entry: Entry, assignment: Assignment) -> Iterator[Told]:
        caps = {(one["agency"], one["channel"]): one["cap"] for one in entry.payload.get("suppressed", ())}
        for rung, moment, agencies in tellings(entry.payload, assignment):
            for agency in agencies:
                for channel in sorted(self._channels.get(agency, ())) or [NO_CHANNEL]:
                    yield made(
                        assignment,
                        rung,
                        agency=agency,
                        channel=channel,
                        moment=moment,
                        at=entry.recorded_at,
                        cap=caps.get((agency, channel)),
                    )

    def _announced(self, entry: Entry, before: Assignment, after: Assignment) -> Iterator[Told]:
        said = news(before, after, entry.kind, entry.payload, actor=entry.actor, at=entry.recorded_at, seq=entry.seq)
        notice = entry.payload["notice"]
        for agency in notice["to"]:
            for channel in sorted(self._channels.get(agency, ())) or [NO_CHANNEL]:
                yield announcement(after, notice["stage"], said, agency=agency, channel=channel, at=entry.recorded_at)

    def _listed(self, entry: Entry) -> Iterator[Told]:
        for agency in entry.payload["to"]:
            for channel in sorted(self._channels.get(agency, ())) or [NO_CHANNEL]:
                yield listed(entry.payload, agency=agency, channel=channel, at=entry.recorded_at)

    def _attempted(self, entry: Entry) -> None:
        attempt, said = tried_from(entry), entry.payload
        self.attempts[attempt.reference, attempt.attempt] = attempt
        state, due_at, why = after_attempt(
            attempt.outcome, attempt.detail, attempt=attempt.attempt, at=entry.recorded_at
        )
        if "state" in said:  # so that patience may change, and old entries tell the same for ever
            state, why = said["state"], attempt.detail if said["state"] != "accepted" else None
            due_at = instant(said["retry_at"]) if said["retry_at"] else None
        elif due_at is not None and said.get("retry_at"):  # entries before issue 5 did not say it
            due_at = instant(said["retry_at"])
        ended: dict[str, Any] = {"state": state, "due_at": due_at, "why": why, "bundle": said.get("bundle")}
        for known in filter(None, map(self.reminders.get, mentioned(said))):
            # who comes back after its lease changes nothing but the attempt
            told = known if said.get("after_lease") else replace(known, **ended)
            self._put(replace(told, attempts=max(told.attempts, attempt.attempt)))

    def _alarmed(self, entry: Entry) -> None:
        names = sorted(self._channels.get(entry.payload["to"], ())) or [NO_CHANNEL]
        for new in alarms(entry.payload, names, at=entry.recorded_at):
            known = self.reminders.get(new.reference)
            more = replace(known, payload=alarmed(known.payload, entry.payload["reminders"])) if known else new
            self._put(more)

    def _held(self, entry: Entry) -> None:
        why = entry.payload.get("why")
        for told in filter(None, map(self.reminders.get, entry.payload["reminders"])):
            if entry.kind == HELD:
                self._put(replace(told, state="held", due_at=None, hold=why))
            elif entry.kind == RELEASED:
                hold = entry.payload.get("hold", told.hold)  # what failed and was let go once more says so
                self._put(replace(told, state="pending", due_at=entry.recorded_at, hold=hold))
            else:
                self._close(told.reference, "cancelled", str(why))

    def _close(self, reference: str, state: str, why: str) -> None:
        told = self.reminders.get(reference)
        if told is not None:
            self._put(replace(told, state=state, due_at=None, why=why))

    def _put(self, told: Told) -> None:
        self.reminders[told.reference] = told
        pending = self._pending.setdefault(told.assignment, set())
        if told.state in ("pending", "held") and told.stage in BUNDLED:  # what is told at once is not made void
            pending.add(told.reference)
        else:
            pending.discard(told.reference)


def tellings(payload: Payload, assignment: Assignment) -> Iterator[tuple[str, datetime, tuple[str, ...]]]:
    """Yield each rung that a look tells, its moment, and who is told.

    Those its entry names in `to`, else the agency that answers; what is told to others in the same
    look, such as one level further up, stands in `also`.
    """
    yield payload["rung"], instant(payload["moment"]), tuple(payload.get("to", (assignment.agency,)))
    for more in payload.get("also", ()):
        yield more["rung"], instant(more["moment"]), tuple(more["to"])


def made(
    assignment: Assignment,
    rung: str,
    *,
    agency: str,
    channel: str,
    moment: datetime,
    at: datetime,
    cap: int | None = None,
) -> Told:
    """Return a new reminder; one to an agency without a channel has failed, for a person to see.

    One more than a `cap` of mails a day is made, and suppressed.
    """
    key = reminder_key(assignment, rung, agency, channel)
    state, why = "pending", None
    if channel == NO_CHANNEL:
        state, why = "failed", NO_WAY
    elif cap is not None:
        state, why = "suppressed", why_suppressed(cap)
    return Told(
        key=key,
        reference=reference_of(key),
        assignment=assignment.ref,
        rung=rung,
        stage=stage_of(rung),
        version=assignment.version,
        agency=agency,
        channel=channel,
        moment=moment,
        made_at=at,
        state=state,
        due_at=at if state == "pending" else None,
        why=why,
    )


def announcement(assignment: Assignment, stage: str, said: Payload, *, agency: str, channel: str, at: datetime) -> Told:
    """Return the row by which an office is told of an entry; `said` is what its notice says beside the assignment."""
    told = _at_once("n1", stage, str(said["seq"]), said, agency=agency, channel=channel, at=at)
    if stage == ENDED:  # known by what ended, not by its entry: after a restore another one says the same
        key = f"{OVER}{assignment.ref}|{assignment.version}|{agency}|{channel}"
        told = replace(told, key=key, reference=reference_of(key))
    return replace(told, assignment=assignment.ref, version=assignment.version)


def listed(payload: Payload, *, agency: str, channel: str, at: datetime) -> Told:
    """Return the row by which an office is sent the list, of a stage and a day, that an entry tells of."""
    return _at_once("l1", payload["stage"], payload["day"], payload["said"], agency=agency, channel=channel, at=at)


def _at_once(form: str, stage: str, mark: str, said: Payload, *, agency: str, channel: str, at: datetime) -> Told:
    key = f"{form}|{stage}|{mark}|{agency}|{channel}"  # its form is frozen, like that of a reminder's key
    pending = channel != NO_CHANNEL
    return Told(
        key=key,
        reference=reference_of(key),
        assignment="",
        rung=f"{stage}-{mark}",
        stage=stage,
        version=0,
        agency=agency,
        channel=channel,
        moment=at,
        made_at=at,
        state="pending" if pending else "failed",
        due_at=at if pending else None,
        why=None if pending else NO_WAY,
        payload=canonical(said),
    )


def alarms(payload: Payload, channels: Iterable[str], *, at: datetime) -> Iterator[Told]:
    """Yield the reminders that tell an office, on each of its channels, of others that failed."""
    for channel in channels:
        key = f"l1|{ALARM}|{payload['rung']}|{payload['to']}|{channel}"
        reachable = channel != NO_CHANNEL
        yield Told(
            key=key,
            reference=reference_of(key),
            assignment="",
            rung=payload["rung"],
            stage=ALARM,
            version=0,
            agency=payload["to"],
            channel=channel,
            moment=at,
            made_at=at,
            state="pending" if reachable else "failed",
            due_at=instant(payload["due_at"]) if reachable else None,
            why=None if reachable else NO_WAY,
            payload=alarmed("{}", payload["reminders"]),
        )


def alarmed(payload: str, failed: Iterable[str]) -> str:
    """Return the payload of an alarm with more reminders that failed.

    >>> alarmed(alarmed("{}", ["ntf-b"]), ["ntf-a", "ntf-b"])
    '{"failed":["ntf-b","ntf-a"]}'
    """
    known = json.loads(payload).get("failed", [])
    return json.dumps({"failed": list(dict.fromkeys([*known, *failed]))}, separators=(",", ":"))


def mentioned(payload: Payload) -> tuple[str, ...]:
    """Return the reminders an attempt was about: the one it names, and those that left in the same mail."""
    return (payload["reminder"], *payload.get("with", ()))


def tried_from(entry: Entry) -> Tried:
    """Return the attempt whose end an entry records."""
    said = entry.payload
    return Tried(
        reference=said["reminder"],
        attempt=said["attempt"],
        message_id=said["message_id"],
        outcome=said["outcome"],
        code=said["code"],
        detail=said["detail"],
        finished_at=entry.recorded_at,
        seq=entry.seq,
        started_at=instant(said["started_at"]) if "started_at" in said else None,
        address=said.get("address"),
    )


def void_since(before: Assignment, after: Assignment, kind: str, payload: Payload) -> str | None:
    """Return why what was not sent yet has nothing left to say after an entry; None where it still has."""
    quiet = after.facts.progress in QUIET and kind in BY_KIND
    if not quiet and after.version == before.version:
        return None
    match kind:
        case "cut_off":
            return "its cut-off passed before it was sent"
        case "released":
            return "done by another agency before it was sent"
        case "superseded" if payload["why"].startswith("handed on"):
            return "handed on before it was sent"
        case "date_set" if "why" not in payload:
            return "withdrawn or changed before it was sent"
        case "withdrawn" | "superseded" | "reinstated":
            return "withdrawn or changed before it was sent"
    return f"{kind} before it was sent" if quiet else "its date moved before it was sent"


def reminder_key(assignment: Assignment, rung: str, agency: str, channel: str) -> str:
    """Return the once-only key of a reminder."""
    return key_of(assignment.ref, rung, assignment.version, agency, channel)


def key_of(assignment: str, rung: str, version: int, agency: str, channel: str) -> str:
    """Return the once-only key of a reminder. Its form is frozen: another form would send everything again."""
    return f"r1|{assignment}|{rung}|{version}|{agency}|{channel}"


def reference_of(key: str) -> str:
    """Return the short reference a reminder carries everywhere, the same for every attempt.

    >>> reference_of("r1|2025/412-tb-vpcp/service-portal/BNV|due|1|BNV|mail")
    'ntf-jjqor36urcab2'
    """
    first = sha256(key.encode()).digest()[:10]  # sixteen characters, of which thirteen are taken
    return "ntf-" + base64.b32encode(first)[:13].decode().lower()


def bundle_of(keys: Iterable[str]) -> str:
    """Return the key of the mail in which several reminders leave, whatever order they come in.

    >>> bundle_of(["b", "a"]) == bundle_of(["a", "b"])
    True
    """
    return "b1|" + sha256("\n".join(sorted(keys)).encode()).hexdigest()
