"""The work table: every task in sight, filtered, counted, grouped; the same filter as a file or a feed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from tracker.notify.tongue import catalogue
from tracker.views.sought import Sought, sought_from
from tracker.views.stamp import Stamp
from tracker.views.work import GROUPINGS, GROUPS, Facet, Turn, WorkTable, order_from, work_rows, work_table
from tracker.web.columns import FACETS, FIELDS, chosen, in_words, label, parts
from tracker.web.desk import Desk, Reading, Viewer
from tracker.web.downloads import Asked, download
from tracker.web.tokens import N_

CARRIED = ("at", "known")
ORDERS: Mapping[str, str] = {
    "due": N_("Earliest date first"),
    "-due": N_("Latest date first"),
    "ref": N_("By directive and task"),
}
FORMATS = ("xlsx", "csv", "json", "ics", "atom")
Suffix = Literal["xlsx", "csv", "json", "ics", "atom"]
_BIG = 100_000  # a number of groups nobody leafs through to


@dataclass(frozen=True, slots=True)
class Address:
    """The address of the table: its filter, and how it is shown. A saved view is such an address."""

    sought: Sought
    show: tuple[tuple[str, str], ...]
    carried: tuple[tuple[str, str], ...]

    def of(self, sought: Sought | None = None, suffix: str = "", **more: str | None) -> str:
        """Return the address with another filter, of a file, or with something more to show."""
        show = [(name, value) for name, value in self.show if name not in more]
        show += [(name, value) for name, value in more.items() if value]
        found = [*(self.sought if sought is None else sought).params(), *show, *self.carried]
        return f"/tasks{suffix}" + (f"?{urlencode(found)}" if found else "")


def routes(desk: Desk) -> APIRouter:
    """Return the work table and its files."""
    router = APIRouter()
    Who = Annotated[Viewer, Depends(desk.viewer)]

    @router.get("/tasks")
    def table(request: Request, viewer: Who) -> Response:
        """Show a page of the work table."""
        sought, turn = sought_from(request.query_params.multi_items()), _turn(request.query_params)
        with desk.reading(request) as reading:

            def drawn(who: Viewer) -> HTMLResponse:
                found = work_table(
                    reading.connection,
                    sought,
                    turn,
                    at=reading.at,
                    known=reading.known,
                    registry=reading.registry,
                    scope=reading.scope,
                    language=reading.language,
                )
                shown = _shown(request, found, turn, reading)
                return desk.page(request, "work_table.html", viewer=who, reading=reading, **shown)

            return desk.shared(request, viewer, reading, drawn)

    def file(request: Request, viewer: Who, suffix: Suffix) -> Response:
        """Return everything the filter leaves as a file or a feed, row by row."""
        sought = sought_from(request.query_params.multi_items())
        order = order_from(request.query_params.get("order") or "due")
        with ExitStack() as stack:
            reading = stack.enter_context(desk.reading(request))
            stamp, total, rows = work_rows(
                reading.connection,
                sought,
                order=order,
                at=reading.at,
                known=reading.known,
                registry=reading.registry,
                scope=reading.scope,
                language=reading.language,
            )
            asked = _asked(request, reading, sought, stamp, total)
            made = download(suffix, asked, rows, desk.settings)
            pieces = _kept_open(made.pieces, stack.pop_all())
        next(pieces)
        return StreamingResponse(pieces, media_type=made.media_type, headers=made.headers)

    for suffix in FORMATS:
        router.add_api_route(f"/tasks.{suffix}", _with_suffix(file, suffix, desk), methods=["GET"])
    return router


def _asked(request: Request, reading: Reading, sought: Sought, stamp: Stamp, total: int) -> Asked:
    params = request.query_params
    return Asked(
        sought=sought,
        filter=in_words(parts(sought, reading.registry, reading.language), reading.language),
        stamp=stamp,
        total=total,
        language=reading.language,
        url=str(request.url),
        names=tuple(params.getlist("col")),
        bom=params.get("bom") != "0",
        heading=params.get("heading") != "0",
    )


def _with_suffix(file: Callable[..., Response], suffix: str, desk: Desk) -> Callable[..., Response]:
    def of(request: Request, viewer: Annotated[Viewer, Depends(desk.viewer)]) -> Response:
        return file(request, viewer, suffix)

    return of


def _kept_open(pieces: Iterator[bytes], stack: ExitStack) -> Iterator[bytes]:
    """Yield nothing, then the pieces; what they are read from is closed when they end, or nobody wants more."""
    with stack:
        yield b""
        yield from pieces


def _turn(asked: Any) -> Turn:
    said = asked.get("groups") or "0"
    return Turn(
        order=order_from(asked.get("order") or "due"),
        after=asked.get("after") or None,
        before=asked.get("before") or None,
        group=asked.get("group") or None,
        groups_from=min(_BIG, int(said)) if said.isascii() and said.isdigit() and len(said) < 7 else 0,
    )


def _shown(request: Request, found: WorkTable, turn: Turn, reading: Reading) -> dict[str, Any]:
    """Return what the template shows beside the table itself."""
    asked, words = request.query_params, catalogue(reading.language)
    names = chosen(asked.getlist("col"))
    show = [(name, asked[name]) for name in ("order", "group") if asked.get(name)]
    show += [("col", name) for name in names] if asked.getlist("col") else []
    carried = tuple((name, asked[name]) for name in CARRIED if asked.get(name))
    address = Address(found.sought, tuple(show), carried)
    said = parts(found.sought, reading.registry, reading.language)
    return {
        "table": found,
        "names": names,
        "fields": FIELDS,
        "orders": ORDERS,
        "order": turn.order,
        "groupings": [(name, FACETS[name]) for name in GROUPINGS],
        "facets": [_facet(facet, address, words) for facet in found.facets if facet.choices],
        "parts": [(part, address.of(_without(found.sought, part.name, part.value))) for part in said],
        "filter": in_words(said, reading.language),
        "address": address,
        "to_cell": lambda cell: address.of(found.sought.only("cell", cell)),
        "groups": [
            (group, label(found.group or "", group.value, words, named=group.label), _only(address, found, group.value))
            for group in found.groups
        ],
        "earlier": address.of(before=found.before) if found.before else _groups(address, found, -GROUPS),
        "later": address.of(after=found.after) if found.after else _groups(address, found, GROUPS),
        "files": [(suffix, address.of(suffix=f".{suffix}", group=None)) for suffix in FORMATS],
        "task_url": lambda ref: f"/tasks/{quote(ref)}" + (f"?{urlencode(carried)}" if carried else ""),
    }


def _facet(facet: Facet, address: Address, words: Any) -> dict[str, Any]:
    return {
        "name": facet.name,
        "title": FACETS[facet.name],
        "more": facet.more,
        "choices": [
            (
                choice,
                label(facet.name, choice.value, words, named=choice.label),
                address.of(address.sought.toggled(facet.name, choice.value)),
            )
            for choice in facet.choices
        ],
    }


def _without(sought: Sought, name: str, value: str) -> Sought:
    return sought_from((n, v) for n, v in sought.params() if (n, v) != (name, value))


def _only(address: Address, found: WorkTable, value: str) -> str:
    return address.of(found.sought.only(found.group or "", value), group=None)


def _groups(address: Address, found: WorkTable, step: int) -> str | None:
    start = found.groups_from + step
    return address.of(groups=str(max(0, start))) if 0 <= start < found.groups_total or start == 0 else None
