"""Rungs: one step of a ladder or one level of escalation as a file writes it, and who hears of it."""

import re
from collections.abc import Mapping
from typing import Any, cast

from tracker.domain.ladder import AUDIENCES, HALF, LEAD, Audience, Level, Rung
from tracker.files import scalars
from tracker.files.form import form, one_or_several
from tracker.files.nodes import Mapping as Table
from tracker.files.nodes import Node, Sequence
from tracker.files.report import Report
from tracker.files.words import clip, meant

RUNG_KEYS = ("at", "to")
LEVEL_KEYS = ("after", "to")
_SHARE = re.compile(r"([1-9][0-9]?) ?% of the time")
_REMEDY = "write assigned, half time, '75 % of the time', due, '3 working days before' or '1 working day after'"


def read_rung(report: Report, node: Node) -> Rung | None:
    """Return a rung: a text, or a mapping that says who hears of it."""
    if not isinstance(node, Table):
        return _rung(report, node)
    fields = form(report, node, RUNG_KEYS, needed="a rung {at: …, to: […]}")
    if fields is None:
        return None
    rung, to = fields.need("at", _rung), fields.get("to", audiences)
    if rung is None:
        return None
    return Rung(rung.side, rung.span, rung.share, to or LEAD)


def read_level(report: Report, node: Node) -> Level | None:
    """Return a level of escalation."""
    fields = form(report, node, LEVEL_KEYS, needed="a level {after: …, to: …}")
    if fields is None:
        return None
    after, to = fields.need("after", scalars.span), fields.need("to", audiences)
    return Level(after, to) if after and to else None


def audiences(report: Report, node: Node) -> tuple[Audience, ...] | None:
    """Return who hears of a rung: one of some words, or several."""
    found = _audiences(report, node)
    if isinstance(node, Sequence) and not node.items:
        report.error(node, "empty-value", "nobody would hear of it", "write one of: " + ", ".join(AUDIENCES))
    return found or None


def rung_of(words: str) -> Rung:
    """Return the rung written as a ladder writes it; raises ValueError.

    >>> str(rung_of("10 working days before")), str(rung_of("half time")), rung_of("75 % of the time").share
    ('before-10wd', 'half', 75)
    """
    if words == "half time":
        return Rung("share", share=HALF)
    if match := _SHARE.fullmatch(words):
        return Rung("share", share=int(match[1]))
    span, _, side = words.rpartition(" ")
    match side:
        case "assigned" | "due" if not span:
            return Rung(side)
        case "before" | "after":
            return Rung(side, scalars.span_of(span))
    raise ValueError(f"'{words}' is not a rung")


def rung_text(rung: Rung) -> str:
    """Return a rung as a ladder writes it.

    >>> rung_text(rung_of("1 working day after")), rung_text(rung_of("50% of the time"))
    ('1 working day after', 'half time')
    """
    if rung.share is not None:
        return "half time" if rung.share == HALF else f"{rung.share} % of the time"
    return rung.side if rung.span is None else f"{rung.span} {rung.side}"


def rung_document(rung: Rung) -> str | dict[str, Any]:
    """Return a rung as a JSON value: a text, as long as the lead alone hears of it."""
    words = rung_text(rung)
    return words if rung.to == LEAD else {"at": words, "to": list(rung.to)}


def rung_from(document: str | Mapping[str, Any]) -> Rung:
    """Return the rung of a document; raises ValueError."""
    if isinstance(document, str):
        return rung_of(document)
    rung = rung_of(document["at"])
    return Rung(rung.side, rung.span, rung.share, audiences_from(document["to"]))


def audiences_from(words: list[str]) -> tuple[Audience, ...]:
    """Return the audiences of a document; raises ValueError for a word that is none."""
    if not words or set(words) - set(AUDIENCES):
        raise ValueError(f"{words} are not audiences")
    return tuple(cast(Audience, word) for word in words)


def _rung(report: Report, node: Node) -> Rung | None:
    words = scalars.scalar(report, node, needed="a rung")
    if words is None:
        return None
    try:
        return rung_of(words)
    except ValueError:
        report.error(node, "bad-rung", f"'{clip(words)}' is not a rung", _REMEDY)
        return None


def _audience(report: Report, node: Node) -> Audience | None:
    word = scalars.scalar(report, node, needed="who hears of it")
    if word is None:
        return None
    for audience in AUDIENCES:
        if word == audience:
            return audience
    remedy = meant(report.guess(word, AUDIENCES), "write one of: " + ", ".join(AUDIENCES))
    report.error(node, "unknown-audience", f"'{clip(word)}' is nobody a ladder can tell", remedy)
    return None


_audiences: scalars.Reader[tuple[Audience, ...]] = one_or_several(_audience, "a list of those who hear of it")
