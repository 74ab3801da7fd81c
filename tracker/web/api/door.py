"""The door of the API: every request passes here before its operation runs, and every answer on its way out.

First who calls and whether it is for them, then whether the request is one that can be understood, then
whether it was answered already. So nobody learns from an error what they may not see.
"""

import json
from collections.abc import Callable, Coroutine, Iterable
from hashlib import sha256
from typing import Any, ClassVar

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from tracker import clock
from tracker.operations.repeats import Kept, begin, forget, keep
from tracker.web.api.amiss import NOT_KNOWN
from tracker.web.api.counter import Caller, Counter
from tracker.web.api.problems import Problem
from tracker.web.api.rules import Rule, rule_of

KEY = "Idempotency-Key"
LONGEST_KEY = 200
_KEPT_HEADERS = ("etag", "location", "content-type")

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Door(APIRoute):
    """An operation behind the door; `counter` is set by the router of a store."""

    counter: ClassVar[Counter]

    def get_route_handler(self) -> Handler:
        """Return what answers a request: the rule first, then the operation."""
        inner = super().get_route_handler()
        rule = rule_of(self.openapi_extra)
        names = _names_in(self.dependant)

        async def handle(request: Request) -> Response:
            caller = await run_in_threadpool(self.counter.admit, request, rule)
            request.state.caller = caller
            request.state.rule = rule
            _check_names(request, names)
            request.state.seen = _seen(request, rule)
            if rule.repeats and KEY in request.headers:
                return await self._once(request, caller, inner)
            return await inner(request)

        return handle

    async def _once(self, request: Request, caller: Caller, inner: Handler) -> Response:
        """Return the answer to a request that may have been sent before: the same one, given once."""
        key = request.headers[KEY]
        if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable():
            raise Problem("bad-parameter", f"{KEY} has 1 to {LONGEST_KEY} printable characters")
        mark = _mark(request, await request.body())
        store = self.counter.store
        kept = await run_in_threadpool(begin, store, caller.account, key, mark, at=clock.now())
        if kept is not None:
            return _again(kept, mark)
        try:
            answer = await inner(request)
        except BaseException:
            await run_in_threadpool(forget, store, caller.account, key)  # nothing was recorded: it may be tried again
            raise
        if answer.status_code >= 300 or isinstance(answer, StreamingResponse):
            await run_in_threadpool(forget, store, caller.account, key)
            return answer
        said = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
        text = json.dumps([answer.status_code, said, bytes(answer.body).decode()])
        await run_in_threadpool(keep, store, caller.account, key, text)
        return answer


def _names_in(dependant: Dependant) -> frozenset[str]:
    """Return the parameters an operation takes in its address, those of what it depends on among them."""
    own = {field.alias for field in dependant.query_params}
    return frozenset(own.union(*map(_names_in, dependant.dependencies)))


def _check_names(request: Request, names: Iterable[str]) -> None:
    unknown = sorted({name for name in request.query_params if name not in names})
    if unknown:
        errors = [{"in": "query", "name": name, "detail": NOT_KNOWN} for name in unknown]
        raise Problem("unknown-parameter", f"not known here: {', '.join(unknown)[:200]}", errors=errors)


def _seen(request: Request, rule: Rule) -> str | None:
    """Return the ETag a change was decided by; None where any will do. Raises the problem of one that is missing."""
    if not rule.decides:
        return None
    said = request.headers.get("if-match", "").strip()
    if not said:
        raise Problem("precondition-required", "send the resource's ETag as If-Match")
    return None if said == "*" else said


def _mark(request: Request, body: bytes) -> str:
    """Return what a request is known by: what it asks, wherever its ETag has got to."""
    asked = f"{request.method} {request.url.path}?{request.url.query}\n".encode()
    return sha256(asked + body).hexdigest()


def _again(kept: Kept, mark: str) -> Response:
    if kept.mark != mark:
        raise Problem("key-reused", "this Idempotency-Key came with another request before")
    if kept.answer is None:
        raise Problem("key-in-use", headers={"Retry-After": "1"})
    status, headers, body = json.loads(kept.answer)
    return Response(body.encode(), status, headers={**headers, "Idempotency-Replayed": "true"})
