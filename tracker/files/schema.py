"""Schema: the format of directive files as JSON Schema, for editors that complete keys and explain them.

Draft 07, because that is what editors read: no keyword of a later draft, and a reference is never
beside other keywords, which draft 07 would ignore. The schema is weaker than `directive check`: it
knows no registry and compares no two places.
"""

from typing import Any

from tracker.files import document, due, links, owner, task
from tracker.files.schema_words import DIRECTIVE, DUE, FOR_EACH, LOCATOR, NEED, RELATION, SOURCE, TASK, TEXT

Schema = dict[str, Any]

_DATE = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_ID = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
_CODE = r"^[A-Za-z0-9]+([-_.][A-Za-z0-9]+)*$"
_TASK_REFERENCE = r"^([a-z][a-z0-9]*(-[a-z0-9]+)*|[0-9]{4}/[a-z0-9]+(-[a-z0-9]+)*/[a-z][a-z0-9-]*)$"
_TASK_OR_DIRECTIVE = r"^([a-z][a-z0-9]*(-[a-z0-9]+)*|[0-9]{4}/[a-z0-9]+(-[a-z0-9]+)*(/[a-z][a-z0-9-]*)?)$"
_DAYS = r"^[1-9][0-9]{0,3} (working )?days?$"
_PERIOD = r"^([1-9][0-9]{0,3} (working )?days?|[1-9][0-9]{0,2} (week|month)s?)$"
_MINUTE = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
_SHA256 = "^[0-9a-f]{64}$"


