"""Webhooks over real sockets: what every answer means, how long and how much a bad receiver can take, whom we call."""

import base64
import hmac
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.test_mail_security import certificate, tls  # noqa: F401
from tests.integration.web_server import WebServer, answer
from tests.unit.notify.a_notice import a_notice
from tracker.notify import reach, webhook
from tracker.notify.kinds import KINDS
from tracker.notify.message import message_id
from tracker.notify.outcome import Outcome
from tracker.notify.reach import Reach
from tracker.notify.send import REHEARSAL_ONLY, Sender
from tracker.notify.way import Way

AT = datetime(2025, 8, 11, 1, tzinfo=UTC)
SIGNING = "whsec_" + base64.b64encode(bytes(range(32))).decode()
HERE, WORLD = Reach(rehearsal=True), Reach(rehearsal=False)


def hook(url: str, secret: str = "") -> Way:
    return KINDS["webhook"].way({"url": url, **({"secret": secret} if secret else {})})


def post(url: str, *, at: datetime = AT, secret: str = "", within: Reach = HERE) -> Outcome:
    return webhook.post(hook(url, secret), {"text": "xin chào"}, kind="test", identity="r1", at=at, reach=within)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as made:
        yield made


def url_of(server: WebServer, scheme: str = "http") -> str:
    return f"{scheme}://127.0.0.1:{server.port}/hook?to=bnv"


# ── What is sent ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_webhook_is_sent_the_notice_as_words_and_as_data(server: WebServer) -> None:
    with Sender("smtp://127.0.0.1:9", rehearsal=True) as sender:
        assert sender.send(hook(url_of(server)), a_notice()).kind == "accepted"
    assert server.requests[0].startswith(b"POST /hook?to=bnv HTTP/1.1\r\nHost: 127.0.0.1:")
    said = json.loads(server.body())
    assert said["type"] == "reminder.before"
    assert said["data"]["title"].startswith("[REHEARSAL] [3 working days left] 412/TB-VPCP")
    assert said["data"]["assignment"] == a_notice().assignment
    assert said["data"]["text"]


def test_every_copy_of_a_reminder_carries_the_same_identity_and_its_own_signature(server: WebServer) -> None:
    way = hook(url_of(server), SIGNING)
    with Sender("smtp://127.0.0.1:9", rehearsal=True) as sender:
        for later in (0, 60):
            sender.send(way, a_notice(as_of=AT + timedelta(seconds=later)))
    identity = message_id(a_notice()).strip("<>")
    assert [server.header("Idempotency-Key", n) for n in (0, 1)] == [identity] * 2
    assert [server.header("webhook-id", n) for n in (0, 1)] == [identity] * 2
    for n, moment in ((0, AT), (1, AT + timedelta(minutes=1))):
        stamp = str(int(moment.timestamp()))
        assert server.header("webhook-timestamp", n) == stamp
        mark = hmac.digest(bytes(range(32)), f"{identity}.{stamp}.".encode() + server.body(n), "sha256")
        assert server.header("webhook-signature", n) == "v1," + base64.b64encode(mark).decode()


