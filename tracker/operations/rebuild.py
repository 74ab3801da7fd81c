"""Rebuilding: every column of every assignment is made again from entries alone, and compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tracker.domain.agency import Registry
from tracker.domain.assignment import FOLDED, Assignment, fold, reckoned
from tracker.domain.entry import Entry
from tracker.files.documents import registry_from
from tracker.store import adopted, assignments, ledger
from tracker.store.store import Connection, Store


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found: how many assignments, and the references whose cached row differed."""

    assignments: int
    differing: tuple[str, ...]


def rebuild(store: Store, *, keep: bool = True) -> Rebuilt:
    """Return which cached rows are not what the entries say, and unless `keep` is False put them right."""
    with store.write() as connection:
        ledger.position(connection, lock=True)  # nobody writes between the reading of entries and of the cache
        made = replay(connection, ledger.entries(connection))
        cached = assignments.rows(connection)
        wanted = {ref: assignments.row_of(assignment) for ref, assignment in made.items()}
        differing = {ref for ref in cached.keys() | wanted.keys() if cached.get(ref) != wanted.get(ref)}
        if keep and differing:
            assignments.clear(connection)
            assignments.add(connection, list(made.values()))
        return Rebuilt(len(made), tuple(sorted(differing)))


def replay(connection: Connection, entries: Iterable[Entry]) -> Mapping[str, Assignment]:
    """Return the assignments that entries make, each reckoned at its last entry under the registry of that time."""
    made: dict[str, Assignment] = {}
    registries = _Registries(connection)
    last: dict[str, Entry] = {}
    for entry in entries:
        if entry.assignment is None or entry.kind not in FOLDED:
            continue
        ref = entry.assignment
        last[ref] = entry
        made[ref] = fold(
            made.get(ref),
            entry.kind,
            entry.payload,
            ref=ref,
            seq=entry.seq,
            effective_at=entry.effective_at,
            at=entry.recorded_at,
        )
    return {
        ref: reckoned(found, at=last[ref].recorded_at, policy=registries.at(found.seq).policy(found.remind))
        for ref, found in sorted(made.items())
    }


class _Registries:
    """The adopted registries, each in force from its position in the ledger to the next."""

    def __init__(self, connection: Connection) -> None:
        self.versions = [(v.seq, registry_from(v.document)) for v in adopted.registry_versions(connection)]

    def at(self, seq: int) -> Registry:
        return next(registry for start, registry in reversed(self.versions) if start <= seq)
