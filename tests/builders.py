"""Builders: valid domain objects by default; a test overrides what it is about."""

from dataclasses import replace
from datetime import date, time
from typing import Any

from tracker.domain.agency import Agency, AgencySet, Registry
from tracker.domain.calendar import Calendar, Span, SpecialDay
from tracker.domain.deadline import By, Due
from tracker.domain.directive import Directive, Locator, Source, Task
from tracker.domain.ladder import Ladder, Rung
from tracker.domain.text import Text

ISSUED = date(2025, 8, 11)
SHA256 = "0123456789abcdef" * 4


def a_text(words: str = "Report") -> Text:
    """Return one wording in the three languages."""
    return Text(vi=f"{words} (vi)", en=words, fr=f"{words} (fr)")


def a_task(id: str = "report", *, directive: str = "2025/412-tb-vpcp", **changes: Any) -> Task:
    """Return a task of one ministry, due on 31 August 2025; neither lead nor fan-out where `for_each` says else."""
    if changes.get("for_each"):
        changes.setdefault("lead", None)
    task = Task(
        key=f"{directive}/{id}",
        id=id,
        title=a_text(id.replace("-", " ").capitalize()),
        source=Locator(source="article", sentence=1, sha256=SHA256),
        lead="BNV",
        due=Due(rule=By(date(2025, 8, 31))),
    )
    return replace(task, **changes)


def a_directive(*tasks: Task, **changes: Any) -> Directive:
    """Return Notice 412/TB-VPCP with these tasks, or with one; give the tasks the key when you change the number."""
    directive = Directive(
        number="412/TB-VPCP",
        issued=ISSUED,
        issuer="VPCP",
        title=a_text("Conclusions on local government"),
        sources=(Source(id="article", file="article.txt", language="fr", sha256=SHA256),),
        tasks=tuple(sorted(tasks or (a_task(),), key=lambda task: task.id)),
    )
    return replace(directive, **changes)


def an_agency(code: str, kind: str = "ministry", **changes: Any) -> Agency:
    """Return an office named like its code, valid for ever."""
    return replace(Agency(code=code, kind=kind, name=Text(vi=code, en=code, fr=code)), **changes)


def a_calendar(**changes: Any) -> Calendar:
    """Return the calendar of Viet Nam with the National Day of 2025."""
    days = [
        SpecialDay(
            day=date(2025, 9, n), name=Text(vi="Quốc khánh", en="National Day", fr="Fête nationale"), source="notice"
        )
        for n in (1, 2)
    ]
    calendar = Calendar(
        zone="Asia/Ho_Chi_Minh",
        weekend=frozenset({5, 6}),
        days_off={special.day: special for special in days},
        make_up_days={},
    )
    return replace(calendar, **changes)


def a_ladder(**changes: Any) -> Ladder:
    """Return the standard ladder."""
    rungs = (
        Rung("assigned"),
        Rung("before", Span(10, "working days")),
        Rung("before", Span(3, "working days")),
        Rung("before", Span(1, "working days")),
        Rung("due"),
        Rung("after", Span(1, "working days")),
    )
    return replace(Ladder(name="standard", time=time(8), rungs=rungs, then_every=Span(7, "days")), **changes)


def a_registry(*more: Agency, **changes: Any) -> Registry:
    """Return three ministries, three provinces with a commune each, and the sets of both; `more` are added."""
    agencies = (
        an_agency("CP", "state"),
        an_agency("VPCP", "government-agency", parent="CP"),
        *(an_agency(code, "ministry", parent="CP") for code in ("BNV", "BTC", "BGDDT")),
        *(an_agency(code, "province", parent="CP") for code in ("01", "04", "22")),
        *(an_agency(code, "commune", parent=code[:2]) for code in ("01004", "04273", "22652")),
        *more,
    )
    registry = Registry(
        agencies={agency.code: agency for agency in agencies},
        sets={
            "ministries": AgencySet(kinds=("ministry",)),
            "provinces": AgencySet(kinds=("province",)),
            "communes": AgencySet(kinds=("commune",)),
        },
        calendar=a_calendar(),
        ladders={"standard": a_ladder()},
    )
    return replace(registry, **changes)
