"""Deadline rules as plain JSON values and back, for the store and for fingerprints, with the keys of a file."""

from collections.abc import Mapping as Table
from datetime import date
from typing import Any, cast

from tracker.domain.calendar import Roll
from tracker.domain.deadline import ISSUE, Anchor, Before, By, Done, Due, Every, In, Review, Rule, Window, Within
from tracker.domain.rule import unit_text
from tracker.files import scalars

Document = dict[str, Any]


def due_document(due: Due) -> Document:
    """Return the rule as a file writes it, key by key; an anchor task by its full key."""
    found: Document = {"scope": due.scope, **_rule_document(due.rule)}
    if due.words is not None:
        found["words"] = due.words
    if due.alternative is not None:
        found["alternative"] = due.alternative.isoformat()
    if due.cutoff:
        found["cutoff"] = True
    return found


def _rule_document(rule: Rule) -> Document:
    match rule:
        case Before(day, inclusive):
            return {"before": day.isoformat(), "bound": "inclusive" if inclusive else "exclusive"}
        case By(day, minute):
            return {"by": day.isoformat() + (f"T{minute:%H:%M}" if minute is not None else "")}
        case In():
            return {"in": unit_text(rule)}
        case Window(start, end):
            return {"from": start.isoformat(), "to": end.isoformat()}
        case Within(span, anchor, roll):
            return _without_gaps({"within": str(span), "of": _anchor_document(anchor), "roll": roll})
        case Every(rrule, minute, first, until, roll):
            return _without_gaps(
                {
                    "every": rrule,
                    "time": f"{minute:%H:%M}" if minute is not None else None,
                    "first": first.isoformat() if first else None,
                    "until": until.isoformat() if until else None,
                    "roll": None if roll == "none" else roll,
                }
            )
        case Review(span):
            return {"review": str(span)}
        case Done(day):
            return {"done": day.isoformat()}


def due_from(document: Table[str, Any]) -> Due:
    """Return the rule that `due_document` wrote; raises KeyError or ValueError for anything else."""
    return Due(
        rule=_rule_from(document),
        words=document.get("words"),
        scope="inherited" if document["scope"] == "inherited" else "own",
        alternative=_day(document.get("alternative")),
        cutoff=document.get("cutoff", False),
    )


def _rule_from(document: Table[str, Any]) -> Rule:
    match document:
        case {"before": day, "bound": bound}:
            return Before(scalars.day_of(day), bound == "inclusive")
        case {"by": moment}:
            return By(*scalars.day_and_minute_of(moment))
        case {"in": unit}:
            return In(*scalars.calendar_unit_of(unit))
        case {"from": start, "to": end}:
            return Window(scalars.day_of(start), scalars.day_of(end))
        case {"within": span}:
            roll = cast(Roll | None, document.get("roll"))
            return Within(scalars.period_of(span), _anchor_from(document.get("of")), roll)
        case {"every": rrule}:
            minute = document.get("time")
            return Every(
                rrule=rrule,
                minute=scalars.minute_of(minute) if minute else None,
                first=_day(document.get("first")),
                until=_day(document.get("until")),
                roll=cast(Roll, document.get("roll", "none")),
            )
        case {"done": day}:
            return Done(scalars.day_of(day))
        case _:
            return Review(scalars.span_of(document["review"]))


def _anchor_document(anchor: Anchor) -> str | dict[str, str] | None:
    match anchor.kind:
        case "issue":
            return None
        case "task":
            return anchor.name
        case "event":
            return {"event": anchor.name}


def _anchor_from(value: str | dict[str, str] | None) -> Anchor:
    if value is None:
        return ISSUE
    return Anchor("event", value["event"]) if isinstance(value, dict) else Anchor("task", value)


def _day(words: str | None) -> date | None:
    return scalars.day_of(words) if words else None


def _without_gaps(document: Document) -> Document:
    return {key: value for key, value in document.items() if value is not None}
