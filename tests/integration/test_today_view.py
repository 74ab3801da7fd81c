"""The tally behind Today: however it is come by it counts what is there, and an entry costs only whom it is about."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from tests.integration.web.a_site import KEY, NOW, an_office_at_work
from tracker.operations import accept, acknowledge, send_back, submit, sweep
from tracker.operations.in_force import registry_in_force
from tracker.operations.ownership import transfer
from tracker.store import tallies
from tracker.store.store import Store
from tracker.views import tally as tallied
from tracker.views.sight import sight
from tracker.views.tally import Counts, Period, tally
from tracker.views.today import today

LATER = NOW + timedelta(days=30)  # ten tasks turn late meanwhile, and nobody sweeps


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = an_office_at_work(database_url)
    yield made
    made.close()


def _both(store: Store, at=NOW) -> tuple[Counts, Counts]:  # type: ignore[no-untyped-def]
    with store.read() as connection:
        registry = registry_in_force(connection)
        seen = sight(connection, at=at, registry=registry)
        midnight = registry.calendar.instant(registry.calendar.civil_day(at))
        period = Period(midnight - timedelta(days=1), (midnight - timedelta(days=7), midnight + timedelta(days=21)))
        return tally(seen, connection, period, past=False), tally(seen, connection, period, past=True)


def _said(counts: Counts) -> dict[str, object]:
    return {
        code: (+one.cells, one.idle, one.submitted, one.asking, one.contested, one.due) for code, one in counts.items()
    }


@pytest.mark.parametrize("at", [NOW, LATER])
def test_the_database_counts_what_is_counted_one_by_one(store: Store, at) -> None:  # type: ignore[no-untyped-def]
    quick, slow = _both(store, at)
    assert _said(quick) == _said(slow)
    assert any(one.idle for one in quick.values())
    assert any(one.due for one in quick.values())


def test_what_is_kept_is_brought_forward_by_the_entries_since(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _both(store)
    asked: list[object] = []
    real = tallies.lines

    def lines(connection, *, idle_before, agencies=None):  # type: ignore[no-untyped-def]
        asked.append(agencies)
        return real(connection, idle_before=idle_before, agencies=agencies)

    monkeypatch.setattr(tallies, "lines", lines)
    moves = [
        lambda: acknowledge(store, f"{KEY}/report/BNV", at=NOW, actor="BNV:anna"),
        lambda: send_back(store, f"{KEY}/schools/BGDDT", at=NOW, actor="secretariat:le", missing="the list"),
        lambda: submit(store, f"{KEY}/schools/BGDDT", at=NOW, actor="BGDDT:chi", words="with the list"),
        lambda: accept(store, f"{KEY}/schools/BGDDT", at=NOW, actor="secretariat:le"),  # training may start
        lambda: transfer(store, f"{KEY}/budget/BTC", "BGDDT", at=NOW, actor="secretariat:le", why="theirs"),
        lambda: sweep(store, at=NOW),
    ]
    for move in moves:
        move()
        quick, slow = _both(store)
        assert _said(quick) == _said(slow)
    assert asked
    assert all(agencies is not None and len(agencies) <= 3 for agencies in asked)


def test_another_ledger_at_a_later_position_is_counted_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    _both(store)
    monkeypatch.setattr(tallies, "hash_at", lambda connection, seq: "another")
    acknowledge(store, f"{KEY}/report/BNV", at=NOW, actor="BNV:anna")
    quick, slow = _both(store)
    assert _said(quick) == _said(slow)


def test_many_agencies_are_shown_together_by_their_kind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.views.today.MOST_BARS", 5)
    with store.read() as connection:
        found = today(connection, at=NOW, registry=registry_in_force(connection))
    assert [(bar.code, bar.count) for bar in found.bars if bar.count > 1] == [("ministry", 3)]
    assert sum((bar.cells for bar in found.bars[1:]), found.bars[0].cells) == found.cells


def test_the_lists_of_the_present_are_those_of_a_replay(store: Store) -> None:
    acknowledge(store, f"{KEY}/report/BNV", at=NOW + timedelta(days=20), actor="BNV:anna")
    with store.read() as connection:
        registry = registry_in_force(connection)
        now = today(connection, at=NOW + timedelta(days=20), registry=registry)
        then = today(connection, at=NOW + timedelta(days=20) - timedelta(microseconds=1), registry=registry)
    assert len(now.idle.rows) == 7
    assert {row.ref for row in now.idle.rows} == {row.ref for row in then.idle.rows} - {f"{KEY}/report/BNV"}
    assert (
        [each.row.ref for each in now.awaiting] == [each.row.ref for each in then.awaiting] == [f"{KEY}/schools/BGDDT"]
    )
    assert now.changes.since == date(2025, 9, 8)


def test_nothing_is_kept_beyond_a_few_positions(store: Store) -> None:
    for _ in range(tallied.KEPT + 3):
        sweep(store, at=NOW)
        _both(store)
    shelf = tallied._SHELVES[store.engine]
    assert len(shelf.kept) <= tallied.KEPT
