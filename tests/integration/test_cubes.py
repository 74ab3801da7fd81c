"""Counts that are kept and brought forward are those the database would give, after whatever was recorded."""

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest

from tests.integration.test_work_table import KEY, NOW, REGISTRY, fill
from tests.simulation.an_office import SECRETARIAT, on
from tracker.domain.errors import TrackerError
from tracker.domain.standing import Cell, Progress
from tracker.operations import acknowledge, sweep
from tracker.operations.progress import accept, send_back, submit
from tracker.store import worktable
from tracker.store.queries import Wanted
from tracker.store.store import Store
from tracker.store.worktable import Dimension
from tracker.views import cubes
from tracker.views.sight import sight

QUESTIONS: tuple[tuple[Wanted, tuple[Dimension, ...]], ...] = (
    (Wanted(), ("cell",)),
    (Wanted(), ("task", "cell", "standing", "progress", "month")),
    (Wanted(), ("agency", "cell")),
    (Wanted(cells=frozenset({Cell.OVERDUE, Cell.LATE})), ("agency",)),
    (Wanted(cell=Cell.IN_TIME, progress=frozenset({Progress.SUBMITTED})), ("agency", "standing")),
    (Wanted(directives=frozenset({KEY}), months=frozenset({"2025-08", ""})), ("cell", "month")),
    (Wanted(agencies=frozenset({"BNV", "01"}), standing="overdue"), ("agency", "progress")),
    (Wanted(agencies=frozenset({"BNV"}), directives=frozenset({KEY})), ("task", "cell")),
    (Wanted(agency="BTC", standings=frozenset({"open", "overdue"})), ("cell",)),
    (Wanted(task=f"{KEY}/task-1"), ("progress",)),
    (Wanted(days=(date(2025, 8, 15), date(2025, 9, 1))), ("week", "agency")),
)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = fill(database_url)
    yield made
    made.close()


def agree(store: Store) -> None:
    with store.read() as connection:
        seen = sight(connection, at=NOW + timedelta(days=30), registry=REGISTRY)
        for wanted, by in QUESTIONS:
            kept = cubes.counted(connection, wanted, by, seq=seen.stamp.seq, head=seen.stamp.head)
            asked = worktable.counts(connection, wanted, by)
            assert {key: n for key, n in kept.items() if n} == asked, (wanted, by)


def move(store: Store, which: int, ref: str, at: datetime) -> None:
    own = f"{ref.rpartition('/')[2]}:x"
    match which:
        case 0:
            acknowledge(store, ref, at=at, actor=own)
        case 1:
            submit(store, ref, words="done", at=at, actor=own)
        case 2:
            accept(store, ref, at=at, actor=SECRETARIAT)
        case 3:
            send_back(store, ref, at=at, actor=SECRETARIAT, missing="a page")
        case _:
            sweep(store, at=at)


def test_they_agree_after_every_move(store: Store) -> None:
    rng = random.Random(1)
    agree(store)
    refs = [f"{KEY}/task-{n}/{agency}" for n in range(8) for agency in ("BNV", "BTC", "01", "22")]
    for minute in range(40):
        ref, at = rng.choice(refs), NOW + timedelta(minutes=minute)
        try:
            move(store, rng.randrange(5), ref, at)
        except TrackerError:
            continue  # not from here
        agree(store)


def test_an_older_reading_is_told_what_was_so_then(store: Store) -> None:
    with store.read() as connection:
        before = sight(connection, at=NOW, registry=REGISTRY)
        first = before.counts(Wanted(), ("progress",))
        submit(store, f"{KEY}/task-5/22", words="done", at=NOW, actor="22:ky")
        with store.read() as later:
            second = sight(later, at=NOW, registry=REGISTRY).counts(Wanted(), ("progress",))
        assert before.counts(Wanted(), ("progress",)) == first
        assert before.counts(Wanted(standing="open"), ("progress",))[("submitted",)] == first[("submitted",)]
    assert second[("submitted",)] == first[("submitted",)] + 1


def test_what_was_swept_is_counted_as_swept(store: Store) -> None:
    for day in (21, 26, 31):
        at = on(date(2025, 8, day), 12)
        with store.read() as connection:
            expected = sight(connection, at=at, registry=REGISTRY).counts(Wanted(), ("cell", "standing"))
        sweep(store, at=at)
        with store.read() as connection:
            found = sight(connection, at=at, registry=REGISTRY).counts(Wanted(), ("cell", "standing"))
            assert found == expected
        agree(store)
