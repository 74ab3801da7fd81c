"""The navigation: which pages who is shown, in one order everywhere. What a role may not open it is not offered."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.routing import Match

from tracker.web.tokens import N_

if TYPE_CHECKING:
    from tracker.web.desk import Viewer

EVERYBODY = ("secretariat", "agency", "auditor", "admin")
OVERSEERS = ("secretariat", "auditor")
# path, its words, for whom; `{office}` is one's own
PLACES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("/", N_("Today"), OVERSEERS),
    ("/agencies/{office}", N_("Our obligations"), ("agency",)),
    ("/tasks", N_("Tasks"), EVERYBODY[:3]),
    ("/directives", N_("Directives"), EVERYBODY[:3]),
    ("/agencies", N_("Agencies"), OVERSEERS),
    ("/heatmap", N_("Heatmap"), OVERSEERS),
    ("/reviews", N_("Reviews"), OVERSEERS),
    ("/reminders", N_("Reminders"), ("secretariat", "auditor", "admin")),
    ("/calendar", N_("Calendar"), EVERYBODY[:3]),
    ("/reports", N_("Reports"), OVERSEERS),
    ("/history", N_("History"), ("secretariat", "auditor", "admin")),
    ("/author", N_("Drafts"), ("secretariat", "admin")),
    ("/admin", N_("Administration"), ("admin",)),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A link of the navigation, and whether the page shown lies below it."""

    path: str
    words: str
    here: bool


def links_for(viewer: "Viewer", request: Request) -> tuple[Place, ...]:
    """Return the navigation of a viewer on a page."""
    offered = [
        (path.format(office=viewer.office), words)
        for path, words, roles in PLACES
        if viewer.role in roles and _is_served(request, path)
    ]
    here = max((path for path, _ in offered if _is_below(request.url.path, path)), key=len, default=None)
    return tuple(Place(path, words, path == here) for path, words in offered)


def _is_below(path: str, place: str) -> bool:
    return path == place or (place != "/" and path.startswith(place + "/"))


def _is_served(request: Request, path: str) -> bool:
    """Return whether an app has a page; it has the same ones as long as it lives."""
    known: dict[str, bool] | None = getattr(request.app.state, "served", None)
    if known is None:
        known = request.app.state.served = {}
    if path not in known:
        scope = {"type": "http", "method": "GET", "path": path.format(office="-"), "root_path": "", "headers": []}
        known[path] = any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    return known[path]
