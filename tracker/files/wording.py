"""Wording: the deadline phrases of printed tables, in three languages, to rules."""

import re
from collections.abc import Callable
from datetime import date

from tracker.domain.calendar import Span
from tracker.domain.deadline import Before, By, In, Review, Rule, Within
from tracker.domain.directive import fold

_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "january janvier", "february fevrier", "march mars", "april avril", "may mai", "june juin", "july juillet",
            "august aout", "september septembre", "october octobre", "november novembre", "december decembre",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "1": 1, "2": 2, "3": 3, "4": 4}
_YEAR = r"(?P<year>(?:19|20|21)[0-9]{2})"
_NAMED = "|".join(_MONTHS)
_DAY = (
    rf"(?:ngay )?(?:(?P<day>[0-9]{{1,2}}) (?:thang )?(?P<month>[0-9]{{1,2}}|{_NAMED}) (?:nam )?{_YEAR}"
    rf"|(?P<iso>{_YEAR.replace('year', 'iso_year')} [0-9]{{2}} [0-9]{{2}}))"
)
_MONTH = rf"(?:thang )?(?P<month>[0-9]{{1,2}}|{_NAMED}) (?:nam )?{_YEAR}"
_QUARTER = rf"(?:quy|quarter|q|trimestre)? ?(?P<quarter>[1-4]|iv|i{{1,3}})(?:e|er)? (?:trimestre )?(?:nam )?{_YEAR}"
_BEFORE = r"(?:(?:hoan thanh|cham nhat|muon nhat|xong|complete|completed|achever) )*(?:truoc|before|avant)(?: le)?"
_BY = (
    r"(?:cham nhat|muon nhat|den het|den|hoan thanh|no later than|not later than|by|at the latest|au plus tard|d ici)"
    r"(?: (?:trong|la|vao|the|le|au|on|den))?"
)
_IN = r"(?:(?:hoan thanh |complete |achever )?(?:trong|in|en|au|dans))"
_COUNT = (
    r"(?:trong|within|dans|sous)?(?: vong| thoi han| les| un delai de)? ?"
    r"(?P<count>[0-9]{1,3}) (?P<unit>ngay lam viec|working days?|jours ouvrables?|jours ouvres?|ngay|days?|jours?"
    r"|tuan|weeks?|semaines?|thang|months?|mois)(?P<from> (?:ke )?(?:tu|from|of|after|a compter|sau|depuis).*)?"
)
_OF_ISSUE = r" (?:(?:ke )?tu ngay (?:ban hanh|ky)|(?:from|of|after) (?:the )?(?:date of )?issue)"
_STEADY = r"(?:thuong xuyen|lien tuc|tiep tuc|regular(?:ly)?|continuous(?:ly)?|ongoing|permanent|(?:en )?continu)"
_URGENT = r"(?:khan truong|kip thoi|som|urgent|urgently|promptly|immediately|d urgence|rapidement)"


def rule_of(words: str) -> Rule:
    """Return the rule of a deadline phrase; raises ValueError with the reason for one that is none.

    >>> rule_of("trước 31/8/2025"), rule_of("tháng 9/2025")
    (Before(day=datetime.date(2025, 8, 31), inclusive=False), In(year=2025, month=9, quarter=None))
    """
    plain = fold(words).replace("-", " ")
    for pattern, rule in _RULES:
        if match := re.fullmatch(pattern, plain):
            return rule(match.groupdict())
    if re.search(r"\b[0-9]{1,2} [0-9]{1,2}\b", plain) and not re.search(_YEAR, plain):
        raise ValueError("the date has no year")
    raise ValueError("it is no phrase we know")


_Parts = dict[str, str | None]


def _day(parts: _Parts) -> date:
    try:
        if iso := parts.get("iso"):
            return date.fromisoformat(iso.replace(" ", "-"))
        return date(int(parts["year"] or 0), _month_number(parts), int(parts["day"] or 0))
    except ValueError:
        raise ValueError("the calendar has no such day") from None


def _month_number(parts: _Parts) -> int:
    word = parts["month"] or ""
    number = _MONTHS.get(word) or int(word)
    if not 1 <= number <= 12:
        raise ValueError("a year has 12 months")
    return number


def _in_month(parts: _Parts) -> Rule:
    return In(int(parts["year"] or 0), _month_number(parts))


def _before_month(parts: _Parts) -> Rule:
    return Before(date(int(parts["year"] or 0), _month_number(parts), 1))


def _in_quarter(parts: _Parts) -> Rule:
    return In(int(parts["year"] or 0), quarter=_ROMAN[parts["quarter"] or ""])


def _within(parts: _Parts) -> Rule:
    unit, count = parts["unit"] or "", int(parts["count"] or 0)
    if parts["from"] and not re.fullmatch(_OF_ISSUE, parts["from"]):
        raise ValueError("it runs from something else than the day of issue")
    if count == 0:
        raise ValueError("a period has at least one day")
    if re.match("ngay lam viec|working|jours? ouvr", unit):
        return Within(Span(count, "working days"))
    if re.match("tuan|week|semaine", unit):
        return Within(Span(count, "weeks"))
    return Within(Span(count, "months" if re.match("thang|month|mois", unit) else "days"))


_RULES: tuple[tuple[str, Callable[[_Parts], Rule]], ...] = (
    (rf"{_BEFORE} {_DAY}", lambda parts: Before(_day(parts))),
    (rf"(?:{_BY} )?{_DAY}", lambda parts: By(_day(parts))),
    (rf"{_BEFORE} {_MONTH}", _before_month),
    (rf"(?:{_IN} |{_BY} )?{_MONTH}", _in_month),
    (rf"(?:{_IN} |{_BY} )?(?:le )?{_QUARTER}", _in_quarter),
    (rf"(?:{_IN} |{_BY} )?(?:nam |year |l annee |annee )?{_YEAR}", lambda parts: In(int(parts["year"] or 0))),
    (_COUNT, _within),
    (_STEADY, lambda parts: Review(Span(30, "days"))),
    (_URGENT, lambda parts: Review(Span(14, "days"))),
)
