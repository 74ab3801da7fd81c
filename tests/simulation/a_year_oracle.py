"""The oracle of a simulated year: who had to be told what, and when, in closed form.

It shares nothing with the tracker but the names of rungs and the form of keys, which are frozen. It knows
the world as plain data, and what happened as plain records, in their order: facts about assignments, sweeps
and deliveries with the instant the store took them to be, mails as the mail server saw them. All instants
are civil times of Viet Nam (UTC+7 all year round) without a zone; its calendar is its own.

    MUST    was due, and then there were two healthy hours (the watcher up, the server up, no waiting that
            was asked for) before it was cancelled, superseded or coalesced: accepted by the server, or
            visibly given up
    MAY     what a look was free to make, told while it still held: nothing else was sent
"""

from base64 import b32encode
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from hashlib import sha256
from itertools import accumulate
from typing import Any, NamedTuple

Record = dict[str, Any]
World = Mapping[str, Any]

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
NEVER = datetime(1, 1, 1)  # noqa: DTZ001 - civil, like every instant here
HEALTHY = timedelta(hours=2)
LEASE = timedelta(minutes=10)  # until an attempt of a process that died is taken over, and a tick to do so
TRIES = 8
GIVE_UP = timedelta(hours=48)  # what is no fault of the mail is tried for so long
HORIZON = timedelta(days=60)  # occurrences come into sight so long before
GAP = timedelta(hours=24)  # nobody delivered for longer: what is not urgent waits for an operator
MANY = 1_000
URGENT = ("due", "overdue", "escalated", "alarm")
TOGETHER = ("assigned", "before", "half", "due", "overdue", "escalated", "review", "ended")
SETTLED = ("completed", "expired", "discontinued", "superseded")
QUIET = ("submitted", "suspended", *SETTLED)
OVER = ("withdrawn", "superseded")
WORKING = ("assigned", "acknowledged", "in_progress", "returned")
ANSWERS = ("acknowledged", "started", "noted", "submitted", "extension_requested")
PROGRESS = {
    "acknowledged": "acknowledged", "started": "in_progress", "submitted": "submitted", "returned": "returned",
    "completed": "completed", "suspended": "suspended", "resumed": "in_progress", "cut_off": "expired",
    "reopened": "in_progress", "withdrawn": "discontinued", "superseded": "superseded",
}  # fmt: skip


# ── Days ─────────────────────────────────────────────────────────────────────────────────────────────────────


