"""Walking: what sweeps would make from one instant to another, by a policy, without a store being touched.

A walk looks at each assignment in the instant one of its rungs comes, as a sweep does that never
sleeps, and asks the same question as the sweep (`look_at`). Assignments may change on the way.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import cache
from heapq import heappop, heappush

from tracker.domain.agency import Registry
from tracker.domain.assignment import Assignment, rungs_owed
from tracker.domain.cap import Mails
from tracker.domain.forecast import Foretold
from tracker.domain.ladder import Moment, stage_of
from tracker.domain.outbox import NO_CHANNEL
from tracker.domain.standing import Policy, moments
from tracker.operations.looking import Look, Ways, look_at
from tracker.store.store import Connection

_ROOM = 10_000


class Walk:
    """Assignments on their way through time under one registry, and what they were told."""

    def __init__(self, connection: Connection, registry: Registry, *, ways: Ways, mails: Mails | None = None) -> None:
        self.assignments: dict[str, Assignment] = {}
        self.made: list[Foretold] = []
        self.ways = ways
        self._connection = connection
        self._registry = registry
        self._mails = mails or Mails(registry.calendar)
        self._coming: list[tuple[datetime, str]] = []
        self._next: dict[str, datetime] = {}
        self._policy = cache(self._policy_of)
        # the agencies of a task mostly share what is reckoned: it is reckoned once
        self._first: dict[tuple[object, ...], datetime | None] = {}

    def put(self, assignment: Assignment, *, at: datetime) -> None:
        """Take an assignment in as it is from an instant on; what was owed before that is told then."""
        self.assignments[assignment.ref] = assignment
        self._await(assignment, at)

    def go_on(self, until: datetime, *, included: bool = True) -> None:
        """Make every look up to an instant."""
        while self._coming and (self._coming[0][0] < until or (included and self._coming[0][0] == until)):
            at = self._coming[0][0]
            if refs := list(self._due(at)):
                self._look(refs, at)

    def _policy_of(self, remind: str) -> Policy:
        return self._registry.policy(remind)

    def _await(self, assignment: Assignment, at: datetime) -> None:
        key = (assignment.facts, assignment.remind, assignment.told)
        if key not in self._first:
            if len(self._first) >= _ROOM:
                self._first.clear()
            self._first[key] = self._coming_of(assignment)
        coming = self._first[key]
        if coming is None:
            self._next.pop(assignment.ref, None)
            return
        look = max(coming, at)
        self._next[assignment.ref] = look
        heappush(self._coming, (look, assignment.ref))

    def _coming_of(self, assignment: Assignment) -> datetime | None:
        told = assignment.told
        owed = moments(assignment.facts, self._policy(assignment.remind), since=told)
        return next((moment.at for moment in owed if told is None or moment.at > told), None)

    def _due(self, at: datetime) -> Iterator[str]:
        while self._coming and self._coming[0][0] == at:
            _, ref = heappop(self._coming)
            if self._next.get(ref) == at:
                del self._next[ref]
                yield ref

    def _look(self, refs: list[str], at: datetime) -> None:
        due = [self.assignments[ref] for ref in refs]
        open_still = [assignment for assignment in due if not assignment.facts.is_void(at)]
        known: dict[tuple[object, ...], tuple[Moment, ...]] = {}
        for one in open_still:
            key = (one.facts, one.remind, one.told)
            if key not in known:
                known[key] = rungs_owed(one, at=at, policy=self._policy(one.remind))
        owed = [(one, known[one.facts, one.remind, one.told]) for one in open_still]
        for look in look_at(self._connection, owed, self._registry, at, ways=self.ways, mails=self._mails):
            self.made += _made(look, at)
            last = look.owed[-1]
            told = replace(look.assignment, rung=last.rung, told=last.at)
            self.assignments[told.ref] = told
            self._await(told, at)


def _made(look: Look, at: datetime) -> Iterator[Foretold]:
    limit = look.assignment.facts.limit
    for moment, recipient, way in look.ways:
        agency, channel = way
        state = "failed" if channel == NO_CHANNEL else "suppressed" if way in look.capped else "pending"
        yield Foretold(
            at=at,
            assignment=look.assignment.ref,
            rung=moment.rung,
            stage=stage_of(moment.rung),
            moment=moment.at,
            agency=agency,
            channel=channel,
            role=recipient.role,
            state=state,
            last_day=limit.last_day if limit else None,
        )
