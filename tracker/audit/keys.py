"""Keys: Ed25519 pairs that sign seals, the text a public one goes by, and which of a ledger's keys is in force.

The names follow the C2SP note format: a key is known by its name and by the first four bytes of
a hash over name and key, so a note says which key to try and nobody can claim another's name.
"""

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from tracker.domain.errors import Broken, Invalid

MADE, ROTATED = "key_made", "key_rotated"
_ED25519 = b"\x01"


@dataclass(frozen=True, slots=True)
class Vkey:
    """A public key with its name; its text is `NAME+KEYID+BASE64`."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Return the four bytes by which a note points to this key."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    def text(self) -> str:
        """Return the key as one line, which `Vkey.of` reads."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(_ED25519 + self.public).decode('ascii')}"

    def vouches(self, signature: bytes, signed: bytes) -> bool:
        """Return whether the signature over these bytes is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, signed)
        except InvalidSignature:
            return False
        return True

    @classmethod
    def of(cls, text: str) -> "Vkey":
        """Return the key of a line; raises Invalid for anything that `text` does not write."""
        name, _, rest = text.strip().partition("+")
        _, _, coded = rest.partition("+")
        try:
            raw = base64.b64decode(coded, validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if raw[:1] != _ED25519 or len(raw) != 33 or not name or cls(name, raw[1:]).text() != text.strip():
            raise Invalid(f"'{text.strip()[:120]}' is no public key: it is NAME+KEYID+BASE64", code="bad-key")
        return cls(name, raw[1:])


class Signer:
    """A private key. It signs; what it is made of leaves only as PEM, for its file."""

    __slots__ = ("_key",)

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def new(cls) -> "Signer":
        """Return a key nobody has had before."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def of(cls, pem: bytes) -> "Signer":
        """Return the key of a PKCS#8 PEM file; raises Invalid where it holds none that can sign seals."""
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError):  # broken, or locked with a passphrase
            raise Invalid("the key file holds no private key in PEM without a passphrase", code="bad-key") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise Invalid("the key file holds a key of another kind than Ed25519", code="bad-key")
        return cls(key)

    @property
    def public(self) -> bytes:
        """Return the public half, 32 bytes."""
        return self._key.public_key().public_bytes_raw()

    def pem(self) -> bytes:
        """Return the private key as its file holds it."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, text: bytes) -> bytes:
        """Return the signature over some bytes."""
        return self._key.sign(text)

    def endorse(self, successor: Vkey) -> str:
        """Return the words by which this key hands over to the next: its signature of that key's text."""
        return base64.b64encode(self.sign(successor.text().encode())).decode("ascii")


@dataclass(frozen=True, slots=True)
class Ring:
    """The keys of a ledger in their order, each with the entry that brought it; the last one is in force."""

    origin: str
    keys: tuple[tuple[int, Vkey], ...] = ()

    def in_force(self, size: int) -> Vkey | None:
        """Return the key that seals the first `size` entries; None before the first was made."""
        return next((key for seq, key in reversed(self.keys) if seq <= size), None)

    def next_name(self) -> str:
        """Return the name the next key goes by."""
        return f"{self.origin}/{len(self.keys) + 1}"

    def with_entry(self, seq: int, kind: str, payload: Mapping[str, Any]) -> "Ring":
        """Return the ring with the key an entry brings; raises Broken where it may not bring one.

        The first key comes from nowhere: whoever checks compares it with one published elsewhere.
        Every later one is endorsed by the one before it.
        """
        try:
            vkey = Vkey.of(str(payload.get("vkey")))
        except Invalid as error:
            raise Broken(f"entry {seq} names no key that can be read ({error})") from None
        if vkey.name != self.next_name() or payload.get("key") != vkey.name:
            raise Broken(f"entry {seq} names the key {vkey.name} where {self.next_name()} is next")
        if (kind == MADE) is not (not self.keys):
            raise Broken(f"entry {seq} is '{kind}', but {len(self.keys)} keys came before it")
        if self.keys and not _endorsed(self.keys[-1][1], vkey, str(payload.get("endorsement"))):
            raise Broken(f"entry {seq} brings the key {vkey.name}, which the key before it does not endorse")
        return Ring(self.origin, (*self.keys, (seq, vkey)))


def ring_of(origin: str, entries: Iterable[tuple[int, str, Mapping[str, Any]]]) -> Ring:
    """Return the keys that entries, as (position, kind, payload) in order, give a ledger; raises Broken."""
    ring = Ring(origin)
    for seq, kind, payload in entries:
        ring = ring.with_entry(seq, kind, payload)
    return ring


def _endorsed(by: Vkey, successor: Vkey, endorsement: str) -> bool:
    try:
        signature = base64.b64decode(endorsement, validate=True)
    except (binascii.Error, ValueError):
        return False
    return by.vouches(signature, successor.text().encode())
