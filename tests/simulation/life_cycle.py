"""The life of assignments as random people live it, held step by step against an independent model.

`python -m tests.simulation.life_cycle --steps 20000` says how many steps were run, what was accepted, what
was refused with which code, and where product and model disagree.
"""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from tests.simulation.life_model import (
    BEGIN,
    DAY,
    LIVE,
    PARENTS,
    TASKS,
    VERBS,
    Item,
    begins,
    day_of,
    is_void,
    late_from,
    step,
)
from tests.simulation.life_world import STORY, World, leave

LENGTH = 80  # steps in one life
TALLY: Counter[str] = Counter()

# ── What people say ──────────────────────────────────────────────────────────────────────────────────────────

WORDS = st.sampled_from(["as ordered", "thiếu phụ lục 2", "vì bão", "12/QĐ-TTg", "", "  "])
GOOD = st.sampled_from(["as ordered", "vì bão", "12/QĐ-TTg"])
SAID = st.one_of(GOOD, GOOD, GOOD, WORDS)
WHO = st.sampled_from(
    ["right"] * 12
    + ["above", "delegate", "deputy", "unit", "stranger", "lead", "secretariat", "auditor", "operator", "unknown"]
)
PICK = st.tuples(st.integers(0, 999), st.integers(0, 9))
ABOUT = st.sampled_from(["whole"] * 14 + ["ending", "agency", "strange"])
SEEN = st.sampled_from([None] * 6 + ["now", "now", "before", "after"])
DAYS = st.integers(-2, 70)
OFFICES = st.sampled_from([*PARENTS, "BNV", "BTC", "BGDDT", "01", "XYZ"])
LATE = st.sampled_from([0] * 9 + [1, 30])  # by how many hours somebody's clock is behind


