"""Sweeping: what is reckoned once for many says of each what it would have said alone."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.builders import a_directive, a_task
from tests.simulation.a_store import ADOPTED
from tests.simulation.an_office import KEY, an_office, holds, the_registry
from tracker.domain.calendar import Span
from tracker.domain.deadline import By, Due
from tracker.domain.directive import ForEach
from tracker.domain.ladder import Level
from tracker.operations import Swept, remove_channel, sweep
from tracker.operations.deputies import name_deputy
from tracker.operations.ownership import delegate
from tracker.operations.progress import acknowledge
from tracker.store import ledger, outbox
from tracker.store.store import Store

OFFICES = ("BNV", "BTC", "BGDDT")
LAST = date(2025, 8, 20)
ANSWERS = {1: ("BGDDT",), 2: ("BNV",), 11: ("BTC",)}  # day -> who answers; the last one late, between two levels


def a_mixed_office(url: str) -> Store:
    """Return a store in which some assignments are alike, and some have a deputy, a delegate, no channel, a cut-off."""
    every = ForEach(agencies=OFFICES)
    tasks = [
        a_task("alike", for_each=every, due=Due(rule=By(LAST))),
        a_task("also-alike", for_each=every, due=Due(rule=By(LAST))),
        a_task("free", for_each=every, due=None),
        a_task("quiet", for_each=every, remind="none", due=Due(rule=By(LAST))),
        a_task("void", for_each=every, due=Due(rule=By(LAST), cutoff=True)),
        a_task("waits", lead="BNV", due=Due(rule=By(LAST))),
    ]
    registry = the_registry()
    ladder = registry.ladders["standard"]
    above = (Level(Span(2, "days"), ("parent", "secretariat")),)
    ladders = {**registry.ladders, "standard": replace(ladder, escalate=above)}
    store = an_office(url, a_directive(*sorted(tasks, key=lambda task: task.id)), ladders=ladders, secretariat="VPCP")
    name_deputy(
        store, "BTC", "BNV", first=LAST, last=LAST + timedelta(days=9), at=ADOPTED, actor="BTC:an", why="a journey"
    )
    delegate(store, f"{tasks[0].key}/BNV", "BNV-TC", at=ADOPTED, actor="BNV:anna")
    remove_channel(store, "BGDDT", "mail", at=ADOPTED, actor="test")
    return store


def swept(store: Store, batch: int) -> tuple[list[Any], list[Any]]:
    """Return what entries say and whom reminders go to once a store was swept day by day, so many at a time."""
    for day in range(16):
        sweep(store, at=ADOPTED + timedelta(days=day), batch=batch)
        for agency in ANSWERS.get(day, ()):  # so that assignments with one date differ in what became of them
            acknowledge(
                store, f"{KEY}/also-alike/{agency}", at=ADOPTED + timedelta(days=day, hours=1), actor=f"{agency}:x"
            )
    assert holds(store)
    with store.read() as connection:
        entries = [
            (e.recorded_at, e.assignment or "", e.kind, e.effective_at, str(e.payload))
            for e in ledger.entries(connection)
        ]
        reminders = [
            (r.made_at, r.key, r.reference, r.moment, r.state, r.why, r.stage) for r in outbox.reminders(connection)
        ]
    return sorted(entries), sorted(reminders, key=str)


def test_sweeping_many_at_once_records_what_sweeping_each_alone_does(database_url: str, tmp_path: Path) -> None:
    alone = swept(a_mixed_office(f"sqlite:///{tmp_path / 'alone.db'}"), batch=1)
    together = swept(a_mixed_office(database_url), batch=1_000)
    assert together[0] == alone[0]
    assert together[1] == alone[1]
    assert {"escalate-2d-parent+secretariat", "due"} <= {key[1].split("|")[2] for key in together[1]}


def test_what_is_written_in_bulk_is_what_entries_say(database_url: str) -> None:
    """More rows than are worth a statement each: COPY on PostgreSQL."""
    every = ForEach(agencies=OFFICES)
    tasks = [a_task(f"task-{n:03d}", for_each=every, due=Due(rule=By(LAST))) for n in range(50)]
    store = an_office(database_url, a_directive(*tasks))
    assert sweep(store, at=ADOPTED) == Swept(claimed=150, entries=150, reminders=150)
    assert sweep(store, at=ADOPTED) == Swept()
    assert holds(store)
