"""Layers: a drawing runs one way, keeps arrows off the tasks, and crosses no more than it must."""

import random
from itertools import pairwise

import pytest

from tracker.domain.errors import Invalid
from tracker.domain.layers import Layers, Passage, layered


def column_of(found: Layers) -> dict[object, int]:
    return {spot: n for n, column in enumerate(found.columns) for spot in column}


def test_every_arrow_runs_from_one_column_to_the_next() -> None:
    chance = random.Random(412)
    pairs = [(f"t{chance.randrange(n)}", f"t{n}") for n in range(1, 60) for _ in range(2)]
    found = layered([f"t{n}" for n in range(60)], pairs)
    columns = column_of(found)
    assert set(found.ways) == set(pairs)
    for way in found.ways.values():
        assert all(columns[right] - columns[left] == 1 for left, right in pairwise(way))


def test_a_long_arrow_has_a_place_in_every_column_it_passes() -> None:
    found = layered("abcd", [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
    assert found.ways["a", "d"] == ("a", Passage("a", "d", 1), Passage("a", "d", 2), "d")


def test_what_needs_nothing_stands_right_before_what_needs_it() -> None:
    found = layered("abcz", [("a", "b"), ("b", "c"), ("z", "c")])
    assert column_of(found) == {"a": 0, "b": 1, "z": 1, "c": 2}


def test_lines_that_need_not_cross_do_not() -> None:
    found = layered("abcxyz", [("a", "z"), ("b", "y"), ("c", "x")])
    left, right = found.columns
    ends = {"a": "z", "b": "y", "c": "x"}
    assert [ends[str(task)] for task in left] == list(right)


def test_tasks_without_needs_stand_alone() -> None:
    found = layered(["b", "a"], [])
    assert (found.columns, found.alone) == ([], ["a", "b"])


def test_a_circle_cannot_be_laid_out() -> None:
    with pytest.raises(Invalid, match="wait for each other"):
        layered("ab", [("a", "b"), ("b", "a")])
