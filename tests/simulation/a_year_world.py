"""The world of a simulated year, drawn from a seed: as plain data for the oracle, and in the product's words."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from random import Random
from typing import Any

from tests.builders import a_calendar, a_directive, a_registry, a_task, an_agency
from tracker.domain.agency import Registry
from tracker.domain.calendar import Span, SpecialDay
from tracker.domain.deadline import Before, By, Due, Every, Review, Window, Within
from tracker.domain.directive import Directive, ForEach, Need, Relation, Task
from tracker.domain.ladder import Ladder, Level, Quiet, Rung
from tracker.domain.text import Text
from tracker.store.adopted import Channel

World = dict[str, Any]

BEGIN = date(2026, 1, 5)  # a Monday
DAY = timedelta(days=1)
MINISTRIES = ("BNV", "BTC", "BGDDT", "BTP", "BYT", "BXD")
PROVINCES = ("01", "04", "22", "31", "48", "56", "79", "92")
COMMUNES = {f"{province}{n:03d}": province for n, province in enumerate(PROVINCES, 101)}
SILENT = "92108"  # an office that nobody gave a mailbox
HOLIDAYS = [date(2026, 2, n) for n in range(16, 21)] + [
    date(2026, 4, 27), date(2026, 4, 30), date(2026, 5, 1), date(2026, 9, 1), date(2026, 9, 2), date(2027, 1, 1),
]  # fmt: skip

LADDERS: Mapping[str, Mapping[str, Any]] = {
    "standard": {
        "time": (8, 0),
        "rungs": (
            {"side": "assigned"}, {"side": "before", "span": (10, "wd")}, {"side": "before", "span": (3, "wd")},
            {"side": "before", "span": (1, "wd")}, {"side": "due"}, {"side": "after", "span": (1, "wd")},
        ),
        "every": (7, "d"),
    },
    "firm": {
        "time": (7, 30),
        "rungs": (
            {"side": "assigned", "to": ("lead", "with")}, {"side": "share", "share": 50, "to": ("lead", "with")},
            {"side": "before", "span": (5, "wd")}, {"side": "due", "to": ("lead", "with")},
            {"side": "after", "span": (1, "d"), "to": ("lead", "parent")},
        ),
        "every": (3, "wd"),
        "daily_after": (21, "d"),
        "cap": 2,
        "escalate": ({"span": (5, "wd"), "to": ("parent",)}, {"span": (15, "d"), "to": ("secretariat", "head")}),
    },
    "calm": {
        "time": (7, 0),
        "rungs": (
            {"side": "assigned"}, {"side": "share", "share": 75}, {"side": "before", "span": (7, "d")}, {"side": "due"},
            {"side": "after", "span": (2, "wd"), "to": ("lead", "secretariat")},
        ),
        "quiet": ((17, 30), (7, 30)),
        "working_days": True,
        "cap": 1,
    },
    "brief": {"time": (17, 0), "rungs": ({"side": "due"},), "review": False},
}  # fmt: skip
LISTS = (8, 0)  # on Monday, or on the next working day
NAMES = ("standard", "standard", "standard", "firm", "firm", "calm", "calm", "brief", "none")


def a_world(seed: int, *, assignments: int, days: int) -> World:
    """Return a world in which about so many assignments are given within so many days."""
    chance = Random(f"world {seed}")
    offices: dict[str, dict[str, Any]] = {"CP": {"parent": None}, "VPCP": {"parent": "CP"}}
    offices |= {code: {"parent": "CP"} for code in (*MINISTRIES, *PROVINCES)}
    offices |= {code: {"parent": province} for code, province in COMMUNES.items()}
    for code, office in offices.items():
        office["mail"] = None if code == SILENT else f"office-{code.lower()}@agencies.example"
    world: World = {
        "seed": seed, "days": days, "offices": offices, "secretariat": "VPCP", "head": "CP", "ladders": LADDERS,
        "days_off": list(HOLIDAYS), "tasks": {}, "directives": {}, "lists": LISTS,
    }  # fmt: skip
    given, number = 0, 0
    count = max(3, min(60, assignments // 25))  # directives
    while given < assignments:
        number += 1
        adopted = BEGIN + chance.randrange(max(1, int(days * 0.8))) * DAY * (number > 1)
        issued = adopted - chance.randrange(1, 6) * DAY
        key = f"{issued.year}/{number}-ct-ttg"
        tasks = {}
        share = min(-(-assignments // count), assignments - given)
        made = 0
        while made < share:
            task = _a_task(chance, issued, adopted, share - made)
            tasks[f"{key}/duty-{len(tasks):04d}"] = task
            made += len(task["leads"]) * (max(1, days // 40) if (task["rule"] or ("",))[0] == "monthly" else 1)
        _bind(chance, tasks)
        world["directives"][key] = {"number": f"{number}/CT-TTg", "issued": issued, "adopted": adopted}
        world["tasks"] |= tasks
        given += made
    return world


def _a_task(chance: Random, issued: date, adopted: date, most: int) -> dict[str, Any]:
    codes = chance.choice([MINISTRIES, PROVINCES, PROVINCES, tuple(COMMUNES)])
    several = chance.random() < 0.4
    leads = sorted(chance.sample(codes, min(most, chance.randrange(2, len(codes) + 1)))) if several else []
    leads = leads or [chance.choice(codes)]
    rule = _a_rule(chance, issued, adopted)
    return {
        "issued": issued, "leads": leads, "rule": rule, "ladder": chance.choice(NAMES),
        "with": sorted(chance.sample(MINISTRIES, chance.choice([0, 0, 1, 2]))),
        "needs": [],
        "cutoff": bool(rule) and rule[0] in ("by", "before") and chance.random() < 0.15,
    }  # fmt: skip


def _bind(chance: Random, tasks: Mapping[str, dict[str, Any]]) -> None:
    """Let some tasks need one that stands before them; both have one lead each."""
    before: list[str] = []
    for key, task in tasks.items():
        kind = (task["rule"] or ("",))[0]
        if len(task["leads"]) > 1 or kind == "monthly":
            continue
        if before and kind in ("by", "before", "window", "within") and chance.random() < 0.8:
            task["needs"] = [chance.choice(before)]
        before.append(key)


def _a_rule(chance: Random, issued: date, adopted: date) -> tuple[Any, ...] | None:
    day = adopted + chance.choice([3, 8, 15, 30, 45, 60, 90, 120, 180]) * DAY + chance.randrange(10) * DAY
    kind = chance.choice(["by", "by", "by", "minute", "before", "window", "within", "within", "monthly", "review", ""])
    match kind:
        case "by" | "before":
            return (kind, day)
        case "minute":
            return ("by", day, chance.choice([(7, 20), (11, 30), (17, 0)]))
        case "window":
            return ("window", day, day + chance.choice([0, 5, 20, 45]) * DAY)
        case "within":
            return ("within", chance.choice([10, 20, 30, 45, 60]), chance.choice(["wd", "d"]))
        case "monthly":
            return ("monthly", chance.choice([5, 15, 25]))
        case "review":
            return ("review", chance.choice([10, 30, 45]), "d")
    return None


# ── The same in the product's words ──────────────────────────────────────────────────────────────────────────


def the_registry(world: World, days_off: Iterable[date]) -> Registry:
    """Return the registry with some days off."""
    kinds = {"CP": "state", "VPCP": "government-agency"} | dict.fromkeys(MINISTRIES, "ministry")
    kinds |= dict.fromkeys(PROVINCES, "province") | dict.fromkeys(COMMUNES, "commune")
    offices = world["offices"]
    agencies = {
        code: an_agency(code, kinds[code], parent=office["parent"], language="en") for code, office in offices.items()
    }
    name = Text(vi="nghỉ", en="day off", fr="congé")
    off = {day: SpecialDay(day=day, name=name, source="notice") for day in sorted(days_off)}
    return replace(
        a_registry(),
        agencies=agencies,
        calendar=a_calendar(days_off=off),
        ladders={name: the_ladder(name, said) for name, said in world["ladders"].items()},
        secretariat=world["secretariat"],
        head=world["head"],
        lists=time(*world["lists"]),
    )


def the_ladder(name: str, said: Mapping[str, Any]) -> Ladder:
    """Return a ladder."""
    quiet = said.get("quiet")
    return Ladder(
        name=name,
        time=time(*said["time"]),
        rungs=tuple(
            Rung(rung["side"], _span(rung.get("span")), rung.get("share"), rung.get("to", ("lead",)))
            for rung in said["rungs"]
        ),
        then_every=_span(said.get("every")),
        review=said.get("review", True),
        daily_after=_span(said.get("daily_after")),
        escalate=tuple(Level(_span(level["span"]), level["to"]) for level in said.get("escalate", ())),  # type: ignore[arg-type]
        quiet=Quiet(time(*quiet[0]), time(*quiet[1])) if quiet else None,
        working_days=said.get("working_days", False),
        cap=said.get("cap"),
    )


def _span(said: tuple[int, str] | None) -> Span | None:
    return Span(said[0], "working days" if said[1] == "wd" else "days") if said else None


def the_channels(world: World) -> tuple[Channel, ...]:
    """Return a mailbox for each office that has one."""
    return tuple(
        Channel(agency=code, name="mail", address=office["mail"], language="en")
        for code, office in world["offices"].items()
        if office["mail"]
    )


def the_directive(world: World, key: str, gone: Collection[tuple[str, str]] = ()) -> Directive:
    """Return one of the directives, without the agencies that an amendment let go of tasks."""
    said = world["directives"][key]
    of_it = {name: task for name, task in world["tasks"].items() if name.startswith(f"{key}/")}
    left = {name: [code for code in task["leads"] if (name, code) not in gone] for name, task in of_it.items()}
    tasks = (the_task(name, task, left[name]) for name, task in of_it.items() if left[name])
    old = world["directives"].get(said.get("supersedes"))
    relations = (Relation("supersedes", old["number"], old["issued"]),) if old else ()
    return a_directive(*tasks, number=said["number"], issued=said["issued"], relations=relations)


def another(chance: Random, world: World, old: str, today: date) -> str:
    """Put a directive into the world that takes the place of another, with one task of its own; return its key."""
    number = len(world["directives"]) + 1
    key = f"{today.year}/{number}-ct-ttg"
    world["directives"][key] = {"number": f"{number}/CT-TTg", "issued": today, "adopted": today, "supersedes": old}
    task = _a_task(chance, today, today, 1)
    while (task["rule"] or ("",))[0] == "monthly":
        task = _a_task(chance, today, today, 1)
    world["tasks"][f"{key}/duty-0000"] = task
    return key


def the_task(key: str, said: Mapping[str, Any], leads: Sequence[str]) -> Task:
    """Return a task of some agencies."""
    directive, _, name = key.rpartition("/")
    rule: Any = None
    match said["rule"]:
        case ("by", day):
            rule = By(day)
        case ("by", day, minute):
            rule = By(day, time(*minute))
        case ("before", day):
            rule = Before(day)
        case ("window", first, last):
            rule = Window(first, last)
        case ("within", count, unit):
            rule = Within(_span((count, unit)))  # type: ignore[arg-type]
        case ("monthly", of_month):
            rule = Every(f"FREQ=MONTHLY;BYMONTHDAY={of_month}")
        case ("review", count, unit):
            rule = Review(_span((count, unit)))  # type: ignore[arg-type]
    several = len(said["leads"]) > 1
    return a_task(
        name,
        directive=directive,
        lead=None if several else said["leads"][0],
        for_each=ForEach(agencies=tuple(leads)) if several else None,
        supporting=tuple(said["with"]),
        needs=tuple(Need(needed) for needed in said["needs"]),
        due=Due(rule=rule, cutoff=said["cutoff"]) if rule else None,
        remind=said["ladder"],
    )
