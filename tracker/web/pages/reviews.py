"""Reviews: everything that waits for a decision of the secretariat, the longest first, decided in place."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from tracker.views.decisions import decisions
from tracker.web.acts import BY_SLUG
from tracker.web.desk import Desk, Viewer, require
from tracker.web.tokens import N_

SHOWN = 25
QUESTIONS = (("report", N_("Reports")), ("extension", N_("More time")), ("contest", N_("“Not ours”")))
# what decides each kind of question, what says yes first
DECIDED_BY = {"report": ("accept", "return"), "extension": ("grant", "refuse"), "contest": ("uphold", "transfer")}


def routes(desk: Desk) -> APIRouter:
    """Return the page of what waits for a decision."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/reviews")
    def reviews(
        request: Request,
        viewer: Who,
        question: str | None = None,
        agency: str | None = None,
        directive: str | None = None,
        after: str | None = None,
        before: str | None = None,
    ) -> Response:
        """List what waits, each with its forms."""
        require(viewer, "secretariat", "auditor")
        asked = question if question in DECIDED_BY else None
        slug = request.query_params.get("done", "")
        with desk.reading(request) as reading:
            found = decisions(
                reading.connection,
                at=reading.at,
                known=reading.known,
                registry=reading.registry,
                agency=agency or None,
                directive=directive or None,
                question=asked,
                language=reading.language,
                limit=SHOWN,
                after=after or None,
                before=before or None,
                scope=reading.scope,
            )
            return desk.page(
                request,
                "assignment_reviews.html",
                viewer=viewer,
                reading=reading,
                decisions=found,
                question=asked,
                kinds=QUESTIONS,
                acts={kind: [BY_SLUG[one] for one in slugs] for kind, slugs in DECIDED_BY.items()},
                decides=viewer.role == "secretariat" and not reading.footing.is_past,
                done=BY_SLUG[slug].done if slug in BY_SLUG else None,
            )

    return router
