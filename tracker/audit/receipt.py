"""Receipts: one entry, the path from it to a sealed root, and the seal. Its holder needs nothing else to check it."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tracker.audit import seal
from tracker.audit.keys import Vkey
from tracker.audit.merkle import SIZE_OF_HASH, check_inclusion, leaf_hash
from tracker.audit.seal import Note
from tracker.domain.entry import canonical, link
from tracker.domain.errors import Invalid
from tracker.domain.phrase import Phrase, Value

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """An entry as it was hashed, its proof, the seal the proof leads to, and the key that signed the seal."""

    seq: int
    body: str
    previous: str
    hash: str
    proof: tuple[bytes, ...]
    note: Note
    vkey: Vkey

    def document(self) -> dict[str, Any]:
        """Return the receipt as its JSON file holds it."""
        return {
            "receipt": VERSION,
            "entry": {"seq": self.seq, "body": self.body, "previous": self.previous, "hash": self.hash},
            "proof": [base64.b64encode(one).decode("ascii") for one in self.proof],
            "seal": self.note.text(),
            "vkey": self.vkey.text(),
        }


def parse(text: str) -> Receipt:
    """Return the receipt of a JSON text; raises Invalid for anything else."""
    try:
        said = json.loads(text)
        entry = said["entry"]
        if said["receipt"] != VERSION:
            raise _bad(f"it is of version {said['receipt']}, this program reads {VERSION}")
        seq, rest = entry["seq"], [entry[name] for name in ("body", "previous", "hash")]
        proof = _proof(said["proof"])
        note, vkey = said["seal"], said["vkey"]
    except (ValueError, KeyError, TypeError):
        raise _bad("it is not the JSON of one, or lacks a part") from None
    if type(seq) is not int or not all(isinstance(one, str) for one in (*rest, note, vkey)):
        raise _bad("a part of it is of the wrong kind")
    body, previous, digest = rest
    return Receipt(
        seq=seq, body=body, previous=previous, hash=digest, proof=proof, note=seal.parse(note), vkey=Vkey.of(vkey)
    )


def faults(receipt: Receipt, *, vkey: Vkey | None = None) -> tuple[Phrase, ...]:
    """Return what does not hold in a receipt; nothing where it proves that its entry is in the sealed ledger.

    Without a key from elsewhere the receipt vouches for itself: it shows that whoever holds the
    private half of the key it names sealed this entry, and not whose key that is.
    """
    return tuple(Phrase(code, values) for code, values in _faults(receipt, vkey))


def _faults(receipt: Receipt, vkey: Vkey | None) -> Iterator[tuple[str, Mapping[str, Value]]]:
    note, key = receipt.note, vkey or receipt.vkey
    if vkey is not None and vkey != receipt.vkey:
        yield "receipt_key", {"key": receipt.vkey.text()}
    if note.why_not_by(key):
        foreign = (note.key, note.key_id) != (key.name, key.key_id)
        names = {"seal": f"{note.key}+{note.key_id.hex()}", "key": f"{key.name}+{key.key_id.hex()}"}
        yield ("receipt_seal_key" if foreign else "receipt_seal_text"), names
    if not receipt.vkey.name.startswith(note.seal.origin + "/"):
        yield "receipt_ledger", {}
    if link(receipt.previous, receipt.body) != receipt.hash:
        yield "receipt_hash", {}
    if spoilt := _spoilt(receipt):
        yield spoilt, {}
    if not _included(receipt):
        yield "receipt_proof", {}


def said_by(receipt: Receipt) -> Mapping[str, Any]:
    """Return what the entry of a receipt says; nothing where its text cannot be read."""
    try:
        said = json.loads(receipt.body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _spoilt(receipt: Receipt) -> str | None:
    said = said_by(receipt)
    if not said or canonical(said) != receipt.body:
        return "receipt_text"
    return None if said.get("seq") == receipt.seq else "receipt_position"


def _included(receipt: Receipt) -> bool:
    try:
        leaf = leaf_hash(bytes.fromhex(receipt.hash))
    except ValueError:
        return False
    sealed = receipt.note.seal
    if receipt.seq == sealed.size and receipt.hash != sealed.head:
        return False
    return check_inclusion(leaf, receipt.seq - 1, sealed.size, receipt.proof, sealed.root)


def _proof(coded: Sequence[str]) -> tuple[bytes, ...]:
    try:
        proof = tuple(base64.b64decode(one, validate=True) for one in coded)
    except binascii.Error as error:
        raise ValueError from error
    if not isinstance(coded, list) or any(len(one) != SIZE_OF_HASH for one in proof):
        raise ValueError
    return proof


def _bad(why: str) -> Invalid:
    return Invalid(f"this is no receipt: {why}", code="bad-receipt")
