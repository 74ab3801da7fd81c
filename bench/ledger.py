"""What proof costs: the chain checked and the tree built over a large ledger, beside bare Python doing the same.

    python -m bench.ledger [--entries 1000000] [--runs 3] [--database sqlite|postgresql]

The ledger is written by the product's own `append`, with payloads of the shape a sweep writes. Two
floors are printed for the chain: hashing the stored text again, and reading that text as JSON and
writing it canonically again, which is what catches a column that says something else than the
hashed text. The floor of the tree is one pass a level over the hashes. Each contender runs in a
process of its own, so that its memory is its own; they take turns.
"""

import argparse
import base64
import json
import multiprocessing
import resource
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import psycopg

from bench.figures import Figure, tell
from tests.integration.postgres import running_cluster
from tracker.audit.merkle import Frontier, check_inclusion, inclusion, inclusion_ranges, leaf_hash
from tracker.domain.entry import GENESIS, Draft, stamp
from tracker.operations import init, open_store
from tracker.operations.verify import verify
from tracker.store import ledger

START = datetime(2025, 8, 11, 1, tzinfo=UTC)
BATCH = 5_000
PROOFS = 20


def fill(url: str, entries: int) -> None:
    """Make a store whose ledger has so many entries."""
    store = init(url, rehearsal=True, at=START, actor="bench")
    at, done = START, 1
    while done < entries:
        drafts = [draft(done + n, at) for n in range(min(BATCH, entries - done))]
        with store.write() as connection:
            ledger.append(connection, drafts, at=at)
        done += len(drafts)
        at += timedelta(minutes=1)
    store.close()


def draft(n: int, at: datetime) -> Draft:
    """Return a fact as a sweep records it."""
    moment = stamp(at - timedelta(seconds=n % 60))
    payload = {"rung": "before-10wd", "moment": moment, "skipped": []}
    ref = f"2025/412-tb-vpcp/task-{n % 4000}/{n % 3321:05}"
    return Draft(kind="swept", effective_at=at, actor="sweep", assignment=ref, payload=payload)


# ── The floors ───────────────────────────────────────────────────────────────────────────────────────────────

QUESTION = "SELECT seq, body, previous, hash FROM entry ORDER BY seq"


