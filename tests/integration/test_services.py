"""Apprise's services by typed fields: what is called, what can never get in, and that a secret never comes out."""

import http.client
import json
import logging
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.web_server import WebServer, answer
from tests.unit.notify.a_channel import FIELDS, on_host
from tests.unit.notify.a_notice import a_notice
from tracker.notify import reach, service
from tracker.notify.kinds import KINDS, wrong_with
from tracker.notify.outcome import Outcome
from tracker.notify.send import REHEARSAL_ONLY, Sender
from tracker.notify.way import Way

SERVICES = [name for name, kind in KINDS.items() if kind.told]
CALLED = {
    "telegram": ("api.telegram.org", 443), "slack": ("hooks.slack.com", 443),
    "teams": ("prod-01.westus.logic.azure.com", 443), "discord": ("discord.com", 443),
    "googlechat": ("chat.googleapis.com", 443), "mattermost": ("chat.moha.example", 8443),
    "matrix": ("matrix.moha.example", 443), "rocketchat": ("rc.moha.example", 443), "ntfy": ("push.moha.example", 443),
    "gotify": ("push.moha.example", 443), "zulip": ("moha.zulipchat.com", 443),
    "nextcloud": ("cloud.moha.example", 443),
}  # fmt: skip
HOSTED = [name for name in SERVICES if KINDS[name].hosted and name != "zulip"]
PATHS = {
    "mattermost": b"POST /sub/hooks/3ccdd113474722377935511fc85d3dd4",
    "rocketchat": b"POST /hooks/kGh5rT2mNpQwErTyU/aBcDeFgHiJkLmNoPqRsTuVwXyZ01",
    "ntfy": b"POST / ", "gotify": b"POST /gotify/message",
    "nextcloud": b"/ocs/v2.php/apps/spreed/api/v1/chat/roomid42",
    "matrix": b" /_matrix/client/",
}  # fmt: skip


def way(kind: str, **changes: str) -> Way:
    return KINDS[kind].way({**FIELDS[kind], **changes})


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def in_earnest() -> Iterator[Sender]:
    with Sender("smtp://127.0.0.1:9", rehearsal=False) as sender:
        yield sender


