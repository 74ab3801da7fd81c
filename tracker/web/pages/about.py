"""Help: the words, how dates are counted, the calendar in force, and how far everybody can use the pages."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from tracker.web.desk import Desk, Viewer


def routes(desk: Desk) -> APIRouter:
    """Return the pages that explain."""
    router = APIRouter()
    Who = Annotated[Viewer | None, Depends(desk.who)]

    @router.get("/help")
    def words(request: Request, viewer: Who) -> Response:
        """Explain the words and the life of a task."""
        return desk.page(request, "about_words.html", viewer=viewer)

    return router
