"""What was typed into a form whose session was over: kept by the page that asks to log in again, and sent again after.

The browser carries it, from the form to the door and through it; nothing is kept here. Only what a form of an ended
session of the same browser said is taken, and it goes nowhere but to the page it was for, by a button.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tracker.web.doorman import own_path


@dataclass(frozen=True, slots=True)
class Typed:
    """The fields of a form and the path it was sent to; `files` says that some were left out."""

    path: str
    fields: Mapping[str, Sequence[str]]
    files: bool = False

    @property
    def text(self) -> str:
        """Return it as the text of one hidden field."""
        return json.dumps([self.path, {name: list(said) for name, said in self.fields.items()}, self.files])

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield every field as often as it was sent."""
        for name, said in self.fields.items():
            for one in said:
                yield name, one


def typed_of(text: str) -> Typed | None:
    """Return what a hidden field carries; None where it is nothing of ours.

    >>> typed_of(Typed("/tasks/2025/x/a/BNV/report", {"words": ("Done.",)}).text)
    Typed(path='/tasks/2025/x/a/BNV/report', fields={'words': ['Done.']}, files=False)
    >>> typed_of('["//evil.example", {}, false]'), typed_of("[")
    (None, None)
    """
    try:
        path, fields, files = json.loads(text)
        sound = all(isinstance(n, str) and all(isinstance(one, str) for one in said) for n, said in fields.items())
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    if not sound or not isinstance(path, str) or own_path(path) != path or "?" in path:
        return None
    return Typed(path, fields, bool(files))
