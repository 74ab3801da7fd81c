"""What was typed into a form whose session was over: kept by the page that asks to log in again, and sent again after.

The browser carries it, from the form to the door and through it; nothing is kept here. Only what a form of an ended
session of the same browser said is taken. It goes nowhere but to the page it was for, by a button, and to nobody but
whose session it was.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracker.web.doorman import own_path


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a form, whose they are and the path they were sent to; `files` says that some were left out."""

    account: str
    path: str
    fields: Mapping[str, Sequence[str]]
    files: bool = False

    @property
    def text(self) -> str:
        """Return it as the text of one hidden field."""
        fields = {name: list(said) for name, said in self.fields.items()}
        return json.dumps([self.account, self.path, fields, self.files])

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield every field as often as it was sent."""
        for name, said in self.fields.items():
            for one in said:
                yield name, one


def typed_of(text: str) -> Typed | None:
    """Return what a hidden field carries; None where it is nothing of ours.

    >>> typed_of(Typed("anna", "/tasks/2025/x/a/BNV/report", {"words": ("Done.",)}).text)
    Typed(account='anna', path='/tasks/2025/x/a/BNV/report', fields={'words': ['Done.']}, files=False)
    >>> typed_of('["anna", "//evil.example", {}, false]'), typed_of("[")
    (None, None)
    """
    try:
        account, path, fields, files = json.loads(text)
        sound = all(isinstance(n, str) and all(isinstance(one, str) for one in said) for n, said in fields.items())
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    if not sound or not isinstance(account, str) or not isinstance(path, str):
        return None
    return Typed(account, path, fields, bool(files)) if own_path(path) == path and "?" not in path else None
