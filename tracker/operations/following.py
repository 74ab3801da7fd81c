"""Following: which task goes on as which other one, and which directives are out of force, by what was adopted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from tracker.domain.directive import Task
from tracker.domain.entry import Payload
from tracker.store import ledger
from tracker.store.store import Connection


@dataclass(frozen=True, slots=True)
class Following:
    """The tasks that go on under another key, each with that key, and the directives that were superseded."""

    heirs: Mapping[str, str] = field(default_factory=dict)
    out_of_force: frozenset[str] = frozenset()

    def of(self, task: str) -> str:
        """Return the key a task goes on under: its own, where nothing took its place."""
        seen = {task}
        while (heir := self.heirs.get(task)) is not None and heir not in seen:
            seen.add(heir)
            task = heir
        return task

    def needs_of(self, task: Task) -> Task:
        """Return a task that needs, instead of those that go on under another key, what took their place."""
        needs = {self.of(need.task): replace(need, task=self.of(need.task)) for need in task.needs}
        return replace(task, needs=tuple(needs.values()))


def following(connection: Connection, more: Mapping[str, str] | None = None) -> Following:
    """Return what was followed by what so far, and by `more`, which is not written yet."""
    return following_from((note.payload for note in ledger.notes(connection, "directive_adopted")), more)


def following_from(adoptions: Iterable[Payload], more: Mapping[str, str] | None = None) -> Following:
    """Return what was followed by what after some adoptions, given by what their entries say, in their order."""
    heirs: dict[str, str] = {}
    superseded: dict[str, list[str]] = {}
    for payload in adoptions:
        heirs |= heirs_of(payload)
        superseded[payload["directive"]] = payload.get("supersedes", [])
    return Following({**heirs, **(more or {})}, frozenset(key for keys in superseded.values() for key in keys))


def heirs_of(payload: Payload) -> dict[str, str]:
    """Return the tasks that go on under another key with an adoption, by what its entry says."""
    return dict([*payload.get("renamed", ()), *payload.get("restated", ())])


def followed(
    connection: Connection, tasks: Mapping[str, Task], more: Mapping[str, str] | None = None
) -> dict[str, Task]:
    """Return tasks whose needs in other directives follow what they name; within one, a text names what it has."""
    return follow(tasks, following(connection, more)) if _looks_abroad(tasks) else dict(tasks)


def follow(tasks: Mapping[str, Task], known: Following) -> dict[str, Task]:
    """Do what `followed` does, with what is known already."""
    if not _looks_abroad(tasks):
        return dict(tasks)
    return {key: known.needs_of(task) for key, task in tasks.items()}


def _looks_abroad(tasks: Mapping[str, Task]) -> bool:
    return any(_abroad(key, need.task) for key, task in tasks.items() for need in task.needs)


def _abroad(task: str, needed: str) -> bool:
    return task.rpartition("/")[0] != needed.rpartition("/")[0]
