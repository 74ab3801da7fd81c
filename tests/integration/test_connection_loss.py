"""F7: the connection to PostgreSQL is lost at every moment of a piece of work: nothing is lost or done twice."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime

import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from tests.builders import a_directive
from tests.integration.postgres import Cluster
from tests.integration.web.a_site import KEY, Site, a_site, an_office_at_work
from tests.simulation.a_store import ADOPTED, Recorder, a_store, many_duties, minutes, six_duties
from tests.simulation.cuts import scissors, wait_until_gone
from tracker import operations
from tracker.cli.main import app
from tracker.domain.entry import Draft
from tracker.domain.errors import TrackerError, TryLater
from tracker.operations import (
    acknowledge,
    adopt_directive,
    deliver,
    open_store,
    rebuild,
    submit,
    sweep,
    verify,
)
from tracker.operations.deliver import LEASE
from tracker.operations.ticking import clock_of, tick_lock
from tracker.settings import Settings
from tracker.store import assignments, ledger, outbox
from tracker.store.outbox import Reminder
from tracker.store.store import Store

DONE = (None, "refused")  # it is done, or it was already
BNV = "2025/412-tb-vpcp/duty-bnv/BNV"


def look(store: Store) -> None:
    assert verify(store).holds
    assert rebuild(store, keep=False).differing == ()
    clock_of(store, None, wall=lambda: ADOPTED)()


def tick(store: Store) -> None:
    with tick_lock(store) as alone:
        assert alone
        sweep(store, at=ADOPTED)


WORKS: dict[str, Callable[[Store], object]] = {
    "sweep": tick,
    "apply": lambda store: adopt_directive(store, many_duties(2), at=ADOPTED, actor="test"),
    "acknowledge": lambda store: acknowledge(store, BNV, at=ADOPTED, actor="BNV:an"),
    "submit": lambda store: submit(store, BNV, at=ADOPTED, actor="BNV:an", words="done"),
    "look": look,
}


@pytest.fixture(scope="module")
def model(postgres_cluster: Cluster) -> Iterator[str]:
    """Yield the URL of a database in which six offices have a duty each; every story begins with a copy of it."""
    with postgres_cluster.database() as url:
        a_store(url).close()
        yield url


@pytest.mark.parametrize("work", WORKS)
def test_work_that_loses_its_connection_says_so_and_is_done_once_when_tried_again(
    postgres_cluster: Cluster, model: str, work: str
) -> None:
    do, ends, moment, reached = WORKS[work], set(), 0, True
    while reached:
        with a_copy(postgres_cluster, model) as store:
            cut = None
            # where something was kept, the next moment begins with another copy
            while reached and (cut is None or "after COMMIT" not in cut.moments):
                moment += 1
                with scissors(store, moment) as cut:
                    said = refusal(do, store)
                reached = len(cut.moments) >= moment
                assert said in (meant(cut.moments[moment - 1]) if reached else DONE), (moment, cut.moments)
            assert refusal(do, store) in DONE, moment
            ends.add(store.position())
    assert len(ends) == 1
    assert moment > 5


def meant(kind: str) -> tuple[str | None, ...]:
    """Return what may be heard of a connection that was lost at a moment."""
    if "pg_advisory_unlock" in kind:
        return DONE  # the lock of a tick is let go by a session that breaks
    return ("in-doubt",) if kind.endswith("COMMIT") else ("database-away",)


@contextmanager
def a_copy(cluster: Cluster, model: str) -> Iterator[Store]:
    """Yield a store that holds what the model holds."""
    with cluster.database(model) as url:
        store = open_store(url)
        yield store
        store.close()


def refusal(do: Callable[..., object], *given: object) -> str | None:
    """Return the code of the refusal that some work ended with; None where it did not."""
    try:
        do(*given)
    except TrackerError as error:
        return error.code
    return None


# ── Mails, pages and commands ────────────────────────────────────────────────────────────────────────────────


def test_a_delivery_that_loses_its_connection_loses_no_mail_and_repeats_one_at_most(postgres_cluster: Cluster) -> None:
    moment, reached, later = 0, True, ADOPTED + LEASE + minutes(1)
    with postgres_cluster.database() as swept:
        with closing(a_store(swept, a_directive(*six_duties().tasks[:2]))) as store:
            sweep(store, at=ADOPTED)
            names = [one.reference for one in everything(store)]
        while reached:
            moment += 5
            with a_copy(postgres_cluster, swept) as store:
                sender = Recorder()
                with scissors(store, moment) as cut:
                    said = refusal(send, store, sender, ADOPTED)
                reached = len(cut.moments) >= moment
                assert said in (meant(cut.moments[moment - 1]) if reached else DONE), (moment, cut.moments)
                assert refusal(send, store, sender, later) is None
                sent = Counter(reference for _, reference in sender.sent)
                assert set(sent) == set(names), moment
                assert sum(sent.values()) <= len(names) + 1, moment
                assert {one.state for one in everything(store)} == {"accepted"}
    assert moment > 20


def send(store: Store, sender: Recorder, at: datetime) -> None:
    deliver(store, sender, settings=Settings(), clock=lambda: at)


def everything(store: Store) -> Sequence[Reminder]:
    with store.read() as connection:
        return outbox.reminders(connection)


@pytest.fixture(scope="module")
def site(postgres_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield the pages of an office at work on PostgreSQL."""
    with postgres_cluster.database() as url, closing(an_office_at_work(url)) as store:
        yield a_site(tmp_path_factory.mktemp("site"), store)


