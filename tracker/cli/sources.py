"""Directive files as commands read them: a file or a folder, with the registry found beside or above it."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracker.domain.agency import Registry
    from tracker.domain.directive import Directive
    from tracker.domain.finding import Finding


@dataclass(frozen=True, slots=True)
class Sources:
    """What some paths hold: the registry, if one was found, the directives that can be read, every finding."""

    registry: "Registry | None"
    directives: "tuple[Directive, ...]"
    findings: "tuple[Finding, ...]"


def registry_folder(path: Path) -> Path | None:
    """Return the registry that belongs to a path: the folder's own, or the nearest above it."""
    start = path if path.is_dir() else path.parent
    for folder in (start, *start.absolute().parents):
        if (folder / "registry" / "agencies.yaml").is_file():
            return folder / "registry"
    return None


def read(
    paths: Sequence[Path], *, known: Collection[str] = (), beside: bool = False, drafting: bool = False
) -> Sources:
    """Return what some paths hold.

    A need may name a task of any of the paths, or one of `known`; with `beside`, also one of a
    directive that stands beside them below the same registry. With `drafting`, the drafting check is made too.
    """
    from tracker.files.reader import read_directives
    from tracker.files.registry import read_registry

    folders = list(dict.fromkeys(filter(None, map(registry_folder, paths))))
    registry, findings = read_registry(folders[0]) if folders else (None, ())
    about: list[Finding] = list(findings)
    found: dict[str, Directive] = {}
    names = {*known, *(_beside(paths, folders[0].parent) if beside and folders else ())}
    if len(paths) > 1:
        names |= {task for path in paths for task in _tasks(read_directives(path, None, known=names)[0])}
    for path in paths:
        directives, some = read_directives(path, registry, known=names, drafting=drafting)
        about += some
        found |= {directive.key: directive for directive in directives}
    if folders and any(path.is_dir() for path in paths):
        about += _indicators(folders[0], registry, names | _tasks(found.values()))
    return Sources(registry, in_order(found.values()), tuple(dict.fromkeys(about)))


def in_order(directives: "Iterable[Directive]") -> "tuple[Directive, ...]":
    """Return directives so that each comes after those it needs, as far as that goes; equals by date of issue."""
    left = sorted(directives, key=lambda directive: (directive.issued, directive.key))
    found: list[Directive] = []
    while left:
        waiting = {directive.key for directive in left}
        ready = (one for one in left if not (_needed(one) & waiting) - {one.key})
        # two directives may need tasks of each other: then the older one comes first
        found.append(next(ready, left[0]))
        left.remove(found[-1])
    return tuple(found)


def _needed(directive: "Directive") -> set[str]:
    return {need.task.rpartition("/")[0] for task in directive.tasks for need in task.needs}


def _indicators(folder: Path, registry: "Registry | None", tasks: Collection[str]) -> "tuple[Finding, ...]":
    """Return what is wrong with the quantities of the sources, where the registry keeps any."""
    from tracker.files.indicators import read_indicators

    file = folder / "indicators.yaml"
    return read_indicators(file, registry=registry, tasks=tasks)[1] if file.is_file() else ()


def _beside(paths: Sequence[Path], root: Path) -> set[str]:
    from tracker.files.reader import read_directives

    if any(path.is_dir() and path.resolve() == root.resolve() for path in paths):
        return set()
    return _tasks(read_directives(root, None)[0])


def _tasks(directives: "Iterable[Directive]") -> set[str]:
    return {task.key for directive in directives for task in directive.tasks}
