"""Task: one entry under `tasks`, read with the defaults of its directive."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import cast

from tracker.domain.directive import Attribution, Basis, ForEach, Locator, Need, Task
from tracker.domain.text import Text
from tracker.files import names, scalars
from tracker.files.due import BOUNDS, read_due
from tracker.files.form import Form, form, one_or_several, several, text
from tracker.files.nodes import Mapping, Node, Scalar, Sequence
from tracker.files.report import Report
from tracker.files.scalars import choice
from tracker.files.words import clip, meant

# stands in for a title with findings; it never leaves, for such a file yields no directive
NO_TITLE = Text(vi="", en="", fr="")

ATTRIBUTIONS = ("explicit", "article-context", "narrator")
MODALITIES = (
    "must", "should", "request", "implied", "reported", "stated-need", "agenda", "planned", "emphasis",
)  # fmt: skip
CLASSES = ("task", "outcome", "principle", "supervision", "reference", "emphasis")
KEYS = (
    "record", "title", "source", "attribution", "modality", "class", "track", "lead", "for_each", "lead_basis", "with",
    "via", "to", "needs", "takes", "due", "deliverable", "evidence", "remind", "note",
)  # fmt: skip

_attribution = choice(ATTRIBUTIONS, "an attribution")
_modality = choice(MODALITIES, "a modality")
_class = choice(CLASSES, "a class of task")
_lead_basis = choice(("named", "inherited", "inferred"), "a basis")
_need_basis = choice(("stated", "inferred"), "a basis")
_evidence = choice(("required", "optional"), "required or optional")
_complete_when = choice(("all",), "'all'")
_records = one_or_several(scalars.line, "an id or a list of them")
_agencies = several(names.agency, "a list of agencies")
_agencies_and_sets = several(names.agency_or_set, "a list of agencies and sets")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the tasks of a directive inherit."""

    for_each: ForEach | None = None
    attribution: str = "explicit"
    modality: str = "must"
    remind: str = "standard"
    inclusive: bool = False


