"""A mail server on loopback that misbehaves on request, and remembers what it was told.

Raw sockets, because a well-made server library will not hang up in the middle of an answer.
A rule is asked for each verb ("CONNECT", "EHLO", "AUTH", "MAIL", "RCPT", "DATA", "END") and says
what to do: a reply such as "451 later", or one of the acts below. No rule means good behaviour.

    with SmtpServer() as server:
        server.rule("RCPT", "550 5.1.1 no such user", when="bad@moha.example")
        ...
        server.messages[0].content
"""

import contextlib
import socket
import ssl
import threading
from base64 import b64decode
from dataclasses import dataclass, field

DROP = "drop"  # close without an answer
HANG = "hang"  # say nothing and keep the line open
TAKE_THEN_DROP = "take then drop"  # keep the message, then close before saying so
GARBLE = "garble"  # answer with something that is not SMTP

_GOOD = {
    "CONNECT": "220 loopback ready", "HELO": "250 loopback", "MAIL": "250 sender ok",
    "RCPT": "250 recipient ok", "DATA": "354 go ahead", "END": "250 2.0.0 queued",
    "RSET": "250 reset", "NOOP": "250 ok", "QUIT": "221 bye", "AUTH": "235 welcome",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Taken:
    """A message the server took responsibility for."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes


@dataclass(slots=True)
class _Talk:
    connection: socket.socket
    begun: bool = False
    sender: str = ""
    recipients: list[str] = field(default_factory=list)

    def allows(self, verb: str) -> bool:
        """Return whether a verb may come now: RCPT after MAIL was taken, DATA after an RCPT was."""
        return {"RCPT": self.begun, "DATA": bool(self.recipients)}.get(verb, True)


class SmtpServer:
    """A server on a free loopback port; use it as a context manager."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        implicit: bool = False,
        extensions: tuple[str, ...] = ("SIZE 10000000", "8BITMIME"),
    ) -> None:
        self.messages: list[Taken] = []
        self.verbs: list[str] = []
        self.credentials: list[tuple[str, str]] = []
        self.connections = 0
        self._tls, self._implicit, self._extensions = tls, implicit, extensions
        self._rules: list[tuple[str, str, str, list[int]]] = []
        self._talks: list[_Talk] = []
        self._done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"{'smtps' if self._implicit else 'smtp'}://127.0.0.1:{self.port}"

    def rule(self, verb: str, act: str, *, when: str = "", times: int = 1_000_000) -> None:
        """From now on act so at `verb`, for arguments that contain `when`, at most `times`."""
        self._rules.insert(0, (verb, act, when, [times]))

    def behave(self) -> None:
        """Forget every rule."""
        self._rules.clear()

    def hang_up(self, farewell: str = "") -> None:
        """Close every open connection, as a server does with idle ones."""
        for talk in self._talks:
            with contextlib.suppress(OSError):
                if farewell:
                    talk.connection.sendall(f"{farewell}\r\n".encode())
                talk.connection.shutdown(socket.SHUT_RDWR)
        self._talks.clear()

    def __enter__(self) -> "SmtpServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        self._thread.join(timeout=5)

    def _accept(self) -> None:
        while not self._done.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, ssl.SSLError):
            if self._implicit and self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._converse(_Talk(connection))
        with contextlib.suppress(OSError):
            connection.close()

    def _converse(self, talk: _Talk) -> None:
        self._talks.append(talk)
        lines = talk.connection.makefile("rb")
        if not self._say(talk, "CONNECT", ""):
            return
        while line := lines.readline():
            verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
            verb = verb.upper()
            self.verbs.append(verb)
            if verb == "STARTTLS" and self._tls:
                talk.connection.sendall(b"220 go ahead\r\n")
                talk.connection = self._tls.wrap_socket(talk.connection, server_side=True)
                lines = talk.connection.makefile("rb")
            elif not self._answer(talk, verb, rest, lines):
                return

    def _answer(self, talk: _Talk, verb: str, rest: str, lines: object) -> bool:
        """Return whether the conversation goes on."""
        act = self._planned(verb, rest)
        if act is None and not talk.allows(verb):  # asked in one breath with what was refused
            talk.connection.sendall(b"503 not after that\r\n")
            return True
        if not self._say(talk, verb, rest):
            return False
        address = rest.partition(":<")[2].partition(">")[0]
        taken = act is None or act.startswith("2")
        if verb == "MAIL":
            talk.begun, talk.sender, talk.recipients = taken, address, []
        elif verb == "RCPT" and taken:
            talk.recipients.append(address)
        elif verb == "AUTH":
            _, user, password = b64decode(rest.split()[-1]).decode().split("\0")
            self.credentials.append((user, password))
        elif verb == "DATA" and self._planned("DATA", rest) is None:
            return self._take(talk, lines)
        return verb != "QUIT"

    def _take(self, talk: _Talk, lines: object) -> bool:
        content = bytearray()
        while (line := lines.readline()) != b".\r\n":  # type: ignore[attr-defined]
            if not line:
                return False
            content += line[1:] if line.startswith(b".") else line
        act = self._planned("END", talk.recipients[-1] if talk.recipients else "")
        if act is None or act[0] == "2" or act == TAKE_THEN_DROP:
            self.messages.append(Taken(talk.sender, tuple(talk.recipients), bytes(content)))
        return self._say(talk, "END", talk.recipients[-1] if talk.recipients else "")

    def _planned(self, verb: str, argument: str) -> str | None:
        for name, act, when, left in self._rules:
            if name == verb and when in argument and left[0] > 0:
                return act
        return None

    def _spent(self, verb: str, argument: str) -> None:
        for name, _, when, left in self._rules:
            if name == verb and when in argument and left[0] > 0:
                left[0] -= 1
                return

    def _say(self, talk: _Talk, verb: str, argument: str) -> bool:
        """Return whether the conversation goes on after what was planned for the verb is done."""
        act = self._planned(verb, argument)
        self._spent(verb, argument)
        if act in (DROP, TAKE_THEN_DROP):
            return False
        if act == HANG:
            self._done.wait(20)
            return False
        reply = "hello there" if act == GARBLE else act or self._good(verb)
        talk.connection.sendall(f"{reply}\r\n".encode())
        return not reply.startswith("421")

    def _good(self, verb: str) -> str:
        if verb != "EHLO":
            return _GOOD.get(verb, "502 not here")
        offers = [*self._extensions, "AUTH PLAIN"] + (["STARTTLS"] if self._tls else [])
        return "\r\n".join(["250-loopback", *(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}"])
