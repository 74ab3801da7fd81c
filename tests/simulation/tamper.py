"""Tamper with a ledger in eleven ways at many positions, and see who notices.

    python -m tests.simulation.tamper [--positions 100] [--seed 2025]

The attacker has the database file, drops the triggers and writes what he likes with plain SQL: entries,
head, the store's own seals, files of evidence. He has not the private key, and not what left the house:
one seal and one receipt, taken before. Wherever the whole could be made to fit again, he makes it fit.
For each class and position:

    chain       the chain of hashes alone (`tracker.audit.chain`), up to the end the head names
    seals       `history verify` with the store's own seals and keys, and `evidence check`
    +seal       the same, `--against` one seal kept outside
    +receipt    the same, `--against` one receipt kept outside
    bag +seal   the independent verifier on an export of the tampered store, with that seal
    bag +rcpt   the same with that receipt

The last four must notice everything. What the chain alone misses is the reason for sealing.
"""

import argparse
import contextlib
import io
import json
import random
import shutil
import sqlite3
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.simulation.a_store import ADOPTED, LAST_DAYS, a_store, many_duties, minutes
from tracker.audit import chain, merkle
from tracker.audit import seal as notes
from tracker.audit.keys import Signer, Vkey
from tracker.audit.kit import verify as verifier
from tracker.domain.entry import GENESIS, canonical, link
from tracker.domain.errors import Broken
from tracker.domain.evidence import Proof
from tracker.operations import accept, acknowledge, adopt_directive, open_store, submit, verify
from tracker.operations.evidence import EvidenceFolder, add_evidence, check_evidence
from tracker.operations.exporting import export
from tracker.operations.extensions import ask, grant
from tracker.operations.keys import make_key, rotate_key
from tracker.operations.proving import outside_of, prove
from tracker.operations.sealing import seal
from tracker.store import ledger
from tracker.store.store import Store

WAYS = ("chain", "seals", "+seal", "+receipt", "bag +seal", "bag +rcpt")
MUST = WAYS[2:]
SEED = 2025
EVIDENCE = 3

Row = dict[str, Any]


@dataclass(frozen=True)
class Scene:
    """What there was before: the database, its evidence, earlier copies of it, and what left the house."""

    folder: Path
    size: int
    seal: str
    receipt: str
    copies: tuple[Path, ...]
    at: datetime

    @property
    def database(self) -> Path:
        """Return the database as it was when the seal and the receipt were taken."""
        return self.folder / "tracker.db"


