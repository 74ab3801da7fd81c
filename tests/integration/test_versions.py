"""Versions from the command line: what a plan shows, what was in force on a day, what differs, who goes on."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.builders import a_directive, a_registry, a_task
from tests.integration.test_cli import DIRECTIVE, Office
from tests.simulation.a_store import ADOPTED, a_store
from tracker.domain.directive import ForEach
from tracker.operations import accept, submit
from tracker.views import roll_up

KEY = "2025/412-tb-vpcp"
SUPERSEDING = """\
directive: 500/TB-VPCP
issued: 2025-08-20
issuer: VPCP
title: {en: Conclusions again, vi: Kết luận lại, fr: Conclusions encore}
relations: [{supersedes: 412/TB-VPCP, issued: 2025-08-11}]
tasks:
  account:
    title: {en: Report, vi: Báo cáo, fr: Rapport}
    restates: [2025/412-tb-vpcp/report]
    lead: BNV
    due: {by: 2025-09-30}
  study:
    title: {en: Study, vi: Nghiên cứu, fr: Étude}
    lead: BNV
    due: {by: 2025-09-30}
"""


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """A rehearsal with one directive in force since 11 August 2025, 08:00."""
    made = Office(tmp_path)
    made.run("init", "--rehearsal", "--at", "2025-08-11")
    made.run("directive", "apply", made.folder, "--yes")
    return made


def superseded(office: Office) -> None:
    (office.folder / "2025/500-tb-vpcp.yaml").write_text(SUPERSEDING, encoding="utf-8")


def test_a_plan_shows_what_comes_goes_and_goes_on_and_applying_does_it_once(office: Office) -> None:
    superseded(office)
    (_, plan) = office.ask("directive", "plan", office.folder, "--at", "2025-08-21")["directives"]
    shown = [(one["sign"], one["task"], one["was"], one["told"]) for one in plan["tasks"]]
    assert shown == [
        ("+", "2025/500-tb-vpcp/study", None, 1),
        ("→", "2025/500-tb-vpcp/account", f"{KEY}/report", 1),
        ("-", f"{KEY}/publish", None, 1),
    ]
    said = office.run("directive", "plan", office.folder, "--at", "2025-08-21").stdout
    assert "→ account · 1 agency" in said
    assert f"was {KEY}/report" in said
    assert "+ 1  ~ 0  - 1  → 1 tasks" in said
    applied = office.run("directive", "apply", office.folder, "--yes", "--at", "2025-08-21").stdout
    assert "1 carried over, 2 superseded" in applied
    assert "nothing to apply" in office.run("directive", "apply", office.folder, "--yes").stdout


def test_a_directive_is_shown_as_it_was_in_force_on_a_day(office: Office) -> None:
    office.file.write_text(DIRECTIVE.replace("2025-09-15", "2025-09-16"), encoding="utf-8")
    office.run("task", "submit", f"{KEY}/report/BNV", "--words", "done", "--document", "x.pdf", "--at", "2025-08-18")
    office.run("task", "accept", f"{KEY}/report/BNV", "--at", "2025-08-18")
    office.run("directive", "apply", office.folder, "--yes", "--at", "2025-08-20")
    then, now = (office.ask("directive", "show", KEY, "--at", day) for day in ("2025-08-12", "2025-08-20"))
    assert (then["version"], now["version"]) == (1, 2)
    assert [(t["task"], t["rule"], t["done"], t["total"]) for t in then["tasks"]] == [
        ("publish", "by 2025-09-15", 0, 1),
        ("report", "by 2025-08-31", 0, 1),
    ]
    assert [(t["rule"], t["done"]) for t in now["tasks"]] == [("by 2025-09-16", 0), ("by 2025-08-31", 1)]
    assert "notice of 2025-08-11 · version 1" in office.run("directive", "show", KEY, "--at", "2025-08-12").stdout
    office.run("directive", "show", KEY, "--at", "2025-08-10", status=1)
    office.run("directive", "show", "2025/1-qd-ttg", status=1)


def test_two_versions_are_compared(office: Office) -> None:
    for day, due in (("2025-08-20", "2025-09-16"), ("2025-08-21", "2025-09-18")):
        office.file.write_text(DIRECTIVE.replace("2025-09-15", due), encoding="utf-8")
        office.run("directive", "apply", office.folder, "--yes", "--at", day)

    def days(*more: str) -> list[tuple[str, str]]:
        found = office.ask("directive", "diff", KEY, *more)
        return [(one["old_last_day"], one["new_last_day"]) for one in found["tasks"]]

    assert days() == [("2025-09-16", "2025-09-18")]
    assert days("--from", "1") == [("2025-09-15", "2025-09-18")]
    assert days("--from", "1", "--to", "2") == [("2025-09-15", "2025-09-16")]
    assert days("--from", "3", "--to", "3") == []
    assert "version 1 to version 3" in office.run("directive", "diff", KEY, "--from", "1").stdout
    for version in ("0", "4"):
        office.run("directive", "diff", KEY, "--to", version, status=1)


def test_a_plan_proposes_to_hand_on_what_an_agency_that_ended_still_owes(office: Office) -> None:
    agencies = office.folder / "registry/agencies.yaml"
    text = agencies.read_text(encoding="utf-8")
    before, mark, after = text.partition("code: BTC")
    assert mark
    agencies.write_text(f"{before}{mark}, valid_to: 2025-08-15{after}", encoding="utf-8")
    (found,) = office.ask("directive", "plan", office.folder, "--at", "2025-08-20")["ended"]
    assert (found["code"], found["valid_to"], found["open"]) == ("BTC", "2025-08-15", 1)
    said = office.run("directive", "plan", office.folder, "--at", "2025-08-20").stdout
    assert "BTC ended on Fri 15 Aug 2025 and owes 1 task: tracker agency hand-on BTC SUCCESSOR" in said
    office.run("directive", "apply", office.folder, "--yes", "--at", "2025-08-20")
    assert [one["code"] for one in office.ask("agency", "ended")["agencies"]] == ["BTC"]
    words = ("agency", "hand-on", "BTC", "BNV", "--instrument", "Decree 29/2025/ND-CP", "--at", "2025-08-20")
    assert office.ask(*words)["pairs"] == [[f"{KEY}/publish/BTC", f"{KEY}/publish/BNV"]]
    assert office.ask("agency", "ended")["agencies"] == []


def test_a_cascade_says_how_many_of_the_offices_below_are_done(database_url: str) -> None:
    cascade = a_task("review", for_each=ForEach(agencies="provinces", then="communes", exempt=("22652",)))
    store = a_store(database_url, a_directive(cascade))
    submit(store, f"{KEY}/review/01004", at=ADOPTED, actor="office", words="done")
    accept(store, f"{KEY}/review/01004", at=ADOPTED, actor="secretariat")
    for at in (ADOPTED, datetime(2025, 8, 20, tzinfo=UTC)):
        with store.read() as connection:
            found = roll_up(connection, cascade.key, at=at, registry=a_registry())
        assert [(one.agency, one.done, one.total) for one in found] == [("01", 1, 1), ("04", 0, 1)]
