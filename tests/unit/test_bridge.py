"""Figures that reconcile: the six cells, the rates made of them, and the bridge that closes or cannot be made."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.bridge import Bridge, Movement
from tracker.domain.cells import FORMULAS, Cells, Rate, check_sum
from tracker.domain.errors import Refused
from tracker.domain.standing import Cell

OFFICIAL = Cells(completed_on_time=14_068, completed_late=1_983, open_in_time=5_640, open_overdue=223)
counts = st.dictionaries(st.sampled_from(Cell), st.integers(0, 10**6))
places = st.dictionaries(st.text("abc", min_size=1, max_size=3), st.sampled_from(Cell))


# ── The official figures ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("total", "said"),
    [(21_913, "21,914, not 21,913: 1 is too many"), (21_914, None), (21_915, "21,914, not 21,915: 1 is missing")],
)
def test_the_official_cells_add_up_to_their_total_and_to_no_other(total: int, said: str | None) -> None:
    if said is None:
        assert OFFICIAL.adding_up_to(total) is OFFICIAL
    else:
        with pytest.raises(Refused, match=said):
            OFFICIAL.adding_up_to(total)


def test_the_official_total_with_eighteen_missing_is_refused_and_the_eighteen_named() -> None:
    with pytest.raises(Refused) as refused:
        check_sum(9_831, {"done": 7_892, "open": 1_602, "overdue": 319})
    assert str(refused.value) == "done 7,892 + open 1,602 + overdue 319 = 9,813, not 9,831: 18 are missing"
    assert refused.value.code == "does-not-add-up"


def test_the_rates_of_the_official_figures_print_both_numbers_and_the_formula() -> None:
    told = {name: str(rate).split(" (")[0] for name, rate in OFFICIAL.rates.items()}
    assert told == {
        "on_time_of_completed": "87.6 %: 14,068 of 16,051",
        "on_time_of_due": "86.4 %: 14,068 of 16,274",
        "completion": "73.2 %: 16,051 of 21,914",
        "overdue_of_open": "3.8 %: 223 of 5,863",
        "closed_out": "0.0 %: 0 of 21,914",
    }
    for name, rate in OFFICIAL.rates.items():
        assert str(rate).endswith(f"({FORMULAS[name]})")


# ── Rates ────────────────────────────────────────────────────────────────────────────────────────────────────


@given(counts)
def test_no_rate_divides_by_nothing_and_none_leaves_the_hundred(found: Mapping[Cell, int]) -> None:
    for rate in Cells.of(found).rates.values():
        assert (rate.percent is None) == (rate.denominator == 0)
        assert rate.percent is None or 0 <= rate.percent <= 100


@pytest.mark.parametrize(("part", "fits"), [(-1, False), (0, True), (3, True), (4, False)])
def test_a_part_is_never_more_than_the_whole(part: int, fits: bool) -> None:
    if fits:
        assert Rate(part, 3, "done ÷ all").numerator == part
    else:
        with pytest.raises(Refused, match=r"is no part of 3 \(done ÷ all\)"):
            Rate(part, 3, "done ÷ all")


@pytest.mark.parametrize(("part", "printed"), [(1, "6.3"), (3, "18.8"), (15, "93.8")])
def test_half_a_tenth_is_rounded_away_from_zero(part: int, printed: str) -> None:
    assert Rate(part, 16, "done ÷ all").printed == printed


# ── The bridge ───────────────────────────────────────────────────────────────────────────────────────────────


@given(places, places)
def test_the_bridge_between_any_two_states_closes_and_lists_exactly_what_moved(
    before: Mapping[str, Cell], after: Mapping[str, Cell]
) -> None:
    bridge = Bridge.between(before, after)
    moved = {ref: (one.origin, one.target) for one in bridge.movements for ref in one.refs}
    apart = {ref for ref in before.keys() | after.keys() if before.get(ref) != after.get(ref)}
    assert moved == {ref: (before.get(ref), after.get(ref)) for ref in apart}
    for line in (*(bridge.line(cell) for cell in Cell), bridge.total):
        assert line.opening + line.new + line.come - line.gone - line.left == line.closing
        assert line.difference == 0
    assert (bridge.opening.total, bridge.closing.total) == (len(before), len(after))
    assert bridge.total.come == bridge.total.gone


@pytest.mark.parametrize(
    ("closing", "said"),
    [
        (1, "open overdue: 1 + 0 new + 1 come − 0 gone − 0 left = 2, not 1: 1 is too many"),
        (2, None),
        (20, "open overdue: 1 + 0 new + 1 come − 0 gone − 0 left = 2, not 20: 18 are missing"),
    ],
)
def test_a_bridge_that_does_not_close_is_refused_with_the_difference(closing: int, said: str | None) -> None:
    def made() -> Bridge:
        return Bridge(
            opening=Cells(open_in_time=3, open_overdue=1),
            movements=(Movement(Cell.IN_TIME, Cell.OVERDUE, ("a",)),),
            closing=Cells(open_in_time=2, open_overdue=closing),
        )

    if said is None:
        assert made().line(Cell.IN_TIME).gone == 1
    else:
        with pytest.raises(Refused) as refused:
            made()
        assert str(refused.value) == said


def test_an_assignment_moves_once_and_never_to_where_it_was() -> None:
    with pytest.raises(Refused, match="a cannot move twice"):
        Bridge(
            opening=Cells(),
            movements=(Movement(None, Cell.IN_TIME, ("a",)), Movement(None, Cell.OVERDUE, ("a",))),
            closing=Cells(open_in_time=1, open_overdue=1),
        )
    with pytest.raises(Refused, match="moves nothing"):
        Bridge(opening=Cells(), movements=(Movement(Cell.LATE, Cell.LATE, ("a",)),), closing=Cells())
