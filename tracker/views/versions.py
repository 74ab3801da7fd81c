"""What the adoption of a version did, by its entries: who was given a task, lost one, saw a date move, and was told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from tracker.domain.errors import NotFound
from tracker.domain.scope import EVERYTHING, Scope
from tracker.store import versions
from tracker.store.store import Connection
from tracker.views.portrait import VersionLine, version_lines

_GIVEN = frozenset({"assigned", "reinstated"})
_TAKEN = frozenset({"withdrawn", "superseded", "released"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an adoption did with one task: the agencies it was given to, taken from, and those told of a change.

    Those that were given it are told by the ladder of the task.
    """

    task: str
    given: tuple[str, ...]
    taken: tuple[str, ...]
    dated: tuple[str, ...]
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turned:
    """A version with what its adoption did, task by task in their order."""

    line: VersionLine
    effects: Mapping[str, Effect]

    @property
    def told(self) -> tuple[str, ...]:
        """Return every agency that was told something at once."""
        return tuple(sorted({code for effect in self.effects.values() for code in effect.told}))


def turned(connection: Connection, key: str, version: int, *, at: datetime, scope: Scope = EVERYTHING) -> Turned:
    """Return what the adoption of a version did to the assignments of a scope; raises NotFound."""
    line = next((one for one in version_lines(connection, key, at=at) if one.version == version), None)
    adoption = next((one for one in versions.adoptions(connection, key, at=at) if one.version == version), None)
    if line is None or adoption is None:
        raise NotFound(f"'{key}' has no version {version}", code="no-version")
    found: dict[str, dict[str, set[str]]] = {}
    for entry in versions.done_by(connection, adoption, all_seen=scope.offices is None):
        task, _, agency = (entry.assignment or "").rpartition("/")
        agency = agency.partition("@")[0]
        if not scope.covers(agency):
            continue
        mine = found.setdefault(str(entry.payload.get("task", task)), {})
        for name, kinds in (("given", _GIVEN), ("taken", _TAKEN), ("dated", frozenset({"date_set"}))):
            if entry.kind in kinds:
                mine.setdefault(name, set()).add(agency)
        told = entry.payload.get("notice", {}).get("to", ())
        mine.setdefault("told", set()).update(code for code in told if scope.covers(code))
    effects = {
        task: Effect(
            task=task,
            **{name: tuple(sorted(some.get(name, ()))) for name in ("given", "taken", "dated", "told")},
        )
        for task, some in sorted(found.items())
    }
    return Turned(line=line, effects=effects)