def schema() -> Schema:
    """Return the JSON Schema of a directive file."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Directive",
        "description": "One signed document as a graph of tasks. The reference is directives/README.md.",
        **_object(_head(), DIRECTIVE, required=("directive", "issued", "issuer", "title", "tasks")),
        "definitions": {
            "text": _object({name: _string() for name in TEXT}, TEXT, required=tuple(TEXT)),
            "agency": {"type": "string", "pattern": _CODE},
            "agencies": _several(_ref("agency")),
            "source": _source(),
            "forEach": {"anyOf": [_ref("agency"), _for_each()]},
            "need": {"anyOf": [{"type": "string", "pattern": _TASK_REFERENCE}, _need()]},
            "relation": _relation(),
            "due": _due(),
            "task": _task(),
        },
    }


def _head() -> Schema:
    defaults = {key: _task_properties()[key] for key in ("attribution", "modality", "remind")}
    return {
        "directive": {"type": "string", "minLength": 1, "maxLength": 80},
        "numbered": {"type": "boolean", "default": True},
        "issued": {"type": "string", "pattern": _DATE},
        "issuer": _ref("agency"),
        "title": _ref("text"),
        "kind": {"enum": list(document.KINDS)},
        "status": {"enum": list(document.STATUSES), "default": "in_force"},
        "relations": _several(_ref("relation")),
        "note": _string(),
        "sources": {"type": "object", "propertyNames": {"pattern": _ID}, "additionalProperties": _ref("source")},
        "defaults": _object(
            {"for_each": _ref("forEach"), "before": {"enum": list(due.BOUNDS)}, **defaults},
            {**TASK, "before": DIRECTIVE["defaults.before"]},
        ),
        "tasks": {"type": "object", "propertyNames": {"pattern": _ID}, "additionalProperties": _ref("task")},
    }


def _task() -> Schema:
    owners = owner.OWNERS
    pairs = [[first, second] for at, first in enumerate(owners) for second in owners[at + 1 :]]
    found = _object(_task_properties(), TASK, required=("title",))
    return {**found, "not": {"anyOf": [{"required": pair} for pair in pairs]}}


def _task_properties() -> Schema:
    tasks = _several({"type": "string", "pattern": _TASK_REFERENCE})
    return {
        "record": {"anyOf": [_string(), _several(_string())]},
        "title": _ref("text"),
        "source": _object(
            {
                "in": {"type": "string", "pattern": _ID},
                "sentence": {"type": "integer", "minimum": 1, "maximum": 999999},
                "sha256": {"type": "string", "pattern": _SHA256},
            },
            LOCATOR,
            required=("in", "sentence", "sha256"),
        ),
        "attribution": {"enum": list(task.ATTRIBUTIONS), "default": "explicit"},
        "modality": {"enum": list(task.MODALITIES), "default": "must"},
        "class": {"enum": list(task.CLASSES), "default": "task"},
        "track": {"type": "boolean", "default": True},
        "lead": _ref("agency"),
        "for_each": _ref("forEach"),
        "any_of": {"allOf": [_ref("agencies")], "minItems": 1},
        "lead_basis": {"enum": ["named", "inherited", "inferred"], "default": "named"},
        "with": _ref("agencies"),
        "via": _ref("agencies"),
        "to": _ref("agencies"),
        "needs": _several(_ref("need")),
        "restates": tasks,
        "supervises": _several({"type": "string", "pattern": _TASK_OR_DIRECTIVE}),
        "derives_from": _several(_string()),
        "takes": {"type": "string", "pattern": _DAYS},
        "due": _ref("due"),
        "deliverable": _string(),
        "indicators": _several({"type": "string", "pattern": "^[A-Z]{2,6}-[0-9]{2,4}$"}),
        "evidence": {"enum": ["required", "optional"], "default": "optional"},
        "remind": {**_string(), "default": "standard"},
        "note": _string(),
    }


def _source() -> Schema:
    properties = {
        "file": {"type": "string", "pattern": r"^[^./\\:][^/\\:]*$"},
        "language": {"type": "string", "pattern": "^[a-z]{2}$"},
        "sha256": {"type": "string", "pattern": _SHA256},
    }
    return _object(properties, SOURCE, required=tuple(SOURCE))


def _for_each() -> Schema:
    count = {"type": "integer", "minimum": 1, "maximum": 99999}
    share = {"type": "string", "pattern": "^(all|any|[1-9][0-9]{0,4}|([1-9][0-9]?|100) ?%)$"}
    properties = {
        "agencies": {"anyOf": [_ref("agency"), {"allOf": [_ref("agencies")], "minItems": 1}]},
        "exempt": _ref("agencies"),
        "on_behalf_of": _ref("agency"),
        "then": _ref("agency"),
        "complete_when": {"anyOf": [share, count], "default": "all"},
    }
    return _object(properties, FOR_EACH, required=("agencies",))


def _need() -> Schema:
    properties = {
        "task": {"type": "string", "pattern": _TASK_REFERENCE},
        "kind": {"enum": list(links.NEED_KINDS), "default": "finish-start"},
        "lag": {"type": "string", "pattern": _DAYS},
        "basis": {"enum": ["stated", "inferred"], "default": "stated"},
    }
    return _object(properties, NEED, required=("task",))


def _relation() -> Schema:
    properties: Schema = {word: _string() for word in links.RELATIONS}
    properties["issued"] = {"type": "string", "pattern": _DATE}
    return {**_object(properties, RELATION), "oneOf": [{"required": [word]} for word in links.RELATIONS]}


def _due() -> Schema:
    day = {"type": "string", "pattern": _DATE}
    month = {"type": "string", "pattern": "^[0-9]{4}(-(0[1-9]|1[0-2])|-Q[1-4])?$"}
    event = _object({"event": {"type": "string", "pattern": _ID}}, {"event": DUE["of.event"]}, required=("event",))
    properties = {
        "before": day,
        "by": {"type": "string", "pattern": _DATE[:-1] + f"(T{_MINUTE[1:-1]})?$"},
        "in": {"anyOf": [month, {"type": "integer", "minimum": 1900, "maximum": 2200}]},
        "within": {"type": "string", "pattern": _PERIOD},
        "every": {"type": "string", "pattern": "[Ff][Rr][Ee][Qq]="},
        "from": day,
        "to": day,
        "review": {"type": "string", "pattern": _DAYS},
        "done": day,
        "of": {"anyOf": [{"type": "string", "pattern": _TASK_REFERENCE}, event], "default": "issue"},
        "bound": {"enum": list(due.BOUNDS)},
        "time": {"type": "string", "pattern": _MINUTE},
        "first": day,
        "until": day,
        "roll": {"enum": list(due.ROLLS)},
        "cutoff": {"type": "boolean", "default": False},
        "words": _string(),
        "scope": {"enum": ["own", "inherited"], "default": "own"},
        "alternative": day,
    }
    rules = [{"required": ["from", "to"] if rule == "from" else [rule]} for rule in due.RULES]
    return {**_object(properties, DUE), "oneOf": rules}


def _object(properties: Schema, words: dict[str, str], *, required: tuple[str, ...] = ()) -> Schema:
    """Return the schema of a mapping that has these keys and no others, each explained."""
    found: Schema = {
        "type": "object",
        "properties": {key: _explained(value, words[key]) for key, value in properties.items()},
        "additionalProperties": False,
    }
    return {**found, "required": list(required)} if required else found


def _explained(value: Schema, words: str) -> Schema:
    """Return a schema with a description; a reference is wrapped, for what stands beside it would not count."""
    if "$ref" not in value:
        return {"description": words, **value}
    rest = {key: inner for key, inner in value.items() if key != "$ref"}
    return {"description": words, "allOf": [{"$ref": value["$ref"]}], **rest}


def _several(items: Schema) -> Schema:
    return {"type": "array", "items": items, "uniqueItems": True}


def _string() -> Schema:
    return {"type": "string", "minLength": 1}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}
