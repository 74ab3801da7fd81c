"""The viewer of the description: its operations in groups, laid out for a page that needs no script."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

VERBS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True, slots=True)
class Part:
    """A parameter, or a key of a body or of an answer: its name, where it stands, of what type, and what it is."""

    name: str
    place: str
    type: str
    required: bool
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An operation as the page shows it."""

    id: str
    method: str
    path: str
    summary: str
    about: str
    roles: tuple[str, ...]
    scope: str
    parameters: tuple[Part, ...]
    body: tuple[Part, ...]
    body_type: str
    answers: tuple[tuple[str, str, str], ...]


def groups_of(document: Mapping[str, Any]) -> dict[str, list[Shown]]:
    """Return the operations of a description by their tag, in its order."""
    found: dict[str, list[Shown]] = {}
    for path, methods in document["paths"].items():
        for method in VERBS:
            if method in methods:
                one = methods[method]
                found.setdefault(one["tags"][0], []).append(_shown(document, path, method, one))
    return found


def schemas_of(document: Mapping[str, Any]) -> dict[str, tuple[str, tuple[Part, ...]]]:
    """Return the schemas of a description by name: what each is, and its keys."""
    found = document["components"]["schemas"]
    return {name: (one.get("description", ""), tuple(_keys(one))) for name, one in sorted(found.items())}


def _shown(document: Mapping[str, Any], path: str, method: str, one: Mapping[str, Any]) -> Shown:
    about = one.get("description", "")
    content = one.get("requestBody", {}).get("content", {})
    kind = next(iter(content), "")
    body = _resolved(document, content[kind].get("schema", {})) if kind else {}
    return Shown(
        id=f"{method}-{path.strip('/').replace('/', '-').replace('{', '').replace('}', '').replace(':', '-')}",
        method=method.upper(),
        path=path,
        summary=about.partition(". ")[0].rstrip("."),
        about=about,
        roles=tuple(one["x-roles"]),
        scope=one["x-scope"],
        parameters=tuple(_parameter(each) for each in one.get("parameters", ())),
        body=tuple(_keys(body)),
        body_type=kind,
        answers=tuple(_answers(document, one["responses"])),
    )


def _parameter(one: Mapping[str, Any]) -> Part:
    about = one.get("description", "") or one.get("schema", {}).get("description", "")
    return Part(one["name"], one["in"], type_of(one.get("schema", {})), bool(one.get("required")), about)


def _keys(schema: Mapping[str, Any]) -> Iterator[Part]:
    required = set(schema.get("required", ()))
    for name, one in schema.get("properties", {}).items():
        yield Part(name, "", type_of(one), name in required, one.get("description", ""))


def _answers(document: Mapping[str, Any], responses: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for status, one in sorted(responses.items()):
        found = _resolved(document, one)
        kind = next(iter(found.get("content", {"": {}})), "")
        schema = found.get("content", {}).get(kind, {}).get("schema", {})
        yield status, found.get("description", ""), f"{kind} {type_of(schema)}".strip()


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Any = document
    for step in schema["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return _resolved(document, found)


def type_of(schema: Mapping[str, Any]) -> str:
    """Return the type of a schema in a few words.

    >>> type_of({"anyOf": [{"type": "array", "items": {"$ref": "#/components/schemas/Row"}}, {"type": "null"}]})
    'list of Row, or null'
    """
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return ", or ".join(dict.fromkeys(type_of(one) for one in schema[word]))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return json.dumps(schema["const"])
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"keys to {type_of(schema['additionalProperties'])}"
    return str(schema.get("format") or schema.get("type") or "anything")
