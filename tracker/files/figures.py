"""Figures: printed numbers to exact ones. Grouped digits and decimal commas are refused, never guessed at.

"3.321" is 3,321 in Vietnamese and German and a little more than three elsewhere, and the author is the one to say.
"""

import re
from decimal import Decimal

from tracker.domain.figure import Portion
from tracker.files import scalars
from tracker.files.nodes import Mapping, Node, Sequence
from tracker.files.report import Report
from tracker.files.scalars import Reader
from tracker.files.words import clip

# 18 digits count every coin of the world; more would only make arithmetic slow
_NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]{0,17})(\.[0-9]{1,9})?")
_GROUPED = re.compile(r"[+-]?[1-9][0-9]{0,2}([ .,'_\u00a0\u2009\u202f][0-9]{3})+([.,][0-9]+)?")
_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")


def number_of(words: str) -> Decimal:
    """Return the number written with digits, and a point before its decimals; raises ValueError.

    >>> number_of("4386106"), number_of("74.7")
    (Decimal('4386106'), Decimal('74.7'))
    """
    if _GROUPED.fullmatch(words):
        raise ValueError("its digits are grouped, or are they decimals?")
    if _COMMA.fullmatch(words):
        raise ValueError("it has a decimal comma")
    if not _NUMBER.fullmatch(words):
        raise ValueError("it is not written with digits and at most one point")
    return Decimal(words)


def figure(report: Report, node: Node) -> Decimal | None:
    """Return a number from 0."""
    value = signed(report, node)
    if value is not None and value < 0:
        sentence = f"'{value}' is less than nothing"
        report.error(node, "bad-figure", sentence, "only a delta may be negative; write what is left, or the change")
        return None
    return value


def signed(report: Report, node: Node) -> Decimal | None:
    """Return a number, below 0 as well."""
    words = scalars.scalar(report, node, needed="a number")
    if words is None:
        return None
    try:
        return number_of(words)
    except ValueError as error:
        sentence = f"'{clip(words)}' cannot be read as a number: {error}"
        grouped = bool(_GROUPED.fullmatch(words))
        report.error(node, "grouped-digits" if grouped else "bad-figure", sentence, _remedy(words, grouped=grouped))
        return None


def _remedy(words: str, *, grouped: bool) -> str:
    if grouped:
        plain = re.sub(r"[^0-9+-]", "", words)
        remedy = f"write {plain} if the digits are grouped"
        if re.fullmatch(r"[^.,]*[.,][0-9]{3}", words):
            remedy += f", or {words.replace(',', '.')}0 if they are decimals"
        return remedy
    return f"write {words.replace(',', '.')}" if _COMMA.fullmatch(words) else "write for example 4386106 or 74.7"


def whole(report: Report, node: Node) -> int | None:
    """Return a whole number from 1."""
    value = figure(report, node)
    if value is None:
        return None
    if value != value.to_integral_value() or value < 1:
        report.error(node, "bad-figure", f"'{value}' is no whole number from 1", "write digits only, for example 3321")
        return None
    return int(value)


def portions(what: str) -> Reader[tuple[Portion, ...]]:
    """Return a reader of named numbers in their order: [decided: 94402, left: 81995]."""
    remedy = "write [decided: 94402, left: 81995]"

    def read(report: Report, node: Node) -> tuple[Portion, ...] | None:
        if not isinstance(node, Sequence):
            report.error(node, "wrong-type", f"a list of {what} is needed here", remedy)
            return None
        found = [_portion(report, item, remedy) for item in node.items]
        sound = tuple(portion for portion in found if portion)
        for index, portion in enumerate(sound):
            if portion.name in (other.name for other in sound[:index]):
                report.error(node, "duplicate-item", f"'{portion.name}' stands here twice", "rename one of the two")
                return None
        if len(found) < 2:
            report.error(node, "bad-figure", f"{what} are at least two", remedy)
            return None
        return sound if len(sound) == len(found) else None

    return read


def _portion(report: Report, node: Node, remedy: str) -> Portion | None:
    if not isinstance(node, Mapping) or len(node.entries) != 1:
        report.error(node, "wrong-type", "a name with a number is needed here", remedy)
        return None
    key, value = next(iter(node.entries.values()))
    name = scalars.identifier(report, key)
    number = figure(report, value)
    return None if name is None or number is None else Portion(name, number)
