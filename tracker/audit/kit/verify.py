r"""Check a ledger of directives without trusting the office that keeps it. One file; Python 3.11 and `cryptography`.

    python verify.py bag DIR [--seal FILE]... [--receipt FILE]... [--vkey TEXT]
    python verify.py receipt FILE... [--vkey TEXT]
    python verify.py seal FILE... [--vkey TEXT]... [--proof FILE]

It shares no line with the program that wrote the ledger. Bring your own copy, and what you hold from outside: seals and
receipts you were sent (a saved mail will do), the key you were told. A bag that agrees with itself proves little: who
holds the server can write all of it anew. One seal in your hands shows any change to the entries it covers.

Checked of a bag: files, against the manifests (BagIt 1.0); entries: canonical JSON (RFC 8785), hash = sha256(previous
hash, newline, text), no gap, no instant that goes back; keys: each endorsed by the one before; seals, in the bag and
yours: the root of the Merkle tree (RFC 9162) over the hashes of their entries, signed (Ed25519) by the key in force
there; receipts; files of evidence, as entries name them. Lists for people (*.csv, prov.json): as files only.

Exit status: 0 all of it holds; 1 something does not; 2 it could not be checked (no such file, wrong usage).
"""

import argparse
import base64
import hashlib
import heapq
import itertools
import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

FIELDS = {"actor", "assignment", "effective_at", "kind", "payload", "recorded_at", "seq"}
MOST = 20  # failures said in full; the others are counted


class Fault(ValueError):
    """Something does not hold; the words say what."""


ESCAPES = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
ESCAPED = re.compile('["\\\\\x00-\x1f]')


def canonical(value: Any) -> str:
    """Return the RFC 8785 text of a value: keys in the order of their UTF-16 units, only the escapes that must be."""
    if isinstance(value, str):
        return '"' + ESCAPED.sub(lambda m: ESCAPES.get(m[0]) or f"\\u{ord(m[0]):04x}", value) + '"'
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, int) and abs(value) < 2**53:
        return str(value)
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join([f"{canonical(key)}:{canonical(value[key])}" for key in keys]) + "}"
    raise Fault(f"it holds the number {value}, which no entry may")


def parsed(text: str | bytes) -> Any:
    """Return the value of a JSON text in which no key stands twice; a Fault for any other."""

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(found := dict(pairs)) != len(pairs):
            raise Fault("a key stands twice in it")
        return found

    try:
        return json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Fault(f"it is no sound JSON ({error})") from None


def leaf(entry_hash: str) -> bytes:
    """Return the leaf of an entry in the tree of RFC 9162 §2.1."""
    return hashlib.sha256(b"\0" + bytes.fromhex(entry_hash)).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the node above two others."""
    return hashlib.sha256(b"\1" + left + right).digest()


def split(size: int) -> int:
    """Return how many leaves the left half of a tree has: the largest power of two below its size."""
    return 1 << (size - 1).bit_length() - 1


def included(found: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """Return the root that an inclusion proof leads to. The last step of a proof is the topmost."""
    if (size == 1) != (not proof):
        raise Fault("its proof has not the length it must have")
    if size == 1:
        return found
    left = split(size)
    if index < left:
        return node(included(found, index, left, proof[:-1]), proof[-1])
    return node(proof[-1], included(found, index - left, size - left, proof[:-1]))


def continued(root: bytes | None, old: int, size: int, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return both roots that a consistency proof leads to; `root` is the old one while nothing was cut off it."""
    if len(proof) != (root is None) if old == size else not proof:
        raise Fault("the proof has not the length it must have")
    if old == size:
        return (root or proof[0], root or proof[0])
    left, step = split(size), proof[-1]
    if old > left:
        before, after = continued(None, old - left, size - left, proof[:-1])
        return node(step, before), node(step, after)
    before, after = continued(root, old, left, proof[:-1])
    return before, node(after, step)


class Key(NamedTuple):
    """A public key; its text is `<name>+<id>+<base64>`."""

    name: str
    id: bytes
    public: Ed25519PublicKey
    text: str


def key_of(text: str) -> Key:
    """Return the key that a text names."""
    try:
        name, id_hex, coded = text.strip().split("+", 2)
        raw = base64.b64decode(coded, validate=True)
        key = Key(name, bytes.fromhex(id_hex), Ed25519PublicKey.from_public_bytes(raw[1:]), text.strip())
    except (ValueError, AttributeError):
        raise Fault(f"'{text}' is no key") from None
    if raw[:1] == b"\1" and key.id == hashlib.sha256(name.encode() + b"\n" + raw).digest()[:4]:
        return key
    raise Fault(f"the key '{text}' does not give its own id")


