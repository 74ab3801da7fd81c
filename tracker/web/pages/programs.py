"""For programs: what every problem of the API means and what to do about it, for the people who meet one."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from tracker.web.api.problems import pages, remedy_of, title_of
from tracker.web.desk import Desk, Viewer, language_of


def routes(desk: Desk) -> APIRouter:
    """Return the pages of problems; they are for anybody, since who is not let in meets one too."""
    router = APIRouter()
    Who = Annotated[Viewer | None, Depends(desk.who)]

    @router.get("/help/problems")
    def every(request: Request, viewer: Who) -> Response:
        """List all problems."""
        said = viewer.language if viewer else language_of(request)
        rows = [(code, status, title_of(code, status, said)) for code, status in pages()]
        return desk.page(request, "api_problems.html", viewer=viewer, rows=rows)

    @router.get("/help/problems/{problem}")
    def one(request: Request, problem: str, viewer: Who) -> Response:
        """Explain one problem."""
        status = dict(pages()).get(problem)
        if status is None:
            raise HTTPException(404)
        said = viewer.language if viewer else language_of(request)
        return desk.page(
            request,
            "api_problem.html",
            viewer=viewer,
            code=problem,
            status_code=status,
            title=title_of(problem, status, said),
            remedy=remedy_of(problem, said),
        )

    return router
