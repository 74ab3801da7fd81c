"""A simulated year keeps every promise: the short form of `tests.simulation.a_year`, and a judge that would notice."""

import ast
import copy
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

from tests.simulation import a_year_judge, a_year_oracle
from tests.simulation.a_year import Run, run, told
from tests.simulation.a_year_judge import Judge, Verdict

# a seed that fails is kept here, with what it found beside it; so far no later one than these has found anything
SEEDS = (1, 2, 3)
SHORT = {"assignments": 80, "days": 24}


@pytest.fixture(scope="module")
def first() -> Run:
    return run(SEEDS[0], **SHORT)


@pytest.mark.parametrize("seed", SEEDS[1:])
def test_nothing_owed_is_missing_and_nothing_else_was_sent(seed: int) -> None:
    found = run(seed, **SHORT)
    assert found.holds, told(found)


def test_one_seed_gives_one_year(first: Run) -> None:
    assert first.holds, told(first)
    assert run(SEEDS[0], **SHORT).digest == first.digest


def test_a_year_has_something_of_everything(first: Run) -> None:
    counts = first.verdict.counts
    few = {
        name
        for name in ("assignments", "mails", "digests", "facts", "must", "lists", "to deputies")
        if counts[name] < 5
    }
    assert few == set()
    assert counts["crashes"] > 0
    assert counts["unblocked"] > 0


class Planted:
    """A mistake planted in the product: where, what it does there, what the judge says of it, and in which seed."""

    def __init__(self, where: str, what: Callable[[Any], Any], words: str, seed: int) -> None:
        self.where, self.what, self.words, self.seed = where, what, words, seed


def _no_news(plain: Any) -> Any:
    return lambda before, after, kind: None if kind == "waiting" else plain(before, after, kind)


def _for_ever(plain: Any) -> Any:
    def covering(connection: Any, agencies: Any, day: Any) -> Any:
        found = plain(connection, agencies, day - timedelta(days=5))
        return {**found, **plain(connection, agencies, day)}

    return covering


def _but_one(plain: Any) -> Any:
    def open_by_agency(connection: Any) -> Any:
        found = dict(plain(connection))
        if found:
            del found[max(found)]
        return found

    return open_by_agency


PLANTED = {
    "a cap that keeps nothing back": Planted(
        "tracker.domain.cap.Mails.admit", lambda plain: lambda *_, **__: True, "after 1 mails of 1", 2
    ),
    "a cap that is one too small": Planted(
        "tracker.domain.cap.Mails.admit",
        lambda plain: lambda self, way, *, at, cap: plain(self, way, at=at, cap=cap and cap - 1),
        "was suppressed",
        2,
    ),
    "nobody hears that what they waited for is done": Planted(
        "tracker.operations.announcing.announced", _no_news, "n1|unblocked", 1
    ),
    "nobody is freed": Planted(
        "tracker.operations.waiting._freed", lambda plain: lambda *_, **__: [], "is not free", 1
    ),
    "deputies hear of nothing": Planted(
        "tracker.store.deputies.covering", lambda plain: lambda *_: {}, "was not told", 2
    ),
    "deputies hear of everything for days after": Planted(
        "tracker.store.deputies.covering", _for_ever, "nobody owed it then", 1
    ),
    "an office is left out of the lists": Planted("tracker.store.assignments.open_by_agency", _but_one, "l1|weekly", 2),
}


