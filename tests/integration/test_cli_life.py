"""The life of a task on the command line: every move, more time, owners, deputies, and the reviewer's own clock."""

from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_cli import REF, Office, empty

__all__ = ["empty"]

SECRETARIAT = ("--as", "secretariat:le")
ANNA = ("--as", "BNV:anna")
UNIT = "  - {code: BNV-TC, kind: unit, parent: BNV, name: {vi: Vụ Tổ chức, en: Personnel, fr: Personnel}}\n"


@pytest.fixture
def office(empty: Office) -> Office:
    """A rehearsal with one directive in force since 11 August 2025, 08:00, and a unit below the ministry."""
    agencies = empty.folder / "registry/agencies.yaml"
    text = agencies.read_text(encoding="utf-8")
    agencies.write_text(text.replace("agencies:\n", "agencies:\n" + UNIT, 1), encoding="utf-8")
    empty.run("init", "--rehearsal", "--at", "2025-08-11")
    empty.run("directive", "apply", empty.folder, "--yes")
    return empty


def task(office: Office, move: str, *words: str | Path, status: int = 0, ref: str = "report/BNV") -> Any:
    return office.run("task", move, ref, *words, status=status)


def shown(office: Office, ref: str = "report/BNV", **at: str) -> Any:
    return office.ask("task", "show", ref, *(part for name, value in at.items() for part in (f"--{name}", value)))


# ── Moves ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_life_from_beginning_to_end(office: Office) -> None:
    task(office, "acknowledge", *ANNA)
    task(office, "start", *ANNA)
    said = office.ask(
        "task", "submit", "report/BNV", "--words", "written", "--done-on", "2025-08-10", "--proof",
        "12/BC-BNV, 2025-08-10", *ANNA, "--at", "2025-08-20",
    )  # fmt: skip
    assert (said["progress"], said["done_on"], said["changed"]) == ("submitted", "2025-08-10", said["entry"])
    task(office, "return", "--missing", "the annex", *SECRETARIAT)
    task(office, "submit", "--words", "with annex", "--document", "13/BC-BNV", *ANNA, "--at", "2025-08-25")
    task(office, "accept", *SECRETARIAT, "--at", "2025-09-03")
    life = shown(office)["life"]
    assert (life["received_at"], life["accepted_at"], life["done_on"]) == (
        "2025-08-25T01:00:00Z", "2025-09-03T01:00:00Z", None,
    )  # fmt: skip
    assert (life["days_late"], life["days_late_first"]) == (0, 0)
    assert "is in_progress" in task(office, "reopen", "--why", "it lacks the north", *SECRETARIAT).stdout
    assert "is suspended" in task(office, "suspend", "--why", "a flood", "--instrument", "9/QD", *SECRETARIAT).stdout
    assert "is in_progress" in task(office, "resume", *SECRETARIAT).stdout
    said = office.ask("task", "discontinue", "report/BNV", "--why", "merged", "--instrument", "9/QD", *SECRETARIAT)
    assert (said["progress"], said["cell"]) == ("discontinued", "closed_out")
    office.run("db", "rebuild", "--check")


def test_every_move_is_there_and_explains_itself(office: Office) -> None:
    from tracker.domain.lifecycle import TRANSITIONS, Who

    named = office.run("task", "--help").stdout
    elsewhere = {"ask", "grant", "refuse"}  # of `tracker extension`
    later = {"note"}
    for transition in TRANSITIONS:
        verb = transition.verb.replace(" ", "-")
        if transition.who != Who.SYSTEM and verb not in elsewhere | later:
            assert f"\n  {verb} " in named
            assert "--seen" in office.run("task", verb, "--help").stdout
    for verb in elsewhere:
        assert "--seen" in office.run("extension", verb, "--help").stdout


def test_who_may_not_is_told_whose_move_it_is(office: Office) -> None:
    said = task(office, "submit", "--words", "x", "--document", "1", "--as", "BTC:binh", status=1)
    assert said.stderr.startswith("tracker: not-yours: BTC:binh may not submit")
    assert "that is for the agency, BNV" in said.stderr


