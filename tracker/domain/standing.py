"""Standing: what is true of an assignment at an instant, with the reason in one sentence.

Progress says what happened; standing is reckoned from it. Lateness is measured on the day a
report was *received*: a report that came in time is never overdue while it awaits review.
The six cells are the four official ones (completed on time, completed late, open in time, open
overdue) plus undated and closed out; every assignment is in exactly one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import takewhile

from tracker.domain.calendar import Calendar, Span, civil_day
from tracker.domain.ladder import Ladder, Moment
from tracker.domain.limit import Limit
from tracker.domain.moments import announcement, dated_moments, review_days, review_moments
from tracker.domain.period import unresolved_reason
from tracker.domain.phrase import Phrase, Value
from tracker.domain.rule import Anchor
from tracker.domain.text import Text


class Progress(StrEnum):
    """What happened to an assignment, by the entries of the ledger."""

    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    IN_PROGRESS = "in_progress"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    COMPLETED = "completed"
    SUSPENDED = "suspended"
    NOT_APPLICABLE = "not_applicable"
    DISCONTINUED = "discontinued"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


CLOSED_OUT = frozenset({Progress.NOT_APPLICABLE, Progress.DISCONTINUED, Progress.SUPERSEDED, Progress.EXPIRED})
SETTLED = CLOSED_OUT | {Progress.COMPLETED}

# why an assignment was closed out, where nobody wrote more
_CLOSED = {
    Progress.NOT_APPLICABLE: Text(
        vi="không áp dụng đối với cơ quan này", en="not applicable to this agency", fr="sans objet pour ce service"
    ),
    Progress.DISCONTINUED: Text(vi="dừng thực hiện", en="discontinued", fr="abandonnée"),
    Progress.SUPERSEDED: Text(
        vi="đã được thay thế bằng văn bản chỉ đạo sau",
        en="superseded by a later directive",
        fr="remplacée par une instruction ultérieure",
    ),
    Progress.EXPIRED: Text(vi="đã quá thời điểm chốt", en="its cut-off passed", fr="date butoir dépassée"),
}
_LESS_THAN_A_DAY = Text(vi="chưa đầy 1 ngày", en="less than a day", fr="moins d’un jour")


class Cell(StrEnum):
    """Where an assignment is counted; the six cells add up to all assignments, always."""

    ON_TIME = "completed_on_time"
    LATE = "completed_late"
    IN_TIME = "open_in_time"
    OVERDUE = "open_overdue"
    UNDATED = "undated"
    CLOSED_OUT = "closed_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the ledger says of one assignment up to the instant being reckoned.

    `anchor` is the task or event its date is counted from, `anchored_on` the day that came; without
    the day, the date is not known yet. A completion has three times: done (`done_on`, as the agency says),
    received, accepted; lateness is measured on received. `answered_at` is the agency's last sign of life;
    until the end of `snoozed_until` it is not reminded before the deadline.
    """

    progress: Progress
    assigned_at: datetime
    touched_at: datetime
    limit: Limit | None = None
    review: Span | None = None
    received_at: datetime | None = None
    returned_at: datetime | None = None
    missing: str | None = None
    why: str | None = None
    waiting_for: tuple[str, ...] = ()
    anchor: Anchor | None = None
    anchored_on: date | None = None
    done_on: date | None = None
    accepted_at: datetime | None = None
    suspended_at: datetime | None = None
    answered_at: datetime | None = None
    snoozed_until: date | None = None

    @property
    def is_unresolved(self) -> bool:
        """Return whether the date waits for a task or an event."""
        return self.anchor is not None and self.anchored_on is None

    @property
    def is_reported_done(self) -> bool:
        """Return whether the source itself says that the duty was done: nobody reported it to us."""
        return self.progress == Progress.COMPLETED and self.why is not None

    def is_void(self, at: datetime) -> bool:
        """Return whether a cut-off passed with nothing received."""
        limit = self.limit
        open_still = self.progress not in SETTLED and self.progress != Progress.SUBMITTED
        return limit is not None and limit.cutoff and at >= limit.late_from and open_still


