"""A running sum is what summing everything anew would give, and what did not change is not summed again."""

from collections import Counter
from collections.abc import Mapping

from tracker.views.running import Running

LINES = {"a": {"late": 2}, "b": {"late": 1, "done": 3}, "c": {"done": 1}}


def test_a_running_sum_is_the_sum_of_its_lines_as_they_come_change_and_go() -> None:
    asked: list[list[str]] = []

    def add(lines: Mapping[str, Mapping[str, int]]) -> Mapping[str, int]:
        asked.append(sorted(lines))
        return sum((Counter(line) for line in lines.values()), Counter())

    sums = Running(2)
    assert sums.sum("all", LINES, add) == {"late": 3, "done": 4}
    assert sums.sum("all", {**LINES, "b": {"done": 4}, "d": {"late": 5}}, add) == {"late": 7, "done": 5}
    assert sums.sum("all", {"a": LINES["a"]}, add) == {"late": 2, "done": 0}
    assert sums.sum("all", {"a": LINES["a"]}, add) == {"late": 2, "done": 0}
    assert asked == [["a", "b", "c"], ["b"], ["b", "d"], ["b", "c", "d"]]


def test_the_question_asked_longest_ago_is_forgotten_and_answered_anew() -> None:
    sums = Running(1)
    for name in ("one", "other", "one"):
        assert sums.sum(name, LINES, lambda lines: {"lines": len(lines)}) == {"lines": 3}