def test_a_page_that_is_old_is_a_conflict_with_an_exit_status_of_its_own(office: Office) -> None:
    page = shown(office)["life"]["changed"]
    task(office, "start", "--seen", str(page), *ANNA)
    said = task(office, "submit", "--words", "x", "--document", "1", "--seen", str(page), *ANNA, status=6)
    assert said.stderr.startswith(f"tracker: conflict: {REF} has changed since you looked at it: entry ")
    now = shown(office)["life"]["changed"]
    assert now > page
    task(office, "submit", "--words", "x", "--document", "1", "--seen", str(now), *ANNA)


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (("submit", "--words", "x", "--done-on", "2025-13-01"), 2, "bad-day"),
        (("submit", "--words", "x", "--done-on", "20250801"), 2, "bad-day"),
        (("submit", "--words", "x", "--proof", "1/BC, 2/BC"), 2, "bad-proof"),
        (("submit", "--words", "x", "--proof", "2025-08-01"), 2, "no-proof"),
        (("submit", "--words", "x", "--proof", "0" * 64), 1, "no-such-evidence"),
        (("submit", "--words", "x", "--document", "1", "--done-on", "2025-08-12"), 1, "not-done-yet"),
        (("reopen", "--why", "x"), 1, "refused"),
        (("uphold", "--why", "x"), 1, "nothing-contested"),
        (("transfer", "XYZ", "--why", "x"), 1, "unknown-agency"),
        (("delegate", "BTC"), 1, "not-below"),
        (("take-back",), 1, "nothing-delegated"),
        (("resume", "--until", "2025-10-01"), 1, "no-instrument"),
        (("suspend", "--why", " ", "--instrument", "9/QD"), 1, "no-reason"),
    ],
)
def test_a_refusal_has_a_code_and_writes_nothing(office: Office, words: Any, status: int, code: str) -> None:
    before = office.ask("board")["seq"]
    move, *rest = words
    assert task(office, move, *rest, status=status).stderr.startswith(f"tracker: {code}: ")
    assert office.ask("board")["seq"] == before


# ── Three times, and late against both dates ─────────────────────────────────────────────────────────────────


def test_show_and_explain_print_the_three_times_and_the_rule(office: Office) -> None:
    task(office, "submit", "--words", "x", "--document", "1", "--done-on", "2025-08-20", *ANNA, "--at", "2025-09-04")
    task(office, "accept", *SECRETARIAT, "--at", "2025-09-10")
    for command in ("show", "explain"):
        said = " ".join(task(office, command).stdout.split())
        assert "done Wed 20 Aug 2025, as the agency says" in said
        assert "received Thu 4 Sep 2025 08:00" in said
        assert "accepted Wed 10 Sep 2025 08:00" in said
        assert "rule lateness is measured on the day a report is received, whatever day" in said
        assert "late by 4 days" in said


def test_lateness_is_told_against_the_first_date_and_the_one_in_force(office: Office) -> None:
    office.run("extension", "ask", "report/BNV", "--until", "2025-09-10", "--why", "a survey", *ANNA)
    office.run("extension", "grant", "report/BNV", "--instrument", "77/VPCP-TH", *SECRETARIAT)
    task(office, "submit", "--words", "x", "--document", "1", *ANNA, "--at", "2025-09-12")
    life = shown(office)["life"]
    assert (life["first_day"], life["last_day"], life["days_late_first"], life["days_late"]) == (
        "2025-08-31", "2025-09-10", 12, 2,
    )  # fmt: skip
    said = " ".join(task(office, "show").stdout.split())
    assert "late by 12 days against the first date, Sun 31 Aug 2025" in said
    assert "by 2 days against the date in force, Wed 10 Sep 2025" in said
    assert "asked for Wed 10 Sep 2025 on Mon 11 Aug 2025 08:00 by BNV:anna: a survey" in said
    assert "granted until Wed 10 Sep 2025 on Mon 11 Aug 2025 08:00 by secretariat:le: 77/VPCP-TH" in said
    why = task(office, "explain").stdout
    assert "at first: Sun 31 Aug 2025" in why
    assert "extension granted by 77/VPCP-TH" in why


# ── More time ────────────────────────────────────────────────────────────────────────────────────────────────


