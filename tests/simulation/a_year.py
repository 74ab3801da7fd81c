"""A year in the life of a tracker, from one seed: people, a watcher, a mail server and everything that goes wrong.

    python -m tests.simulation.a_year [--seed 7] [--seeds 10] [--assignments 10000] [--days 365] [--story REF]

Directives are adopted all through the year. People take note, ask for time, get it or not, are told to rest,
report, are sent back; days off come and go. A watcher sweeps and delivers when something is due and every few
hours; it is away for hours or days. The mail server is away, refuses for now or for good, takes a mail and
hangs up. The clock of the machine steps. Processes die between two statements, before and after a commit,
before and after the server took a mail. All of it is told to the public verbs of a live store in virtual
time; nothing reads the clock of this machine, and one seed gives one year, mail by mail.

Nobody ticks for nothing: time goes from one instant at which something can happen to the next. Where thousands
are at work nine acts in ten fall into one of four rounds of the day, so that their news leave in groups. The
files are in memory: what reaches a disk is for `kill_points` to judge.

What came of it is held against an oracle that shares no code with the tracker (`a_year_oracle`).
"""

import argparse
import gc
import heapq
import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as of_day
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Engine, event

from tests.integration.postgres import roomy_memory
from tests.simulation.a_year_judge import Judge, Verdict
from tests.simulation.a_year_oracle import Days, Record, limit_of, named
from tests.simulation.a_year_world import (
    BEGIN,
    COMMUNES,
    DAY,
    MINISTRIES,
    PROVINCES,
    SILENT,
    a_world,
    another,
    the_channels,
    the_directive,
    the_registry,
)
from tracker.domain.errors import Conflict, Invalid, NotFound, Refused
from tracker.notify.digest import Digest
from tracker.notify.message import message_id
from tracker.notify.outcome import Outcome
from tracker.operations import (
    accept,
    acknowledge,
    adopt_directive,
    adopt_registry,
    deliver,
    extensions,
    init,
    rebuild,
    send_back,
    set_channel,
    submit,
    sweep,
    verify,
)
from tracker.operations import journal as journals
from tracker.operations.deputies import name_deputy
from tracker.operations.holding import release
from tracker.operations.journal import Journal
from tracker.operations.lists import lists
from tracker.operations.progress import note, start
from tracker.settings import Settings

ZONE = timedelta(hours=7)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
NONE = timedelta()
EVERY = timedelta(hours=6)  # a tick comes at least so often, whatever the store says is due
MANY = 2_000  # assignments: so many people act in rounds, and their news leave in groups
ROUNDS, IN_ROUNDS = ((8, 30), (10, 30), (14, 0), (16, 30)), 0.9
DRAIN = timedelta(days=4)  # after the last day everything works, and what is left is sent
FACTS = (
    "assigned", "acknowledged", "started", "noted", "submitted", "returned", "completed", "extension_requested",
    "extension_granted", "extension_refused", "suspended", "resumed", "cut_off", "waiting", "withdrawn", "superseded",
)  # fmt: skip
SHORT_TAIL = 8 * 1024  # of the journal, which the guard reads at each of thousands of ticks
# SQLite finds the least by a partial index only where the question says what the index says
SWEEPS = (
    "SELECT min(next_moment) FROM assignment WHERE next_moment IS NOT NULL",
    "SELECT min(materialise_at) FROM task WHERE materialise_at IS NOT NULL",
)
SENDS = ("SELECT min(due_at) FROM reminder WHERE due_at IS NOT NULL",)
WRITES = ("INSERT", "UPDATE", "DELETE")


class PowerCut(BaseException):
    """The process dies here."""


@dataclass
class Mail:
    """A mail that the server has, and our books do not yet."""

    message: str
    excused: bool


