"""A notice that is valid by default; a test overrides what it is about."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.builders import a_calendar
from tracker.domain.calendar import Span
from tracker.domain.deadline import In, reckon
from tracker.domain.phrase import Phrase
from tracker.notify.notice import News, Notice, Peer, Told

TITLES = {
    "en": "Put the national public service portal into full operation",
    "vi": "Đưa Cổng Dịch vụ công quốc gia vào vận hành toàn diện",
    "fr": "Mettre pleinement en service le portail national des services publics",
}
DIRECTIVES = {
    "en": "Conclusions on the two-tier local government",
    "vi": "Thông báo kết luận về chính quyền địa phương hai cấp",
    "fr": "Conclusions sur l’administration locale à deux niveaux",
}
AGENCIES = {"en": "Ministry of Home Affairs", "vi": "Bộ Nội vụ", "fr": "Ministère de l’Intérieur"}
JUSTICE = {"en": "Ministry of Justice", "vi": "Bộ Tư pháp", "fr": "Ministère de la Justice"}
REVIEWS = {"en": "Legal review", "vi": "Thẩm định pháp lý", "fr": "Examen juridique"}
OFFICES = {"en": "Government Office", "vi": "Văn phòng Chính phủ", "fr": "Secrétariat du Gouvernement"}
REPORTS = {"en": "report", "vi": "báo cáo", "fr": "rapport"}

ISSUED = date(2025, 8, 11)
DEADLINE = reckon(In(2025, 8), issued=ISSUED, calendar=a_calendar())
assert DEADLINE is not None
LAST_DAY = date(2025, 8, 31)
STAGES: dict[str, dict[str, Any]] = {
    "assigned": {"days": None, "reason": Phrase("open", {"last_day": LAST_DAY})},
    "before": {
        "days": 3,
        "reason": Phrase("due_soon", {"last_day": LAST_DAY, "left": Span(3, "working days")}),
    },
    "due": {"days": None, "reason": Phrase("due_soon_last", {"last_day": LAST_DAY})},
    "overdue": {"days": 2, "reason": Phrase("overdue", {"late": Span(2, "days"), "last_day": LAST_DAY})},
    "half": {"days": 8, "reason": Phrase("open", {"last_day": LAST_DAY}), "escalates_on": date(2025, 9, 9)},
    "escalated": {
        "days": 9,
        "reason": Phrase("overdue", {"late": Span(9, "days"), "last_day": LAST_DAY}),
        "first_day": date(2025, 8, 15),
        "as_of": datetime(2025, 9, 9, 1, tzinfo=UTC),
        "told": tuple(
            Told(stage=stage, at=datetime(2025, month, number, 1, 0, 12, tzinfo=UTC))
            for stage, month, number in (("assigned", 8, 11), ("before", 8, 27), ("due", 8, 29), ("overdue", 9, 3))
        ),
        "role": "parent",
    },
    "review": {
        "days": None,
        "last_day": None,
        "late_from": None,
        "words": None,
        "next_reminder": None,
        "reason": Phrase("review_due", {"review_day": date(2025, 9, 1), "touched_day": date(2025, 8, 18)}),
    },
}


def _news(kind: str, **said: Any) -> News:
    return News(**{"kind": kind, "seq": 1230, "at": datetime(2025, 8, 27, 1, 34, 56, tzinfo=UTC), **said})


RECEIVED = Phrase("submitted", {"day": date(2025, 8, 27)})
OPEN = Phrase("due_soon", {"last_day": LAST_DAY, "left": Span(3, "working days")})
HASHES = ("0123456789abcdef" * 4, "fedcba9876543210" * 4)


def news_of(stage: str, language: str) -> dict[str, Any]:
    """Return what a notice that tells of an entry says by default."""
    office, person = OFFICES[language], f"{OFFICES[language]} (le)"
    instrument = "15/QĐ-TTg"
    match stage:
        case "unblocked":
            done = (Peer(title=REVIEWS[language], agency=JUSTICE[language], last_day=None, late=False),)
            return {"news": _news("waiting", by=office, done=done), "days": 3, "reason": OPEN, "waiting_for": ()}
        case "returned":
            reason = Phrase("returned", {"day": date(2025, 8, 27), "missing": "Annex 2"})
            return {"news": _news("returned", by=person, missing="Annex 2"), "days": 3, "reason": reason}
        case "accepted":
            reason = Phrase("completed_on_time", {"day": date(2025, 8, 26)})
            return {"news": _news("completed", by=person), "days": 3, "reason": reason}
        case "received":
            news = _news("submitted", by=f"{AGENCIES[language]} (anna)", document="1234/BC-BNV", files=HASHES)
            return {"news": replace(news, done_on=date(2025, 8, 26)), "days": 3, "reason": RECEIVED}
        case "date_changed":
            news = _news("extension_granted", by=person, instrument=instrument, first=date(2025, 8, 15))
            moved = {"old": date(2025, 8, 22), "new": LAST_DAY}
            return {"news": replace(news, **moved), "days": 3, "reason": OPEN, "version": 3}
        case "decided":
            news = _news("transferred", by=person, why="the portal moved house", new_owner=JUSTICE[language])
            return {"news": news, "reason": Phrase("closed_out", {"why": "transferred"}), "days": None}
        case "ended":
            return {"news": ended("carried", language), "reason": OPEN, "days": None}
    return {}


def ended(kind: str, language: str) -> News:
    """Return the news that a task is owed no longer."""
    news = _news(kind, by=f"{OFFICES[language]} (le)")
    new = f"15/CT-TTg – {DIRECTIVES[language]}"
    match kind:
        case "superseded":
            return replace(news, instead=new)
        case "carried":
            heir = Peer(title=TITLES[language], agency="BNV", last_day=date(2025, 9, 30), late=False)
            url = "https://directives.example/tasks/2025/15-ct-ttg/service-portal/BNV"
            return replace(news, instead=new, heir=heir, heir_url=url)
        case "handed_on":
            return replace(news, new_owner=JUSTICE[language], instrument="15/QĐ-TTg")
        case "released":
            return replace(news, new_owner=JUSTICE[language])
    return news


def a_notice(*, stage: str = "before", language: str = "en", **changes: Any) -> Notice:
    """Return a valid notice of the stage in the language, with the changes asked for."""
    values: dict[str, Any] = {
        "reference": "ntf-7f3a91c2",
        "key": f"r1|2025/412-tb-vpcp/service-portal/BNV|{stage}-3wd|1|BNV|mail",
        "language": language,
        "stage": stage,
        "directive_key": "2025/412-tb-vpcp",
        "directive_number": "412/TB-VPCP",
        "directive_title": DIRECTIVES[language],
        "issued": ISSUED,
        "issuer": OFFICES[language],
        "task": "service-portal",
        "task_title": TITLES[language],
        "assignment": "2025/412-tb-vpcp/service-portal/BNV",
        "agency": "BNV",
        "agency_name": AGENCIES[language],
        "last_day": LAST_DAY,
        "minute": None,
        "zone": "Asia/Ho_Chi_Minh",
        "late_from": datetime(2025, 8, 31, 17, tzinfo=UTC),
        "words": "achever en août 2025",
        "explanation": DEADLINE.explanation,
        "source": "article",
        "sentence": 5,
        "deliverable": REPORTS[language],
        "evidence_required": True,
        "waiting_for": (
            Peer(title=REVIEWS[language], agency=JUSTICE[language], last_day=date(2025, 8, 25), late=True),
        ),
        "waited_by": (),
        "url": "https://directives.example/tasks/2025/412-tb-vpcp/service-portal/BNV",
        "report_url": "https://directives.example/tasks/2025/412-tb-vpcp/service-portal/BNV/report",
        "extension_url": "https://directives.example/tasks/2025/412-tb-vpcp/service-portal/BNV/extension",
        "contest_url": "https://directives.example/tasks/2025/412-tb-vpcp/service-portal/BNV/contest",
        "next_reminder": date(2025, 9, 1),
        "office": OFFICES[language],
        "contact": "theo-doi@directives.example",
        "sender": "tracker@directives.example",
        "seq": 1234,
        "head": "9f3c" * 16,
        "as_of": datetime(2025, 8, 27, 1, 30, tzinfo=UTC) + timedelta(minutes=5),
        "rehearsal": False,
        "recipient_name": OFFICES[language] if stage == "escalated" else "",
    }
    return Notice(**{**values, **(STAGES.get(stage) or news_of(stage, language)), **changes})
