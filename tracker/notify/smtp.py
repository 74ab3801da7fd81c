"""One kept SMTP connection that says of each message what truly became of it.

What each answer means:

    2xx to the end of DATA                    accepted
    4xx to anything; no connection; a hang    temporary
    5xx to MAIL, RCPT, DATA or its end        permanent: this mail to this recipient is refused
    5xx to the greeting, EHLO, TLS or AUTH    temporary: our trouble with the server, and one
                                              mistyped password must not condemn every recipient
    530, 534, 535, 538 to anything            temporary: these mean AUTH, wherever they are said
    no answer once the message was begun      unknown: perhaps taken, perhaps not

A server's behaviour never raises. A connection that died while idle is opened again and the
message tried once more; after the first octet of a message nothing is ever repeated here.
"""

import smtplib
import ssl
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from functools import lru_cache
from types import TracebackType

from tracker.notify.notice import folded
from tracker.notify.outcome import Kind, Outcome
from tracker.notify.relay import Relay, relay
from tracker.notify.wire import ascii_domain, octets

_AUTH_CODES = (530, 534, 535, 538)
_CLOSING = 421
_GO_AHEAD = 354
_QUESTIONS = (("MAIL", (250,)), ("RCPT", (250, 251)), ("DATA", (_GO_AHEAD,)))
_DETAIL_MAX = 300


class _Told(Exception):
    """The attempt is over, with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


class _Stale(Exception):
    """The kept connection was dead before anything was said on it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A mail as it is handed to a server: the octets of its headers and parts, from whom, and to whom."""

    sender: str
    recipient: str
    content: bytes
    international: bool


class Lane:
    """One connection to one server, kept between messages; one message at a time.

    For more at once, open more lanes: an SMTP connection carries one conversation.
    """

    def __init__(self, url: str, *, connect_timeout: float = 10, read_timeout: float = 30) -> None:
        self._relay: Relay = relay(url)
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._client: smtplib.SMTP | None = None
        self._midway = False  # a mail was begun on this connection and refused
        self._context: ssl.SSLContext | None = None
        self._lock = threading.Lock()

    @property
    def relay(self) -> Relay:
        """The server this lane leads to."""
        return self._relay

    def send(self, message: EmailMessage | Envelope, recipient: str) -> Outcome:
        """Return what became of one message to one recipient, or of what was made of it; see the table above."""
        with self._lock:
            try:
                return self._send(message if isinstance(message, Envelope) else _envelope(message, recipient))
            except _Told as told:
                return told.outcome

    def close(self) -> None:
        """Take leave of the server, politely if it still listens."""
        with self._lock:
            client, self._client = self._client, None
            if client is None:
                return
            try:
                if client.sock:
                    client.sock.settimeout(min(2.0, self._read_timeout))
                client.quit()
            except (smtplib.SMTPException, OSError):
                client.close()

    def __enter__(self) -> "Lane":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _send(self, envelope: Envelope) -> Outcome:
        kept = self._client is not None
        try:
            return self._transact(self._fresh_or_kept(), envelope, kept=kept)
        except _Stale:
            self._drop()
            return self._transact(self._open(), envelope, kept=False)

    def _fresh_or_kept(self) -> smtplib.SMTP:
        """Return a connection ready for MAIL; raise `_Stale` if the kept one is found dead.

        A mail that was taken leaves nothing behind (RFC 5321, 4.1.1.4), and MAIL itself shows
        whether the line is alive; only after a refusal is the server asked to forget.
        """
        if self._client is None:
            return self._open()
        if not self._midway:
            return self._client
        try:
            code, _ = self._client.rset()
        except (smtplib.SMTPException, OSError):
            raise _Stale from None
        if code != 250:
            raise _Stale
        return self._client

    def _transact(self, client: smtplib.SMTP, envelope: Envelope, *, kept: bool) -> Outcome:
        lines, self._midway = self._lines(client, envelope), True
        at_once = client.has_extn("pipelining")  # one journey instead of three (RFC 2920)
        if at_once:
            lines = [b"".join(lines), b"", b""]
        for number, (verb, wanted) in enumerate(_QUESTIONS):
            code, words = self._ask(client, verb, lines[number], stale=kept and not number)
            try:
                self._expect(verb, code, words, wanted=wanted)
            except _Told:
                self._hear_out(len(_QUESTIONS) - number - 1 if at_once else 0)
                raise
        return self._hand_over(client, envelope.content)

    def _lines(self, client: smtplib.SMTP, envelope: Envelope) -> list[bytes]:
        """Return what is said before a message, line by line."""
        options = "".join(f" {option}" for option in self._options(client, envelope))
        said = (f"MAIL FROM:<{envelope.sender}>{options}", f"RCPT TO:<{envelope.recipient}>", "DATA")
        return [f"{line}\r\n".encode("utf-8" if envelope.international else "ascii") for line in said]

    def _options(self, client: smtplib.SMTP, envelope: Envelope) -> list[str]:
        options = []
        if client.has_extn("size"):
            options.append(f"SIZE={len(envelope.content)}")
        if envelope.international:
            if not client.has_extn("smtputf8"):
                raise _Told(Outcome("permanent", None, "the server takes no address with such letters"))
            options += ["SMTPUTF8", "BODY=8BITMIME"]
        return options

    def _ask(self, client: smtplib.SMTP, verb: str, line: bytes, *, stale: bool = False) -> tuple[int, bytes]:
        """Return the server's answer; a lost connection is temporary, or stale if it may have been idle."""
        try:
            if line:
                client.send(line)
            code, words = client.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            if stale:
                raise _Stale from None
            raise _Told(Outcome("temporary", None, self._detail(verb, _reason(error)))) from None
        if stale and code == _CLOSING:
            raise _Stale
        return code, words

    def _hear_out(self, left: int) -> None:
        """Read the answers to what was asked already; leave a server that wants the refused message all the same."""
        client = self._client
        try:
            answers = [client.getreply()[0] for _ in range(left)] if client else []
        except (smtplib.SMTPException, OSError):
            self._drop()
        else:
            if _GO_AHEAD in answers:
                self._drop()

    def _expect(self, verb: str, code: int, words: bytes, *, wanted: tuple[int, ...]) -> None:
        if code in wanted:
            return
        if code == _CLOSING or not 400 <= code <= 599:
            self._drop()  # it is leaving, or it does not speak the protocol
        permanent = 500 <= code <= 599 and code not in _AUTH_CODES
        kind: Kind = "permanent" if permanent else "temporary"
        raise _Told(Outcome(kind, _code(code), self._detail(verb, _text(words))))

    def _hand_over(self, client: smtplib.SMTP, content: bytes) -> Outcome:
        """Return the outcome of the message itself; from the first octet on, silence is `unknown`."""
        try:
            client.send(_stuffed(content))
            code, words = client.getreply()
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            return Outcome("unknown", None, self._detail("end of data", _reason(error)))
        if 200 <= code <= 299:
            self._midway = False
            return Outcome("accepted", code, self._detail("", _text(words)))
        if not 400 <= code <= 599:
            self._drop()
            return Outcome("unknown", _code(code), self._detail("end of data", _text(words)))
        self._expect("end of data", code, words, wanted=())
        raise AssertionError("unreachable: no code is wanted")

    def _open(self) -> smtplib.SMTP:
        """Return a new connection, greeted and logged in; whatever fails here is temporary."""
        self._drop()
        try:
            self._client = self._connected()
        except smtplib.SMTPResponseException as error:
            self._drop()
            detail = self._detail("connect", _text(error.smtp_error))
            raise _Told(Outcome("temporary", _code(error.smtp_code), detail)) from None
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            self._drop()
            raise _Told(Outcome("temporary", None, self._detail("connect", _reason(error)))) from None
        return self._client

    def _connected(self) -> smtplib.SMTP:
        self._client = client = self._dialled()
        code, words = client.connect(self._relay.host, self._relay.port)
        if code != 220:
            raise smtplib.SMTPConnectError(code, words)
        if client.sock is not None:
            client.sock.settimeout(self._read_timeout)
        client.local_hostname = self._relay.name or _literal(client)
        client.ehlo_or_helo_if_needed()
        if self._relay.starttls:
            client.starttls(context=self._tls())
            client.ehlo_or_helo_if_needed()
        if self._relay.user:
            client.login(self._relay.user, self._relay.password)
        return client

    def _dialled(self) -> smtplib.SMTP:
        # The name is given so that smtplib does not ask a name server for ours.
        if self._relay.implicit_tls:
            client: smtplib.SMTP = smtplib.SMTP_SSL(
                local_hostname="localhost", timeout=self._connect_timeout, context=self._tls()
            )
        else:
            client = smtplib.SMTP(local_hostname="localhost", timeout=self._connect_timeout)
        client._host = self._relay.host  # type: ignore[attr-defined]  # the name a certificate must bear
        return client

    def _tls(self) -> ssl.SSLContext:
        self._context = self._context or self._relay.context()
        return self._context

    def _drop(self) -> None:
        client, self._client, self._midway = self._client, None, False
        if client is not None:
            client.close()

    def _detail(self, verb: str, words: str) -> str:
        said = f"{verb}: {words}" if verb else words
        return folded(self._relay.masked(said))[:_DETAIL_MAX]


