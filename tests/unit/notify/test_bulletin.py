"""The lists of a Monday as they are read: golden files, and what a figure may not stand without."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from tests.unit.notify.a_digest import a_digest, an_item
from tests.unit.notify.a_notice import AGENCIES, OFFICES
from tests.unit.notify.test_render import GOLDEN, _same
from tracker.notify.bulletin import Bulletin, Figure
from tracker.notify.notice import LANGUAGES
from tracker.notify.render import render

DAY = date(2025, 8, 25)
FIGURES = (
    Figure("completed_on_time", 3, 0, 2, 0, 0, 5),
    Figure("completed_late", 2, 0, 1, 0, 0, 3),
    Figure("open_in_time", 12, 1, 0, 11, 0, 2),
    Figure("open_overdue", 231, 0, 9, 1, 0, 239),
    Figure("undated", 933, 0, 0, 0, 0, 933),
    Figure("closed_out", 0, 0, 0, 0, 0, 0),
)


def a_bulletin(kind: str = "weekly", *, language: str = "en", **changes: Any) -> Bulletin:
    """Return a bulletin that is valid by default, with the changes asked for."""
    late = an_item("overdue", language=language)
    soon = replace(an_item("before", language=language), stage="open")
    free = replace(an_item("review", 2, language=language), stage="open")
    base = a_digest(late, soon, free, language=language)
    shared = {name: getattr(base, name) for name in base.__dataclass_fields__}
    weekly = {"count": 12, "late": 3}
    monday = {
        "items": (), "count": 1174, "late": 239, "since": date(2025, 8, 18), "figures": FIGURES, "undelivered": 2,
        "failures_url": "https://directives.example/reminders?state=failed", "workbook": b"PK", "agency": "VPCP",
        "recipient_name": OFFICES[language], "url": "https://directives.example/tasks",
    }  # fmt: skip
    own = weekly if kind == "weekly" else monday
    return Bulletin(**{**shared, "recipient_name": AGENCIES[language], "kind": kind, "of_day": DAY, **own, **changes})


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["weekly", "monday"])
def test_each_reads_as_agreed_in_each_language(kind: str, language: str) -> None:
    rendered = render(a_bulletin(kind, language=language))
    _same(GOLDEN / f"{kind}-{language}.txt", f"Subject: {rendered.subject}\n\n{rendered.text}")
    _same(GOLDEN / f"{kind}-{language}.html", rendered.html)


def test_every_figure_stands_with_its_whole_and_what_led_to_it() -> None:
    text = render(a_bulletin("monday")).text
    assert "5 of 8 completed\n   5 = 3 + 0 new + 2 come − 0 gone − 0 no longer counted" in text
    assert "239 of 241 open with a date\n   239 = 231 + 0 new + 9 come − 1 gone − 0 no longer counted" in text
    assert "933 of 1182 in all" in text
    assert "2 reminders not delivered" in text


def test_the_first_report_has_nothing_to_compare_with() -> None:
    text = render(a_bulletin("monday", since=None)).text
    assert " = " not in text
    assert "since" not in text


@pytest.mark.parametrize(("count", "more"), [(3, None), (4, "and 1 more"), (12, "and 9 more")])
def test_a_list_says_how_many_more_there_are(count: int, more: str | None) -> None:
    text = render(a_bulletin(count=count)).text
    assert (more or "more:") in text if more else "more:" not in text


def test_one_that_is_late_says_so_and_an_exercise_too() -> None:
    rendered = render(a_bulletin("monday", late_by=timedelta(hours=5), rehearsal=True))
    assert "it should have come 5 hours ago" in rendered.text
    assert rendered.subject.startswith("[REHEARSAL] [Weekly report] 25 August 2025 – 1174 open tasks, 239 overdue")
