"""The stamp of a view: as of when it is true, and at which position of the ledger."""

from dataclasses import dataclass
from datetime import datetime

INVENTED = "demo"  # entries of actors whose name starts so are made up, and every face says it


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """As of when a view is true, as known when, where the ledger stood then, and what kind of store this is.

    `known_at` is the instant up to which entries were heard; `seq` and `head` are of the last of them.

    `invented`: somebody of the demo made entries here, so what stands in it is no official figure.
    """

    as_of: datetime
    known_at: datetime
    seq: int
    head: str
    rehearsal: bool
    invented: bool
    zone: str
