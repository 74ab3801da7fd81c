"""Tokens: for every state a word, a glyph and a colour, in one table. The colour never stands alone."""

from collections.abc import Mapping
from dataclasses import dataclass

from rich.text import Text


@dataclass(frozen=True, slots=True)
class Token:
    """How one state is written: red is kept for what somebody has to act on."""

    word: str
    glyph: str
    style: str = ""

    @property
    def text(self) -> Text:
        """Return the glyph and the word in their colour."""
        return Text(f"{self.glyph} {self.word}", style=self.style)


_GREEN, _YELLOW, _RED, _DIM, _BLUE = "green", "yellow", "bold red", "bright_black", "blue"

CELLS: Mapping[str, Token] = {
    "completed_on_time": Token("completed on time", "✓", _GREEN),
    "completed_late": Token("completed late", "✓", _YELLOW),
    "open_in_time": Token("open, in time", "○", _BLUE),
    "open_overdue": Token("open, overdue", "!", _RED),
    "undated": Token("undated", "~", _DIM),
    "closed_out": Token("closed out", "–", _DIM),
}

STANDINGS: Mapping[str, Token] = {
    "waiting": Token("cannot start yet", "…", _DIM),
    "open": Token("open", "○", _BLUE),
    "due_soon": Token("due soon", "◔", _YELLOW),
    "overdue": Token("overdue", "!", _RED),
    "completed_on_time": CELLS["completed_on_time"],
    "completed_late": CELLS["completed_late"],
    "undated": CELLS["undated"],
    "review_due": Token("review due", "?", _YELLOW),
    "closed_out": CELLS["closed_out"],
}

REMINDERS: Mapping[str, Token] = {
    "pending": Token("pending", "○", _BLUE),
    "sending": Token("being sent", "→", _BLUE),
    "accepted": Token("accepted", "✓", _GREEN),
    "failed": Token("undelivered", "!", _RED),
    "cancelled": Token("cancelled", "–", _DIM),
    "held": Token("held", "‖", _YELLOW),
    "suppressed": Token("suppressed", "–", _DIM),
    "temporary": Token("try again later", "↻", _YELLOW),
    "permanent": Token("refused", "!", _RED),
    "unknown": Token("unknown", "?", _YELLOW),
}

SIGNS: Mapping[str, Token] = {
    "+": Token("added", "+", _GREEN),
    "~": Token("changed", "~", _YELLOW),
    "-": Token("removed", "-", _RED),
    "→": Token("carried over", "→", _YELLOW),
}

CHECKS: Mapping[bool, Token] = {True: Token("fine", "✓", _GREEN), False: Token("not so", "✗", _RED)}


def token(table: Mapping[str, Token], name: str) -> Token:
    """Return the token of a state; a state the table lacks is written as it is called.

    >>> token(CELLS, "open_overdue").word, token(CELLS, "in_two_minds").word
    ('open, overdue', 'in two minds')
    """
    return table.get(name) or Token(name.replace("_", " "), "·")
