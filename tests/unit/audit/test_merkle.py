"""The Merkle tree: the published vectors of RFC 6962 and 9162, and its laws for small sizes and some large ones."""

from hashlib import sha256
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.audit.merkle import (
    EMPTY,
    Frontier,
    check_consistency,
    check_inclusion,
    consistency,
    inclusion,
    leaf_hash,
    node_hash,
    root_of,
)

# The vectors of Certificate Transparency: eight inputs, the roots of the first one to eight of them, and proofs.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}
CONSISTENCY = {
    (1, 8): INCLUSION[0, 8],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
LEAVES = [leaf_hash(bytes.fromhex(one)) for one in INPUTS]


def some_leaves(count: int) -> list[bytes]:
    return [leaf_hash(n.to_bytes(4, "big")) for n in range(count)]


def the_definition(leaves: list[bytes]) -> bytes:
    """The root, word for word as RFC 9162 §2.1.1 defines it."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return node_hash(the_definition(leaves[:k]), the_definition(leaves[k:]))


def grown(leaves: list[bytes]) -> Frontier:
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier


def test_the_roots_are_the_published_ones() -> None:
    assert [root_of(LEAVES[:n]).hex() for n in range(1, 9)] == ROOTS
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_the_inclusion_proofs_are_the_published_ones(index: int, size: int) -> None:
    proof = inclusion(LEAVES[:size], index)
    assert [one.hex() for one in proof] == INCLUSION[index, size]
    assert check_inclusion(LEAVES[index], index, size, proof, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("old", "size"), CONSISTENCY)
def test_the_consistency_proofs_are_the_published_ones(old: int, size: int) -> None:
    proof = consistency(LEAVES[:size], old)
    assert [one.hex() for one in proof] == CONSISTENCY[old, size]
    assert check_consistency(old, size, proof, bytes.fromhex(ROOTS[old - 1]), bytes.fromhex(ROOTS[size - 1]))


def test_a_root_is_what_the_definition_says_whichever_way_it_is_made() -> None:
    leaves, one_by_one = some_leaves(130), Frontier()
    for size in range(131):
        wanted = the_definition(leaves[:size])
        assert root_of(leaves[:size]) == grown(leaves[:size]).root() == one_by_one.root() == wanted
        one_by_one.append(leaves[size % 130])


def test_every_leaf_of_every_small_tree_is_proven_and_nothing_else_is() -> None:
    leaves = some_leaves(130)
    for size in range(1, 131):
        root = root_of(leaves[:size])
        for index in range(size):
            proof = inclusion(leaves[:size], index)
            assert len(proof) <= (size - 1).bit_length()
            assert check_inclusion(leaves[index], index, size, proof, root)
            assert not check_inclusion(leaves[(index + 1) % 130], index, size, proof, root)
            assert size == 1 or not check_inclusion(leaves[index], (index + 1) % size, size, proof, root)
            assert not check_inclusion(leaves[index], index, size, [*proof, root], root)
            assert not proof or not check_inclusion(leaves[index], index, size, proof[:-1], root)


def test_every_small_tree_is_proven_to_continue_every_smaller_one() -> None:
    leaves = some_leaves(130)
    roots = [root_of(leaves[:size]) for size in range(131)]
    for size in range(131):
        for old in range(size + 1):
            proof = consistency(leaves[:size], old)
            assert check_consistency(old, size, proof, roots[old], roots[size])
            if 0 < old < size:
                assert not check_consistency(old, size, proof, roots[old - 1], roots[size])
                assert not check_consistency(old, size, proof, roots[old], roots[size - 1])
                assert not check_consistency(old, size, [*proof, roots[old]], roots[old], roots[size])
                assert not check_consistency(old, size, proof[:-1], roots[old], roots[size])


@settings(max_examples=25)
@given(st.integers(1, 6_000), st.data())
def test_the_laws_hold_in_larger_trees(size: int, data: st.DataObject) -> None:
    leaves = some_leaves(size)
    root = root_of(leaves)
    index, old = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    assert check_inclusion(leaves[index], index, size, inclusion(leaves, index), root)
    proof = consistency(leaves, old)
    assert check_consistency(old, size, proof, root_of(leaves[:old]), root)
    frontier = Frontier.of(grown(leaves[:old]).text())
    frontier.extend(leaves[old:])
    assert (frontier.size, frontier.root()) == (size, root)


@pytest.mark.parametrize("at", range(3))
def test_a_proof_with_one_bit_changed_proves_nothing(at: int) -> None:
    leaves, random = some_leaves(1_000), Random(at)
    index, old, root = random.randrange(1_000), random.randrange(1, 1_000), root_of(leaves)
    for proof, check in (
        (inclusion(leaves, index), lambda p: check_inclusion(leaves[index], index, 1_000, p, root)),
        (consistency(leaves, old), lambda p: check_consistency(old, 1_000, p, root_of(leaves[:old]), root)),
    ):
        for n in range(len(proof)):
            changed = bytearray(proof[n])
            changed[random.randrange(32)] ^= 1 << random.randrange(8)
            assert not check([*proof[:n], bytes(changed), *proof[n + 1 :]])


@pytest.mark.parametrize("text", ["", "x", "1", "01 " + "0" * 64, "3 " + "0" * 64, "1 " + "0" * 62, "-1", "1 zz", "0 "])
def test_a_state_that_no_frontier_writes_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"frontier|invalid literal|non-hexadecimal"):
        Frontier.of(text)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (4, 3), (0, 0)])
def test_a_leaf_that_is_not_in_the_tree_has_no_proof(index: int, size: int) -> None:
    leaves = some_leaves(size)
    with pytest.raises(ValueError, match="has none at"):
        inclusion(leaves, index)
    assert not check_inclusion(leaf_hash(b""), index, size, [], root_of(leaves))


def test_a_tree_continues_no_larger_one() -> None:
    with pytest.raises(ValueError, match="does not continue"):
        consistency(some_leaves(3), 4)
    assert not check_consistency(4, 3, [], EMPTY, EMPTY)
