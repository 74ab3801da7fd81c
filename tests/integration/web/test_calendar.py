"""The calendar: a month shows what falls due, and a feed gives its holder that and nothing else."""

import re

from icalendar import Calendar

from tests.integration.web.a_site import Site


def subscribed(site: Site, name: str, office: str = "") -> str:
    """Return the address of a feed that somebody made."""
    answer = site.as_(name).post("/calendar/feeds", data={"csrf": site.csrf(name), "office": office})
    assert answer.status_code == 200, answer.text
    found = re.search(r"/feeds/[\w-]+\.ics", answer.text)
    assert found
    return found[0]


def test_a_month_shows_its_deadlines_on_their_days(site: Site) -> None:
    page = site.as_("le").get("/calendar?month=2025-08").text
    assert "report/BNV" in page
    assert "budget/BTC" in page
    assert "accounts/BTC" not in page
    listed = site.as_("le").get("/calendar?month=2025-09&view=list").text
    assert "accounts/BTC" in listed
    assert "2 September 2025" in listed  # a day off, with its name


def test_a_member_sees_the_deadlines_of_their_office(site: Site) -> None:
    page = site.as_("anna").get("/calendar?month=2025-08").text
    assert "report/BNV" in page
    assert "budget/BTC" not in page
    assert "budget/BTC" not in site.as_("anna").get("/calendar?month=2025-08&agency=BTC").text


def test_the_month_of_an_earlier_day_is_what_was_known_then(site: Site) -> None:
    assert site.as_("le").get("/calendar?month=2025-08&at=2025-08-12").status_code == 200


def test_what_is_no_month_is_refused(site: Site) -> None:
    for wrong in ("2025-13", "soon", "0001-01", "9999-12"):
        assert site.as_("le").get(f"/calendar?month={wrong}").status_code == 400


def test_a_feed_is_a_calendar_of_one_office(site: Site) -> None:
    answer = site.nobody().get(subscribed(site, "anna"))
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(answer.content)
    events = list(calendar.walk("VEVENT"))
    assert {str(event["URL"]).rpartition("/")[2] for event in events} == {"BNV"}
    assert all(event["TRANSP"] == "TRANSPARENT" for event in events)
    assert any(event.walk("VALARM") for event in events)
    assert "REFRESH-INTERVAL" in answer.text


def test_a_feed_of_the_secretariat_holds_everybody_or_the_office_named(site: Site) -> None:
    everybody = Calendar.from_ical(site.nobody().get(subscribed(site, "le")).content)
    assert {"BNV", "BTC"} <= {str(event["URL"]).rpartition("/")[2] for event in everybody.walk("VEVENT")}
    one = Calendar.from_ical(site.nobody().get(subscribed(site, "le", "BTC")).content)
    assert {str(event["URL"]).rpartition("/")[2] for event in one.walk("VEVENT")} == {"BTC"}


def test_nobody_subscribes_to_an_office_that_is_not_theirs(site: Site) -> None:
    for office in ("BTC", "NOWHERE"):
        answer = site.as_("anna").post("/calendar/feeds", data={"csrf": site.csrf("anna"), "office": office})
        assert answer.status_code == 422
        assert "/feeds/" not in re.sub(r'action="[^"]*"', "", answer.text)


def test_a_feed_that_was_revoked_is_heard_no_more(site: Site) -> None:
    address = subscribed(site, "anna")
    page = site.as_("anna").get("/calendar").text
    (revoke,) = set(re.findall(r"/calendar/feeds/\w+/revoke", page))
    assert address.split("/")[2][:20] not in page
    sent = {"csrf": site.csrf("binh")}
    assert site.as_("binh").post(revoke, data=sent).status_code == 404
    assert site.nobody().get(address).status_code == 200
    assert site.as_("anna").post(revoke, data={"csrf": site.csrf("anna")}).status_code == 303
    assert site.nobody().get(address).status_code == 404


def test_a_token_for_something_else_opens_no_feed(site: Site) -> None:
    assert site.nobody().get("/feeds/tracker_nothing.ics").status_code == 404
