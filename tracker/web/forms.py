"""Forms: what somebody typed, as text that can be kept; and days, read as people write them."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

LONGEST = 4000
_DAY = re.compile(r"(\d{1,2})[/.](\d{1,2})[/.](\d{4})")


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form; of one that was sent more than once, `one` is the first."""

    fields: Mapping[str, tuple[str, ...]]
    files: tuple[UploadFile, ...] = ()

    def one(self, name: str) -> str:
        """Return a field, without what no ledger can keep; empty where it was not sent."""
        return next(iter(self.fields.get(name, ())), "")

    def every(self, name: str) -> tuple[str, ...]:
        """Return a field as often as it was sent."""
        return self.fields.get(name, ())

    @property
    def seen(self) -> int | None:
        """Return the entry that the form was made by; None where it says none."""
        said = self.one("seen")
        return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None


async def form_of(request: Request) -> Form:
    """Return the form of a request: the guard has read it already, and no more than it may hold."""
    fields: dict[str, list[str]] = {}
    files = []
    for name, value in (await request.form()).multi_items():
        if isinstance(value, str):
            fields.setdefault(name, []).append(plain(value))
        elif value.filename:
            files.append(value)
    return Form({name: tuple(values) for name, values in fields.items()}, tuple(files))


Sent = Annotated[Form, Depends(form_of)]


def plain(said: str) -> str:
    r"""Return a text as it is kept: whole characters, one kind of line end, no control codes, no spaces around.

    >>> plain(" one\r\ntwo\x00 ")
    'one\ntwo'
    """
    text = unicodedata.normalize("NFC", said.replace("\r\n", "\n").replace("\r", "\n"))
    return "".join(char for char in text if char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs")).strip()


def day_of(said: str) -> date | None:
    """Return a day as a browser sends it, or as people write it here; None for what is none.

    >>> day_of("2025-08-31"), day_of("31/08/2025"), day_of("31/02/2025")
    (datetime.date(2025, 8, 31), datetime.date(2025, 8, 31), None)
    """
    try:
        if found := _DAY.fullmatch(said.strip()):
            return date(int(found[3]), int(found[2]), int(found[1]))
        return date.fromisoformat(said.strip()) if len(said.strip()) == len("2025-08-31") else None
    except ValueError:
        return None
