"""Help: the words, how dates are counted, the calendar in force, and how far everybody can use the pages."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from tracker.domain.lifecycle import TRANSITIONS
from tracker.notify.tongue import weekday_names
from tracker.views.holidays import years
from tracker.web.desk import Desk, Viewer, language_of
from tracker.web.entries import kind_name
from tracker.web.tokens import N_

WHOSE = {
    "agency": N_("Agency"),
    "lead": N_("Lead agency"),
    "secretariat": N_("Secretariat"),
    "system": N_("By itself"),
}


def routes(desk: Desk) -> APIRouter:
    """Return the pages that explain."""
    router = APIRouter()
    Who = Annotated[Viewer | None, Depends(desk.who)]
    Known = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/help")
    def words(request: Request, viewer: Who) -> Response:
        """Explain the words and the life of a task; to anybody, since the login page leads here too."""
        return desk.page(
            request,
            "about_words.html",
            viewer=viewer,
            moves=TRANSITIONS,
            whose=WHOSE,
            kind_name=lambda kind: kind_name(kind, viewer.language if viewer else language_of(request)),
        )

    @router.get("/help/counting")
    def counting(request: Request, viewer: Known) -> Response:
        """Explain how dates are counted, with the rules in force here."""
        with desk.reading(request) as reading:
            registry = reading.registry
            rule = registry.extensions.rules[registry.extensions.default]
            return desk.page(
                request,
                "about_counting.html",
                viewer=viewer,
                reading=reading,
                registry=registry,
                rule=rule,
                weekdays=weekday_names(viewer.language),
            )

    @router.get("/help/calendar")
    def calendar(request: Request, viewer: Known) -> Response:
        """List the days off in force, each with its authority."""
        with desk.reading(request) as reading:
            found = years(reading.registry.calendar)
            return desk.page(request, "about_calendar.html", viewer=viewer, reading=reading, years=found)

    @router.get("/accessibility")
    def accessibility(request: Request, viewer: Who) -> Response:
        """Say how far everybody can use the pages, and what was done to know it."""
        return desk.page(request, "about_accessibility.html", viewer=viewer)

    return router