def test_more_time_is_asked_for_listed_and_refused(office: Office) -> None:
    said = office.ask("extension", "ask", "report/BNV", "--until", "2025-09-30", "--why", "a survey", *ANNA)
    assert (said["asked_day"], said["last_day"]) == ("2025-09-30", "2025-08-31")
    (one,) = office.ask("extension", "list", "--pending")["extensions"]
    assert (one["ref"], one["decision"], one["why"], one["would_move"]) == (
        REF, "pending", "a survey", ["2025/412-tb-vpcp/publish/BTC"],
    )  # fmt: skip
    assert [row["ref"] for row in office.ask("task", "list", "--asking")["tasks"]] == [REF]
    office.run("extension", "refuse", "report/BNV", "--why", "no survey is needed", *SECRETARIAT)
    (one,) = office.ask("extension", "list")["extensions"]
    assert (one["decision"], one["refusal"], one["decided_by"]) == ("refused", "no survey is needed", "secretariat:le")
    assert office.ask("extension", "list", "--pending")["extensions"] == []
    assert office.ask("task", "list", "--asking")["tasks"] == []
    assert "refused on Mon 11 Aug 2025 08:00 by secretariat:le: no survey is needed" in (
        office.run("extension", "list").stdout
    )


def test_what_a_later_date_squeezes_is_shown_first_and_moves_along(office: Office) -> None:
    for until, squeezed in (("2025-09-14", False), ("2025-09-15", True), ("2025-09-16", True)):
        effect = office.ask("extension", "effect", "report/BNV", "--until", until)
        assert [(one["row"]["agency"], one["squeezed"]) for one in effect["dependents"]] == [("BTC", squeezed)]
    said = office.run("extension", "effect", "report/BNV", "--until", "2025-09-30").stdout
    assert "1 of 1 dependent task would have to move along" in said
    office.run("extension", "ask", "report/BNV", "--until", "2025-09-30", "--why", "a survey", *ANNA)
    grant = ("extension", "grant", "report/BNV", "--instrument", "77/VPCP-TH", *SECRETARIAT)
    assert office.run(*grant, "--along", "publish/BTC", status=2).stderr.startswith("tracker: bad-day:")
    said = office.run(*grant, "--along", "publish/BTC=2025-10-15").stdout
    assert "2025/412-tb-vpcp/publish/BTC moves along to 2025-10-15" in said
    life = shown(office, "publish/BTC")["life"]
    assert (life["last_day"], life["first_day"], life["extensions"][0]["decision"]) == (
        "2025-10-15", "2025-09-15", "moved_along",
    )  # fmt: skip


def test_the_rules_of_the_folder_hold(office: Office) -> None:
    rules = "rules:\n  strict: {at_most: 1, ask_before: 10 working days}\ndefault: strict\n"
    (office.folder / "registry/extensions.yaml").write_text(rules, encoding="utf-8")
    office.run("directive", "apply", office.folder, "--yes")
    words = ("extension", "ask", "report/BNV", "--until", "2025-09-30", "--why", "a survey", *ANNA)
    said = office.run(*words, "--at", "2025-08-19", status=1)
    assert said.stderr.startswith("tracker: too-late: it is too late to ask: the last day is 2025-08-31")
    assert "10 working days before it at the latest" in said.stderr


# ── Owners ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_not_ours_is_listed_and_decided(office: Office) -> None:
    task(office, "contest", "--why", "it is about money", "--belongs-to", "BTC", *ANNA)
    assert [row["ref"] for row in office.ask("task", "list", "--contested")["tasks"]] == [REF]
    assert "not ours it is about money (it is for BTC)" in " ".join(task(office, "show").stdout.split())
    said = office.ask("task", "transfer", "report/BNV", "BTC", "--why", "it is", *SECRETARIAT)
    assert (said["ref"], said["agency"], said["last_day"]) == (
        "2025/412-tb-vpcp/report/BTC", "BTC", "2025-08-31",
    )  # fmt: skip
    assert office.ask("task", "list", "--contested")["tasks"] == []


def test_the_unit_and_the_deputies_are_shown_beside_the_lead(office: Office) -> None:
    task(office, "delegate", "BNV-TC", "--words", "by Friday", *ANNA)
    words = ("deputy", "name", "BNV", "BTC", "--from", "2025-08-11", "--until", "2025-08-22", "--why", "travels")
    named = office.ask(*words, *ANNA)
    life = shown(office)["life"]
    assert (life["lead"], life["delegate"], life["delegate_name"]) == ("BNV", "BNV-TC", "Personnel")
    assert [one["deputy"] for one in life["deputies"]] == ["BTC"]
    assert shown(office, at="2025-08-23")["life"]["deputies"] == [], "its time is over then"
    said = " ".join(task(office, "show").stdout.split())
    assert "delegated to BNV-TC, Personnel; BNV stays answerable" in said
    assert "deputy of BNV BTC," in said
    office.run("deputy", "end", str(named["entry"]), *ANNA)
    assert office.ask("deputy", "list")["deputies"] == []
    (over,) = office.ask("deputy", "list", "--all")["deputies"]
    assert over["until_day"] == "2025-08-10"
    task(office, "take-back", *ANNA)
    assert shown(office)["life"]["delegate"] is None


