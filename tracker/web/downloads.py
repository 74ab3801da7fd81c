"""Downloads: the same rows as a file or a feed, with the filter that made it, as of when, and the ledger's position."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from tracker.notify.reasons import sentence
from tracker.notify.tongue import catalogue, civil, instant
from tracker.operations.listing import (
    Deadline,
    Feed,
    Listing,
    News,
    atom_pieces,
    calendar_pieces,
    csv_pieces,
    event_id,
    json_pieces,
    tag,
    xlsx_pieces,
)
from tracker.settings import Settings
from tracker.views.plain import plain
from tracker.views.rows import TaskRow
from tracker.views.sought import Sought
from tracker.views.stamp import Stamp
from tracker.web.columns import FIELDS, chosen, columns, values
from tracker.web.tokens import token

MEDIA_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "ics": "text/calendar; charset=utf-8",
    "atom": "application/atom+xml; charset=utf-8",
}
_SAVED = ("xlsx", "csv", "ics")
_SETTLED = frozenset({"completed", "not_applicable", "discontinued", "superseded", "expired"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a file is to hold: its filter, also in words, how many rows, and what its readers want."""

    sought: Sought
    filter: str
    stamp: Stamp
    total: int
    language: str
    url: str
    names: tuple[str, ...] = ()
    bom: bool = True
    heading: bool = True


@dataclass(frozen=True, slots=True)
class Made:
    """A file on its way out."""

    pieces: Iterator[bytes]
    media_type: str
    headers: dict[str, str]


def download(suffix: str, asked: Asked, rows: Iterator[TaskRow], settings: Settings) -> Made:
    """Return the rows as a file of this kind; raises Invalid where they do not go into one."""
    match suffix:
        case "csv":
            pieces = csv_pieces(_listing(asked, rows), bom=asked.bom, heading=asked.heading)
        case "xlsx":
            pieces = xlsx_pieces(_listing(asked, rows), at=asked.stamp.as_of)
        case "json":
            pieces = json_pieces(_head(asked), map(_plain, rows), key="tasks")
        case "ics":
            dated = (row for row in rows if row.last_day is not None)
            pieces = calendar_pieces(_feed(asked, settings, "ics"), (_deadline(row, asked, settings) for row in dated))
        case _:
            pieces = atom_pieces(_feed(asked, settings, "atom"), (_news(row, asked, settings) for row in rows))
    name = f"tasks-{civil(asked.stamp.as_of, asked.stamp.zone):%Y-%m-%d}{'' if asked.sought.is_all else '-filtered'}"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{suffix}"'} if suffix in _SAVED else {}
    return Made(pieces, MEDIA_TYPES[suffix], headers)


def _listing(asked: Asked, rows: Iterator[TaskRow]) -> Listing:
    words, stamp, language = catalogue(asked.language), asked.stamp, asked.language
    names = chosen(asked.names) if asked.names else tuple(FIELDS)
    heading = [
        (words.gettext("Filter"), asked.filter),
        (words.gettext("Rows"), str(asked.total)),
        (words.gettext("As of"), instant(stamp.as_of, stamp.zone, language)),
        (words.gettext("Ledger position"), f"({stamp.seq}, {stamp.head})"),
        (words.gettext("Address"), asked.url),
    ]
    if stamp.known_at != stamp.as_of:
        heading.insert(3, (words.gettext("As known on"), instant(stamp.known_at, stamp.zone, language)))
    if stamp.rehearsal:
        heading.insert(
            0, (words.gettext("REHEARSAL"), words.gettext("Nothing here is real, and no mail leaves this machine."))
        )
    return Listing(
        title=words.gettext("Tasks"),
        heading=tuple(heading),
        columns=columns(names, language),
        rows=values(rows, names, language),
        total=asked.total,
    )


def _head(asked: Asked) -> dict[str, object]:
    filtered: dict[str, list[str]] = {}
    for name, value in asked.sought.params():
        filtered.setdefault(name, []).append(value)
    return {"filter": filtered, "filter_in_words": asked.filter, **plain(asked.stamp), "total": asked.total}


def _plain(row: TaskRow) -> dict[str, object]:
    found: dict[str, object] = plain(row)
    return found


def _feed(asked: Asked, settings: Settings, kind: str) -> Feed:
    words, stamp = catalogue(asked.language), asked.stamp
    query = "&".join(f"{name}={quote(value)}" for name, value in asked.sought.params())
    mark = f"[{words.gettext('REHEARSAL')}] " if stamp.rehearsal else ""
    told = words.gettext("As of {instant}; ledger position ({seq}, {head}).").format(
        instant=instant(stamp.as_of, stamp.zone, asked.language), seq=stamp.seq, head=stamp.head
    )
    return Feed(
        uid=tag(f"tasks?{query}", settings) if kind == "atom" else event_id(f"tasks?{query}", settings),
        name=f"{mark}{words.gettext('Tasks')} – {settings.office}",
        description=f"{words.gettext('Filter')}: {asked.filter}. {told}",
        url=asked.url,
        language=asked.language,
        at=stamp.as_of,
    )


def _deadline(row: TaskRow, asked: Asked, settings: Settings) -> Deadline:
    assert row.last_day is not None
    words, done = catalogue(asked.language), row.progress in _SETTLED
    mark = f"[{words.gettext('REHEARSAL')}] " if asked.stamp.rehearsal else ""
    return Deadline(
        uid=event_id(row.ref, settings),
        version=row.version,
        last_day=row.last_day,
        summary=f"{mark}{'✓ ' if row.progress == 'completed' else ''}{row.number} – {row.title} ({row.agency_name})",
        description=f"{sentence(row.reason, asked.language)}\n{_url(row, settings)}",
        url=_url(row, settings),
        alarm=not done and row.progress != "submitted",
        gone=done and row.progress != "completed",
        changed_at=row.touched_at or asked.stamp.as_of,
    )


def _news(row: TaskRow, asked: Asked, settings: Settings) -> News:
    word = catalogue(asked.language).gettext(token("standing", row.standing).word)
    return News(
        uid=tag(row.ref, settings),
        title=f"{word}: {row.title} ({row.agency_name}, {row.number})",
        summary=sentence(row.reason, asked.language),
        url=_url(row, settings),
        author=row.agency_name,
        changed_at=row.touched_at or asked.stamp.as_of,
    )


def _url(row: TaskRow, settings: Settings) -> str:
    return f"{settings.base_url.rstrip('/')}/tasks/{quote(row.ref)}"
