"""Terms: the limit, the review and the anchor of an assignment, as the payload of an entry holds them."""

from collections.abc import Mapping
from datetime import date, time
from functools import lru_cache
from typing import Any

from tracker.domain.calendar import Span
from tracker.domain.entry import instant, stamp
from tracker.domain.limit import Limit
from tracker.domain.rule import Anchor


def limit_document(limit: Limit | None) -> dict[str, Any] | None:
    """Return a limit as an entry's payload holds it, or None."""
    if limit is None:
        return None
    minute = f"{limit.minute:%H:%M}" if limit.minute else None
    found = {
        "last_day": limit.last_day.isoformat(),
        "late_from": stamp(limit.late_from),
        "minute": minute,
        "zone": limit.zone,
    }
    # entries are for ever: what most limits do not have is not written
    opens = {"opens_at": stamp(limit.opens_at)} if limit.opens_at else {}
    return {**found, **opens, **({"cutoff": True} if limit.cutoff else {})}


def limit_from(document: Mapping[str, Any] | None) -> Limit | None:
    """Return the limit of an entry's payload."""
    if document is None:
        return None
    opens_at, cutoff = document.get("opens_at"), document.get("cutoff", False)
    return _limit(document["last_day"], document["zone"], document["late_from"], document["minute"], opens_at, cutoff)


@lru_cache(maxsize=4096)  # all of a fan-out have the same
def _limit(last_day: str, zone: str, late_from: str, minute: str | None, opens_at: str | None, cutoff: bool) -> Limit:
    return Limit(
        last_day=date.fromisoformat(last_day),
        zone=zone,
        late_from=instant(late_from),
        minute=time.fromisoformat(minute) if minute else None,
        opens_at=instant(opens_at) if opens_at is not None else None,
        cutoff=cutoff,
    )


def span_from(text: str | None) -> Span | None:
    """Return the span of a text such as '14 days'.

    >>> span_from("1 working day")
    Span(count=1, unit='working days')
    """
    if text is None:
        return None
    number, unit = text.split(" ", 1)
    return Span(int(number), "working days" if unit.startswith("working") else "days")


def anchor_document(anchor: Anchor | None, anchored_on: date | None) -> dict[str, str]:
    """Return what an entry's payload says of an anchor; nothing where there is none."""
    if anchor is None:
        return {}
    return {"anchor": str(anchor), **({"anchored_on": anchored_on.isoformat()} if anchored_on else {})}
