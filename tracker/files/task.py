"""Task: one entry under `tasks`, read with the defaults of its directive."""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import cast

from tracker.domain.deadline import Due
from tracker.domain.directive import Attribution, Basis, ForEach, Locator, Need, Task
from tracker.domain.text import Text
from tracker.files import names, scalars
from tracker.files.due import BOUNDS, anchor_node, read_due
from tracker.files.form import Form, form, one_or_several, several, text
from tracker.files.links import Edge, document_numbers, named_directives, read_needs, read_tasks
from tracker.files.nodes import Node, Scalar
from tracker.files.owner import for_each, read_owner
from tracker.files.report import Report
from tracker.files.scalars import Reader, choice, matching
from tracker.files.words import clip, meant

# stands in for a title with findings; it never leaves, for such a file yields no directive
NO_TITLE = Text(vi="", en="", fr="")

ATTRIBUTIONS = ("explicit", "article-context", "narrator")
MODALITIES = (
    "must", "should", "request", "implied", "reported", "stated-need", "agenda", "planned", "emphasis",
)  # fmt: skip
CLASSES = ("task", "outcome", "principle", "supervision", "reference", "emphasis")
KEYS = (
    "record", "title", "source", "attribution", "modality", "class", "track", "lead", "for_each", "any_of",
    "lead_basis", "with", "via", "to", "needs", "restates", "supervises", "derives_from", "takes", "due",
    "deliverable", "indicators", "evidence", "remind", "note",
)  # fmt: skip

_attribution = choice(ATTRIBUTIONS, "an attribution")
_modality = choice(MODALITIES, "a modality")
_class = choice(CLASSES, "a class of task")
_lead_basis = choice(("named", "inherited", "inferred"), "a basis")
_evidence = choice(("required", "optional"), "required or optional")
_records = one_or_several(scalars.line, "an id or a list of them")
_agencies_and_sets = several(names.agency_or_set, "a list of agencies and sets")
_indicator = matching(
    re.compile("[A-Z]{2,6}-[0-9]{2,4}"), "an indicator", code="bad-id", remedy="write its id, for example IND-19"
)
_indicators = several(_indicator, "a list of indicators")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the tasks of a directive inherit."""

    for_each: ForEach | None = None
    attribution: str = "explicit"
    modality: str = "must"
    remind: str = "standard"
    inclusive: bool = False


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
    """Return a task and all it points at; the latter also where the task itself has mistakes."""
    task_id = scalars.identifier(report, key)
    fields = form(report, node, KEYS, at=key, needed="a task")
    if fields is None:
        return None, ()
    full = f"{context.directive}/{task_id or key.text}"
    needs, edges = read_needs(fields, full, context.directive)
    restates, again = read_tasks(fields, "restates", full, directive=context.directive)
    supervises, watched = read_tasks(fields, "supervises", full, directive=context.directive)
    task = _task(fields, full, task_id or key.text, needs=needs, context=context)
    task = replace(task, restates=restates, supervises=supervises)
    sources = named_directives(fields.node.get("derives_from"), "derives_from", full)
    return task, (*edges, *again, *watched, *sources, *_anchor(fields, task))


def _anchor(fields: Form, task: Task) -> tuple[Edge, ...]:
    """Return the task whose completion starts the period of a deadline: it comes first like a need."""
    at = anchor_node(fields.node.get("due"))
    anchor = task.due.anchor_task if task.due else None
    return (Edge(task.key, anchor, at, word="due"),) if anchor and at else ()


def _task(fields: Form, full: str, task_id: str, *, needs: tuple[Need, ...], context: Context) -> Task:
    defaults = context.defaults
    tracked = fields.get("track", scalars.truth) is not False
    lead, fan_out = read_owner(fields, defaults.for_each, tracked=tracked)
    attribution = fields.get("attribution", _attribution) or defaults.attribution
    due = fields.get("due", _due(context))
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
        indicators=fields.get("indicators", _indicators) or (),
        derives_from=fields.get("derives_from", document_numbers) or (),
    )


def _due(context: Context) -> Reader[Due]:
    inclusive = context.defaults.inclusive
    return lambda report, node: read_due(report, node, inclusive=inclusive, directive=context.directive)


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
