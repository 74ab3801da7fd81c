"""The page: the console, the line that says as of when, the banner of a rehearsal, and plain tables."""

import json
import os
import sys
from datetime import datetime
from typing import Any, TextIO

from rich import box
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from tracker.terminal.words import minute, place
from tracker.views.stamp import Stamp

PIPED = 140  # no terminal, no edge: wide enough that nothing a script looks for is cut
WIDE = 110
MARK = "*"


def console(stream: TextIO | None = None) -> Console:
    """Return the console of a stream, stdout by default; NO_COLOR and COLUMNS are honoured."""
    stream = stream or sys.stdout
    made = Console(file=stream, highlight=False, soft_wrap=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = PIPED
    return made


def print_json(document: Any, stream: TextIO | None = None) -> None:
    """Write a document as JSON, readable and with its accents."""
    stream = stream or sys.stdout
    stream.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


def heading(out: Console, what: str, stamp: Stamp) -> None:
    """Write what is shown, as of when, as known when if that is another instant, and where the ledger stood.

    Above it, whether this is a rehearsal.
    """
    if stamp.rehearsal:
        out.print(Text(" REHEARSAL ", style="reverse bold yellow"), _made_up(stamp))
    when = as_of(stamp.as_of, stamp.known_at, stamp.zone)
    out.print(Text.assemble((f"{what} as of {when}", "bold"), f" · ledger {stamp.seq} · {stamp.head[:4]}…"))


def as_of(at: datetime, known: datetime, zone: str) -> str:
    """Return the instant a view is of, and the one it is known by where that is another.

    >>> from datetime import UTC
    >>> then, since = datetime(2025, 10, 20, 1, tzinfo=UTC), datetime(2025, 11, 3, 1, tzinfo=UTC)
    >>> as_of(then, then, "UTC"), as_of(then, since, "UTC")
    ('Mon 20 Oct 2025 01:00 (UTC)', 'Mon 20 Oct 2025 01:00 (UTC), as known on Mon 3 Nov 2025 01:00')
    """
    told = f"{minute(at, zone)} ({place(zone)})"
    return told if known == at else f"{told}, as known on {minute(known, zone)}"


def table(
    *columns: str,
    title: str | None = None,
    right: tuple[str, ...] = (),
    whole: tuple[str, ...] = (),
    gap: int = 3,
) -> Table:
    """Return an empty table; the columns named in `right` hold numbers, those in `whole` are never broken."""
    made = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False)
    made.show_edge = False
    made.padding = (0, 1) if gap == 3 else (0, gap - 1, 0, 0)
    for column in columns:
        justify: JustifyMethod = "right" if column in right else "left"
        made.add_column(column, justify=justify, overflow="fold", no_wrap=column in (*right, *whole))
    return made


def _made_up(stamp: Stamp) -> str:
    if not stamp.invented:
        return "nothing leaves this machine"
    return f"nothing leaves this machine · {MARK} invented for the demo"