@contextmanager
def bare_rows(url: str) -> Iterator[Iterator[tuple[Any, ...]]]:
    """Yield the rows of the ledger from the database's own driver, without holding them."""
    if url.startswith("sqlite:///"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
            yield iter(connection.execute(QUESTION))
        return
    with psycopg.connect(url.replace("+psycopg", "")) as server, server.cursor("entries") as cursor:
        cursor.itersize = BATCH
        yield iter(cursor.execute(QUESTION))


def floor_stored(url: str) -> int:
    """Check the chain over the stored text."""
    known, count = GENESIS, 0
    with bare_rows(url) as rows:
        for count, (seq, body, previous, digest) in enumerate(rows, 1):
            assert seq == count
            assert previous == known
            assert sha256(f"{known}\n{body}".encode()).hexdigest() == digest
            known = digest
    return count


def floor_canonical(url: str) -> int:
    """Check the chain over text that is read as JSON and written canonically again."""
    known, count = GENESIS, 0
    with bare_rows(url) as rows:
        for count, (seq, body, previous, digest) in enumerate(rows, 1):
            again = json.dumps(json.loads(body), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
            assert seq == count
            assert previous == known
            assert sha256(f"{known}\n{again}".encode()).hexdigest() == digest
            known = digest
    return count


def floor_both(url: str) -> int:
    """Do what is floor to a whole check: the canonical text, and the tree over the hashes."""
    count = floor_canonical(url)
    floor_tree(data_of(url))
    return count


def floor_tree(leaves: Sequence[bytes]) -> bytes:
    """Return the root, one pass a level."""
    level = [sha256(b"\x00" + data).digest() for data in leaves]
    while len(level) > 1:
        above = [sha256(b"\x01" + level[n] + level[n + 1]).digest() for n in range(0, len(level) - len(level) % 2, 2)]
        level = above + level[len(level) - len(level) % 2 :]
    return level[0]


# ── Ours ─────────────────────────────────────────────────────────────────────────────────────────────────────


def ours(url: str) -> int:
    """Check a store as `tracker history verify` does."""
    verdict = verify(open_store(url))
    assert verdict.holds, verdict.why
    return verdict.entries


def our_tree(leaves: Sequence[bytes]) -> bytes:
    """Return the root as a seal builds it."""
    frontier = Frontier()
    frontier.extend(leaf_hash(data) for data in leaves)
    return frontier.root()


# ── Measuring ────────────────────────────────────────────────────────────────────────────────────────────────


def apart(work: Callable[..., Any], *args: Any) -> tuple[float, float]:
    """Return the seconds some work takes in a process of its own, and the MB it needed."""
    here, there = multiprocessing.get_context("fork").Pipe()
    child = multiprocessing.get_context("fork").Process(target=_apart, args=(there, work, args))
    child.start()
    there.close()
    found: tuple[float, float] = here.recv()
    child.join()
    return found


def _apart(there: Any, work: Callable[..., Any], args: tuple[Any, ...]) -> None:
    began = time.perf_counter()
    work(*args)
    seconds = time.perf_counter() - began
    there.send((seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))


def turns(contenders: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]], runs: int) -> list[float]:
    """Let contenders take turns, print the median of each beside the first, and return their seconds in order."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, (work, args) in contenders.items():
            found[name].append(apart(work, *args))
    times = [statistics.median(second for second, _ in measured) for measured in found.values()]
    for (name, measured), seconds in zip(found.items(), times, strict=True):
        megabytes = max(mb for _, mb in measured)
        print(f"  {name:<44} {seconds:8.2f} s   ×{seconds / times[0]:5.2f}   {megabytes:6.0f} MB")
    return times


def proofs(url: str, entries: int) -> None:
    """Print what an inclusion proof costs and how large it is, and check each."""
    leaves = [leaf_hash(data) for data in data_of(url)]
    frontier = Frontier()
    frontier.extend(leaves)
    sizes, seconds = [], []
    for n in range(PROOFS):
        index = (n * 7_919_777) % entries
        began = time.perf_counter()
        found = inclusion(leaves, index)
        seconds.append(time.perf_counter() - began)
        assert len(found) == len(inclusion_ranges(index, entries))
        assert check_inclusion(leaves[index], index, entries, found, frontier.root())
        sizes.append(len(found))
    size = len(json.dumps([base64.b64encode(bytes(32)).decode()] * max(sizes)))
    print(
        f"  an inclusion proof: {min(sizes)}–{max(sizes)} hashes, {max(sizes) * 32} bytes ({size} as JSON); "
        f"made in {statistics.median(seconds):.2f} s from the leaves, all {PROOFS} checked"
    )


def data_of(url: str) -> list[bytes]:
    """Return the data of every leaf."""
    with bare_rows(url) as rows:
        return [bytes.fromhex(digest) for _, _, _, digest in rows]


def measure(url: str, *, name: str, entries: int, runs: int) -> None:
    """Print the tables of one database."""
    fill(url, entries)
    print(f"{name}: the chain of {entries:,} entries")
    *_, floor, checked = turns(
        {
            "floor: the stored text hashed again": (floor_stored, (url,)),
            "floor: as JSON, written canonically again": (floor_canonical, (url,)),
            "floor: that, and the tree": (floor_both, (url,)),
            "tracker history verify (with the tree)": (ours, (url,)),
        },
        runs,
    )
    print(f"{name}: the Merkle tree of {entries:,} leaves")
    leaves = data_of(url)
    assert floor_tree(leaves) == our_tree(leaves)
    both = {"floor: one pass a level": (floor_tree, (leaves,)), "as a seal builds it": (our_tree, (leaves,))}
    bare, tree = turns(both, runs)
    for what, ours_, least in ((f"verify {entries:,} entries", checked, floor), ("build their tree", tree, bare)):
        ratio = ours_ / least
        times = {"figure": f"{ours_:.2f} s: {ratio:.2f} × the floor", "floor": f"{least:.2f} s, goal ≤ 1.5 ×"}
        tell(Figure(goal="P4", what=f"{what}, {name}", **times, met=ratio <= 1.5))
    proofs(url, entries)


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    asked = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-ledger-")))
        if asked.database == "sqlite":
            url = f"sqlite:///{folder / 'ledger.db'}"
        else:
            url = stack.enter_context(stack.enter_context(running_cluster()).database())
        measure(url, name=asked.database, entries=asked.entries, runs=asked.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
