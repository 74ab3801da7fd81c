"""The Merkle tree of RFC 9162 §2.1 over the ledger: one root for any number of entries, and short proofs about it.

`leaves` are always leaf hashes, as `leaf_hash` gives them. A proof is a list of the roots of
subtrees; which subtrees, as half-open ranges of leaves, is known from the numbers alone, so a
reader of a large ledger makes a proof in one pass without holding the tree.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from itertools import islice

Range = tuple[int, int]

EMPTY = sha256(b"").digest()
SIZE_OF_HASH = 32
# how many leaves are folded together, level by level: a third faster than one by one, and still flat in memory
_HEIGHT = 10
_CHUNK = 1 << _HEIGHT


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf that holds these bytes.

    >>> leaf_hash(b"").hex()[:16]
    '6e340b9cffb37a98'
    """
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node above two others; the first byte keeps nodes and leaves apart."""
    return sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the root of the tree of these leaves; of none, the hash of nothing."""
    level = leaves
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else EMPTY


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = iter(level)
    above = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
    if len(level) % 2:
        above.append(level[-1])  # nobody stands beside it: it goes up as it is
    return above


class Frontier:
    """The right edge of a growing tree: the roots of its complete subtrees, the largest first.

    It is all one needs to add leaves and to name the root: some twenty hashes for a million leaves.
    """

    __slots__ = ("_peaks", "_size")

    def __init__(self) -> None:
        self._peaks: list[bytes] = []
        self._size = 0

    @property
    def size(self) -> int:
        """Return how many leaves the tree has."""
        return self._size

    def append(self, leaf: bytes) -> None:
        """Add a leaf."""
        self._push(leaf, 0)

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add leaves in their order."""
        rest = iter(leaves)
        while self._size % _CHUNK:
            leaf = next(rest, None)
            if leaf is None:
                return
            self._push(leaf, 0)
        while len(chunk := list(islice(rest, _CHUNK))) == _CHUNK:
            self._push(root_of(chunk), _HEIGHT)
        for leaf in chunk:
            self._push(leaf, 0)

    def root(self) -> bytes:
        """Return the root of the tree as it is now."""
        if not self._peaks:
            return EMPTY
        *peaks, root = self._peaks
        for peak in reversed(peaks):
            root = node_hash(peak, root)
        return root

    def text(self) -> str:
        """Return the state as one line, which `Frontier.of` reads."""
        return " ".join([str(self._size), *(peak.hex() for peak in self._peaks)])

    @classmethod
    def of(cls, text: str) -> "Frontier":
        """Return the frontier a line describes; raises ValueError for anything `text` does not write.

        >>> Frontier.of("0").root() == EMPTY
        True
        """
        size, *peaks = text.split(" ")
        found = cls()
        found._size, found._peaks = int(size), [bytes.fromhex(peak) for peak in peaks]
        lengths = {len(peak) for peak in found._peaks}
        if found._size.bit_count() != len(peaks) or lengths - {SIZE_OF_HASH} or found.text() != text:
            raise ValueError("this is no frontier of a tree")
        return found

    def _push(self, node: bytes, height: int) -> None:
        """Add a complete subtree of that height, which must start where the tree ends."""
        below = self._size >> height
        while below & 1:
            node = node_hash(self._peaks.pop(), node)
            below >>= 1
        self._peaks.append(node)
        self._size += 1 << height


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """Return the subtrees whose roots prove that the leaf at `index` is in a tree of `size` leaves (§2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has none at {index}")
    found: list[Range] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def consistency_ranges(old: int, size: int) -> list[Range]:
    """Return the subtrees whose roots prove that a tree of `size` leaves continues one of `old` (§2.1.4.1)."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} leaves does not continue one of {old}")
    if old in (0, size):
        return []
    found: list[Range] = []
    start, end, whole = 0, size, True
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start, whole = middle, False
    if not whole:
        found.append((start, end))
    return found[::-1]


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the proof that the leaf at `index` is one of these leaves."""
    return [root_of(leaves[start:end]) for start, end in inclusion_ranges(index, len(leaves))]


def consistency(leaves: Sequence[bytes], size: int) -> list[bytes]:
    """Return the proof that the tree of these leaves continues the tree of the first `size` of them."""
    return [root_of(leaves[start:end]) for start, end in consistency_ranges(size, len(leaves))]


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Return whether a proof shows that the tree of `size` leaves with this root holds a leaf at `index` (§2.1.3.2)."""
    if not 0 <= index < size:
        return False
    here, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if here & 1 or here == last:
            found = node_hash(sibling, found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        here, last = here >> 1, last >> 1
    return last == 0 and found == root


def check_consistency(old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    """Return whether a proof shows that the tree of `size` leaves continues that of `old` (§2.1.4.2)."""
    if old == size:
        return not proof and old_root == root
    if not 0 < old < size:
        return old == 0 and not proof and old_root == EMPTY
    rest = list(proof)
    if not old & (old - 1):
        rest.insert(0, old_root)  # a complete tree is a subtree of the new one: its root is known and left out
    if not rest:
        return False
    here, last = old - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    before = after = rest[0]
    for node in rest[1:]:
        if last == 0:
            return False
        if here & 1 or here == last:
            before, after = node_hash(node, before), node_hash(node, after)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            after = node_hash(after, node)
        here, last = here >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _split(size: int) -> int:
    """Return the largest power of two smaller than a size of two or more."""
    return 1 << ((size - 1).bit_length() - 1)