@dataclass(frozen=True, slots=True)
class Standing:
    """A standing by its name, the cell it counts in, and its reason."""

    name: str
    cell: Cell
    reason: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What reckoning needs beside the facts: the calendar, how soon is soon, the ladder (None: no reminders)."""

    calendar: Calendar
    due_soon: Span
    ladder: Ladder | None = None


def standing(facts: Facts, *, at: datetime, policy: Policy) -> Standing:
    """Return what is true of an assignment at an instant, and why."""
    if facts.is_void(at) or (facts.progress == Progress.EXPIRED and facts.limit is not None):
        assert facts.limit is not None
        return Standing("closed_out", Cell.CLOSED_OUT, Phrase("cut_off", {"last_day": facts.limit.last_day}))
    if facts.progress in CLOSED_OUT:
        why = facts.why or _CLOSED[facts.progress]
        return Standing("closed_out", Cell.CLOSED_OUT, Phrase("closed_out", {"why": why}))
    if facts.progress == Progress.COMPLETED:
        return _completed(facts, policy)
    if facts.progress == Progress.SUSPENDED and facts.suspended_at is not None:
        return _suspended(facts, facts.suspended_at, policy)
    if facts.limit is None:
        return _undated(facts, at, policy)
    if facts.progress == Progress.SUBMITTED:
        return _submitted(facts, facts.limit)
    if at >= facts.limit.late_from:
        return Standing("overdue", Cell.OVERDUE, _why_overdue(facts, facts.limit, at))
    return _in_time(facts, facts.limit, at, policy)


def next_moment(facts: Facts, *, at: datetime, policy: Policy, told: datetime | None) -> datetime | None:
    """Return when an assignment next needs a look: a rung not yet told, or a turn of its standing after `at`.

    `told` is the moment of the last rung dealt with. None: it never changes by itself.
    """
    if facts.progress in SETTLED or facts.progress == Progress.SUBMITTED:
        return None
    if facts.progress == Progress.SUSPENDED and not (facts.limit and facts.limit.cutoff):
        return None  # the clock stands still, but a cut-off makes void all the same
    coming = [instant for instant in _turns(facts, policy) if instant > at]
    if facts.limit is not None and facts.is_void(at):
        coming.append(facts.limit.late_from)  # not closed out yet: it is looked at as soon as may be
    untold = (moment.at for moment in moments(facts, policy, since=told) if told is None or moment.at > told)
    if (rung := next(untold, None)) is not None:
        coming.append(rung)
    return min(coming, default=None)


def moments(facts: Facts, policy: Policy, *, since: datetime | None = None) -> Iterator[Moment]:
    """Yield the reminder moments of an assignment that is still to be done, in order; may be without end.

    Who asks only for what comes after `since` need not be given what comes daily before it.
    """
    if policy.ladder is None or facts.progress in SETTLED | {Progress.SUBMITTED, Progress.SUSPENDED}:
        return
    calendar = policy.calendar
    if facts.limit is not None:
        found = dated_moments(
            policy.ladder,
            facts.limit,
            assigned_at=facts.assigned_at,
            calendar=calendar,
            answered_at=facts.answered_at,
            since=since,
        )
        if facts.snoozed_until is not None:
            found = _awake(found, facts.snoozed_until, calendar)
        end = facts.limit.late_from if facts.limit.cutoff else None  # nobody is chased for what is void
        yield from found if end is None else takewhile(lambda moment: moment.at < end, found)
    elif facts.review is not None:
        yield from review_moments(
            policy.ladder,
            facts.review,
            assigned_at=facts.assigned_at,
            touched_at=facts.touched_at,
            calendar=calendar,
        )
    elif policy.ladder.announces:
        yield announcement(policy.ladder, facts.assigned_at, calendar)


def _awake(found: Iterator[Moment], until: date, calendar: Calendar) -> Iterator[Moment]:
    """Yield the moments that a snooze leaves: it puts off what comes before the deadline, never the rest."""
    for moment in found:
        if moment.stage not in ("before", "half") or calendar.civil_day(moment.at) > until:
            yield moment


def soon_from(limit: Limit, policy: Policy) -> datetime:
    """Return the instant from which an assignment is due soon: the day's first, counted from the last working day.

    Never before it opens.
    """
    calendar = policy.calendar
    soon = calendar.instant(calendar.shift(calendar.on_or_before(limit.last_day), policy.due_soon, sign=-1))
    return soon if limit.opens_at is None else max(soon, limit.opens_at)


def _completed(facts: Facts, policy: Policy) -> Standing:
    received = facts.received_at or facts.touched_at
    if facts.limit is None:
        day = policy.calendar.civil_day(received)
        if facts.is_reported_done:
            return Standing("completed_on_time", Cell.ON_TIME, Phrase("completed_reported", {"day": day}))
        return Standing("completed_on_time", Cell.ON_TIME, Phrase("completed_undated", {"day": day}))
    day = civil_day(facts.limit.zone, received)
    if received < facts.limit.late_from:
        return Standing("completed_on_time", Cell.ON_TIME, Phrase("completed_on_time", {"day": day}))
    late: dict[str, Value] = {"day": day, "late": _late(facts.limit, received)}
    return Standing("completed_late", Cell.LATE, Phrase("completed_late", late))


def _submitted(facts: Facts, limit: Limit) -> Standing:
    received = facts.received_at or facts.touched_at
    day = civil_day(limit.zone, received)
    if received < limit.late_from:
        return Standing("open", Cell.IN_TIME, Phrase("submitted", {"day": day}))
    late: dict[str, Value] = {"day": day, "late": _late(limit, received)}
    return Standing("overdue", Cell.OVERDUE, Phrase("submitted_late", late))


def _suspended(facts: Facts, since: datetime, policy: Policy) -> Standing:
    """Return where a suspended assignment stands: where it stood when work was ordered to rest."""
    values: dict[str, Value] = {"day": policy.calendar.civil_day(since), "why": facts.why or ""}
    if facts.limit is None:
        return Standing("undated", Cell.UNDATED, Phrase("suspended", values))
    if since < facts.limit.late_from:
        return Standing("open", Cell.IN_TIME, Phrase("suspended", values))
    late: dict[str, Value] = {"late": _late(facts.limit, since)}
    return Standing("overdue", Cell.OVERDUE, Phrase("suspended_late", {**values, **late}))


def _why_overdue(facts: Facts, limit: Limit, at: datetime) -> Phrase:
    late: dict[str, Value] = {"late": _late(limit, at), "last_day": limit.last_day}
    if facts.progress == Progress.RETURNED and facts.returned_at is not None:
        returned: dict[str, Value] = {
            "day": civil_day(limit.zone, facts.returned_at),
            "missing": facts.missing or "",
        }
        return Phrase("returned_late", {**late, **returned})
    if facts.waiting_for:
        return Phrase("overdue_waiting", {**late, "first": facts.waiting_for[0]})
    if limit.minute is not None and limit.days_late(at) == 0:
        return Phrase("overdue_today", {"minute": limit.minute})
    return Phrase("overdue", late)


def _late(limit: Limit, at: datetime) -> Span | Text:
    """Return by how much an instant is late; only a deadline with a minute can be missed by less than a day."""
    days = limit.days_late(at)
    return Span(days, "days") if days else _LESS_THAN_A_DAY


def _in_time(facts: Facts, limit: Limit, at: datetime, policy: Policy) -> Standing:
    soon = at >= soon_from(limit, policy)
    if facts.progress == Progress.RETURNED and facts.returned_at is not None:
        day = civil_day(limit.zone, facts.returned_at)
        reason = Phrase("returned", {"day": day, "missing": facts.missing or ""})
        return Standing("due_soon" if soon else "open", Cell.IN_TIME, reason)
    if facts.waiting_for:
        return Standing("waiting", Cell.IN_TIME, _why_waiting(facts))
    if limit.opens_at is not None and at < limit.opens_at:
        opens_day = civil_day(limit.zone, limit.opens_at)
        values: dict[str, Value] = {"opens_day": opens_day, "last_day": limit.last_day}
        return Standing("open", Cell.IN_TIME, Phrase("not_open_yet", values))
    if not soon:
        return Standing("open", Cell.IN_TIME, Phrase("open", {"last_day": limit.last_day}))
    return Standing("due_soon", Cell.IN_TIME, _why_due_soon(limit, at, policy))


def _why_due_soon(limit: Limit, at: datetime, policy: Policy) -> Phrase:
    left = policy.calendar.working_days_between(civil_day(limit.zone, at), limit.last_day)
    if not left:
        return Phrase("due_soon_last", {"last_day": limit.last_day})
    return Phrase("due_soon", {"last_day": limit.last_day, "left": Span(left, "working days")})


def _why_waiting(facts: Facts) -> Phrase:
    first, more = facts.waiting_for[0], len(facts.waiting_for) - 1
    return Phrase("waiting_more", {"first": first, "count": more}) if more else Phrase("waiting", {"first": first})


def _undated(facts: Facts, at: datetime, policy: Policy) -> Standing:
    if facts.progress == Progress.SUBMITTED:
        day = policy.calendar.civil_day(facts.received_at or facts.touched_at)
        return Standing("undated", Cell.UNDATED, Phrase("submitted_undated", {"day": day}))
    if facts.progress == Progress.RETURNED and facts.returned_at is not None:
        day = policy.calendar.civil_day(facts.returned_at)
        return Standing("undated", Cell.UNDATED, Phrase("returned", {"day": day, "missing": facts.missing or ""}))
    if facts.anchor is not None and facts.is_unresolved:
        return Standing("undated", Cell.UNDATED, unresolved_reason(facts.anchor))
    if facts.waiting_for:
        return Standing("waiting", Cell.UNDATED, _why_waiting(facts))
    if facts.review is None:
        return Standing("undated", Cell.UNDATED, Phrase("undated_free", {}))
    review_day = _first_review(facts, facts.review, policy)
    if at < policy.calendar.instant(review_day):
        return Standing("undated", Cell.UNDATED, Phrase("undated", {"review_day": review_day}))
    touched = policy.calendar.civil_day(facts.touched_at)
    return Standing(
        "review_due", Cell.UNDATED, Phrase("review_due", {"review_day": review_day, "touched_day": touched})
    )


def _first_review(facts: Facts, review: Span, policy: Policy) -> date:
    return next(review_days(review, touched_at=facts.touched_at, calendar=policy.calendar))


def _turns(facts: Facts, policy: Policy) -> Iterator[datetime]:
    """Yield the instants at which the standing itself may change."""
    if facts.limit is not None:
        if not facts.waiting_for or facts.progress == Progress.RETURNED:
            yield soon_from(facts.limit, policy)
        yield facts.limit.late_from
    elif facts.review is not None and not facts.waiting_for and facts.progress != Progress.RETURNED:
        yield policy.calendar.instant(_first_review(facts, facts.review, policy))
