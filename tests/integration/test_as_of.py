"""As of any instant, twice: what was so on a day as it was known on another, on both databases.

Three facts are recorded after the day they are about. Each is looked at before that day, on it and
after its record, as known then and since.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from tests.builders import a_directive, a_registry, a_task
from tests.integration.test_store_contract import linked, walk
from tests.simulation.a_store import a_store
from tracker import operations, views
from tracker.domain.entry import Draft
from tracker.domain.terms import limit_document, limit_from
from tracker.operations.recording import Step, record
from tracker.store import assignments, ledger
from tracker.store.store import Store
from tracker.views import Wanted
from tracker.views.past import Replayed, Vantage

KEY = "2025/412-tb-vpcp"
REF = f"{KEY}/report/BNV"
REGISTRY = a_registry()
DIRECTIVE = a_directive(a_task("report"), a_task("publish", lead="BTC"))
TICK = timedelta(microseconds=1)


def day(month: int, number: int, hour: int = 1) -> datetime:
    return datetime(2025, month, number, hour, tzinfo=UTC)


ADOPTED, DONE, ASKED, RECORDED, END = day(8, 11), day(8, 29), day(9, 5), day(9, 10), day(10, 1)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = operations.init(database_url, rehearsal=True, at=ADOPTED, actor="test")
    operations.adopt_registry(made, REGISTRY, at=ADOPTED, actor="test")
    operations.adopt_directive(made, DIRECTIVE, at=ADOPTED, actor="test")
    yield made
    made.close()


def told_late(store: Store, kind: str, payload: dict[str, Any], *, of: datetime, at: datetime) -> None:
    """Record an entry about an earlier day."""
    with store.write() as connection:
        (before,) = assignments.get(connection, [REF])
        draft = Draft(kind=kind, effective_at=of, actor="test", assignment=REF, payload=payload)
        record(connection, [Step(before, draft)], at=at, registry=REGISTRY)


def extended(store: Store) -> dict[str, Any]:
    """Return what an entry says that gives the report a month more."""
    with store.read() as connection:
        facts = assignments.get(connection, [REF])[0].facts
    assert facts.limit is not None
    limit = {
        **(limit_document(facts.limit) or {}),
        "last_day": "2025-09-30",
        "late_from": "2025-09-30T17:00:00.000000Z",
    }
    assert limit_from(limit) is not None
    return {"limit": limit, "review": None, "version": 2, "remind": "standard", "why": "instrument 77 of 29 August"}


def seen(store: Store, at: datetime, known: datetime) -> str:
    """Return progress and cell of the report at an instant, as known by another; '-' where it was not there."""
    with store.read() as connection:
        found = views.task_list(connection, at=at, known=known, registry=REGISTRY, wanted=Wanted(agency="BNV")).tasks
        whole = views.board(connection, at=at, known=known, registry=REGISTRY)
    assert whole.cells.total == (2 if found else 0)
    assert (whole.stamp.as_of, whole.stamp.known_at) == (at, known)
    return f"{found[0].progress} {found[0].cell}" if found else "-"


# rows: looked at on a day; columns: as known when the entry was not yet recorded, at its record, and since
def table(store: Store) -> dict[str, tuple[str, ...]]:
    looks = {"before": DONE - TICK, "at": DONE, "late": ASKED, "after": RECORDED + TICK}
    knows = (RECORDED - TICK, RECORDED, END)
    return {name: tuple(seen(store, at, known) for known in knows) for name, at in looks.items()}


def test_a_report_recorded_late_is_seen_on_its_day_only_by_who_knows_it_and_is_late_all_the_same(store: Store) -> None:
    told_late(store, "submitted", {"words": "x", "document": None, "done_on": "2025-08-29"}, of=DONE, at=RECORDED)
    operations.sweep(store, at=END)
    assert table(store) == {
        "before": ("assigned open_in_time", "assigned open_in_time", "assigned open_in_time"),
        "at": ("assigned open_in_time", "submitted open_in_time", "submitted open_in_time"),
        "late": ("assigned open_overdue", "submitted open_overdue", "submitted open_overdue"),
        "after": ("assigned open_overdue", "submitted open_overdue", "submitted open_overdue"),
    }


def test_an_extension_recorded_late_moves_the_past_only_for_who_knows_it(store: Store) -> None:
    told_late(store, "date_set", extended(store), of=DONE, at=RECORDED)
    operations.sweep(store, at=END)
    assert table(store) == {
        "before": ("assigned open_in_time", "assigned open_in_time", "assigned open_in_time"),
        "at": ("assigned open_in_time", "assigned open_in_time", "assigned open_in_time"),
        "late": ("assigned open_overdue", "assigned open_in_time", "assigned open_in_time"),
        "after": ("assigned open_overdue", "assigned open_in_time", "assigned open_in_time"),
    }


def test_a_correction_changes_what_the_day_was_but_not_what_was_shown_on_it(store: Store) -> None:
    operations.submit(store, REF, at=day(8, 20), actor="office", words="done")
    operations.accept(store, REF, at=day(8, 25), actor="secretariat")
    told_late(store, "reopened", {"why": "what was accepted was another year's"}, of=DONE, at=RECORDED)
    operations.sweep(store, at=END)
    assert table(store) == {
        "before": ("completed completed_on_time",) * 3,
        "at": ("completed completed_on_time", "in_progress open_in_time", "in_progress open_in_time"),
        "late": ("completed completed_on_time", "in_progress open_overdue", "in_progress open_overdue"),
        "after": ("completed completed_on_time", "in_progress open_overdue", "in_progress open_overdue"),
    }


@pytest.mark.parametrize(("known", "there"), [(ADOPTED - TICK, False), (ADOPTED, True), (ADOPTED + TICK, True)])
def test_nothing_was_known_before_it_was_recorded(store: Store, known: datetime, there: bool) -> None:
    operations.sweep(store, at=END)
    assert (seen(store, ASKED, known) != "-") is there
    with store.read() as connection:
        listed = views.directive_list(connection, at=ASKED, known=known).directives
    assert bool(listed) is there


def test_what_was_foreseen_counts_only_what_was_known_and_is_reckoned_at_the_day_looked_at(store: Store) -> None:
    operations.submit(store, REF, at=day(8, 20), actor="office", words="done")
    operations.sweep(store, at=END)
    assert seen(store, ASKED, day(8, 15)) == "assigned open_overdue"
    assert seen(store, ASKED, day(8, 20)) == "submitted open_in_time"


def test_an_entry_about_a_day_before_the_assignment_counts_from_when_it_was_made(store: Store) -> None:
    told_late(store, "submitted", {"words": "x", "document": None}, of=day(7, 1), at=RECORDED)
    operations.sweep(store, at=END)
    assert seen(store, ADOPTED - TICK, END) == "-"
    assert seen(store, ADOPTED, END) == "submitted open_in_time"


def test_an_entry_about_a_day_to_come_counts_from_its_record(store: Store) -> None:
    told_late(store, "acknowledged", {}, of=END, at=ASKED)
    operations.sweep(store, at=RECORDED)
    assert seen(store, ASKED, ASKED) == "acknowledged open_overdue"


def test_the_version_in_force_is_the_one_adopted_by_then_however_much_is_known_since(store: Store) -> None:
    operations.adopt_directive(store, a_directive(a_task("report")), at=RECORDED, actor="test")
    operations.sweep(store, at=END)
    with store.read() as connection:
        versions = [
            views.directive_list(connection, at=at, known=known).directives[0].version
            for at, known in [(ASKED, ASKED), (ASKED, END), (END, ASKED), (RECORDED, RECORDED), (END, END)]
        ]
    assert versions == [1, 1, 1, 2, 2]


@pytest.mark.parametrize("seed", range(8))
def test_whatever_days_entries_name_they_fold_and_what_was_shown_on_a_day_does_not_change(
    database_url: str, seed: int
) -> None:
    chance = Random(seed)
    walked = a_store(database_url, linked())
    walk(walked, chance, steps=50)
    with walked.read() as connection:
        entries = tuple(ledger.entries(connection))
        told = [replace(one, effective_at=one.recorded_at - chance.random() * timedelta(days=40)) for one in entries]
        told = [one if one.kind == "assigned" else other for one, other in zip(entries, told, strict=True)]
        end = walked.position().high_water
        for _ in range(12):
            at, known = (ADOPTED + (end - ADOPTED) * chance.random() for _ in range(2))
            since, then, plain = (Replayed(Vantage(at, k)) for k in (max(at, known), at, at))
            for one in told:
                since.take(one)
                then.take(one)
            for one in entries:
                plain.take(one)
            assert then.assignments.keys() <= since.assignments.keys()
            assert {ref: a.facts for ref, a in then.assignments.items()} == {
                ref: a.facts for ref, a in plain.assignments.items()
            }
    walked.close()


def test_history_tells_what_counted_on_a_day_as_known_since(store: Store) -> None:
    told_late(store, "submitted", {"words": "x", "document": None}, of=DONE, at=RECORDED)
    told_late(store, "completed", {}, of=END, at=END)
    with store.read() as connection:
        kinds = [
            [
                entry.kind
                for entry in views.history(connection, at=DONE, known=known, zone="UTC", assignment=REF).entries
            ]
            for known in (DONE, RECORDED, END)
        ]
        shown = views.task_show(connection, REF, at=DONE, known=END, registry=REGISTRY, directive=DIRECTIVE)
    assert kinds == [["assigned"], ["submitted", "assigned"], ["submitted", "assigned"]]
    assert [entry.kind for entry in shown.entries] == ["assigned", "submitted"]


def test_a_report_that_had_not_been_received_waits_for_nobody_and_for_no_time(store: Store) -> None:
    told_late(store, "submitted", {"words": "x", "document": None}, of=DONE, at=RECORDED)
    operations.sweep(store, at=END)
    with store.read() as connection:
        board = views.board(connection, at=ASKED, known=END, registry=REGISTRY)
    assert [(one.row.ref, one.age_days) for one in board.awaiting_review] == [(REF, 0)]
    assert [row.ref for row in board.overdue.rows] == [f"{KEY}/publish/BTC", REF]


def test_to_know_all_of_the_present_is_to_see_the_present(store: Store) -> None:
    told_late(store, "submitted", {"words": "x", "document": None}, of=DONE, at=RECORDED)
    with store.read() as connection:
        now = views.board(connection, at=END, registry=REGISTRY)
        known = views.board(connection, at=END, known=END, registry=REGISTRY)
    assert now == known
    operations.sweep(store, at=END + timedelta(days=30))
    with store.read() as connection:
        then = views.board(connection, at=END, registry=REGISTRY)
    assert then.cells == now.cells
