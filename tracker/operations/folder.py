"""A folder of directive files: read whole, and adopted file by file where something changed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from tracker.domain.agency import Registry
from tracker.domain.directive import Directive
from tracker.domain.entry import canonical
from tracker.domain.errors import Invalid
from tracker.domain.finding import Finding, errors
from tracker.files.documents import directive_document, registry_document
from tracker.files.plan import Plan
from tracker.files.reader import read_directives
from tracker.files.registry import read_registry
from tracker.operations.adopt import Adopted, adopt_directive, adopt_registry, plan_directive
from tracker.store import adopted
from tracker.store.store import Store

SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """What adopting a folder did: whether the registry is a new one, the plans, what came of each.

    `waiting` are the directives that bear a later date, `findings` what is worth a second look.
    """

    registry_changed: bool
    plans: tuple[Plan, ...]
    adopted: tuple[Adopted, ...]
    waiting: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def is_unchanged(self) -> bool:
        """Return whether the folder says nothing that was not in force already."""
        return not self.registry_changed and all(one.unchanged for one in self.adopted)


def read_folder(
    path: Path, *, store: Store | None = None
) -> tuple[Registry | None, tuple[Directive, ...], tuple[Finding, ...]]:
    """Return the registry of a folder, its directives in the order they were issued, and every finding.

    With a store, a need may also name a task that was adopted from elsewhere.
    """
    registry, about_registry = read_registry(path / "registry")
    known: tuple[str, ...] = ()
    if store is not None:
        with store.read() as connection:
            known = adopted.task_keys(connection)
    directives, findings = read_directives(path, registry, known=known)
    ordered = tuple(sorted(directives, key=lambda directive: (directive.issued, directive.key)))
    return registry, ordered, (*about_registry, *findings)


def checked_folder(
    path: Path, *, store: Store | None = None
) -> tuple[Registry, tuple[Directive, ...], tuple[Finding, ...]]:
    """Return what `read_folder` does; raises Invalid, with the first findings, where one forbids adopting."""
    registry, directives, findings = read_folder(path, store=store)
    wrong = errors(findings)
    if registry is None or wrong:
        more = f"\n… and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        said = "\n".join(str(finding) for finding in wrong[:SHOWN])
        raise Invalid(f"{path} cannot be adopted: {len(wrong)} findings\n{said}{more}", code="bad-folder")
    return registry, directives, findings


def documents_in(path: Path) -> dict[str, str]:
    """Return the documents of a folder as they would be adopted, by the SHA-256 that entries would hold.

    Raises Invalid where a finding forbids adopting.
    """
    registry, directives, _ = checked_folder(path)
    texts = [canonical(registry_document(registry)), *(canonical(directive_document(one)) for one in directives)]
    return {sha256(text.encode()).hexdigest(): text for text in texts}


def adopt_folder(store: Store, path: Path, *, at: datetime, actor: str, only: Collection[str] = ()) -> Folder:
    """Make the registry and the directives of a folder those in force; what says the same stays untouched.

    A directive that bears a later date than the day of `at` is left for its day; with `only`, so is
    every one whose key is not named, though the folder is still checked as a whole. Raises
    Invalid where a finding forbids adopting; then nothing is adopted.
    """
    registry, directives, findings = checked_folder(path, store=store)
    day = registry.calendar.civil_day(at)
    wanted = [directive for directive in directives if not only or directive.key in only]
    ripe = [directive for directive in wanted if directive.issued <= day]
    changed = adopt_registry(store, registry, at=at, actor=actor)
    plans, done = [], []
    for directive in ripe:
        plans.append(plan_directive(store, directive, at=at))
        done.append(adopt_directive(store, directive, at=at, actor=actor))
    return Folder(
        registry_changed=changed,
        plans=tuple(plans),
        adopted=tuple(done),
        waiting=tuple(directive.key for directive in wanted if directive.issued > day),
        findings=findings,
    )
