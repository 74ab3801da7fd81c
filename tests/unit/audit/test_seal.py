"""Seals, keys and receipts as text: one form only, and nothing in them can be changed unseen."""

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from tracker.audit import receipt as receipts
from tracker.audit.keys import Ring, Signer, Vkey, ring_of
from tracker.audit.merkle import inclusion, leaf_hash, root_of
from tracker.audit.receipt import Receipt, faults
from tracker.audit.seal import Note, Seal, find, origin_of, parse, sign
from tracker.domain.entry import GENESIS, Draft, body_of, link
from tracker.domain.errors import Broken, Invalid

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
ORIGIN = "tracker/5b1c7a0f9d3e2468"
SIGNER = Signer.new()
VKEY = Vkey(f"{ORIGIN}/1", SIGNER.public)


def a_seal(**changes: Any) -> Seal:
    said = Seal(origin=ORIGIN, size=1_000, root=sha256(b"root").digest(), head="ab" * 32, at=AT)
    return replace(said, **changes)


def a_note(**changes: Any) -> Note:
    return sign(a_seal(**changes), VKEY.name, SIGNER)


def a_ledger(count: int) -> list[tuple[str, str, str]]:
    """Return (body, previous, hash) of so many entries."""
    made, previous = [], GENESIS
    for seq in range(1, count + 1):
        draft = Draft(kind="note", effective_at=AT, actor="BNV:anna", payload={"n": seq, "word": "xong"})
        body = body_of(draft, seq=seq, recorded_at=AT)
        made.append((body, previous, link(previous, body)))
        previous = made[-1][2]
    return made


def a_receipt(seq: int = 5, count: int = 11) -> Receipt:
    ledger = a_ledger(count)
    leaves = [leaf_hash(bytes.fromhex(one[2])) for one in ledger]
    body, previous, digest = ledger[seq - 1]
    note = a_note(size=count, root=root_of(leaves), head=ledger[-1][2])
    proof = tuple(inclusion(leaves, seq - 1))
    return Receipt(seq=seq, body=body, previous=previous, hash=digest, proof=proof, note=note, vkey=VKEY)


# ── Notes ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_note_reads_as_it_was_written_and_its_key_vouches_for_it() -> None:
    note = a_note()
    assert parse(note.text()) == note
    assert note.why_not_by(VKEY) is None
    lines = note.text().split("\n")
    assert lines[:2] == [ORIGIN, "1000"]
    assert lines[3:6] == [f"head {'ab' * 32}", "at 2025-08-11T01:00:00.000000Z", ""]
    assert lines[6].startswith(f"— {ORIGIN}/1 ")


def test_what_is_signed_and_how_the_key_is_named_follow_the_note_format() -> None:
    note = a_note()
    signed, _, signature = note.text().partition("\n\n")
    raw = base64.b64decode(signature.split(" ")[2])
    assert raw[:4] == sha256(f"{ORIGIN}/1\n".encode() + b"\x01" + SIGNER.public).digest()[:4]
    assert VKEY.vouches(raw[4:], f"{signed}\n".encode())


