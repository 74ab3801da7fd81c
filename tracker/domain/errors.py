"""Refusals: what the tracker will not do, and why.

TrackerError
├── NotFound      what was named does not exist
├── Refused       the move is not allowed from here, or not to this actor
├── Conflict      somebody else changed it first
├── Invalid       an argument or a setting cannot be understood
├── Broken        the ledger or a cache does not hold what it must hold
└── TryLater      something outside is away for the moment

The domain knows only the code; the faces translate it (exit status, HTTP status).
Mistakes in files are no refusals, they are findings (`finding.py`).
"""


class TrackerError(Exception):
    """A refusal with a stable `code` and a sentence fit for the person who asked."""

    code = "failed"

    def __init__(self, sentence: str, *, code: str | None = None) -> None:
        super().__init__(sentence)
        self.code = code or self.code


class NotFound(TrackerError):
    """What was named does not exist."""

    code = "not-found"


class Refused(TrackerError):
    """The move is not allowed from here, or not to this actor."""

    code = "refused"


class Conflict(TrackerError):
    """Somebody else changed it first."""

    code = "conflict"


class Invalid(TrackerError):
    """An argument or a setting cannot be understood."""

    code = "invalid"


class Broken(TrackerError):
    """The ledger or a cache does not hold what it must hold."""

    code = "broken"


class TryLater(TrackerError):
    """Something outside is away for the moment."""

    code = "try-later"