class Boundaries:
    """The boundaries a process passes; at one of them it may die. What is read is cached, and not counted."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.only = ""
        self.doubt: Mail | None = None
        self.where = ""
        self.undo: Callable[[], None] = lambda: None

    def reach(self, where: str) -> None:
        if self.left is None or not where.startswith(self.only):
            return
        self.left -= 1
        if self.left == 0:
            self.left, self.where = None, where
            raise PowerCut

    def watch(self, engine: Engine) -> None:
        """Watch what a store writes."""
        commit = engine.dialect.do_commit

        def before(_: Any, __: Any, statement: str, *rest: Any) -> None:
            if statement.startswith(WRITES):
                self.reach("statement: before")

        def after(_: Any, __: Any, statement: str, *rest: Any) -> None:
            if statement.startswith(WRITES):
                self.reach("statement: after")

        def do_commit(connection: Any) -> None:
            self.reach("commit: before")
            commit(connection)
            self.doubt = None
            self.reach("commit: after")

        plain: Any = Journal.ended

        def ended(*given: Any, **named: Any) -> Any:
            told = plain(*given, **named)
            self.doubt = None  # whoever comes after can read there what became of the mail
            return told

        self.undo = lambda: setattr(Journal, "ended", plain)
        Journal.ended = ended  # type: ignore[method-assign]
        event.listen(engine, "before_cursor_execute", before)
        event.listen(engine, "after_cursor_execute", after)
        engine.dialect.do_commit = do_commit  # type: ignore[method-assign]


class Server:
    """The mail server and its network: it says of each mail what became of it, not always the truth."""

    def __init__(self, seed: int, year: "Year") -> None:
        self.chance, self.year, self.faults = Random(f"server {seed}"), year, True

    def send(self, way: object, notice: Any) -> Outcome:
        alone = ("alarm", "weekly", "monday")
        items = notice.items if isinstance(notice, Digest) and notice.stage not in alone else ()
        mail = {
            "what": "attempt", "at": self.year.now, "office": str(way).split("@")[0].removeprefix("office-").upper(),
            "message": message_id(notice), "references": [item.reference for item in items] or [notice.reference],
            "took": False, "said": None, "away": not self.year.server_up,
        }  # fmt: skip
        self.year.mails.append(mail)
        outcome, took = self._outcome()
        self.year.boundaries.reach("send: before")
        if took:
            mail["took"] = True
            self.year.boundaries.doubt = Mail(mail["message"], outcome.kind == "unknown")
            self.year.boundaries.reach("send: taken")
        mail["said"] = outcome.kind
        return outcome

    def _outcome(self) -> tuple[Outcome, bool]:
        dice = self.chance.random()
        if not self.year.server_up:
            return Outcome("temporary", None, "connect: refused"), False
        if not self.faults or dice > 0.05:
            return Outcome("accepted", 250, "queued"), True
        if dice < 0.02:
            return Outcome("temporary", 451, "RCPT: try again later"), False
        if dice < 0.03:
            return Outcome("permanent", 550, "RCPT: no such user"), False
        if dice < 0.04:
            return Outcome("unknown", None, "END: the line fell silent"), False
        return Outcome("unknown", None, "END: the server took it and hung up"), True


class Year:
    """One simulated year: `log` is what happened in it, in order."""

    def __init__(self, seed: int, folder: Path, *, assignments: int, days: int) -> None:
        self.chance, self.lives = Random(f"year {seed}"), Random(f"lives {seed}")
        self.rounds, self.busy = Random(f"rounds {seed}"), assignments > MANY
        self.texts = Random(f"texts {seed}")
        self.adopted: list[str] = []  # directives that nothing took the place of yet
        self.gone: set[tuple[str, str]] = set()  # tasks and agencies that owe them no longer, by an amendment
        self.world = a_world(seed, assignments=assignments, days=days)
        self.log: list[Record] = []
        self.mails: list[Record] = []
        self.boundaries, self.server = Boundaries(), Server(seed, self)
        self.path = folder / "year.db"
        self.settings = Settings(
            rate="1000000", watch_every="100000", secret=str(folder / "secret"), key=str(folder / "key")
        )
        self.true = datetime.combine(BEGIN, datetime.min.time(), UTC) - ZONE
        self.end = self.true + days * DAY
        self.skew, self.high = timedelta(), self.true
        self.watcher_up = self.server_up = self.crashes = True
        self.entries, self.ticked, self.looked, self.next_tick = 0, self.true, self.true, self.true
        self.queue: list[tuple[datetime, int, Callable[[], None]]] = []
        self.number = 0
        self.days_off = set(self.world["days_off"])
        self.listed: date | None = None  # the Monday of the last lists
        self.store = init(f"sqlite:///{self.path}", rehearsal=False, at=self.true, actor="test")
        self.watch = sqlite3.connect(self.path, isolation_level=None)
        self.progress: Callable[[datetime], None] = lambda _: None  # called every thirty days

    # ── time ──

    @property
    def told(self) -> datetime:
        """Return what the clock of the machine shows."""
        return self.true + self.skew

    @property
    def now(self) -> datetime:
        """Return the civil instant the store takes it to be: never before what it has seen."""
        return civil(max(self.told, self.high))

    def at(self, when: datetime, act: Callable[[], None]) -> None:
        """Do something later."""
        self.number += 1
        heapq.heappush(self.queue, (max(when, self.true), self.number, act))

    def do(self, when: datetime, act: Callable[[], None]) -> None:
        """Let somebody do something later: where there is much to do most of it is done in rounds of the day."""
        if self.busy and self.rounds.random() < IN_ROUNDS:
            when = max(when, self.true)
            day = civil(when).date()
            rounds = (datetime.combine(day + n * DAY, of_day(*clock), UTC) - ZONE for n in (0, 1) for clock in ROUNDS)
            when = next(one for one in rounds if one >= when)
        self.at(when, act)

    def after(self, low: timedelta, high: timedelta) -> datetime:
        """Return an instant some time from now, drawn from people's dice, to the second."""
        return self.true + timedelta(seconds=self.lives.randint(int(low.total_seconds()), int(high.total_seconds())))

    # ── the year ──

    def live(self) -> "Year":
        """Let the year pass."""
        adopt_registry(self.store, the_registry(self.world, self.days_off), at=self.true, actor="test")
        set_channel(self.store, the_channels(self.world), at=self.true, actor="test")
        self._read()
        self.boundaries.watch(self.store.engine)
        self._plan()
        self._until(self.end)
        self._mend()
        self._until(self.end + DRAIN)
        self.mark("end")
        return self

    def _plan(self) -> None:
        for key, said in self.world["directives"].items():
            morning = datetime.combine(said["adopted"], datetime.min.time(), UTC) - ZONE
            self.at(morning + self._some(7 * HOUR, 18 * HOUR), lambda key=key: self._adopt(key))  # type: ignore[misc]
        for every, trouble in (
            (9, self._server_away),
            (16, self._watcher_away),
            (12, self._clock),
            (40, self._calendar),
            (2, self._absence),
        ):
            when = self.true + self._some(DAY, every * DAY)
            while when < self.end:
                self.at(when, trouble)
                when += self._some(DAY, 2 * every * DAY)
        for every, change in ((8, self._amend), (30, self._supersede)):
            when = self.true + timedelta(seconds=self.texts.randrange(2 * every * 86_400))
            while when < self.end:
                self.at(when, change)
                when += timedelta(seconds=self.texts.randrange(2 * every * 86_400))

        morning = self.true + timedelta(hours=self.world["lists"][0], minutes=self.world["lists"][1])
        while morning < self.end:
            self.at(morning + 5 * SECOND, self._wake)
            morning += DAY

    def _wake(self) -> None:
        if self.watcher_up:
            self.next_tick = self.true

    def _until(self, end: datetime) -> None:
        told = self.true
        while True:
            if self.true - told >= 30 * DAY:
                told = self.true
                self.progress(told)
            due = min(self.next_tick, self.queue[0][0]) if self.queue else self.next_tick
            if due > end:
                self.true = end
                return
            self.true = max(self.true, due)
            if self.queue and self.queue[0][0] <= self.true:
                heapq.heappop(self.queue)[2]()
            else:
                self._tick()
            self._aim()

    def _some(self, low: timedelta, high: timedelta) -> timedelta:
        return timedelta(seconds=self.chance.randint(int(low.total_seconds()), int(high.total_seconds())))

    def _mend(self) -> None:
        """Let nothing go wrong any more."""
        self.queue.clear()
        self.crashes = self.server.faults = False
        self._set_clock()
        if not self.watcher_up:
            self._back("watcher")
        if not self.server_up:
            self._back("server")
        self._release()

    # ── the watcher ──

    def _aim(self) -> None:
        """Set the next tick: a minute at most after something is due, and every few hours."""
        due = self._first(*SWEEPS, *SENDS)
        latest = self.looked + EVERY
        if due:
            first = due - self.skew
            # what is due and was not done just now rests for a while: a server that does not answer is left alone
            rest = 5 * MINUTE if self.server_up else 25 * MINUTE
            latest = min(latest, first if first > self.ticked else self.ticked + rest)
        self.next_tick = max(self.true, latest) + timedelta(seconds=int(sha256(str(latest).encode()).digest()[0] / 6))
        if not self.watcher_up:
            self.next_tick = datetime.max.replace(tzinfo=UTC)

    def _tick(self) -> None:
        """Look at what is due; every few hours whatever the store says of it."""
        regular = self.true - self.looked >= EVERY
        self.ticked = self.true
        if regular:
            self.looked = self.true
        sweeps, sends = self._due(*SWEEPS), self._due(*SENDS)
        if (regular or sweeps) and not self._sweep():
            return
        if not self._lists():
            return
        if regular or sends or self._due(*SENDS):
            self._deliver()

    def _due(self, *looks: str) -> bool:
        due = self._first(*looks)
        return due is not None and due <= max(self.told, self.high)

    def _first(self, *looks: str) -> datetime | None:
        found = [self.watch.execute(one).fetchone()[0] for one in looks]
        return min((instant(one) for one in found if one), default=None)

    def _sweep(self) -> bool:
        at = self.now
        done = self._do(lambda: sweep(self.store, at=self.told, watch_every=self.settings.watch_limit), risk=0.02)
        seen = self._read()
        self.log += [fact for fact in seen if fact["what"] == "fact" and fact["kind"] == "assigned"]
        self.log.append({"what": "sweep", "at": at, "done": done})
        self.log += [fact for fact in seen if fact["what"] != "fact" or fact["kind"] != "assigned"]
        self._crashed(done)
        return done

    def _lists(self) -> bool:
        """Make the lists of a week, where they were not made: False, it died."""
        monday = self.now.date() - self.now.weekday() * DAY
        if self.listed == monday or self.now - datetime.combine(monday, time_of(self.world["lists"])) < NONE:
            return True
        at = self.now
        done = self._do(lambda: lists(self.store, at=self.told), risk=0.1)
        self._read()
        self.log.append({"what": "lists", "at": at, "done": done})
        self._crashed(done)
        return done

    def _deliver(self) -> None:
        at, told, up = self.now, self.told, self.true
        done = self._do(
            lambda: deliver(
                self.store, self.server, settings=self.settings, clock=lambda: told, uptime=lambda: up - civil_zero
            ),
            risk=0.05,
            sends=True,
        )
        self.log.append({"what": "deliver", "at": at, "done": done})
        seen = self._read()
        self.log += [one for one in seen if one["what"] == "held"]
        self.log += self.mails
        self.mails = []
        self._crashed(done)
        if any(one["what"] == "held" for one in seen):
            self.at(self.true + self._some(HOUR, 6 * HOUR), self._release)

    def _release(self) -> None:
        self._verb(lambda: release(self.store, at=self.told, actor="operator"))

    # ── troubles ──

    def _server_away(self) -> None:
        if self.server_up:
            self.server_up = False
            self.mark("server", up=False)
            self.at(self.true + self._span((HOUR, 8 * HOUR, 30 * HOUR, 3 * DAY)), lambda: self._back("server"))

    def _watcher_away(self) -> None:
        if self.watcher_up:
            self.watcher_up = False
            self.mark("watcher", up=False)
            self.at(self.true + self._span((2 * MINUTE, 3 * HOUR, 20 * HOUR, 4 * DAY)), lambda: self._back("watcher"))

    def _back(self, what: str) -> None:
        setattr(self, f"{what}_up", True)
        self.mark(what, up=True)
        self.next_tick = self.true

    def _span(self, most: Sequence[timedelta]) -> timedelta:
        return self._some(MINUTE, self.chance.choice(most))

    def _clock(self) -> None:
        """Let the clock step, and be put right some hours later."""
        step = self.chance.choice([30 * SECOND, 10 * MINUTE, HOUR, HOUR, 6 * HOUR, DAY])
        self._set_clock(step if self.chance.random() < 0.5 else -step)
        self.at(self.true + self._some(MINUTE, 10 * HOUR), self._set_clock)

    def _set_clock(self, skew: timedelta = NONE) -> None:
        before, self.skew = self.now, skew
        self.mark("clock", since=before)

    def _calendar(self) -> None:
        """Let a day off come, or go."""
        day = civil(self.true).date() + self.chance.randrange(2, 60) * DAY
        while day.weekday() > 4:
            day += DAY
        new = self.days_off ^ {day}
        self._verb(lambda: adopt_registry(self.store, the_registry(self.world, new), at=self.told, actor="test"), new)

    def _absence(self) -> None:
        """Let an office be away for some days, and another cover for it."""
        agency, deputy = self.chance.sample([*MINISTRIES, *PROVINCES, *COMMUNES], 2)
        if deputy == SILENT:
            return
        first = civil(self.true).date() + self.chance.randrange(4) * DAY
        last = first + self.chance.choice([1, 3, 10, 25]) * DAY
        self._verb(
            lambda: name_deputy(
                self.store, agency, deputy, first=first, last=last, at=self.told, actor="cli:test", why="away"
            )
        )

    # ── people ──

    def _adopt(self, key: str) -> None:
        made = self._verb(
            lambda: adopt_directive(self.store, the_directive(self.world, key), at=self.told, actor="test")
        )
        if not made:
            self.at(self.true + 5 * MINUTE, lambda: self._adopt(key))
        else:
            tasks = [name for name in self.world["tasks"] if name.startswith(f"{key}/")]
            self.log.append({"what": "adopted", "at": self.now, "tasks": tasks})
            self.adopted.append(key)

    def _amend(self) -> None:
        """Let an amendment take a task out of a directive, or let one agency go; nobody needs what goes."""
        needed = {one for task in self.world["tasks"].values() for one in task["needs"]}
        found = [
            (name, code)
            for name, task in self.world["tasks"].items()
            if name.rpartition("/")[0] in self.adopted and name not in needed and not _is_monthly(task)
            for code in task["leads"]
            if (name, code) not in self.gone
        ]
        if not found:
            return
        name, code = self.texts.choice(found)
        alone = self.texts.random() < 0.5
        going = {one for one in found if one == (name, code) or (one[0] == name and not alone)}
        key = name.rpartition("/")[0]
        of_it = {(task, lead) for task, lead in found if task.startswith(f"{key}/")}
        if len(of_it) > len(going):  # a directive keeps a task
            self.gone |= going
            self._put(key, [f"{task}/{lead}" for task, lead in sorted(going)])

    def _supersede(self) -> None:
        """Let a directive take the place of another."""
        monthly = {name.rpartition("/")[0] for name, task in self.world["tasks"].items() if _is_monthly(task)}
        found = [key for key in self.adopted if key not in monthly]
        if not found:
            return
        old = self.texts.choice(found)
        self.adopted.remove(old)
        key = another(self.texts, self.world, old, civil(max(self.told, self.high)).date())
        self._put(key, [ref for name in self._tasks(old) for ref in self._refs(name)])
        self.log.append({"what": "adopted", "at": self.now, "tasks": self._tasks(key)})
        self.adopted.append(key)

    def _put(self, key: str, over: list[str]) -> None:
        """Adopt a directive as it reads now, by which some assignments are owed no longer."""
        text = the_directive(self.world, key, self.gone)
        while not self._verb(lambda: adopt_directive(self.store, text, at=self.told, actor="test")):
            pass
        self.log.append({"what": "over", "at": self.now, "refs": over})

    def _tasks(self, key: str) -> list[str]:
        return [name for name in self.world["tasks"] if name.startswith(f"{key}/")]

    def _refs(self, name: str) -> list[str]:
        return [f"{name}/{lead}" for lead in self.world["tasks"][name]["leads"] if (name, lead) not in self.gone]

    def _life(self, ref: str) -> None:
        """Plan what an office does with what it was assigned."""
        name, _, day = named(ref)
        limit, dice = limit_of(self.world["tasks"][name], Days(self.days_off), day), self.lives
        last = (
            datetime.combine(limit.last, datetime.min.time(), UTC) - ZONE if limit else self.after(5 * DAY, 150 * DAY)
        )
        if dice.random() < 0.5:
            self.do(self.after(HOUR, 6 * DAY), lambda: self._move(acknowledge, ref))
        if dice.random() < 0.2:
            self.do(self.after(DAY, 12 * DAY), lambda: self._move(start, ref))
        if dice.random() < 0.2:
            when = self.after(HOUR, max(2 * HOUR, last - self.true))
            until = civil(when).date() + dice.randrange(1, 12) * DAY
            self.do(when, lambda: self._move(note, ref, until=until))
        if limit and dice.random() < 0.25:
            new = limit.last + dice.randrange(3, 40) * DAY
            when = last - timedelta(seconds=dice.randrange(5 * 86_400))
            self.do(when, lambda: self._move(extensions.ask, ref, new, why="more time"))
            self.do(max(when, self.true) + (self.after(HOUR, 4 * DAY) - self.true), lambda: self._decide(ref))
        if dice.random() < 0.1:
            when = self.after(DAY, max(2 * DAY, last - self.true + 20 * DAY))
            self.do(when, lambda: self._suspend(ref))
        if dice.random() < 0.85:
            self.do(last + timedelta(hours=int(dice.triangular(-20 * 24, 45 * 24, 20))), lambda: self._report(ref))

    def _decide(self, ref: str) -> None:
        if self.lives.random() < 0.3:
            self._move(extensions.refuse, ref, why="no")
        else:
            self._move(extensions.grant, ref, instrument="Notice 3")

    def _suspend(self, ref: str) -> None:
        self._move(extensions.suspend, ref, why="a flood", instrument="Notice 4")
        day = civil(self.true).date() + self.lives.randrange(30, 90) * DAY if self.lives.random() < 0.5 else None
        when = self.after(2 * HOUR, 30 * DAY)
        self.do(when, lambda: self._move(extensions.resume, ref, day=day, instrument="Notice 5"))

    def _report(self, ref: str) -> None:
        self._move(submit, ref, words="done")
        dice = self.lives.random()
        if dice < 0.25:
            self.do(self.after(HOUR, 5 * DAY), lambda: self._move(send_back, ref, missing="the annex"))
            self.do(self.after(6 * DAY, 16 * DAY), lambda: self._report(ref))
        elif dice < 0.9:
            self.do(self.after(HOUR, 5 * DAY), lambda: self._move(accept, ref))

    def _move(self, verb: Callable[..., object], ref: str, *said: Any, **named: Any) -> None:
        self._verb(lambda: verb(self.store, ref, *said, at=self.told, actor="cli:test", **named))

    # ── doing, dying and writing down ──

    def _verb(self, act: Callable[[], object], days_off: set[date] | None = None) -> bool:
        """Do something in the store, perhaps die of it, and write down what the ledger says of it; False: it died."""
        done = self._do(act, risk=0.03, machine=False)
        seen = self._read()
        if days_off is not None and any(one["what"] == "registry" for one in seen):
            self.days_off = days_off
            dated = {one["ref"]: one["seq"] for one in seen if one["what"] == "dated"}
            at = next(one["at"] for one in seen if one["what"] == "registry")
            self.log.append({"what": "calendar", "at": at, "days_off": sorted(days_off), "seqs": dated})
        self.log += [one for one in seen if one["what"] in ("fact", "held", "released", "deputy")]
        self._crashed(done)
        return done

    def _do(self, act: Callable[[], object], *, risk: float, machine: bool = True, sends: bool = False) -> bool:
        bounds = self.boundaries
        if self.crashes and self.chance.random() < risk:
            bounds.left = self.chance.randint(1, self.chance.choice([6, 30, 120]))
            bounds.only = ""
            if sends and self.chance.random() < 0.5:  # the moment that matters is short, and would rarely be met
                bounds.left, bounds.only = self.chance.randint(1, 6), "send"
        died = False
        try:
            act()
        except (Conflict, Invalid, NotFound, Refused):
            if machine:
                raise  # people may be refused something; a watcher is not
        except PowerCut:
            died = True
        finally:
            bounds.left = None
        if died:
            # what a process held goes with it; here a cursor left open, which its traceback held, would hold the file
            self.store.close()
            gc.collect()
            gc.freeze()  # the next crash looks through what came after this one, not through all the year
        return not died

    def _crashed(self, done: bool) -> None:
        doubt, self.boundaries.doubt = self.boundaries.doubt, None
        if not done:
            message = doubt.message if doubt and not doubt.excused else None
            self.mark("crash", where=self.boundaries.where, message=message)

    def mark(self, what: str, **said: Any) -> None:
        self.log.append({"what": what, "at": self.now, **said})

    def _read(self) -> list[Record]:
        """Return what the ledger has got since the last time, as plain records; what was assigned begins its life."""
        found: list[Record] = []
        question = "SELECT seq, recorded_at, kind, assignment, body FROM entry WHERE seq > ? ORDER BY seq"
        for seq, recorded, kind, ref, body in self.watch.execute(question, (self.entries,)):
            self.entries, self.high = seq, max(self.high, instant(recorded))
            said, at = json.loads(body)["payload"], civil(instant(recorded))
            if kind == "listed":
                day = date.fromisoformat(said["day"])
                self.listed = day - day.weekday() * DAY
            elif kind == "deputy_named":
                period = {"first": date.fromisoformat(said["from"]), "last": date.fromisoformat(said["until"])}
                found.append({"what": "deputy", "at": at, "agency": said["agency"], "deputy": said["deputy"], **period})
            elif kind in FACTS:
                day = said.get("until" if kind == "noted" else "day")
                day = date.fromisoformat(day) if day else None
                found.append({"what": "fact", "at": at, "kind": kind, "ref": ref, "seq": seq, "day": day})
            elif kind in ("reminders_held", "released_hold"):
                what = "held" if kind == "reminders_held" else "released"
                found.append({"what": what, "at": at, "references": said["reminders"], "why": said.get("why")})
            elif kind == "registry_adopted":
                found.append({"what": "registry", "at": at})
            elif kind == "date_set":
                found.append({"what": "dated", "at": at, "ref": ref, "seq": seq})
        for one in found:
            if one["what"] == "fact" and one["kind"] == "assigned":
                self._life(one["ref"])
        return found

    def rows(self) -> list[Record]:
        """Return the reminders as they are."""
        names = ("reference", "key", "assignment", "state", "made_at", "payload", "why")
        rows = self.watch.execute(f"SELECT {','.join(names)} FROM reminder ORDER BY key").fetchall()
        found = [dict(zip(names, row, strict=True)) for row in rows]
        return [{**row, "ref": row["assignment"], "made_at": civil(instant(row["made_at"]))} for row in found]

    def close(self) -> None:
        self.boundaries.undo()
        self.watch.close()
        self.store.close()


