"""Shapes that operations share: names in paths, limits and cursors, pages with their links, ETags."""

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Path, Query, Request, Response

from tracker.web.api.counter import Counter
from tracker.web.api.problems import Problem

LONGEST = 200
Limit = Annotated[int, Query(ge=1, le=LONGEST, description="At most so many.")]
Cursor = Annotated[str | None, Query(max_length=2_000, description="Where the list goes on: `next_cursor` of a page.")]
Position = Annotated[int, Path(ge=1, le=2**53, description="A position of the ledger.")]

Year = Annotated[str, Path(pattern=r"^[0-9]{4}$", examples=["2025"])]
Slug = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,99}$", examples=["412-tb-vpcp"])]
TaskId = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,99}$", examples=["service-portal"])]
Holder = Annotated[
    str,
    Path(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9~@.-]{0,79}$",
        description="The agency's code; of a duty that comes round, with the day: `01@2025-09-25`.",
        examples=["BNV"],
    ),
]
Code = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,39}$", description="An agency's code.", examples=["BNV"])
]
AgencyCode = Annotated[str | None, Query(max_length=40, description="Only of one agency, by its code.")]
DirectiveKey = Annotated[str | None, Query(max_length=120, description="Only of one directive, by its key.")]

TASK = "/tasks/{year}/{slug}/{task}/{agency}"
DIRECTIVE = "/directives/{year}/{slug}"


def ref_of(year: Year, slug: Slug, task: TaskId, agency: Holder) -> str:
    """Return the reference of an assignment."""
    return f"{year}/{slug}/{task}/{agency}"


def key_of(year: Year, slug: Slug) -> str:
    """Return the key of a directive."""
    return f"{year}/{slug}"


Ref = Annotated[str, Depends(ref_of)]
Key = Annotated[str, Depends(key_of)]


def page(
    counter: Counter, request: Request, response: Response, document: Mapping[str, Any], after: object | None
) -> dict[str, Any]:
    """Return a list as JSON that says where it goes on, in the body and as a header; `after` is its cursor."""
    cursor = None if after is None else str(after)
    following = None
    if cursor is not None:
        asked = [(name, value) for name, value in request.query_params.multi_items() if name != "cursor"]
        base = counter.settings.base_url.rstrip("/")
        following = f"{base}{request.url.path}?{urlencode([*asked, ('cursor', cursor)])}"
        response.headers["Link"] = f'<{following}>; rel="next"'
    return {**document, "next_cursor": cursor, "next_page": following}


def number_of(cursor: str | None) -> int | None:
    """Return the position that a cursor stands for; raises the problem of one that is none."""
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 18:
        raise Problem("bad-parameter", "this page cannot be found: start again from the first")
    return int(cursor)


def tag(response: Response, mark: object) -> None:
    """Give an answer the ETag of a state."""
    response.headers["ETag"] = f'"{mark}"'


def decided_by(request: Request) -> int | None:
    """Return the entry a change was decided by, from its If-Match; None where any will do."""
    said: str | None = request.state.seen
    if said is None:
        return None
    number = said.removeprefix('"').removesuffix('"')
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Problem("changed-meanwhile", "this is no ETag of the resource")
    return int(number)


def check_tag(request: Request, mark: object) -> None:
    """Raise the problem of a change that was decided by another state than the one there is."""
    said: str | None = request.state.seen
    if said is not None and f'"{mark}"' not in [one.strip() for one in said.split(",")]:
        raise Problem("changed-meanwhile")
