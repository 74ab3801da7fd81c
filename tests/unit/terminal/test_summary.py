"""The summary as text: every number of the bridge, every rate with its formula, and no figure cut at any width."""

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from rich.console import Console

from tracker.domain.bridge import Bridge
from tracker.domain.cells import Cells
from tracker.domain.standing import Cell
from tracker.terminal.summary import RATES, show, show_verdict
from tracker.views.rerun import Verdict
from tracker.views.stamp import Stamp
from tracker.views.summary import Asked, Group, Summary

AT = datetime(2025, 10, 20, 1, tzinfo=UTC)
CELLS = Cells(
    completed_on_time=14_068,
    completed_late=1_983,
    open_in_time=5_640,
    open_overdue=1_223,
    undated=61_934,
    closed_out=10_005,
)
FINGERPRINT = "ab" * 32


def a_stamp(at: datetime, known: datetime) -> Stamp:
    return Stamp(
        as_of=at,
        known_at=known,
        seq=7,
        head="9f3c" + "0" * 60,
        rehearsal=False,
        invented=False,
        zone="Asia/Ho_Chi_Minh",
    )


def said(width: int, *, limit: int = 20, known: datetime = AT) -> str:
    cells = {f"a/b/{n}": Cell.IN_TIME for n in range(3)}
    found = Summary(
        stamp=a_stamp(AT, known),
        asked=Asked(agency="BNV", below=True),
        cells=CELLS,
        agencies=(Group(key="BNV", cells=CELLS), Group(key="BTC", cells=Cells())),
        directives=(Group(key="2025/2179-qd-ttg", cells=CELLS),),
        since=a_stamp(AT - timedelta(days=30), known),
        bridge=Bridge.between(cells, {**cells, "a/b/1": Cell.OVERDUE, "a/b/2": Cell.OVERDUE}),
    )
    out = Console(file=StringIO(), width=width)
    show(found, FINGERPRINT, out, names={"BNV": "Ministry of Home Affairs"}, limit=limit)
    assert isinstance(out.file, StringIO)
    return out.file.getvalue()


@pytest.mark.parametrize("width", [80, 110, 160])
def test_no_figure_is_cut_at_any_width(width: int) -> None:
    told = said(width)
    for number in ("14,068", "1,983", "5,640", "1,223", "61,934", "10,005", "94,853"):
        assert told.count(number) >= 2
    assert "2025/2179-qd-ttg" in told
    assert FINGERPRINT in told


def test_every_rate_says_its_name_both_numbers_and_its_formula() -> None:
    told = said(110)
    for name, rate in CELLS.rates.items():
        assert f"{RATES[name]}: {rate}" in told
    assert RATES.keys() == CELLS.rates.keys()


@pytest.mark.parametrize(("limit", "more"), [(1, True), (2, False), (3, False)])
def test_a_cut_list_says_how_many_more_there_are(limit: int, more: bool) -> None:
    told = said(110, limit=limit)
    assert ("and 1 more: --format json has them all" in told) is more
    assert ("and 1 agency more" in told) is more


def test_both_instants_are_said_where_they_differ() -> None:
    assert said(110).startswith("Summary of BNV and those below as of Mon 20 Oct 2025 08:00 (Hanoi time) · ledger 7")
    assert "as known on Sat 1 Nov 2025 08:00 · ledger 7" in said(160, known=datetime(2025, 11, 1, 1, tzinfo=UTC))


def test_a_report_that_does_not_hold_says_each_thing_that_is_wrong() -> None:
    out = Console(file=StringIO(), width=80)
    show_verdict(Verdict(report="summary", fingerprint="a", again="b", wrong=("cells[1]: one", "two")), out)
    assert isinstance(out.file, StringIO)
    assert out.file.getvalue() == "✗ the report does not hold:\n  cells[1]: one\n  two\n"