civil_zero = datetime(2020, 1, 1, tzinfo=UTC)


def _is_monthly(task: Record) -> bool:
    return bool(task["rule"]) and task["rule"][0] == "monthly"


def time_of(clock: tuple[int, int]) -> of_day:
    return of_day(*clock)


def civil(at: datetime) -> datetime:
    """Return an instant as the clocks in Ha Noi show it."""
    return (at + ZONE).replace(tzinfo=None)


def instant(text: str) -> datetime:
    """Return an instant that SQLite keeps as text."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass
class Run:
    """What a seed came to: the verdict, a digest of all that happened, and how long it took."""

    seed: int
    verdict: Verdict
    digest: str
    seconds: float
    work: float  # of a processor, in seconds
    judge: Judge
    broken: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return self.verdict.holds and not self.broken


@contextmanager
def a_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tracker-year-", dir=roomy_memory()) as folder:
        yield Path(folder)


@contextmanager
def a_short_tail() -> Iterator[None]:
    """Let the guard read little of the journal meanwhile, and walk after a crash over nothing that was there before."""
    plain, journals.TAIL = journals.TAIL, SHORT_TAIL
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        journals.TAIL = plain
        gc.unfreeze()


def run(seed: int, *, assignments: int, days: int, progress: Callable[[str], None] | None = None) -> Run:
    """Return what came of one year; a long one is told of as it goes on."""
    began, worked = time.monotonic(), time.process_time()
    with a_short_tail(), a_folder() as folder, closing(Year(seed, folder, assignments=assignments, days=days)) as year:
        if progress:
            year.progress = lambda at: progress(f"{at:%Y-%m-%d}: {time.process_time() - worked:.0f} s of work")
        year.live()
        rows = year.rows()
        broken = () if verify(year.store).holds else ("the chain of the ledger",)
        broken += tuple(rebuild(year.store, keep=False).differing)
        judge = Judge(year.world, year.log, rows)
        verdict = judge.judged()
        text = json.dumps([year.log, rows], default=str, sort_keys=True)
        digest = sha256(text.encode()).hexdigest()[:16]
        took, work = time.monotonic() - began, time.process_time() - worked
        return Run(seed, verdict, digest, took, work, judge, broken)


def told(run: Run, *, most: int = 5) -> str:
    """Return a run in words: its figures, and where it failed the smallest stories that say why."""
    counts, late = run.verdict.counts, run.verdict.late_at
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = ", ".join(f"{counts[name]:,} {name}" for name in sorted(counts))
    lines = [
        f"seed {run.seed}: {len(run.verdict.missing)} missing, {len(run.verdict.not_allowed)} not allowed, "
        f"digest {run.digest}, {run.seconds:.1f} s, {run.work:.1f} s of work, {memory:,.0f} MB at most",
        f"  {figures}",
        f"  accepted within {late(0.5)} of healthy time (median), {late(0.99)} (99 %), {late(1)} at most",
    ]
    lines += [f"  broken: {what}" for what in run.broken[:most]]
    wrong = [*run.verdict.missing, *run.verdict.not_allowed]
    lines += [f"  {words}" for _, words in wrong[:most]]
    if wrong:
        stories = {about: run.judge.story(about) for about, _ in wrong}
        about = min(stories, key=lambda about: len(stories[about]))
        keys = {words.split(",")[0].split(" ")[0] for whose, words in wrong if whose == about}
        for line in stories[about].splitlines():  # the facts, and of what was told only what is in question
            if not line.startswith(("  oracle", "  product")) or any(key in line for key in keys):
                lines.append(line)
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=7, help="the first seed")
    parser.add_argument("--seeds", type=int, default=1, help="how many, one after the other")
    parser.add_argument("--assignments", type=int, default=10_000)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--story", help="tell what happened to this assignment")
    chosen = parser.parse_args(arguments)
    failed, total, late = 0, Counter[str](), list[timedelta]()

    def tell(words: str) -> None:
        if chosen.assignments > MANY:
            print(f"  {words}", file=sys.stderr, flush=True)

    for seed in range(chosen.seed, chosen.seed + chosen.seeds):
        found = run(seed, assignments=chosen.assignments, days=chosen.days, progress=tell)
        print(told(found), flush=True)
        if chosen.story:
            print(found.judge.story(chosen.story))
        failed += not found.holds
        total.update(found.verdict.counts)
        total.update(missing=len(found.verdict.missing), not_allowed=len(found.verdict.not_allowed))
        late += found.verdict.late
    within = Verdict(late=late).late_at(0.99)
    figures = ", ".join(f"{total[name]:,} {name}" for name in ("assignments", "mails", "crashes"))
    print(f"{total['missing']} missing, {total['not_allowed']} not allowed, {figures}, 99 % within {within}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