def test_a_page_that_loses_its_connection_says_so_and_the_next_request_is_served(site: Site) -> None:
    moment, reached = 0, True
    with site.as_("anna") as anna:
        while reached:
            moment += 1
            with scissors(site.store, moment) as cut:
                status = anna.get("/tasks").status_code
            reached = len(cut.moments) >= moment
            # what a page only notes in passing, it goes on without
            assert status in ((503, 200) if reached else (200,)), (moment, cut.moments)
            assert anna.get("/tasks").status_code == 200
    assert moment > 5


def test_a_form_that_loses_its_connection_is_taken_once(site: Site) -> None:
    before, moment, status = kept(site), 0, 503
    with site.as_("anna") as anna:
        with site.store.read() as connection:
            seen = assignments.get(connection, [f"{KEY}/report/BNV"])[0].changed
        form = {"csrf": site.csrf("anna"), "seen": str(seen)}
        while status != 303:
            moment += 3
            with scissors(site.store, moment) as cut:
                status = anna.post(f"/tasks/{KEY}/report/BNV/do/acknowledge", data=form).status_code
            if "after COMMIT" in cut.moments and kept(site) > before:
                break
            assert status == 503, (moment, cut.moments)
    assert moment > 5
    assert kept(site) == before + 1


def kept(site: Site) -> int:
    with site.store.read() as connection:
        return sum(entry.kind == "acknowledged" for entry in ledger.entries(connection))


def test_a_command_that_loses_its_connection_leaves_with_75_and_a_line(
    postgres_cluster: Cluster, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["--database", model, "task", "acknowledge", BNV, "--as", "BNV:an"]
    with a_copy(postgres_cluster, model) as store:
        monkeypatch.setattr(operations, "open_store", lambda _: store)
        for moment in (1, 4, 8):
            with scissors(store, moment):
                said = CliRunner().invoke(app, command)
            assert (said.exit_code, said.stderr.count("\n")) == (75, 1), said.stderr
            assert said.stderr.startswith("tracker: database-away: ")
        assert CliRunner().invoke(app, command).exit_code == 0


# ── Sessions that hang ───────────────────────────────────────────────────────────────────────────────────────


def test_a_program_that_hangs_in_a_transaction_is_put_out_and_keeps_nothing(
    postgres_cluster: Cluster, model: str
) -> None:
    with a_copy(postgres_cluster, model) as store:
        before = store.position()
        with pytest.raises(TryLater, match="away or busy"):
            hang(store)
        assert store.position() == before


def hang(store: Store) -> None:
    """Write an entry, and do nothing for longer than a session may."""
    with store.write() as connection:
        ledger.append(connection, [Draft(kind="note", effective_at=ADOPTED, actor="me")], at=ADOPTED)
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 1"))
        wait_until_gone(store, connection)
        ledger.position(connection)


def test_who_waits_too_long_for_another_writer_is_told_to_try_later(postgres_cluster: Cluster, model: str) -> None:
    with a_copy(postgres_cluster, model) as store, store.write() as first:
        ledger.position(first, lock=True)
        with pytest.raises(TryLater, match="lock timeout"):
            wait_for_another(store)


def wait_for_another(store: Store) -> None:
    with store.write() as connection:
        assert connection.execute(text("SHOW lock_timeout")).scalar_one() == "30s"
        connection.execute(text("SET LOCAL lock_timeout = 1"))
        ledger.position(connection, lock=True)
