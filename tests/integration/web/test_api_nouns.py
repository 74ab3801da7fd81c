"""The nouns of the API beyond tasks: texts that are planned and applied, hooks, reminders, deputies, the calendar."""

from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.integration.web.a_site import KEY, SECOND, Site
from tests.integration.web.an_api import API, Line, line
from tests.integration.web.test_author import with_settings
from tests.integration.web_server import WebServer
from tracker.operations.telling import tell

NEW = """\
directive: 900/QĐ-TTg
issued: 2025-08-19
issuer: VPCP
title: {en: Water, vi: Nước, fr: Eau}
sources:
  article: {file: a.txt, language: vi, sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}
tasks:
  wells:
    title: {en: Dig wells, vi: Đào giếng, fr: Creuser des puits}
    source: {in: article, sentence: 1, sha256: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef}
    attribution: explicit
    modality: must
    lead: BTC
    due: {by: 2025-10-31, words: "đến 31/10", scope: own}
"""
YAML = {"Content-Type": "application/yaml"}


@pytest.fixture
def le(site: Site) -> Line:
    return line(site, "le")


def sent(asking: Line, verb: str, text: str, **headers: str) -> object:
    return asking.send(f"/directives:{verb}", content=text.encode(), headers={**YAML, **headers})


def test_where_a_folder_is_kept_a_text_that_departs_from_its_file_is_refused(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    (folder / "registry").mkdir(parents=True)
    (folder / "registry" / "agencies.yaml").touch()
    asking = line(with_settings(site, directives=str(folder)), "le")
    tag = sent(asking, "plan", NEW).headers["etag"]
    refused = sent(asking, "apply", NEW, If_Match=tag)
    assert (refused.status_code, refused.json()["code"]) == (409, "folder-kept")
    (folder / "2025").mkdir()
    (folder / "2025" / "900-qd-ttg.yaml").write_bytes(NEW.encode())
    assert sent(asking, "apply", NEW.replace("10-31", "11-28"), If_Match=tag).status_code == 409
    assert sent(asking, "apply", NEW, If_Match=tag).json()["applied"]["version"] == 1


def test_a_text_is_planned_then_applied_by_who_saw_that_plan(site: Site, tmp_path: Path) -> None:
    site = with_settings(site, directives=str(tmp_path / "nowhere"))
    le = line(site, "le")
    before = site.store.position().seq
    planned = sent(le, "plan", NEW)
    assert planned.status_code == 200, planned.text
    found = planned.json()
    assert (found["key"], found["version"], found["told"]) == ("2025/900-qd-ttg", 0, 1)
    assert [(one["sign"], one["new_last_day"]) for one in found["tasks"]] == [("+", "2025-10-31")]
    assert site.store.position().seq == before
    assert sent(le, "apply", NEW).status_code == 428
    applied = sent(le, "apply", NEW, If_Match=planned.headers["etag"])
    assert (applied.json()["applied"]["version"], applied.json()["applied"]["added"]) == (1, 1)
    assert line(site, "binh").get("/tasks/2025/900-qd-ttg/wells/BTC").status_code == 200
    again = sent(le, "apply", NEW, If_Match=planned.headers["etag"])
    assert again.json()["applied"]["unchanged"]
    changed = NEW.replace("2025-10-31", "2025-11-28")
    stale = sent(le, "apply", changed, If_Match=planned.headers["etag"])
    assert (stale.status_code, stale.json()["code"]) == (412, "changed-meanwhile")
    assert sent(le, "apply", changed, If_Match=applied.headers["etag"]).json()["applied"]["version"] == 2


def test_every_mistake_of_a_text_is_told_with_its_place(le: Line) -> None:
    answer = sent(le, "plan", NEW.replace("lead: BTC", "lead: NOBODY").replace("modality: must", "modality: maybe"))
    assert answer.status_code == 422
    found = answer.json()["findings"]
    assert len(found) >= 2
    assert all(one["line"] > 1 and one["sentence"] and one["remedy"] for one in found)


def test_a_hook_shows_its_secret_once_and_its_address_never(site: Site, le: Line) -> None:
    with WebServer() as server:
        url = f"http://127.0.0.1:{server.port}/secret-path"
        made = le.post("/hooks", {"url": url, "kinds": ["deputy_named"]})
        assert made.status_code == 422
        made = le.post("/hooks", {"url": url, "kinds": ["extension_granted"]})
        assert made.status_code == 201
        assert made.json()["secret"].startswith("whsec_")
        path = made.headers["location"].removeprefix(API)
        shown = [le.get("/hooks").text, le.get(path).text, line(site, "pham").get(path).text]
        assert not any("secret-path" in text or made.json()["secret"] in text for text in shown)
        assert le.post("/hooks", {"url": url, "kinds": ["extension_granted"]}).status_code == 409
        assert line(site, "anna").get("/hooks").status_code == 403
        (asked,) = le.get("/extensions").json()["asked"]
        asking = f"/extensions/{asked['entry']}"
        le.post(f"{asking}:grant", {"instrument": "1/A"}, If_Match=le.tag(asking))
        assert [one["state"] for one in le.get(f"{path}/deliveries").json()["deliveries"]] == ["pending"]
        tell(site.store, settings=site.settings, clock=lambda: site.store.position().high_water)
        (told,) = le.get(f"{path}/deliveries").json()["deliveries"]
        assert (told["state"], told["identity"]) == ("accepted", server.header("webhook-id"))
        assert le.send(f"{path}:test").json()["outcome"] == "accepted"
        assert le.send(path, method="DELETE").status_code == 428
        assert le.send(path, method="DELETE", headers={"If-Match": made.headers["etag"]}).status_code == 204
    assert le.get(path).status_code == 404


def test_a_mail_is_handed_out_as_it_reads(site: Site, le: Line) -> None:
    one = le.get("/reminders?agency=BNV&state=accepted&limit=1").json()["reminders"][0]["row"]["reference"]
    answer = le.get(f"/reminders/{one}.eml")
    mail = message_from_bytes(answer.content, policy=policy.default)
    assert answer.headers["content-type"] == "message/rfc822"
    assert "Report" in str(mail.get_body(("plain",)).get_content())  # type: ignore[union-attr]
    assert line(site, "binh").get(f"/reminders/{one}.eml").status_code == 404


def test_what_was_not_delivered_is_tried_again_once_somebody_says_so(site: Site, le: Line) -> None:
    failed = [one["row"] for one in le.get("/reminders?agency=BTC&state=failed").json()["reminders"]]
    path = f"/reminders/{failed[0]['reference']}"
    tag = le.tag(path)
    again = le.post(f"{path}:retry", If_Match=tag)
    assert again.json()["line"]["row"]["state"] == "pending", again.text
    assert le.post(f"{path}:retry", If_Match=tag).status_code == 412


def test_who_covers_for_whom_is_said_and_ended(site: Site) -> None:
    anna = line(site, "anna")
    body = {"agency": "BNV", "deputy": "BTC", "from_day": "2025-08-20", "until_day": "2025-08-22", "why": "away"}
    made = anna.post("/deputies", body)
    assert made.status_code == 201
    assert line(site, "binh").get(f"/tasks/{KEY}/report/BNV").status_code == 200
    path = made.headers["location"].removeprefix(API)
    assert anna.post(f"{path}:end", If_Match=made.headers["etag"]).status_code == 200
    assert line(site, "binh").get(f"/tasks/{KEY}/report/BNV").status_code == 404


def test_days_are_counted_as_everywhere(le: Line) -> None:
    found = le.get("/calendar:count?from=2025-08-28&days=3&working=true").json()
    assert (found["end"], found["working_days"]) == ("2025-09-04", 3)
    assert [one["day"] for one in le.get("/calendar?period=2025-09").json()["days"]] == ["2025-09-01", "2025-09-02"]


def test_the_pictures_of_a_directive_are_there_as_data(le: Line) -> None:
    nodes = le.get(f"/directives/{KEY}/graph").json()
    assert {one["start"] for one in nodes["arrows"]} == {f"{KEY}/schools"}
    assert {row["task"] for row in le.get(f"/directives/{KEY}/timeline").json()["rows"]}
    assert le.get(f"/directives/{KEY}/burnup").json()["points"]
    assert [one["version"] for one in le.get(f"/directives/{SECOND}/versions").json()["versions"]] == [1]
    assert sum(week["due"] for week in le.get("/agencies/BTC/heatmap").json()["weeks"]) == 2
