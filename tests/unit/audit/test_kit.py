"""The independent verifier agrees with RFC 8785, RFC 9162 and C2SP notes, and shares nothing with the tracker."""

import ast
import base64
import json
import sys
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from tracker.audit import merkle
from tracker.audit.keys import Signer, Vkey
from tracker.audit.kit import verify
from tracker.domain.entry import GENESIS, link

SOURCE = Path(verify.__file__)
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SMALL = st.integers(-(2**53) + 1, 2**53 - 1)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | SMALL | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf_hash(bytes([n])) for n in range(count)]


def an_entry(seq: int = 1, previous: str = GENESIS, **changes: object) -> dict[str, object]:
    said = {
        "actor": "BNV:anna",
        "assignment": None,
        "effective_at": "2025-08-11T01:00:00.000000Z",
        "kind": "note",
        "payload": {},
        "recorded_at": "2025-08-11T01:00:00.000000Z",
        "seq": seq,
    }
    body = rfc8785.dumps({**said, **changes}).decode()  # type: ignore[dict-item]
    return {"seq": seq, "body": body, "previous": previous, "hash": link(previous, body)}


def faults_of(*entries: object) -> list[str]:
    ledger = verify.Ledger()
    return [words for entry in entries for words in ledger.take(entry)]


def test_it_imports_the_standard_library_and_cryptography_only() -> None:
    tree = ast.parse(SOURCE.read_text(encoding="utf-8"))
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    found |= {f"{'.' * node.level}{node.module}" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in found} - sys.stdlib_module_names == {"cryptography"}
    assert not {"__import__", "import_module", "exec", "eval"} & {
        n.id for n in ast.walk(tree) if isinstance(n, ast.Name)
    }


def test_an_auditor_can_read_it_in_one_go() -> None:
    assert len(SOURCE.read_text(encoding="utf-8").splitlines()) <= 400


@given(DOCUMENTS)
def test_its_canonical_text_is_that_of_rfc_8785(document: object) -> None:
    assert verify.canonical(document) == rfc8785.dumps(document).decode()  # type: ignore[arg-type]


def test_keys_stand_in_the_order_of_their_utf_16_units() -> None:
    late, early = "\ufb33", "\U0001f600"  # by code point the other way round
    assert verify.canonical({late: 1, early: 2}) == f'{{"{early}":2,"{late}":1}}'


@pytest.mark.parametrize(("number", "fits"), [(2**53 - 2, True), (2**53 - 1, True), (2**53, False), (0.5, False)])
def test_a_number_that_a_double_cannot_hold_is_a_fault(number: float, fits: bool) -> None:
    if fits:
        assert verify.canonical(number) == str(number)
    else:
        with pytest.raises(verify.Fault):
            verify.canonical(number)


@pytest.mark.parametrize("size", range(1, 20))
def test_its_proofs_lead_where_those_of_the_tracker_do(size: int) -> None:
    tree = leaves(size)
    for index in range(size):
        proof = merkle.inclusion(tree, index)
        assert verify.included(tree[index], index, size, proof) == merkle.root_of(tree)
    for old in range(1, size + 1):
        root = merkle.root_of(tree[:old])
        proof = merkle.consistency(tree, old)
        assert verify.continued(root, old, size, proof) == (root, merkle.root_of(tree))


@pytest.mark.parametrize(
    "change", [lambda proof: proof[:-1], lambda proof: [*proof, b"x" * 32], lambda proof: proof[1:]]
)
def test_a_proof_of_another_length_is_a_fault(change: object) -> None:
    tree = leaves(7)
    spoilt: Sequence[bytes] = change(merkle.inclusion(tree, 2))  # type: ignore[operator]
    with pytest.raises(verify.Fault):
        verify.included(tree[2], 2, 7, spoilt)
    spoilt = change(merkle.consistency(tree, 3))  # type: ignore[operator]
    try:
        roots = verify.continued(merkle.root_of(tree[:3]), 3, 7, spoilt)
    except verify.Fault:
        return
    assert roots != (merkle.root_of(tree[:3]), merkle.root_of(tree))


def test_a_key_must_give_its_own_id() -> None:
    text = Vkey("tracker/0123456789abcdef/1", Signer.new().public).text()
    assert verify.key_of(text).text == text
    name, _, coded = text.split("+", 2)
    for spoilt in (f"{name}+00000000+{coded}", f"{name}2{text[len(name) :]}", text[:-4], "", "a+b"):
        with pytest.raises(verify.Fault):
            verify.key_of(spoilt)


def test_sound_entries_have_no_fault() -> None:
    first = an_entry()
    assert faults_of(first, an_entry(2, str(first["hash"]))) == []


