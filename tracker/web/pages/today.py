"""Today: what the secretariat opens in the morning."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from tracker.views import board
from tracker.web.desk import Desk, Viewer


def routes(desk: Desk) -> APIRouter:
    """Return the first page: Today, or one's own obligations."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/")
    def first(request: Request, viewer: Who) -> Response:
        """Show Today to who oversees; send everybody else to their own page."""
        if viewer.role == "agency":
            return RedirectResponse(f"/agencies/{viewer.office}", 303)
        with desk.reading(request) as reading:
            found = board(
                reading.connection,
                at=reading.at,
                known=reading.known,
                registry=reading.registry,
                language=reading.language,
            )
            return desk.page(request, "today.html", viewer=viewer, reading=reading, board=found)

    return router
