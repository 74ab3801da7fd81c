"""The product beside the model of `life_model`: each attempt is put to both, and everything is compared.

The store is read behind the program's back, by a connection of its own: after a refusal SQLite itself says
whether anything at all was written.
"""

import json
import os
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from tests.builders import a_directive, a_registry, a_task, an_agency
from tests.simulation import life_model
from tests.simulation.a_store import mailboxes
from tests.simulation.life_model import BEGIN, DAY, PARENTS, RULES, TASKS, VALID, Item, Model, No, Written
from tracker.domain.agency import Registry
from tracker.domain.calendar import Span
from tracker.domain.deadline import Anchor, By, Due, Review, Within
from tracker.domain.directive import Directive, ForEach, Need, Task
from tracker.domain.errors import Conflict, Invalid, NotFound, Refused, TrackerError
from tracker.domain.evidence import Proof
from tracker.domain.extension import ExtensionRule, ExtensionRules
from tracker.domain.standing import standing
from tracker.operations import (
    adopt_directive,
    adopt_registry,
    deputies,
    extensions,
    init,
    ownership,
    progress,
    rebuild,
    set_channel,
    sweep,
    verify,
)
from tracker.operations.recording import registry_in_force
from tracker.store import assignments
from tracker.store.engine import make_engine
from tracker.store.store import Store

MEMORY = Path("/dev/shm")
NEEDS = {"finish": "finish-start", "start": "start-start", "during": "during"}
KINDS: Mapping[str, type[TrackerError]] = {
    "not-found": NotFound, "ambiguous": NotFound, "unknown-agency": NotFound,
    "conflict": Conflict, "owed-already": Conflict, "bad-proof": Invalid,
    "no-proof": Invalid,
}  # fmt: skip
PRODUCT: Mapping[str, Callable[..., Any]] = {
    "acknowledge": progress.acknowledge, "note": progress.note, "start": progress.start, "submit": progress.submit,
    "send_back": progress.send_back, "accept": progress.accept, "reopen": progress.reopen,
    "suspend": extensions.suspend, "resume": extensions.resume, "ask": extensions.ask,
    "grant": extensions.grant, "refuse": extensions.refuse, "contest": ownership.contest,
    "uphold": ownership.uphold, "transfer": ownership.transfer, "excuse": ownership.excuse,
    "discontinue": ownership.discontinue, "delegate": ownership.delegate, "take_back": ownership.take_back,
}  # fmt: skip


# what was put to the world that was made last, for people to read when it comes to a disagreement
STORY: list[str] = []


class Disagreement(AssertionError):
    """Product and model do not say the same."""


