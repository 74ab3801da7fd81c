"""Telling hooks of entries: each call bears the same id at every try, and one hook's silence holds up no other.

It is a step of the tick, after the mails and never among them: so many seconds, and what is left is for the next.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tracker.domain.entry import Draft, Entry, Payload, stamp
from tracker.domain.hook import is_hopeless, next_try
from tracker.notify.outcome import Outcome
from tracker.notify.reach import Reach
from tracker.notify.way import Way
from tracker.notify.webhook import post
from tracker.operations.hooks import DISABLED, one_hook, way_of
from tracker.settings import Settings
from tracker.store import hooks, ledger, seals
from tracker.store.hooks import Hook, Telling
from tracker.store.store import Connection, Store

LOG = logging.getLogger("tracker.hooks")
PATIENCE = timedelta(seconds=10)
BATCH = 200
KEPT = timedelta(days=30)  # for whoever asks why an entry was not told
GONE = 410  # a receiver that answers so wants no more calls
TEST = "tracker.test"
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How many calls were taken, how many are tried again, and how many hooks were disabled."""

    accepted: int = 0
    postponed: int = 0
    disabled: int = 0


def tell(
    store: Store,
    *,
    settings: Settings,
    clock: Clock,
    actor: str = "tell",
    patience: timedelta = PATIENCE,
    ticks: Callable[[], float] = time.monotonic,
) -> Told:
    """Tell hooks what is due, the oldest entries first, and return what came of it."""
    with store.read() as connection:
        due = hooks.due(connection, clock(), limit=BATCH)
        known = {one.reference: one for one in hooks.every(connection)} if due else {}
        entries = seals.entries_at(connection, {one.entry for one in due}) if due else {}
    if not due:
        return Told()
    until = ticks() + patience.total_seconds()
    silent: set[str] = set()
    ways: dict[str, Way] = {}  # a secret is opened once, not once a call
    counts = {"accepted": 0, "postponed": 0, "disabled": 0}
    reach = Reach(store.position().is_rehearsal, settings.intranet_hosts)
    for one in due:
        hook = known.get(one.hook)
        if hook is None or hook.disabled_at is not None or hook.reference in silent:
            continue
        if ticks() >= until:
            break
        way = ways.get(hook.reference)
        if way is None:
            way = ways[hook.reference] = way_of(hook, store, settings)
        outcome = _call(settings, way, one, entries.get(one.entry), at=clock(), reach=reach)
        became = _record(store, hook, one, outcome, at=clock(), actor=actor)
        counts[became] += 1
        if became != "accepted":
            silent.add(hook.reference)  # what comes after waits with it
    with store.write() as connection:
        hooks.clear(connection, before=clock() - KEPT)
    return Told(**counts)


def try_hook(store: Store, reference: str, *, settings: Settings, at: datetime) -> Outcome:
    """Call a hook once with a message that tells of nothing, and return what came of it; raises NotFound."""
    hook = one_hook(store, reference)
    reach = Reach(store.position().is_rehearsal, settings.intranet_hosts)
    way = way_of(hook, store, settings)
    if way.trouble:
        return Outcome("permanent", None, f"configuration: {way.trouble}")
    identity = f"msg-{reference}-test-{int(at.timestamp())}"
    return post(way, {"hook": reference}, kind=TEST, identity=identity, at=at, reach=reach)


def message_of(entry: Entry, base_url: str) -> dict[str, Any]:
    """Return what a hook is told of an entry: where it stands in the ledger, what it is about, who made it."""
    return {
        "seq": entry.seq,
        "kind": entry.kind,
        "assignment": entry.assignment,
        "actor": entry.actor,
        "recorded_at": stamp(entry.recorded_at),
        "effective_at": stamp(entry.effective_at),
        "hash": entry.hash,
        "previous": entry.previous,
        "url": f"{base_url.rstrip('/')}/api/v1/entries?after={entry.seq - 1}&limit=1",
    }


def _call(settings: Settings, way: Way, one: Telling, entry: Entry | None, *, at: datetime, reach: Reach) -> Outcome:
    if way.trouble:
        return Outcome("permanent", None, f"configuration: {way.trouble}")
    if entry is None:
        return Outcome("permanent", None, f"there is no entry {one.entry}")
    data = message_of(entry, settings.base_url)
    return post(way, data, kind=f"entry.{entry.kind}", identity=one.identity, at=at, reach=reach)


def _record(store: Store, hook: Hook, one: Telling, outcome: Outcome, *, at: datetime, actor: str) -> str:
    tried = {"attempts": one.attempts + 1, "tried_at": at, "code": outcome.code}
    with store.write() as connection:
        if outcome.kind == "accepted":
            hooks.set_telling(connection, one.id, state="accepted", due_at=None, why=None, **tried)
            if hook.failing_since is not None:
                hooks.change(connection, hook.reference, failing_since=None, why=None)
            return "accepted"
        since = hook.failing_since or at
        if outcome.code == GONE or is_hopeless(since, at):
            _disable(connection, hook, outcome, since, at=at, actor=actor)
            hooks.set_telling(connection, one.id, state="failed", due_at=None, why=outcome.detail, **tried)
            return "disabled"
        due_at = next_try(at, one.attempts + 1)
        hooks.set_telling(connection, one.id, state="pending", due_at=due_at, why=outcome.detail, **tried)
        hooks.change(connection, hook.reference, failing_since=since, why=outcome.detail)
        return "postponed"


def _disable(
    connection: Connection, hook: Hook, outcome: Outcome, since: datetime, *, at: datetime, actor: str
) -> None:
    """Tell a hook nothing more, and say so in the ledger: whoever made it has to look."""
    head = ledger.position(connection, lock=True)
    at = head.go_on(at)
    why = outcome.detail or "no answer"
    said: Payload = {"hook": hook.reference, "address": hook.address, "since": stamp(since), "why": why}
    end = ledger.append(
        connection, [Draft(kind=DISABLED, effective_at=at, actor=actor, payload=said)], at=at, head=head
    )
    hooks.change(connection, hook.reference, disabled_at=at, failing_since=since, why=why, changed=end.seq)
    closed = hooks.give_up(connection, hook.reference, why="the hook was disabled")
    LOG.error("%s at %s is disabled after failing since %s: %s", hook.reference, hook.address, since, why)
    LOG.info("%s tellings of it were closed", closed)
