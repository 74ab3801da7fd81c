"""The description of the API: OpenAPI 3.1, made from the declarations of the operations and from nothing else."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI, HTTPException, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from tracker import __version__
from tracker.web.api.counter import CSRF, Counter
from tracker.web.api.door import KEY, LONGEST_KEY
from tracker.web.api.problems import HELP, KINDS, MEDIA
from tracker.web.api.rules import Rule, rule_of
from tracker.web.api.viewer import groups_of, schemas_of

COMMON = ("Accept-Language", "as_of", "known", "limit", "cursor", KEY, "If-Match")  # the page says them once
VERBS = ("get", "put", "post", "delete", "patch")
LANGUAGE: Mapping[str, Any] = {
    "name": "Accept-Language",
    "in": "header",
    "description": "vi, en or fr: the language of titles and sentences.",
    "schema": {"type": "string", "examples": ["vi", "fr, en;q=0.8"]},
}
IF_MATCH: Mapping[str, Any] = {
    "name": "If-Match",
    "in": "header",
    "required": True,
    "description": "The ETag of what was looked at: whoever comes second is told so, with 412. `*` takes any.",
    "schema": {"type": "string", "examples": ['"412"']},
}
REPEATED: Mapping[str, Any] = {
    "name": KEY,
    "in": "header",
    "description": "Any text, new for every request: sent again within 24 hours, it gets the first answer again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"},
}
SECURITY: Mapping[str, Any] = {
    "token": {"type": "http", "scheme": "bearer", "description": "An API token with the scope read, or write."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "tracker",
        "description": f"The session of the pages; what changes anything carries its csrf token as {CSRF}.",
    },
}
ABOUT = (
    "What the pages show and do, for programs. Every answer says as of when it is true and at which position of the "
    "ledger. Lists are paged by `cursor`; changes are decided by an ETag (`If-Match`); errors are "
    "`application/problem+json`, and their `type` opens a page in three languages. Keys may be added to answers later: "
    "ignore those you do not know. Cursors and references are opaque."
)
PROBLEM: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "The page that explains it."},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "description": "The same for ever: what programs look at."},
        "instance": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "name", "detail"],
                "properties": {name: {"type": "string"} for name in ("in", "name", "detail")},
            },
        },
        "findings": {"type": "array", "items": {"type": "object"}},
    },
    "examples": [
        {
            "type": f"https://tracker.example{HELP}changed-meanwhile",
            "title": "Somebody changed this before you",
            "status": 412,
            "code": "changed-meanwhile",
            "instance": "/api/v1/submissions/412:accept",
        }
    ],
}


def describe(api: FastAPI, router: APIRouter, counter: Counter) -> None:
    """Add the document and its viewer; both are for everybody who can reach the tracker, and name no agency."""

    @cache
    def document() -> dict[str, Any]:
        return document_of(router, counter.settings.base_url.rstrip("/"))

    @api.get("/openapi.json", include_in_schema=False)
    def openapi() -> Response:
        """Return the description."""
        return JSONResponse(document(), headers={"Cache-Control": "max-age=300"})

    @api.get("/docs", include_in_schema=False)
    def docs(request: Request) -> Response:
        """Return the description as a page; it needs no script."""
        viewer = counter.desk.who(request)
        made = document()
        return counter.desk.page(
            request,
            "api_docs.html",
            viewer=viewer,
            api=made,
            groups=groups_of(made),
            schemas=schemas_of(made),
            common=COMMON,
        )

    @api.get("/docs/{name}", include_in_schema=False)
    def schema(request: Request, name: str) -> Response:
        """Return one schema as a page."""
        found = schemas_of(document()).get(name)
        if found is None:
            raise HTTPException(404)
        viewer = counter.desk.who(request)
        return counter.desk.page(request, "api_schema.html", viewer=viewer, name=name, about=found[0], keys=found[1])


def operations(router: APIRouter) -> Iterator[tuple[str, str, Rule]]:
    """Yield the method, path and rule of every operation."""
    for route in router.routes:
        if isinstance(route, APIRoute):
            for method in sorted(route.methods or ()):
                yield method, route.path_format, rule_of(route.openapi_extra)


def document_of(router: APIRouter, base_url: str) -> dict[str, Any]:
    """Return the description of the operations of a router."""
    rules = {(path, method.lower()): rule for method, path, rule in operations(router)}
    made = get_openapi(title="Directive tracker", version=__version__, description=ABOUT, routes=router.routes)
    made["openapi"] = "3.1.0"
    made["servers"] = [{"url": f"{base_url}/api/v1"}]
    made["security"] = [{name: []} for name in SECURITY]
    parts = made.setdefault("components", {})
    parts["securitySchemes"] = dict(SECURITY)
    parts["responses"] = {str(status): _problem(status) for status in sorted({kind.status for kind in KINDS.values()})}
    schemas = parts.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = dict(PROBLEM)
    for path, methods in made["paths"].items():
        for method in VERBS:
            if method in methods:
                _finish(methods[method], rules[path, method], path=path)
    return made


def _finish(operation: dict[str, Any], rule: Rule, *, path: str) -> None:
    """Write the rule of an operation into its description."""
    operation.pop("x-rule", None)
    operation["x-roles"] = sorted(rule.roles)
    operation["x-scope"] = "write" if rule.writes else "read"
    operation["x-owned"] = rule.owned
    parameters = operation.setdefault("parameters", [])
    parameters.append(dict(LANGUAGE))
    if rule.decides:
        parameters.append(dict(IF_MATCH))
    if rule.repeats:
        parameters.append(dict(REPEATED))
    responses = operation["responses"]
    for status in _statuses(rule, path=path, body="requestBody" in operation):
        responses[str(status)] = {"$ref": f"#/components/responses/{status}"}
    if not ("requestBody" in operation or rule.writes):
        responses.pop("422", None)


def _statuses(rule: Rule, *, path: str, body: bool) -> Iterator[int]:
    yield from (400, 401, 403, 404, 429, 500, 503)
    if rule.writes:
        yield from (409, 422)
    if rule.decides:
        yield from (412, 428)
    if body:
        yield from (408, 413, 415, 422)


def _problem(status: int) -> dict[str, Any]:
    codes = sorted(code for code, kind in KINDS.items() if kind.status == status)
    titles = "; ".join(KINDS[code].title for code in codes)
    found: dict[str, Any] = {
        "description": f"{titles}.",
        "content": {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status == 401:
        found["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}}}
    return found
