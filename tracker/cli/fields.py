"""Fields of a channel from the command line: secrets from files or asked for, never from an option's value."""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from tracker.domain.errors import Invalid, NotFound
from tracker.operations.kinds import KINDS, Field, Kind

LONGEST = 4_096


def filled(kind: str, given: Iterable[str], files: Iterable[str]) -> dict[str, str]:
    """Return the fields that were given as NAME=VALUE, and the secret ones from their files."""
    known = kind_of(kind)
    secrets = {one.name for one in known.secrets}
    fields: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if name in secrets:
            raise Invalid(f"'{name}' is a secret: give it with --secret-file, or be asked for it", code="bad-channel")
        if not equals:
            raise Invalid("a field is given as NAME=VALUE", code="bad-channel")
        fields[name] = value
    for text in files:
        name, file = _named(text, known)
        fields[name] = _read(file)
    return fields


def asked(kind: str, fields: Mapping[str, str], *, ask: bool) -> dict[str, str]:
    """Return the secrets that are still needed, asked for without an echo; none where nobody can be asked."""
    import typer

    needed = [one for one in kind_of(kind).secrets if not one.optional and not fields.get(one.name)]
    if not ask or not sys.stdin.isatty():
        return {}
    return {one.name: typer.prompt(_question(one), hide_input=True, err=True).strip() for one in needed}


def kind_of(name: str) -> Kind:
    """Return a kind by its name; raises Invalid."""
    if name not in KINDS:
        raise Invalid(f"there is no kind '{name[:40]}': {', '.join(KINDS)}", code="bad-channel")
    return KINDS[name]


def _question(field: Field) -> str:
    return f"{field.name} ({field.says})"


def _named(text: str, kind: Kind) -> tuple[str, str]:
    name, equals, file = text.partition("=")
    if equals and name in {one.name for one in kind.fields}:
        return name, file
    if len(kind.secrets) != 1:
        names = ", ".join(one.name for one in kind.secrets) or "none"
        raise Invalid(f"say which field the file holds, NAME=FILE; the secrets are: {names}", code="bad-channel")
    return kind.secrets[0].name, text


def _read(file: str) -> str:
    try:
        held = sys.stdin.read(LONGEST) if file == "-" else Path(file).read_text(encoding="utf-8")[:LONGEST]
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise NotFound(f"the file of a secret cannot be read: {why}", code="bad-file") from None
    return held.strip()