@dataclass(frozen=True, slots=True)
class Edge:
    """A need as written: which task needs which, by full keys, and where that stands."""

    task: str
    needs: str
    at: Node


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a task in its file."""

    directive: str
    sources: Collection[str]
    defaults: Defaults


def read_defaults(report: Report, node: Node) -> Defaults:
    """Return the defaults of a directive."""
    keys = ("for_each", "before", "attribution", "modality", "remind")
    fields = form(report, node, keys, needed="a mapping of defaults")
    if fields is None:
        return Defaults()
    return Defaults(
        for_each=fields.get("for_each", for_each),
        attribution=fields.get("attribution", _attribution) or "explicit",
        modality=fields.get("modality", _modality) or "must",
        remind=fields.get("remind", names.ladder) or "standard",
        inclusive=fields.get("before", choice(BOUNDS, "exclusive or inclusive")) == "inclusive",
    )


def read_task(report: Report, key: Scalar, node: Node, *, context: Context) -> tuple[Task | None, tuple[Edge, ...]]:
    """Return a task and its needs; the needs also where the task itself has mistakes."""
    task_id = scalars.identifier(report, key)
    fields = form(report, node, KEYS, at=key, needed="a task")
    if fields is None:
        return None, ()
    full = f"{context.directive}/{task_id or key.text}"
    needs, edges = _read_needs(fields, full, context)
    task = _task(fields, full, task_id or key.text, needs=needs, context=context)
    return task, edges


def _task(fields: Form, full: str, task_id: str, *, needs: tuple[Need, ...], context: Context) -> Task:
    defaults = context.defaults
    tracked = fields.get("track", scalars.truth) is not False
    lead, fan_out = _owner(fields, defaults, tracked=tracked)
    attribution = fields.get("attribution", _attribution) or defaults.attribution
    due = fields.get("due", lambda report, node: read_due(report, node, inclusive=defaults.inclusive))
    return Task(
        key=full,
        id=task_id,
        title=fields.need("title", text) or NO_TITLE,
        source=fields.get("source", lambda report, node: _locator(report, node, context.sources)),
        records=fields.get("record", _records) or (),
        attribution=cast(Attribution, attribution),
        modality=fields.get("modality", _modality) or defaults.modality,
        kind=fields.get("class", _class) or "task",
        tracked=tracked,
        lead=lead,
        for_each=fan_out,
        lead_basis=cast(Basis, fields.get("lead_basis", _lead_basis) or "named"),
        supporting=fields.get("with", _agencies_and_sets) or (),
        via=fields.get("via", _agencies_and_sets) or (),
        to=fields.get("to", _agencies_and_sets) or (),
        needs=needs,
        takes=fields.get("takes", scalars.span),
        due=due,
        deliverable=fields.get("deliverable", scalars.line),
        evidence_required=fields.get("evidence", _evidence) == "required",
        remind=fields.get("remind", names.ladder) or defaults.remind,
        note=fields.get("note", scalars.note),
    )


def _owner(fields: Form, defaults: Defaults, *, tracked: bool) -> tuple[str | None, ForEach | None]:
    lead, fan_out = fields.get("lead", names.lead), fields.get("for_each", for_each)
    entries = fields.node.entries
    if "lead" in entries and "for_each" in entries:
        later = max(entries["lead"][0], entries["for_each"][0], key=lambda key: (key.line, key.column))
        sentence = "a task has a lead or for_each, not both"
        fields.report.error(later, "lead-and-for-each", sentence, "keep one of them")
    elif "lead" in entries or "for_each" in entries:
        pass
    elif defaults.for_each:
        return None, defaults.for_each
    elif tracked:
        sentence = f"nobody answers for '{clip(getattr(fields.at, 'text', 'the task'))}'"
        fields.report.error(fields.at, "no-owner", sentence, "add 'lead' or 'for_each', or write track: false")
    return lead, fan_out


def for_each(report: Report, node: Node) -> ForEach | None:
    """Return a fan-out: the name of a set, or a mapping with its exceptions."""
    if isinstance(node, Scalar) and not node.absent:
        name = names.agency_set(report, node)
        return ForEach(agencies=name) if name else None
    keys = ("agencies", "exempt", "on_behalf_of", "complete_when")
    fields = form(report, node, keys, needed="a set of agencies")
    if fields is None:
        return None
    agencies = _agencies_of(fields)
    exempt = fields.get("exempt", _agencies) or ()
    on_behalf_of = fields.get("on_behalf_of", names.agency_set)
    complete_when = fields.get("complete_when", _complete_when) or "all"
    if not agencies:
        return None
    return ForEach(agencies=agencies, exempt=exempt, on_behalf_of=on_behalf_of, complete_when=complete_when)


def _agencies_of(fields: Form) -> str | tuple[str, ...] | None:
    node = fields.node.get("agencies")
    if isinstance(node, Scalar):
        return names.agency_set(fields.report, node)
    if isinstance(node, Sequence) and not node.items:
        fields.report.error(node, "empty-value", "the list is empty, agencies are needed", "name them, or a set")
    return fields.need("agencies", _agencies)


def _locator(report: Report, node: Node, sources: Collection[str]) -> Locator | None:
    fields = form(report, node, ("in", "sentence", "sha256"), needed="a place {in: …, sentence: …, sha256: …}")
    if fields is None:
        return None
    source = fields.need("in", lambda report, node: _source(report, node, sources))
    sentence = fields.need("sentence", scalars.number)
    sha256 = fields.need("sha256", scalars.sha256)
    return Locator(source=source, sentence=sentence, sha256=sha256) if source and sentence and sha256 else None


def _source(report: Report, node: Node, sources: Collection[str]) -> str | None:
    name = scalars.scalar(report, node, needed="a source")
    if name is None or name in sources:
        return name
    remedy = meant(report.guess(name, sources), "add it under 'sources'")
    report.error(node, "unknown-source", f"this directive has no source '{clip(name)}'", remedy)
    return None


def _read_needs(fields: Form, full: str, context: Context) -> tuple[tuple[Need, ...], tuple[Edge, ...]]:
    node = fields.node.get("needs")
    if not isinstance(node, Sequence):
        if node is not None:
            several(scalars.task_reference, "a list of tasks")(fields.report, node)
        return (), ()
    found = [(item, need) for item, need in _needs(fields.report, node, context.directive)]
    edges = tuple(Edge(full, need.task, item) for item, need in found)
    return tuple({need.task: need for _, need in found}.values()), edges


def _needs(report: Report, node: Sequence, directive: str) -> Iterator[tuple[Node, Need]]:
    seen: set[str] = set()
    for item in node.items:
        named, basis = _need(report, item)
        if named is None:
            continue
        key = named if "/" in named else f"{directive}/{named}"
        if key in seen:
            report.error(item, "duplicate-item", f"'{named}' stands here twice", "delete one of the two")
            continue
        seen.add(key)
        yield item, Need(key, "inferred" if basis == "inferred" else "stated")


def _need(report: Report, item: Node) -> tuple[str | None, str | None]:
    if not isinstance(item, Mapping):
        return scalars.task_reference(report, item), None
    fields = Form(report, item, ("task", "basis"))
    return fields.need("task", scalars.task_reference), fields.get("basis", _need_basis)
