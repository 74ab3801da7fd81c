"""Where mail is handed over: the SMTP URL taken apart, once.

`smtp://host`, `smtps://user:password@host:465`, `smtp://host:587?starttls=yes`. Two more
settings: `ca=/path.pem`, a private authority to trust; `name=mail.example`, what to greet as.
"""

import ssl
from base64 import b64encode
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import parse_qs, unquote, urlsplit

_KNOWN = {"starttls", "ca", "name"}


@dataclass(frozen=True, slots=True)
class Relay:
    """A mail server of ours and how to speak to it; its password is in no repr."""

    host: str
    port: int
    user: str = field(repr=False)
    password: str = field(repr=False)
    implicit_tls: bool
    starttls: bool
    authority: str
    name: str

    def context(self) -> ssl.SSLContext:
        """Return a TLS context that checks certificates. Building one takes 20 ms: keep it."""
        return ssl.create_default_context(cafile=self.authority or None)

    def masked(self, text: str) -> str:
        """Return the text without our credentials, in case the server repeats them."""
        user, password = self.user, self.password
        plain = b64encode(f"\0{user}\0{password}".encode()).decode()
        for secret in (plain, b64encode(password.encode()).decode(), password) if password else ():
            text = text.replace(secret, "***")
        return text


def relay(url: str) -> Relay:
    """Return the relay a URL names, or raise ValueError saying what is wrong, without the URL.

    >>> relay("smtp://localhost").port, relay("smtps://mail.example").port
    (25, 465)
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValueError("the SMTP URL cannot be read: expected smtp://user:password@host:port") from None
    if parts.scheme not in ("smtp", "smtps") or not host:
        raise ValueError("the SMTP URL must begin with smtp:// or smtps:// and name a host")
    options = parse_qs(parts.query)
    if unknown := sorted(set(options) - _KNOWN):
        raise ValueError(f"the SMTP URL has unknown settings: {', '.join(unknown)}")
    implicit = parts.scheme == "smtps"
    return Relay(
        host=host,
        port=port or (465 if implicit else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        implicit_tls=implicit,
        starttls=_yes(options.get("starttls", ["no"])[-1]),
        authority=options.get("ca", [""])[-1],
        name=options.get("name", [""])[-1],
    )


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine by its very name; no name server is asked.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.9", "::1", "moha.example", "10.0.0.1")]
    [True, True, True, False, False]
    """
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _yes(text: str) -> bool:
    if text.lower() not in ("yes", "no", "true", "false", "1", "0"):
        raise ValueError("the SMTP URL's starttls is yes or no")
    return text.lower() in ("yes", "true", "1")
