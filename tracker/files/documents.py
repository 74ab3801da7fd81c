"""Documents: a directive and a registry as plain JSON values and back, for the store and for fingerprints.

A document says every value out, also those a file leaves to defaults, so that a later change of a
default changes no adopted version. Documents are written by the tracker, never by hand: what
cannot be read back is a broken store, not a finding.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import wraps
from typing import Any, TypeVar, cast

from tracker.domain.agency import Agency, AgencySet, Registry
from tracker.domain.directive import Directive, ForEach, Locator, Need, Relation, RelationWord, Source, Task
from tracker.domain.errors import Broken
from tracker.domain.extension import NO_RULES
from tracker.domain.text import Text
from tracker.files.calendar_documents import calendar_document, calendar_from
from tracker.files.due_documents import due_document, due_from
from tracker.files.extensions import rules_document, rules_from
from tracker.files.ladders import ladder_document, ladder_from
from tracker.files.scalars import day_of, minute_of, span_of

Document = dict[str, Any]
T = TypeVar("T")


def _whole(read: Callable[[Document], T]) -> Callable[[Document], T]:
    @wraps(read)
    def checked(document: Document) -> T:
        try:
            return read(document)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise Broken(f"a stored document cannot be read: {error!r}", code="broken-document") from error

    return checked


def fingerprint(directive: Directive) -> str:
    """Return the SHA-256 of what a directive says, in hex: comments, layout and order of keys do not count."""
    canonical = json.dumps(directive_document(directive), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def directive_document(directive: Directive) -> Document:
    """Return a directive as JSON values, with the keys of its file; `directive_from` reads it back equal."""
    return _without_gaps(
        {
            "directive": directive.number,
            "numbered": None if directive.numbered else False,
            "issued": directive.issued.isoformat(),
            "issuer": directive.issuer,
            "title": _text(directive.title),
            "kind": directive.stated_kind,
            "status": None if directive.status == "in_force" else directive.status,
            "relations": [_relation(relation) for relation in directive.relations],
            "note": directive.note,
            "sources": {source.id: _source(source) for source in directive.sources},
            "tasks": {task.id: task_document(task) for task in directive.tasks},
        }
    )


def task_document(task: Task) -> Document:
    """Return a task as JSON values, with the keys of its file; needs are always full keys."""
    return _without_gaps(
        {
            "record": list(task.records),
            "title": _text(task.title),
            "source": _locator(task.source) if task.source else None,
            "attribution": task.attribution,
            "modality": task.modality,
            "class": task.kind,
            "track": task.tracked,
            "lead": task.lead,
            "for_each": _for_each(task.for_each) if task.for_each else None,
            "lead_basis": task.lead_basis,
            "with": list(task.supporting),
            "via": list(task.via),
            "to": list(task.to),
            "needs": [_need(need) for need in task.needs],
            "restates": list(task.restates),
            "supervises": list(task.supervises),
            "derives_from": list(task.derives_from),
            "takes": str(task.takes) if task.takes else None,
            "due": due_document(task.due) if task.due else None,
            "deliverable": task.deliverable,
            "indicators": list(task.indicators),
            "evidence": "required" if task.evidence_required else "optional",
            "remind": task.remind,
            "note": task.note,
        }
    )


@_whole
def directive_from(document: Document) -> Directive:
    """Return the directive of a document; raises Broken where it was damaged."""
    get = document.get
    directive = Directive(
        number=document["directive"],
        issued=day_of(document["issued"]),
        issuer=document["issuer"],
        title=Text(**document["title"]),
        note=get("note"),
        sources=tuple(Source(id=name, **rest) for name, rest in sorted(get("sources", {}).items())),
        numbered=get("numbered", True),
        stated_kind=get("kind"),
        status=get("status", "in_force"),
        relations=tuple(_relation_from(relation) for relation in get("relations", ())),
    )
    key = directive.key
    return replace(directive, tasks=tuple(_task(key, name, rest) for name, rest in sorted(get("tasks", {}).items())))


def _task(key: str, name: str, document: Document) -> Task:
    get = document.get
    return Task(
        key=f"{key}/{name}",
        id=name,
        title=Text(**document["title"]),
        source=_locator_from(document["source"]) if "source" in document else None,
        records=tuple(get("record", ())),
        attribution=document["attribution"],
        modality=document["modality"],
        kind=document["class"],
        tracked=document["track"],
        lead=get("lead"),
        for_each=_for_each_from(document["for_each"]) if "for_each" in document else None,
        lead_basis=document["lead_basis"],
        supporting=tuple(get("with", ())),
        via=tuple(get("via", ())),
        to=tuple(get("to", ())),
        needs=tuple(_need_from(need) for need in get("needs", ())),
        takes=span_of(document["takes"]) if "takes" in document else None,
        due=due_from(document["due"]) if "due" in document else None,
        deliverable=get("deliverable"),
        evidence_required=document["evidence"] == "required",
        remind=document["remind"],
        note=get("note"),
        indicators=tuple(get("indicators", ())),
        restates=tuple(get("restates", ())),
        supervises=tuple(get("supervises", ())),
        derives_from=tuple(get("derives_from", ())),
    )


def registry_document(registry: Registry) -> Document:
    """Return a registry as JSON values; `registry_from` reads it back equal."""
    return {
        "agencies": [_agency(agency) for agency in registry.agencies.values()],
        "sets": {name: {"kind": list(s.kinds), "codes": list(s.codes)} for name, s in registry.sets.items()},
        "calendar": calendar_document(registry.calendar),
        "ladders": {name: ladder_document(ladder) for name, ladder in registry.ladders.items()},
        "due_soon": str(registry.due_soon),
        # a registry that says nothing of these is the one it always was
        **_without_gaps(
            {
                "secretariat": registry.secretariat,
                "head": registry.head,
                "lists": f"{registry.lists:%H:%M}" if registry.lists else None,
            }
        ),
        **({} if registry.extensions == NO_RULES else {"extensions": rules_document(registry.extensions)}),
    }


@_whole
def registry_from(document: Document) -> Registry:
    """Return the registry of a document; raises Broken where it was damaged."""
    agencies = (_agency_from(agency) for agency in document["agencies"])
    return Registry(
        agencies={agency.code: agency for agency in agencies},
        sets={name: AgencySet(kinds=tuple(s["kind"]), codes=tuple(s["codes"])) for name, s in document["sets"].items()},
        calendar=calendar_from(document["calendar"]),
        ladders={name: ladder_from(name, ladder) for name, ladder in document["ladders"].items()},
        due_soon=span_of(document["due_soon"]),
        extensions=rules_from(document["extensions"]) if "extensions" in document else NO_RULES,
        secretariat=document.get("secretariat"),
        lists=minute_of(document["lists"]) if "lists" in document else None,
        head=document.get("head"),
    )


def _text(text: Text) -> dict[str, str]:
    return {"vi": text.vi, "en": text.en, "fr": text.fr}


def _source(source: Source) -> Document:
    return {"file": source.file, "language": source.language, "sha256": source.sha256}


def _locator(locator: Locator) -> Document:
    return {"in": locator.source, "sentence": locator.sentence, "sha256": locator.sha256}


def _locator_from(document: Document) -> Locator:
    return Locator(source=document["in"], sentence=document["sentence"], sha256=document["sha256"])


def _relation(relation: Relation) -> Document:
    return _without_gaps({relation.word: relation.number, "issued": _iso(relation.issued)})


def _relation_from(document: Document) -> Relation:
    rest = dict(document)
    issued = _day(rest.pop("issued", None))
    ((word, number),) = rest.items()
    return Relation(cast(RelationWord, word), number, issued)


def _need(need: Need) -> Document:
    kind = None if need.kind == "finish-start" else need.kind
    lag = str(need.lag) if need.lag else None
    return _without_gaps({"task": need.task, "kind": kind, "lag": lag, "basis": need.basis})


def _need_from(document: Document) -> Need:
    lag = span_of(document["lag"]) if "lag" in document else None
    return Need(document["task"], document["basis"], document.get("kind", "finish-start"), lag)


def _for_each(rule: ForEach) -> Document:
    agencies = rule.agencies if isinstance(rule.agencies, str) else list(rule.agencies)
    return _without_gaps(
        {
            "agencies": agencies,
            "exempt": list(rule.exempt),
            "on_behalf_of": rule.on_behalf_of,
            "then": rule.then,
            "complete_when": rule.complete_when,
        }
    )


def _for_each_from(document: Document) -> ForEach:
    agencies = document["agencies"]
    return ForEach(
        agencies=agencies if isinstance(agencies, str) else tuple(agencies),
        exempt=tuple(document.get("exempt", ())),
        on_behalf_of=document.get("on_behalf_of"),
        then=document.get("then"),
        complete_when=document["complete_when"],
    )


def _agency(agency: Agency) -> Document:
    name = agency.name
    return _without_gaps(
        {
            "code": agency.code,
            "kind": agency.kind,
            # 3,321 communes have one proper name in every language
            "name": name.vi if name.vi == name.en == name.fr else _text(name),
            "parent": agency.parent,
            "symbol": agency.symbol,
            "language": agency.language,
            "valid_from": _iso(agency.valid_from),
            "valid_to": _iso(agency.valid_to),
        }
    )


def _agency_from(document: Document) -> Agency:
    get, name = document.get, document["name"]
    return Agency(
        code=document["code"],
        kind=document["kind"],
        name=Text(vi=name, en=name, fr=name) if isinstance(name, str) else Text(**name),
        parent=get("parent"),
        symbol=get("symbol"),
        language=document["language"],
        valid_from=_day(get("valid_from")),
        valid_to=_day(get("valid_to")),
    )


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _day(words: str | None) -> date | None:
    return day_of(words) if words else None


def _without_gaps(document: Document) -> Document:
    """Leave out what is not there: a key added to the format later changes no old fingerprint."""
    return {key: value for key, value in document.items() if value is not None and value != [] and value != {}}