def test_a_known_signature_of_the_standard_comes_out_the_same() -> None:
    """The example that the libraries of Standard Webhooks test themselves with."""
    headers = webhook.signed(
        b'{"test": 2432232314}',
        identity="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=datetime.fromtimestamp(1614265330, UTC),
        secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_without_a_secret_nothing_is_signed(server: WebServer) -> None:
    post(url_of(server))
    assert server.header("webhook-signature") is None


@pytest.fixture
def trusted(certificate: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    monkeypatch.setattr(webhook, "_context", lambda: ssl.create_default_context(cafile=str(certificate)))


@pytest.mark.usefixtures("trusted")
def test_over_tls_the_receiver_is_checked_and_told(tls: ssl.SSLContext) -> None:  # noqa: F811
    with WebServer(tls=tls) as server:
        assert post(url_of(server, "https")).kind == "accepted"
        assert server.requests[0].startswith(b"POST /hook?to=bnv")


def test_a_receiver_whose_certificate_is_not_trusted_gets_nothing(tls: ssl.SSLContext) -> None:  # noqa: F811
    with WebServer(tls=tls) as server:
        outcome = post(url_of(server, "https"))
        assert (outcome.kind, server.requests) == ("temporary", [])
        assert "certificate is not trusted" in outcome.detail


# ── What every answer means ───────────────────────────────────────────────────────────────────────────────────

ANSWERS = [
    ("200 OK", "accepted"), ("201 Created", "accepted"), ("202 Accepted", "accepted"), ("204 No Content", "accepted"),
    ("299 Whatever", "accepted"),
    ("300 Choices", "permanent"), ("301 Moved", "permanent"), ("302 Found", "permanent"), ("307 Again", "permanent"),
    ("308 Permanent", "permanent"),
    ("400 Bad", "permanent"), ("401 Who", "permanent"), ("404 Where", "permanent"), ("410 Gone", "permanent"),
    ("408 Slow", "temporary"), ("429 Many", "temporary"),
    ("500 Error", "temporary"), ("502 Bad", "temporary"), ("503 Away", "temporary"), ("599 Odd", "temporary"),
    ("101 Switching", "unknown"), ("103 Early", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "kind"), ANSWERS)
def test_every_status_means_one_of_four_things(server: WebServer, status: str, kind: str) -> None:
    server.reply = answer(status)
    outcome = post(url_of(server))
    assert (outcome.kind, outcome.code) == (kind, int(status[:3]))
    assert status[:3] in outcome.detail


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See", "307 Again", "308 Permanent"])
def test_a_redirect_is_said_and_not_followed(server: WebServer, status: str) -> None:
    with WebServer() as other:
        server.reply = answer(status, f"Location: {url_of(other)}")
        outcome = post(url_of(server))
        assert "a redirect, which is not followed" in outcome.detail
        assert (server.connections, other.connections) == (1, 0)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (["Retry-After: 0"], 0), (["Retry-After: 1"], 1), (["Retry-After: 3600"], 3_600),
        (["Retry-After: 86400"], 86_400), (["Retry-After: 86401"], 86_400), (["Retry-After: 999999999999"], 86_400),
        (["Retry-After: Mon, 11 Aug 2025 01:02:00 GMT"], 120),
        (["Retry-After: Mon, 11 Aug 2025 00:00:00 GMT"], 0),
        (["Date: Sun, 10 Aug 2025 00:00:00 GMT", "Retry-After: Sun, 10 Aug 2025 00:00:09 GMT"], 9),
        (["Retry-After: soon"], None), (["Retry-After: -5"], None), (["Retry-After: 1.5"], None), ([], None),
        (["Retry-After: Mon, 11 Aug 2025 01:02:00"], None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", ["429 Many", "503 Away"])
def test_a_receiver_says_when_it_wants_to_be_asked_again(
    server: WebServer, status: str, headers: list[str], wait: int | None
) -> None:
    server.reply = answer(status, *headers)
    asked = post(url_of(server)).retry_after
    assert asked == (None if wait is None else timedelta(seconds=wait))


# ── What a bad receiver can do: F11 ───────────────────────────────────────────────────────────────────────────


def slowly(server: WebServer, text: bytes) -> Callable[[socket.socket], None]:
    def reply(connection: socket.socket) -> None:
        for byte in text:
            if server.wait(0.1):
                return
            connection.sendall(bytes([byte]))

    return reply


def endless(first: bytes, more: bytes) -> Callable[[socket.socket], None]:
    def reply(connection: socket.socket) -> None:
        connection.sendall(first)
        for _ in range(10_000):  # 10 MB
            connection.sendall(more)

    return reply


def silent(server: WebServer) -> Callable[[socket.socket], None]:
    def reply(connection: socket.socket) -> None:
        server.wait(30)

    return reply


MODES: list[tuple[str, Callable[[WebServer], Any], str]] = [
    ("a redirect", lambda s: answer("301 Moved", "Location: http://127.0.0.1/"), "permanent"),
    ("a redirect that keeps the method", lambda s: answer("307 Again", "Location: //10.0.0.1/"), "permanent"),
    ("too many", lambda s: answer("429 Many", "Retry-After: 5"), "temporary"),
    ("an error", lambda s: answer("500 Error"), "temporary"),
    ("headers drop by drop", lambda s: slowly(s, answer("200 OK")), "unknown"),
    ("ten megabytes after the answer", lambda s: endless(answer("200 OK"), b"x" * 1_000), "accepted"),
    ("ten megabytes of headers", lambda s: endless(b"HTTP/1.1 200 OK\r\n", b"a: " + b"x" * 995 + b"\r\n"), "unknown"),
    ("one header without an end", lambda s: endless(b"HTTP/1.1 200 OK\r\nx: ", b"x" * 1_000), "unknown"),
    ("silence", silent, "unknown"),
    ("a closed line", lambda s: lambda connection: connection.close(), "unknown"),
    ("no HTTP", lambda s: b"SSH-2.0-OpenSSH_9.2\r\n", "unknown"),
    ("half an answer", lambda s: b"HTTP/1.1 20", "unknown"),
    ("a thousand times wait", lambda s: endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 40), "unknown"),
]


@pytest.mark.parametrize(("reply", "kind"), [mode[1:] for mode in MODES], ids=[mode[0] for mode in MODES])
def test_no_receiver_takes_more_than_its_time_or_gives_more_than_its_share(
    server: WebServer, monkeypatch: pytest.MonkeyPatch, reply: Callable[[WebServer], Any], kind: str
) -> None:
    read = 0
    real = socket.socket.recv_into

    def counted(self: socket.socket, *args: Any) -> int:
        nonlocal read
        got = real(self, *args)
        read += got
        return got

    monkeypatch.setattr(webhook, "SECONDS", 0.5)
    monkeypatch.setattr(socket.socket, "recv_into", counted)
    server.reply = reply(server)
    began = time.perf_counter()
    outcome = post(url_of(server))
    assert time.perf_counter() - began < 1.5
    assert outcome.kind == kind
    assert read <= webhook.LIMIT
    assert len(server.requests) == 1  # and only once


def test_the_whole_call_ends_after_five_seconds(server: WebServer) -> None:
    server.reply = slowly(server, answer("200 OK", "a: " + "x" * 1_000))
    began = time.perf_counter()
    outcome = post(url_of(server))
    assert 4.9 < time.perf_counter() - began < 6.5
    assert (outcome.kind, "not within 5 s" in outcome.detail) == ("unknown", True)


def test_a_handshake_that_drags_on_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        began = time.perf_counter()
        outcome = post(f"https://127.0.0.1:{mute.getsockname()[1]}/")
        assert (outcome.kind, time.perf_counter() - began < 1.5) == ("temporary", True)


def test_a_name_server_that_does_not_answer_costs_no_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "SECONDS", 0.3)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(1) or [])
    began = time.perf_counter()
    assert post("https://hooks.moha.example/", within=WORLD).kind == "temporary"
    assert time.perf_counter() - began < 1