class Days:
    """Which days offices work, by the days off in force."""

    def __init__(self, off: Iterable[date]) -> None:
        self.off = frozenset(off)

    def works(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.off

    def back(self, day: date) -> date:
        while not self.works(day):
            day -= DAY
        return day

    def on(self, day: date) -> date:
        while not self.works(day):
            day += DAY
        return day

    def add(self, day: date, count: int, unit: str, sign: int = 1) -> date:
        if unit == "d":
            return day + sign * count * DAY
        left = count
        while True:
            day += sign * DAY
            left -= self.works(day)
            if left <= 0:
                return day


class Limit(NamedTuple):
    last: date
    late: datetime
    opens: datetime | None = None
    void: bool = False


def at_time(day: date, clock: tuple[int, int] = (0, 0)) -> datetime:
    return datetime.combine(day, time(*clock))


def limit_of(task: Mapping[str, Any], days: Days, occurrence: date | None = None) -> Limit | None:
    """Return the deadline a task has by its rule."""
    rule, void = task["rule"], task.get("cutoff", False)
    match rule:
        case ("by", day):
            return Limit(day, at_time(day + DAY), None, void)
        case ("by", day, minute):
            return Limit(day, at_time(day, minute) + MINUTE, None, void)
        case ("before", day):
            return Limit(day - DAY, at_time(day), None, void)
        case ("window", first, last):
            return Limit(last, at_time(last + DAY), at_time(first), void)
        case ("within", count, unit):
            last = days.add(task["issued"], count, unit)
            last = last if unit == "wd" else days.on(last)
            return Limit(last, at_time(last + DAY), None, void)
        case ("monthly", of_month):
            assert occurrence is not None
            before = (occurrence.replace(day=1) - DAY).replace(day=of_month)
            opens = at_time(before + DAY) if before > task["issued"] else None
            return Limit(occurrence, at_time(occurrence + DAY), opens, void)
    return None


# ── Moments ──────────────────────────────────────────────────────────────────────────────────────────────────


class Moment(NamedTuple):
    at: datetime
    rung: str
    stage: str
    to: tuple[str, ...]


def stage_of(rung: str) -> str:
    first = rung.partition("-")[0]
    return {"share": "before", "after": "overdue", "daily": "overdue", "escalate": "escalated"}.get(first, first)


class Ladder:
    """A ladder's instants for one assignment as it stands."""

    def __init__(self, ladder: Mapping[str, Any], days: Days, assigned: datetime) -> None:
        self.ladder, self.days, self.assigned = ladder, days, assigned
        self.quiet: tuple[tuple[int, int], tuple[int, int]] | None = ladder.get("quiet")

    def hush(self, at: datetime) -> bool:
        if self.quiet is None:
            return False
        since, until = self.quiet
        now = (at.hour, at.minute)
        return since <= now < until if since < until else now >= since or now < until

    def later(self, at: datetime, working: bool = True) -> datetime:
        if not self.hush(at):
            return at
        assert self.quiet is not None
        until = self.quiet[1]
        day = at.date() + DAY if (at.hour, at.minute) >= until else at.date()
        return at_time(self.days.on(day) if working else day, until)

    def earlier(self, at: datetime) -> datetime:
        if not self.hush(at):
            return at
        assert self.quiet is not None
        since = self.quiet[0]
        day = at.date() - DAY if (at.hour, at.minute) < since else at.date()
        return at_time(self.days.back(day), since) - MINUTE

    def before(self, day: date) -> datetime:
        return self.earlier(at_time(self.days.back(day), self.ladder["time"]))

    def after(self, day: date) -> datetime:
        return self.later(at_time(self.days.on(day), self.ladder["time"]))

    def open(self, at: datetime) -> datetime:
        working = bool(self.ladder.get("working_days"))
        if working and not self.days.works(at.date()):
            at = at_time(self.days.on(at.date()), self.ladder["time"])
        return self.later(at, working)

    def announced(self, limit: Limit) -> datetime:
        at = self.assigned
        if limit.opens is not None and limit.opens > at:
            at = limit.opens
            for day in (limit.opens.date(), limit.opens.date() + DAY):
                morning = at_time(self.days.on(day), self.ladder["time"])
                if limit.opens <= morning < limit.late:
                    at = morning
                    break
        moved = self.open(at)
        return moved if moved < limit.late else at

    def dated(self, limit: Limit, answered: datetime | None, until: datetime) -> list[Moment]:
        """Return the moments up to an instant, in the order in which a look deals with them."""
        start = max(self.assigned, limit.opens or self.assigned)
        found = [(m.at, 1, n, m) for n, m in enumerate(sorted(self.fixed(limit, start))) if m.at >= start]
        found += [(m.at, 0, n, m) for n, m in enumerate(sorted(self.levels(limit, answered))) if m.at >= start]
        found += [(m.at, 2, n, m) for n, m in enumerate(self.repeats(limit, until)) if m.at >= self.assigned]
        found += [(m.at, 3, n, m) for n, m in enumerate(self.daily(limit, until)) if m.at >= self.assigned]
        moments = [one[3] for one in sorted(found, key=lambda one: one[:3]) if one[0] <= until]
        return [m for m in moments if m.at < limit.late] if limit.void else moments

    def fixed(self, limit: Limit, start: datetime) -> Iterator[Moment]:
        anchor = self.days.back(limit.last)
        for rung in self.ladder["rungs"]:
            side, to = rung["side"], rung.get("to", ("lead",))
            if side == "assigned":
                at, name = self.announced(limit), side
            elif side == "before":
                at = self.before(self.days.add(anchor, *rung["span"], -1))
                name = "before-{}{}".format(*rung["span"])
            elif side == "share":
                first = start.date()
                day = self.days.back(first + (limit.last - first).days * rung["share"] // 100 * DAY)
                if not first < day < anchor:
                    continue
                at, name = self.before(day), "half" if rung["share"] == 50 else f"share-{rung['share']}pc"
            elif side == "due":
                at, name = self.after(anchor), side
                at = at if at < limit.late else self.before(anchor - DAY)
            else:
                at = self.after(self.days.add(limit.last, *rung["span"]))
                name = "after-{}{}".format(*rung["span"])
            yield Moment(at, name, stage_of(name), to)

    def levels(self, limit: Limit, answered: datetime | None) -> Iterator[Moment]:
        for level in self.ladder.get("escalate", ()):
            at = self.after(self.days.add(limit.last, *level["span"]))
            if answered is not None and answered >= limit.late:
                if at <= answered:
                    continue
                at = self.after(self.days.add(answered.date(), *level["span"]))
            yield Moment(at, "escalate-{}{}-".format(*level["span"]) + "+".join(level["to"]), "escalated", level["to"])

    def repeats(self, limit: Limit, until: datetime) -> Iterator[Moment]:
        if self.ladder.get("every") is None:
            return
        count, unit = self.ladder["every"]
        spans = [rung["span"] for rung in self.ladder["rungs"] if rung["side"] == "after"]
        last = max(spans, key=lambda span: span[0], default=(0, "d"))
        day = self.days.add(limit.last, *last) if spans else limit.last
        end = None
        if self.ladder.get("daily_after"):
            end = self.after(self.days.add(limit.last, *self.ladder["daily_after"]))
        number = 0
        while True:
            number += 1
            day = self.days.add(day, count, unit)
            at = self.after(day)
            if at > until or (end is not None and at >= end):
                return
            yield Moment(at, f"after-{last[0]}{last[1]}+{number * count}{unit}", "overdue", ("lead",))

    def daily(self, limit: Limit, until: datetime) -> Iterator[Moment]:
        if not self.ladder.get("daily_after"):
            return
        day = self.days.on(self.days.add(limit.last, *self.ladder["daily_after"]))
        while (at := self.after(day)) <= until:
            yield Moment(at, f"daily-{day}", "overdue", ("lead",))
            day = self.days.on(day + DAY)

    def undated(self, review: tuple[int, str] | None, touched: datetime, until: datetime) -> list[Moment]:
        found = []
        for rung in self.ladder["rungs"]:
            if rung["side"] == "assigned":
                found.append(Moment(self.open(self.assigned), "assigned", "assigned", rung.get("to", ("lead",))))
        if review is not None and self.ladder.get("review", True):
            day = touched.date()
            while True:
                day = self.days.add(day, *review)
                told = self.days.on(day)
                at = self.later(at_time(told, self.ladder["time"]))
                if at > until:
                    break
                if at > self.assigned:
                    found.append(Moment(at, f"review-{told}", "review", ("lead",)))
        return [moment for moment in found if moment.at <= until]


# ── What happened to one assignment ──────────────────────────────────────────────────────────────────────────


@dataclass
class State:
    """An assignment from one record on, until the next that changes anything of it."""

    since: int
    at: datetime
    kind: str
    seq: int
    progress: str
    version: int
    limit: Limit | None
    answered: datetime | None
    snoozed: date | None
    touched: datetime
    days: Days
    until: int = -1
    waiting: bool = False  # for a task that is not settled yet

    @property
    def is_quiet(self) -> bool:
        return self.progress in QUIET


class Item(NamedTuple):
    """One thing to tell one office: made at a record, by which it was due at an instant."""

    key: str
    ref: str
    stage: str
    office: str
    moment: datetime
    made: int
    made_at: datetime
    version: int
    must: bool
    state: int  # which of the assignment's states it was made in
    covers: date | None = None  # the last day of the deputy it is for


@dataclass
class Case:
    """One assignment: its task, its agency, its states, and everything it may be told."""

    ref: str
    task: Mapping[str, Any]
    agency: str
    assigned: datetime
    states: list[State] = field(default_factory=list)
    items: dict[str, list[Item]] = field(default_factory=lambda: defaultdict(list))

    def state_at(self, index: int) -> int:
        return bisect_left([state.since for state in self.states], index + 1) - 1


class Oracle:
    """Everything that was owed in a world, by the log of what happened in it."""

    def __init__(self, world: World, log: Sequence[Record]) -> None:
        self.world, self.log = world, log
        self.end = max(record["at"] for record in log)
        self.unswept: list[str] = []
        self.needing: dict[str, list[str]] = defaultdict(list)
        for key, task in world["tasks"].items():
            for needed in task["needs"]:
                self.needing[needed].append(key)
        self.sweeps = [n for n, record in enumerate(log) if record["what"] == "sweep"]
        self.bad = self._bad()
        lengths = (end - start for start, end in self.bad)
        self.before = list(accumulate(lengths, initial=timedelta()))  # how much was bad before each
        self.deputies: dict[str, list[tuple[int, Record]]] = defaultdict(list)  # by whom they cover for
        for n, record in enumerate(log):
            if record["what"] == "deputy":
                self.deputies[record["agency"]].append((n, record))
        self.calendars = [(-1, Days(world["days_off"]))]
        self.calendars += [(n, Days(r["days_off"])) for n, r in enumerate(log) if r["what"] == "calendar"]
        self.tried: dict[str, list[tuple[int, Record]]] = defaultdict(list)  # by reference
        for n, record in enumerate(log):
            for reference in record["references"] if record["what"] == "attempt" else ():
                self.tried[reference].append((n, record))
        self.crashes = [n for n, record in enumerate(log) if record["what"] == "crash"]
        self.cases = self._cases()
        self._over()
        for case in self.cases.values():
            self._reckon(case)
        self.lists: dict[str, list[Item]] = defaultdict(list)
        self._lists()

    # ── the states ──

    def _cases(self) -> dict[str, Case]:
        cases: dict[str, Case] = {}
        days = Days(self.world["days_off"])
        for index, record in enumerate(self.log):
            if record["what"] == "calendar":
                new = Days(record["days_off"])
                for case in cases.values():
                    self._turn(case, index, record, days, new)
                days = new
            elif record["what"] == "fact":
                if record["kind"] == "assigned":
                    cases[record["ref"]] = case = self._assigned(index, record, days)
                    case.states[-1].waiting = self._waits(cases, case)
                elif record["ref"] in cases:
                    self._fact(cases[record["ref"]], index, record, days)
                    self._free(cases, index, record)
        for case in cases.values():
            for one, after in zip(case.states, [*case.states[1:], None], strict=True):
                one.until = after.since if after else len(self.log)
        return cases

    def _assigned(self, index: int, record: Record, days: Days) -> Case:
        task, agency, day = named(record["ref"])
        said = self.world["tasks"][task]
        case = Case(record["ref"], said, agency, record["at"])
        limit = limit_of(said, days, day)
        at = record["at"]
        case.states = [State(index, at, "assigned", record["seq"], "assigned", 1, limit, None, None, at, days)]
        return case

    def _fact(self, case: Case, index: int, record: Record, days: Days) -> None:
        kind, at, was = record["kind"], record["at"], case.states[-1]
        state = State(
            index, at, kind, record["seq"], PROGRESS.get(kind, was.progress), was.version, was.limit,
            at if kind in ANSWERS else was.answered, was.snoozed, at, days,
        )  # fmt: skip
        state.waiting = was.waiting and state.progress not in SETTLED
        if kind == "noted":
            state.snoozed = record["day"]
        if kind == "waiting":  # nobody did anything
            state.touched, state.waiting = was.touched, False
        if kind in ("extension_granted", "resumed") and record["day"] is not None:
            assert was.limit is not None
            late = at_time(record["day"]) + (was.limit.late - at_time(was.limit.last))
            state.limit = was.limit._replace(last=record["day"], late=late)
            state.version += 1
        case.states.append(state)

    def _over(self) -> None:
        """See that what a text asks for no longer is owed no longer."""
        for record in self.log:
            for ref in record["refs"] if record["what"] == "over" else ():
                case = self.cases.get(ref)
                if case is not None and case.states[-1].progress not in SETTLED:
                    self.unswept.append(f"{ref}: a text let it go at {record['at']}, and it is owed on")

    def _waits(self, cases: Mapping[str, Case], case: Case) -> bool:
        """Return whether an assignment waits for a task that is not settled, or not even assigned."""
        for needed in case.task["needs"]:
            (lead,) = self.world["tasks"][needed]["leads"]
            found = cases.get(f"{needed}/{lead}")
            if found is None or found.states[-1].progress not in SETTLED:
                return True
        return False

    def _free(self, cases: Mapping[str, Case], index: int, record: Record) -> None:
        """See that whoever waited for what is settled now is told so in the same breath."""
        task, _, _ = named(record["ref"])
        if cases[record["ref"]].states[-1].progress not in SETTLED or record["kind"] == "waiting":
            return
        for other in self.needing.get(task, ()):
            (lead,) = self.world["tasks"][other]["leads"]
            waiter = cases.get(f"{other}/{lead}")
            if waiter is None or not waiter.states[-1].waiting or waiter.states[-1].progress in SETTLED:
                continue
            freed = any(
                one["what"] == "fact" and one["kind"] in ("waiting", *OVER) and one["ref"] == waiter.ref
                for one in self.log[index : index + 400]
                if one["at"] == record["at"]
            )
            if not freed:
                self.unswept.append(f"{waiter.ref}: it waited for {task}, settled at {record['at']}, and is not free")

    def _turn(self, case: Case, index: int, record: Record, old: Days, new: Days) -> None:
        was = case.states[-1]
        if was.progress in SETTLED:
            return
        state = State(
            index, record["at"], "calendar", record["seqs"].get(case.ref, 0), was.progress, was.version, was.limit,
            was.answered, was.snoozed, was.touched, new, -1, was.waiting,
        )  # fmt: skip
        if case.task["rule"] and case.task["rule"][0] == "within":
            before, after = limit_of(case.task, old), limit_of(case.task, new)
            if before == was.limit and after != before:
                state.limit, state.version = after, was.version + 1
        case.states.append(state)

    # ── what was owed ──

    def _reckon(self, case: Case) -> None:
        ladder = self.world["ladders"].get(case.task["ladder"])
        if ladder is None:
            return
        dealt: set[datetime] = {NEVER}  # the moments up to which it may have been dealt with
        for number, state in enumerate(case.states):
            self._news(case, number, state)
            if state.is_quiet:
                continue
            moments = self._moments(case, state, ladder)
            first = bisect_left(self.sweeps, state.since)
            last = bisect_left(self.sweeps, state.until)
            known = len(dealt) == 1  # else nobody can say what was told before this state, and is not told again
            place = 0
            while place < len(moments):
                moment = moments[place]
                if moment.at <= min(dealt):
                    place += 1
                    continue
                sweep = self._next_sweep(first, last, moment.at)
                if sweep is None:
                    end = self.log[state.until]["at"] if state.until < len(self.log) else self.end
                    if known and self.health(max(moment.at, state.at), end) >= HEALTHY:
                        self.unswept.append(f"{case.ref}: no look at {moment.rung}, due at {moment.at}, until {end}")
                    break
                dealt = self._look(case, number, moments, dealt, self.sweeps[sweep], known)
                known = known or len(dealt) == 1
                first = sweep + 1

    def _next_sweep(self, first: int, last: int, at: datetime) -> int | None:
        """Return the first of some sweeps at an instant or after it; instants never go back."""
        found = bisect_left(self.sweeps, at, first, last, key=lambda index: self.log[index]["at"])
        return found if found < last else None

    def _moments(self, case: Case, state: State, ladder: Mapping[str, Any]) -> list[Moment]:
        reckoning = Ladder(ladder, state.days, case.assigned)
        end = self.log[state.until]["at"] if state.until < len(self.log) else self.end
        if state.limit is None:
            rule = case.task["rule"]
            review = rule[1:] if rule and rule[0] == "review" else None
            return reckoning.undated(review, state.touched, end)
        found = reckoning.dated(state.limit, state.answered, end)
        if state.snoozed is None:
            return found
        return [m for m in found if m.stage not in ("before", "half") or m.at.date() > state.snoozed]

    def _look(
        self, case: Case, number: int, moments: list[Moment], dealt: set[datetime], index: int, known: bool
    ) -> set[datetime]:
        """Note what a sweep makes, from each point up to which all may have been dealt with; return those points."""
        at, done = self.log[index]["at"], self.log[index]["done"]
        come = [moment for moment in moments if moment.at <= at]
        for since in sorted(dealt):
            told: set[str] = set()
            for moment in reversed([moment for moment in come if moment.at > since]):
                for office, covers in self.recipients(case, moment.to, index, at.date()).items():
                    if office not in told:
                        told.add(office)
                        # a sweep that was cut short may have done this or not: the next one must
                        must = done and known and since == min(dealt)
                        self._make(case, number, moment, office, index, must=must, covers=covers)
        return {come[-1].at} if done else {*dealt, come[-1].at}

    def _make(
        self, case: Case, number: int, moment: Moment, office: str, index: int, *, must: bool, covers: date | None
    ) -> None:
        state, channel = case.states[number], "mail" if self.world["offices"][office]["mail"] else "none"
        key = f"r1|{case.ref}|{moment.rung}|{state.version}|{office}|{channel}"
        due, at = max(moment.at, state.at), self.log[index]["at"]
        item = Item(key, case.ref, moment.stage, office, due, index, at, state.version, must, number, covers)
        case.items[key].append(item)

    def recipients(self, case: Case, to: Iterable[str], index: int, day: date) -> dict[str, date | None]:
        """Return who hears of some audiences on a day: the offices, and who covers for them, until which day."""
        found: dict[str, date | None] = dict.fromkeys(self._offices(case, to))
        for office in tuple(found):
            for named_at, said in self.deputies.get(office, ()):
                if named_at < index and said["first"] <= day <= said["last"]:
                    found.setdefault(said["deputy"], said["last"])
        return found

    def readers(self, case: Case, index: int, day: date) -> Mapping[str, date | None]:
        """Return everybody who may hear of an assignment on a day, by whatever rung."""
        return self.recipients(case, ("lead", "with", "parent", "secretariat", "head"), index, day)

    def _offices(self, case: Case, to: Iterable[str]) -> Iterator[str]:
        for audience in to:
            match audience:
                case "lead":
                    yield case.agency
                case "with":
                    yield from (code for code in case.task["with"] if code != case.agency)
                case "parent":
                    if parent := self.world["offices"][case.agency]["parent"]:
                        yield parent
                case "secretariat" | "head":
                    yield self.world[audience]

    def _news(self, case: Case, number: int, state: State) -> None:
        """Note what an entry has to tell at once."""
        was = case.states[number - 1] if number else None
        stage = None if was is None else news(state, was)
        if stage is None:
            return
        if stage == "ended":
            self._ended(case, number, state)
            return
        for office, covers in self.recipients(case, ["lead"], state.since, state.at.date()).items():
            channel = "mail" if self.world["offices"][office]["mail"] else "none"
            key = f"n1|{stage}|{state.seq}|{office}|{channel}"
            item = Item(
                key, case.ref, stage, office, state.at, state.since, state.at, state.version, True, number, covers
            )  # fmt: skip
            case.items[key].append(item)

    def _ended(self, case: Case, number: int, state: State) -> None:
        """Note that something is owed no longer: for who was told that it is, and who covers for them."""
        begun = case.states[number - 1].progress != "assigned"
        offices = self.recipients(case, ["lead"], state.since, state.at.date())
        heard = {office: self._heard(case, office, state.since) for office in offices}
        if begun:
            heard[case.agency] = "surely"
        for office, covers in offices.items():
            known = {heard[office], heard[case.agency]}  # who covers for the lead hears what the lead hears
            if known != {""}:
                channel = "mail" if self.world["offices"][office]["mail"] else "none"
                key = f"e1|{case.ref}|{state.version}|{office}|{channel}"
                item = Item(
                    key, case.ref, "ended", office, state.at, state.since, state.at, state.version, "surely" in known,
                    number, covers,
                )  # fmt: skip
                case.items[key].append(item)

    def _heard(self, case: Case, office: str, index: int) -> str:
        """Return whether an office surely has a mail about an assignment, or may have by what the store knows."""
        perhaps = ""
        for items in case.items.values():
            for item in items:
                if item.office != office or item.made >= index:
                    continue
                for n, record in self.tried[reference_of(item.key)]:
                    if n < index and record["took"]:
                        return "surely"
                    if n < index and record["said"] != "temporary" and record["said"] != "permanent":
                        perhaps = "perhaps"
                if any(item.made < n < index for n in self.crashes):  # it may have died with the mail in hand
                    perhaps = "perhaps"
        return perhaps

    # ── lists ──

    def _lists(self) -> None:
        """Note the lists of each week: what every office has open, and for the secretariat how all stands."""
        settled: set[date] = set()
        perhaps: dict[date, set[str]] = {}  # a look that was cut short may have made them
        for index, record in enumerate(self.log):
            if record["what"] != "lists":
                continue
            days = [days for since, days in self.calendars if since < index][-1]
            day = days.on(record["at"].date() - record["at"].weekday() * DAY)
            if record["at"] < at_time(day, self.world["lists"]) or day in settled:
                continue
            owing = {case.agency for case in self.cases.values() if self._owes(case, index)}
            sure = owing if day not in perhaps else set()
            for stage, office in [*(("weekly", code) for code in sorted(owing)), ("monday", self.world["secretariat"])]:
                channel = "mail" if self.world["offices"][office]["mail"] else "none"
                key = f"l1|{stage}|{day}|{office}|{channel}"
                must = record["done"] and (office in sure or stage == "monday")
                item = Item(key, "", stage, office, record["at"], index, record["at"], 0, must, 0)
                self.lists[key].append(item)
            if record["done"]:
                settled.add(day)
            else:
                perhaps[day] = owing

    def _owes(self, case: Case, index: int) -> bool:
        number = case.state_at(index)
        return number >= 0 and case.states[number].progress not in SETTLED

    # ── health ──

    def _bad(self) -> list[tuple[datetime, datetime]]:
        """Return when the watcher or the mail server was away, and the leases that died with a process."""
        found, open_since = [], {}
        for record in self.log:
            what = record["what"]
            if what in ("watcher", "server"):
                if record["up"]:
                    if what in open_since:
                        found.append((open_since.pop(what), record["at"] + 16 * MINUTE))
                else:
                    open_since.setdefault(what, record["at"])
            elif what == "clock":  # it stepped: what it left out was no time at all
                found.append((record["since"], record["at"]))
            elif what == "crash":
                found.append((record["at"], record["at"] + LEASE))
        return joined(found + [(since, self.end) for since in open_since.values()])

    def health(self, since: datetime, until: datetime, more: Iterable[tuple[datetime, datetime]] = ()) -> timedelta:
        """Return how much of a time was healthy: neither bad, nor one of the waits in `more`."""
        if until <= since:
            return timedelta()
        lost = self._lost(until) - self._lost(since)
        for start, end in joined((max(start, since), min(end, until)) for start, end in more):
            lost += (end - start) - (self._lost(end) - self._lost(start))
        return until - since - lost

    def _lost(self, at: datetime) -> timedelta:
        """Return how much was bad until an instant."""
        place = bisect_left(self.bad, at, key=lambda one: one[0])
        if not place:
            return timedelta()
        start, end = self.bad[place - 1]
        return self.before[place - 1] + min(end, at) - start


def joined(spans: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Return spans of time in their order, those that meet as one."""
    found: list[tuple[datetime, datetime]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def news(state: State, was: State) -> str | None:
    """Return the stage by which a lead hears of an entry at once."""
    moved = state.limit is not None and was.limit is not None and state.limit[:2] != was.limit[:2]
    match state.kind:
        case "submitted":
            return "received"
        case "returned":
            return "returned"
        case "completed":
            return "accepted"
        case "extension_refused":
            return "date_changed"
        case "withdrawn" | "superseded":
            return "ended"
        case "extension_granted" | "resumed" | "calendar" if moved:
            return "date_changed"
        case "suspended" | "resumed" | "reopened":
            return "decided"
        case "waiting" if was.waiting and state.progress in WORKING:
            return "unblocked"
    return None


def reference_of(key: str) -> str:
    """Return the short name of a reminder, which is frozen like its key."""
    return "ntf-" + b32encode(sha256(key.encode()).digest()[:10])[:13].decode().lower()


def named(ref: str) -> tuple[str, str, date | None]:
    """Return task, agency and occurrence of a reference."""
    task, _, agency = ref.rpartition("/")
    agency, _, day = agency.partition("@")
    return task, agency, date.fromisoformat(day) if day else None


def moot(item: Item, state: State) -> bool:
    """Return whether what is about an assignment has nothing left to say."""
    match item.stage:
        case "unblocked":
            return state.progress not in WORKING
        case "returned":
            return state.progress != "returned"
        case "accepted":
            return state.progress != "completed"
        case "date_changed":
            return state.progress in SETTLED or state.version != item.version
        case "received" | "decided" | "ended":
            return False
    return state.is_quiet or state.version != item.version
