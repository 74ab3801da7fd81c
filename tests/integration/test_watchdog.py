"""When the work is not done somebody hears of it by another road; while it is, an outside address is called."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.integration.smtp import SmtpServer
from tests.simulation.a_store import ADOPTED, DUE, Recorder, a_store, a_store_before_the_day, minutes
from tracker.cli.main import app
from tracker.domain.errors import Invalid
from tracker.operations import deliver, open_store, sweep
from tracker.operations.keys import make_key
from tracker.operations.rounds import go_round
from tracker.operations.watchdog import road_of, watch
from tracker.settings import Settings
from tracker.store import outbox
from tracker.store.store import Store

DUTY = "duty@office.example"


class Outside(HTTPServer):
    """An address outside that counts how often it is called."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.calls: list[str] = []
        self.status = 200
        self.thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/secret-path"


class _Answer(BaseHTTPRequestHandler):
    server: Outside

    def do_GET(self) -> None:
        self.server.calls.append(self.path)
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def outside() -> Iterator[Outside]:
    server = Outside()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def alarms() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def offices() -> Iterator[SmtpServer]:
    with SmtpServer() as server:
        yield server


@pytest.fixture
def settings(
    database_url: str, alarms: SmtpServer, offices: SmtpServer, outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    """The settings of a store with everything sent before the day on which four more are owed.

    Its time is told by the tests, also where a server would tell it.
    """
    monkeypatch.setattr(Store, "clock", lambda _store, wall: wall)
    a_store_before_the_day(database_url).close()
    return Settings(
        database_url=database_url,
        smtp_url=offices.url,
        alarm=f"{alarms.url}?to={DUTY}",
        ping=outside.url,
    )


def test_a_dead_scheduler_is_heard_of_within_the_limit_and_a_round_without_it_sends_what_is_owed(
    settings: Settings, alarms: SmtpServer, offices: SmtpServer, outside: Outside
) -> None:
    tick = go_round(settings, wall=lambda: DUE - minutes(1))  # the last one of the scheduler, which then dies
    assert (tick.troubles, tick.alone) == ([], True)
    assert watch(settings, at=DUE + minutes(4)).wrong == ()
    assert len(outside.calls) == 1
    heard = watch(settings, at=DUE + minutes(4) + timedelta(seconds=1))
    assert heard.told
    assert [mail.recipients for mail in alarms.messages] == [(DUTY,)]
    assert len(outside.calls) == 1, "silence alarms outside"

    done = go_round(settings, wall=lambda: DUE + minutes(5))
    assert (done.delivered.accepted, done.troubles) == (4, [])
    assert len(offices.messages) == 4
    over = watch(settings, at=DUE + minutes(5))
    assert (over.wrong, over.ended, over.trouble) == ((), True, ())
    assert len(alarms.messages) == 2
    assert len(outside.calls) == 2
    assert not watch(settings, at=DUE + minutes(6)).ended


def test_an_alarm_is_given_once_an_hour_while_it_lasts(settings: Settings, alarms: SmtpServer) -> None:
    told = [watch(settings, at=ADOPTED + minutes(6 + 10 * n)).told for n in range(13)]
    assert [10 * n for n, one in enumerate(told) if one] == [0, 60, 120]
    assert len({mail.content.partition(b"Message-ID:")[2][:60] for mail in alarms.messages}) == 3


def test_an_alarm_that_could_not_be_passed_on_is_tried_again(settings: Settings, alarms: SmtpServer) -> None:
    alarms.rule("RCPT", "451 later", times=1)
    first, second = (watch(settings, at=ADOPTED + minutes(n)) for n in (6, 7))
    assert (first.told, second.told) == (False, True)
    assert first.trouble == (f"{DUTY}: RCPT: later",)


def test_a_reminder_that_stays_unsent_alarms_though_somebody_delivers(settings: Settings, offices: SmtpServer) -> None:
    store = open_store(settings.database_url)
    sweep(store, at=DUE)
    store.close()
    store = open_store(settings.database_url)
    deliver(store, Recorder(), settings=settings, clock=lambda: DUE, limit=1)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE watch SET at = (SELECT high_water FROM head)")
    store.close()
    found = watch(settings, at=DUE + minutes(5) + timedelta(seconds=1))
    assert any("has been due" in one for one in found.wrong), found.wrong


def test_a_database_that_is_away_and_a_store_on_hold_alarm(
    settings: Settings, alarms: SmtpServer, tmp_path: Path
) -> None:
    away = f"postgresql://nobody@127.0.0.1:1/{tmp_path.name}"
    elsewhere = Settings(database_url=away, alarm=settings.alarm)
    assert "database-away" in watch(elsewhere, at=ADOPTED).wrong[0]
    assert not watch(elsewhere, at=ADOPTED + minutes(1)).told
    held = Settings(database_url=settings.database_url, journal=str(tmp_path / "other"), alarm=settings.alarm)
    assert any("on hold" in one for one in watch(held, at=ADOPTED).wrong)
    assert len(alarms.messages) == 2


def test_a_round_goes_on_after_what_fails(settings: Settings, tmp_path: Path) -> None:
    store = open_store(settings.database_url)
    make_key(store, tmp_path / "key", at=ADOPTED, actor="test")
    store.close()
    held = Settings(database_url=settings.database_url, journal=str(tmp_path / "o"), key=str(tmp_path / "key"))
    done = go_round(held, wall=lambda: DUE)
    assert (done.swept.claimed > 0, done.delivered.attempts, done.sealed > 0) == (True, 0, True)
    assert ["on-hold" in one for one in done.troubles] == [True]
    assert go_round(Settings(database_url="sqlite:////nowhere/x.db"), wall=lambda: DUE).troubles


def test_a_rehearsal_is_never_late(tmp_path: Path, alarms: SmtpServer) -> None:
    a_store(f"sqlite:///{tmp_path}/r.db", rehearsal=True).close()
    settings = Settings(database_url=f"sqlite:///{tmp_path}/r.db", alarm=f"{alarms.url}?to={DUTY}")
    assert watch(settings, at=DUE).wrong == ()


def test_a_call_outside_that_fails_is_said_without_its_address(settings: Settings, outside: Outside) -> None:
    go_round(settings, wall=lambda: DUE)
    for status, said in ((500, "500"), (302, "302")):
        outside.status = status
        found = watch(settings, at=DUE)
        assert found.trouble == (f"ping: the answer was {said}",)
    assert set(outside.calls) == {"/secret-path"}
    quiet = Settings(database_url=settings.database_url, ping="http://127.0.0.1:1/secret")
    assert "secret" not in watch(quiet, at=DUE).trouble[0]
    odd = Settings(database_url=settings.database_url, ping="file:///etc/passwd")
    assert "https" in watch(odd, at=DUE).trouble[0]


@pytest.mark.parametrize(
    "alarm", ["duty@office.example", "smtp://relay", "smtp://relay?to=nobody", "http://x?to=a@b.example"]
)
def test_a_road_that_leads_nowhere_is_refused(alarm: str) -> None:
    with pytest.raises(Invalid, match="TRACKER_ALARM"):
        road_of(alarm)


def test_at_the_terminal(tmp_path: Path, alarms: SmtpServer, offices: SmtpServer, monkeypatch: Any) -> None:
    def run(*words: str, status: int = 0) -> str:
        done = CliRunner().invoke(app, ["--database", f"sqlite:///{tmp_path}/a.db", *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code == status, done.output
        return done.output

    monkeypatch.setenv("TRACKER_ALARM", f"{alarms.url}?to={DUTY}")
    monkeypatch.setenv("TRACKER_SMTP_URL", offices.url)
    a_store(f"sqlite:///{tmp_path}/a.db").close()
    assert "nobody has swept yet" in run("watchdog", status=1)
    assert len(alarms.messages) == 1
    assert "attempts" in run("monitor", "--once")
    assert len(alarms.messages) == 2
    run("watchdog")
    with open_store(f"sqlite:///{tmp_path}/a.db").read() as connection:
        assert outbox.counts(connection).get("pending", 0) == 0


# ── The canary ───────────────────────────────────────────────────────────────────────────────────────────────


def a_round(url: str, server: SmtpServer, at: Any, folder: Path) -> Any:
    settings = Settings(database_url=url, smtp_url=server.url, canary=CANARY, journal=str(folder / "sends"))
    return go_round(settings, wall=lambda: at)


CANARY = "canary@office.example"
TO_ALL = [(0, 1), (59, 1), (60, 2), (61, 2)]


@pytest.mark.parametrize(("passed", "canaries"), TO_ALL)
def test_a_canary_leaves_once_an_hour(database_url: str, tmp_path: Path, passed: int, canaries: int) -> None:
    a_store(database_url).close()
    with SmtpServer() as server:
        for minute in (0, passed):
            assert a_round(database_url, server, ADOPTED + minutes(minute), tmp_path).troubles == []
        heard = [m for m in server.messages if m.recipients == (CANARY,)]
    assert len(heard) == (canaries if database_url.startswith("sqlite") else 1)  # PostgreSQL goes by its own clock


@pytest.mark.parametrize(("passed", "alarms"), [(64, False), (65, False), (66, True)])
def test_a_canary_that_does_not_leave_for_an_hour_and_the_limit_is_an_alarm(
    tmp_path: Path, passed: int, alarms: bool
) -> None:
    url = f"sqlite:///{tmp_path}/tracker.db"
    a_store(url).close()
    with SmtpServer() as server:
        a_round(url, server, ADOPTED, tmp_path)
        server.rule("RCPT", "451 4.7.1 try again later", when=CANARY, times=99)
        for minute in (60, passed):
            a_round(url, server, ADOPTED + minutes(minute), tmp_path)
    settings = Settings(database_url=url, canary=CANARY, journal=str(tmp_path / "sends"))
    found = watch(settings, at=ADOPTED + minutes(passed))
    assert any("no canary" in one for one in found.wrong) is alarms


def test_without_an_address_there_is_no_canary_and_no_alarm(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/tracker.db"
    a_store(url).close()
    with SmtpServer() as server:
        settings = Settings(database_url=url, smtp_url=server.url)
        assert go_round(settings, wall=lambda: ADOPTED).troubles == []
        assert watch(settings, at=ADOPTED).wrong == ()
        assert not any("canary" in str(message.recipients) for message in server.messages)


def test_an_address_that_is_none_is_said_and_stops_nothing_else(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/tracker.db"
    a_store(url).close()
    with SmtpServer() as server:
        done = go_round(Settings(database_url=url, smtp_url=server.url, canary="nobody"), wall=lambda: ADOPTED)
    assert any("TRACKER_CANARY" in one for one in done.troubles)
    assert done.delivered.accepted == 6
