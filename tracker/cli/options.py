"""Options that several commands share, and how `--at` is read.

One rule for `--at`, reading and writing: a civil time without an offset is Hanoi's, and a bare
date is 08:00 of that day, when offices open and reminders leave.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from typing import Annotated

import typer

ZONE = "Asia/Ho_Chi_Minh"
OPENING = time(8)


class Format(StrEnum):
    """How a command writes what it shows."""

    TEXT = "text"
    JSON = "json"


class Language(StrEnum):
    """The language of titles and names."""

    VI = "vi"
    EN = "en"
    FR = "fr"


@dataclass(frozen=True, slots=True)
class Common:
    """The global options."""

    database: str | None
    no_input: bool


_AT_FORMS = "2025-08-11 (08:00 of that day), 2025-08-11T14:30 (Hanoi time) or with an offset"
ReadAt = Annotated[
    str | None,
    typer.Option("--at", metavar="INSTANT", help=f"Show it as it was, or will be, at an instant: {_AT_FORMS}."),
]
Known = Annotated[
    str | None,
    typer.Option(
        "--known",
        metavar="INSTANT",
        help="As it was known by then: entries recorded later are left out. 'now' knows all; else what was shown on "
        "the day of --at.",
    ),
]
WriteAt = Annotated[
    str | None,
    typer.Option("--at", metavar="INSTANT", help=f"Only in a rehearsal: the instant it happens at: {_AT_FORMS}."),
]
As = Annotated[
    str | None, typer.Option("--as", metavar="ACTOR", help="Who does it; by default cli: and your login name.")
]
Ref = Annotated[
    str, typer.Argument(metavar="REF", help="2025/412-tb-vpcp/service-portal/BNV, or its end where that is unique.")
]
Seen = Annotated[
    int | None,
    typer.Option(
        "--seen",
        metavar="ENTRY",
        help="The last entry you decide by ('changed' in 'task show'); refused where somebody was faster.",
    ),
]
Instrument = Annotated[
    str, typer.Option("--instrument", "-i", help="By what document it is decided: its number and date.")
]
Shown = Annotated[Format, typer.Option("--format", "-f", help="text for people, json for programs.")]
Lang = Annotated[Language, typer.Option("--lang", "-l", help="Language of titles and names.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, help="Show at most so many rows.")]


def instant(text: str) -> datetime:
    """Return the UTC instant of an `--at`; raises Invalid for anything else.

    >>> instant("2025-08-11").isoformat(), instant("2025-08-11T08:30+07:00").isoformat()
    ('2025-08-11T01:00:00+00:00', '2025-08-11T01:30:00+00:00')
    """
    from tracker.domain.calendar import civil_instant
    from tracker.domain.errors import Invalid

    try:
        if len(text) == len("2025-08-11"):
            return civil_instant(ZONE, date.fromisoformat(text), OPENING)
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            return civil_instant(ZONE, found.date(), found.time())
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(f"'{text}' is no instant: write {_AT_FORMS}", code="bad-instant") from None


def day_of(text: str) -> date:
    """Return the day of an option; raises Invalid.

    >>> day_of("2025-08-31")
    datetime.date(2025, 8, 31)
    """
    from tracker.domain.errors import Invalid

    try:
        if len(text) != len("2025-08-31"):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise Invalid(f"'{text}' is no day: write it as 2025-08-31", code="bad-day") from None


def actor(given: str | None) -> str:
    """Return who acts: the name given, or the login name of this session."""
    import getpass

    if given and given.strip():
        return given.strip()
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError, ImportError):  # an account without a name, as in some containers
        return "cli:unknown"