def test_a_receiver_nobody_reaches_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    outcome = post(f"http://127.0.0.1:{port}/")
    assert (outcome.kind, outcome.detail) == ("temporary", "no connection to 127.0.0.1: connection refused")


def test_nothing_that_a_receiver_writes_is_repeated(server: WebServer) -> None:
    server.reply = lambda connection: connection.sendall(
        answer("500 whsec_echo", "x-echo: whsec_echo", body=b"whsec_echo")
    )
    assert "echo" not in post(url_of(server)).detail


# ── Whom we call: no address but public ones, and only the one that was checked ───────────────────────────────

NAMES = {
    "loopback.evil.example": ["127.0.0.1"], "six.evil.example": ["::1"], "ten.evil.example": ["10.0.0.7"],
    "docker.evil.example": ["172.17.0.1"], "home.evil.example": ["192.168.1.1"], "cgnat.evil.example": ["100.64.0.1"],
    "metadata.evil.example": ["169.254.169.254"], "link.evil.example": ["fe80::1%eth0"],
    "ula.evil.example": ["fd00::1"],
    "mapped.evil.example": ["::ffff:127.0.0.1"], "mixed.evil.example": ["93.184.216.34", "127.0.0.1"],
    "many.evil.example": ["93.184.216.34", "10.0.0.1"], "zero.evil.example": ["0.0.0.0"],
    "nat64.evil.example": ["64:ff9b::7f00:1"], "localnat64.evil.example": ["64:ff9b:1::7f00:1"],
    "6to4.evil.example": ["2002:7f00:1::1"], "teredo.evil.example": ["2001:0:7f00:1::1"],
    "isatap.evil.example": ["2a00:1450::5efe:7f00:1"], "multicast.evil.example": ["224.0.0.1"],
    "multicast6.evil.example": ["ff02::1"], "broadcast.evil.example": ["255.255.255.255"],
    "docs.evil.example": ["203.0.113.9"], "bench.evil.example": ["198.18.0.1"], "doc6.evil.example": ["2001:db8::1"],
    "compat.evil.example": ["::7f00:1"], "site.evil.example": ["fec0::1"],
    "translated.evil.example": ["::ffff:0:7f00:1"],
    "relay.evil.example": ["192.88.99.1"], "reserved.evil.example": ["240.0.0.1"],
}  # fmt: skip
FORMS = [
    "https://127.0.0.1", "https://127.1", "https://127.0.1", "https://2130706433", "https://0x7f000001",
    "https://0x7f.0.0.1", "https://0177.0.0.1", "https://017700000001", "https://0", "https://0.0.0.0",
    "https://127.0.0.1.", "https://127.255.255.254", "https://[::1]", "https://[::]", "https://[0:0:0:0:0:0:0:1]",
    "https://[::ffff:127.0.0.1]", "https://[::ffff:7f00:1]", "https://[::127.0.0.1]", "https://[64:ff9b::127.0.0.1]",
    "https://[2002:7f00:1::]", "https://[fe80::1%25lo]", "https://[fd00::1]", "https://10.0.0.1",
    "https://192.168.0.1", "https://172.16.0.1", "https://169.254.169.254", "https://100.100.100.200",
    "https://localhost", "https://LOCALHOST", "https://localhost.", "https://１２７.０.０.１", "https://①②⑦.0.0.1",
    "https://127。0。0。1", "https://user@127.0.0.1", "https://hooks.example@127.0.0.1", "https://hooks.example:x@127.0.0.1",
    "https://127.0.0.1#@hooks.example", "https://hooks.example\\@127.0.0.1", "http://127.0.0.1", "http://hooks.example",
    "ftp://127.0.0.1", "file:///etc/passwd", "gopher://127.0.0.1", "//127.0.0.1", "https:127.0.0.1", "https:///127.0.0.1",
    "https://127.0.0.1\t", "https://127.0.0.1\r\nHost: a", "https://%31%32%37.0.0.1", "https://127.0.0.1%00.example",
    "https://[::1%25.example]", "https://[::1", "https://.127.0.0.1",
]  # fmt: skip


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for the name servers; numbers are left to the system, which reads them in every old form."""
    real, asked = socket.getaddrinfo, list[str]()

    def stub(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        name = str(host).rstrip(".")
        asked.append(name)
        if name in NAMES:
            families = [(socket.AF_INET6 if ":" in one else socket.AF_INET, one) for one in NAMES[name]]
            return [(family, socket.SOCK_STREAM, 6, "", (one, port)) for family, one in families]
        return real(host, port, *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", stub)
    return asked


@pytest.mark.usefixtures("lookups")
@pytest.mark.parametrize("url", [*FORMS, *(f"https://{name}" for name in NAMES)])
def test_no_form_of_a_url_leads_to_this_machine_or_its_neighbours(
    server: WebServer, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    dialled: list[object] = []
    monkeypatch.setattr(reach, "dial", lambda family, address, **_: dialled.append(address))
    head, slashes, host = url.partition("://")
    target = f"{head}{slashes}{host}:{server.port}/" if slashes and not host.endswith("/passwd") else url
    for one in (target, url):
        outcome = post(one, within=WORLD)
        assert outcome.kind == "permanent", outcome
        assert outcome.detail.startswith("configuration: ")
    assert (dialled, server.connections) == ([], 0)


def test_there_are_enough_forms_and_names() -> None:
    assert len({*FORMS, *NAMES}) >= 60


def test_the_address_that_was_checked_is_the_one_that_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])
    asked, dialled = list[str](), list[object]()

    def rebinding(host: str, port: int, **_: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in next(answers)]

    def dial(family: int, address: tuple[Any, ...], *, within: float) -> socket.socket:
        dialled.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(reach, "dial", dial)
    assert post("https://rebinding.evil.example/", within=WORLD).kind == "temporary"
    assert (asked, dialled) == (["rebinding.evil.example"], [("93.184.216.34", 443)])


def test_no_proxy_of_the_environment_is_used(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with WebServer() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert post(url_of(server)).kind == "accepted"
        assert (server.connections, proxy.connections) == (1, 0)


INTRANET = Reach(rehearsal=False, intranet=frozenset({"hooks.moha.example"}))


@pytest.mark.parametrize(
    ("host", "address", "allowed"),
    [
        ("hooks.moha.example", "10.1.2.3", True), ("hooks.moha.example", "100.64.0.1", True),
        ("HOOKS.moha.example.", "192.168.1.1", True), ("hooks.moha.example", "fd00::1", True),
        ("other.moha.example", "10.1.2.3", False), ("hooks.moha.example.evil.example", "10.1.2.3", False),
        ("hooks.moha.example", "127.0.0.1", False), ("hooks.moha.example", "169.254.169.254", False),
        ("hooks.moha.example", "::ffff:10.1.2.3", False), ("hooks.moha.example", "::1", False),
    ],
)  # fmt: skip
def test_only_named_hosts_may_have_an_address_of_the_intranet(host: str, address: str, allowed: bool) -> None:
    assert (INTRANET.refusal(host, address) is None) is allowed


@pytest.mark.parametrize("host", ["hooks.moha.example", "10.0.0.1", "127.0.0.1.evil.example"])
def test_a_rehearsal_calls_no_other_machine(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("a rehearsal asked the network"))
    with Sender("smtp://127.0.0.1:9", rehearsal=True) as sender:
        assert sender.send(hook(f"https://{host}/"), a_notice()).detail == REHEARSAL_ONLY


def test_in_earnest_nothing_leaves_in_clear(server: WebServer) -> None:
    with Sender("smtp://127.0.0.1:9", rehearsal=False) as sender:
        outcome = sender.send(hook(url_of(server)), a_notice(rehearsal=False))
    assert (outcome.kind, server.connections) == ("permanent", 0)
