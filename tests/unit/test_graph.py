"""The task graph: order, cycles with their path, reach."""

from graphlib import CycleError

import pytest

from tracker.domain.graph import Graph

DIAMOND = Graph({"decide": ("left", "right"), "left": ("start",), "right": ("start",), "start": (), "alone": ()})


def test_every_task_comes_after_what_it_needs_and_equals_in_the_order_of_their_keys() -> None:
    assert DIAMOND.order() == ("alone", "start", "left", "right", "decide")


def test_the_order_of_the_file_does_not_change_the_order_of_the_tasks() -> None:
    assert Graph(dict(reversed(list(DIAMOND.needs.items())))).order() == DIAMOND.order()


def test_a_cycle_is_named_with_its_whole_path_the_same_way_every_run() -> None:
    ring = Graph({"c": ("a",), "a": ("b",), "b": ("c",), "d": ("a",)})
    assert ring.cycle() == ("a", "b", "c", "a")
    assert Graph(dict(reversed(list(ring.needs.items())))).cycle() == ("a", "b", "c", "a")
    with pytest.raises(CycleError):
        ring.order()


def test_a_task_that_needs_itself_is_a_cycle() -> None:
    assert Graph({"a": ("a",)}).cycle() == ("a", "a")


def test_a_graph_with_an_order_has_no_cycle() -> None:
    assert DIAMOND.cycle() is None


def test_what_waits_for_what_reaches_through_the_whole_graph() -> None:
    assert DIAMOND.waits_for("decide") == ("left", "right", "start")
    assert DIAMOND.waited_by("start") == ("decide", "left", "right")
    assert DIAMOND.waits_for("alone") == DIAMOND.waited_by("alone") == ()


def test_a_chain_of_100_000_tasks_needs_no_deep_recursion() -> None:
    chain = Graph({f"t{n:06}": (f"t{n - 1:06}",) if n else () for n in range(100_000)})
    assert chain.order()[-1] == "t099999"
    assert len(chain.waits_for("t099999")) == 99_999
