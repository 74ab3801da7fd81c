"""The board as text: sums to check, the rehearsal said, every figure whole at any width, with or without colour."""

from datetime import UTC, date, datetime
from io import StringIO

import pytest
from rich.console import Console

from tracker.domain.phrase import Phrase
from tracker.domain.standing import Cell
from tracker.terminal import tokens
from tracker.terminal.board import rate_line, show, sum_line
from tracker.terminal.page import MARK
from tracker.views.board import Board, Cells, DirectiveCells, Listing, Waiting
from tracker.views.rows import TaskRow
from tracker.views.stamp import Stamp

AT = datetime(2025, 10, 20, 1, tzinfo=UTC)
CELLS = Cells(completed_on_time=12, completed_late=3, open_in_time=72, open_overdue=176, undated=1934, closed_out=5)


def a_row(**changes: object) -> TaskRow:
    facts: dict[str, object] = {
        "ref": "2025/412-tb-vpcp/service-portal/BNV",
        "directive": "2025/412-tb-vpcp",
        "number": "412/TB-VPCP",
        "task": "service-portal",
        "title": "Hoàn thiện Cổng Dịch vụ công quốc gia",
        "agency": "BNV",
        "agency_name": "Bộ Nội vụ",
        "progress": "assigned",
        "standing": "overdue",
        "cell": "open_overdue",
        "reason": Phrase("overdue_today", {"minute": "17:00"}),
        "first_day": date(2025, 8, 31),
        "last_day": date(2025, 8, 31),
        "late_from": datetime(2025, 8, 31, 17, tzinfo=UTC),
        "days_late": 50,
        "working_days_left": None,
        "received_at": None,
        "waiting_for": (),
        "invented": False,
    }
    return TaskRow(**{**facts, **changes})  # type: ignore[arg-type]


def a_board(*, rehearsal: bool = False, invented: bool = False) -> Board:
    stamp = Stamp(
        as_of=AT,
        known_at=AT,
        seq=1234,
        head="9f3c" + "0" * 60,
        rehearsal=rehearsal,
        invented=invented,
        zone="Asia/Ho_Chi_Minh",
    )
    return Board(
        stamp=stamp,
        cells=CELLS,
        directives=(DirectiveCells(key="k", number="412/TB-VPCP", title="Conclusions", version=1, cells=CELLS),),
        overdue=Listing((a_row(invented=invented),), 176),
        due_this_week=Listing((), 0),
        awaiting_review=(Waiting(row=a_row(agency="BTC", progress="submitted"), age_days=3),),
        awaiting_review_total=1,
        reminders={"accepted": 40, "failed": 2},
        undelivered=2,
    )


def text_of(board: Board, width: int, *, colour: bool = False) -> str:
    stream = StringIO()
    show(board, Console(file=stream, width=width, force_terminal=colour, no_color=not colour, highlight=False))
    return stream.getvalue()


@pytest.mark.parametrize("width", [80, 110, 140])
def test_every_figure_is_whole_at_any_width(width: int) -> None:
    text = text_of(a_board(), width)
    assert max(map(len, text.splitlines())) <= width
    assert "12 + 3 + 72 + 176 + 1,934 + 5 = 2,202 assignments" in text
    assert "on time: 12 of 191 completed or overdue (6.3 %)" in text
    for words in (
        "412/TB-VPCP",
        "Sun 31 Aug 2025",
        "Overdue: 176, the first 1",
        "Due this week: none",
        "3 days",
        "1,934",
    ):
        assert words in text


def test_the_title_says_as_of_when_and_where_the_ledger_stood() -> None:
    first = text_of(a_board(), 140).splitlines()[0]
    assert first == "Directives as of Mon 20 Oct 2025 08:00 (Hanoi time) · ledger 1234 · 9f3c…"


def test_a_rehearsal_says_so_and_a_live_store_does_not() -> None:
    assert "REHEARSAL" in text_of(a_board(rehearsal=True), 80).splitlines()[0]
    assert "REHEARSAL" not in text_of(a_board(), 80)


def test_what_the_demo_made_up_is_marked() -> None:
    text = text_of(a_board(rehearsal=True, invented=True), 140)
    assert f"{MARK} invented for the demo" in text
    assert f"Cổng Dịch vụ công quốc gia {MARK}" in text
    assert MARK not in text_of(a_board(rehearsal=True), 140)


def test_without_colour_the_same_words_and_glyphs_remain() -> None:
    plain, coloured = text_of(a_board(), 140), text_of(a_board(), 140, colour=True)
    assert "\x1b[" in coloured
    assert "\x1b[" not in plain
    assert "! open, overdue" in plain
    assert "! 2 undelivered" in plain


def test_each_cell_has_a_word_and_a_glyph_of_its_own() -> None:
    assert set(tokens.CELLS) == {str(cell) for cell in Cell}
    words = [token.word for token in tokens.CELLS.values()]
    assert len(set(words)) == len(words)
    assert all(token.glyph for table in (tokens.CELLS, tokens.STANDINGS, tokens.REMINDERS) for token in table.values())


def test_red_is_kept_for_what_somebody_must_act_on() -> None:
    tables = (tokens.CELLS, tokens.STANDINGS, tokens.REMINDERS)
    red = {name for table in tables for name, token in table.items() if "red" in token.style}
    assert red == {"open_overdue", "overdue", "failed", "permanent"}


def test_an_empty_board_has_no_rate_and_says_zero() -> None:
    assert sum_line(Cells()) == "0 + 0 + 0 + 0 + 0 + 0 = 0 assignments"
    assert rate_line(Cells()) == "on time: 0 of 0 completed or overdue (no rate yet)"
