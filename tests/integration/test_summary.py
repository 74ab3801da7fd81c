"""The summary over a real store: it adds up, its bridge closes, and a past report comes out the same for ever."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from sqlalchemy import event

from tests.builders import a_registry
from tests.integration.test_store_contract import linked, walk
from tests.simulation.a_store import ADOPTED, DUE, a_store, minutes
from tracker.domain.agency import Registry
from tracker.domain.cells import Cells
from tracker.domain.errors import Invalid, NotFound, TrackerError
from tracker.domain.standing import Cell
from tracker.operations import accept, extensions, ownership, progress, submit, sweep
from tracker.store import assignments
from tracker.store.store import Store
from tracker.views import board
from tracker.views.fingerprint import as_bytes, fingerprinted
from tracker.views.past import Vantage, replayed
from tracker.views.rerun import check_report
from tracker.views.summary import Asked, Summary, document, summary

KEY = "2025/412-tb-vpcp"
REGISTRY = a_registry()
SEPTEMBER, OCTOBER, END = (datetime(2025, month, 1, 1, tzinfo=UTC) for month in (9, 10, 12))


def the_registry(_: Vantage) -> Registry:
    return REGISTRY


def shown(at: datetime) -> Vantage:
    """Return the vantage of what was shown on a day."""
    return Vantage(at, at)


def made(store: Store, to: Vantage, since: Vantage | None = None, **asked: Any) -> Summary:
    with store.read() as connection:
        return summary(connection, to, since=since, registries=the_registry, asked=Asked(**asked))


def verdict(store: Store, report: Mapping[str, Any]) -> tuple[str, ...]:
    with store.read() as connection:
        return check_report(connection, json.loads(as_bytes(report)), the_registry).wrong


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """Yield six duties: one reported in time and accepted, one reported late, two overdue, two with time left."""
    found = a_store(database_url, rehearsal=True)
    submit(found, f"{KEY}/duty-bnv/BNV", at=DUE, actor="office", words="done")
    accept(found, f"{KEY}/duty-bnv/BNV", at=DUE, actor="secretariat")
    sweep(found, at=SEPTEMBER)
    submit(found, f"{KEY}/duty-btc/BTC", at=SEPTEMBER + minutes(60), actor="office", words="done")
    sweep(found, at=OCTOBER)
    accept(found, f"{KEY}/duty-btc/BTC", at=OCTOBER, actor="secretariat")
    sweep(found, at=END)
    yield found
    found.close()


# ── It adds up ───────────────────────────────────────────────────────────────────────────────────────────────


def test_agencies_and_directives_add_up_to_the_cells_of_the_board(store: Store) -> None:
    found = made(store, shown(OCTOBER))
    assert found.cells == Cells(completed_on_time=1, completed_late=1, open_overdue=2, open_in_time=2)
    for groups in (found.agencies, found.directives):
        assert sum((one.cells for one in groups), Cells()) == found.cells
    with store.read() as connection:
        assert board(connection, at=OCTOBER, registry=REGISTRY).cells == found.cells
    assert [one.key for one in found.agencies] == ["01", "04", "22", "BGDDT", "BNV", "BTC"]


def test_the_bridge_lists_the_assignments_of_each_movement(store: Store) -> None:
    found = made(store, shown(OCTOBER), shown(DUE)).bridge
    assert found is not None
    assert [(one.origin, one.target, one.refs) for one in found.movements] == [
        (Cell.IN_TIME, Cell.LATE, (f"{KEY}/duty-btc/BTC",)),
        (Cell.IN_TIME, Cell.OVERDUE, (f"{KEY}/duty-01/01", f"{KEY}/duty-bgddt/BGDDT")),
    ]
    assert (found.opening, found.closing.total) == (Cells(completed_on_time=1, open_in_time=5), 6)


def test_the_first_report_opens_with_nothing_and_everything_in_it_is_new(store: Store) -> None:
    found = made(store, shown(ADOPTED), shown(ADOPTED - timedelta(microseconds=1))).bridge
    assert found is not None
    assert (found.opening.total, found.total.new, found.closing.total) == (0, 6, 6)


def test_the_reports_of_one_period_after_the_other_join_without_a_gap(store: Store) -> None:
    days = [ADOPTED, DUE, SEPTEMBER, OCTOBER, END]
    bridges = [made(store, shown(to), shown(since)).bridge for since, to in pairwise(days)]
    for before, after in pairwise(bridges):
        assert before is not None
        assert after is not None
        assert before.closing == after.opening


@pytest.mark.parametrize(
    ("asked", "total"),
    [
        ({"agency": "BNV"}, 1),
        ({"agency": "CP"}, 0),
        ({"agency": "CP", "below": True}, 6),
        ({"directive": KEY}, 6),
        ({"directive": KEY, "agency": "01", "below": True}, 1),
    ],
)
def test_a_report_is_of_an_agency_those_below_it_and_a_directive(
    store: Store, asked: dict[str, Any], total: int
) -> None:
    found = made(store, shown(END), shown(DUE), **asked)
    assert found.cells.total == total
    assert verdict(store, document(found)) == ()


def test_who_or_what_is_unknown_is_refused(store: Store) -> None:
    with pytest.raises(NotFound, match="no agency 'BXD'"):
        made(store, shown(END), agency="BXD")
    with pytest.raises(NotFound, match="no directive '2025/1-x'"):
        made(store, shown(END), directive="2025/1-x")
    with pytest.raises(Invalid, match="from the earlier instant"):
        made(store, shown(DUE), shown(END))


def test_two_instants_are_one_reading_of_the_ledger(store: Store) -> None:
    asked: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *said: asked.append(said[2]))
    made(store, shown(END), shown(DUE))
    assert sum("body" in statement for statement in asked) == 1


# ── It stays ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_past_report_has_the_same_bytes_whatever_was_recorded_since(store: Store) -> None:
    reports = [document(made(store, to, shown(DUE))) for to in (shown(OCTOBER), Vantage(OCTOBER, END))]
    submit(store, f"{KEY}/duty-22/22", at=END, actor="demo:22", words="done")
    accept(store, f"{KEY}/duty-22/22", at=END + minutes(1), actor="secretariat")
    sweep(store, at=END + timedelta(days=40))
    again = document(made(store, shown(OCTOBER), shown(DUE)))
    assert as_bytes(again) == as_bytes(reports[0])
    for report in reports:
        assert verdict(store, report) == ()


def test_a_report_of_an_instant_that_was_not_over_is_made_again_at_its_position(store: Store) -> None:
    report = document(made(store, shown(END)))
    submit(store, f"{KEY}/duty-22/22", at=END, actor="demo:22", words="done")
    accept(store, f"{KEY}/duty-22/22", at=END, actor="secretariat")
    assert document(made(store, shown(END))) != report
    assert verdict(store, report) == ()


# ── It is seen when it does not hold ─────────────────────────────────────────────────────────────────────────


def altered(report: Mapping[str, Any], *path: str, value: object) -> dict[str, Any]:
    """Return a report with one figure changed."""
    copy: dict[str, Any] = json.loads(as_bytes(report))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


def test_a_changed_figure_is_seen_by_the_fingerprint_by_the_sum_and_by_the_store(store: Store) -> None:
    report = altered(document(made(store, shown(END))), "cells", "open_overdue", value=1)
    wrong = " ".join(verdict(store, report))
    assert "its content has" in wrong
    assert "1 is too many" not in wrong
    assert "= 5, not 6: 1 is missing" in wrong
    assert "cells.open_overdue: it says 1, made again it is 2" in wrong


def test_a_forged_report_with_a_fingerprint_of_its_own_is_seen_by_the_store(store: Store) -> None:
    report = document(made(store, shown(END), shown(DUE)))
    forged = fingerprinted(altered(report, "rates", "completion", "numerator", value=6))
    assert verdict(store, forged) == ("rates.completion.numerator: it says 6, made again it is 2",)


def test_a_report_of_another_ledger_is_seen(store: Store) -> None:
    report = fingerprinted(altered(document(made(store, shown(END))), "to", "head", value="ab" * 32))
    assert verdict(store, report)[0].startswith("it was made of a ledger whose entry")
    far = fingerprinted(altered(report, "to", "seq", value=10**6))
    assert "here that is not there" in verdict(store, far)[0]


@pytest.mark.parametrize("report", [{}, {"report": "summary"}, {"report": "lateness", "form": 1}, {"form": 1}])
def test_what_is_no_report_is_refused(store: Store, report: dict[str, Any]) -> None:
    with pytest.raises(Invalid, match="no report"):
        verdict(store, report)


def test_a_report_with_a_piece_torn_off_is_refused(store: Store) -> None:
    report = document(made(store, shown(END)))
    for key in ("to", "cells", "agencies", "bridge", "asked"):
        with pytest.raises(Invalid, match="not whole"):
            verdict(store, {name: value for name, value in report.items() if name != key})


TORN = (None, -1, 2**70, 1.5, "2025-09-01", "x", [], {}, [{}], {"cells": 1}, "\ud800", "\0", float("nan"))


def test_a_report_with_anything_at_all_in_any_place_is_refused_or_does_not_hold(store: Store) -> None:
    kept = as_bytes(document(made(store, shown(END), shown(DUE))))
    chance, refused = Random(4), 0
    for _ in range(200):
        report: Any = json.loads(kept)
        place, key = report, chance.choice(sorted(report.keys() - {"fingerprint"}))
        while isinstance(place[key], dict | list) and place[key] and chance.random() < 0.8:
            place = place[key]
            key = chance.choice(sorted(place)) if isinstance(place, dict) else chance.randrange(len(place))
        was, place[key] = place[key], chance.choice(TORN)
        try:
            with store.read() as connection:
                wrong = check_report(connection, report, the_registry).wrong
            assert bool(wrong) is (place[key] != was)
        except Invalid:
            refused += 1
    assert 20 < refused < 180


# ── Whatever happened ────────────────────────────────────────────────────────────────────────────────────────


LIFE: tuple[Callable[[Store, str, datetime], object], ...] = (
    lambda store, ref, at: progress.start(store, ref, at=at, actor="test"),
    lambda store, ref, at: progress.submit(
        store, ref, at=at, actor="test", words="done", done_on=at.date() - timedelta(days=9)
    ),
    lambda store, ref, at: progress.accept(store, ref, at=at, actor="test"),
    lambda store, ref, at: progress.reopen(store, ref, at=at, actor="test", why="it does not hold"),
    lambda store, ref, at: extensions.ask(
        store, ref, at.date() + timedelta(days=60), at=at, actor="test", why="the law is late"
    ),
    lambda store, ref, at: extensions.grant(store, ref, at=at, actor="test", instrument="77/QD"),
    lambda store, ref, at: extensions.suspend(store, ref, at=at, actor="test", why="a flood", instrument="78/QD"),
    lambda store, ref, at: extensions.resume(store, ref, at=at, actor="test"),
    lambda store, ref, at: ownership.transfer(store, ref, "BGDDT", at=at, actor="test", why="it is theirs"),
    lambda store, ref, at: ownership.excuse(store, ref, at=at, actor="test", why="no such office", agreed_by="VPCP"),
    lambda store, ref, at: ownership.discontinue(store, ref, at=at, actor="test", why="given up", instrument="79/QD"),
    lambda store, _, at: sweep(store, at=at),
)


def live(store: Store, chance: Random, at: datetime, *, steps: int) -> int:
    """Make random moves of the whole life of an assignment after an instant, and return how many were allowed."""
    allowed = 0
    for _ in range(steps):
        at += minutes(chance.choice([1, 90, 3_000]))
        with store.read() as connection:
            refs = sorted(assignments.rows(connection))
        try:
            chance.choice(LIFE)(store, chance.choice(refs), at)
            allowed += 1
        except TrackerError:
            continue
    return allowed


@pytest.mark.parametrize("seed", range(6))
def test_after_any_walk_cells_sum_bridges_close_and_past_reports_stay(database_url: str, seed: int) -> None:
    chance = Random(seed)
    store = a_store(database_url, linked())
    walk(store, chance, steps=30)
    assert live(store, chance, store.position().high_water, steps=80) > 10
    middle = store.position().high_water
    earlier = sorted(ADOPTED + (middle - ADOPTED) * chance.random() for _ in range(6))
    reports = {
        (first, last): document(made(store, last, first)) for first, last in pairwise([shown(at) for at in earlier])
    }
    for known in earlier:
        at = chance.choice(earlier)
        check_arithmetic(store, Vantage(at, known), Vantage(min(at, earlier[0]), known))
    sweep(store, at=middle + minutes(1))
    live(store, chance, middle + minutes(2), steps=30)
    for (first, last), report in reports.items():
        assert as_bytes(document(made(store, last, first))) == as_bytes(report)
        assert verdict(store, report) == ()
        with store.read() as connection:
            cells = board(connection, at=last.at, registry=REGISTRY).cells
        assert {str(cell): cells[cell] for cell in Cell}.items() <= report["cells"].items()
    store.close()


def check_arithmetic(store: Store, to: Vantage, since: Vantage) -> None:
    """Hold a summary against two plain replays: sums, rates, and who moved."""
    found = made(store, to, since)
    with store.read() as connection:
        before, after = (replayed(connection, [one])[0] for one in (since, to))
    bridge = found.bridge
    assert bridge is not None
    assert found.cells.total == len(after)
    assert (bridge.opening.total, bridge.closing) == (len(before), found.cells)
    for groups in (found.agencies, found.directives):
        assert sum((one.cells for one in groups), Cells()) == found.cells
        assert all(rate.denominator or rate.percent is None for one in groups for rate in one.cells.rates.values())
    moved = [ref for one in bridge.movements for ref in one.refs]
    assert len(moved) == len(set(moved))
    assert {ref for one in bridge.movements if one.origin is None for ref in one.refs} == after.keys() - before.keys()
    assert {ref for one in bridge.movements if one.target is None for ref in one.refs} == before.keys() - after.keys()
