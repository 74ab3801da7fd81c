r"""Samples that anyone can draw again: the seed and the population decide, nobody's choice does.

Every member of the population has a rank, sha256(seed, newline, reference); the sample is the `size`
members of the smallest ranks, in their order. The population's fingerprint is the SHA-256 of all
references, sorted by their bytes, a newline after each. With the coreutils:

    while read -r ref; do printf '%s %s\n' "$(printf '%s\n%s' "$SEED" "$ref" | sha256sum | cut -c-64)" "$ref"
    done < refs | LC_ALL=C sort | head -n $SIZE
    LC_ALL=C sort refs | sha256sum
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from heapq import nsmallest

from tracker.domain.errors import Invalid

ALGORITHM = "rank = sha256(seed, newline, reference); the smallest ranks are drawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was drawn: (rank, reference) in the order of ranks, of how many, and the population's fingerprint."""

    seed: str
    population: int
    fingerprint: str
    drawn: tuple[tuple[str, str], ...]


def rank(seed: str, ref: str) -> str:
    r"""Return the rank of a member: `printf 'seed\nref' | sha256sum`.

    >>> rank("2025", "2025/412-tb-vpcp/service-portal/BNV")[:16]
    '8ca0988c3dc3b596'
    """
    return sha256(f"{seed}\n{ref}".encode()).hexdigest()


def sample(population: Iterable[str], *, size: int, seed: str) -> Sample:
    """Return a sample of a population of references; all of it where it has no more than `size` members.

    >>> sample(["a", "b", "c"], size=2, seed="x") == sample(["c", "b", "a"], size=2, seed="x")
    True
    """
    if size < 1:
        raise Invalid("a sample has at least one member")
    if not seed:
        raise Invalid("a sample needs a seed: choose it before you see the population, and write it down")
    refs = sorted(set(population), key=str.encode)
    digest = sha256("".join(f"{ref}\n" for ref in refs).encode()).hexdigest()
    drawn = nsmallest(size, ((rank(seed, ref), ref) for ref in refs))
    return Sample(seed=seed, population=len(refs), fingerprint=digest, drawn=tuple(drawn))
