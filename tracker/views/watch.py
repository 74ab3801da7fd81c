"""The watch: in which hours nobody swept or sent, which reminders were late for it, and how prompt the rest were.

A reminder is owed from its moment on, or from the entry that gave its assignment the terms by
which the moment counts, where that came later: nothing can be made before it is known. It is late
because of a gap when it came to be owed while nobody looked, and was made (or tried) after that.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from tracker.domain.entry import instant
from tracker.store import ledger, queries, watches
from tracker.store.store import Connection
from tracker.store.watches import Prompt
from tracker.views.stamp import Stamp

WORKS = ("sweep", "deliver", "seal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch in which a kind of work was not done; `going_on` has no entry yet: nobody came back."""

    work: str
    since: datetime
    until: datetime
    seconds: int
    going_on: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompted:
    """A reminder: from when it was owed, when it was made and first tried.

    `made_late` and `tried_late` are the seconds until then, where a gap held it up.
    """

    reference: str
    assignment: str
    agency: str
    channel: str
    rung: str
    owed_from: datetime
    made_at: datetime
    tried_at: datetime | None
    made_late: float | None
    tried_late: float | None

    @property
    def is_late(self) -> bool:
        """Return whether a gap held it up."""
        return self.made_late is not None or self.tried_late is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promptness:
    """How many seconds passed between two instants of reminders: the longest, and what 99 in 100 stayed within."""

    reminders: int
    longest: float | None
    percentile_99: float | None
    slowest: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Who watched between two instants; `made` and `tried` are of the reminders that no gap held up.

    `unwatched` says for each kind of work how many gaps there were, and how many seconds of them lie in
    the period; `last` when it was last done.
    """

    stamp: Stamp
    begin: datetime
    end: datetime
    gaps: tuple[Gap, ...]
    unwatched: tuple[tuple[str, int, int], ...]
    late: tuple[Prompted, ...]
    reminders: int
    made: Promptness
    tried: Promptness
    last: tuple[tuple[str, datetime], ...]


def watch(
    connection: Connection, *, at: datetime, begin: datetime, end: datetime, zone: str, every: timedelta
) -> Watch:
    """Return who watched a store between two instants, as it is known at `at`; `every` is what is no gap yet."""
    gaps = _gaps(connection, at=at, begin=begin, end=end, every=every)
    terms = watches.terms(connection, until=at)
    found = watches.prompts(connection, since=begin, until=end)
    owed = [(one, _owed_from(one, terms.get(one.assignment, ()))) for one in found]
    owed = [(one, since) for one, since in owed if since < end]
    spans = {work: _Spans(gap for gap in gaps if gap.work == work) for work in WORKS}
    seen = [_held_up(one, since, spans["sweep"], spans["deliver"]) for one, since in owed]
    made = [(_seconds(one.owed_from, one.made_at), one.reference) for one in seen if one.made_late is None]
    tried = [
        (_seconds(one.owed_from, one.tried_at), one.reference)
        for one in seen
        if one.tried_at is not None and not one.is_late
    ]
    return Watch(
        stamp=_stamp(connection, at, zone),
        begin=begin,
        end=end,
        gaps=gaps,
        unwatched=_totals(gaps, begin, end),
        late=tuple(one for one in seen if one.is_late),
        reminders=len(owed),
        made=_promptness(made),
        tried=_promptness(tried),
        last=tuple(watches.every(connection).items()),
    )


class _Spans:
    """Gaps of one kind of work, asked which of them held something up."""

    def __init__(self, gaps: Iterable[Gap]) -> None:
        self.gaps = sorted(gaps, key=lambda gap: gap.since)
        self._starts = [gap.since for gap in self.gaps]

    def held_up(self, owed: datetime, done: datetime | None) -> bool:
        """Return whether what was owed at an instant, within a gap, was done after it.

        What is owed at its very end is done in time by who came back then.
        """
        place = bisect_right(self._starts, owed) - 1
        return place >= 0 and done is not None and owed < self.gaps[place].until <= done


def _owed_from(one: Prompt, given: Sequence[datetime]) -> datetime:
    """Return from when a reminder could be made: its moment, or the terms that were given after it."""
    place = bisect_right(given, one.made_at) - 1
    return max(one.moment, given[place]) if place >= 0 else one.moment


def _gaps(connection: Connection, *, at: datetime, begin: datetime, end: datetime, every: timedelta) -> tuple[Gap, ...]:
    found = []
    for entry in watches.gaps(connection, since=begin, until=end):
        said = entry.payload
        found.append(_gap(said["work"], instant(said["from"]), instant(said["to"])))
    if not ledger.position(connection).is_rehearsal:
        for work, last in watches.every(connection).items():
            if work in watches.WORKS and at - last > every and last < end:
                found.append(_gap(work, last, at, going_on=True))
    return tuple(sorted(found, key=lambda gap: (gap.since, gap.work)))


def _gap(work: str, since: datetime, until: datetime, *, going_on: bool = False) -> Gap:
    return Gap(work=work, since=since, until=until, seconds=int((until - since).total_seconds()), going_on=going_on)


def _held_up(one: Prompt, since: datetime, sweeps: _Spans, deliveries: _Spans) -> Prompted:
    unswept, unsent = sweeps.held_up(since, one.made_at), deliveries.held_up(one.made_at, one.tried_at)
    return Prompted(
        reference=one.reference,
        assignment=one.assignment,
        agency=one.agency,
        channel=one.channel,
        rung=one.rung,
        owed_from=since,
        made_at=one.made_at,
        tried_at=one.tried_at,
        made_late=_seconds(since, one.made_at) if unswept else None,
        tried_late=_seconds(since, one.tried_at) if (unswept or unsent) and one.tried_at else None,
    )


def _seconds(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds()


def _totals(gaps: Sequence[Gap], begin: datetime, end: datetime) -> tuple[tuple[str, int, int], ...]:
    """Return for each kind of work how many gaps there were, and how many seconds of them lie in the period."""
    found = []
    for work in WORKS:
        mine = [gap for gap in gaps if gap.work == work]
        inside = (min(gap.until, end) - max(gap.since, begin) for gap in mine)
        found.append((work, len(mine), int(sum(span.total_seconds() for span in inside))))
    return tuple(found)


def _promptness(found: Sequence[tuple[float, str]]) -> Promptness:
    """Return the longest and the 99th percentile (nearest rank) of some waits, each with whose it was."""
    if not found:
        return Promptness(reminders=0, longest=None, percentile_99=None, slowest=None)
    ranked = sorted(found)
    longest, slowest = ranked[-1]
    at_99 = ranked[ceil(0.99 * len(ranked)) - 1][0]
    return Promptness(reminders=len(ranked), longest=longest, percentile_99=at_99, slowest=slowest)


def _stamp(connection: Connection, at: datetime, zone: str) -> Stamp:
    head = ledger.position(connection)
    seq, digest = queries.end_at(connection, at)
    invented = head.is_rehearsal and queries.is_made_up(connection, until=at)
    return Stamp(as_of=at, known_at=at, seq=seq, head=digest, rehearsal=head.is_rehearsal, invented=invented, zone=zone)
