"""Why an assignment stands where it stands: one sentence for each reason code.

The domain reckons the code and the values; only here do they become words.
"""

from collections.abc import Mapping
from datetime import date

from tracker.notify.tongue import catalogue, day

Value = str | int | date

CODES = (
    "open", "due_soon", "overdue", "waiting", "undated", "review_due", "submitted", "submitted_late",
    "returned", "completed_on_time", "completed_late", "closed_out",
)  # fmt: skip


class _Shown(dict[str, str]):
    """Values as they are read; one that is missing shows a dash, for a mail is worth more than none."""

    def __missing__(self, name: str) -> str:
        return "–"


def sentence(code: str, values: Mapping[str, Value], language: str) -> str:
    """Return the reason as one sentence in `language`.

    >>> sentence("due_soon", {"days": 1}, "en"), sentence("due_soon", {"days": 3}, "en")
    ('1 working day is left.', '3 working days are left.')
    """
    if code not in CODES:
        raise ValueError(f"no sentence is written for the reason {code!r}")
    shown = _Shown((name, _value(value, language)) for name, value in values.items())
    if code == "closed_out" and (why := values.get("why")):
        shown["why"] = _closing(str(why), language)
    return _pattern(code, values, language).format_map(shown)


def _pattern(code: str, values: Mapping[str, Value], language: str) -> str:
    if code in ("due_soon", "overdue", "completed_late", "waiting"):
        return _counted(code, _number(values), language)
    words = catalogue(language)
    return {
        "open": words.gettext("The task is open; it is due on {last_day}."),
        "undated": words.gettext("No date has been set; the task is reviewed on {review_day}."),
        "review_due": words.gettext("No date has been set, and a review was due on {review_day}."),
        "submitted": words.gettext("The result was reported on {day} and awaits review."),
        "submitted_late": words.gettext("The result was reported late, on {day}, and awaits review."),
        "returned": words.gettext("The report was returned; still missing: {missing}."),
        "completed_on_time": words.gettext("The task was completed on time."),
        "closed_out": words.gettext("The task is closed: {why}."),
    }[code]


def _counted(code: str, count: int, language: str) -> str:
    words = catalogue(language)
    if code == "due_soon" and count == 0:
        return words.gettext("No working day is left.")
    if code == "due_soon":
        return words.ngettext("{days} working day is left.", "{days} working days are left.", count)
    if code == "overdue":
        return words.ngettext(
            "The task is {days} day late; its last day was {last_day}.",
            "The task is {days} days late; its last day was {last_day}.",
            count,
        )
    if code == "waiting":
        return words.ngettext(
            "The task waits for another: {first}.",
            "The task waits for {count} others, the first being: {first}.",
            count,
        )
    return words.ngettext("The task was completed {days} day late.", "The task was completed {days} days late.", count)


def _number(values: Mapping[str, Value]) -> int:
    count = values.get("days", values.get("count", 0))
    return count if isinstance(count, int) else 0


def _value(value: Value, language: str) -> str:
    return day(value, language) if isinstance(value, date) else str(value)


def _closing(why: str, language: str) -> str:
    """Return the closing in words when it is one of the ledger's, else as the secretariat wrote it."""
    words = catalogue(language)
    known = {
        "discontinued": words.gettext("discontinued"),
        "superseded": words.gettext("superseded by a later directive"),
        "not_applicable": words.gettext("not applicable to this agency"),
    }
    return known.get(why, why)