# ── The reviewer's own clock ─────────────────────────────────────────────────────────────────────────────────


def test_what_waits_for_a_decision_is_listed_by_how_long_it_waits(office: Office) -> None:
    task(office, "contest", "--why", "whose is it?", "--as", "BTC:binh", ref="publish/BTC")
    words = ("extension", "ask", "report/BNV", "--until", "2025-09-30", "--why", "a survey", *ANNA)
    office.run(*words, "--at", "2025-08-15")
    task(office, "submit", "--words", "done after all", "--document", "1", *ANNA, "--at", "2025-08-28")
    # the working days leave out the weekends and National Day, 1 and 2 September
    found = office.ask("reviews", "--at", "2025-09-04")
    assert [(one["question"], one["days"], one["working_days"]) for one in found["reviews"]] == [
        ("contest", 24, 16), ("extension", 20, 12), ("report", 7, 3),
    ]  # fmt: skip
    assert found["totals"] == {"report": 1, "extension": 1, "contest": 1}
    assert [one["words"] for one in found["reviews"]] == ["whose is it?", "a survey", "done after all"]
    assert office.ask("reviews", "--agency", "BTC")["totals"] == {"report": 0, "extension": 0, "contest": 1}
    (first,) = office.ask("reviews", "--limit", "1")["reviews"]
    assert first["question"] == "contest"
    board = office.ask("board", "--at", "2025-09-04")
    assert (board["asking"], board["contested"]) == (1, 1)
    assert [(one["age_days"], one["age_working_days"]) for one in board["awaiting_review"]] == [(7, 3)]
    assert "To be decided: 1 asked for more time, 1 contested as not ours" in office.run("board").stdout
    text = office.run("reviews", "--at", "2025-09-04").stdout
    assert "a report: 1, more time: 1, not ours: 1" in text
    office.run("extension", "refuse", "report/BNV", "--why", "it is done", *SECRETARIAT)
    task(office, "accept", *SECRETARIAT)
    task(office, "uphold", "--why", "the decree says so", *SECRETARIAT, ref="publish/BTC")
    assert office.ask("reviews")["reviews"] == []
    assert "To be decided" not in office.run("board").stdout
    assert "Nothing waits for a decision." in office.run("reviews").stdout
    past = office.ask("reviews", "--at", "2025-08-20", "--known", "2025-08-20")
    assert [one["question"] for one in past["reviews"]] == ["contest", "extension"], "as it was then"


@pytest.mark.parametrize(
    ("at", "days", "working"),
    [
        ("2025-08-28T23:59", 0, 0),
        ("2025-08-29T00:00", 1, 1),
        ("2025-08-30T00:00", 2, 1),
        ("2025-09-03T00:00", 6, 2),
    ],
)
def test_the_day_it_came_is_not_counted(office: Office, at: str, days: int, working: int) -> None:
    task(office, "submit", "--words", "done", "--document", "1", *ANNA, "--at", "2025-08-28T09:00")
    (one,) = office.ask("reviews", "--at", at)["reviews"]
    assert (one["days"], one["working_days"]) == (days, working)


def test_reports_that_await_review_are_a_list(office: Office) -> None:
    task(office, "submit", "--words", "done", "--document", "1", *ANNA)
    assert [row["ref"] for row in office.ask("task", "list", "--awaiting")["tasks"]] == [REF]
    task(office, "accept", *SECRETARIAT)
    assert office.ask("task", "list", "--awaiting")["tasks"] == []


def test_the_life_cycle_is_printed(office: Office) -> None:
    assert office.run("task", "lifecycle", "--format", "mermaid").stdout.startswith("stateDiagram-v2\n")
    assert office.run("task", "lifecycle", "--format", "markdown").stdout == (
        Path(__file__).parents[2] / "docs/life-cycle.md"
    ).read_text(encoding="utf-8")
    assert len(office.ask("task", "lifecycle")["transitions"]) > 20
    assert "the exact missing thing" in office.run("task", "lifecycle").stdout
