"""Observations: one claim about a quantity, as it stands under an indicator, and where it was read."""

from calendar import monthrange
from collections.abc import Mapping as Table
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from tracker.domain.indicator import DayBasis, Observation, Origin, Precision, Reading
from tracker.files import figures, names, scalars
from tracker.files.form import Form, form
from tracker.files.nodes import Node, Scalar
from tracker.files.report import At, Report
from tracker.files.scalars import choice
from tracker.files.words import clip, meant, nearest

KEYS = (
    "value", "numerator", "denominator", "stages", "parts", "claim", "percent", "as_of", "period", "since", "reading",
    "source", "agency", "by", "as_of_basis", "alternative", "precision", "words", "note",
)  # fmt: skip
# what an observation of each kind is made of; `parts` may stand beside every `value`
_MADE_OF: Table[str, tuple[str, ...]] = {
    "count": ("value",), "coverage": ("value", "numerator"), "ratio": ("numerator",), "funnel": ("stages",),
    "stock": ("value", "numerator"), "flow": ("value",), "gap": ("value", "numerator"), "delta": ("value",),
    "qualitative": ("claim", "value"),
}  # fmt: skip

_claim = choice(("affirmed", "denied"), "affirmed or denied")
_reading = choice(("relative", "points"), "relative or points")
_day_basis = choice(("stated", "inherited", "inferred"), "a basis")
_precision = choice(("exact", "about", "at-least", "at-most"), "a precision")
_stages = figures.portions("stages")
_parts = figures.portions("parts")


@dataclass(frozen=True, slots=True)
class Seen:
    """An observation with the place of its keys, for the checks that come after."""

    observation: Observation
    fields: Form

    def at(self, *keys: str) -> At:
        """Return where the first of these keys stands, or the observation."""
        return next(
            (self.fields.node.entries[key][1] for key in keys if key in self.fields.node.entries), self.fields.at
        )


def read_reading(report: Report, node: Node, *, origins: Table[str, Origin | None]) -> Reading | None:
    """Return where a figure was read; a page we do not hold has no sentences to count."""
    fields = form(report, node, ("in", "sentence", "sha256"), needed="a place {in: …, sentence: …, sha256: …}")
    if fields is None:
        return None
    name = fields.need("in", scalars.scalar)
    if name is None:
        return None
    if name not in origins:
        remedy = meant(nearest(name, origins), "add it under 'sources'")
        report.error(fields.node.entries["in"][1], "unknown-source", f"there is no source '{clip(name)}'", remedy)
        return None
    origin = origins[name]
    take = fields.need if origin is None or origin.url is None else fields.get
    sentence, sha256 = take("sentence", scalars.number), take("sha256", scalars.sha256)
    return None if origin is None else Reading(origin=origin, sentence=sentence, sha256=sha256)


def read_observation(report: Report, node: Node, *, kind: str, origins: Table[str, Origin | None]) -> Seen | None:
    """Return one observation with the place of its keys, or None with findings."""
    fields = form(report, node, KEYS, needed="an observation")
    if fields is None:
        return None
    had = len(report.findings)
    days = _days(fields)
    source = fields.need("source", lambda report, node: read_reading(report, node, origins=origins))
    values = _measure(fields, kind) | _circumstances(fields)
    if days is None or source is None or any(one.severity == "error" for one in report.findings[had:]):
        return None
    return Seen(Observation(first=days[0], last=days[1], is_period=days[2], source=source, **values), fields)


def _measure(fields: Form, kind: str) -> dict[str, Any]:
    """Return what was counted, after a finding where its keys do not fit the kind or each other."""
    number = figures.signed if kind == "delta" else figures.figure
    values = {
        "value": fields.get("value", number),
        "numerator": fields.get("numerator", figures.figure),
        "denominator": fields.get("denominator", figures.figure),
        "stages": fields.get("stages", _stages) or (),
        "parts": fields.get("parts", _parts) or (),
        "claim": fields.get("claim", _claim),
        "percent": fields.get("percent", figures.signed if kind == "delta" else figures.figure),
    }
    _check_shape(fields, kind)
    return values


def _check_shape(fields: Form, kind: str) -> None:
    has, report = fields.node.entries, fields.report
    given: list[str] = [key for key in ("value", "numerator", "stages", "claim") if key in has]
    allowed = _MADE_OF.get(kind, ("value", "numerator", "stages", "claim"))
    if not given:
        remedy = "add the key " + " or ".join(f"'{key}'" for key in allowed)
        report.error(fields.at, "no-figure", "the observation says nothing", remedy)
    elif len(given) > 1 and set(given) != {"claim", "value"}:
        sentence = "one observation has one figure, here are " + " and ".join(given)
        report.error(has[given[1]][0], "several-figures", sentence, "make two observations of it, or delete one")
    for key in given:
        if key not in allowed:
            remedy = f"a {kind} is made of " + " or ".join(allowed) + "; change the kind, or the key"
            report.error(has[key][0], "wrong-figure", f"'{key}' does not fit the kind {kind}", remedy)
    for key, other in (("denominator", "numerator"), ("numerator", "denominator"), ("parts", "value")):
        if key in has and other not in has:
            report.error(has[key][0], "wrong-figure", f"'{key}' stands without '{other}'", f"add the key '{other}'")
    if "percent" in has and "numerator" not in has and "stages" not in has:
        sentence = "a printed percentage needs the two numbers it was reckoned from"
        report.error(has["percent"][0], "percent-of-what", sentence, "write numerator and denominator, or stages")


def _circumstances(fields: Form) -> dict[str, Any]:
    return {
        "since": fields.get("since", scalars.day),
        "reading": fields.get("reading", _reading),
        "agency": fields.get("agency", names.agency),
        "by": fields.get("by", names.agency),
        "as_of_basis": cast(DayBasis, fields.get("as_of_basis", _day_basis) or "stated"),
        "alternative": fields.get("alternative", scalars.day),
        "precision": cast(Precision, fields.get("precision", _precision) or "exact"),
        "words": fields.get("words", scalars.line),
        "note": fields.get("note", scalars.note),
    }


def _days(fields: Form) -> tuple[date, date, bool] | None:
    """Return the first and the last day, and whether they are a period."""
    has, report = fields.node.entries, fields.report
    if "as_of" in has and "period" in has:
        sentence = "a figure is of a day or of a period, here are both"
        report.error(has["period"][0], "as-of-and-period", sentence, "delete one of the two")
        return None
    if "period" in has:
        return fields.get("period", _period)
    if "as_of" not in has:
        remedy = "add as_of: YYYY-MM-DD, or period: {from: …, to: …}"
        report.error(fields.at, "missing-as-of", "nothing says for which day or period the figure holds", remedy)
        return None
    return fields.get("as_of", _day_or_month)


def _day_or_month(report: Report, node: Node) -> tuple[date, date, bool] | None:
    if isinstance(node, Scalar) and len(node.text.strip()) == len("2025-10"):
        month = scalars.month(report, node)
        return (date(*month, 1), date(*month, monthrange(*month)[1]), False) if month else None
    day = scalars.day(report, node)
    return (day, day, False) if day else None


def _period(report: Report, node: Node) -> tuple[date, date, bool] | None:
    fields = form(report, node, ("from", "to"), needed="a period {from: …, to: …}")
    if fields is None:
        return None
    first, last = fields.need("from", scalars.day), fields.need("to", scalars.day)
    if first is None or last is None:
        return None
    if last < first:
        at = fields.node.entries["to"][1]
        report.error(at, "bad-period", f"the period ends on {last}, before it begins on {first}", "swap the two days")
        return None
    return first, last, True
