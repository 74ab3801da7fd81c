"""Exit codes, in one table; and how a refusal is said: one line on stderr, never a traceback."""

import sys
from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperGroup

from tracker.domain.errors import TrackerError

OK, FAILED, USAGE, INVALID_DIRECTIVE, MATCHED, INTEGRITY, CONFLICT, ON_HOLD, TRY_LATER = 0, 1, 2, 3, 4, 5, 6, 7, 75

# the code of a refusal -> exit status; a code that is not here is a plain failure
STATUS: Mapping[str, int] = {
    "invalid": USAGE,
    "live-clock": USAGE,
    "bad-instant": USAGE,
    "bad-day": USAGE,
    "bad-proof": USAGE,
    "no-proof": USAGE,
    "bad-channel": USAGE,
    "bad-password": USAGE,
    "bad-setting": USAGE,
    "bad-token": USAGE,
    "weak-password": USAGE,
    "bad-number": USAGE,
    "bad-note": USAGE,
    "bad-receipt": USAGE,
    "bad-key": USAGE,
    "bad-place": USAGE,
    "bad-file": USAGE,
    "bad-report": USAGE,
    "not-asked": USAGE,
    "bad-folder": INVALID_DIRECTIVE,
    "bad-table": INVALID_DIRECTIVE,
    "bad-directive": INVALID_DIRECTIVE,
    "bad-registry": INVALID_DIRECTIVE,
    "broken": INTEGRITY,
    "broken-document": INTEGRITY,
    "conflict": CONFLICT,
    "not-empty": CONFLICT,
    "account-exists": CONFLICT,
    "disabled": CONFLICT,
    "not-disabled": CONFLICT,
    "linked": CONFLICT,
    "revoked": CONFLICT,
    "file-exists": CONFLICT,
    "on-hold": ON_HOLD,
    "no-journal": TRY_LATER,
    "no-copy": TRY_LATER,
    "try-later": TRY_LATER,
    "database-away": TRY_LATER,
    "in-doubt": TRY_LATER,
}


def status_of(code: str) -> int:
    """Return the exit status of a refusal.

    >>> status_of("live-clock"), status_of("database-away"), status_of("refused")
    (2, 75, 1)
    """
    return STATUS.get(code, FAILED)


def say(words: str) -> None:
    """Write a line for the person at the terminal; data goes to stdout, talk to stderr."""
    print(words, file=sys.stderr)


class Guarded(TyperGroup):
    """A group whose refusals are one line and an exit status."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a TrackerError becomes its line and its status."""
        try:
            return super().invoke(ctx)
        except TrackerError as error:
            say(f"tracker: {error.code}: {error}")
            raise typer.Exit(status_of(error.code)) from None
