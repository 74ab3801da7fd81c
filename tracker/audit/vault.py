"""Secrets at rest: sealed with AES-256-GCM by keys that are in no database, each bound to the row it belongs to.

A sealed text is `1.KEYID.FINGERPRINT.BASE64`. It opens only with what it was bound to, so that one moved to
another row, or one whose row was given another address, opens no more. The fingerprint is keyed: whoever
has the database, and not the key, cannot try out what might be behind it.
"""

import base64
import binascii
import hmac
import json
import os
from collections.abc import Sequence
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tracker.domain.errors import Invalid, Refused

KEY_BYTES = 32
_FORM = "1"
_NONCE = 12
_FINGERPRINT = 16


class Vault:
    """Keys that seal and open, the newest first; nothing of them shows in a repr."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != KEY_BYTES for key in keys):
            raise Invalid(f"a vault needs keys of {KEY_BYTES} bytes", code="bad-key")
        self._keys = tuple(keys)

    def __repr__(self) -> str:
        return f"<Vault {', '.join(self.key_ids)}>"

    @property
    def key_ids(self) -> tuple[str, ...]:
        """Return what the keys are called, the one in force first; nothing can be learnt from it."""
        return tuple(map(_key_id, self._keys))

    def seal(self, plain: str, *, bound: Sequence[str]) -> str:
        """Return a text sealed by the key in force, bound to what it belongs to."""
        key, nonce = self._keys[0], os.urandom(_NONCE)
        sealed = AESGCM(_sub(key, "seal")).encrypt(nonce, plain.encode(), _binding(bound))
        packed = base64.urlsafe_b64encode(nonce + sealed).decode("ascii")
        return f"{_FORM}.{_key_id(key)}.{_fingerprint(key, plain, bound)}.{packed}"

    def open(self, sealed: str, *, bound: Sequence[str]) -> str:
        """Return what was sealed; raises Refused where no key here opens it, or it belongs elsewhere."""
        form, name, mark, packed = _parts(sealed)
        key = next((one for one in self._keys if _key_id(one) == name), None)
        if form != _FORM or key is None:
            raise Refused(f"it was sealed with the key {name[:8]}, which is not here", code="other-secret-key")
        try:
            raw = base64.b64decode(packed, altchars=b"-_", validate=True)
            plain = AESGCM(_sub(key, "seal")).decrypt(raw[:_NONCE], raw[_NONCE:], _binding(bound)).decode()
        except (binascii.Error, ValueError, InvalidTag):
            raise Refused("it was changed, or moved here from elsewhere", code="broken-secret") from None
        if not hmac.compare_digest(mark, _fingerprint(key, plain, bound)):
            raise Refused("its fingerprint was changed", code="broken-secret")
        return plain

    def derive(self, purpose: str) -> bytes:
        """Return 32 bytes for another purpose from the key in force."""
        return self.derived(purpose)[0]

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """Return 32 bytes for another purpose from every key, the one in force first."""
        return tuple(_sub(key, purpose) for key in self._keys)


def new_key() -> bytes:
    """Return a key nobody has had before."""
    return os.urandom(KEY_BYTES)


def fingerprint_of(sealed: str) -> str:
    """Return the fingerprint a sealed text carries: the same where the same was sealed again for the same row."""
    return _parts(sealed)[2]


def key_of(sealed: str) -> str:
    """Return what the key is called that a text was sealed with."""
    return _parts(sealed)[1]


def _parts(sealed: str) -> tuple[str, str, str, str]:
    parts = sealed.split(".")
    return (parts[0], parts[1], parts[2], parts[3]) if len(parts) == 4 else ("", "", "", "")


def _sub(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, b"tracker/" + purpose.encode(), "sha256")


def _key_id(key: bytes) -> str:
    return _sub(key, "name").hex()[:8]


def _fingerprint(key: bytes, plain: str, bound: Sequence[str]) -> str:
    return hmac.new(_sub(key, "fingerprint"), _binding([*bound, plain]), sha256).hexdigest()[:_FINGERPRINT]


def _binding(bound: Sequence[str]) -> bytes:
    return json.dumps(list(bound), ensure_ascii=False).encode("utf-8", "surrogatepass")
