"""A deadline in the reader's own calendar: read back as RFC 5545 says, whatever stands in it."""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.unit.notify.a_digest import a_digest
from tests.unit.notify.a_notice import a_notice
from tracker.notify.digest import Digest
from tracker.notify.event import Event, calendar
from tracker.notify.message import build
from tracker.notify.notice import LANGUAGES, NEWS, STAGES, Notice
from tracker.notify.wire import octets

AT = datetime(2025, 8, 27, 1, 35, tzinfo=UTC)


@dataclass
class Component:
    """A part of a calendar as it was read: its name, its properties without their parameters, its own parts."""

    name: str
    properties: dict[str, str] = field(default_factory=dict)
    parts: list["Component"] = field(default_factory=list)


def parsed(content: str) -> Component:
    """Return a calendar, read by the rules of RFC 5545 §3.1; each property occurs once in what we write."""
    assert content.endswith("\r\n")
    assert "\n" not in content.replace("\r\n", "")
    raw = content.removesuffix("\r\n").split("\r\n")
    assert all(len(line.encode()) <= 75 for line in raw)
    open_parts = [Component("")]
    for line in re.sub("\r\n ", "", "\r\n".join(raw)).split("\r\n"):
        head, _, value = line.partition(":")
        name = head.partition(";")[0]
        assert re.fullmatch("[A-Z-]+", name), line
        if name == "BEGIN":
            open_parts.append(Component(value))
            open_parts[-2].parts.append(open_parts[-1])
        elif name == "END":
            assert open_parts.pop().name == value
        else:
            assert name not in open_parts[-1].properties, name
            open_parts[-1].properties[name] = value
    assert len(open_parts) == 1
    (found,) = open_parts[0].parts
    return found


def read(text: str) -> str:
    """Return what a text value says."""
    return re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], text)


def an_event(**changes: Any) -> Event:
    values: dict[str, Any] = {
        "uid": "task@directives.example", "version": 1, "last_day": date(2025, 8, 31), "title": "Report",
        "number": "412/TB-VPCP", "url": "https://directives.example/tasks/2025/412-tb-vpcp/report/BNV",
    }  # fmt: skip
    return Event(**{**values, **changes})


def attached(mail: Notice | Digest) -> list[str]:
    """Return the calendars that travel with a mail, as a mailbox reads them."""
    message = message_from_bytes(octets(build(mail, "bnv@moha.example"), international=False), policy=default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    assert message.get_body(preferencelist=("plain",)) is not None
    assert message.get_body(preferencelist=("html",)) is not None
    found = [part for part in message.iter_attachments() if part.get_content_type() == "text/calendar"]
    assert all(part.get_filename() == "deadline.ics" and "method" not in part.get_params() for part in found)
    return [part.get_payload(decode=True).decode() for part in found]  # type: ignore[union-attr]


def test_it_is_the_whole_last_day_takes_no_time_and_warns_three_days_before() -> None:
    made = parsed(calendar([an_event()], language="en", at=AT))
    assert (made.name, made.properties["VERSION"], "METHOD" in made.properties) == ("VCALENDAR", "2.0", False)
    (event,) = made.parts
    assert event.name == "VEVENT"
    said = event.properties
    assert (said["DTSTART"], said["DTEND"], said["DTSTAMP"]) == ("20250831", "20250901", "20250827T013500Z")
    assert (said["TRANSP"], said["SEQUENCE"], said["UID"]) == ("TRANSPARENT", "0", "task@directives.example")
    assert read(said["SUMMARY"]) == "412/TB-VPCP – Report"
    assert said["URL"] in read(said["DESCRIPTION"])
    (alarm,) = event.parts
    assert (alarm.name, alarm.properties["TRIGGER"], alarm.properties["ACTION"]) == ("VALARM", "-P3D", "DISPLAY")


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=300))
@example("a;b,c\\d:e")
@example("Đ" * 200)
@example("\\n \\, ;")
@example("x" * 74 + "é")
def test_any_title_is_read_back_as_it_was(title: str) -> None:
    made = parsed(calendar([an_event(title=title)], language="vi", at=AT))
    assert read(made.parts[0].properties["SUMMARY"]) == f"412/TB-VPCP – {title}"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stage", [*STAGES, *NEWS])
def test_it_goes_with_what_sets_a_date_and_with_nothing_else(stage: str, language: str) -> None:
    found = attached(a_notice(stage=stage, language=language))
    assert len(found) == (stage in ("assigned", "date_changed"))
    for content in found:
        assert parsed(content).parts[0].properties["DTSTART"] == "20250831"


def test_a_task_without_a_date_has_no_event() -> None:
    assert attached(a_notice(stage="assigned", last_day=None)) == []


def test_a_later_date_is_the_same_event_by_a_higher_sequence() -> None:
    first = parsed(attached(a_notice(stage="assigned"))[0]).parts[0].properties
    later = a_notice(stage="date_changed", last_day=date(2025, 9, 30), version=2)
    second = parsed(attached(later)[0]).parts[0].properties
    assert second["UID"] == first["UID"]
    assert int(second["SEQUENCE"]) > int(first["SEQUENCE"])
    assert (first["DTSTART"], second["DTSTART"]) == ("20250831", "20250930")


def test_a_digest_has_an_event_for_each_new_task_with_a_date() -> None:
    digest = a_digest()
    new = [item for item in digest.items if item.stage == "assigned" and item.last_day]
    found = attached(digest)
    assert len(found) == bool(new)
    assert [event.properties["DTSTART"] for content in found for event in parsed(content).parts] == [
        f"{item.last_day:%Y%m%d}" for item in new
    ]


def test_a_rehearsal_says_so_in_the_calendar_too() -> None:
    (content,) = attached(a_notice(stage="assigned", rehearsal=True, language="fr"))
    assert parsed(content).parts[0].properties["SUMMARY"].startswith("[EXERCICE] ")