@pytest.fixture
def exercise() -> Iterator[Sender]:
    with Sender("smtp://127.0.0.1:9", rehearsal=True) as sender:
        yield sender


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Note every host that is called, and let nobody answer."""
    hosts = list[tuple[str, int]]()

    def refuse(host: str, port: int, **_: Any) -> socket.socket:
        hosts.append((host, port))
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(reach, "call", refuse)
    return hosts


def test_there_is_an_example_of_every_kind() -> None:
    assert set(FIELDS) == set(KINDS) - {"mail"}
    assert len(SERVICES) == 12


@pytest.mark.parametrize("kind", SERVICES)
def test_of_every_service_its_own_host_is_called_over_tls_and_nobody_else(
    in_earnest: Sender, called: list[tuple[str, int]], kind: str
) -> None:
    outcome = in_earnest.send(way(kind), a_notice())
    assert outcome == Outcome("temporary", None, f"no connection to {kind}: connection refused")
    assert set(called) == {CALLED[kind]}


@pytest.mark.parametrize("kind", HOSTED)
def test_a_service_on_a_host_of_the_office_is_told(exercise: Sender, kind: str) -> None:
    with WebServer(
        answer("200 OK", "Content-Type: application/json", body=b'{"room_id": "!abc:moha.example"}')
    ) as server:
        outcome = exercise.send(KINDS[kind].way(on_host(kind, f"127.0.0.1:{server.port}")), a_notice())
        assert outcome == Outcome("accepted", None, "taken by the service")
        assert any(PATHS[kind] in request for request in server.requests)
        assert b"412/TB-VPCP" in b"".join(server.requests)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
@pytest.mark.parametrize("kind", HOSTED)
def test_a_refusal_is_told_by_its_status_and_nothing_else_that_came(exercise: Sender, kind: str, status: int) -> None:
    secrets = "".join(FIELDS[kind].values())
    with WebServer(answer(f"{status} {secrets}", body=secrets.encode())) as server:
        outcome = exercise.send(KINDS[kind].way(on_host(kind, f"127.0.0.1:{server.port}")), a_notice())
    unsaid = Outcome("unknown", None, f"{kind} did not say that it took the message")
    told = Outcome("temporary", status, f"{kind} answered {status}")
    assert outcome == (unsaid if kind == "matrix" else told)  # Apprise keeps Matrix's status to itself


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("kind", HOSTED)
def test_no_service_is_followed_elsewhere(exercise: Sender, kind: str, status: int) -> None:
    with WebServer() as other, WebServer(answer(f"{status} Go", f"Location: http://127.0.0.1:{other.port}/")) as server:
        outcome = exercise.send(KINDS[kind].way(on_host(kind, f"127.0.0.1:{server.port}")), a_notice())
        assert outcome.kind in ("temporary", "unknown")
        assert other.connections == 0


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "100.64.0.1"]
)
@pytest.mark.parametrize("kind", ["gotify", "mattermost", "matrix"])
def test_no_name_leads_a_service_to_this_machine_or_its_neighbours(
    in_earnest: Sender, monkeypatch: pytest.MonkeyPatch, kind: str, address: str
) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    found = [(family, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    monkeypatch.setattr(reach, "dial", lambda *_, **__: pytest.fail("it was called"))
    outcome = in_earnest.send(way(kind), a_notice())
    assert outcome.kind == "permanent"
    assert "which is no public address" in outcome.detail


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "127.1", "0"])
def test_no_form_of_a_host_leads_a_service_to_this_machine(in_earnest: Sender, host: str) -> None:
    with WebServer() as server:
        outcome = in_earnest.send(KINDS["gotify"].way(on_host("gotify", f"{host}:{server.port}")), a_notice())
        assert (outcome.kind, server.connections) == ("permanent", 0)


@pytest.mark.parametrize("kind", SERVICES)
def test_a_rehearsal_tells_no_service_elsewhere(exercise: Sender, called: list[tuple[str, int]], kind: str) -> None:
    assert (exercise.send(way(kind), a_notice()).detail, called) == (REHEARSAL_ONLY, [])


def test_a_proxy_that_would_choose_the_address_is_refused(in_earnest: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    with WebServer() as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        outcome = in_earnest.send(way("gotify"), a_notice())
        assert (outcome.kind, proxy.connections) == ("permanent", 0)
        assert "name the host in no_proxy" in outcome.detail
        in_earnest.send(way("telegram"), a_notice())  # of a fixed host the proxy may choose the address
        assert proxy.connections > 0


def drop_by_drop(server: WebServer) -> Callable[[socket.socket], None]:
    def reply(connection: socket.socket) -> None:
        for byte in answer("200 OK", "x: " + "x" * 1_000):
            if server.wait(0.05):
                return
            connection.sendall(bytes([byte]))

    return reply


@pytest.mark.parametrize("kind", HOSTED)
def test_a_server_that_answers_drop_by_drop_is_cut_off_in_time(
    exercise: Sender, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(service, "SECONDS", 0.5)
    with WebServer() as server:
        server.reply = drop_by_drop(server)
        there = KINDS[kind].way(on_host(kind, f"127.0.0.1:{server.port}"))
        began = time.perf_counter()
        outcome = exercise.send(there, a_notice())
        assert time.perf_counter() - began < 2
    assert outcome == Outcome("unknown", None, f"{kind} did not say that it took the message")


def test_one_slow_service_holds_up_no_other(exercise: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "SECONDS", 2.0)
    with WebServer() as slow, WebServer() as quick, ThreadPoolExecutor(1) as other:
        slow.reply = lambda connection: slow.wait(30) and None
        waiting = other.submit(
            exercise.send, KINDS["gotify"].way(on_host("gotify", f"127.0.0.1:{slow.port}")), a_notice()
        )
        while not slow.requests:
            time.sleep(0.01)
        there = KINDS["gotify"].way(on_host("gotify", f"127.0.0.1:{quick.port}"))
        assert exercise.send(there, a_notice()).kind == "accepted"
        assert not waiting.done()
        assert waiting.result().kind == "unknown"


def test_every_thread_hears_its_own_server(exercise: Sender) -> None:
    with WebServer(answer("503 Away")) as away, WebServer(answer("401 Who")) as strict, ThreadPoolExecutor(8) as pool:
        ways = [KINDS["gotify"].way(on_host("gotify", f"127.0.0.1:{one.port}")) for one in (away, strict)] * 8
        outcomes = list(pool.map(lambda way: exercise.send(way, a_notice()).code, ways))
    assert outcomes == [503, 401] * 8


# ── What can get in ───────────────────────────────────────────────────────────────────────────────────────────

SMUGGLED = [
    "?redirect=yes", "&optional=yes", "#x", "/../../x", " x", "\r\nX: y", "@evil.example", "%3Fredirect=yes", "\\",
    "\0", "ẞ",
    ":99999x", "?retry=3&wait=0", ",evil.example", ";evil",
]  # fmt: skip


@pytest.mark.parametrize("kind", SERVICES)
def test_nothing_can_be_smuggled_in_with_a_field(kind: str) -> None:
    assert wrong_with(kind, FIELDS[kind]) is None
    for field in KINDS[kind].fields:
        if field.name in ("user", "password") or field.name not in FIELDS[kind]:
            continue  # these two stand in a header, encoded
        for more in SMUGGLED:
            value = FIELDS[kind][field.name] + more
            if wrong_with(kind, {**FIELDS[kind], field.name: value}) is None:
                # of a URL that was given only what is known of it is used
                told = KINDS[kind].told
                assert told is not None
                assert told({**FIELDS[kind], field.name: value}) == told(FIELDS[kind]), (field.name, more)


@pytest.mark.parametrize("kind", SERVICES)
def test_a_field_that_is_not_known_is_refused(kind: str) -> None:
    why = wrong_with(kind, {**FIELDS[kind], "redirect": "yes"})
    assert why is not None
    assert "no field 'redirect'" in why


@pytest.mark.parametrize("kind", list(FIELDS))
def test_what_is_wrong_is_said_without_any_value(kind: str) -> None:
    for field in KINDS[kind].fields:
        for value in ("", "kanarienvogel\n", "kanarienvogel " * 400):
            why = wrong_with(kind, {**FIELDS[kind], field.name: value}) or ""
            assert "kanarienvogel" not in why
            assert bool(why) is (bool(value) or not field.optional)


@pytest.mark.parametrize("kind", list(FIELDS))
def test_a_way_shows_its_kind_and_where_it_leads_and_no_secret(kind: str) -> None:
    shown = f"{way(kind)!r} {way(kind)} {way(kind).address}"
    secrets = [FIELDS[kind][one.name] for one in KINDS[kind].secrets if one.name in FIELDS[kind]]
    assert secrets
    assert not [one for one in secrets if one in shown]
    assert way(kind).address.startswith(f"{kind}:")


@pytest.mark.parametrize("kind", HOSTED)
def test_nothing_secret_is_logged_however_much_is_logged(
    exercise: Sender, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    caplog.set_level(1)
    for name in ("apprise", "urllib3", "requests", "tracker"):
        logging.getLogger(name).setLevel(1)
    try:
        with WebServer(answer("500 Error", body=json.dumps(dict(FIELDS[kind])).encode())) as server:
            exercise.send(KINDS[kind].way(on_host(kind, f"127.0.0.1:{server.port}")), a_notice())
    finally:
        for name in ("apprise", "urllib3", "requests", "tracker"):
            logging.getLogger(name).setLevel(logging.NOTSET)
    said = capfd.readouterr()
    for field in KINDS[kind].secrets:
        assert FIELDS[kind][field.name] not in caplog.text + said.out + said.err


def test_debugging_of_http_stays_off() -> None:
    assert http.client.HTTPConnection.debuglevel == 0
