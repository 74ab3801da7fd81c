"""A notice laid out: subject, plain text and HTML, from one sheet.

The text part is complete by itself; the HTML part needs no image, no style sheet and no
network, and leaves text and background to the reader's own light or dark theme.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from tracker.notify.bulletin import Bulletin, bulletin_page
from tracker.notify.content import Sheet, sheet
from tracker.notify.digest import Digest, cleaned_digest, page
from tracker.notify.notice import Notice, cleaned

_TEMPLATES = Path(__file__).parent / "templates"

# Dark enough to carry white text (WCAG AA), the same in every theme. Red is kept for what is late.
COLOURS = {
    "assigned": "#1d4f91", "before": "#1d4f91", "due": "#8a4b08", "overdue": "#a8121f", "escalated": "#a8121f",
    "alarm": "#a8121f", "review": "#4a4a4a", "half": "#8a4b08",
    "unblocked": "#1d4f91", "returned": "#8a4b08", "accepted": "#1e6b34", "received": "#1e6b34",
    "date_changed": "#8a4b08", "decided": "#4a4a4a", "ended": "#4a4a4a", "weekly": "#1d4f91", "monday": "#1d4f91",
}  # fmt: skip
GLYPHS = {"assigned": "●", "before": "◔", "due": "◑", "overdue": "▲", "escalated": "▲", "alarm": "▲", "review": "○"}
GLYPHS |= {"half": "◑", "unblocked": "▶", "returned": "◀", "accepted": "✓", "received": "✓", "date_changed": "◆"}
GLYPHS |= {"decided": "■", "ended": "–", "weekly": "≡", "monday": "≡"}


@dataclass(frozen=True, slots=True)
class Rendered:
    """The three parts of a mail, as text."""

    subject: str
    text: str
    html: str


def render(notice: Notice | Digest) -> Rendered:
    """Return the notice in its own language, every text in it folded and escaped."""
    if isinstance(notice, Digest):
        return laid_out_digest(cleaned_digest(notice))
    return laid_out(cleaned(notice))


def laid_out(notice: Notice) -> Rendered:
    """Return a notice that is already cleaned, laid out."""
    page = sheet(notice)
    values = {"sheet": page, "colour": COLOURS[page.stage], "glyph": GLYPHS[page.stage]}
    text = _template("notice.txt").render(values, rows=_aligned(page))
    return Rendered(page.subject, text, _template("notice.html").render(values))


def laid_out_digest(digest: Digest) -> Rendered:
    """Return a digest that is already cleaned, laid out."""
    said = bulletin_page(digest) if isinstance(digest, Bulletin) else page(digest)
    values = {"page": said, "colour": COLOURS[said.stage], "glyph": GLYPHS[said.stage], "glyphs": GLYPHS}
    text, html = _template("digest.txt").render(values), _template("digest.html").render(values)
    return Rendered(said.subject, text, html)


def _aligned(page: Sheet) -> list[str]:
    """Return the rows as lines, what is said beginning in one column."""
    width = max(_width(row.label) for row in page.rows) + len(page.colon) + 2
    lines = []
    for row in page.rows:
        label = row.label + page.colon
        for said in row.lines:
            lines.append(label + " " * (width - _width(label)) + said)
            label = ""
    return lines


@lru_cache
def _width(text: str) -> int:
    return sum(not unicodedata.combining(char) for char in text)


@lru_cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["anchor"] = _anchor
    return environment.get_template(name)


def _anchor(url: str) -> str:
    """Return the URL if a click on it is harmless, else nothing to click."""
    return url if re.match(r"https?://", url, re.IGNORECASE) else "#"
