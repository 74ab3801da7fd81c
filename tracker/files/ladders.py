"""Ladders: ladders.yaml, the reminder policies and the span in which an assignment is due soon."""

from datetime import time

from tracker.domain.calendar import Span
from tracker.domain.ladder import Ladder, Rung
from tracker.files import scalars
from tracker.files.form import Form, form, several, table
from tracker.files.nodes import Node, Scalar
from tracker.files.report import Report
from tracker.files.words import clip

_DUE_SOON = Span(3, "working days")


def read_ladders(fields: Form) -> tuple[Span, dict[str, Ladder]] | None:
    """Return the due-soon span and the ladders by name, or None with findings."""
    due_soon = fields.get("due_soon", scalars.span) or _DUE_SOON
    mapping = fields.need("ladders", lambda report, node: table(report, node, needed="a mapping of ladders"))
    if mapping is None:
        return None
    ladders = [_ladder(fields.report, key, node) for key, node in mapping.entries.values()]
    if "standard" not in mapping.entries:
        sentence = "there is no ladder 'standard', which tasks have when they name none"
        fields.report.error(mapping, "missing-key", sentence, "add it")
    return due_soon, {ladder.name: ladder for ladder in ladders if ladder}


def _ladder(report: Report, key: Scalar, node: Node) -> Ladder | None:
    name = scalars.identifier(report, key)
    if name == "none":
        report.error(key, "bad-id", "'none' means no reminders, it cannot name a ladder", "choose another name")
    fields = form(report, node, ("time", "rungs", "then_every", "review"), at=key, needed="a ladder")
    if fields is None:
        return None
    at: time | None = fields.need("time", scalars.clock_time)
    rungs = fields.need("rungs", several(_rung, "a list of rungs"))
    then_every = fields.get("then_every", scalars.span)
    review = fields.get("review", scalars.truth)
    if name is None or at is None or rungs is None:
        return None
    return Ladder(name=name, time=at, rungs=rungs, then_every=then_every, review=review is not False)


def _rung(report: Report, node: Node) -> Rung | None:
    words = scalars.scalar(report, node, needed="a rung")
    if words is None:
        return None
    try:
        return rung_of(words)
    except ValueError:
        remedy = "write assigned, due, '3 working days before' or '1 working day after'"
        report.error(node, "bad-rung", f"'{clip(words)}' is not a rung", remedy)
        return None


def rung_of(words: str) -> Rung:
    """Return the rung written as a ladder writes it; raises ValueError.

    >>> rung_of("10 working days before")
    Rung(side='before', span=Span(count=10, unit='working days'))
    """
    span, _, side = words.rpartition(" ")
    match side:
        case "assigned" | "due" if not span:
            return Rung(side)
        case "before" | "after":
            return Rung(side, scalars.span_of(span))
    raise ValueError(f"'{words}' is not a rung")


def rung_text(rung: Rung) -> str:
    """Return a rung as a ladder writes it.

    >>> rung_text(rung_of("1 working day after"))
    '1 working day after'
    """
    return rung.side if rung.span is None else f"{rung.span} {rung.side}"