class Seal(NamedTuple):
    """A signed statement of what the first `size` entries are; `where` is what sentences call it."""

    where: str
    text: str
    origin: str
    size: int
    root: bytes
    head: str
    at: str

    def check(self, keys: Sequence[Key]) -> Iterator[str]:
        """Yield a sentence unless one of the keys signed it."""
        signed, _, tail = self.text.partition("\n\n")
        for line, key in itertools.product(tail.splitlines(), keys):
            try:
                mark, name, coded = line.split(" ")
                raw = base64.b64decode(coded, validate=True)
                if (mark, name, raw[:4]) == ("—", key.name, key.id):
                    return key.public.verify(raw[4:], signed.encode() + b"\n")
            except (ValueError, InvalidSignature):
                continue
        yield f"{self.where}: it is not signed by {keys[-1].text if keys else 'a key that its entries name'}"


SEAL = re.compile(
    r"(tracker/[0-9a-f]{16})\n([1-9][0-9]{0,15})\n([A-Za-z0-9+/]{43}=)\nhead ([0-9a-f]{64})\nat (\S{27})\n\n(?:— .+\n)+"
)


def seal_of(text: str, where: str, size: int | None = None) -> Seal:
    """Return the seal that a note is; a Fault where it is none, or of another size."""
    if (fits := SEAL.fullmatch(text)) is None or size not in (None, int(fits[2])):
        raise Fault(f"{where}: it is no seal of a ledger{f', or not of {size} entries' if size is not None else ''}")
    return Seal(where, fits[0], fits[1], int(fits[2]), base64.b64decode(fits[3]), fits[4], fits[5])


def seals_of(path: Path) -> list[Seal]:
    """Return the seals that stand in a file; a Fault where there is none."""
    text = path.read_text(encoding="utf-8")
    return [seal_of(found[0], str(path)) for found in SEAL.finditer(text)] or [seal_of(text, str(path))]


def check_entry(entry: Any, seq: int, previous: str) -> dict[str, Any]:
    """Return what an entry says; a Fault unless it is entry `seq`, canonical, and linked to the hash before it."""
    body = entry["body"]
    if entry["seq"] != seq:
        raise Fault(f"number {entry['seq']} stands in its place: entries are missing, added or out of order")
    if entry["previous"] != previous:
        raise Fault("it does not name the hash of the entry before it")
    try:
        if hashlib.sha256(f"{previous}\n{body}".encode()).hexdigest() != entry["hash"]:
            raise Fault("its text does not give its hash: one of the two was changed")
        if canonical(said := parsed(body)) != body:
            raise Fault("its text is not in canonical form")
    except (UnicodeEncodeError, RecursionError):
        raise Fault("its text has no canonical form") from None
    if not isinstance(said, dict) or said.keys() != FIELDS or said["seq"] != seq:
        raise Fault("its text is not that of an entry at this position")
    return said


def receipt_of(path: Path) -> tuple[int, str, Seal, Key]:
    """Return the position and hash of an entry, and the seal and key that show it; a Fault unless all that holds."""
    try:
        said = parsed(path.read_bytes())
        entry, proof = said["entry"], [base64.b64decode(step, validate=True) for step in said["proof"]]
        seq, found, seal, key = entry["seq"], entry["hash"], seal_of(said["seal"], "its seal"), key_of(said["vkey"])
        check_entry(entry, seq, entry["previous"])
        if not 1 <= seq <= seal.size:
            raise Fault(f"its seal covers {seal.size} entries, not entry {seq}")
        if included(leaf(found), seq - 1, seal.size, proof) != seal.root:
            raise Fault(f"its proof does not lead from entry {seq} to the root of its seal")
        if faults := list(seal.check([key])):
            raise Fault(*faults)
    except (KeyError, TypeError, AttributeError):
        raise Fault(f"{path}: it is no receipt") from None
    except ValueError as error:
        raise Fault(f"{path}: {error}") from None
    return seq, found, seal._replace(where=f"the seal of {path}"), key


