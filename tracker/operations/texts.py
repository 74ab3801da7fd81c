"""Texts in force, and what they say waits for what, as one transaction reads them: each is asked for once."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracker.domain.assignment import Assignment
from tracker.domain.directive import Directive, Task
from tracker.operations.reading import directive_in_force, ordering
from tracker.store import assignments
from tracker.store.store import Connection


@dataclass(frozen=True, slots=True)
class Texts:
    """What is in force, as long as a transaction lasts that changes none of it."""

    connection: Connection
    _directives: dict[str, Directive] = field(default_factory=dict)
    _waiting: dict[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def ordering(self, assignment: Assignment) -> tuple[Directive, Task]:
        """Return the text that asks for an assignment, or asked for it last, and its task; raises NotFound."""
        key = assignment.task.rsplit("/", 1)[0]
        directive = self._directives.get(key)
        if directive is None:
            directive = self._directives[key] = directive_in_force(self.connection, key)
        if (task := directive.task(assignment.task)) is None:
            return ordering(self.connection, assignment.task)
        return directive, task

    def waiting_for(self, task: str) -> Mapping[str, tuple[str, ...]]:
        """Return the tasks that directly need a task, each with everything it needs itself."""
        found = self._waiting.get(task)
        if found is None:
            found = self._waiting[task] = assignments.needing(self.connection, [task])
        return found