@pytest.mark.parametrize("line", range(7))
@pytest.mark.parametrize("change", ["first", "last", "doubled", "gone", "space"])
def test_a_note_tampered_with_at_any_line_is_refused_or_does_not_hold(line: int, change: str) -> None:
    lines = a_note().text().split("\n")
    old = lines[line]
    other = {"first": "0" + old[1:], "last": old[:-1] + ("1" if old[-1:] != "1" else "2"), "space": old + " "}
    if change == "doubled":
        lines.insert(line, old)
    elif change == "gone":
        del lines[line]
    else:
        lines[line] = other[change]
    text = "\n".join(lines)
    try:
        why = parse(text).why_not_by(VKEY)
    except Invalid as error:
        why = str(error)
    assert why


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (ORIGIN + "\n", "tracker/5B1C7A0F9D3E2468\n", "line 1"),
        ("\n1000\n", "\n01000\n", "line 2"),
        ("\n1000\n", "\n0\n", "line 2"),
        ("\n1000\n", "\n-1\n", "line 2"),
        ("\n1000\n", "\n١٠\n", "line 2"),
        ("head ab", "head AB", "line 4"),
        ("at 2025-08-11", "at 2025-02-30", "line 5"),
        (".000000Z", "Z", "line 5"),
        (".000000Z", ".000000+00:00", "line 5"),
        ("\n\n", "\n \n", "line 6"),
        ("— ", "- ", "line 7"),
        ("\n\n", "\n", "lines"),
        ("\n", "\r\n", "line"),
    ],
)
def test_a_malformed_note_is_refused_by_its_line(old: str, new: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        parse(a_note().text().replace(old, new))


def test_base64_that_decodes_to_the_same_bytes_is_still_another_note() -> None:
    note = a_note()
    root = note.text().split("\n")[2]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    sloppy = root[:-2] + letters[letters.index(root[-2]) + 1] + "="
    assert base64.b64decode(sloppy) == base64.b64decode(root)
    with pytest.raises(Invalid, match="line 3"):
        parse(note.text().replace(root, sloppy))


def test_another_key_does_not_vouch_whatever_it_calls_itself() -> None:
    other = Vkey(VKEY.name, Signer.new().public)
    assert "names the key" in str(a_note().why_not_by(other))
    posing = replace(sign(a_seal(), VKEY.name, Signer.new()), key_id=VKEY.key_id)
    assert "does not fit" in str(posing.why_not_by(VKEY))


def test_notes_are_found_in_a_mail_and_in_a_file_of_many() -> None:
    first, second = a_note(), a_note(size=2_000)
    mail = f"Dear auditor,\n\n{first.text()}\nand\n\n{second.text()}".replace("\n", "\r\n")
    assert find(mail) == (first, second)
    assert find(first.text() + second.text() + "torn/by a crash\n12") == (first, second)
    assert find("nothing here") == ()


def test_a_ledger_is_named_by_its_first_entry() -> None:
    assert origin_of(sha256(b"").hexdigest()) == "tracker/e3b0c44298fc1c14"


# ── Keys ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_public_key_reads_as_it_was_written() -> None:
    assert Vkey.of(VKEY.text()) == VKEY
    assert VKEY.text() == f"{ORIGIN}/1+{VKEY.key_id.hex()}+{base64.b64encode(bytes([1]) + VKEY.public).decode()}"


OF_ANOTHER_KIND = f"{ORIGIN}/1+{VKEY.key_id.hex()}+{base64.b64encode(bytes([2]) + VKEY.public).decode()}"


@pytest.mark.parametrize(
    "text",
    ["", "x", "a+b", VKEY.text()[:-4], VKEY.text().replace("/1+", "/2+"), OF_ANOTHER_KIND],
    # the key is another one in each process: the names of tests must not hold it
    ids=["empty", "a word", "two words", "cut short", "another name", "another kind"],
)
def test_a_text_that_is_no_public_key_is_refused(text: str) -> None:
    if text == VKEY.text():  # the one key in sixty-four that the replacement left alone
        return
    with pytest.raises(Invalid, match="no public key"):
        Vkey.of(text)


def test_a_private_key_comes_back_from_its_file() -> None:
    assert Signer.of(SIGNER.pem()).public == SIGNER.public
    for spoilt in (b"", SIGNER.pem()[:-40], b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"):
        with pytest.raises(Invalid, match="private key"):
            Signer.of(spoilt)


def entries_of_keys(*signers: Signer) -> list[tuple[int, str, dict[str, Any]]]:
    made: list[tuple[int, str, dict[str, Any]]] = []
    for number, signer in enumerate(signers, 1):
        vkey = Vkey(f"{ORIGIN}/{number}", signer.public)
        payload = {"key": vkey.name, "vkey": vkey.text()}
        if number > 1:
            payload["endorsement"] = signers[number - 2].endorse(vkey)
        made.append((number * 10, "key_rotated" if number > 1 else "key_made", payload))
    return made


def test_the_key_in_force_is_the_newest_that_the_sealed_entries_name() -> None:
    ring = ring_of(ORIGIN, entries_of_keys(SIGNER, Signer.new(), Signer.new()))
    names = [key.name if (key := ring.in_force(size)) else None for size in (9, 10, 19, 20, 29, 30, 10**6)]
    assert names == [None, *[f"{ORIGIN}/{n}" for n in (1, 1, 2, 2, 3, 3)]]
    assert ring.next_name() == f"{ORIGIN}/4"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda es: es[1][2].update(endorsement=es[2][2]["endorsement"]), "does not endorse"),
        (lambda es: es[1][2].update(endorsement="x"), "does not endorse"),
        (lambda es: es[1][2].pop("endorsement"), "does not endorse"),
        (lambda es: es.pop(1), "is next"),
        (lambda es: es.insert(1, (15, "key_made", es[0][2])), "is next"),
        (lambda es: es.pop(0), "is next"),
        (lambda es: es[0][2].update(vkey="x"), "can be read"),
        (lambda es: es[0][2].update(key="x"), "is next"),
        (lambda es: es.__setitem__(0, (10, "key_rotated", es[0][2])), "0 keys came before"),
    ],
)
def test_a_key_that_nobody_handed_over_to_is_refused(change: Callable[[Any], object], said: str) -> None:
    entries = entries_of_keys(SIGNER, Signer.new(), Signer.new())
    change(entries)
    with pytest.raises(Broken, match=said):
        ring_of(ORIGIN, entries)


