"""Copies of mails to keep: the octets a server was handed, small, and with nothing in them that acts.

A mail of ours is mostly base64, which hardly compresses: its parts are kept decoded, and encoded again when it is
shown. Links that act without a login are kept without their signature, so that neither who is shown a copy nor who
has the database or a backup of it can act by them. Two hashes go with a copy: of what was sent, and of what is
kept. Where nothing was veiled they are the same; else whoever has the key of links can make the first of the second.
"""

import zlib
from binascii import a2b_base64
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from tracker.domain.errors import Broken
from tracker.domain.link import unveiled, veiled
from tracker.notify.wire import lined

_ENCODED, _ENDS = b"Content-Transfer-Encoding: base64\r\n\r\n", b"\r\n--"
_QUICK = 1  # a third smaller takes twice the time


@dataclass(frozen=True, slots=True)
class Kept:
    """A mail to keep: the SHA-256 of what was sent and of what is kept of it, and that, packed."""

    sent: str
    shown: str
    content: bytes


def keep(octets: bytes) -> Kept:
    """Return what is kept of a mail.

    >>> kept = keep(b"Subject: a mail without links")
    >>> kept.sent == kept.shown, copy_in(kept.content)
    (True, b'Subject: a mail without links')
    """
    pieces = _taken_apart(octets)
    safe = [veiled(piece) for piece in pieces]
    sent = sha256(octets).hexdigest()
    shown = sent if safe == pieces else sha256(_put_together(safe)).hexdigest()
    lengths = b" ".join(b"%d" % len(piece) for piece in safe)
    return Kept(sent, shown, zlib.compress(b"".join([lengths, b"\n", *safe]), _QUICK))


def copy_in(content: bytes) -> bytes:
    """Return the octets that are kept of a mail; raises Broken where they are not whole."""
    return _put_together(_unpacked(content))


def original_of(content: bytes, keys: Sequence[bytes]) -> bytes:
    """Return the octets as they were sent, where the keys of their links are among these."""
    return _put_together([unveiled(piece, keys) for piece in _unpacked(content)])


def _unpacked(content: bytes) -> list[bytes]:
    try:
        lengths, _, rest = zlib.decompress(content).partition(b"\n")
        pieces = []
        for length in map(int, lengths.split()):
            pieces.append(rest[:length])
            rest = rest[length:]
    except (zlib.error, ValueError):
        raise Broken("the copy of this mail is not whole") from None
    return pieces


def _taken_apart(octets: bytes) -> list[bytes]:
    """Return what stands as it is, and decoded what is base64, in turns."""
    pieces, rest = list[bytes](), octets
    while True:
        head, start, rest = rest.partition(_ENCODED)
        pieces.append(head + start)
        if not start:
            return pieces
        encoded, end, rest = rest.partition(_ENDS)
        pieces.append(a2b_base64(encoded))
        rest = end + rest


def _put_together(pieces: Sequence[bytes]) -> bytes:
    return b"".join(lined(piece) if number % 2 else piece for number, piece in enumerate(pieces))
