"""Rebuilding: every table that entries determine is made again from them, and compared row by row.

Determined are registry, agency, channel, directive, task, need, event, assignment, reminder,
delivery, deputy, evidence, proof, account and head. What entries do not determine is in `UNDETERMINED`; rows
keep it when they are put right. Documents of registries and directives are inputs: entries hold
their SHA-256, and what has it is what was adopted.

The pass checks the chain as it goes: nothing is made again from entries that do not hold. Nor is
anything put right while the head names another end than the ledger has. Perhaps its tail was cut,
and then the tables are the last to know of it: with `head` a person says that it was not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tracker.audit import chain
from tracker.domain.assignment import reckoned
from tracker.domain.entry import Entry
from tracker.domain.errors import Broken
from tracker.operations.redo_adopted import Graph, Registries, agencies, directive_rows, registry_rows
from tracker.operations.redo_channels import channels
from tracker.operations.redo_outbox import compare_outbox
from tracker.operations.replay import Replay
from tracker.store import assignments, ledger, redo
from tracker.store.redo import Again, Compared, Key
from tracker.store.store import Connection, Store

UNDETERMINED: tuple[tuple[str, str], ...] = (
    ("ids", "of reminders, attempts and proofs: they only join rows"),
    ("leases", "an attempt under way, and with it the state, due time and reason of its reminder"),
    ("secrets", "of a channel that is no mailbox, all but a keyed fingerprint"),
    ("documents", "of registries and directives: each is held against the SHA-256 in its entry"),
    ("what old entries left out", "the language of a channel, the beginning and address of an attempt"),
    ("credential, session, token, login_attempt", "what is personal or secret of accounts, and who is logged in"),
    ("hook, hook_delivery", "who is told of entries by a signed call, and what became of it"),
    ("mail", "the exact copies of mails: entries hold their SHA-256"),
    ("idempotency", "requests of a day, and the answers they got"),
    ("seal, witness, watch", "what was signed and pushed outside, and when work was last done"),
)


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found, table by table, and how many entries it read; `kept`: what differed was put right."""

    tables: tuple[Compared, ...]
    entries: int
    kept: bool

    @property
    def differing(self) -> tuple[str, ...]:
        """Return the rows that were not what the entries say: their table and their key."""
        return tuple(f"{one.table} {key}" for one in self.tables for key in one.differing)

    @property
    def lost(self) -> tuple[str, ...]:
        """Return those of them that cannot be put right: something of them is nowhere else."""
        return tuple(f"{one.table} {key}" for one in self.tables for key in one.lost)

    def rows(self, table: str) -> int:
        """Return how many rows of a table entries determine."""
        return next(one.rows for one in self.tables if one.table == table)


def rebuild(
    store: Store, *, keep: bool = True, documents: Mapping[str, str] | None = None, head: bool = False
) -> Rebuilt:
    """Return which rows are not what the entries say, and unless `keep` is False put them right.

    `documents` are adopted documents by their SHA-256, where the store has lost its own. Raises
    Broken where entries do not hold, where a document that is needed is nowhere, and where the
    head names another end than the ledger has and `head` does not say to put it right.
    """
    with store.write() as connection:
        ledger.position(connection, lock=True)  # nobody writes between the reading of entries and of rows
        replay = replayed(connection)
        found = _head(connection, replay, keep=keep, accept=head)
        known = {**(documents or {}), **redo.documents(connection)}
        compared = (found, *_tables(connection, replay, known, keep=keep))
        return Rebuilt(compared, replay.last.seq if replay.last else 0, keep)


def replayed(connection: Connection) -> Replay:
    """Return what the entries of a store make; raises Broken where one of them does not hold."""
    replay = Replay()
    whole = False

    def taken() -> Iterator[Entry]:
        nonlocal whole
        for entry in ledger.entries(connection):
            yield entry  # checked before it is folded
            replay.take(entry)
        whole = True

    end = ledger.position(connection)
    verdict = chain.verify(taken(), seq=end.seq, head=end.hash)
    if not whole:  # a head that names another end is for `_head` to say
        raise Broken(f"nothing is made again from entry {verdict.broken_at}: {verdict.why}")
    return replay


def _tables(connection: Connection, replay: Replay, documents: Mapping[str, str], *, keep: bool) -> Iterator[Compared]:
    registries = Registries(replay.registries, documents)
    graph = Graph(replay, registries, documents)
    given: tuple[tuple[str, tuple[str, ...], Mapping[Key, Again]], ...] = (
        ("registry", ("version",), registry_rows(replay, documents)),
        ("agency", ("code",), agencies(replay, registries)),
        ("channel", ("agency", "name"), channels(connection, replay)),
        ("directive", ("key", "version"), directive_rows(replay, documents)),
        ("task", ("key",), {(key,): Again(row) for key, row in graph.tasks.items()}),
        ("need", ("task", "needs"), {edge: Again({"task": edge[0], "needs": edge[1]}) for edge in graph.needs}),
        ("event", ("seq",), _by_seq(replay.events)),
        ("deputy", ("seq",), _by_seq(replay.deputies)),
        ("evidence", ("sha256",), {(digest,): Again(row) for digest, row in replay.evidence.items()}),
        ("proof", ("seq", "position"), {key: Again(row) for key, row in replay.proofs.items()}),
        ("account", ("name",), {(name,): Again(row) for name, row in replay.accounts.items()}),
        ("assignment", ("ref",), _assignments(replay, registries)),
    )
    for table, key, wanted in given:
        yield redo.compare(connection, table, key, wanted, keep=keep)
    yield from compare_outbox(connection, replay, keep=keep)


def _assignments(replay: Replay, registries: Registries) -> dict[Key, Again]:
    """Return the assignments, each reckoned at its last entry under the registry of that time."""
    rows: dict[Key, Again] = {}
    for ref, folded in replay.assignments.items():
        policy = registries.at(folded.seq).policy(folded.remind)
        rows[(ref,)] = Again(assignments.row_of(reckoned(folded, at=replay.reckoned_at[ref], policy=policy)))
    return rows


def _by_seq(rows: Mapping[int, Mapping[str, Any]]) -> dict[Key, Again]:
    return {(seq,): Again(row) for seq, row in rows.items()}


def _head(connection: Connection, replay: Replay, *, keep: bool, accept: bool) -> Compared:
    """Return whether the head is what the entries say, and put it right where that hides nothing."""
    first, last = replay.first, replay.last
    if first is None or last is None:
        return Compared("head", 0)  # a store that never got its first entry
    wanted = {"created_at": first.recorded_at, "seq": last.seq, "hash": last.hash, "high_water": replay.high_water}
    wanted |= {"mode": first.payload["mode"]} if first.kind == "store_made" else {}
    row = redo.head(connection)
    if all(row[column] == value for column, value in wanted.items()):
        return Compared("head", 1)
    if row["hash"] != last.hash and keep and not accept:
        said = f"the ledger ends at entry {last.seq} ({last.hash[:12]}…), its head says {row['seq']}"
        raise Broken(
            f"{said} ({row['hash'][:12]}…): hold it against a seal or a mail before anything is put right (--head)"
        )
    if keep:
        redo.write_head(connection, wanted)
    return Compared("head", 1, ("1",))
