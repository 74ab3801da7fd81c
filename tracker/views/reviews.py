"""Reviews: what waits for a decision of the secretariat, and for how long. The reviewer has a clock too."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment
from tracker.domain.calendar import Calendar
from tracker.domain.scope import EVERYTHING as EVERYWHERE
from tracker.domain.scope import Scope
from tracker.domain.standing import Progress
from tracker.store.queries import Wanted
from tracker.store.store import Connection
from tracker.views.life import entries_of
from tracker.views.paging import window
from tracker.views.rows import TaskRow, rows
from tracker.views.sight import Seen, Sight, sight
from tracker.views.stamp import Stamp
from tracker.views.titled import with_titles

EVERYTHING = 1_000_000
Question = Literal["report", "extension", "contest"]
_KINDS: Mapping[Question, str] = {
    "report": "submitted",
    "extension": "extension_requested",
    "contest": "contested",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """A question that awaits a decision: a report, a request for more time, or "not ours".

    `days` and `working_days` count from the day it came, which is not counted. `asked_day` is the last day
    asked for, `proposed` whose task it is in the agency's view, `seq` the entry that asks.
    """

    question: Question
    row: TaskRow
    since: datetime
    days: int
    working_days: int
    by: str | None
    words: str | None
    asked_day: date | None
    proposed: str | None
    done_on: date | None = None
    seq: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewList:
    """What waits for a decision, the longest first; `totals` counts all, also what is not listed.

    `earlier` and `later` are where the pages around this one lie, None where there is none.
    """

    stamp: Stamp
    reviews: tuple[Review, ...]
    totals: Mapping[str, int]
    earlier: str | None
    later: str | None

    @property
    def more(self) -> bool:
        """Return whether more waits than is listed."""
        return self.later is not None


def review_list(
    connection: Connection,
    *,
    at: datetime,
    registry: Registry,
    known: datetime | None = None,
    agency: str | None = None,
    directive: str | None = None,
    question: str | None = None,
    language: str = "en",
    limit: int = 50,
    after: str | None = None,
    before: str | None = None,
    scope: Scope = EVERYWHERE,
) -> ReviewList:
    """Return what waits for a decision at an instant, the longest first, at most `limit` of it.

    `question` leaves those of one kind; the totals count all kinds. A page begins `after` a place or ends `before`
    one; what was decided meanwhile is gone, and moves nobody's page.
    """
    seen = sight(connection, at=at, registry=registry, known=known, scope=scope)
    found = seen.find(Wanted(agency=agency, directive=directive, undecided=True), limit=EVERYTHING).seen
    asked = [(since, one[0].ref, kind, one) for one in found for kind, since in questions(one[0])]
    asked.sort(key=lambda each: each[:3])
    totals: dict[str, int] = dict.fromkeys(_KINDS, 0)
    for _, _, kind, _ in asked:
        totals[kind] += 1
    asked = [each for each in asked if question in (None, each[2])]
    listed, earlier, later = window(asked, lambda each: _place(*each[:3]), limit=limit, after=after, before=before)
    shown = with_titles(seen, rows(seen, connection, [one for *_, one in listed], language=language), language)
    reviews = tuple(
        _review(seen, connection, kind, since, one, row)
        for (since, _, kind, one), row in zip(listed, shown, strict=True)
    )
    return ReviewList(stamp=seen.stamp, reviews=reviews, totals=totals, earlier=earlier, later=later)


def _place(since: datetime, ref: str, question: str) -> tuple[str, str, str]:
    return since.astimezone(UTC).isoformat(timespec="microseconds"), ref, question


def questions(assignment: Assignment) -> list[tuple[Question, datetime]]:
    """Return what an assignment asks of the secretariat, each with the instant it came."""
    facts = assignment.facts
    found: list[tuple[Question, datetime]] = []
    if facts.progress == Progress.SUBMITTED:
        found.append(("report", facts.received_at or facts.touched_at))
    if assignment.asked_at is not None:
        found.append(("extension", assignment.asked_at))
    if assignment.contested_at is not None:
        found.append(("contest", assignment.contested_at))
    return found


def age(since: datetime, at: datetime, calendar: Calendar) -> tuple[int, int]:
    """Return for how many civil days and how many working days something waits; the day it came is not counted."""
    start, today = calendar.civil_day(since), calendar.civil_day(at)
    if today <= start:
        return 0, 0
    return (today - start).days, calendar.working_days_between(start, today)


def _review(
    seen: Sight, connection: Connection, question: Question, since: datetime, one: Seen, row: TaskRow
) -> Review:
    days, working_days = age(since, seen.at, seen.registry.calendar)
    entries = list(entries_of(seen, connection, row.ref, (_KINDS[question],)))
    last = entries[-1] if entries else None
    said = last.payload if last else {}
    return Review(
        question=question,
        row=row,
        since=since,
        days=days,
        working_days=working_days,
        by=last.actor if last else None,
        words=said.get("words") or said.get("why"),
        asked_day=one[0].asked_day if question == "extension" else None,
        proposed=said.get("proposed"),
        done_on=date.fromisoformat(said["done_on"]) if said.get("done_on") else None,
        seq=last.seq if last else 0,
    )
