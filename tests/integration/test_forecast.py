"""Forecasts: what is foretold is what sweeps then make, to the last mail; and a trial tells what would have been."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

import pytest
from sqlalchemy import func, select

from tests.builders import a_directive, a_ladder, a_registry, a_task
from tests.integration.test_store_contract import contents
from tests.simulation.a_store import ADOPTED, mailboxes
from tracker.domain.agency import Registry
from tracker.domain.calendar import Span
from tracker.domain.deadline import By, Due, Review, Window
from tracker.domain.directive import Directive
from tracker.domain.errors import Invalid, NotFound, Refused
from tracker.domain.forecast import Foretold, Preview
from tracker.domain.ladder import Ladder, Level, Quiet, Rung
from tracker.domain.outbox import BUNDLED
from tracker.operations import (
    accept,
    acknowledge,
    adopt_directive,
    adopt_registry,
    init,
    send_back,
    set_channel,
    submit,
    sweep,
)
from tracker.operations.deputies import name_deputy
from tracker.operations.extensions import ask, grant
from tracker.operations.forecast import preview, trial
from tracker.operations.progress import note
from tracker.store import outbox
from tracker.store.assignments import ASSIGNMENT
from tracker.store.store import Store

WORKING = "working days"
DAY = timedelta(days=1)
AGENCIES = ("BNV", "BTC", "BGDDT", "01", "04", "22")
CLOSE = replace(
    a_ladder(),
    name="close",
    rungs=(
        Rung("assigned", to=("lead", "with")),
        Rung("share", share=50),
        Rung("before", Span(3, WORKING)),
        Rung("due", to=("lead", "secretariat")),
        Rung("after", Span(1, WORKING)),
    ),
    daily_after=Span(4, WORKING),
    then_every=Span(2, WORKING),
    escalate=(Level(Span(5, WORKING), ("parent",)), Level(Span(9, WORKING), ("head", "secretariat"))),
    quiet=Quiet(time(17, 30), time(7, 30)),
    working_days=True,
    cap=2,
)
AFTERNOON = replace(a_ladder(), name="afternoon", time=time(15, 15), cap=1)


def a_policy(**ladders: Ladder) -> Registry:
    known = {"standard": a_ladder(), "close": CLOSE, "afternoon": AFTERNOON, **ladders}
    return a_registry(ladders=known, secretariat="VPCP", head="CP")


def some_duties(rng: Random) -> Directive:
    """Return a directive with duties of every kind of date, by every ladder."""

    def duty(n: int) -> object:
        last = date(2025, 8, 18) + timedelta(days=rng.randrange(25))
        rule = rng.choice(
            [By(last), By(last, time(7, 45)), By(last), Window(last - 6 * DAY, last), Review(Span(9, "days"))]
        )
        due = Due(rule=rule, cutoff=isinstance(rule, By) and rng.random() < 0.2)
        remind = rng.choice(["standard", "close", "close", "afternoon", "none"])
        lead = rng.choice(AGENCIES)
        return a_task(f"duty-{n:02d}", lead=lead, due=due, remind=remind, supporting=(rng.choice(AGENCIES),))

    return a_directive(*(duty(n) for n in range(16)))  # type: ignore[arg-type]


def a_store(url: str, registry: Registry, directive: Directive) -> Store:
    """Return a rehearsal in which all but one of the offices have a mailbox, and one is away for a while."""
    store = init(url, rehearsal=True, at=ADOPTED, actor="test")
    adopt_registry(store, registry, at=ADOPTED, actor="test")
    set_channel(store, mailboxes("BNV", "BTC", "BGDDT", "01", "04", "VPCP", "CP"), at=ADOPTED, actor="test")
    adopt_directive(store, directive, at=ADOPTED, actor="test")
    away = date(2025, 8, 20), date(2025, 8, 28)
    name_deputy(store, "BTC", "01", first=away[0], last=away[1], at=ADOPTED, actor="BTC:an", why="moving house")
    return store


def next_moment(store: Store) -> datetime | None:
    with store.read() as connection:
        found: datetime | None = connection.execute(select(func.min(ASSIGNMENT.c.next_moment))).scalar_one()
        return found


def swept(store: Store, end: datetime) -> None:
    """Sweep in every instant in which something comes, as one does that never sleeps."""
    while (at := next_moment(store)) is not None and at <= end:
        sweep(store, at=max(at, store.position().high_water))


Row = tuple[datetime, str, str, str, datetime, str, str, str]


def really(store: Store, *, since: datetime = ADOPTED) -> list[Row]:
    """Return what sweeps made by ladders; what nobody sent in time and was cancelled later had been pending."""
    states = {"cancelled": "pending", "accepted": "pending"}
    with store.read() as connection:
        return sorted(
            (r.made_at, r.assignment, r.rung, r.stage, r.moment, r.agency, r.channel, states.get(r.state, r.state))
            for r in outbox.reminders(connection)
            if r.made_at >= since and r.stage in BUNDLED
        )


def foretold(found: Preview) -> list[Row]:
    every: Iterator[Foretold] = (one for mail in found.mails for one in mail.reminders)
    return sorted(
        (one.at, one.assignment, one.rung, one.stage, one.moment, one.agency, one.channel, one.state)
        for one in (*every, *found.not_sent)
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_foretold_is_what_sweeps_make(database_url: str, seed: int) -> None:
    store = a_store(database_url, a_policy(), some_duties(Random(seed)))
    end = ADOPTED + 50 * DAY
    before = contents(store)
    found = preview(store, at=ADOPTED, end=end)
    assert contents(store) == before
    swept(store, end)
    assert foretold(found) == really(store)
    assert {"escalated", "half", "overdue"} <= found.figures.stages.keys()
    assert found.figures.suppressed > 0
    assert found.figures.unreachable > 0


def test_what_is_foretold_in_the_middle_goes_on_from_what_was_told(database_url: str) -> None:
    store = a_store(database_url, a_policy(), some_duties(Random(4)))
    middle, end = ADOPTED + timedelta(days=18, hours=7), ADOPTED + 40 * DAY
    swept(store, middle)
    with store.write() as connection:  # as if all had been sent
        connection.execute(
            outbox.REMINDER.update().where(outbox.REMINDER.c.state == "pending").values(state="accepted")
        )
    found = preview(store, at=middle, end=end)
    swept(store, end)
    assert foretold(found) == [row for row in really(store, since=middle) if row[0] > middle]


def test_what_waits_to_be_sent_is_foretold_too_and_leaves_in_one_mail_with_the_rest(database_url: str) -> None:
    directive = a_directive(a_task("one"), a_task("two", due=Due(rule=By(date(2025, 9, 1)))))
    store = a_store(database_url, a_policy(), directive)
    sweep(store, at=ADOPTED)
    found = preview(store, at=ADOPTED, end=ADOPTED)
    (mail,) = found.mails
    assert [(one.rung, one.state) for one in mail.reminders] == [("assigned", "waiting")] * 2
    assert (mail.agency, mail.channel, found.figures.mails, found.figures.reminders) == ("BNV", "mail", 1, 2)


def test_a_preview_of_one_office_or_directive_leaves_out_the_others(database_url: str) -> None:
    store = a_store(database_url, a_policy(), some_duties(Random(1)))
    end = ADOPTED + 30 * DAY
    every = foretold(preview(store, at=ADOPTED, end=end))
    assert foretold(preview(store, at=ADOPTED, end=end, agency="CP")) == [row for row in every if row[5] == "CP"]
    assert foretold(preview(store, at=ADOPTED, end=end, directive="2025/412-tb-vpcp")) == every
    with pytest.raises(NotFound):
        preview(store, at=ADOPTED, end=end, agency="BYT")
    with pytest.raises(NotFound):
        preview(store, at=ADOPTED, end=end, directive="2025/1-ct-ttg")
    with pytest.raises(Invalid):
        preview(store, at=ADOPTED, end=ADOPTED - DAY)


# ── A policy tried against history ──────────────────────────────────────────────────────────────────────────

Act = Callable[[Store, str, datetime], object]


def acts(rng: Random) -> list[tuple[datetime, int, Act]]:
    """Return what offices did and when, never in the instant a rung comes; which duty by its number."""

    def done(store: Store, ref: str, at: datetime) -> None:
        submit(store, ref, at=at, actor="office", words="done")
        (accept if rng_of(ref, at) else back)(store, ref, at=at, actor="secretariat")

    def back(store: Store, ref: str, *, at: datetime, actor: str) -> None:
        send_back(store, ref, at=at, actor=actor, missing="the annex")

    def heard(store: Store, ref: str, at: datetime) -> None:
        acknowledge(store, ref, at=at, actor="office")

    def later(store: Store, ref: str, at: datetime) -> None:
        note(store, ref, at=at, actor="office", until=at.date() + 6 * DAY)

    def extended(store: Store, ref: str, at: datetime) -> None:
        ask(store, ref, at.date() + 20 * DAY, at=at, actor="office", why="floods")
        grant(store, ref, at=at, actor="secretariat", instrument="9/CV-VPCP")

    days = sorted(rng.sample(range(1, 45), 20))
    return [
        (
            ADOPTED + timedelta(days=day, minutes=137),
            rng.randrange(16),
            rng.choice([done, done, heard, later, later, extended]),
        )
        for day in days
    ]


def rng_of(ref: str, at: datetime) -> bool:
    return Random(f"{ref}{at}").random() < 0.6


def lived(store: Store, doings: Sequence[tuple[datetime, int, Act]], end: datetime) -> None:
    for at, number, act in doings:
        swept(store, at)
        with store.read() as connection:
            refs = list(connection.execute(select(ASSIGNMENT.c.ref).order_by(ASSIGNMENT.c.ref)).scalars())
        try:
            act(store, refs[number], at)
        except Refused:
            continue  # settled already, or void
    swept(store, end)


@pytest.mark.parametrize("seed", [5, 6])
def test_a_policy_tried_against_history_counts_what_it_would_have_sent(
    database_url: str, tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    directive, doings, end = some_duties(Random(seed)), acts(Random(seed)), ADOPTED + 50 * DAY
    store = a_store(database_url, a_policy(), directive)
    lived(store, doings, end)
    other = a_policy(standard=replace(CLOSE, name="standard"), afternoon=replace(a_ladder(), name="afternoon", cap=1))
    elsewhere = f"sqlite:///{tmp_path_factory.mktemp('other')}/tracker.db"
    under_it = a_store(elsewhere, other, directive)
    lived(under_it, doings, end)

    before = contents(store)
    found = trial(store, other, at=end, policy="other.yaml", begin=None, end=None)
    assert contents(store) == before
    assert found.made == found.in_force.reminders
    for figures, real in ((found.in_force, really(store)), (found.tried, really(under_it))):
        sent = [row for row in real if row[6] != "none" and row[-1] != "suppressed"]
        assert figures.reminders == len(sent)
        assert figures.mails == len({(row[0].replace(second=0), row[5], row[6]) for row in sent})
        assert figures.suppressed == sum(row[-1] == "suppressed" for row in real)
        assert figures.unreachable == sum(row[6] == "none" for row in real)
        assert figures.stages == {s: sum(row[3] == s for row in sent) for s in sorted({row[3] for row in sent})}
    assert found.in_force != found.tried


def test_a_trial_of_a_part_of_the_time_counts_that_part(database_url: str) -> None:
    store = a_store(database_url, a_policy(), some_duties(Random(7)))
    end = ADOPTED + 50 * DAY
    swept(store, end)
    begin, until = ADOPTED + 10 * DAY, ADOPTED + 20 * DAY
    found = trial(store, a_policy(), at=end, policy="same", begin=begin, end=until)
    sent = [r for r in really(store) if begin <= r[0] <= until and r[6] != "none" and r[-1] != "suppressed"]
    assert found.in_force == found.tried
    assert found.tried.reminders == len(sent)
