"""What became of one attempt to deliver: four words, because only four lead to different acts.

accepted    the server took responsibility (2xx to the end of DATA); nothing more to do
temporary   nothing was handed over and trying later is right; back off
permanent   nothing was handed over and trying again is useless; a person must look
unknown     the message was on the wire and no answer came; retry with the same Message-ID
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Kind = Literal["accepted", "temporary", "permanent", "unknown"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The truth about one attempt: its kind, the server's code if it gave one, and its words.

    `detail` is for people and for the ledger, so it never holds a password or a channel's URL.
    `retry_after` is how long the server asked to be left alone (HTTP 429 and 503 may say so; SMTP cannot).
    """

    kind: Kind
    code: int | None = None
    detail: str = ""
    retry_after: timedelta | None = None