def spoilt_entries() -> list[tuple[str, object]]:
    def rehashed(body: str) -> dict[str, object]:
        return {"seq": 1, "body": body, "previous": GENESIS, "hash": link(GENESIS, body)}

    sound = an_entry()
    body = str(sound["body"])
    return [
        ("its text does not give its hash", {**sound, "body": body.replace("anna", "bob")}),
        ("canonical", rehashed(body.replace('"actor":', '"actor": '))),
        ("canonical", rehashed(body.replace("BNV:anna", "BNV\\u003aanna"))),
        ("a key stands twice", rehashed(body.replace('"kind":"note"', '"kind":"note","kind":"note"'))),
        ("canonical", rehashed(body.replace('{"actor"', '{"seq":1,"actor"').replace(',"seq":1}', "}"))),
        ("no sound JSON", rehashed(body[:-1])),
        ("no sound JSON", rehashed('{"payload":' + "[" * 100_000)),
        ("the number", rehashed(body.replace('"payload":{}', '"payload":{"n":1.0}'))),
        ("the number", rehashed(body.replace('"payload":{}', '"payload":{"n":NaN}'))),
        ("not that of an entry", rehashed(body.replace(',"seq":1}', ',"seq":2}'))),
        ("not that of an entry", rehashed(body.replace('"actor":"BNV:anna",', ""))),
        ("not that of an entry", rehashed("[]")),
        ("number 2 stands in its place", {**sound, "seq": 2}),
        ("does not name the hash", {**sound, "previous": "1" * 64}),
    ]


@pytest.mark.parametrize(("words", "entry"), spoilt_entries())
def test_each_spoilt_entry_is_named_with_its_fault(words: str, entry: object) -> None:
    found = faults_of(entry)
    assert len(found) == 1
    assert found[0].startswith("entry 1: ")
    assert words in found[0]


def test_reading_goes_on_after_a_fault() -> None:
    first = an_entry()
    second = an_entry(2, str(first["hash"]))
    third = an_entry(3, str(second["hash"]))
    changed = {**second, "body": str(second["body"]).replace("anna", "bob")}
    assert faults_of(first, changed, third) == ["entry 2: its text does not give its hash: one of the two was changed"]


def test_an_instant_that_goes_back_is_a_fault() -> None:
    first = an_entry(recorded_at="2025-08-11T01:00:00.000001Z")
    assert "recorded before" in faults_of(first, an_entry(2, str(first["hash"])))[0]


def test_two_seals_of_one_size_that_differ_contradict_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [a_seal(tmp_path / name, root) for name, root in (("a", b"a" * 32), ("b", b"b" * 32))]
    assert verify.main(["seal", *map(str, paths)]) == 1
    assert "say two things of the same 7 entries" in capsys.readouterr().out
    assert verify.main(["seal", str(paths[0]), str(paths[0])]) == 0


def test_a_consistency_proof_joins_two_seals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = leaves(7)
    old = a_seal(tmp_path / "old", merkle.root_of(tree[:3]), size=3)
    new = a_seal(tmp_path / "new", merkle.root_of(tree))
    steps = [base64.b64encode(step).decode() for step in merkle.consistency(tree, 3)]
    proof = tmp_path / "proof.json"
    proof.write_text(json.dumps(steps))
    assert verify.main(["seal", str(old), str(new), "--proof", str(proof)]) == 0
    proof.write_text(json.dumps([*steps[:-1], steps[0]]))
    assert verify.main(["seal", str(old), str(new), "--proof", str(proof)]) == 1
    assert "does not show that it continues" in capsys.readouterr().out


def a_seal(path: Path, root: bytes, *, size: int = 7) -> Path:
    coded = base64.b64encode(root).decode()
    at = "2025-08-11T01:00:00.000000Z"
    path.write_text(f"tracker/{'0' * 16}\n{size}\n{coded}\nhead {'1' * 64}\nat {at}\n\n— key sig\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("words", [["bag", "nowhere"], ["receipt", "nowhere"], ["seal", "nowhere"]])
def test_what_is_not_there_leaves_with_2(words: list[str]) -> None:
    assert verify.main(words) == 2


def test_its_memory_does_not_grow_with_the_ledger() -> None:
    def peak(count: int) -> int:
        ledger, previous = verify.Ledger(), GENESIS
        tracemalloc.start()
        for seq in range(1, count + 1):
            entry = an_entry(seq, previous)
            previous = str(entry["hash"])
            assert not list(ledger.take(entry))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(10)
    few, many = peak(200), peak(4_000)
    assert many < few + 100_000  # a hundred bytes an entry would be 380,000