class LifeCycle(RuleBasedStateMachine):
    """People of every role and a clock, at work on two directives."""

    @initialize()
    def begin(self) -> None:
        self.world = World(TALLY)
        self.model = self.world.model
        self.now = BEGIN
        self.swept = BEGIN - DAY

    def teardown(self) -> None:
        if hasattr(self, "world"):
            try:
                self.world.hold()
            finally:
                self.world.close()

    # time

    @rule(hours=st.integers(1, 30))
    def some_hours_pass(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        self.world.count_now(self.now)

    @rule(days=st.integers(1, 6))
    def some_days_pass(self, days: int) -> None:
        self.now += days * DAY
        self.world.count_now(self.now)

    @rule(which=st.integers(0, 2), past=st.integers(-1, 1))
    def an_edge_comes(self, which: int, past: int) -> None:
        """Go to one of the next instants at which something turns, or right before or after it."""
        dated = [one for one in self.model.items.values() if one["last"] and one["progress"] in LIVE]
        edges = {late_from(one) for one in dated} | {begins(step(one["last"], -3, True) + DAY) for one in dated}
        coming = sorted(edge for edge in edges if edge > self.now)[:3]
        if coming:
            self.now = max(self.now, coming[which % len(coming)] + timedelta(microseconds=past))
            self.world.count_now(self.now)

    @precondition(lambda self: self.now > self.swept)
    @rule()
    def a_sweep_comes(self) -> None:
        self.world.sweep(self.now)
        self.swept = self.now

    # the moves

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE)
    def acknowledge(self, **how: Any) -> None:
        self._move("acknowledge", **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, days=st.one_of(st.none(), st.integers(-1, 35)))
    def note(self, *, days: int | None, **how: Any) -> None:
        until = None if days is None else day_of(max(self.now, self.model.clock)) + days * DAY
        self._move("note", {"until": until}, **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE)
    def start(self, **how: Any) -> None:
        self._move("start", **how)

    @rule(
        pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, words=SAID,
        document=st.sampled_from(["15/BC-BNV", "15/BC-BNV", None, " "]),
        done=st.sampled_from([None, None, -5, -1, 0, 1]), proved=st.sampled_from([None, None, "15/BC-BNV", ""]),
    )  # fmt: skip
    def submit(self, *, words: str, document: str | None, done: int | None, proved: str | None, **how: Any) -> None:
        self._submit(words, document, done, proved, how)

    @rule(
        pick=PICK, who=WHO, about=st.just("whole"), seen=st.just(None), late=st.just(0), words=GOOD,
        done=st.sampled_from([None, -5, 0]),
    )  # fmt: skip
    def submit_well(self, *, words: str, done: int | None, **how: Any) -> None:
        self._submit(words, "15/BC-BNV", done, None, how)

    def _submit(
        self, words: str, document: str | None, done: int | None, proved: str | None, how: dict[str, Any]
    ) -> None:
        said: dict[str, Any] = {"words": words, "document": document}
        if done is not None:
            said["done_on"] = day_of(max(self.now, self.model.clock)) + done * DAY
        if proved is not None:
            said["proofs"] = ((proved, day_of(self.now) + DAY * (len(words) % 3 - 1)),)
        self._move("submit", said, **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, missing=SAID)
    def send_back(self, *, missing: str, **how: Any) -> None:
        self._move("send_back", {"missing": missing}, **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE)
    def accept(self, **how: Any) -> None:
        self._move("accept", **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, why=SAID)
    def reopen(self, *, why: str, **how: Any) -> None:
        self._move("reopen", {"why": why}, **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, why=SAID, instrument=SAID)
    def suspend(self, *, why: str, instrument: str, **how: Any) -> None:
        self._move("suspend", {"why": why, "instrument": instrument}, **how)

    @rule(
        pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, days=st.one_of(st.none(), DAYS),
        instrument=st.one_of(st.none(), SAID),
    )  # fmt: skip
    def resume(self, *, pick: tuple[int, int], days: int | None, instrument: str | None, **how: Any) -> None:
        day = None if days is None else self._day(self._target("resume", pick), days)
        self._move("resume", {"day": day, "instrument": instrument}, pick=pick, **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, days=DAYS, why=SAID)
    def ask(self, *, pick: tuple[int, int], days: int, why: str, **how: Any) -> None:
        self._move("ask", {"day": self._day(self._target("ask", pick), days), "why": why}, pick=pick, **how)

    @rule(
        pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, days=st.one_of(st.none(), st.none(), DAYS),
        instrument=SAID, along=st.lists(st.tuples(st.integers(0, 999), st.integers(-1, 40)), max_size=3),
        honest=st.integers(0, 5),
    )  # fmt: skip
    def grant(
        self,
        *,
        pick: tuple[int, int],
        days: int | None,
        instrument: str,
        along: list[tuple[int, int]],
        honest: int,
        **how: Any,
    ) -> None:
        item = self._target("grant", pick)
        refs = self.model.below(item) if honest else list(self.model.items)
        chosen = {refs[n % len(refs)]: more for n, more in along} if refs else {}
        moved = {ref: self._day(self.model.items[ref], more) for ref, more in chosen.items()}
        day = None if days is None else self._day(item, days)
        self._move("grant", {"day": day, "instrument": instrument, "along": moved}, pick=pick, **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, why=SAID)
    def refuse(self, *, why: str, **how: Any) -> None:
        self._move("refuse", {"why": why}, **how)

    @rule(
        pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, why=SAID,
        proposed=st.one_of(st.none(), OFFICES),
    )  # fmt: skip
    def contest(self, *, why: str, proposed: str | None, **how: Any) -> None:
        self._move("contest", {"why": why, "proposed": proposed}, **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, why=SAID)
    def uphold(self, *, why: str, **how: Any) -> None:
        self._move("uphold", {"why": why}, **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, why=SAID, to=OFFICES)
    def transfer(self, *, why: str, to: str, **how: Any) -> None:
        self._move("transfer", {"why": why, "to_code": to}, **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, why=SAID, agreed=SAID)
    def excuse(self, *, why: str, agreed: str, **how: Any) -> None:
        self._move("excuse", {"why": why, "agreed_by": agreed}, **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, why=SAID, instrument=SAID)
    def discontinue(self, *, why: str, instrument: str, **how: Any) -> None:
        self._move("discontinue", {"why": why, "instrument": instrument}, **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE, unit=OFFICES, below=st.integers(0, 3))
    def delegate(self, *, pick: tuple[int, int], unit: str, below: int, **how: Any) -> None:
        agency = self._target("delegate", pick)["agency"]
        units = [code for code, parent in PARENTS.items() if parent == agency]
        self._move("delegate", {"unit": units[below % len(units)] if below and units else unit}, pick=pick, **how)

    @rule(pick=PICK, who=WHO, about=ABOUT, seen=SEEN, late=LATE)
    def take_back(self, **how: Any) -> None:
        self._move("take_back", **how)

    @rule(pick=PICK, choice=st.integers(0, 999), days=st.integers(1, 15))
    def what_comes_next(self, *, pick: tuple[int, int], choice: int, days: int) -> None:
        self._come_next(pick, choice, days)

    @rule(pick=PICK, choice=st.integers(0, 999), days=st.integers(1, 15))
    def and_next(self, *, pick: tuple[int, int], choice: int, days: int) -> None:
        self._come_next(pick, choice, days)

    @rule(pick=PICK, choice=st.integers(0, 999), days=st.integers(1, 15))
    def and_then(self, *, pick: tuple[int, int], choice: int, days: int) -> None:
        self._come_next(pick, choice, days)

    def _come_next(self, pick: tuple[int, int], choice: int, days: int) -> None:
        """Make a move that is open, said well and by whom it is for: so that lives get somewhere."""
        items = [one for one in self.model.items.values() if not is_void(one, self.now)]
        going = [one for one in items if one["progress"] in (*LIVE, "completed")] if pick[1] else items
        item = (going or items)[pick[0] % len(going or items)]
        final = ("transfer", "excuse", "discontinue", "reopen", "suspend")
        verbs = [
            verb
            for verb, (_, _, sources, _, _, pending) in VERBS.items()
            if item["progress"] in sources
            and (pending is None or (item[pending.strip("-")] is None) == pending.startswith("-"))
            and (verb not in final or choice % 4 == 0)
            and (verb != "take_back" or item["delegate"])
        ]
        if not verbs:
            return
        verbs += ["ask", "ask", "delegate"] if "ask" in verbs and item["last"] else []
        # what was asked is answered in the end
        answers = [verb for verb in verbs if verb in ("grant", "refuse", "uphold", "take_back", "resume")]
        verbs = answers if answers and choice % 3 else verbs
        verb = verbs[choice // 24 % len(verbs)]
        agency, day = item["agency"], self._day(item, days)
        offices = list(PARENTS)
        units = [code for code, parent in PARENTS.items() if parent == agency] or offices
        said: dict[str, Any] = dict.fromkeys(VERBS[verb][4], "as ordered")
        said |= {
            "submit": {"document": "15/BC-BNV"},
            "ask": {"day": day},
            "grant": {"day": day if days % 3 == 0 else None},
            "resume": {"day": day, "instrument": "12/QĐ-TTg"} if days % 2 else {},
            # often back to whom the directive named, which is where references get interesting
            "transfer": {"to_code": TASKS[item["task"]]["lead"][-1] if days % 2 else offices[days % len(offices)]},
            "contest": {"proposed": offices[days % len(offices)]},
            "delegate": {"unit": units[days % len(units)]},
        }.get(verb, {})
        who = ("right", "right", "right", "right", "operator", "above", "deputy", "delegate")[choice % 8]
        about = names_of(item)["ending"] if choice % 5 == 0 else item["ref"]
        self.world.attempt(verb, about, actor=self._actor(verb, item, who), at=self.now, said=said)

    # deputies

    @rule(
        agency=OFFICES, deputy=OFFICES, who=WHO, why=SAID, begin=st.integers(-2, 4), length=st.integers(-1, 20),
        late=LATE,
    )  # fmt: skip
    def name_a_deputy(self, agency: str, deputy: str, who: str, why: str, begin: int, length: int, late: int) -> None:
        first = day_of(max(self.now, self.model.clock)) + begin * DAY
        said = {"agency": agency, "deputy": deputy, "first": first, "last": first + length * DAY, "why": why}
        self.world.name_deputy(actor=self._deputys(agency, who), at=self._at(late), said=said)

    @precondition(lambda self: self.model.deputies)
    @rule(which=st.integers(0, 9), known=st.integers(0, 5), who=WHO, late=LATE)
    def a_deputy_goes(self, which: int, known: int, who: str, late: int) -> None:
        chosen = which % len(self.model.deputies)
        agency = self.model.deputies[chosen]["agency"]
        self.world.end_deputy(chosen if known else None, actor=self._deputys(agency, who), at=self._at(late))

    def _deputys(self, agency: str, who: str) -> str:
        offices = {"right": agency, "lead": agency, "above": PARENTS.get(agency) or agency, "stranger": "22",
                   "unit": "01999", "deputy": "BTC", "delegate": "01004"}  # fmt: skip
        return f"{offices.get(who, who)}:binh"

    # how a move is made

    def _move(
        self,
        verb: str,
        said: dict[str, Any] | None = None,
        *,
        pick: tuple[int, int],
        who: str,
        about: str,
        seen: str | None,
        late: int,
    ) -> None:
        item, at = self._target(verb, pick), self._at(late)
        said = dict(said or {})
        if seen is not None:
            said["seen"] = item["changed"] + {"now": 0, "before": -1, "after": 1}[seen]
        self.world.attempt(
            verb, names_of(item).get(about, item["ref"]), actor=self._actor(verb, item, who), at=at, said=said
        )

    def _at(self, late: int) -> datetime:
        return self.now - timedelta(hours=late)

    def _target(self, verb: str, pick: tuple[int, int]) -> Item:
        """Return an assignment, most often one that can make the move."""
        _, _, sources, _, _, pending = VERBS[verb]
        everything = list(self.model.items.values())
        apt = [one for one in everything if one["progress"] in sources and not is_void(one, self.now)]
        if pending:
            asked = [one for one in apt if (one[pending.strip("-")] is None) == pending.startswith("-")]
            apt = asked or apt
        chosen = apt if apt and pick[1] else everything
        return chosen[pick[0] % len(chosen)]

    def _day(self, item: Item, days: int) -> date:
        return (item["last"] or day_of(self.now)) + days * DAY

    def _actor(self, verb: str, item: Item, who: str) -> str:
        lead = item["agency"]
        covering = self.model.covering(lead, self.now)
        right = "secretariat" if VERBS[verb][1] == "secretariat" else lead
        offices = {
            "right": right, "lead": lead, "above": PARENTS[lead] or lead, "stranger": "22",
            "delegate": item["delegate"] or "01004", "deputy": covering[0] if covering else "BTC", "unit": "01999",
        }  # fmt: skip
        return f"{offices.get(who, who)}:binh"


def names_of(item: Item) -> dict[str, str]:
    """Return what else people may call an assignment: its ending, its agency alone, something nobody knows."""
    ending = f"{item['task'].rpartition('/')[2]}/{item['ref'].rpartition('/')[2]}"
    return {"ending": ending, "agency": item["agency"], "strange": f"{item['ref']}x"}


# ── A run ────────────────────────────────────────────────────────────────────────────────────────────────────


def run(steps: int, first_seed: int = 0, *, shrink: bool = False) -> Counter[str]:
    """Return what came of so many steps or a few more; raises AssertionError where product and model disagree."""
    TALLY.clear()
    for number in range(first_seed, first_seed + 1000):
        left = steps - sum(TALLY.values())
        if left <= 0:
            break
        some = settings(
            max_examples=max(1, min(100, left // LENGTH + 1)), stateful_step_count=LENGTH, deadline=None,
            database=None, derandomize=False, suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate], print_blob=False,
        )  # fmt: skip
        run_state_machine_as_test(seed(number)(LifeCycle), settings=some)
    return Counter(TALLY)


def share(job: tuple[int, int, bool]) -> tuple[Counter[str], str]:
    """Return what came of one process's share, and the first disagreement in words."""
    steps, first_seed, shrink = job
    try:
        return run(steps, first_seed, shrink=shrink), ""
    except Exception as error:
        notes = "\n".join(getattr(error, "__notes__", ()))
        story = "\n".join(STORY)
        return Counter(TALLY), f"{type(error).__name__}: {error}\n{notes}\n{story}"
    finally:
        leave()


def spread(steps: int, *, workers: int, first_seed: int = 0, shrink: bool = False) -> tuple[Counter[str], list[str]]:
    """Return what came of so many steps shared out among processes, and the disagreements in words."""
    jobs = [(-(-steps // workers), first_seed + 1000 * n, shrink) for n in range(workers)]
    if workers == 1:
        found = [share(jobs[0])]
    else:
        with multiprocessing.get_context("spawn").Pool(workers) as pool:
            found = pool.map(share, jobs, chunksize=1)
    return sum((tally for tally, _ in found), Counter[str]()), [words for _, words in found if words]


def told(tally: Counter[str], seconds: float, disagreements: int) -> str:
    """Return the figures of a run as lines to print."""
    ways = Counter[str]()
    for name, times in tally.items():
        ways[name.split(" ", 1)[1]] += times
    refused = sorted(((code, times) for code, times in ways.items() if code != "accepted"), key=lambda one: -one[1])
    return "\n".join([
        f"steps {sum(ways.values()):,} in {seconds:.1f} s",
        f"accepted {ways['accepted']:,}",
        f"refused {sum(times for _, times in refused):,}: " + ", ".join(f"{code} {times:,}" for code, times in refused),
        f"disagreements {disagreements}",
    ])  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description="Live random lives and hold them against the model.")
    parser.add_argument("--steps", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--shrink", action="store_true", help="look for the shortest life that disagrees: takes long")
    parser.add_argument("--verbs", action="store_true", help="print what came of each verb, too")
    asked = parser.parse_args()
    started = time.perf_counter()
    tally, wrong = spread(asked.steps, workers=asked.workers, first_seed=asked.seed, shrink=asked.shrink)
    print(*wrong, sep="\n\n", end="\n" if wrong else "")
    if asked.verbs:
        print(*(f"  {name}: {times}" for name, times in sorted(tally.items())), sep="\n")
    print(told(tally, time.perf_counter() - started, len(wrong)))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
