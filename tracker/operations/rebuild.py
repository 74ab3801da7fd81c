"""Rebuilding: every column of every assignment is made again from entries alone, and compared.

So are the events, and when each recurring task comes round again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from tracker.domain.agency import Registry
from tracker.domain.assignment import FOLDED, Assignment, fold, reckoned
from tracker.domain.entry import Entry
from tracker.files.documents import registry_from
from tracker.operations.duties import HORIZON, next_look, recurs
from tracker.operations.reading import directive_in_force
from tracker.operations.recording import registry_in_force
from tracker.store import adopted, assignments, clocks, ledger
from tracker.store.clocks import Event
from tracker.store.store import Connection, Store


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild found: how many assignments, and the references whose cached row differed.

    A recurring task whose moment differed stands there by its key, an event by its position.
    """

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
        differing |= _events(connection, keep=keep) | _moments(connection, made.values(), keep=keep)
        return Rebuilt(len(made), tuple(sorted(differing)))


def _events(connection: Connection, *, keep: bool) -> set[str]:
    """Return the events that are not what their entries say."""
    wanted = {}
    for entry in ledger.notes(connection, "event"):
        about = entry.payload
        day = date.fromisoformat(about["day"])
        event = Event(directive=about["directive"], name=about["event"], day=day, agency=about["agency"])
        wanted[entry.seq] = event
    known = clocks.all_events(connection)
    differing = {seq for seq in known.keys() | wanted.keys() if known.get(seq) != wanted.get(seq)}
    if keep and differing:
        clocks.clear_events(connection)
        for seq, event in wanted.items():
            clocks.add_event(connection, event, seq=seq)
    return {f"event {seq}" for seq in differing}


def _moments(connection: Connection, made: Iterable[Assignment], *, keep: bool) -> set[str]:
    """Return the recurring tasks that would not come round when their next occurrence comes into sight."""
    last: dict[str, date] = {}
    for assignment in made:
        if assignment.occurrence is not None:
            last[assignment.task] = max(assignment.occurrence, last.get(assignment.task, date.min))
    differing = set()
    cached = clocks.moments(connection)
    adoptions = ledger.notes(connection, "directive_adopted")
    superseded = {key for entry in adoptions for key in entry.payload.get("supersedes", ())}
    for key, adopted_at in adopted.adoption_days(connection).items():
        if key in superseded:
            continue  # what is out of force comes round no more
        recurring = [task for task in directive_in_force(connection, key).tasks if recurs(task)]
        for task in recurring:
            registry = registry_in_force(connection)
            after = max(registry.calendar.civil_day(adopted_at) + HORIZON, last.get(task.key, date.min))
            moment = next_look(task, directive_in_force(connection, key), registry, after=after)
            if cached.get(task.key) != moment:
                differing.add(task.key)
                if keep:
                    clocks.set_materialise_at(connection, task.key, moment)
    return differing


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
