"""The life of assignments held against an independent model: random lives, and the table row by row."""

import ast
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.simulation import life_cycle, life_model
from tests.simulation.life_model import BY_RULE, PROGRESSES, VERBS
from tracker.domain.lifecycle import BY_KIND
from tracker.domain.standing import Progress

# a step costs 4 ms: every run of the tests takes a few of them, `python -m tests.simulation.life_cycle` takes 20,000
STEPS = 4_000 if os.environ.get("HYPOTHESIS_PROFILE") == "ci" else 3_000


def test_random_lives_agree_with_the_model_step_by_step(record_property: Callable[[str, object], None]) -> None:
    started = time.perf_counter()
    tally, wrong = life_cycle.spread(STEPS, workers=2 if STEPS > 10_000 else 1)
    record_property("told", life_cycle.told(tally, time.perf_counter() - started, len(wrong)))
    assert not wrong, wrong[0]
    assert sum(tally.values()) >= STEPS
    happened = {name.split(" ")[0] for name in tally if name.endswith(" accepted")}
    assert happened >= {*VERBS, "sweep", "name_deputy", "end_deputy"}


def test_the_model_shares_no_code_with_the_product() -> None:
    tree = ast.parse(Path(life_model.__file__).read_text())
    imported = {
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert imported == {"collections.abc", "datetime", "typing"}


@pytest.mark.parametrize("verb", VERBS)
def test_the_table_has_the_row_of_the_model(verb: str) -> None:
    kind, whose, sources, target, needs, pending = VERBS[verb]
    row = BY_KIND[kind]
    assert (row.who, row.target) == (whose, target)
    assert row.sources == {Progress(source) for source in sources}
    assert set(needs) <= set(row.needs)
    assert row.pending == (pending.replace("-", "no ") if pending else None)


@pytest.mark.parametrize("kind", BY_RULE)
def test_the_table_has_the_rules_of_the_model(kind: str) -> None:
    sources, target, needs = BY_RULE[kind]
    row = BY_KIND[kind]
    assert (row.who, row.target, row.needs) == ("system", target, needs)
    assert row.sources == {Progress(source) for source in sources}


def test_the_model_knows_every_progress_and_every_transition() -> None:
    assert set(PROGRESSES) == {str(progress) for progress in Progress}
    assert set(BY_KIND) == {*BY_RULE, *(row[0] for row in VERBS.values())}