@pytest.mark.parametrize("name", PLANTED)
def test_the_judge_sees_a_mistake_that_is_planted_in_the_product(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    planted = PLANTED[name]
    place, _, attribute = planted.where.rpartition(".")
    target = resolve_name(place)
    monkeypatch.setattr(target, attribute, planted.what(getattr(target, attribute)))
    verdict = run(planted.seed, **SHORT).verdict
    assert any(planted.words in words for _, words in [*verdict.missing, *verdict.not_allowed]), verdict


@pytest.mark.parametrize("module", [a_year_oracle, a_year_judge])
def test_the_oracle_shares_no_code_with_the_tracker(module: Any) -> None:
    tree = ast.parse(Path(module.__file__).read_text())
    found = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    found |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    strange = {name for name in found if name.partition(".")[0] not in sys.stdlib_module_names}
    assert strange <= {a_year_oracle.__name__}


def judged(run: Run, change: Callable[[list[Any], list[Any]], None]) -> Verdict:
    """Return the verdict on a run of which something was changed afterwards."""
    log, rows = copy.deepcopy((list(run.judge.log), list(run.judge.rows.values())))
    change(log, rows)
    return Judge(run.judge.world, log, rows).judged()


def a_mail(log: list[Any], *, kind: str = "r1", run: Run) -> int:
    """Return where in a log a mail was accepted at its first attempt, about one thing of a kind."""
    rows = run.judge.rows
    for index, record in enumerate(log):
        if record["what"] == "attempt" and record["took"] and len(record["references"]) == 1:
            (reference,) = record["references"]
            tries = [one for one in log if one["what"] == "attempt" and reference in one["references"]]
            if rows[reference]["key"].startswith(kind) and len(tries) == 1:
                return index
    raise AssertionError(f"no mail of {kind}")


@pytest.mark.parametrize("kind", ["r1", "n1", "e1"])
def test_the_judge_sees_a_mail_that_never_left(first: Run, kind: str) -> None:
    def lose(log: list[Any], rows: list[Any]) -> None:
        del log[a_mail(log, kind=kind, run=first)]

    assert judged(first, lose).missing


def test_the_judge_sees_a_reminder_that_was_never_made(first: Run) -> None:
    def lose(log: list[Any], rows: list[Any]) -> None:
        (reference,) = log.pop(a_mail(log, run=first))["references"]
        rows[:] = [row for row in rows if row["reference"] != reference]

    assert "never made" in judged(first, lose).missing[0][1]


def test_the_judge_sees_an_end_told_to_who_never_heard_of_the_task(first: Run) -> None:
    def forget(log: list[Any], rows: list[Any]) -> None:
        log[:] = [one for one in log if one["what"] not in ("attempt", "crash")]

    words = {words.partition(" was made")[0] for _, words in judged(first, forget).not_allowed}
    assert any(one.startswith("e1|") for one in words)


def test_the_judge_sees_a_copy_that_no_crash_explains(first: Run) -> None:
    def repeat(log: list[Any], rows: list[Any]) -> None:
        index = a_mail(log, run=first)
        log.insert(index, copy.deepcopy(log[index]))

    assert judged(first, repeat).not_allowed


def test_the_judge_sees_a_copy_under_another_identity(first: Run) -> None:
    def repeat(log: list[Any], rows: list[Any]) -> None:
        index = a_mail(log, run=first)
        log.insert(index, {**log[index], "message": "<another@directives.example>"})

    assert judged(first, repeat).not_allowed


def test_the_judge_sees_a_mail_long_after_its_time(first: Run) -> None:
    def delay(log: list[Any], rows: list[Any]) -> None:
        mail = log.pop(a_mail(log, run=first))
        log.append({**mail, "at": log[-1]["at"]})

    assert judged(first, delay).not_allowed


def test_the_judge_sees_a_mail_to_somebody_else(first: Run) -> None:
    def misdirect(log: list[Any], rows: list[Any]) -> None:
        log[a_mail(log, run=first)]["office"] = "STRANGER"

    assert judged(first, misdirect).not_allowed


def test_the_judge_sees_a_reminder_that_nobody_owed(first: Run) -> None:
    def invent(log: list[Any], rows: list[Any]) -> None:
        row = next(row for row in rows if row["key"].startswith("r1|"))
        rows.append({**row, "reference": "ntf-x", "key": row["key"].replace("|assigned|", "|before-99wd|")})
        rows[-1]["key"] += "" if "before-99wd" in rows[-1]["key"] else "x"

    assert judged(first, invent).not_allowed


def test_the_judge_sees_two_mails_at_once_that_were_one(first: Run) -> None:
    def split(log: list[Any], rows: list[Any]) -> None:
        index, mail = next(
            (index, one)
            for index, one in enumerate(log)
            if one["what"] == "attempt" and one["took"] and len(one["references"]) > 1
        )
        half, rest = mail["references"][:1], mail["references"][1:]
        log[index : index + 1] = [
            {**mail, "references": half, "message": "<half@directives.example>"},
            {**mail, "references": rest},
        ]

    assert any("which were one" in words for _, words in judged(first, split).not_allowed)


def test_the_judge_sees_what_was_given_up_for_no_reason(first: Run) -> None:
    def give_up(log: list[Any], rows: list[Any]) -> None:
        next(row for row in rows if row["state"] == "accepted" and row["key"].startswith("r1|"))["state"] = "failed"

    assert judged(first, give_up).not_allowed


def test_a_failing_seed_tells_its_story(first: Run) -> None:
    about = next(row["ref"] for row in first.judge.rows.values() if row["key"].startswith("r1|"))
    story = first.judge.story(about)
    assert about in story
    assert "oracle" in story
    assert "product" in story
