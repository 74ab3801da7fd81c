"""Rounds: what the flows do, done without Prefect: sweep, deliver, seal. What fails holds up nothing else.

Any number of workers go round at once: one of them sweeps, one seals, all of them deliver, since a reminder is
claimed by one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeVar

from tracker.domain.errors import TrackerError, TryLater
from tracker.operations.canary import sing
from tracker.operations.clocks import Uptime
from tracker.operations.deliver import Delivered, deliver, open_sender
from tracker.operations.keys import keyfile_of, keys
from tracker.operations.lists import lists
from tracker.operations.sealing import seal
from tracker.operations.sweep import Swept, sweep
from tracker.operations.telling import tell
from tracker.operations.ticking import clock_of, tick_lock
from tracker.operations.watching import attended
from tracker.operations.witnessing import push
from tracker.settings import Settings
from tracker.store.store import Store, open_store

PATIENCE = timedelta(seconds=30)
T = TypeVar("T")
Stop = Callable[[], bool]


@dataclass(slots=True)
class Round:
    """What one round did, and what it could not; `alone` is False where somebody else was sweeping."""

    swept: Swept = field(default_factory=Swept)
    delivered: Delivered = field(default_factory=Delivered)
    listed: int = 0
    sealed: int = 0
    alone: bool = True
    troubles: list[str] = field(default_factory=list)

    def attempt(self, what: str, work: Callable[[], T], otherwise: T) -> T:
        """Return what some work returns; its failure is noted, and the round goes on."""
        try:
            return work()
        except TrackerError as error:
            self.troubles.append(f"{what}: {error.code}: {error}")
        except Exception as error:  # a round is never the last one: the next may fare better
            self.troubles.append(f"{what}: {type(error).__name__}: {error}")
        return otherwise


def go_round(
    settings: Settings,
    *,
    wall: Callable[[], datetime],
    uptime: Uptime | None = None,
    actor: str = "monitor",
    stop: Stop = lambda: False,
) -> Round:
    """Sweep, deliver and seal once, and return what was done; no failure raises.

    Once `stop` says so nothing more is begun: the group of mails that is leaving is finished.
    """
    done = Round()
    store: Store | None = done.attempt("database", lambda: open_store(settings.database_url), None)
    if store is None:
        return done
    try:
        clock = done.attempt("database", lambda: clock_of(store, None, wall=wall), None)
        if clock is not None:
            _work(done, store, settings, clock, uptime, actor, stop)
    finally:
        store.close()
    return done


def _work(
    done: Round,
    store: Store,
    settings: Settings,
    clock: Callable[[], datetime],
    uptime: Uptime | None,
    actor: str,
    stop: Stop,
) -> None:
    steps: tuple[tuple[str, Callable[[], object]], ...] = (
        ("sweep", lambda: _sweep(done, store, settings, clock, actor)),
        ("deliver", lambda: _deliver(done, store, settings, clock, uptime, actor, stop)),
        ("tell", lambda: _tell(done, store, settings, clock)),  # after the mails
        ("seal", lambda: _seal(done, store, settings, clock)),
    )
    for what, step in steps:
        if not stop():
            done.attempt(what, step, None)


def _sweep(done: Round, store: Store, settings: Settings, clock: Callable[[], datetime], actor: str) -> None:
    with tick_lock(store) as alone:
        done.alone = alone
        if alone:
            limit = settings.watch_limit
            done.swept = done.attempt(
                "sweep", lambda: sweep(store, at=clock(), actor=actor, watch_every=limit), done.swept
            )
            # after it: they say what was found
            done.listed = done.attempt("lists", lambda: lists(store, at=clock(), actor=actor), 0)


def _sing(store: Store, settings: Settings, clock: Callable[[], datetime]) -> None:
    with open_sender(store, settings) as sender:
        sung = sing(store, sender, settings=settings, at=clock())
    if sung is not None and sung.kind != "accepted":
        raise TryLater(f"the canary did not leave: {sung.detail}", code="canary")


def _deliver(
    done: Round,
    store: Store,
    settings: Settings,
    clock: Callable[[], datetime],
    uptime: Uptime | None,
    actor: str,
    stop: Stop,
) -> None:
    with open_sender(store, settings) as sender:
        # what a slow server leaves over is for the next round: nobody else waits for it
        done.delivered = deliver(
            store, sender, settings=settings, clock=clock, actor=actor, patience=PATIENCE, uptime=uptime, stop=stop
        )


def _tell(done: Round, store: Store, settings: Settings, clock: Callable[[], datetime]) -> None:
    with tick_lock(store, "tell") as alone:
        if alone:
            done.attempt("canary", lambda: _sing(store, settings, clock), None)
            done.attempt("hooks", lambda: tell(store, settings=settings, clock=clock), None)


def _seal(done: Round, store: Store, settings: Settings, clock: Callable[[], datetime]) -> None:
    """Seal what is due and push it, where there is a key to do it with."""
    file = keyfile_of(store, settings)
    known = keys(store, file)
    if not known or not known[-1].here:
        return
    with tick_lock(store, "seal") as alone:
        if not alone:
            return
        at = clock()
        made = seal(store, at=at, keyfile=file)
        attended(store, "seal", at=at, actor="seal", every=settings.watch_limit)
        done.sealed = made.size if made else 0
        with open_sender(store, settings) as sender:
            push(store, sender, settings=settings, at=at)
