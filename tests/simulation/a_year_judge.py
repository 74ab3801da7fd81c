"""The judge of a simulated year: holds what the product said and the mail server saw against the oracle."""

import json
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from tests.simulation.a_year_oracle import (
    DAY,
    GAP,
    GIVE_UP,
    HEALTHY,
    HORIZON,
    MINUTE,
    TOGETHER,
    TRIES,
    URGENT,
    Case,
    Item,
    Oracle,
    Record,
    World,
    moot,
)

SPREAD = 1.2  # a wait is longer by up to a fifth


@dataclass
class Verdict:
    """What came of a run: its figures, what is missing, what was not allowed, how late each reminder was."""

    counts: Counter[str] = field(default_factory=Counter)
    missing: list[tuple[str, str]] = field(default_factory=list)  # the assignment, and what is wrong with it
    not_allowed: list[tuple[str, str]] = field(default_factory=list)
    late: list[timedelta] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not self.missing and not self.not_allowed

    def late_at(self, share: float) -> timedelta:
        """Return within which healthy time a share of the reminders was accepted."""
        found = sorted(self.late)
        return found[min(len(found) - 1, int(share * len(found)))] if found else timedelta()


class Judge:
    """One run before its oracle: `rows` are the reminders as the product had them in the end."""

    def __init__(self, world: World, log: Sequence[Record], rows: Sequence[Record]) -> None:
        self.oracle = Oracle(world, log)
        self.world, self.log = world, log
        self.rows = {row["reference"]: row for row in rows}
        self.verdict = Verdict()
        self.attempts = [(index, record) for index, record in enumerate(log) if record["what"] == "attempt"]
        self.of: dict[str, list[tuple[int, Record, int]]] = defaultdict(list)  # by reference, with the attempt's number
        numbers: Counter[str] = Counter()
        for index, record in self.attempts:
            numbers[record["message"]] += 1
            for reference in record["references"]:
                self.of[reference].append((index, record, numbers[record["message"]]))
        self.crashes = sorted(record["at"] for record in log if record["what"] == "crash")
        self.holds = self._holds()

    def judged(self) -> Verdict:
        """Return the verdict."""
        self.verdict.missing += [(story.partition(":")[0], story) for story in self.oracle.unswept]
        self._assigned()
        for row in self.rows.values():
            self._row(row)
        for index, record in self.attempts:
            self._attempt(index, record)
        self._copies()
        self._bundles()
        self._pauses()
        by_key = {row["key"]: row for row in self.rows.values()}
        for case in self.oracle.cases.values():
            for items in case.items.values():
                for item in items:
                    if item.must:
                        self._must(case, item, by_key.get(item.key))
        for items in self.oracle.lists.values():
            for item in items:
                if item.must:
                    self._must(None, item, by_key.get(item.key))
        self._caps()
        self._alarms()
        self._count()
        return self.verdict

    def wrong(self, about: str, words: str) -> None:
        self.verdict.not_allowed.append((about, words))

    # ── what there had to be ──

    def _assigned(self) -> None:
        """Hold the assignments against what the directives ask for, occurrence by occurrence."""
        cases, end = self.oracle.cases, self.oracle.end
        for record in self.log:
            if record["what"] != "adopted":
                continue
            for key in record["tasks"]:
                task = self.world["tasks"][key]
                for agency in task["leads"]:
                    if not task["rule"] or task["rule"][0] != "monthly":
                        if f"{key}/{agency}" not in cases:
                            self.verdict.missing.append((f"{key}/{agency}", "it was never assigned"))
                        continue
                    for day in months(task["rule"][1], record["at"].date() + DAY, end.date() + HORIZON):
                        seen = max(record["at"], datetime.combine(day, datetime.min.time()) - HORIZON)
                        due = self.oracle.health(seen, end) >= HEALTHY and seen < end
                        if due and f"{key}/{agency}@{day}" not in cases:
                            self.verdict.missing.append((f"{key}/{agency}@{day}", "it never came into sight"))

    def _must(self, case: Case | None, item: Item, row: Record | None) -> None:
        took = [record["at"] for _, record, _ in self.of[row["reference"]] if record["took"]] if row else []
        waits = list(self._waits(row)) if row else []
        if took:
            late = self.oracle.health(item.moment, took[0], waits)
            self.verdict.late.append(late)
            if late > HEALTHY:
                self.wrong(item.ref, f"{item.key} was due at {item.moment} and left at {took[0]}: {late} healthy hours")
            return
        if row is not None and row["state"] in ("failed", "suppressed"):  # which is looked at by itself
            return
        until = self._end_of(case, item)
        if self.oracle.health(item.moment, until, waits) < HEALTHY:
            return
        state = row["state"] if row else "never made"
        self.verdict.missing.append(
            (item.ref, f"{item.key}, due at {item.moment}, was not told until {until}: it is {state}")
        )

    def _end_of(self, case: Case | None, item: Item) -> datetime:
        over = self.oracle.end if item.covers is None else datetime.combine(item.covers + DAY, datetime.min.time())
        for state in case.states[item.state + 1 :] if case else ():
            if moot(item, state):
                return min(over, state.at)
        return min(over, self.oracle.end)

    def _waits(self, row: Record) -> Iterator[tuple[datetime, datetime]]:
        """Yield when a reminder waited for an operator, or for its next attempt."""
        for _, record, number in self.of[row["reference"]]:
            if not record["took"] or record["said"] != "accepted":
                # who dies between writing an attempt down and making it has used it up, though no server knows of it
                died = bisect_left(self.crashes, record["at"]) - bisect_left(self.crashes, row["made_at"])
                wait = min(4 ** (number - 1 + died), 360) * SPREAD
                yield record["at"], record["at"] + (wait + 16) * MINUTE
        for _, since, _, until in self.holds.get(row["reference"], ()):
            yield since, until

    # ── what there could be ──

    def _row(self, row: Record) -> None:
        if row["key"].startswith("l1|alarm"):
            return
        items = self._items(row)
        if not any(item.made_at == row["made_at"] for item in items):
            self.wrong(row["ref"], f"{row['key']} was made at {row['made_at']}: nobody owed it then")
        if row["state"] in ("sending", "held"):
            self.wrong(row["ref"], f"{row['key']} is {row['state']} in the end")
        if row["state"] == "failed":
            tried = self.of[row["reference"]]
            died = len(self.crashes) - bisect_left(self.crashes, row["made_at"])
            given_up = any(record["said"] == "permanent" for _, record, _ in tried)
            blamed = sum(record["said"] != "temporary" for _, record, _ in tried)  # nobody knows what became of those
            given_up = given_up or blamed + died >= TRIES
            if not given_up and len(tried) + died >= TRIES:
                given_up = tried[-1][1]["at"] - tried[0][1]["at"] >= GIVE_UP
            if not given_up and not row["key"].endswith("|none"):
                self.wrong(row["ref"], f"{row['key']} was given up after {len(tried)} attempts: {row['why']}")

    def _items(self, row: Record) -> list[Item]:
        if row["key"].startswith("l1|"):
            return self.oracle.lists.get(row["key"], [])
        case = self.oracle.cases.get(row["ref"])
        return case.items.get(row["key"], []) if case else []

    def _attempt(self, index: int, record: Record) -> None:
        for reference in record["references"]:
            row = self.rows[reference]
            if row["key"].startswith("l1|alarm"):
                continue
            first = self.of[reference][0][0] == index
            items = [item for item in self._items(row) if item.made <= index]
            if not any(self._open(item, index, first) for item in items):
                self.wrong(row["ref"], f"{row['key']} left at {record['at']}, when it was not to be told")
            if record["office"] != row["key"].split("|")[-2]:
                self.wrong(row["ref"], f"{row['key']} went to {record['office']}")
            case = self.oracle.cases.get(row["ref"])
            readers = self.oracle.readers(case, index, record["at"].date()) if case else [record["office"]]
            if stage_in(row) not in ("received", "returned") and record["office"] not in readers:
                self.wrong(row["ref"], f"{row['key']} left at {record['at']}, to an office without a part in it")
            for since, _, until, _ in self.holds.get(reference, ()):
                if since <= index < until:
                    self.wrong(row["ref"], f"{row['key']} left at {record['at']}, while it was held")

    def _open(self, item: Item, index: int, first: bool) -> bool:
        if not item.ref:
            return True
        case = self.oracle.cases[item.ref]
        now = case.state_at(index)
        # what was not tried yet is cancelled for good; a mail under way is looked at again
        between = range(item.state, now + 1) if first else (now,)
        return not any(moot(item, case.states[number]) for number in between)

    def _copies(self) -> None:
        """Hold what arrived more than once against crashes and servers that said nothing."""
        took: Counter[str] = Counter()
        excused: Counter[str] = Counter()
        arrived: dict[str, set[str]] = defaultdict(set)
        first: dict[str, set[str]] = {}
        for _, record in self.attempts:
            members = set(record["references"])
            if not members <= first.setdefault(record["message"], members):
                self.wrong(record["message"], f"a mail at {record['at']} tells more than when it was tried first")
            if record["took"]:
                took[record["message"]] += 1
                excused[record["message"]] += record["said"] == "unknown"
                for reference in members:
                    arrived[reference].add(record["message"])
        for record in self.log:
            if record["what"] == "crash" and record["message"]:
                excused[record["message"]] += 1
        for message, count in took.items():
            if count - 1 > excused[message]:
                self.wrong(message, f"{count} copies of {message}, {excused[message]} excused")
        for reference, messages in arrived.items():
            if len(messages) > 1:
                self.wrong(
                    self.rows[reference]["ref"], f"{self.rows[reference]['key']} arrived in {len(messages)} mails"
                )
        self.verdict.counts["extra copies"] = sum(took.values()) - len(took)

    def _bundles(self) -> None:
        """See that all an office was owed at once left together, and what an entry tells alone."""
        begun: dict[tuple[int, str], int] = Counter()
        run = 0
        for index, record in enumerate(self.log):
            run += record["what"] == "deliver"
            if record["what"] != "attempt":
                continue
            stages = {stage_in(self.rows[reference]) for reference in record["references"]}
            if len(record["references"]) > 1 and not stages <= set(TOGETHER):
                self.wrong(record["message"], f"{sorted(stages)} in one mail at {record['at']}")
            new = all(self.of[reference][0][0] == index for reference in record["references"])
            if new and stages <= set(TOGETHER):
                begun[run, record["office"]] += 1
        for (_, office), count in begun.items():
            if count > 1:
                self.wrong(office, f"{count} mails to {office} at once, which were one")

    def _caps(self) -> None:
        """Hold the mails of each office and day against the caps of ladders; what is made in one minute is one mail."""
        minutes: dict[tuple[str, date], dict[datetime, set[int]]] = defaultdict(lambda: defaultdict(set))
        ladders = [(row, *row["key"].split("|")[-2:]) for row in self.rows.values() if row["key"].startswith("r1|")]
        told = [(row, office, self._cap(row)) for row, office, channel in ladders if channel != "none"]
        for row, office, cap in told:
            if row["state"] != "suppressed":
                day = minutes[office, row["made_at"].date()]
                day[row["made_at"].replace(second=0, microsecond=0)].add(cap or 1_000_000)
        for row, office, cap in told:
            minute = row["made_at"].replace(second=0, microsecond=0)
            day = minutes[office, row["made_at"].date()]
            before = sum(other < minute for other in day)
            full = cap is not None and before >= cap
            if row["state"] == "suppressed" and not full:
                self.wrong(
                    row["ref"], f"{row['key']} was suppressed at {row['made_at']}, after {before} mails of {cap}"
                )
            # what has more room opens the mail for all that is made in its minute
            if row["state"] != "suppressed" and full and not any(other > before for other in day[minute]):
                self.wrong(row["ref"], f"{row['key']} was made at {row['made_at']}, after {before} mails of {cap}")

    def _cap(self, row: Record) -> int | None:
        case = self.oracle.cases.get(row["ref"])
        ladder = self.world["ladders"].get(case.task["ladder"], {}) if case else {}
        found = ladder.get("cap")
        return None if found is None else int(found)

    def _pauses(self) -> None:
        """See that nothing but what is urgent leaves after a long pause before somebody has looked."""
        last, long, stepped = None, False, timedelta()
        for index, record in enumerate(self.log):
            if record["what"] == "clock":
                stepped += record["at"] - record["since"]
            elif record["what"] == "deliver":
                long = last is not None and record["at"] - last - stepped > GAP
                last, stepped = record["at"], timedelta()
            elif record["what"] == "attempt" and long:
                for reference in record["references"]:
                    row = self.rows[reference]
                    new = self.of[reference][0][0] == index and stage_in(row) not in URGENT
                    if new and not self.holds.get(reference):
                        self.wrong(row["ref"], f"{row['key']} left at {record['at']}, after a long pause")

    def _holds(self) -> Mapping[str, list[tuple[int, datetime, int, datetime]]]:
        found: dict[str, list[tuple[int, datetime, int, datetime]]] = defaultdict(list)
        open_since: dict[str, tuple[int, datetime]] = {}
        for index, record in enumerate(self.log):
            if record["what"] == "held":
                open_since |= dict.fromkeys(record["references"], (index, record["at"]))
                for reference in record["references"]:
                    if stage_in(self.rows[reference]) in URGENT:
                        self.wrong(self.rows[reference]["ref"], f"{self.rows[reference]['key']} was held: it is urgent")
            elif record["what"] == "released":
                for reference in record["references"]:
                    if reference in open_since:
                        found[reference].append((*open_since.pop(reference), index, record["at"]))
        for reference, since in open_since.items():
            found[reference].append((*since, len(self.log), self.oracle.end))
        return found

    def _alarms(self) -> None:
        """See that the secretariat was told of everything that was given up."""
        told: set[str] = set()
        for row in self.rows.values():
            if row["key"].startswith("l1|alarm"):
                told |= set(json.loads(row["payload"])["failed"])
        for row in self.rows.values():
            failed = row["state"] == "failed" and not row["key"].endswith("|none")
            if failed and row["reference"] not in told and not row["key"].startswith("l1|alarm"):
                self.wrong(row["ref"], f"{row['key']} was given up, and nobody was told")

    def _count(self) -> None:
        counts = self.verdict.counts
        states = Counter(row["state"] for row in self.rows.values())
        items = [item for case in self.oracle.cases.values() for found in case.items.values() for item in found]
        counts |= Counter(
            {
                "assignments": len(self.oracle.cases),
                "must": sum(item.must for item in items),
                "reminders": len(self.rows),
                "accepted": states["accepted"],
                "given up": states["failed"],
                "suppressed": states["suppressed"],
                "lists": sum(row["key"].startswith(("l1|weekly", "l1|monday")) for row in self.rows.values()),
                "unblocked": sum(row["key"].startswith("n1|unblocked") for row in self.rows.values()),
                "ended": sum(row["key"].startswith("e1|") for row in self.rows.values()),
                "to deputies": sum(item.covers is not None for item in items),
                "cancelled": states["cancelled"],
                "attempts": len(self.attempts),
                "mails": sum(record["took"] for _, record in self.attempts),
                "digests": sum(record["took"] and len(record["references"]) > 1 for _, record in self.attempts),
                "crashes": sum(record["what"] == "crash" for record in self.log),
                "crashes in doubt": sum(record["what"] == "crash" and bool(record["message"]) for record in self.log),
                "held": sum(map(len, self.holds.values())),
                "sweeps": len(self.oracle.sweeps),
                "facts": sum(record["what"] == "fact" for record in self.log),
            }
        )

    def story(self, about: str) -> str:
        """Return what happened to one assignment, and what oracle and product said of it."""
        case = self.oracle.cases.get(about)
        if case is None:
            return f"{about}: nothing is known of it"
        lines = [f"{about}: {dict(case.task)}"]
        for state in case.states:
            last = state.limit.last if state.limit else None
            lines.append(f"  {state.at}  {state.kind}: {state.progress}, version {state.version}, last day {last}")
        for items in case.items.values():
            for item in items:
                lines.append(
                    f"  oracle  {item.moment}  {'must' if item.must else 'may '}  {item.key}, made {item.made_at}"
                )
        for row in self.rows.values():
            if row["ref"] == about:
                tries = [
                    f"{r['at']} {r['said']}{' (took)' if r['took'] else ''}" for _, r, _ in self.of[row["reference"]]
                ]
                lines.append(f"  product {row['made_at']}  {row['state']}  {row['key']}  {row['why'] or ''} {tries}")
        return "\n".join(lines)


def stage_in(row: Record) -> str:
    """Return the stage of a reminder, by its key."""
    kind, second, third, *_ = row["key"].split("|")
    if kind == "e1":
        return "ended"
    if kind != "r1":
        return str(second)
    first = third.partition("-")[0]
    return {"share": "before", "after": "overdue", "daily": "overdue", "escalate": "escalated"}.get(first, first)


def months(of_month: int, since: date, until: date) -> Iterator[date]:
    """Yield a day of each month, from a day to another."""
    day = since.replace(day=of_month)
    while day <= until:
        if day >= since:
            yield day
        day = (day.replace(day=28) + 4 * DAY).replace(day=of_month)
