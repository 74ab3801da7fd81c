"""The short forms of `tests.simulation.faults`: several processes, clock steps, bad servers, poison, a long pause."""

from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.simulation.__main__ import FORMS
from tests.simulation.faults import FAULTS


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_costs_nobody_a_mail_and_brings_nobody_two(name: str, tmp_path: Path) -> None:
    words, good = FAULTS[name](tmp_path, short=True)
    assert good, words


def test_make_chaos_runs_scripts_that_are_there() -> None:
    for name, *_ in FORMS:
        assert find_spec(f"tests.simulation.{name}"), name
