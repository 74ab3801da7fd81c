"""Forecasts of reminders: what would go out if nobody acted, and what another policy would have sent.

Nothing is written, and nothing is asked of a sender. A preview starts from the assignments as they
are; a trial goes through the ledger from its first entry and lets both policies live through the same
facts: they are folded as ever, but for the looks of the sweeps, which each policy makes its own way.
Where an entry and a rung have the same instant, the entry counts first.
"""

from collections.abc import Iterable
from datetime import datetime

from tracker.domain.agency import Registry
from tracker.domain.announcement import NEWS, moot
from tracker.domain.assignment import FOLDED, Assignment, fold
from tracker.domain.entry import Entry
from tracker.domain.errors import Invalid, NotFound, TryLater
from tracker.domain.forecast import Foretold, Preview, Trial, figures, mails
from tracker.domain.outbox import BUNDLED, NO_CHANNEL
from tracker.domain.scope import EVERYTHING, Scope
from tracker.operations.looking import channels_of, mails_of
from tracker.operations.reading import directive_in_force
from tracker.operations.recipients import reader_of
from tracker.operations.recording import registry_in_force
from tracker.operations.walk import Walk
from tracker.store import assignments, clocks, ledger, outbox, queries
from tracker.store.outbox import Reminder
from tracker.store.store import Connection, Store


def preview(
    store: Store,
    *,
    at: datetime,
    end: datetime,
    begin: datetime | None = None,
    registry: Registry | None = None,
    policy: str | None = None,
    agency: str | None = None,
    directive: str | None = None,
    scope: Scope = EVERYTHING,
    most: int | None = None,
) -> Preview:
    """Return every mail that would go out from `begin` (now, by default) to `end`, both included, if nobody acts.

    `at` is now. `registry` is a policy to try in place of the one in force, `policy` what it is called;
    an agency is one that is told, a directive what it is told of, a scope leaves what its offices are told. Raises
    TryLater where more than `most` assignments would have to be gone through.
    """
    begin = max(begin or at, at)
    if end < begin:
        raise Invalid("a period ends after it begins", code="bad-instant")
    with store.read() as connection:
        registry = registry or registry_in_force(connection)
        if agency is not None and agency not in registry.agencies:
            raise NotFound(f"the registry has no agency '{agency}'")
        if directive is not None:
            directive = directive_in_force(connection, directive).key
        ways = channels_of(connection)
        capped = any(ladder.cap for ladder in registry.ladders.values())
        sent = mails_of(connection, set(ways), registry, at) if capped else None
        walk = Walk(connection, registry, ways=ways, mails=sent)
        _check_room(connection, most)
        for assignment in assignments.unsettled(connection):
            walk.put(assignment, at=at)
        walk.go_on(end)
        waiting = _waiting(connection, registry, at, end)
        unseen = sum(moment <= end for moment in clocks.moments(connection).values())
    fit = (one for one in (*waiting, *walk.made) if begin <= one.at and _fits(one, agency, directive))
    found = tuple(one for one in fit if scope.covers(one.agency))
    return Preview(
        begin=begin,
        end=end,
        zone=registry.calendar.zone,
        policy=policy,
        figures=figures(found),
        mails=mails(found),
        not_sent=tuple(one for one in found if one.state in ("suppressed", "failed")),
        unseen=unseen,
    )


def trial(
    store: Store, registry: Registry, *, at: datetime, policy: str, begin: datetime | None, end: datetime | None
) -> Trial:
    """Return what a registry's ladders would have sent in a time that is over, beside those in force.

    `at` is now; left out, the time is that of the whole ledger. Both reckon with the calendar of their
    registry, with the channels each office had, and with the tasks as they stand now.
    """
    end = min(end or at, at)
    with store.read() as connection:
        in_force = registry_in_force(connection)
        walks = Walk(connection, in_force, ways={}), Walk(connection, registry, ways={})
        first = _live(walks, ledger.entries(connection, until=end))
        for walk in walks:
            walk.go_on(end)
        begin = begin or first or end
        made = sum(
            one.state != "suppressed"
            and one.channel != NO_CHANNEL
            and one.stage in BUNDLED
            and begin <= one.made_at <= end
            for one in outbox.reminders(connection)
        )
    told = [tuple(one for one in walk.made if one.at >= begin) for walk in walks]
    return Trial(
        begin=begin,
        end=end,
        zone=in_force.calendar.zone,
        policy=policy,
        made=made,
        in_force=figures(told[0]),
        tried=figures(told[1]),
    )


def _check_room(connection: Connection, most: int | None) -> None:
    if most is not None and (owed := queries.count_assignments(connection)) > most:
        said = f"there are {owed:,} assignments, too many to foretell on a page: run 'tracker reminder preview'"
        raise TryLater(said, code="too-many-to-foretell")


def _live(walks: Iterable[Walk], entries: Iterable[Entry]) -> datetime | None:
    """Let walks live through entries, and return when the first of them was recorded."""
    first: datetime | None = None
    channels: dict[str, set[str]] = {}
    for entry in entries:
        first = first or entry.recorded_at
        if entry.kind in ("channel_set", "channel_removed"):
            named = channels.setdefault(entry.payload["agency"], set())
            (named.add if entry.kind == "channel_set" else named.discard)(entry.payload["channel"])
        for walk in walks:
            walk.go_on(entry.recorded_at, included=False)
            if entry.kind in ("channel_set", "channel_removed"):
                walk.ways = {agency: sorted(names) for agency, names in channels.items()}
            _fold(walk, entry)
    return first


def _fold(walk: Walk, entry: Entry) -> None:
    ref = entry.assignment
    if ref is None or entry.kind not in FOLDED or entry.kind == "swept":
        return
    after = fold(
        walk.assignments.get(ref),
        entry.kind,
        entry.payload,
        ref=ref,
        seq=entry.seq,
        effective_at=entry.effective_at,
        at=entry.recorded_at,
    )
    walk.put(after, at=entry.recorded_at)


def _waiting(connection: Connection, registry: Registry, at: datetime, end: datetime) -> list[Foretold]:
    """Return what was made before and waits to be sent by then."""
    pending = [one for one in outbox.reminders(connection, state="pending") if one.due_at and one.due_at <= end]
    about_tasks = [one for one in pending if one.assignment]
    found = {a.ref: a for a in assignments.get(connection, {one.assignment for one in about_tasks})}
    today = registry.calendar.civil_day(at)

    def foretold(one: Reminder) -> Foretold:
        about = found.get(one.assignment)
        reader = reader_of(connection, about, one.agency, stage=one.stage, on=today) if about else None
        limit = about.facts.limit if about else None
        return Foretold(
            at=max(one.due_at or at, at),
            assignment=one.assignment,
            rung=one.rung,
            stage=one.stage,
            moment=one.moment,
            agency=one.agency,
            channel=one.channel,
            role=reader.role if reader else "lead",
            state="waiting",
            last_day=limit.last_day if limit else None,
        )

    return [foretold(one) for one in reversed(about_tasks) if not _is_moot(one, found.get(one.assignment))]


def _is_moot(one: Reminder, about: Assignment | None) -> bool:
    """Return whether a reminder that waits would find nothing left to say, if it left now."""
    return about is not None and one.stage in NEWS and moot(one.stage, about, version=one.version) is not None


def _fits(one: Foretold, agency: str | None, directive: str | None) -> bool:
    return (agency is None or one.agency == agency) and (
        directive is None or one.assignment.startswith(f"{directive}/")
    )
