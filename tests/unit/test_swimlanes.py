"""Swimlanes: every task in the band of its agency, nothing on top of anything, arrows that never turn back."""

import random
from itertools import combinations, pairwise

import pytest

from tracker.domain.swimlanes import Sizes, Swimlanes, collapsed, swimlanes

SIZES = Sizes()
LANES = {
    "ask": "BNV",
    "draft": "BNV",
    "opinion": "BTC",
    "review": "BTP",
    "sign": "CP",
    "publish": "VPCP",
    "alone": "BTC",
}
PAIRS = [("ask", "draft"), ("draft", "opinion"), ("draft", "review"), ("opinion", "sign"), ("review", "sign")]
PAIRS += [("sign", "publish"), ("ask", "sign")]


def checked(found: Swimlanes, lanes: dict[str, str], sizes: Sizes = SIZES) -> None:
    bands = {band.lane: band for band in found.bands}
    width, height = sizes.box
    for box in found.boxes:
        band = bands[lanes[box.key]]
        assert band.y + sizes.head <= box.y
        assert box.y + height <= band.y + band.height
        assert box.x >= 0
        assert box.x + width <= found.width
        assert box.y + height <= found.height
    for one, other in combinations(found.boxes, 2):
        apart = abs(one.x - other.x) >= width or abs(one.y - other.y) >= height
        assert apart, (one, other)
    for upper, lower in pairwise(found.bands):
        assert upper.y + upper.height == lower.y
    for arrow in found.arrows:
        xs = [x for x, _ in arrow.points]
        assert xs == sorted(xs)
        for (x, y), (next_x, next_y) in list(pairwise(arrow.points))[1::2]:  # where it passes a column beside the boxes
            assert y == pytest.approx(next_y)
            for box in found.boxes:
                inside = x <= box.x < next_x and box.y < y < box.y + height
                assert not inside, (arrow, box)


def test_a_graph_is_laid_out_in_the_bands_of_its_agencies() -> None:
    found = swimlanes(LANES, PAIRS)
    checked(found, LANES)
    assert [band.lane for band in found.bands] == ["BNV", "BTC", "BTP", "CP", "VPCP"]
    columns = {box.key: round((box.x - 16) / 296) for box in found.boxes}
    assert columns == {"ask": 0, "draft": 1, "opinion": 2, "review": 2, "sign": 3, "publish": 4, "alone": 0}


def test_the_same_graph_has_the_same_layout_whatever_order_it_comes_in() -> None:
    turned = dict(reversed(LANES.items()))
    assert swimlanes(turned, reversed(PAIRS)) == swimlanes(LANES, PAIRS)


@pytest.mark.parametrize("seed", range(12))
def test_nothing_overlaps_in_any_graph(seed: int) -> None:
    dice = random.Random(seed)
    keys = [f"t{n:02}" for n in range(dice.randint(1, 40))]
    lanes = {key: dice.choice(["BNV", "BTC", "BTP", "CP", ""]) for key in keys}
    pairs = [(a, b) for a, b in combinations(keys, 2) if dice.random() < 0.08]
    checked(swimlanes(lanes, pairs), lanes)


def test_tasks_without_needs_fill_the_columns_of_their_band() -> None:
    found = swimlanes({f"t{n}": "BNV" for n in range(7)}, [])
    assert sorted({box.x for box in found.boxes}) == [16, 312, 608]
    assert len(found.bands) == 1


def test_no_task_at_all_is_a_drawing_too() -> None:
    assert swimlanes({}, []).boxes == ()


def test_a_need_of_what_is_not_drawn_draws_no_arrow() -> None:
    assert swimlanes({"a": "BNV"}, [("elsewhere", "a")]).arrows == ()


@pytest.mark.parametrize("tasks", [201, 600])
def test_a_large_graph_becomes_groups_that_hold_every_task_once_and_no_circle(tasks: int) -> None:
    dice = random.Random(tasks)
    keys = [f"t{n:03}" for n in range(tasks)]
    lanes = {key: f"A{dice.randint(1, 70):02}" for key in keys}
    pairs = [(keys[n - dice.randint(1, min(n, 9))], keys[n]) for n in range(1, tasks, 2)]
    groups, needs = collapsed(lanes, pairs, most=200)
    assert len(groups) <= 200
    assert sorted(key for some in groups.values() for key in some) == keys
    assert sum(needs.values()) == len(set(pairs))
    swimlanes(dict.fromkeys(groups, "x"), needs)  # a circle would be refused
    assert all(start != end for start, end in needs)
