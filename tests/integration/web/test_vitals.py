"""What machines ask: whether the work is done, and the figures; neither says whose work it is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from starlette.testclient import TestClient

from tests.builders import a_registry
from tests.integration.links import AMPLE, settings_in
from tests.integration.web.a_site import HOST, KEY, Site
from tests.integration.web.an_api import line, token_line
from tracker import clock
from tracker.domain.errors import TryLater
from tracker.operations import adopt_registry, deliver, init, sweep
from tracker.store.store import Store
from tracker.web.app import create_app


def figures(site: Site, **headers: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Return every sample by its name and labels, asked for on this machine."""
    answer = TestClient(site.app, base_url=HOST, client=("127.0.0.1", 1)).get("/metrics", headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_the_figures_are_those_of_the_pages(site: Site) -> None:
    found = figures(site)
    cells = line(site, "le").get("/tasks").json()["cells"]
    for cell in ("completed_on_time", "open_in_time", "open_overdue", "undated"):
        assert found["tracker_assignments", (("cell", cell),)] == cells[cell]
    assert found["tracker_entries", ()] == site.store.position().seq
    assert found["tracker_up", ()] == 1
    states = {name[1][0][1]: value for name, value in found.items() if name[0] == "tracker_reminders"}
    assert sum(states.values()) == line(site, "le").get("/reminders").json()["total"]


def test_dashboard_alarms_and_manual_name_metrics_that_there_are(site: Site) -> None:
    line(site, "le").get("/tasks")
    answer = TestClient(site.app, base_url=HOST, client=("127.0.0.1", 1)).get("/metrics")
    names = re.compile(r"\btracker_[a-z_]+[a-z]")
    for file in ("deploy/grafana-dashboard.json", "deploy/alerts.yaml", "docs/monitoring.md"):
        watched = set(names.findall((Path(__file__).parents[3] / file).read_text(encoding="utf-8")))
        assert len(watched) > 5, file
        assert watched <= set(names.findall(answer.text)), file


def test_requests_are_counted_by_template_and_no_label_says_whose_work_it_is(site: Site) -> None:
    anna = line(site, "anna")
    anna.get(f"/tasks/{KEY}/report/BNV")
    anna.get(f"/tasks/{KEY}/report/BNV/explain")
    anna.client.get(f"/tasks/{KEY}/report/BNV")
    anna.client.get("/wp-admin/setup.php")
    found = figures(site)
    routes = {dict(labels)["route"] for name, labels in found if name == "tracker_http_requests_total"}
    assert {"/api/v1/tasks/{year}/{slug}/{task}/{agency}", "none"} <= routes
    assert any(route.startswith("/tasks/{year}/") for route in routes)
    for _, labels in found:
        for name, value in labels:
            assert name in ("cell", "state", "outcome", "work", "method", "route", "status", "le")
            assert not re.search(r"BNV|BTC|412|report(?!s)|anna", value), (name, value)
    asked = (("method", "GET"), ("route", "/api/v1/tasks/{year}/{slug}/{task}/{agency}"), ("status", "200"))
    assert found["tracker_http_requests_total", asked] == 1


@pytest.mark.parametrize("headers", [{"X-Forwarded-For": "192.0.2.1"}, {"Forwarded": "for=192.0.2.1"}])
def test_figures_are_for_this_machine(site: Site, headers: dict[str, str]) -> None:
    here = TestClient(site.app, base_url=HOST, client=("127.0.0.1", 1))
    assert here.get("/metrics").status_code == 200
    assert here.get("/metrics", headers=headers).status_code == 403
    assert TestClient(site.app, base_url=HOST, client=("192.0.2.7", 1)).get("/metrics").status_code == 403


def test_figures_are_for_a_token_made_for_them(site: Site) -> None:
    far = TestClient(site.app, base_url=HOST, client=("192.0.2.7", 1))
    for name, scope, status in (("root", "metrics", 200), ("root", "read", 403), ("anna", "metrics", 403)):
        headers = token_line(site, name, scope).headers
        assert far.get("/metrics", headers=headers).status_code == status, (name, scope)
    # and it is good for nothing else
    assert token_line(site, "root", "metrics").get("/tasks").status_code == 403


@contextmanager
def _away(self: Store, offices: object = None) -> Iterator[Any]:
    raise TryLater("the database is away or busy", code="database-away")
    yield


def test_nothing_is_well_without_a_database(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    client = TestClient(site.app, base_url=HOST, client=("127.0.0.1", 1))
    assert client.get("/healthz").json()["status"] == "ok"
    monkeypatch.setattr(Store, "read", _away)
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"status": "away", "wrong": ["database"]})
    assert client.get("/readyz").json()["status"] == "ready"  # it asks the server itself
    assert "tracker_up 0.0" in client.get("/metrics").text


def test_it_is_ready_at_the_migrations_of_this_program_and_no_other(site: Site) -> None:
    client = site.nobody()
    assert (client.get("/readyz").status_code, client.get("/readyz").json()["wrong"]) == (200, [])
    with site.store.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    behind = client.get("/readyz")
    assert (behind.status_code, behind.json()) == (503, {"status": "behind", "wrong": ["migrations"]})


def test_it_is_said_which_work_is_not_done(tmp_path: Any) -> None:
    store = init(f"sqlite:///{tmp_path}/tracker.db", rehearsal=False, at=clock.now(), actor="test")
    settings = settings_in(tmp_path)
    adopt_registry(store, a_registry(), at=clock.now(), actor="test")
    client = TestClient(create_app(store, settings, AMPLE), base_url=HOST)
    assert client.get("/healthz").json()["wrong"] == ["sweep", "deliver"]
    sweep(store, at=clock.now())
    assert client.get("/healthz").json()["wrong"] == ["deliver"]
    deliver(store, None, settings=settings, clock=clock.now)  # type: ignore[arg-type]
    found = client.get("/healthz")
    assert (found.status_code, found.json()["wrong"], found.json()["hold"]) == (200, [], False)
    impatient = TestClient(create_app(store, replace(settings, watch_every="0"), AMPLE), base_url=HOST)
    assert impatient.get("/healthz").json()["status"] == "late"
    assert timedelta(0) <= timedelta(seconds=found.json()["works"]["sweep"]["age_seconds"]) < timedelta(minutes=5)
    store.close()
