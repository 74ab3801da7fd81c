"""Mail over TLS, credentials that stay secret, rehearsals that stay at home, and other services."""

import datetime as dt
import http.server
import json
import logging
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.integration.smtp import SmtpServer
from tests.unit.notify.a_notice import a_notice
from tracker.notify.message import message_id
from tracker.notify.send import REHEARSAL_ONLY, Sender, check_channel

TO = "bnv@moha.example"
SECRET = "s3cr3t-w0rd"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file holding a key and a certificate for 127.0.0.1 that no public authority signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "loopback")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "loopback.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def _sender(url: str, *, rehearsal: bool = False) -> Sender:
    return Sender(url, rehearsal=rehearsal, connect_timeout=1, read_timeout=1)


@pytest.mark.parametrize("implicit", [True, False])
def test_mail_travels_over_tls_to_a_server_it_can_check(tls: ssl.SSLContext, certificate: Path, implicit: bool) -> None:
    options = f"ca={certificate}" if implicit else f"starttls=yes&ca={certificate}"
    with SmtpServer(tls=tls, implicit=implicit) as server, _sender(f"{server.url}?{options}") as sender:
        assert sender.send(TO, a_notice()).kind == "accepted"
        assert sender.send(TO, a_notice(key="r1|2")).kind == "accepted"
        assert (server.connections, len(server.messages)) == (1, 2)


@pytest.mark.parametrize("implicit", [True, False])
def test_a_server_whose_certificate_is_not_trusted_gets_nothing(tls: ssl.SSLContext, implicit: bool) -> None:
    options = "" if implicit else "?starttls=yes"
    with SmtpServer(tls=tls, implicit=implicit) as server, _sender(server.url + options) as sender:
        outcome = sender.send(TO, a_notice())
        assert (outcome.kind, server.messages) == ("temporary", [])
        assert "certificate" in outcome.detail.lower()


def test_a_server_that_lost_its_tls_gets_nothing_in_clear() -> None:
    with SmtpServer() as server, _sender(f"{server.url}?starttls=yes") as sender:
        outcome = sender.send(TO, a_notice())
        assert (outcome.kind, server.messages) == ("temporary", [])
        assert "STARTTLS" in outcome.detail


def test_the_sender_logs_in_once_for_many_mails() -> None:
    with SmtpServer() as server:
        url = server.url.replace("://", f"://tracker:{SECRET}@")
        with _sender(url) as sender:
            kinds = [sender.send(TO, a_notice(key=f"r1|{n}")).kind for n in range(3)]
        assert kinds == ["accepted"] * 3
        assert server.credentials == [("tracker", SECRET)]


def test_a_wrong_password_is_our_trouble_and_stays_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with SmtpServer() as server:
        server.rule("AUTH", f"535 the password {SECRET} is wrong")
        with _sender(server.url.replace("://", f"://tracker:{SECRET}@")) as sender:
            outcome = sender.send(TO, a_notice())
    assert (outcome.kind, outcome.code) == ("temporary", 535)
    assert SECRET not in outcome.detail + caplog.text + repr(sender.__dict__)


@pytest.mark.parametrize(
    "url",
    ["", "mail.example", "http://mail.example", "smtp://", f"smtp://u:{SECRET}@h:port", "smtp://h?tls=yes",
     "smtp://h?starttls=perhaps"],
)  # fmt: skip
def test_a_wrong_smtp_url_is_refused_at_once_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP URL") as refusal:
        Sender(url, rehearsal=False)
    assert SECRET not in str(refusal.value)


