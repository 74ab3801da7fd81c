"""A web server on loopback, on bare sockets: it answers as told, badly too, and counts what happens to it."""

import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType

Answer = bytes | Callable[[socket.socket], None]


def answer(status: str, *headers: str, body: bytes = b"") -> bytes:
    """Return a whole answer."""
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class WebServer:
    """Listens until left; `requests` are whole, `connections` are counted even where nothing was said."""

    def __init__(self, reply: Answer = b"", *, tls: ssl.SSLContext | None = None) -> None:
        self.reply = reply or answer("200 OK")
        self.requests: list[bytes] = []
        self.connections = 0
        self.gone: list[str] = []
        self._tls = tls
        self._ended = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.port = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> "WebServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(timeout=5)
        self._socket.close()

    def header(self, name: str, number: int = -1) -> str | None:
        """Return a header of a request."""
        for line in self.requests[number].partition(b"\r\n\r\n")[0].decode().split("\r\n")[1:]:
            called, _, value = line.partition(": ")
            if called.lower() == name.lower():
                return value
        return None

    def body(self, number: int = -1) -> bytes:
        """Return the body of a request."""
        return self.requests[number].partition(b"\r\n\r\n")[2]

    def wait(self, seconds: float) -> bool:
        """Return whether the test ended within so many seconds."""
        return self._ended.wait(seconds)

    def _listen(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.settimeout(5)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self.requests.append(_request(connection))
            if callable(self.reply):
                self.reply(connection)
            else:
                connection.sendall(self.reply)
        except OSError as error:
            self.gone.append(type(error).__name__)
        finally:
            connection.close()


def _request(connection: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        more = connection.recv(65536)
        if not more:
            return read
        read += more
    head, _, body = read.partition(b"\r\n\r\n")
    length = next((int(line[16:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length: ")), 0)
    while len(body) < length:
        more = connection.recv(65536)
        if not more:
            break
        body += more
    return head + b"\r\n\r\n" + body
