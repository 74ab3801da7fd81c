"""Fingerprints: a document as the only bytes it can have, and the hash by which anybody knows them again.

The bytes are the canonical JSON of the ledger's entries (RFC 8785: sorted keys, no spaces; text,
whole numbers, true, false and null only). The fingerprint is the SHA-256 of the document without
its own key, in hexadecimal.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from tracker.domain.entry import canonical

KEY = "fingerprint"


def fingerprint_of(document: Mapping[str, Any]) -> str:
    """Return the fingerprint of a document, whatever it says of itself.

    >>> fingerprint_of({"a": 1}) == fingerprint_of({"fingerprint": "of something else", "a": 1})
    True
    """
    content = {key: value for key, value in document.items() if key != KEY}
    return sha256(canonical(content).encode()).hexdigest()


def fingerprinted(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document with its fingerprint in it."""
    return {**document, KEY: fingerprint_of(document)}


def as_bytes(document: Mapping[str, Any]) -> bytes:
    r"""Return the bytes of a document, as a file holds them: one line.

    >>> as_bytes({"b": None, "a": "Đ"})
    b'{"a":"\xc4\x90","b":null}\n'
    """
    return canonical(document).encode() + b"\n"


def differences(one: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield where two documents differ: the place, what stands there in one and in the other (None: nothing).

    >>> list(differences({"cells": {"open": 3, "late": 1}}, {"cells": {"open": 2, "late": 1}}))
    [('cells.open', 3, 2)]
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted(one.keys() | other.keys()):
            yield from differences(one.get(key), other.get(key), f"{path}.{key}" if path else str(key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (mine, theirs) in enumerate(zip(one, other, strict=True), 1):
            yield from differences(mine, theirs, f"{path}[{place}]")
    elif one != other:
        yield path, one, other
