"""Every state has a word, a glyph and a tone of its own."""

import pytest

from tracker.domain.standing import Cell, Progress
from tracker.web.tokens import CELLS, PROGRESS


@pytest.mark.parametrize(("table", "states"), [(CELLS, Cell), (PROGRESS, Progress)])
def test_every_state_has_a_token(table: dict[str, object], states: type[Cell] | type[Progress]) -> None:
    assert set(table) == {str(state) for state in states}