def envelope(message: EmailMessage, recipient: str) -> Envelope | None:
    """Return a message as it will be handed over; None where no mail can say whom it is from or for."""
    try:
        return _envelope(message, recipient)
    except _Told:
        return None


def _envelope(message: EmailMessage, recipient: str) -> Envelope:
    """Return the message in octets with whom it is from and for; raise `_Told` if no mail can say so."""
    sender = _address(next((str(value) for name, value in message.raw_items() if name == "From"), ""))
    recipient = ascii_domain(recipient)
    if not (sender + recipient).isprintable() or any(char in sender + recipient for char in "<> \t"):
        raise _Told(Outcome("permanent", None, "the address is not one a mail can carry"))
    international = not (recipient.isascii() and sender.isascii())
    content = octets(message, international=international)
    return Envelope(sender, recipient, content, international)


@lru_cache(maxsize=64)
def _address(mailbox: str) -> str:
    """Return the address in a From; an office has one, and parsing it anew costs 0.1 ms a mail."""
    return parseaddr(mailbox)[1]


def _stuffed(content: bytes) -> bytes:
    """Return the content as DATA wants it: dots doubled at line starts, ended by a lone dot."""
    body = content if content.endswith(b"\r\n") else content + b"\r\n"
    body = body.replace(b"\r\n.", b"\r\n..")
    return (b"." if body.startswith(b".") else b"") + body + b".\r\n"


def _literal(client: smtplib.SMTP) -> str:
    """Return our own address as a greeting: true, and no name server is asked for it."""
    if client.sock is None:
        return "localhost"
    address = str(client.sock.getsockname()[0])
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"


def _code(code: int) -> int | None:
    return code if 100 <= code <= 599 else None


def _text(words: bytes | str) -> str:
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
