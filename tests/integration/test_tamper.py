"""Whoever rewrites the ledger is noticed by who kept one seal or one receipt: `tests.simulation.tamper` in short."""

from collections import Counter
from collections.abc import Mapping

import pytest

from tests.simulation.tamper import CLASSES, MUST, tamper

POSITIONS = 3  # both ends, and one between


@pytest.fixture(scope="module")
def noticed() -> Mapping[str, Counter[str]]:
    return tamper(POSITIONS)


@pytest.mark.parametrize("name", CLASSES)
def test_it_is_noticed_with_one_seal_or_receipt_from_outside(noticed: Mapping[str, Counter[str]], name: str) -> None:
    assert {way: noticed[name][way] for way in MUST} == dict.fromkeys(MUST, POSITIONS)


def test_the_chain_alone_notices_only_what_does_not_fit_it(noticed: Mapping[str, Counter[str]]) -> None:
    assert {name for name, counts in noticed.items() if counts["chain"]} == {"edit", "delete"}