def same(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise Disagreement(f"{what}: the product says {found}, the model {wanted}")


class World:
    """One store and the model of it."""

    def __init__(self, tally: "Counter[str] | None" = None) -> None:
        self.model = Model()
        self.tally: Counter[str] = Counter() if tally is None else tally
        self.path = home() / "life.db"
        shutil.copy(template(), self.path)
        self.store = the_store()
        self.watch = sqlite3.connect(self.path, isolation_level=None)
        self.watch.row_factory = sqlite3.Row
        for seq, ref in self.watch.execute("SELECT seq, assignment FROM entry WHERE kind = 'assigned'"):
            self.model.items[ref]["changed"] = seq
        self.end = self._end()
        self.named: list[int] = []
        STORY.clear()
        self.compare()

    def attempt(self, verb: str, about: str, *, actor: str, at: datetime, said: Mapping[str, Any]) -> str:
        """Put one attempt to both and return what came of it: 'accepted', or the code of the refusal."""
        STORY.append(f"{at:%m-%d %H:%M:%S.%f} {actor} {verb} {about} {dict(said)}")
        settled = max(at, self.model.clock)
        squeezed = self._squeezed(verb, about, said)
        unit = self._unit(verb, about)
        told = self._told(unit, *self.model.covering(unit, settled)) if unit else []
        wanted: list[Written] | str
        try:
            wanted = self.model.attempt(verb, about, actor=actor, at=at, said=said)
            wanted += self._recalled(told, settled)
        except No as no:
            wanted = str(no)
        words = dict(said)
        if "proofs" in said:
            words["proofs"] = tuple(Proof(number=number, dated=dated) for number, dated in said["proofs"])
        found = self._try(lambda: PRODUCT[verb](self.store, about, at=at, actor=actor, **words))
        self._compare(verb, wanted, found, actor, settled)
        if found == "accepted" and verb == "ask":
            asked = self.watch.execute("SELECT body FROM entry WHERE kind = 'extension_requested' ORDER BY seq DESC")
            same("what would move", json.loads(asked.fetchone()["body"])["payload"]["would_move"], squeezed)
        self.tally[f"{verb} {found}"] += 1
        return found

    def name_deputy(self, *, actor: str, at: datetime, said: Mapping[str, Any]) -> None:
        STORY.append(f"{at:%m-%d %H:%M:%S.%f} {actor} name_deputy {dict(said)}")
        settled = max(at, self.model.clock)
        wanted: list[Written] | str = [("deputy_named", None)]
        try:
            self.model.name_deputy(actor=actor, at=at, said=said)
        except No as no:
            wanted = str(no)
        found = self._try(lambda: deputies.name_deputy(self.store, at=at, actor=actor, **said))
        self._compare("name_deputy", wanted, found, actor, settled)
        if found == "accepted":
            self.named.append(self.end)
        self.tally[f"name_deputy {found}"] += 1

    def end_deputy(self, which: int | None, *, actor: str, at: datetime) -> None:
        STORY.append(f"{at:%m-%d %H:%M:%S.%f} {actor} end_deputy {which}")
        settled = max(at, self.model.clock)
        told = [] if which is None else self._told(self.model.deputies[which]["deputy"])
        wanted: list[Written] | str
        try:
            self.model.end_deputy(which, actor=actor, at=at)
            wanted = [("deputy_ended", None), *self._recalled(told, settled)]
        except No as no:
            wanted = str(no)
        seq = 1 if which is None else self.named[which]
        found = self._try(lambda: deputies.end_deputy(self.store, seq, at=at, actor=actor))
        self._compare("end_deputy", wanted, found, actor, settled)
        self.tally[f"end_deputy {found}"] += 1

    def sweep(self, at: datetime) -> None:
        """Sweep both; a second sweep at once finds nothing to do, and every cached cell is what it is now."""
        STORY.append(f"{at:%m-%d %H:%M:%S.%f} sweep")
        settled = max(at, self.model.clock)
        alive = {ref for ref, item in self.model.items.items() if item["progress"] in life_model.LIVE}
        wanted = self.model.sweep(at)
        sweep(self.store, at=at)
        entries = self._entries()
        looked = [e["assignment"] for e in entries if e["kind"] == "swept"]
        same("looks at each", len(looked), len(set(looked)))
        same(
            "looks at what is settled",
            set(looked) - alive | set(looked) & {r for k, r in wanted if k == "cut_off"},
            set(),
        )
        # a look is no news, and how long nobody looked is another story
        self._take([e for e in entries if e["kind"] not in ("swept", "watch_gap")], wanted, "sweep", settled)
        if entries:
            self.model.clock = settled
        self.end = self._end()
        version = self._version()
        sweep(self.store, at=at)
        same("writing in a second sweep at one instant", self._version() - version, 0)
        self.compare()
        self.tally["sweep accepted"] += 1

    def count_now(self, at: datetime) -> None:
        """Compare every cell as it is reckoned at an instant that nobody has recorded yet."""
        with self.store.read() as connection:
            registry = registry_in_force(connection)
            for found in assignments.find(connection):
                policy = registry.policy(found.remind)
                cell = str(standing(found.facts, at=at, policy=policy).cell)
                wanted = self.model.cell(self.model.items[found.ref], at)
                same(f"the cell of {found.ref} at {at}", cell, wanted)

    def compare(self) -> None:
        """Compare every assignment's row with the model."""
        rows = {row["ref"]: row for row in self.watch.execute("SELECT * FROM assignment")}
        same("what is owed", set(rows), set(self.model.items))
        for ref, row in rows.items():
            wanted, found = life_model.facts_of(self.model.items[ref]), facts_of(row)
            if found != wanted:
                for word in wanted:
                    same(f"{word} of {ref}", found[word], wanted[word])

    def hold(self) -> None:
        """Hold the chain, and what is made again from entries, against the store."""
        same("the chain", verify(self.store).holds, True)
        same("what differs in a rebuild", rebuild(self.store, keep=False).differing, ())
        loud = "SELECT count(*) FROM reminder r JOIN assignment a ON a.ref = r.assignment WHERE r.state = 'pending'"
        loud += " AND r.key LIKE 'r1|%'"  # receipts and returns go out whatever becomes of the work
        quiet = ",".join(f"'{one}'" for one in (*life_model.SETTLED, "submitted", "suspended"))
        left = self.watch.execute(f"{loud} AND a.progress IN ({quiet})").fetchone()[0]
        same("reminders left of what is quiet", left, 0)

    def close(self) -> None:
        self.watch.close()
        self.store.close()  # its connections; what it has learned of statements stays for the next life
        for left in self.path.parent.glob(f"{self.path.name}*"):
            left.unlink()

    def _try(self, move: Callable[[], object]) -> str:
        before = self._version()
        try:
            move()
        except TrackerError as error:
            same("writing in an attempt that was refused", (self._version() - before, self._end()), (0, self.end))
            same(f"the kind of {error.code}", type(error), KINDS.get(error.code, Refused))
            same("a refusal in a sentence", len(str(error).split()) > 2, True)
            return error.code
        STORY[-1] += " ->"
        return "accepted"

    def _compare(self, verb: str, wanted: list[Written] | str, found: str, actor: str, at: datetime) -> None:
        said = wanted if isinstance(wanted, str) else "accepted"
        same(verb, found, said)
        if isinstance(wanted, str):
            return
        entries = self._entries()
        same("the actor", {e["actor"] for e in entries}, {actor})
        for e in entries:
            happened = self.model.happened(e["kind"], e["assignment"], at)
            same(f"when {e['kind']} happened", instant(e["effective_at"]), happened)
        self._take(entries, wanted, verb, at)
        self.end = self._end()
        self.compare()

    def _take(self, entries: list[sqlite3.Row], wanted: list[Written], verb: str, at: datetime) -> None:
        """Hold what was written against what should have been, and keep the position a person would decide by."""
        found = [(e["kind"], e["assignment"]) for e in entries]
        same(f"entries of {verb}", sorted(found, key=repr), sorted(wanted, key=repr))
        same("when it was recorded", {instant(e["recorded_at"]) for e in entries} - {at}, set())
        for entry in entries:
            if entry["assignment"] and entry["kind"] not in ("waiting", "reminder_closed"):
                self.model.items[entry["assignment"]]["changed"] = entry["seq"]

    def _unit(self, verb: str, about: str) -> str | None:
        """Return the unit from which a move takes a task, if it does."""
        try:
            return self.model.items[self.model.find(about)]["delegate"] if verb in ("delegate", "take_back") else None
        except No:
            return None

    def _told(self, *offices: str) -> list[tuple[str, str]]:
        """Return the reminders on their way to some offices, by what they are about; no answers to reports."""
        ways = "SELECT assignment, agency FROM reminder WHERE state = 'pending'"
        ways += " AND stage NOT IN ('received', 'returned')"
        return [(ref, office) for ref, office in self.watch.execute(ways) if office in offices]

    def _recalled(self, told: list[tuple[str, str]], at: datetime) -> list[Written]:
        """Return the entries by which reminders are called back from who has no more to do with it."""
        gone = (ref for ref, office in told if not self.model.hears(self.model.items[ref], office, at))
        return [("reminder_closed", ref) for ref in gone]

    def _squeezed(self, verb: str, about: str, said: Mapping[str, Any]) -> list[str]:
        if verb != "ask":
            return []
        try:
            item = self.model.items[self.model.find(about)]
        except No:
            return []
        return self.model.squeezed(item, said["day"])

    def _entries(self) -> list[sqlite3.Row]:
        return self.watch.execute("SELECT * FROM entry WHERE seq > ? ORDER BY seq", (self.end,)).fetchall()

    def _end(self) -> int:
        return int(self.watch.execute("SELECT max(seq) FROM entry").fetchone()[0])

    def _version(self) -> int:
        """Return a number that SQLite changes when any other connection has committed anything to the file."""
        return int(self.watch.execute("PRAGMA data_version").fetchone()[0])


def facts_of(row: sqlite3.Row) -> Item:
    """Return of a row what the model says too, in its words."""
    return {
        "progress": row["progress"], "cell": row["cell"], "last": a_day(row["last_day"]),
        "first": a_day(row["first_day"]), "received": instant(row["received_at"]), "done_on": a_day(row["done_on"]),
        "accepted": instant(row["accepted_at"]), "rests": instant(row["suspended_at"]),
        "asked": a_day(row["asked_day"]), "contested": instant(row["contested_at"]),
        "extensions": row["extensions"], "delegate": row["delegate"],
        "waits": tuple(json.loads(row["waiting_for"])), "changed": row["changed"],
        "agency": row["agency"], "task": row["task"],
    }  # fmt: skip


def a_day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None


# ── The same world, in the product's words ───────────────────────────────────────────────────────────────────


def the_registry() -> Registry:
    agencies = {**a_registry().agencies}
    for code, parent in PARENTS.items():
        first, end = VALID.get(code, (date.min, date.max))
        valid = {"valid_from": first if first > date.min else None, "valid_to": end if end < date.max else None}
        kind = agencies[code].kind if code in agencies else "commune"
        agencies[code] = an_agency(code, kind, parent=parent, **valid)
    rules = {
        key: ExtensionRule(
            name=f"rule-{n}",
            at_most=at_most,
            ask_before=Span(ahead, "working days" if ahead else "days"),
            longest=Span(longest, "working days" if working else "days"),
        )
        for n, (key, (at_most, ahead, (longest, working))) in enumerate(RULES.items())
    }
    by_name = {rule.name: rule for rule in rules.values()}
    names = {key: rule.name for key, rule in rules.items()}
    extensions = ExtensionRules(rules=by_name, default="rule-0", directives=names)
    return a_registry(agencies=agencies, extensions=extensions)


def the_directives() -> tuple[Directive, ...]:
    found = []
    for number in ("412/TB-VPCP", "7/CT-TTg"):
        plain = a_directive(number=number)
        tasks = (the_task(key) for key in TASKS if key.startswith(f"{plain.key}/"))
        found.append(a_directive(*tasks, number=number))
    return tuple(found)


def the_task(key: str) -> Task:
    said = TASKS[key]
    directive, _, name = key.rpartition("/")
    lead = said["lead"]
    rule: Any = None
    if "last" in said:
        rule = By(said["last"], time(*said["minute"]) if "minute" in said else None)
    elif "review" in said:
        rule = Review(Span(said["review"], "days"))
    elif "counts" in said:
        anchor, days = said["counts"]
        rule = Within(Span(days, "days"), Anchor("task", anchor))
    return a_task(
        name,
        directive=directive,
        for_each=ForEach(agencies=lead, complete_when="any") if said.get("any") else None,
        lead=None if said.get("any") else lead[0],
        due=Due(rule=rule, cutoff=said.get("void", False)) if rule else None,
        needs=tuple(Need(needed, kind=NEEDS[how]) for needed, how in said.get("needs", ())),  # type: ignore[arg-type]
        evidence_required=said.get("evidence", False),
    )


# ── Stores, made once and copied ─────────────────────────────────────────────────────────────────────────────


@cache
def the_store() -> Store:
    """Return the store of the life at hand: one file after the other, under one name."""
    return Store(make_engine(f"sqlite:///{home() / 'life.db'}"))


@cache
def home() -> Path:
    """Return this process's folder for stores, in memory where there is any; it goes with the process."""
    import atexit

    found = Path(tempfile.mkdtemp(prefix="tracker-life-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
    atexit.register(shutil.rmtree, found, ignore_errors=True)
    return found


def leave() -> None:
    """Remove this process's stores: a process of a pool ends without a word."""
    the_store().close()
    shutil.rmtree(home(), ignore_errors=True)
    for made in (home, template, the_store):
        made.cache_clear()


@cache
def template() -> Path:
    """Return a store in which the two directives were just adopted."""
    path = home() / "template.db"
    store = init(f"sqlite:///{home() / 'made.db'}", rehearsal=False, at=BEGIN, actor="test")
    adopt(store)
    store.close()
    with closing(sqlite3.connect(home() / "made.db")) as made:
        made.execute("VACUUM INTO ?", (str(path),))
    with closing(sqlite3.connect(path)) as copy:
        copy.execute("PRAGMA journal_mode = WAL")
    return path


def adopt(store: Store) -> None:
    """Adopt the world in an empty store."""
    adopt_registry(store, the_registry(), at=BEGIN, actor="test")
    set_channel(store, mailboxes("BNV", "BTC", "01", "01004", "CP"), at=BEGIN, actor="test")
    for directive in the_directives():
        adopt_directive(store, directive, at=BEGIN, actor="test")


__all__ = ["DAY", "World", "adopt", "home", "template"]