class Ledger:
    """Entries as they are read: the chain, the tree, the keys, the evidence; never the entries themselves."""

    def __init__(self) -> None:
        self.size, self.head, self.recorded_at, self.origin = 0, "0" * 64, "", ""
        self.peaks: list[bytes] = []  # the roots of the full trees so far, the largest first: one a bit of the size
        self.keys: list[Key] = []
        self.files: dict[str, int] = {}

    def take(self, entry: Any) -> Iterator[str]:
        """Yield what does not hold of the next entry. Its hash is taken as it stands, so that reading can go on."""
        previous, self.size = self.head, self.size + 1
        new, rest, self.head = leaf(entry["hash"]), self.size - 1, entry["hash"]
        while rest & 1:
            new, rest = node(self.peaks.pop(), new), rest >> 1
        self.peaks.append(new)
        self.origin = self.origin or f"tracker/{self.head[:16]}"
        try:
            said = check_entry(entry, self.size, previous)
            if said["recorded_at"] < self.recorded_at:
                yield f"entry {self.size}: it was recorded before the entry before it"
            self.recorded_at = said["recorded_at"]
            self.learn(said["kind"], said["payload"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            yield f"entry {self.size}: {error}"

    def learn(self, kind: str, payload: dict[str, Any]) -> None:
        """Keep the files of evidence, and the keys: the first as it is, a later one on the word of the one before."""
        if kind == "evidence_added":
            self.files.setdefault(payload["sha256"], payload["size"])
        if kind not in {"key_made", "key_rotated"}:
            return
        key = key_of(payload["vkey"])
        if (kind == "key_rotated") != bool(self.keys) or key.name != f"{self.origin}/{len(self.keys) + 1}":
            raise Fault(f"the key it names, {key.name}, is not the next one of this ledger")
        if self.keys:
            try:
                self.keys[-1].public.verify(base64.b64decode(payload["endorsement"], validate=True), key.text.encode())
            except (KeyError, ValueError, InvalidSignature):
                raise Fault(f"the new key {key.name} is not endorsed by the key before it") from None
        self.keys.append(key)

    def check(self, seal: Seal) -> Iterator[str]:
        """Yield what does not hold of a seal whose size reading has got to."""
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node(peak, root)
        if seal.origin != self.origin:
            yield f"{seal.where}: it is of another ledger, {seal.origin}; this one is {self.origin}"
        if (seal.root, seal.head) != (root, self.head):
            yield f"{seal.where}: the first {seal.size:,} entries are not those that were sealed"
        if seal.at < self.recorded_at:
            yield f"{seal.where}: it is dated {seal.at}, before the last entry it covers was recorded"
        yield from seal.check(self.keys[-1:])


def digest(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_files(bag: Path) -> Iterator[str]:
    """Yield what does not hold of the files: as the manifests say, none missing, none beside, no way out of the bag."""
    if (bag / "bagit.txt").read_bytes() != b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n":
        yield "bagit.txt: this is no bag of BagIt 1.0"
    present = {path.relative_to(bag).as_posix() for path in bag.rglob("*") if path.is_symlink() or not path.is_dir()}
    named = {"tagmanifest-sha256.txt"}
    for manifest in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        for line in (bag / manifest).read_text(encoding="utf-8").splitlines():
            expected, _, name = line.partition("  ")
            named.add(name)
            if name not in present or (bag / name).is_symlink():
                yield f"{name}: {manifest} names it, and it is not there"
            elif digest(bag / name) != expected:
                yield f"{name}: its bytes are not those of which {manifest} was made"
    yield from (f"{name}: no manifest names it" for name in sorted(present - named))
    sizes = [(bag / name).stat().st_size for name in present if name.startswith("data/")]
    if f"Payload-Oxum: {sum(sizes)}.{len(sizes)}\n" not in (bag / "bag-info.txt").read_text(encoding="utf-8"):
        yield f"bag-info.txt: the payload is {sum(sizes)}.{len(sizes)}, which it does not say"


def check_evidence(folder: Path, files: dict[str, int]) -> Iterator[str]:
    """Yield what does not hold of the files of evidence."""
    present = {path.name for path in folder.iterdir()}
    for name in sorted(files.keys() | present):
        if name not in files or name not in present:
            yield f"evidence {name}: {'it is not in the bag' if name in files else 'no entry names it'}"
        elif digest(folder / name) != name or (folder / name).stat().st_size != files[name]:
            yield f"evidence {name}: its bytes are not those that the entry names"


def check_bag(bag: Path, seals: list[Seal], held: list[tuple[int, str, Seal, Key]], keys: list[Key]) -> Iterator[str]:
    """Yield what does not hold of a bag and of what is held outside it; print what was found in it."""
    yield from check_files(bag)
    ledger, sealed = Ledger(), 0
    outside = sorted([*seals, *(seal for _, _, seal, _ in held)], key=lambda seal: seal.size)
    with (bag / "data/entries.jsonl").open("rb") as lines, (bag / "data/seals.jsonl").open("rb") as notes:
        read = enumerate(map(parsed, notes), 1)
        inside = (seal_of(said["note"], f"seal {n} of the bag", said["size"]) for n, said in read)
        coming = heapq.merge(inside, outside, key=lambda seal: seal.size)
        seal = next(coming, None)
        for line in lines:
            yield from ledger.take(parsed(line))
            if any(seq == ledger.size and found != ledger.head for seq, found, _, _ in held):
                yield f"entry {ledger.size}: it is not the one that a receipt was given for"
            while seal is not None and seal.size <= ledger.size:
                yield from ledger.check(seal)
                sealed, seal = seal.size, next(coming, None)
        for left in filter(None, (seal, *coming)):
            yield f"{left.where}: it covers {left.size:,} entries, the bag ends with {ledger.size:,}: older, or cut off"
    if f"Ledger-End: {ledger.size} {ledger.head}\n" not in (bag / "bag-info.txt").read_text(encoding="utf-8"):
        yield f"bag-info.txt: the bag ends with entry {ledger.size}, {ledger.head}, which it does not say"
    if (known := [key.text for key in ledger.keys]) != parsed((bag / "data/keys.json").read_bytes()):
        yield "data/keys.json: it does not list the keys that entries name"
    yield from (f"the key you hold, {key.text}, is none of this ledger" for key in keys if key.text not in known)
    if (bag / "data/evidence").is_dir():
        yield from check_evidence(bag / "data/evidence", ledger.files)
    print(f"{ledger.size:,} entries of {ledger.origin}, the last hash {ledger.head}")
    print(f"under a seal: {sealed:,} entries; after it: {ledger.size - sealed:,}; held outside: {len(outside)} seals")
    print(f"files of evidence: {len(ledger.files)}{'' if (bag / 'data/evidence').is_dir() else ', not in this bag'}")


def check_seals(seals: list[Seal], keys: list[Key], proof: Path | None) -> Iterator[str]:
    """Yield where seals contradict each other, are not signed by the keys, or are not joined by a proof."""
    for seal in seals if keys else ():
        yield from seal.check(keys)
    for old, new in itertools.pairwise(sorted(seals, key=lambda seal: seal.size)):
        if old.origin != new.origin:
            yield f"{new.where}: it is of another ledger than {old.where}"
        elif old.size == new.size and (old.root, old.head) != (new.root, new.head):
            yield f"{new.where} and {old.where} say two things of the same {new.size:,} entries: one of them is false"
        elif old.size < new.size and proof is not None:
            steps = [base64.b64decode(step, validate=True) for step in parsed(proof.read_bytes())]
            if continued(old.root, old.size, new.size, steps) != (old.root, new.root):
                yield f"{new.where}: the proof does not show that it continues {old.where}"
        elif old.size < new.size:
            print(f"that {new.where} continues {old.where} is shown by a bag, or by --proof")
    if not keys:
        print("no key of your own was compared: name the one you were told with --vkey")


def main(words: Sequence[str] | None = None) -> int:
    """Check what the command line names; print each failure, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("bag", "receipt", "seal"))
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    for option, kind in (("--seal", Path), ("--receipt", Path), ("--vkey", str)):
        parser.add_argument(option, action="append", default=[], type=kind)
    parser.add_argument("--proof", type=Path)
    asked, faults = parser.parse_args(words), 0
    try:
        for faults, fault in enumerate(check(asked), 1):
            if faults <= MOST:
                print(f"✗ {fault}")
    except (OSError, UnicodeDecodeError) as error:
        print(f"it could not be checked: {error}", file=sys.stderr)
        return 2
    except (ValueError, KeyError, TypeError, AttributeError) as fault:
        faults += 1
        print(f"✗ it cannot be read on: {fault}")
    print(f"DOES NOT HOLD: {faults:,} failures" if faults else "✓ HOLDS")
    return bool(faults)


def check(asked: argparse.Namespace) -> Iterator[str]:
    """Yield what does not hold of what the command line names."""
    keys = [key_of(text) for text in asked.vkey]
    files = [*asked.seal, *(asked.paths if asked.what == "seal" else ())]
    seals = [seal for path in files for seal in seals_of(path)]
    receipts = [receipt_of(path) for path in [*asked.receipt, *(asked.paths if asked.what == "receipt" else ())]]
    if asked.what == "bag":
        return (yield from check_bag(asked.paths[0], seals, receipts, keys))
    for seq, _, seal, key in receipts:
        print(f"{seal.where}: it covers {seal.size:,} entries, entry {seq:,} among them; the key is {key.text}")
    yield from check_seals([*seals, *(seal for _, _, seal, _ in receipts)], keys, asked.proof)


if __name__ == "__main__":
    sys.exit(main())
