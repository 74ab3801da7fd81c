"""An independent model of the life of an assignment: plain dictionaries, its own days, nothing of `tracker`.

Written from the table of the issue and from what the verbs promise. It says of an attempt whether it is
accepted or refused with which code, which entries are written, and how everything stands after it.
A refusal names the first thing that is wrong, in this order: the reference, who asks, what was seen
before, whether it is void, from where, what must be said, the open question, then what is particular.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

Item = dict[str, Any]
Written = tuple[str, str | None]  # a kind of entry, and the reference it is about

EAST = timedelta(hours=7)  # Ha Noi has had no summer time since 1975
DAY = timedelta(days=1)
OFF = {date(2025, 9, 1), date(2025, 9, 2)}
BEGIN = datetime(2025, 8, 11, 1, tzinfo=UTC)

# ── The world ────────────────────────────────────────────────────────────────────────────────────────────────

PARENTS: Mapping[str, str | None] = {
    "CP": None, "VPCP": "CP", "BNV": "CP", "BTC": "CP", "BGDDT": "CP", "01": "CP", "04": "CP", "22": "CP",
    "01004": "01", "04273": "04", "22652": "22", "01999": "01", "01888": "01", "TDC": "CP",
    "CVT": "BNV", "TCT": "BTC", "NXB": "BGDDT",
}  # fmt: skip
# offices that exist only from a day (included) or until a day (excluded)
VALID: Mapping[str, tuple[date, date]] = {
    "01888": (date.min, date(2025, 8, 20)),
    "TDC": (date(2025, 8, 25), date.max),
}

A, B = "2025/412-tb-vpcp", "2025/7-ct-ttg"
TASKS: Mapping[str, Mapping[str, Any]] = {
    f"{A}/dated": {"lead": ("BNV",), "last": date(2025, 8, 31)},
    f"{A}/undated": {"lead": ("BTC",)},
    f"{A}/looked-at": {"lead": ("BGDDT",), "review": 10},
    f"{A}/cut-off": {"lead": ("BGDDT",), "last": date(2025, 8, 29), "void": True},
    f"{A}/proved": {"lead": ("BNV",), "last": date(2025, 9, 4), "evidence": True},
    f"{A}/minute": {"lead": ("BTC",), "last": date(2025, 8, 28), "minute": (17, 0)},
    f"{A}/first": {"lead": ("BTC",), "last": date(2025, 8, 22)},
    f"{A}/second": {"lead": ("BNV",), "last": date(2025, 9, 10), "needs": ((f"{A}/first", "finish"),)},
    f"{A}/third": {
        "lead": ("BGDDT",), "last": date(2025, 9, 20), "void": True, "needs": ((f"{A}/second", "finish"),),
    },
    f"{A}/pair": {"lead": ("BNV", "BTC"), "any": True, "last": date(2025, 9, 3)},
    f"{A}/after-pair": {"lead": ("BGDDT",), "last": date(2025, 9, 30), "needs": ((f"{A}/pair", "finish"),)},
    f"{A}/local": {"lead": ("01",), "last": date(2025, 9, 12)},
    f"{A}/begins-with": {"lead": ("BTC",), "last": date(2025, 10, 15), "needs": ((f"{A}/local", "start"),)},
    f"{A}/goes-with": {"lead": ("BNV",), "needs": ((f"{A}/minute", "during"),)},
    f"{A}/counted": {"lead": ("BGDDT",), "counts": (f"{A}/undated", 10)},
    f"{B}/strict": {"lead": ("BNV",), "last": date(2025, 9, 1)},
    f"{B}/strict-void": {"lead": ("01",), "last": date(2025, 8, 27), "minute": (11, 30), "void": True},
    f"{B}/strict-free": {"lead": ("BTC",), "evidence": True},
}  # fmt: skip
# how often more time is granted, how many working days before the last day one asks, how far from the first date
RULES: Mapping[str, tuple[int, int, tuple[int, bool]]] = {
    A: (2, 0, (60, False)),
    B: (1, 3, (20, True)),
}

# ── The table ────────────────────────────────────────────────────────────────────────────────────────────────

OPEN = ("assigned", "acknowledged", "in_progress", "returned")
LIVE = (*OPEN, "submitted", "suspended")
CLOSED = ("not_applicable", "discontinued", "superseded", "expired")
SETTLED = (*CLOSED, "completed")
PROGRESSES = (*LIVE, *SETTLED)

Row = tuple[str, str, Sequence[str], str | None, Sequence[str], str | None]
# verb: the entry, whose move, from, to (None: stays), what must be said, which question must be open or not
VERBS: Mapping[str, Row] = {
    "acknowledge": ("acknowledged", "agency", ("assigned",), "acknowledged", (), None),
    "note": ("noted", "agency", OPEN, None, (), None),
    "start": ("started", "agency", ("assigned", "acknowledged", "returned"), "in_progress", (), None),
    "submit": ("submitted", "agency", OPEN, "submitted", ("words",), None),
    "send_back": ("returned", "secretariat", ("submitted",), "returned", ("missing",), None),
    "accept": ("completed", "secretariat", ("submitted",), "completed", (), None),
    "reopen": ("reopened", "secretariat", ("completed",), "in_progress", ("why",), None),
    "suspend": ("suspended", "secretariat", OPEN, "suspended", ("why", "instrument"), None),
    "resume": ("resumed", "secretariat", ("suspended",), "in_progress", (), None),
    "ask": ("extension_requested", "lead", OPEN, None, ("why",), "-asked"),
    "grant": ("extension_granted", "secretariat", LIVE, None, ("instrument",), "asked"),
    "refuse": ("extension_refused", "secretariat", LIVE, None, ("why",), "asked"),
    "contest": ("contested", "lead", OPEN, None, ("why",), "-contested"),
    "uphold": ("contest_refused", "secretariat", LIVE, None, ("why",), "contested"),
    "transfer": ("transferred", "secretariat", LIVE, "superseded", ("why",), None),
    "excuse": ("excused", "secretariat", LIVE, "not_applicable", ("why", "agreed_by"), None),
    "discontinue": ("discontinued", "secretariat", LIVE, "discontinued", ("why", "instrument"), None),
    "delegate": ("delegated", "lead", LIVE, None, (), None),
    "take_back": ("delegation_ended", "lead", LIVE, None, (), None),
}
# what no person asks for
BY_RULE: Mapping[str, tuple[Sequence[str], str | None, Sequence[str]]] = {
    "withdrawn": (LIVE, "discontinued", ("why",)),
    "released": (LIVE, "not_applicable", ("why",)),
    "superseded": (LIVE, "superseded", ("why",)),
    "moved_along": (LIVE, None, ("with",)),
    "cut_off": ((*OPEN, "suspended"), "expired", ()),
}
ASKED = {"asked": "nothing-asked", "contested": "nothing-contested",
         "-asked": "asked-already", "-contested": "contested-already"}  # fmt: skip


class No(Exception):
    """The attempt is refused, with this code."""


# ── Days ─────────────────────────────────────────────────────────────────────────────────────────────────────


def day_of(at: datetime) -> date:
    """Return the day in Ha Noi."""
    return (at + EAST).date()


def begins(day: date, hour: int = 0, minute: int = 0) -> datetime:
    """Return the instant of a time of a day in Ha Noi."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC) - EAST


