"""Directives: the list of all, and of each its overview, graph, timeline, changes and source."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from tracker.domain.directive import Directive
from tracker.operations.comparing import Compared, compared
from tracker.operations.reading import directive_at
from tracker.operations.sources import source_texts
from tracker.views.burnup import burnup
from tracker.views.gantt import ROWS, SHEET, TimelineView, timeline
from tracker.views.portrait import Lines, directive_lines, portrait, version_lines
from tracker.views.task_graph import graph
from tracker.views.versions import turned
from tracker.web.desk import Desk, Reading, Viewer
from tracker.web.directive_files import SUFFIXES, directives_file
from tracker.web.pages.directives_words import SIGNS, Words, branches, needs_by_ends
from tracker.web.paper import address

PER_PAGE = 50
SVG = "image/svg+xml"
By = Literal["", "agency", "task"]
View = Callable[..., Any]


def routes(desk: Desk) -> APIRouter:
    """Return the pages of directives."""
    router = APIRouter()
    for area in (_files, _overviews, _graphs, _timelines, _texts):
        area(desk, router)
    return router


def _files(desk: Desk, router: APIRouter) -> None:
    """Add the list as a file, and the deadlines of one directive as what one subscribes to."""
    Who = Annotated[Viewer, Depends(desk.viewer)]

    def as_file(suffix: str) -> Callable[..., Response]:
        def of(request: Request, viewer: Who, q: str = "", year: str = "") -> Response:
            """Give the directives in force that fit, as a file."""
            wanted = _year(year)
            with desk.reading(request) as reading:
                found: Lines = _of(directive_lines, reading, search=q[:100], year=wanted)
            filtered = ", ".join(filter(None, (q[:100], str(wanted or ""))))
            url, language = str(request.url), reading.language
            made = directives_file(suffix, found, found.lines, filtered=filtered, url=url, language=language)
            return StreamingResponse(made.pieces, media_type=made.media_type, headers=made.headers)

        return of

    def subscribed(suffix: str) -> Callable[..., Response]:
        def of(request: Request, viewer: Who, year: str, slug: str) -> Response:
            """Lead to the deadlines of a directive: the same filter answers for any choice of tasks."""
            return RedirectResponse(address(request, f"/tasks.{suffix}", directive=f"{year}/{slug}"), 303)

        return of

    for suffix in SUFFIXES:
        router.add_api_route(f"/directives.{suffix}", as_file(suffix), methods=["GET"])
    for suffix in ("ics", "atom"):
        router.add_api_route(f"/directives/{{year}}/{{slug}}.{suffix}", subscribed(suffix), methods=["GET"])


def _overviews(desk: Desk, router: APIRouter) -> None:
    """Add the list of all, and what one is."""
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/directives")
    def all_of_them(request: Request, viewer: Who, q: str = "", year: str = "", page: str = "1") -> Response:
        """Show the directives in force that fit."""
        wanted = _year(year)
        with desk.reading(request) as reading:
            found: Lines = _of(directive_lines, reading, search=q[:100], year=wanted)
            pages = max(-(-len(found.lines) // PER_PAGE), 1)
            number = min(_number(page), pages)
            lines = found.lines[(number - 1) * PER_PAGE : number * PER_PAGE]
            return _page(
                desk, request, "list", viewer, reading, found,
                lines=lines, search=q[:100], year=wanted, page=number, pages=pages,
            )  # fmt: skip

    @router.get("/directives/{year}/{slug}")
    def overview(request: Request, viewer: Who, year: str, slug: str) -> Response:
        """Show what a directive is and how far it is."""
        with desk.reading(request) as reading:
            text = _text(reading, year, slug)
            burnt = burnup(
                reading.connection, text.key, at=reading.at, known=reading.known, registry=reading.registry,
                scope=reading.scope,
            )  # fmt: skip
            view = _of(portrait, reading, text)
            tasks = partial(address, request, "/tasks", directive=text.key)
            return _page(
                desk, request, "show", viewer, reading, view,
                burnup=burnt, chart=burnt.chart, to_cell=lambda cell: tasks(cell=cell),
            )  # fmt: skip


def _year(said: str) -> int | None:
    return int(said) if said.isascii() and said.isdigit() and len(said) == 4 else None


def _graphs(desk: Desk, router: APIRouter) -> None:
    """Add what waits for what."""
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/directives/{year}/{slug}/graph")
    def of_needs(request: Request, viewer: Who, year: str, slug: str) -> Response:
        """Show what waits for what."""
        with desk.reading(request) as reading:
            view = _of(graph, reading, _text(reading, year, slug))
            more = {"drawn_needs": needs_by_ends(view), "tree": branches(view.tree)}
            return _page(desk, request, "graph", viewer, reading, view, **more)

    @router.get("/directives/{year}/{slug}/graph.svg")
    def graph_file(request: Request, viewer: Who, year: str, slug: str) -> Response:
        """Give the drawing of the graph as a file."""
        with desk.reading(request) as reading:
            view = _of(graph, reading, _text(reading, year, slug))
            answer = _page(desk, request, "graph_file", viewer, reading, view, drawn_needs=needs_by_ends(view))
            return _file(answer, f"{slug}-graph.svg")


def _timelines(desk: Desk, router: APIRouter) -> None:
    """Add who owes what until when."""
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/directives/{year}/{slug}/timeline")
    def of_days(
        request: Request, viewer: Who, year: str, slug: str, by: By = "", page: str = "1", rows: str = ""
    ) -> Response:
        """Show who owes what until when."""
        with desk.reading(request) as reading:
            view = _days(reading, _text(reading, year, slug), by, page, rows)
            return _page(desk, request, "timeline", viewer, reading, view)

    @router.get("/directives/{year}/{slug}/timeline.svg")
    def timeline_file(
        request: Request, viewer: Who, year: str, slug: str, by: By = "", page: str = "1", rows: str = ""
    ) -> Response:
        """Give a page of the timeline as a file."""
        with desk.reading(request) as reading:
            view = _days(reading, _text(reading, year, slug), by, page, rows)
            answer = _page(desk, request, "timeline_file", viewer, reading, view)
            return _file(answer, f"{slug}-timeline-{view.page}.svg")


def _texts(desk: Desk, router: APIRouter) -> None:
    """Add what versions say, and what they were read from."""
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/directives/{year}/{slug}/changes")
    def between(
        request: Request, viewer: Who, year: str, slug: str, old: Annotated[str, Query(alias="from")] = "", to: str = ""
    ) -> Response:
        """Show what differs between two versions, and what adopting the second did."""
        with desk.reading(request) as reading:
            by = min(reading.at, reading.known or reading.at)
            text = _text(reading, year, slug)
            found = compared(
                reading.connection, text.key, at=by, registry=reading.registry, old=_version(old), new=_version(to)
            )
            adoptions = [
                turned(reading.connection, text.key, version, at=by, scope=reading.scope)
                for version in range(found.new, min(found.old, found.new - 1), -1)[:5]
            ]
            return _page(
                desk, request, "changes", viewer, reading, _head(text, reading),
                found=found, adoptions=adoptions, signs=_signs(found),
                versions=version_lines(reading.connection, text.key, at=by),
                title_of_task=_titles(reading, text, *(one for one in (found.before, found.after) if one)),
            )  # fmt: skip

    @router.get("/directives/{year}/{slug}/source")
    def of_sentences(request: Request, viewer: Who, year: str, slug: str) -> Response:
        """Show where each task was read, and what every sentence became."""
        with desk.reading(request) as reading:
            text = _text(reading, year, slug)
            return _page(
                desk, request, "source", viewer, reading, _head(text, reading),
                texts=source_texts(text, desk.settings), title_of_task=_titles(reading, text),
            )  # fmt: skip


def _page(
    desk: Desk, request: Request, name: str, viewer: Viewer, reading: Reading, view: object, **more: Any
) -> Response:
    words = Words(reading.language, partial(address, request))
    return desk.page(
        request,
        f"directives_{name}.html",
        viewer=viewer,
        reading=reading,
        view=view,
        asked_for=lambda key: request.query_params.get(key, ""),
        **words.context(),
        **more,
    )


def _file(page: Response, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(bytes(page.body).strip() + b"\n", media_type=SVG, headers=headers)


def _of(view: View, reading: Reading, *args: Any, **more: Any) -> Any:
    """Return a view of what is read, at its instant, within its scope and in its language."""
    return view(
        reading.connection,
        *args,
        at=reading.at,
        known=reading.known,
        registry=reading.registry,
        scope=reading.scope,
        language=reading.language,
        **more,
    )


def _days(reading: Reading, text: Directive, by: By, page: str, rows: str) -> TimelineView:
    """Return a page of a timeline: by task to who sees all, by agency to who sees a few offices."""
    told = by or ("task" if reading.scope.offices is None else "agency")
    per_page = SHEET if rows == str(SHEET) else ROWS
    found: TimelineView = _of(timeline, reading, text, by=told, page=_number(page), per_page=per_page)
    return found


def _text(reading: Reading, year: str, slug: str) -> Directive:
    return directive_at(reading.connection, f"{year}/{slug}", min(reading.at, reading.known or reading.at))


def _head(text: Directive, reading: Reading) -> dict[str, str]:
    return {"key": text.key, "number": text.number, "title": text.title.in_language(reading.language)}


def _titles(reading: Reading, *texts: Directive) -> Callable[[str], str]:
    titles = {task.key: task.title.in_language(reading.language) for text in texts for task in text.tasks}
    return lambda key: titles.get(key, key.rpartition("/")[2])


def _signs(found: Compared) -> list[tuple[str, int]]:
    signs: list[str] = [change.sign for change in found.plan.changes]
    return [(sign, signs.count(sign)) for sign in SIGNS if sign != "→" or sign in signs]


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 7 and int(text) else 1


def _version(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None
