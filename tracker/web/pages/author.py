"""Drafts: a directive written in the browser, checked as one types, its plan shown before it is applied."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse

from tracker.domain.directive import directive_key
from tracker.domain.errors import Invalid, TrackerError
from tracker.domain.finding import Finding
from tracker.operations.authoring import (
    Planned,
    apply_text,
    check_text,
    new_text,
    plan_text,
    table_text,
    text_of,
    truth,
    words_for,
)
from tracker.views.portrait import directive_lines
from tracker.web.desk import Desk, Viewer, require
from tracker.web.forms import Form, Sent, day_of
from tracker.web.mistakes import mistake
from tracker.web.pages.directives_words import SIGNS, Words
from tracker.web.refusals import why_not
from tracker.web.sorry import status_of

KEY_LENGTH = 120


def routes(desk: Desk) -> APIRouter:
    """Return the pages where directives are written."""
    router = APIRouter()
    for area in (_looking, _writing, _applying):
        area(desk, router)
    return router


def _looking(desk: Desk, router: APIRouter) -> None:
    """Add what is shown before anything is written."""
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/author")
    def begin(request: Request, viewer: Who) -> Response:
        """Show what can be written: a new directive, one from a table, or one that is in force."""
        require(viewer, "secretariat", "admin")
        return _beginning(desk, request, viewer)

    @router.get("/author/words.json")
    def words(viewer: Who) -> Response:
        """Give what completes a text while one types."""
        require(viewer, "secretariat", "admin")
        with desk.store.read() as connection:
            return JSONResponse(words_for(connection), headers={"Cache-Control": "private, max-age=300"})

    @router.get("/author/edit")
    def edit(
        request: Request, viewer: Who, key: str = "", number: str = "", issued: str = "", issuer: str = ""
    ) -> Response:
        """Show the editor with a directive that is in force, or with one that is begun."""
        require(viewer, "secretariat", "admin")
        asked = {"number": number[:80], "issued": issued[:10], "issuer": issuer[:20]}
        try:
            with desk.store.read() as connection:
                if key:
                    text = text_of(connection, desk.settings, key[:KEY_LENGTH])
                else:
                    key, text = new_text(connection, number.strip(), _day(issued), issuer=issuer.strip())
        except TrackerError as error:
            return _beginning(
                desk, request, viewer, problem=why_not(error, viewer.language), asked=asked, status=status_of(error)
            )
        return _editor(desk, request, viewer, text, key=key)


def _writing(desk: Desk, router: APIRouter) -> None:
    """Add what takes a text or a table and says what it found."""
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.post("/author/edit")
    def go_on(request: Request, viewer: Who, form: Sent) -> Response:
        """Check what was written, and show it again with what was found."""
        require(viewer, "secretariat", "admin")
        text = _text(form)
        with desk.store.read() as connection:
            found = check_text(connection, text)
        key = found.directive.key if found.directive else form.one("key")[:KEY_LENGTH]
        return _editor(desk, request, viewer, text, key=key, findings=found.findings)

    @router.post("/author/check")
    def check(viewer: Who, form: Sent) -> Response:
        """Say what is wrong with a text, for the editor."""
        require(viewer, "secretariat", "admin")
        with desk.store.read() as connection:
            found = check_text(connection, _text(form))
        key = found.directive.key if found.directive else None
        return JSONResponse({"key": key, "findings": [_finding(one, viewer.language) for one in found.findings]})

    @router.post("/author/import")
    def take_table(request: Request, viewer: Who, form: Sent) -> Response:
        """Make a text of a table, and show it with what could not be understood."""
        require(viewer, "secretariat", "admin")
        asked = {name: form.one(name)[:80].strip() for name in ("number", "issued", "issuer")}
        try:
            if not form.files:
                raise Invalid("choose a file: a table of tasks as XLSX or CSV", code="bad-table")
            file, issued = form.files[0], _day(asked["issued"])
            with desk.store.read() as connection:
                text, found = table_text(
                    connection, file.file.read(), file.filename or "", asked["number"], issued, issuer=asked["issuer"]
                )
        except TrackerError as error:
            return _beginning(
                desk, request, viewer, problem=why_not(error, viewer.language), asked=asked, status=status_of(error)
            )
        key = directive_key(asked["number"], issued)
        return _editor(desk, request, viewer, text, key=key, findings=found.findings, rows=found.rows)


def _applying(desk: Desk, router: APIRouter) -> None:
    """Add the plan of a text, and what becomes of it."""
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.post("/author/plan")
    def plan(request: Request, viewer: Who, form: Sent) -> Response:
        """Show what a text would change, and whom that would tell."""
        require(viewer, "secretariat", "admin")
        text = _text(form)
        return _planned(desk, request, viewer, text, plan_text(desk.store, desk.settings, text, at=desk.now()))

    @router.post("/author/apply")
    def apply(request: Request, viewer: Who, form: Sent) -> Response:
        """Make a text the version in force, by its plan."""
        require(viewer, "secretariat")
        text, version = _text(form), form.seen
        try:
            done = desk.act(
                request,
                viewer,
                lambda at: apply_text(
                    desk.store, desk.settings, text, at=at, actor=viewer.actor, version=version, base=form.one("base")
                ),
            )
        except TrackerError as error:
            planned = plan_text(desk.store, desk.settings, text, at=desk.now())
            return _planned(desk, request, viewer, text, planned, problem=error)
        key, new = done.adopted.key, done.adopted.version
        return RedirectResponse(f"/directives/{key}/changes?from={new - 1}&to={new}", 303)

    @router.post("/author/download")
    def download(viewer: Who, form: Sent) -> Response:
        """Give a text back as a file."""
        require(viewer, "secretariat", "admin")
        name = form.one("key").rpartition("/")[2][:KEY_LENGTH]
        name = name if name.replace("-", "").isalnum() and name.isascii() else "directive"
        headers = {"Content-Disposition": f'attachment; filename="{name}.yaml"'}
        return Response(_text(form).encode(), media_type="application/yaml", headers=headers)


def _beginning(
    desk: Desk, request: Request, viewer: Viewer, *, problem: str = "", asked: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:  # fmt: skip
    with desk.reading(request) as reading:
        lines = directive_lines(
            reading.connection, at=reading.at, registry=reading.registry, language=reading.language
        ).lines
        return desk.page(
            request, "author_begin.html", viewer=viewer, reading=reading, status=status, lines=lines,
            truth=truth(desk.settings), problem=problem, asked_now=asked or {}, folder=desk.settings.directives,
        )  # fmt: skip


def _editor(
    desk: Desk, request: Request, viewer: Viewer, text: str, *, key: str, findings: tuple[Finding, ...] | None = None,
    rows: tuple[Any, ...] = (), status: int = 200,
) -> Response:  # fmt: skip
    with desk.reading(request) as reading:
        return desk.page(
            request, "author_edit.html", viewer=viewer, reading=reading, status=status, text=text, key=key,
            findings=findings, rows=rows, truth=truth(desk.settings), folder=desk.settings.directives, mistake=mistake,
        )  # fmt: skip


def _planned(
    desk: Desk, request: Request, viewer: Viewer, text: str, planned: Planned, *, problem: TrackerError | None = None
) -> Response:
    if planned.ready.plan is None or planned.ready.directive is None:
        with desk.store.read() as connection:
            findings = check_text(connection, text).findings
        status = status_of(problem) if problem else 200
        return _editor(desk, request, viewer, text, key="", findings=findings, status=status)
    signs: list[str] = [change.sign for change in planned.ready.plan.changes]
    with desk.reading(request) as reading:
        titles = {task.key: task.title.in_language(reading.language) for task in planned.ready.directive.tasks}
        return desk.page(
            request, "author_plan.html", viewer=viewer, reading=reading, status=status_of(problem) if problem else 200,
            text=text, planned=planned, plan=planned.ready.plan, directive=planned.ready.directive,
            signs=[(sign, signs.count(sign)) for sign in SIGNS if sign in signs or sign != "→"],
            title_of_task=lambda task: titles.get(task, task.rpartition("/")[2]),
            truth=truth(desk.settings), folder=desk.settings.directives, mistake=mistake,
            may_apply=viewer.role == "secretariat", problem=why_not(problem, viewer.language) if problem else "",
            **Words(reading.language, lambda path, **_: path).context(),
        )  # fmt: skip


def _text(form: Form) -> str:
    """Return the text that was sent, with a line end at its end."""
    text = form.one("text")
    return text + "\n" if text and not text.endswith("\n") else text


def _finding(one: Finding, language: str) -> dict[str, Any]:
    sentence, remedy = mistake(one, language)
    return {
        "line": one.place.line,
        "column": one.place.column,
        "code": one.code,
        "sentence": sentence,
        "remedy": remedy,
        "severity": one.severity,
    }


def _day(said: str) -> date:
    found = day_of(said)
    if found is None:
        raise Invalid(f"'{said}' is no day: choose the date of issue", code="bad-day")
    return found
