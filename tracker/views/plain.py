"""Plain: any view as JSON values. Keys are the fields' own names; instants and days are ISO text.

The stamp's fields stand at the top of a view, so every document says as of when it is true.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from tracker.domain.cells import Cells, Rate
from tracker.domain.phrase import Phrase
from tracker.views.stamp import Stamp

# what is reckoned from the fields, and belongs in the document all the same
RECKONED: Mapping[type, tuple[str, ...]] = {Cells: ("total", "on_time_rate"), Rate: ("percent",)}


def document(view: object) -> dict[str, Any]:
    """Return a view as a JSON object."""
    found = plain(view)
    assert isinstance(found, dict)
    return found


def plain(value: object, *, say: Callable[[Phrase], str] = str) -> Any:
    """Return a value of a view as JSON has it; `say` writes its sentences, in English by default.

    >>> plain((date(2025, 8, 31), datetime(2025, 8, 31, 17, tzinfo=UTC), Phrase("undated_free", {})))
    ['2025-08-31', '2025-08-31T17:00:00Z', {'code': 'undated_free', 'values': {}, 'text': 'no date was set'}]
    """
    match value:
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case date() | time():
            return value.isoformat()
        case Phrase():
            return {"code": value.code, "values": plain(value.values), "text": say(value)}
        case Mapping():
            return {str(key): plain(item, say=say) for key, item in value.items()}
        case tuple() | list():
            return [plain(item, say=say) for item in value]
        case str():
            return str(value)
        case _ if is_dataclass(value):
            return _object(value, say)
    return value


def _object(view: object, say: Callable[[Phrase], str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    names = [field.name for field in fields(view)]  # type: ignore[arg-type]
    for name in [*names, *RECKONED.get(type(view), ())]:
        item = getattr(view, name)
        if isinstance(item, Stamp):
            found.update(_object(item, say))
        else:
            found[name] = plain(item, say=say)
    return found
