"""Passwords at the command line: from a file or asked for, never from an option's value."""

import sys
from pathlib import Path

from tracker.domain.errors import Invalid, NotFound

LONGEST = 4_096


def password_of(file: str | None, *, ask: bool) -> str | None:
    """Return the first line of a file (- for stdin), else what is typed twice; None where nobody can be asked."""
    import typer

    if file is not None:
        return _read(file)
    if not ask or not sys.stdin.isatty():
        return None
    first = typer.prompt("password", hide_input=True, err=True)
    if typer.prompt("the same again", hide_input=True, err=True) != first:
        raise Invalid("the two are not the same", code="bad-password")
    return str(first)


def needed(password: str | None) -> str:
    """Return a password; raises Invalid where there is none."""
    if not password:
        raise Invalid("give the password with --password-file FILE (- for stdin), or be asked", code="bad-password")
    return password


def _read(file: str) -> str:
    try:
        held = sys.stdin.read(LONGEST) if file == "-" else Path(file).read_text(encoding="utf-8")[:LONGEST]
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise NotFound(f"the file of a password cannot be read: {why}", code="bad-file") from None
    return held.partition("\n")[0].rstrip("\r")
