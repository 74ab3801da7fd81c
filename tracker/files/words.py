"""Words for findings: what an author wrote, cut to size, and the guess at what was meant."""

import difflib
from collections.abc import Iterable

from tracker.domain.directive import fold

_CLIP = 60


def clip(words: str) -> str:
    """Return words on one line, shortened for a sentence; what nobody can see is written out.

    >>> clip("x" * 70) == "x" * 59 + "…", clip("B\u200bNV")
    (True, 'B<U+200B>NV')
    """
    line = visible(" ".join(words.split()))
    return line if len(line) <= _CLIP else line[: _CLIP - 1] + "…"


def visible(words: str) -> str:
    r"""Return words with every character written out that nobody can see, or that no file can hold.

    >>> visible("a\u202eb\udcff")
    'a<U+202E>b<U+DCFF>'
    """
    return words if words.isprintable() else "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in words)


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate the author most likely meant, if one is near; accents and case do not count.

    >>> nearest("taks", ["title", "tasks"]), nearest("quux", ["tasks"])
    ('tasks', None)
    """
    folded = {fold(candidate): candidate for candidate in candidates}
    if len(word) > _CLIP:
        return None
    near = difflib.get_close_matches(fold(word), folded, n=1, cutoff=0.6)
    return folded[near[0]] if near else None


def meant(guess: str | None, otherwise: str) -> str:
    """Return the remedy: the guess as a question, or the other advice.

    >>> meant("tasks", "see the format"), meant(None, "see the format")
    ("did you mean 'tasks'?", 'see the format')
    """
    return f"did you mean '{guess}'?" if guess else otherwise