def test_a_ring_without_keys_seals_nothing() -> None:
    assert Ring(ORIGIN).in_force(1_000) is None


# ── Receipts ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seq", [1, 2, 10, 11])
def test_a_receipt_reads_as_it_was_written_and_holds(seq: int) -> None:
    made = a_receipt(seq)
    again = receipts.parse(json.dumps(made.document()))
    assert again == made
    assert faults(again) == faults(again, vkey=VKEY) == ()
    assert receipts.said_by(again)["payload"] == {"n": seq, "word": "xong"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"body": a_ledger(6)[5][0]}, "does not give its hash"),
        ({"previous": GENESIS}, "does not give its hash"),
        ({"seq": 6}, "another position"),
        ({"hash": "zz" * 32}, "does not give its hash"),
        ({"proof": ()}, "does not lead"),
        ({"note": a_note(size=11)}, "does not lead"),
        ({"vkey": Vkey(VKEY.name, Signer.new().public)}, "does not hold"),
        ({"vkey": Vkey("tracker/0000000000000000/1", SIGNER.public)}, "another ledger"),
    ],
)
def test_a_receipt_changed_anywhere_does_not_hold(change: dict[str, Any], said: str) -> None:
    assert any(said in str(fault) for fault in faults(replace(a_receipt(), **change)))


def test_a_receipt_by_a_key_other_than_the_published_one_does_not_hold() -> None:
    published = Vkey(VKEY.name, Signer.new().public)
    assert any("not the one given" in str(fault) for fault in faults(a_receipt(), vkey=published))


def test_a_forger_who_rewrites_entry_hash_and_body_cannot_reach_the_sealed_root() -> None:
    made = a_receipt()
    body = made.body.replace("xong", "hỏng")
    (fault,) = faults(replace(made, body=body, hash=link(made.previous, body)))
    assert str(fault) == "the proof does not lead from the entry to the sealed root"


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '{"receipt": 2}', '{"receipt": 1, "entry": 3, "proof": [], "seal": "", "vkey": ""}'],
)
def test_a_text_that_is_no_receipt_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="no receipt"):
        receipts.parse(text)
