"""A digest that is valid by default; a test overrides what it is about."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.unit.notify.a_notice import AGENCIES, JUSTICE, OFFICES, REVIEWS, TITLES
from tracker.notify.digest import Digest, Item

# of each stage: the days it tells and its last day
ROWS: dict[str, tuple[int | None, date | None]] = {
    "overdue": (2, date(2025, 8, 25)),
    "escalated": (9, date(2025, 8, 18)),
    "due": (None, date(2025, 8, 27)),
    "before": (3, date(2025, 8, 31)),
    "half": (14, date(2025, 9, 16)),
    "assigned": (None, date(2025, 9, 30)),
    "review": (None, None),
}


def an_item(stage: str = "overdue", number: int = 1, *, language: str = "en", **changes: Any) -> Item:
    """Return a row of a stage, with the changes asked for."""
    days, last_day = ROWS[stage]
    values: dict[str, Any] = {
        "reference": f"ntf-{stage}-{number}",
        "stage": stage,
        "days": days,
        "directive_number": "412/TB-VPCP",
        "task_title": TITLES[language] if number == 1 else f"{REVIEWS[language]} {number}",
        "assignment": f"2025/412-tb-vpcp/{stage}-{number}/BNV",
        "last_day": last_day,
        "agency": None,
        "covers_for": None,
        "url": f"https://directives.example/tasks/2025/412-tb-vpcp/{stage}-{number}/BNV",
    }
    return Item(**{**values, **changes})


def a_digest(*items: Item, language: str = "en", **changes: Any) -> Digest:
    """Return a digest of these items, or of one of each stage, with the changes asked for."""
    deputy = an_item("overdue", 2, language=language, agency=JUSTICE[language], covers_for=JUSTICE[language])
    every = (*(an_item(stage, language=language) for stage in reversed(ROWS)), deputy)
    values: dict[str, Any] = {
        "reference": "ntf-7f3a91c2",
        "key": "b1|" + "7f" * 32,
        "language": language,
        "agency": "BNV",
        "recipient_name": AGENCIES[language],
        "items": items or every,
        "url": "https://directives.example/tasks?agency=BNV",
        "late_by": None,
        "zone": "Asia/Ho_Chi_Minh",
        "office": OFFICES[language],
        "contact": "theo-doi@directives.example",
        "sender": "tracker@directives.example",
        "seq": 1234,
        "head": "9f3c" * 16,
        "as_of": datetime(2025, 8, 27, 1, 30, tzinfo=UTC) + timedelta(minutes=5),
        "rehearsal": False,
    }
    return Digest(**{**values, **changes})
