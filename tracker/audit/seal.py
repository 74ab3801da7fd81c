"""Seals: a signed note that says how many entries there were, under which root, ending with which hash, and when.

The note is text in the manner of a C2SP checkpoint, so that a person can read it and a mail can
carry it. It has one form only: what is parsed and written again must be the same bytes.

    tracker/5b1c7a0f9d3e2468
    1000
    <the root in base64>
    head <the hash of entry 1000>
    at 2025-08-11T01:00:00.000000Z

    — tracker/5b1c7a0f9d3e2468/1 <key id and signature in base64>
"""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from tracker.audit.keys import Signer, Vkey
from tracker.domain.entry import instant, stamp
from tracker.domain.errors import Invalid

_ORIGIN = re.compile(r"tracker/[0-9a-f]{16}")
_SIZE = re.compile(r"[1-9][0-9]{0,17}")
_HASH = re.compile(r"[0-9a-f]{64}")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_SIGNATURE = re.compile(r"— (\S+) (\S+)")
_LINES = 8  # five of text, an empty one, the signature, and the end of that line
_ID, _SIGNED = 4, 64

# what is put after a note that a crash cut short in a file that nothing is ever taken out of
TORN = " (torn)"
# a note wherever it stands in a mail or in a file of many; `parse` then holds it to its form
_SOMEWHERE = re.compile(r"^tracker/[^\n]*\n[^\n]*\n[^\n]*\nhead [^\n]*\nat [^\n]*\n\n— [^\n]*$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What a seal says of the first `size` entries of a ledger."""

    origin: str
    size: int
    root: bytes
    head: str
    at: datetime

    def text(self) -> str:
        """Return the text that is signed."""
        root = base64.b64encode(self.root).decode("ascii")
        return f"{self.origin}\n{self.size}\n{root}\nhead {self.head}\nat {stamp(self.at)}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A seal with its signature: the name of the key, the start of the key's hash, the signature itself."""

    seal: Seal
    key: str
    key_id: bytes
    signature: bytes

    def text(self) -> str:
        """Return the whole note, as it goes outside."""
        signed = base64.b64encode(self.key_id + self.signature).decode("ascii")
        return f"{self.seal.text()}\n— {self.key} {signed}\n"

    def why_not_by(self, vkey: Vkey) -> str | None:
        """Return why a key does not vouch for this note, or None when it does."""
        if (self.key, self.key_id) != (vkey.name, vkey.key_id):
            return f"it names the key {self.key}+{self.key_id.hex()}, not {vkey.name}+{vkey.key_id.hex()}"
        if not vkey.vouches(self.signature, self.seal.text().encode()):
            return f"its signature by {self.key} does not fit its text"
        return None


def origin_of(first_hash: str) -> str:
    """Return the name of a ledger: it follows from the hash of its first entry.

    >>> origin_of("5b1c7a0f9d3e2468" + "0" * 48)
    'tracker/5b1c7a0f9d3e2468'
    """
    return f"tracker/{first_hash[:16]}"


def sign(seal: Seal, name: str, signer: Signer) -> Note:
    """Return a seal signed by a key that goes by that name."""
    vkey = Vkey(name, signer.public)
    return Note(seal=seal, key=name, key_id=vkey.key_id, signature=signer.sign(seal.text().encode()))


def parse(text: str) -> Note:
    """Return the note a text is; raises Invalid, naming the line, for anything but exactly one."""
    lines = text.split("\n")
    if len(lines) != _LINES or lines[-1]:
        raise _bad(f"it has {len(lines) - 1} lines, not {_LINES - 1}, each with its end")
    origin, size, root, head, at, empty, signature, _ = lines
    for number, (line, form, what) in enumerate(
        [(origin, _ORIGIN, "the name of a ledger"), (size, _SIZE, "a number of entries")], 1
    ):
        if not form.fullmatch(line):
            raise _bad(f"line {number} is not {what}")
    if not head.startswith("head ") or not _HASH.fullmatch(head[5:]):
        raise _bad("line 4 is not 'head' and a hash")
    if not at.startswith("at ") or not _STAMP.fullmatch(at[3:]):
        raise _bad("line 5 is not 'at' and an instant")
    if empty:
        raise _bad("line 6 is not empty")
    signed = _SIGNATURE.fullmatch(signature)
    if signed is None:
        raise _bad("line 7 is not a signature: '— KEY BASE64'")
    seal = Seal(origin=origin, size=int(size), root=_bytes(root, 3, sha256().digest_size), head=head[5:], at=_at(at))
    both = _bytes(signed[2], 7, _ID + _SIGNED)
    return Note(seal=seal, key=signed[1], key_id=both[:_ID], signature=both[_ID:])


def find(text: str) -> tuple[Note, ...]:
    """Return the notes that stand in a text, such as a mail or a file of many; raises Invalid for a spoilt one."""
    plain = text.replace("\r\n", "\n")
    return tuple(parse(found + "\n") for found in _SOMEWHERE.findall(plain) if not found.endswith(TORN))


def _at(line: str) -> datetime:
    try:
        return instant(line[3:])
    except ValueError:
        raise _bad("line 5 names an instant that never was") from None


def _bytes(text: str, line: int, length: int) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _bad(f"line {line} is not base64") from None
    if len(found) != length or base64.b64encode(found).decode("ascii") != text:
        raise _bad(f"line {line} does not hold {length} bytes in their one form")
    return found


def _bad(why: str) -> Invalid:
    return Invalid(f"this is no seal: {why}", code="bad-note")
