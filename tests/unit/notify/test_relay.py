"""What an SMTP URL says, and what it never repeats."""

import pytest

from tracker.notify.relay import is_loopback, relay


@pytest.mark.parametrize(
    ("url", "host", "port", "user", "password", "implicit", "starttls"),
    [
        ("smtp://mail.example", "mail.example", 25, "", "", False, False),
        ("smtp://u%40x:p%2Fq@mail.example:587?starttls=yes", "mail.example", 587, "u@x", "p/q", False, True),
        ("smtps://u:p@mail.example", "mail.example", 465, "u", "p", True, False),
        ("smtp://[::1]:2525?starttls=no", "::1", 2525, "", "", False, False),
    ],
)
def test_a_url_says_where_and_how(
    url: str, host: str, port: int, user: str, password: str, implicit: bool, starttls: bool
) -> None:
    found = relay(url)
    assert (found.host, found.port, found.user, found.password) == (host, port, user, password)
    assert (found.implicit_tls, found.starttls) == (implicit, starttls)


def test_a_relay_shows_no_credentials() -> None:
    shown = repr(relay("smtp://tracker:s3cr3t@mail.example"))
    assert "tracker" not in shown
    assert "s3cr3t" not in shown


def test_words_of_a_server_are_masked_in_every_form_of_the_password() -> None:
    found = relay("smtp://tracker:s3cr3t@mail.example")
    said = found.masked("no s3cr3t, no czNjcjN0, no AHRyYWNrZXIAczNjcjN0")
    assert said == "no ***, no ***, no ***"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "127.0.0.1", "127.255.255.254", "::1", "[::1]"])
def test_loopback_is_this_machine_by_name(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "0.0.0.0", "126.255.255.255", "128.0.0.0", "localhost.example", "::2", "127.1"])
def test_anything_else_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)