def a_scene(folder: Path) -> Scene:
    """Return a store with a life behind it: reports, evidence, an extension, two keys, a seal every few entries."""
    store, files = a_store(f"sqlite:///{folder}/tracker.db"), EvidenceFolder(folder / "evidence", limit=1000)
    key, at = folder / "key", ADOPTED
    make_key(store, key, at=at, actor="cli:root")
    adopt_directive(store, many_duties(50), at=at, actor="test")
    copies: list[Path] = []

    def go_on() -> datetime:
        nonlocal at
        at += minutes(1)
        if len(copies) < 12:
            seal(store, at=at, keyfile=key, force=True)
            copies.append(_copied(folder / "tracker.db", folder / f"copy-{len(copies)}.db"))
        return at

    for number, agency in enumerate(LAST_DAYS):
        ref = f"2025/412-tb-vpcp/duty-{agency.lower()}/{agency}"
        acknowledge(store, ref, at=go_on(), actor=f"{agency}:anna")
        if number == 2:
            rotate_key(store, key, at=go_on(), actor="cli:root")
        if number >= EVIDENCE:
            ask(store, ref, date(2026, 3, 1), at=go_on(), actor=f"{agency}:anna", why="floods")
            grant(store, ref, at=go_on(), actor="secretariat:le", instrument="5/VPCP")
            continue
        file = io.BytesIO(f"%PDF-1.4\n%{number}\n%%EOF\n".encode())
        added = add_evidence(store, files, file, name=f"{number}.pdf", at=go_on(), actor=f"{agency}:anna")
        proofs = (Proof(added.sha256, f"{number}/BC", None),)
        submit(store, ref, at=go_on(), actor=f"{agency}:anna", words="done", proofs=proofs)
        accept(store, ref, at=go_on(), actor="secretariat:le")
    at += minutes(1)
    made = seal(store, at=at, keyfile=key, force=True)
    assert made is not None
    receipt = json.dumps(prove(store, made.size // 2).document())
    store.close()
    _copied(folder / "tracker.db", folder / "tracker.db")
    return Scene(folder=folder, size=made.size, seal=made.note, receipt=receipt, copies=tuple(copies), at=at)


@dataclass
class Attack:
    """A copy of the scene in the attacker's hands: every row of the ledger as a dictionary, to be written back."""

    scene: Scene
    folder: Path
    position: int
    rows: list[Row] = field(default_factory=list)
    # how many entries the seals that he leaves in place cover
    sealed: int = sys.maxsize

    def __post_init__(self) -> None:
        shutil.copy(self.scene.database, self.database)
        shutil.copytree(self.scene.folder / "evidence", self.folder / "evidence")
        with self._sql() as sql:
            sql.row_factory = sqlite3.Row
            self.rows = [dict(row) for row in sql.execute("SELECT * FROM entry ORDER BY seq")]

    @property
    def database(self) -> Path:
        """Return the file that is tampered with."""
        return self.folder / "tracker.db"

    def say(self, index: int, **changes: Any) -> None:
        """Make an entry say something else, in its text and in its columns alike."""
        row = self.rows[index]
        said = json.loads(row["body"]) | changes
        row["body"] = canonical(said)
        row |= {name: said[name] for name in ("actor", "assignment", "kind", "seq")}

    def rechain(self, start: int = 0) -> None:
        """Number and link every entry from an index on as if it had always been so; drop the seals that no longer fit.

        He cannot sign new ones.
        """
        for index in range(start, len(self.rows)):
            self.say(index, seq=index + 1)
            previous = self.rows[index - 1]["hash"] if index else GENESIS
            self.rows[index] |= {"previous": previous, "hash": link(previous, self.rows[index]["body"])}
        self.sealed = min(self.sealed, start)

    def write(self, *, head: bool = True, seals: tuple[Row, ...] = ()) -> None:
        """Write the rows back, and the head that fits them unless it is left as it was."""
        with self._sql() as sql:
            for (name,) in sql.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                sql.execute(f"DROP TRIGGER {name}")
            sql.execute("DELETE FROM entry")
            columns = list(self.rows[0]) if self.rows else []
            marks = ", ".join(f":{name}" for name in columns)
            if columns:
                sql.executemany(f"INSERT INTO entry ({', '.join(columns)}) VALUES ({marks})", self.rows)
            if head:
                last = self.rows[-1] if self.rows else {"seq": 0, "hash": GENESIS}
                sql.execute("UPDATE head SET seq = :seq, hash = :hash", {name: last[name] for name in ("seq", "hash")})
            sql.execute("DELETE FROM seal WHERE size > ?", (self.sealed,))
            for row in seals:
                sql.execute("UPDATE seal SET note = :note, root = :root, head = :head WHERE size = :size", row)

    @contextlib.contextmanager
    def _sql(self) -> Any:
        with contextlib.closing(sqlite3.connect(self.database)) as sql, sql:
            yield sql


def edit(attack: Attack) -> None:
    """Change who did it, and nothing else."""
    attack.say(attack.position - 1, actor="nobody")
    attack.write(head=False)


def edit_and_rechain(attack: Attack) -> None:
    """Change who did it, and link the rest anew."""
    attack.say(attack.position - 1, actor="nobody")
    attack.rechain(attack.position - 1)
    attack.write()


def delete(attack: Attack) -> None:
    """Take an entry out."""
    del attack.rows[attack.position - 1]
    attack.write(head=False)


def delete_and_rechain(attack: Attack) -> None:
    """Take an entry out, close the gap and link the rest anew."""
    del attack.rows[attack.position - 1]
    attack.rechain(attack.position - 1)
    attack.write()


def reorder(attack: Attack) -> None:
    """Let two neighbours change places, and link the rest anew."""
    first = min(attack.position, len(attack.rows) - 1) - 1
    one, other = attack.rows[first], attack.rows[first + 1]
    attack.rows[first], attack.rows[first + 1] = other, one
    for name in ("recorded_at", "effective_at"):  # the instants stay in order, or they would tell
        one[name], other[name] = other[name], one[name]
    said = [json.loads(row["body"]) for row in (one, other)]
    for row, other_said in zip((one, other), reversed(said), strict=True):
        times = {name: other_said[name] for name in ("recorded_at", "effective_at")}
        row["body"] = canonical(json.loads(row["body"]) | times)
    attack.rechain(first)
    attack.write()


def insert(attack: Attack) -> None:
    """Put an entry in that never was, before one that was sealed, and link the rest anew."""
    index = attack.position - 1
    attack.rows.insert(index, dict(attack.rows[index]))
    attack.say(index, kind="note", assignment=None, payload={"words": "it was agreed"})
    attack.rechain(index)
    attack.write()


def cut_the_tail(attack: Attack) -> None:
    """Take away everything after an entry, seals too."""
    keep = min(attack.position, len(attack.rows) - 1)
    del attack.rows[keep:]
    attack.sealed = keep
    attack.write()


def wipe(attack: Attack) -> None:
    """Take away everything; at every second position begin another history of that length."""
    kept = attack.rows[: attack.position] if attack.position % 2 else []
    attack.rows = kept
    for index in range(len(kept)):
        attack.say(index, actor="nobody")
    attack.rechain()
    attack.write()


def swap_evidence(attack: Attack) -> None:
    """Put other bytes in the place of a file; at every second position let the entries name those, and link anew."""
    old = sorted(path for path in (attack.folder / "evidence").rglob("*") if path.is_file())[attack.position % EVIDENCE]
    content = b"%PDF-1.4\n%another\n%%EOF\n"
    if not attack.position % 2:
        old.chmod(0o600)
        old.write_bytes(content)
        return
    digest = sha256(content).hexdigest()
    new = attack.folder / "evidence" / digest[:2] / digest
    new.parent.mkdir(exist_ok=True)
    new.write_bytes(content)
    old.unlink()
    first = next(index for index, row in enumerate(attack.rows) if old.name in row["body"])
    for row in attack.rows:
        row["body"] = row["body"].replace(old.name, digest)
    said = json.loads(attack.rows[first]["body"])["payload"]
    attack.say(first, payload={**said, "size": len(content)})
    attack.rechain(first)
    attack.write()
    with contextlib.closing(sqlite3.connect(attack.database)) as sql, sql:
        sql.execute("UPDATE evidence SET sha256 = ?, size = ? WHERE sha256 = ?", (digest, len(content), old.name))
        sql.execute("UPDATE proof SET sha256 = ? WHERE sha256 = ?", (digest, old.name))


def forge_a_seal(attack: Attack) -> None:
    """Change an entry, link anew, put a key of one's own in the place of the first, and seal everything with it."""
    forger, second = Signer.new(), Signer.new()
    attack.say(attack.position - 1, **({"actor": "nobody"} if attack.position > 1 else {}))
    attack.rechain(attack.position - 1)  # where it is the first entry, the ledger even gets another name
    origin = notes.origin_of(attack.rows[0]["hash"])
    one, two = Vkey(f"{origin}/1", forger.public), Vkey(f"{origin}/2", second.public)
    made = next(index for index, row in enumerate(attack.rows) if row["kind"] == "key_made")
    rotated = next(index for index, row in enumerate(attack.rows) if row["kind"] == "key_rotated")
    attack.say(made, payload={"key": one.name, "vkey": one.text()})
    endorsement = forger.endorse(two)
    attack.say(rotated, payload={"key": two.name, "vkey": two.text(), "endorsement": endorsement})
    attack.rechain(min(made, attack.position - 1))
    attack.sealed = sys.maxsize
    attack.write(seals=tuple(_forged(attack, {made + 1: (one, forger), rotated + 1: (two, second)})))


def _forged(attack: Attack, keys: Mapping[int, tuple[Vkey, Signer]]) -> list[Row]:
    with contextlib.closing(sqlite3.connect(attack.database)) as sql:
        old = sql.execute("SELECT size, note FROM seal").fetchall()
    leaves = [merkle.leaf_hash(bytes.fromhex(row["hash"])) for row in attack.rows]
    found = []
    for size, note in old:
        vkey, signer = keys[max(seq for seq in keys if seq <= size)]
        root, head = merkle.root_of(leaves[:size]), attack.rows[size - 1]["hash"]
        origin = notes.origin_of(attack.rows[0]["hash"])
        said = notes.Seal(origin=origin, size=size, root=root, head=head, at=notes.parse(note).seal.at)
        text = notes.sign(said, vkey.name, signer).text()
        found.append({"size": size, "note": text, "root": root.hex(), "head": head})
    return found


def roll_back(attack: Attack) -> None:
    """Put back an earlier copy of the database file, which was sound when it was made."""
    shutil.copy(attack.scene.copies[attack.position % len(attack.scene.copies)], attack.database)


CLASSES: Mapping[str, Callable[[Attack], None]] = {
    "edit": edit,
    "edit and rechain": edit_and_rechain,
    "delete": delete,
    "delete and rechain": delete_and_rechain,
    "reorder": reorder,
    "insert": insert,
    "cut the tail": cut_the_tail,
    "wipe": wipe,
    "swap evidence": swap_evidence,
    "forge a seal": forge_a_seal,
    "roll back the database file": roll_back,
}


def noticed(scene: Scene, folder: Path) -> dict[str, bool]:
    """Return who notices that something is wrong with a copy of the scene."""
    held = {"seal": folder / "held.seal", "receipt": folder / "held.receipt"}
    held["seal"].write_text(scene.seal, encoding="utf-8")
    held["receipt"].write_text(scene.receipt, encoding="utf-8")
    store, files = open_store(f"sqlite:///{folder}/tracker.db"), EvidenceFolder(folder / "evidence", limit=1000)
    try:
        spoilt = not check_evidence(store, files).holds
        found = {
            "chain": not _chain_holds(store),
            "seals": spoilt or not _verifies(store),
            "+seal": spoilt or not _verifies(store, scene.seal),
            "+receipt": spoilt or not _verifies(store, scene.receipt),
        }
        export(store, folder / "bag", at=scene.at, evidence=files)
    finally:
        store.close()
    with contextlib.redirect_stdout(io.StringIO()):
        for way, kind in (("bag +seal", "seal"), ("bag +rcpt", "receipt")):
            found[way] = verifier.main(["bag", str(folder / "bag"), f"--{kind}", str(held[kind])]) == 1
    return found


def _chain_holds(store: Store) -> bool:
    with store.read() as connection:
        head = ledger.position(connection)
        return chain.verify(ledger.entries(connection), seq=head.seq, head=head.hash).holds


def _verifies(store: Store, *texts: str) -> bool:
    try:
        return verify(store, outside=outside_of(list(texts))).holds
    except Broken:
        return False


def tamper(positions: int, *, seed: int = SEED, classes: tuple[str, ...] = tuple(CLASSES)) -> dict[str, Counter[str]]:
    """Return by class how many positions each way noticed: both ends of the ledger, and others between them.

    Raises where the untouched scene is found fault with.
    """
    found: dict[str, Counter[str]] = {}
    with tempfile.TemporaryDirectory(prefix="tracker-tamper-") as made:
        (folder := Path(made) / "scene").mkdir()
        scene = a_scene(folder)
        with _attacked(scene, 1) as untouched:
            assert not any(noticed(scene, untouched.folder).values()), "the untouched ledger is found fault with"
        for name in classes:
            chosen = random.Random(f"{seed} {name}")
            found[name] = Counter(dict.fromkeys(WAYS, 0))
            between = chosen.sample(range(2, scene.size), min(positions, scene.size - 2))
            for position in [1, scene.size, *between][:positions]:
                with _attacked(scene, position) as attack:
                    CLASSES[name](attack)
                    found[name] += Counter({way: int(told) for way, told in noticed(scene, attack.folder).items()})
    return found


@contextlib.contextmanager
def _attacked(scene: Scene, position: int) -> Any:
    with tempfile.TemporaryDirectory(prefix="attack-", dir=scene.folder.parent) as folder:
        yield Attack(scene, Path(folder), position)


def _copied(source: Path, target: Path) -> Path:
    """Copy a database file with what its write-ahead log still holds."""
    with contextlib.closing(sqlite3.connect(source)) as sql:
        sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if source != target:
        shutil.copy(source, target)
    return target


def main() -> int:
    """Print the table; leave with 1 where something went unnoticed by who must notice it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--positions", type=int, default=100)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    found = tamper(asked.positions, seed=asked.seed)
    print(f"noticed, of {asked.positions} positions each: both ends, the rest random (seed {asked.seed})\n")
    print(f"{'class':<28}" + "".join(f"{way:>11}" for way in WAYS))
    for name, counts in found.items():
        print(f"{name:<28}" + "".join(f"{counts[way]:>11}" for way in WAYS))
    unnoticed = sum(asked.positions - counts[way] for counts in found.values() for way in MUST)
    missed = sum(asked.positions - counts["chain"] for counts in found.values())
    print(f"\nunnoticed with one seal or receipt from outside: {unnoticed}; missed by the chain alone: {missed}")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