@dataclass
class Web:
    """A web server on loopback that answers as told and remembers what it was sent."""

    status: int = 200
    location: str = ""
    bodies: list[dict[str, object]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    port: int = 0


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    seen = Web()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            seen.bodies.append(json.loads(body))
            seen.headers.append(dict(self.headers))
            self.send_response(seen.status)
            if seen.location:
                self.send_header("Location", seen.location)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    seen.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield seen
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


@pytest.fixture
def exercise() -> Iterator[Sender]:
    """A sender that may reach this machine, and nothing else."""
    with _sender("smtp://127.0.0.1:9", rehearsal=True) as sender:
        yield sender


@pytest.fixture
def sender() -> Iterator[Sender]:
    with _sender("smtp://127.0.0.1:9", rehearsal=False) as sender:
        yield sender


def test_a_webhook_is_sent_the_subject_and_the_text(web: Web, exercise: Sender) -> None:
    outcome = exercise.send(f"json://127.0.0.1:{web.port}/hook", a_notice())
    assert outcome.kind == "accepted"
    assert web.bodies[0]["title"].startswith("[REHEARSAL] [3 working days left] 412/TB-VPCP")  # type: ignore[union-attr]
    assert "https://directives.example/tasks/2025/412-tb-vpcp" in web.bodies[0]["message"]  # type: ignore[operator]


def test_a_webhook_called_again_carries_the_same_identity(web: Web, exercise: Sender) -> None:
    web.status = 500
    assert exercise.send(f"json://127.0.0.1:{web.port}/hook", a_notice()).kind == "temporary"
    web.status = 200
    assert exercise.send(f"json://127.0.0.1:{web.port}/hook", a_notice()).kind == "accepted"
    identities = [headers["Idempotency-Key"] for headers in web.headers]
    assert identities == [message_id(a_notice()).strip("<>")] * 2


def test_a_webhook_that_fails_is_temporary_with_its_reason_and_no_secret(
    web: Web, exercise: Sender, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    web.status = 503
    channel = f"json://user:{SECRET}@127.0.0.1:{web.port}/token-{SECRET}?-key={SECRET}"
    outcome = exercise.send(channel, a_notice())
    assert outcome.kind == "temporary"
    assert "503" in outcome.detail
    printed = capfd.readouterr()
    assert SECRET not in outcome.detail + caplog.text + printed.out + printed.err


@pytest.mark.parametrize("asked", ["", "&redirect=yes"])
def test_a_webhook_is_not_followed_elsewhere(web: Web, exercise: Sender, asked: str) -> None:
    web.status, web.location = 307, f"http://127.0.0.1:{web.port}/elsewhere"
    assert exercise.send(f"json://127.0.0.1:{web.port}/hook?a=b{asked}", a_notice()).kind == "temporary"
    assert len(web.bodies) == 1


@pytest.mark.parametrize("asked", ["optional=yes", "retry=3&wait=0"])
def test_a_url_cannot_make_a_failure_look_like_a_success_or_hide_attempts(
    web: Web, exercise: Sender, asked: str
) -> None:
    web.status = 500
    assert exercise.send(f"json://127.0.0.1:{web.port}/hook?{asked}", a_notice()).kind == "temporary"
    assert len(web.bodies) == 1


def test_in_earnest_a_url_of_the_old_form_leads_to_no_private_address(web: Web, sender: Sender) -> None:
    outcome = sender.send(f"json://user:{SECRET}@127.0.0.1:{web.port}/hook", a_notice())
    assert (outcome.kind, web.bodies) == ("permanent", [])
    assert outcome.detail == "configuration: the URL leads to no public address: set the channel again"


def test_a_webhook_nobody_listens_to_is_temporary(exercise: Sender) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as closed:
        port = closed.server_port
    outcome = exercise.send(f"json://127.0.0.1:{port}/hook", a_notice())
    assert outcome.kind == "temporary"
    assert "onnection" in outcome.detail


WRONG_CHANNELS = [
    (f"nosuch://user:{SECRET}@host", "Apprise knows no service called nosuch://"),
    (f"tgram://{SECRET}", "cannot be read"),
    (f"json://user:{SECRET}@", "cannot be read"),
    (f"discord://{SECRET}", "cannot be read"),
    (f"mailto://user:{SECRET}@moha.example", "write the e-mail address alone"),
    ("trackermail://bnv@moha.example", "write the e-mail address alone"),
    (f"://{SECRET}", "neither"),
    (f"json://127.0.0.1/a json://127.0.0.1/{SECRET}", "several recipients"),
]


@pytest.mark.parametrize(("channel", "why"), WRONG_CHANNELS)
def test_a_wrong_channel_is_permanent_and_says_why_without_its_secret(
    sender: Sender,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    channel: str,
    why: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    outcome, sentence = sender.send(channel, a_notice()), check_channel(channel)
    assert outcome.kind == "permanent"
    assert sentence is not None
    assert outcome.detail == f"configuration: {sentence}"
    assert why in sentence
    printed = capfd.readouterr()
    assert SECRET not in outcome.detail + caplog.text + printed.out + printed.err


@pytest.mark.parametrize("channel", [TO, "van-phong+nhac@a.b.example", "json://hooks.example/a", "bộ@nội-vụ.example"])
def test_a_good_channel_has_nothing_wrong(channel: str) -> None:
    assert check_channel(channel) is None


@pytest.mark.parametrize(
    "channel",
    ["json://hooks.example/a", "jsons://10.0.0.1", "json://127.0.0.1.evil.example", "tgram://127.0.0.1/1",
     "discord://127.0.0.1/token", "slack://localhost/a/b/c", "mailto://localhost", "json://user@evil.example", "json://[bad"],
)  # fmt: skip
def test_a_rehearsal_never_calls_another_machine(channel: str) -> None:
    with _sender("smtp://127.0.0.1:9", rehearsal=True) as sender:
        outcome = sender.send(channel, a_notice())
    assert (outcome.kind, outcome.detail) == ("permanent", REHEARSAL_ONLY)


@pytest.mark.parametrize("host", ["mail.example", "10.0.0.1", "127.0.0.1.evil.example", "0.0.0.0"])
def test_a_rehearsal_never_mails_through_another_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a rehearsal asked the network")

    monkeypatch.setattr("socket.create_connection", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)
    with _sender(f"smtp://{host}:25", rehearsal=True) as sender:
        assert sender.send(TO, a_notice()).detail == REHEARSAL_ONLY


def test_a_rehearsal_notice_never_leaves_even_through_a_sender_in_earnest() -> None:
    with _sender("smtp://mail.example:25", rehearsal=False) as sender:
        assert sender.send(TO, a_notice(rehearsal=True)).detail == REHEARSAL_ONLY


def test_a_proxy_makes_loopback_leave_the_machine(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("no_proxy")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    with _sender("smtp://127.0.0.1:9", rehearsal=True) as sender:
        outcome = sender.send(f"json://127.0.0.1:{web.port}", a_notice())
    assert (outcome.detail, web.bodies) == (REHEARSAL_ONLY, [])


def test_whatever_a_rehearsal_sends_says_it_is_an_exercise(web: Web) -> None:
    with SmtpServer() as server, _sender(server.url, rehearsal=True) as sender:
        assert sender.send(TO, a_notice()).kind == "accepted"
        assert sender.send(f"json://127.0.0.1:{web.port}", a_notice()).kind == "accepted"
        assert b"Subject: =?utf-8?b?W1JFSEVBUlNBTF0g" in server.messages[0].content
    assert web.bodies[0]["title"].startswith("[REHEARSAL] ")  # type: ignore[union-attr]
