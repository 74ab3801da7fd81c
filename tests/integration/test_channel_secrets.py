"""Thirty secrets, put through every path a channel knows and some it should not: none of them comes out again."""

import base64
import io
import json
import logging
import re
import sqlite3
import traceback
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from typer.testing import CliRunner

from tests.integration.test_cli import Office
from tests.integration.web_server import WebServer, answer
from tests.unit.notify.a_notice import a_notice
from tracker import clock
from tracker.cli.fields import asked, filled
from tracker.cli.main import app
from tracker.domain.entry import Draft
from tracker.domain.errors import Conflict, Invalid, Refused
from tracker.notify import reach
from tracker.notify.kinds import KINDS
from tracker.notify.send import Sender
from tracker.notify.way import Way
from tracker.operations import open_store, remove_channel
from tracker.operations.channels import look, rekey, set_service
from tracker.operations.secrets import secretfile_of
from tracker.operations.trying import try_channel
from tracker.operations.ways import Ways
from tracker.settings import Settings
from tracker.store import adopted, ledger
from tracker.store.adopted import Channel
from tracker.store.store import Store

# twenty in the fields of channels that work …
GOOD: Mapping[str, Mapping[str, str]] = {
    "webhook": {
        "url": "https://hooks.moha.example/in/canary01", "secret": "whsec_canary02AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    },
    "telegram": {"token": "123456789:canary03-qwertyuiopasdfghjklzxcvbnm", "chat": "-1001234567890"},
    "slack": {"url": "https://hooks.slack.com/services/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"},
    "teams": {
        "url": "https://prod-01.westus.logic.azure.com:443/workflows/canary07f83c8944/triggers/manual/paths/invoke"
        "?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=canary08DGYFr0z0eu"
    },
    "discord": {"url": "https://discord.com/api/webhooks/417429632418316298/canary09k2ZwO5U711o3dV_js"},
    "googlechat": {"url": "https://chat.googleapis.com/v1/spaces/AAAA/messages?key=canary10k&token=canary11n%3D"},
    "mattermost": {"host": "chat.moha.example", "token": "canary12737793511fc85d3dd4"},
    "matrix": {"host": "matrix.moha.example", "token": "syt_canary13", "room": "!abc:moha.example"},
    "rocketchat": {"host": "rc.moha.example", "token": "canary14NpQwErTyU/canary15JkLmNoPqRsTuVwXyZ01"},
    "ntfy": {"host": "push.moha.example", "topic": "canary16-nhac", "token": "tk_canary17r4t5y6u7i8o9p0a1s2d3f4g"},
    "gotify": {"host": "push.moha.example", "token": "canary18EfG1234"},
    "zulip": {
        "host": "moha.zulipchat.com", "bot": "nhac", "token": "canary19c7f9d1a6e8b0a6e8b0aa00ff", "stream": "nhac",
    },
    "nextcloud": {"host": "cloud.moha.example", "user": "bot", "password": "canary20-wOrd", "room": "roomid42"},
}  # fmt: skip
# … and ten in what is refused: the field, and what was put there
BAD: tuple[tuple[str, str, str], ...] = (
    ("webhook", "url", "https://bnv:canary21@hooks.moha.example/"),
    ("webhook", "url", "http://hooks.moha.example/canary22"),
    ("webhook", "url", "https://hooks.moha.example/#canary23"),
    ("webhook", "url", "https://[canary24"),
    ("webhook", "secret", "whsec_canary25"),
    ("telegram", "token", "canary26"),
    ("slack", "url", "https://hooks.slack.com.evil.example/services/T0/B0/canary27"),
    ("mattermost", "token", "canary28 with a space"),
    ("gotify", "token", "canary29?redirect=yes"),
    ("nextcloud", "password", "canary30 \u202e"),
)
LOGGERS = ("", "apprise", "urllib3", "requests", "sqlalchemy", "tracker")
SECRETS = {
    value
    for kind, fields in GOOD.items()
    for name, value in fields.items()
    if "canary" in value.lower()
}  # fmt: skip


def forms(secret: str) -> set[str]:
    """Return what a secret looks like in clear and in the usual wrappings."""
    plain = secret.encode()
    return {secret, quote(secret, safe=""), json.dumps(secret)[1:-1], plain.hex(), base64.b64encode(plain).decode()}


def leaks(text: str) -> list[str]:
    """Return every secret, or piece of one, that a text holds."""
    return re.findall(r"(?i)canary\d\d", text) + [form for one in SECRETS for form in forms(one) if form in text]


@pytest.fixture(autouse=True)
def everything(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """Log all that can be logged, gather what a test writes, and look through it in the end."""
    caplog.set_level(1)
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    for name in LOGGERS:
        logging.getLogger(name).setLevel(1)
    written: list[str] = []
    yield written
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)
    printed = capfd.readouterr()
    assert leaks("\n".join([*written, caplog.text, printed.out, printed.err])) == []


@pytest.fixture(autouse=True)
def unplugged(monkeypatch: pytest.MonkeyPatch) -> None:
    def call(host: str, port: int, **_: Any) -> None:
        raise OSError(f"{host} says {' '.join(SECRETS)}")

    monkeypatch.setattr(reach, "call", call)
    monkeypatch.setattr("tracker.notify.webhook.call", call)
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def live(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    office.run("init")
    office.run("directive", "apply", office.folder, "--yes")
    return office


def words(office: Office, kind: str, fields: Mapping[str, str]) -> list[str]:
    """Return a command that sets a channel, its secrets in files."""
    said = ["channel", "set", "BNV", "--kind", kind]
    for name, value in fields.items():
        if "canary" not in value.lower():
            said += ["--field", f"{name}={value}"]
            continue
        file = office.database.with_name(f"{kind}-{name}")
        file.write_text(value + "\n", encoding="utf-8")
        said += ["--secret-file", f"{name}={file}"]
    return said


def say(office: Office, everything: list[str], *said: str, status: int | None = 0) -> str:
    """Run a command and remember what it wrote, and any traceback."""
    done = CliRunner().invoke(app, ["--database", f"sqlite:///{office.database}", *said])
    everything.append(done.output)
    everything.append("".join(traceback.format_exception(*done.exc_info)) if done.exc_info else "")
    assert status is None or done.exit_code == status, done.output
    return done.output


def test_there_are_thirty() -> None:
    text = json.dumps([GOOD, BAD])
    assert {found.lower() for found in re.findall(r"(?i)canary\d\d", text)} == {f"canary{n:02d}" for n in range(1, 31)}


def test_no_face_shows_a_secret_that_was_set(live: Office, everything: list[str]) -> None:
    for kind, fields in GOOD.items():
        say(live, everything, *words(live, kind, fields))
        assert "not taken this time" in say(live, everything, "channel", "test", "BNV", "--name", kind, status=1)
    say(live, everything, *words(live, "slack", GOOD["slack"]), "--format", "json")
    say(live, everything, "channel", "test", "BNV", "--name", "slack", "--format", "json", status=1)
    say(live, everything, "key", "make")
    say(live, everything, "sweep")
    for command in (
        ("channel", "list"), ("channel", "kinds"), ("history", "show", "--limit", "999"), ("config", "show"),
        ("reminder", "list"), ("task", "list"), ("board",), ("history", "verify"), ("history", "watch"),
    ):  # fmt: skip
        for shape in ((), ("--format", "json")):
            say(live, everything, *command, *shape, status=None)
    say(live, everything, "doctor", status=None)
    say(live, everything, "db", "rebuild", status=0)
    say(live, everything, "channel", "rekey")
    bag = live.database.with_name("bag")
    say(live, everything, "history", "export", str(bag))
    everything += [file.read_text(encoding="utf-8", errors="replace") for file in bag.rglob("*") if file.is_file()]
    with sqlite3.connect(live.database) as dump:
        everything += list(dump.iterdump())
    everything += [file.read_bytes().decode("latin-1") for file in live.database.parent.glob("tracker.db*")]
    listed = json.loads(say(live, everything, "channel", "list", "--format", "json"))["channels"]
    assert {one["channel"]: one["secret"] for one in listed} == dict.fromkeys(GOOD, "sealed")


@pytest.mark.parametrize(("kind", "field", "value"), BAD)
def test_what_is_refused_is_not_repeated(
    live: Office, everything: list[str], kind: str, field: str, value: str
) -> None:
    fields = {**GOOD[kind], field: value}
    assert "bad-channel" in say(live, everything, *words(live, kind, fields), status=2)
    secret = field in {one.name for one in KINDS[kind].secrets}
    assert "bad-channel" in say(
        live, everything, "channel", "set", "BNV", "-k", kind, "--field", f"{field}={value}", status=2
    )
    said = say(live, everything, "channel", "set", "BNV", f"json://{value}", status=2)
    assert "say its kind" in said
    say(live, everything, "channel", "set", "NOBODY", "-k", kind, "--secret-file", f"{field}=/no/such/file", status=2)
    assert secret or field == "url"
    say(live, everything, "channel", "list")
    say(live, everything, "history", "show", "--format", "json")


def test_a_secret_on_the_command_line_is_refused(live: Office, everything: list[str]) -> None:
    said = say(live, everything, "channel", "set", "BNV", "-k", "gotify", "--field", "token=canary18EfG1234", status=2)
    assert "give it with --secret-file, or be asked" in said


def test_nothing_is_asked_where_nobody_can_be_asked(live: Office, everything: list[str]) -> None:
    said = say(live, everything, "channel", "set", "BNV", "-k", "gotify", "--field", "host=push.moha.example", status=2)
    assert "needs 'token'" in said


# ── What a receiver, a library or a mistake may do with a secret ──────────────────────────────────────────────


def way(kind: str) -> Way:
    return KINDS[kind].way(GOOD[kind])


@pytest.mark.parametrize("kind", list(GOOD))
def test_a_library_that_fails_with_a_secret_in_its_mouth_is_not_quoted(
    everything: list[str], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(" ".join(SECRETS))

    monkeypatch.setattr(requests, "post", fail)
    monkeypatch.setattr(requests, "put", fail)
    monkeypatch.setattr(requests, "get", fail)
    for error in (fail, None):
        if error:
            monkeypatch.setattr("apprise.Apprise.notify", error)
        with Sender("smtp://127.0.0.1:9", rehearsal=False) as sender:
            outcome = sender.send(way(kind), a_notice())
            everything += [repr(outcome), repr(sender.__dict__)]
        assert outcome.kind == "temporary"


HOSTED = ("mattermost", "matrix", "rocketchat", "ntfy", "gotify", "nextcloud")


@pytest.mark.parametrize("kind", HOSTED)
@pytest.mark.parametrize("status", [200, 302, 400, 403, 500])
def test_a_server_that_echoes_what_it_was_sent_is_not_quoted(
    everything: list[str], monkeypatch: pytest.MonkeyPatch, kind: str, status: int
) -> None:
    monkeypatch.undo()
    with WebServer() as server:
        server.reply = lambda to: to.sendall(
            answer(f"{status} {' '.join(SECRETS)}", f"x-echo: {' '.join(SECRETS)}", body=server.requests[-1])
        )
        there = KINDS[kind].way({**GOOD[kind], "host": f"127.0.0.1:{server.port}"})
        with Sender("smtp://127.0.0.1:9", rehearsal=True) as sender:
            everything.append(repr(sender.send(there, a_notice())))
        assert server.requests


@pytest.mark.parametrize("status", [200, 302, 400, 500])
def test_a_webhook_that_echoes_what_it_was_sent_is_not_quoted(
    everything: list[str], monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.undo()
    with WebServer() as server:
        server.reply = lambda to: to.sendall(answer(f"{status} canary01", "x: canary01", body=server.requests[-1]))
        there = KINDS["webhook"].way({**GOOD["webhook"], "url": f"http://127.0.0.1:{server.port}/in/canary01"})
        with Sender("smtp://127.0.0.1:9", rehearsal=True) as sender:
            everything.append(repr(sender.send(there, a_notice())))
        assert b"canary01" in server.requests[0]
        assert b"canary02" not in b"".join(server.requests)


# ── The key, and rows that are not where they were ────────────────────────────────────────────────────────────


@pytest.fixture
def store(live: Office) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{live.database}")
    yield opened
    opened.close()


def put(store: Store, kind: str = "gotify", settings: Settings | None = None) -> None:
    channel = Channel(agency="BNV", name=kind, address="", language=None, kind=kind)
    set_service(store, channel, GOOD[kind], settings=settings or Settings(), at=clock.now(), actor="test")


def row(store: Store, name: str = "gotify") -> Channel:
    with store.read() as connection:
        found = adopted.channel(connection, "BNV", name)
    assert found is not None
    return found


def test_the_key_is_made_once_beside_the_store_and_for_its_owner_alone(store: Store) -> None:
    file = secretfile_of(store, Settings())
    assert not file.exists()
    put(store)
    made = file.read_bytes()
    assert file.name == "tracker.db.secret"
    assert file.stat().st_mode & 0o777 == 0o600
    put(store, "ntfy")
    assert file.read_bytes() == made


def test_what_was_set_is_what_is_opened(store: Store) -> None:
    for kind in GOOD:
        put(store, kind)
        opened = Ways(store, Settings()).of(row(store, kind))
        assert isinstance(opened, Way)
        assert (opened.kind, opened.fields) == (kind, GOOD[kind])


def test_a_row_that_was_moved_renamed_or_pointed_elsewhere_opens_no_more(store: Store, everything: list[str]) -> None:
    put(store)
    there, ways = row(store), Ways(store, Settings())
    for moved in (
        replace(there, agency="BTC"), replace(there, name="other"), replace(there, kind="ntfy"),
        replace(there, address="gotify:evil.example"),
    ):  # fmt: skip
        found = ways.of(moved)
        assert isinstance(found, Way)
        assert "moved here from elsewhere" in str(found.trouble)
        assert found.fields == {}
        with Sender("smtp://127.0.0.1:9", rehearsal=False) as sender:
            outcome = sender.send(found, a_notice())
        assert outcome.kind == "temporary"
        everything += [repr(found), repr(outcome), repr(moved)]


@pytest.mark.parametrize("harm", ["gone", "open", "other", "rubbish"])
def test_a_key_that_is_gone_or_wrong_delays_what_is_sent_and_is_said(
    store: Store, everything: list[str], harm: str
) -> None:
    put(store)
    file = secretfile_of(store, Settings())
    match harm:
        case "gone":
            file.unlink()
        case "open":
            file.chmod(0o644)
        case "other":
            file.write_bytes(base64.b64encode(bytes(32)))
        case "rubbish":
            file.write_bytes(b"canary\n")
    found = Ways(store, Settings()).of(row(store))
    assert isinstance(found, Way)
    assert found.trouble
    looked = look(store, Settings())
    assert len(looked.broken) == 1
    everything += [found.trouble, *looked.broken]
    with pytest.raises((Refused, Conflict)) as refusal:
        put(store, "ntfy")
    everything.append("".join(traceback.format_exception(refusal.value)))
    with pytest.raises(Refused):
        rekey(store, settings=Settings(), at=clock.now(), actor="test")
    tried = try_channel(store, "BNV", "gotify", settings=Settings(), at=clock.now(), actor="test")
    assert tried.outcome.kind == "temporary"


def test_a_new_key_opens_all_and_the_old_one_is_kept_until_it_is_forgotten(store: Store) -> None:
    put(store)
    before, waiting = row(store), Ways(store, Settings())
    waiting.of(before)  # a worker that has read the old key
    assert rekey(store, settings=Settings(), at=clock.now(), actor="test") == 1
    after, file = row(store), secretfile_of(store, Settings())
    assert after.secret != before.secret
    for one in (before, after):  # a backup from before, and now
        assert getattr(waiting.of(one), "fields", None) == GOOD["gotify"]
    rekey(store, settings=Settings(), at=clock.now(), actor="test", forget=True)
    assert len(file.read_bytes().split()) == 1
    fresh = Ways(store, Settings())
    assert getattr(fresh.of(row(store)), "fields", None) == GOOD["gotify"]
    assert "which is not here" in str(getattr(fresh.of(before), "trouble", ""))
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_ledger_tells_that_the_same_was_set_again_and_not_what(store: Store) -> None:
    put(store)
    put(store)
    changed = {**GOOD["gotify"], "token": "canary18EfG1235"}
    channel = Channel(agency="BNV", name="gotify", address="", language=None, kind="gotify")
    set_service(store, channel, changed, settings=Settings(), at=clock.now(), actor="test")
    with store.read() as connection:
        entries = [one for one in ledger.entries(connection) if one.kind == "channel_set"]
    marks = [one.payload["fingerprint"] for one in entries]
    assert marks[0] == marks[1] != marks[2]
    assert all(re.fullmatch("[0-9a-f]{16}", mark) for mark in marks)
    assert leaks("".join(one.body for one in entries)) == []


def test_an_address_from_before_is_delivered_until_it_is_sealed_or_set_again(live: Office, store: Store) -> None:
    url = "json://office:canary01@127.0.0.1:9/canary02"
    with store.write() as connection:
        at = ledger.settle(connection, clock.now())
        adopted.set_channels(
            connection, [Channel(agency="BNV", name="old", address=url, language="vi", kind="apprise")]
        )
        said = {"agency": "BNV", "channel": "old", "address": "json://…", "language": "vi"}
        ledger.append(connection, [Draft(kind="channel_set", effective_at=at, actor="t", payload=said)], at=at)
    assert getattr(Ways(store, Settings()).of(row(store, "old")), "fields", None) == {"url": url}
    assert look(store, Settings()).clear == ("BNV/old",)
    rekey(store, settings=Settings(), at=clock.now(), actor="test")
    assert getattr(Ways(store, Settings()).of(row(store, "old")), "fields", None) == {"url": url}
    assert look(store, Settings()).clear == ()
    store.close()
    for file in live.database.parent.glob("tracker.db*"):
        assert leaks(file.read_bytes().decode("latin-1")) == []


def test_of_a_removed_channel_nothing_is_left(live: Office, store: Store) -> None:
    put(store)
    sealed = str(row(store).secret)
    remove_channel(store, "BNV", "gotify", at=clock.now(), actor="test")
    store.close()
    assert sealed.encode() not in live.database.read_bytes()


# ── How a secret is given ─────────────────────────────────────────────────────────────────────────────────────


def test_a_secret_is_asked_for_without_an_echo(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[tuple[str, dict[str, Any]]] = []

    def prompt(text: str, **how: Any) -> str:
        asked_for.append((text, how))
        return f" {GOOD['gotify']['token']} "

    monkeypatch.setattr("sys.stdin", type("Terminal", (), {"isatty": lambda self: True})())
    monkeypatch.setattr("typer.prompt", prompt)
    given = asked("gotify", {"host": "push.moha.example"}, ask=True)
    assert given == {"token": GOOD["gotify"]["token"]}
    assert asked_for == [("token (the application's token)", {"hide_input": True, "err": True})]
    assert asked("gotify", given, ask=True) == {}
    assert asked("gotify", {}, ask=False) == {}


def test_a_secret_comes_from_a_file_or_from_stdin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, token = tmp_path / "a=b", GOOD["gotify"]["token"]
    file.write_text(f"{token}\n")
    assert filled("gotify", ["host=a.example"], [f"token={file}"]) == {"host": "a.example", "token": token}
    assert filled("gotify", [], [str(file)]) == {"token": token}  # it has one secret only
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{token}\n"))
    assert filled("gotify", [], ["-"]) == {"token": token}
    with pytest.raises(Invalid, match="say which field the file holds"):
        filled("ntfy", [], [str(file)])