def works(day: date) -> bool:
    return day.weekday() < 5 and day not in OFF


def step(day: date, count: int, working: bool) -> date:
    """Return the day so many days on (or back), counting all of them or working days only."""
    one = DAY if count >= 0 else -DAY
    left = abs(count)
    while left:
        day += one
        left -= not working or works(day)
    return day


def exists(office: str, day: date) -> bool:
    first, end = VALID.get(office, (date.min, date.max))
    return first <= day < end


def above(office: str) -> Iterator[str]:
    while (parent := PARENTS.get(office)) is not None:
        yield parent
        office = parent


def role_of(actor: str) -> str:
    """Return the office an actor speaks for, or 'secretariat', 'auditor', 'operator'."""
    name = actor.split(":")[0]
    return name if name in PARENTS or name in ("secretariat", "auditor") else "operator"


# ── The model ────────────────────────────────────────────────────────────────────────────────────────────────


class Model:
    """Everything that is owed, as it should stand."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.deputies: list[dict[str, Any]] = []
        self.clock = BEGIN
        for task, said in TASKS.items():
            for lead in said["lead"]:
                self.items[f"{task}/{lead}"] = an_item(task, lead, last=said.get("last"))
        for item in self.items.values():
            item["waits"] = self.waiting(item)
            item["cell"] = self.cell(item, BEGIN)

    # attempts

    def attempt(self, verb: str, about: str, *, actor: str, at: datetime, said: Mapping[str, Any]) -> list[Written]:
        """Return the entries of an accepted attempt, and let it happen; raises No with the code of a refusal."""
        at = max(at, self.clock)
        if verb == "resume" and said.get("day") and blank(said.get("instrument")):
            raise No("no-instrument")
        ref = self.find(about)
        item = self.items[ref]
        self._check(verb, item, actor, at, said)
        written = getattr(self, f"_{verb}", self._plainly)(item, verb, said, at)
        self.clock = at
        written += self._follow(at)
        for _, moved in written:
            if moved:
                self.items[moved]["cell"] = self.cell(self.items[moved], at)
        return written

    def find(self, about: str) -> str:
        """Return the reference a person means: all of it, or an ending that only one has."""
        if about in self.items:
            return about
        found = [ref for ref in self.items if ref.endswith("/" + about)]
        if len(found) != 1:
            raise No("ambiguous" if found else "not-found")
        return found[0]

    def may(self, whose: str, item: Item, actor: str, at: datetime) -> bool:
        role = role_of(actor)
        if role == "operator":
            return True
        if whose == "secretariat" or role in ("secretariat", "auditor"):
            return whose == "secretariat" == role
        if role == item["agency"] or role in above(item["agency"]) or role in self.covering(item["agency"], at):
            return True
        unit = item["delegate"]
        return whose == "agency" and unit is not None and role in (unit, *self.covering(unit, at))

    def covering(self, agency: str, at: datetime) -> list[str]:
        day = day_of(at)
        return [d["deputy"] for d in self.deputies if d["agency"] == agency and d["first"] <= day <= d["last"]]

    def hears(self, item: Item, office: str, at: datetime) -> bool:
        """Return whether reminders of an item go to an office too."""
        offices = [one for one in (item["agency"], item["delegate"]) if one]
        return office in (*offices, *(deputy for one in offices for deputy in self.covering(one, at)))

    def _check(self, verb: str, item: Item, actor: str, at: datetime, said: Mapping[str, Any]) -> None:
        _, whose, sources, _, needs, pending = VERBS[verb]
        if not self.may(whose, item, actor, at):
            raise No("not-yours")
        if said.get("seen") is not None and said["seen"] != item["changed"]:
            raise No("conflict")
        if is_void(item, at):
            raise No("cut-off")
        if item["progress"] not in sources:
            raise No("refused")
        if any(blank(said.get(word)) for word in needs):
            raise No("no-reason")
        if pending is not None and (item[pending.strip("-")] is None) != pending.startswith("-"):
            raise No(ASKED[pending])

    # what is particular to a verb

    def _plainly(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        kind, _, _, target, _, _ = VERBS[verb]
        item["progress"] = target or item["progress"]
        if target in SETTLED:
            close(item)
        return [(kind, item["ref"])]

    def _note(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        """No reminder may be put off past the last working day before the deadline, or for over twenty without one."""
        until, today = said.get("until"), day_of(at)
        if until is not None:
            end = step(today, 20, True) if item["last"] is None else item["last"] - DAY
            while not works(end):
                end -= DAY
            if item["last"] is not None and end <= today:
                raise No("no-snooze")
            if not today < until <= end:
                raise No("bad-snooze")
        return self._plainly(item, verb, said, at)

    def _submit(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        task = TASKS[item["task"]]
        if task.get("evidence") and blank(said.get("document")) and not said.get("proofs"):
            raise No("no-evidence")
        for needed, how in task.get("needs", ()):
            if how == "during" and not self.met(needed, "finish"):
                raise No("needed-goes-on")
        if said.get("done_on") and said["done_on"] > day_of(at):
            raise No("not-done-yet")
        for number, dated in said.get("proofs", ()):
            if blank(number):
                raise No("no-proof")
            if dated and dated > day_of(at):
                raise No("bad-proof")
        item |= {"received": at, "done_on": said.get("done_on")}
        return self._plainly(item, verb, said, at)

    def _send_back(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        item |= {"received": None, "done_on": None}
        return self._plainly(item, verb, said, at)

    def _accept(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        item["accepted"] = at
        written = self._plainly(item, verb, said, at)
        if TASKS[item["task"]].get("any"):
            for other in self.of_task(item["task"]):
                if other["progress"] in LIVE:
                    other |= {"progress": "not_applicable", "let_off_by": item["ref"]}
                    close(other)
                    written.append(("released", other["ref"]))
        return written

    def _reopen(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        written = []
        for one in self.items.values():
            again = one["let_off_by"] == item["ref"]
            if one is item or again:
                one |= {"received": None, "accepted": None, "done_on": None}
            if again:  # nobody has done it now: those who were let off owe it again
                one |= {"progress": "assigned", "let_off_by": None, "assigned": at}
                written.append(("reinstated", one["ref"]))
        return [*self._plainly(item, verb, said, at), *written]

    def _suspend(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        item["rests"] = at
        return self._plainly(item, verb, said, at)

    def _resume(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        if said.get("day"):
            later(item, said["day"])
            item["last"] = said["day"]
        item["rests"] = None
        return self._plainly(item, verb, said, at)

    def _ask(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        if item["last"] is None:
            raise No("no-date")
        at_most, ahead, _ = RULES[item["task"].rpartition("/")[0]]
        end = late_from(item)
        if ahead:
            end = min(end, begins(step(item["last"], -ahead, True) + DAY))
        if at >= end:
            raise No("too-late")
        if item["extensions"] >= at_most:
            raise No("too-many")
        self._fits(item, said["day"])
        item["asked"] = said["day"]
        return self._plainly(item, verb, said, at)

    def _grant(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        day = said.get("day") or item["asked"]
        self._fits(item, day)
        along = said.get("along") or {}
        below = self.below(item)
        if any(ref not in below for ref in along):
            raise No("not-dependent")
        for ref in sorted(along):
            later(self.items[ref], along[ref])
        if any(is_void(self.items[ref], at) for ref in along):
            raise No("cut-off")
        item |= {"asked": None, "extensions": item["extensions"] + 1, "last": day}
        for ref, its_day in along.items():
            self.items[ref]["last"] = its_day
        return [*self._plainly(item, verb, said, at), *(("moved_along", ref) for ref in sorted(along))]

    def _fits(self, item: Item, day: date) -> None:
        later(item, day)
        _, _, (count, working) = RULES[item["task"].rpartition("/")[0]]
        if day > step(item["first"], count, working):
            raise No("too-long")

    def _refuse(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        item["asked"] = None
        return self._plainly(item, verb, said, at)

    def _contest(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        if said.get("proposed") is not None:
            takes_over(said["proposed"], item, at)
        item["contested"] = at
        return self._plainly(item, verb, said, at)

    def _uphold(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        item["contested"] = None
        return self._plainly(item, verb, said, at)

    def _transfer(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        to = said["to_code"]
        takes_over(to, item, at)
        if any(one["agency"] == to and one["progress"] in LIVE for one in self.of_task(item["task"])):
            raise No("owed-already")
        new = {**an_item(item["task"], to, last=item["last"]), "assigned": at}
        names = [new["ref"], f"{new['ref']}~{item['agency']}"]
        names += [f"{names[1]}-{n}" for n in range(2, 99)]
        new["ref"] = next(name for name in names if name not in self.items)
        taken = ("progress", "first", "received", "done_on", "accepted", "rests", "extensions", "waits", "counted_from")
        new |= {word: item[word] for word in taken}
        closing = self._plainly(item, verb, said, at)
        self.items[new["ref"]] = new
        return [("agency_handed_on", None), ("assigned", new["ref"]), *closing]

    def _delegate(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        unit = said["unit"]
        if unit not in PARENTS:
            raise No("unknown-agency")
        if item["agency"] not in above(unit):
            raise No("not-below")
        if unit == item["delegate"]:
            raise No("same-agency")
        if not exists(unit, day_of(at)):
            raise No("agency-ended")
        item["delegate"] = unit
        return self._plainly(item, verb, said, at)

    def _take_back(self, item: Item, verb: str, said: Mapping[str, Any], at: datetime) -> list[Written]:
        if item["delegate"] is None:
            raise No("nothing-delegated")
        item["delegate"] = None
        return self._plainly(item, verb, said, at)

    # deputies

    def name_deputy(self, *, actor: str, at: datetime, said: Mapping[str, Any]) -> None:
        at, agency, deputy = max(at, self.clock), said["agency"], said["deputy"]
        if blank(said["why"]):
            raise No("no-reason")
        if agency not in PARENTS or deputy not in PARENTS:
            raise No("unknown-agency")
        self._speaks(agency, actor)
        if agency == deputy:
            raise No("same-agency")
        if said["last"] < max(said["first"], day_of(at)):
            raise No("bad-period")
        if not exists(deputy, said["first"]):
            raise No("agency-ended")
        self.clock = at
        self.deputies.append({"agency": agency, "deputy": deputy, "first": said["first"], "last": said["last"]})

    def end_deputy(self, which: int | None, *, actor: str, at: datetime) -> None:
        at = max(at, self.clock)
        if which is None:
            raise No("not-found")
        named = self.deputies[which]
        self._speaks(named["agency"], actor)
        if named["last"] < day_of(at):
            raise No("conflict")
        self.clock, named["last"] = at, day_of(at) - DAY

    def _speaks(self, agency: str, actor: str) -> None:
        if role_of(actor) not in ("operator", "secretariat", agency, *above(agency)):
            raise No("not-yours")

    # the sweep

    def sweep(self, at: datetime) -> list[Written]:
        """Close out what is void, with what follows; returns those entries (a look at others is no news)."""
        at = max(at, self.clock)
        void = [one for one in self.items.values() if is_void(one, at)]
        for one in void:
            one["progress"] = "expired"
            close(one)
        written = [("cut_off", one["ref"]) for one in void]
        written += self._follow(at)
        for one in self.items.values():
            one["cell"] = self.cell(one, at)
        return written

    # what follows

    def _follow(self, at: datetime) -> list[Written]:
        written: list[Written] = []
        for item in self.items.values():
            if item["progress"] not in LIVE:
                continue
            if (waits := self.waiting(item)) != item["waits"]:
                item["waits"] = waits
                written.append(("waiting", item["ref"]))
            if (last := self._counted(item)) is not None:
                item |= {"last": last, "first": item["first"] or last}
                written.append(("date_set", item["ref"]))
        return written

    def _counted(self, item: Item) -> date | None:
        """Return the last day that is known now, because what it is counted from was completed."""
        if "counts" not in TASKS[item["task"]] or item["counted_from"] is not None:
            return None
        anchor, count = TASKS[item["task"]]["counts"]
        owed = [one for one in self.of_task(anchor) if one["progress"] != "superseded"]
        done = [one["accepted"] for one in owed if one["progress"] == "completed"]
        if not done or any(one["progress"] in LIVE for one in owed):
            return None
        item["counted_from"] = day_of(max(done))
        last = item["counted_from"] + count * DAY
        while not works(last):
            last += DAY
        return last

    def waiting(self, item: Item) -> tuple[str, ...]:
        needs = TASKS[item["task"]].get("needs", ())
        return tuple(sorted({needed for needed, how in needs if not self.met(needed, how)}))

    def met(self, needed: str, how: str) -> bool:
        """Return whether a needed task lets others begin: what was closed out asks nothing."""
        asked = [one for one in self.of_task(needed) if one["progress"] not in CLOSED]
        if how == "finish":
            there = [one for one in asked if one["progress"] == "completed"]
        else:
            there = [one for one in asked if one["progress"] != "assigned"]
        return bool(there) if TASKS[needed].get("any") and asked else len(there) == len(asked)

    def of_task(self, task: str) -> list[Item]:
        return [one for one in self.items.values() if one["task"] == task]

    def below(self, item: Item) -> list[str]:
        """Return the references of what needs an item's task, directly or by others, and is not settled."""
        tasks = {item["task"]}
        while more := {t for t, s in TASKS.items() if tasks & {n for n, _ in s.get("needs", ())}} - tasks:
            tasks |= more
        tasks.remove(item["task"])
        return [one["ref"] for one in self.items.values() if one["task"] in tasks and one["progress"] in LIVE]

    def squeezed(self, item: Item, day: date) -> list[str]:
        """Return what would have to move too: what depends on it and is due by that day."""
        return sorted(ref for ref in self.below(item) if (last := self.items[ref]["last"]) and last <= day)

    def happened(self, kind: str, ref: str | None, at: datetime) -> datetime:
        """Return when an entry says it happened: at once, but a report on the day it names, if it was owed by then."""
        item = self.items[ref] if ref else {}
        if kind != "submitted" or item["done_on"] is None:
            return at
        return min(at, max(begins(item["done_on"]), item["assigned"]))

    # where it is counted

    def cell(self, item: Item, at: datetime) -> str:
        """Return the one cell of six an item is counted in at an instant."""
        progress = item["progress"]
        if progress in CLOSED or is_void(item, at):
            return "closed_out"
        if progress == "completed":
            on_time = item["last"] is None or item["received"] < late_from(item)
            return "completed_on_time" if on_time else "completed_late"
        if item["last"] is None:
            return "undated"
        at = {"submitted": item["received"], "suspended": item["rests"]}.get(progress, at)
        return "open_in_time" if at < late_from(item) else "open_overdue"


