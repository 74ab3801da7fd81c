"""Tokens: for every state a word, a glyph and a tone. The colour of a tone never stands alone.

The words are message ids; the glyphs are those of the terminal.
"""

from collections.abc import Mapping
from dataclasses import dataclass


def N_(said: str) -> str:  # messages are found in the source by this name
    """Return a message id as it is: the page translates it."""
    return said


@dataclass(frozen=True, slots=True)
class Token:
    """How one state is written; `tone` names its colours: good, late, calm, soon, bad, quiet."""

    word: str
    glyph: str
    tone: str


CELLS: Mapping[str, Token] = {
    "completed_on_time": Token(N_("Completed on time"), "✓", "good"),
    "completed_late": Token(N_("Completed late"), "✓", "late"),
    "open_in_time": Token(N_("Open, in time"), "○", "calm"),
    "open_overdue": Token(N_("Open, overdue"), "!", "bad"),
    "undated": Token(N_("Open, no date"), "~", "quiet"),
    "closed_out": Token(N_("Closed out"), "–", "quiet"),
}

STANDINGS: Mapping[str, Token] = {
    "waiting": Token(N_("Cannot start yet"), "…", "quiet"),
    "open": Token(N_("Open"), "○", "calm"),
    "due_soon": Token(N_("Due soon"), "◔", "soon"),
    "overdue": Token(N_("Overdue"), "!", "bad"),
    "completed_on_time": CELLS["completed_on_time"],
    "completed_late": CELLS["completed_late"],
    "undated": CELLS["undated"],
    "review_due": Token(N_("Review due"), "?", "soon"),
    "closed_out": CELLS["closed_out"],
}

PROGRESS: Mapping[str, Token] = {
    "assigned": Token(N_("Assigned"), "○", "calm"),
    "acknowledged": Token(N_("Acknowledged"), "◦", "calm"),
    "in_progress": Token(N_("In progress"), "◐", "calm"),
    "submitted": Token(N_("Submitted"), "→", "calm"),
    "completed": Token(N_("Accepted"), "✓", "good"),
    "returned": Token(N_("Returned"), "↩", "bad"),
    "suspended": Token(N_("Suspended"), "‖", "quiet"),
    "not_applicable": Token(N_("Not applicable"), "–", "quiet"),
    "discontinued": Token(N_("Discontinued"), "–", "quiet"),
    "superseded": Token(N_("Superseded"), "–", "quiet"),
    "expired": Token(N_("Cut off"), "–", "quiet"),
}

REMINDERS: Mapping[str, Token] = {
    "pending": Token(N_("Pending"), "○", "calm"),
    "sending": Token(N_("Being sent"), "→", "calm"),
    "accepted": Token(N_("Taken by the mail server"), "✓", "good"),
    "failed": Token(N_("Undelivered"), "!", "bad"),
    "cancelled": Token(N_("Cancelled"), "–", "quiet"),
    "held": Token(N_("Held"), "‖", "soon"),
    "suppressed": Token(N_("Suppressed"), "–", "quiet"),
    "temporary": Token(N_("Try again later"), "↻", "soon"),
    "permanent": Token(N_("Refused"), "!", "bad"),
    "unknown": Token(N_("Unknown"), "?", "soon"),
}

TABLES: Mapping[str, Mapping[str, Token]] = {
    "cell": CELLS,
    "standing": STANDINGS,
    "progress": PROGRESS,
    "reminder": REMINDERS,
}


def token(table: str, name: object) -> Token:
    """Return the token of a state; a state the table lacks is written as it is called.

    >>> token("cell", "open_overdue").word, token("cell", "in_two_minds").word
    ('Open, overdue', 'In two minds')
    """
    said = str(name)
    return TABLES[table].get(said) or Token(said.replace("_", " ").capitalize(), "·", "quiet")
