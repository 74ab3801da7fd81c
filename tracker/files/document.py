"""Document: one file to one draft, which is a directive with everything its checks still need."""

from collections.abc import Iterator
from collections.abc import Mapping as Table
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePath
from typing import cast

from tracker.domain.directive import Directive, Source, Status, Task
from tracker.domain.number import kind_of
from tracker.files import names, scalars
from tracker.files.form import Form, form, table, text
from tracker.files.links import Edge, check_number, named_directives, read_relations
from tracker.files.nodes import Mapping, Node, Scalar, parse
from tracker.files.report import At, Report, Spot
from tracker.files.scalars import choice
from tracker.files.task import NO_TITLE, Context, Defaults, read_defaults, read_task

KEYS = (
    "directive", "numbered", "issued", "issuer", "title", "kind", "status", "relations", "note", "sources", "defaults",
    "tasks",
)  # fmt: skip
KINDS = (
    "decision", "notice", "resolution", "conclusion", "dispatch", "plan", "decree", "law", "draft", "meeting",
    "instruction", "report", "practice",
)  # fmt: skip
STATUSES = ("in_force", "draft", "reported")
_kind = choice(KINDS, "a kind of directive")
_status = choice(STATUSES, "a status")

_START = Spot(1, 1)
_POINTED_AT = (
    *(("lead",), ("for_each",), ("for_each", "exempt"), ("for_each", "then"), ("for_each", "complete_when")),
    *(("any_of",), ("due",), ("due", "alternative"), ("due", "of")),
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A file as far as it could be read: mistakes elsewhere in it hide neither its tasks nor their needs."""

    report: Report
    key: str
    directive: Directive | None = None
    number: At = _START
    tasks: tuple[Task, ...] = ()
    places: Table[tuple[str, ...], At] | None = None
    edges: tuple[Edge, ...] = ()

    def at(self, task: Task, *path: str) -> At:
        """Return where a task stands, or a value below it."""
        places = self.places or {}
        return places.get((task.id, *path)) or places[task.id,]

    def has(self, task: Task, key: str) -> bool:
        """Return whether the file gives a task that key."""
        return (task.id, key) in (self.places or {})


def read_document(data: bytes, report: Report) -> Draft:
    """Return the draft of a file's bytes; its findings go to the report."""
    fallback = Draft(report, _key_of_path(report.file))
    root = parse(data, report)
    if root is None:
        return fallback
    fields = form(report, root, KEYS, needed="a directive")
    if fields is None:
        return fallback
    return _draft(fields, fallback)


def _draft(fields: Form, draft: Draft) -> Draft:
    number = fields.need("directive", scalars.directive_number)
    issued = fields.need("issued", scalars.day)
    directive = _head(fields, number, issued)
    if directive:
        draft = replace(draft, key=directive.key)
    context = Context(draft.key, _source_ids(fields), fields.get("defaults", read_defaults) or Defaults())
    tasks, edges = _tasks(fields, context)
    node = fields.node.get("tasks")
    return replace(
        draft,
        directive=replace(directive, tasks=tasks) if directive and not fields.report.failed else None,
        number=fields.node.get("directive") or fields.at,
        tasks=tasks,
        places=dict(_places(node)) if isinstance(node, Mapping) else {},
        edges=(*named_directives(fields.node.get("relations"), "relations", draft.key), *edges),
    )


def _head(fields: Form, number: str | None, issued: date | None) -> Directive | None:
    """Return the directive without its tasks, where its number and date can be read."""
    numbered = fields.get("numbered", scalars.truth) is not False
    node = fields.node.get("directive")
    if number and node and numbered:
        otherwise = "write the number as printed, or numbered: false where there is none"
        check_number(fields.report, node, number, otherwise=otherwise)
    # a meeting or a practice has no number that could tell what it is
    kind = fields.get("kind", _kind) if numbered else fields.need("kind", _kind)
    issuer = fields.need("issuer", names.agency)
    title = fields.need("title", text)
    status = fields.get("status", _status) or "in_force"
    relations = fields.get("relations", read_relations) or ()
    note = fields.get("note", scalars.note)
    sources = fields.get("sources", _sources) or ()
    if number is None or issued is None:
        return None
    return Directive(
        number=number,
        issued=issued,
        issuer=issuer or "",
        title=title or NO_TITLE,
        sources=sources,
        note=note,
        numbered=numbered,
        stated_kind=None if kind == kind_of(number) else kind,
        status=cast(Status, status),
        relations=relations,
    )


def _tasks(fields: Form, context: Context) -> tuple[tuple[Task, ...], tuple[Edge, ...]]:
    """Return the tasks in the order of their ids, which no order of lines can change, and their needs."""
    mapping = fields.need("tasks", lambda report, node: table(report, node, needed="a mapping of tasks"))
    if mapping is None:
        return (), ()
    if not mapping.entries:
        fields.report.warning(mapping, "no-tasks", "the directive has no tasks", "add them, or delete the file")
    tasks: list[Task] = []
    edges: list[Edge] = []
    for key, node in mapping.entries.values():
        task, needed = read_task(fields.report, key, node, context=context)
        tasks += [task] if task else []
        edges += needed
    return tuple(sorted(tasks, key=lambda task: task.id)), tuple(edges)


def _places(tasks: Mapping) -> Iterator[tuple[tuple[str, ...], At]]:
    """Yield the places the checks may point at; the tree itself is let go, ten thousand tasks of it weigh."""
    for name, (key, node) in tasks.entries.items():
        yield (name,), key
        for path in _POINTED_AT:
            found: Node | None = node
            for step in path:
                found = found.get(step) if isinstance(found, Mapping) else None
            if found is not None:
                yield (name, *path), Spot(found.line, found.column)


def _sources(report: Report, node: Node) -> tuple[Source, ...] | None:
    mapping = table(report, node, needed="a mapping of sources")
    if mapping is None:
        return None
    found = (_source(report, key, value) for key, value in mapping.entries.values())
    return tuple(sorted((source for source in found if source), key=lambda source: source.id))


def _source(report: Report, key: Scalar, node: Node) -> Source | None:
    name = scalars.identifier(report, key)
    fields = form(report, node, ("file", "language", "sha256"), at=key, needed="a source")
    if fields is None:
        return None
    file = fields.need("file", scalars.file_name)
    language = fields.need("language", scalars.language)
    sha256 = fields.need("sha256", scalars.sha256)
    if name and file and language and sha256:
        return Source(id=name, file=file, language=language, sha256=sha256)
    return None


def _source_ids(fields: Form) -> tuple[str, ...]:
    """Return the ids of all sources, also of those with mistakes: what exists is not unknown."""
    node = fields.node.get("sources")
    return tuple(node.entries) if isinstance(node, Mapping) else ()


def _key_of_path(file: str) -> str:
    """Return the key a file has by its place, for one whose number or date cannot be read."""
    return "/".join(PurePath(file).with_suffix("").parts[-2:])