def an_item(task: str, agency: str, *, last: date | None) -> Item:
    return {
        "ref": f"{task}/{agency}", "task": task, "agency": agency, "progress": "assigned",
        "last": last, "first": last, "received": None, "accepted": None, "done_on": None, "rests": None,
        "asked": None, "contested": None, "extensions": 0, "delegate": None, "waits": (), "cell": "",
        "counted_from": None, "let_off_by": None, "assigned": BEGIN, "changed": 0,
    }  # fmt: skip


def late_from(item: Item) -> datetime:
    """Return the first instant that is too late: the day, or the minute that is named, is wholly in time."""
    minute = TASKS[item["task"]].get("minute")
    return begins(item["last"], *minute) + timedelta(minutes=1) if minute else begins(item["last"] + DAY)


def is_void(item: Item, at: datetime) -> bool:
    """Return whether the cut-off passed with nothing received; a report that came in time is never void."""
    cuts = TASKS[item["task"]].get("void") and item["progress"] in (*OPEN, "suspended")
    return bool(cuts) and at >= late_from(item)


def later(item: Item, day: date) -> None:
    if item["last"] is None:
        raise No("no-date")
    if day <= item["last"]:
        raise No("not-later")


def takes_over(office: str, item: Item, at: datetime) -> None:
    if office not in PARENTS:
        raise No("unknown-agency")
    if office == item["agency"]:
        raise No("same-agency")
    if not exists(office, day_of(at)):
        raise No("agency-ended")


def close(item: Item) -> None:
    """Nothing is asked of what is settled."""
    item |= {"asked": None, "contested": None, "waits": (), "rests": None}


def blank(words: object) -> bool:
    return not str(words or "").strip()


def facts_of(item: Item) -> dict[str, Any]:
    """Return what must be true of an assignment's row."""
    named: Iterable[str] = ("progress", "cell", "last", "first", "received", "done_on", "accepted", "rests", "asked",
                            "contested", "extensions", "delegate", "waits", "changed", "agency", "task")  # fmt: skip
    return {name: item[name] for name in named}
