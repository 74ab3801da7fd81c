"""The page behind a link, over real HTTP: looking changes nothing, pressing acts once, and nobody learns more."""

import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.builders import a_directive, a_task
from tests.integration.links import Browser, every_row, mails, path_of, served, settings_in, token_of
from tests.simulation.a_store import ADOPTED, LAST_DAYS, a_store
from tests.unit.test_link import TAMPERINGS
from tracker import clock
from tracker.domain.errors import TryLater
from tracker.domain.link import read, sign
from tracker.domain.text import Text
from tracker.notify.notice import LANGUAGES, Notice
from tracker.operations import init, submit, sweep
from tracker.operations.deliver import deliver
from tracker.operations.links import keys_of
from tracker.operations.ownership import transfer
from tracker.settings import Settings
from tracker.store import ledger
from tracker.store.store import Store
from tracker.web.guard import Guard, Limits

BOTS = 20
ROUNDS = int(os.environ.get("SCAN_ROUNDS", "1"))  # how often each of them opens every link
FORM = "application/x-www-form-urlencoded"
KINDS = {
    "/style.css": "text/css", "/icon.svg": "image/svg+xml", "/healthz": "application/json", "/robots.txt": "text/plain",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Site:
    """A served rehearsal whose six offices have had a mail each."""

    store: Store
    settings: Settings
    browser: Browser
    notices: dict[str, Notice]

    @property
    def notice(self) -> Notice:
        return next(one for one in self.notices.values() if one.agency == "BNV")

    @property
    def path(self) -> str:
        """Return the path that acknowledges for one office, in English."""
        return path_of(self.notice.acknowledge_url) + "?lang=en"

    @property
    def later(self) -> str:
        """Return the path that puts the reminders of that office off."""
        return path_of(self.notice.snooze_url) + "?lang=en"

    @property
    def paths(self) -> list[str]:
        """Return the path of every link in every mail."""
        return [path_of(url) for n in self.notices.values() for url in (n.acknowledge_url, n.snooze_url)]

    def kinds(self, after: int) -> list[str]:
        with self.store.read() as connection:
            return [entry.kind for entry in ledger.entries(connection, after=after)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    store, settings = a_store(f"sqlite:///{tmp_path}/tracker.db", rehearsal=True), settings_in(tmp_path)
    sweep(store, at=ADOPTED)
    notices = mails(store, settings)
    with served(store, settings) as browser:
        yield Site(store, settings, browser, notices)
    store.close()


def test_twenty_scanners_open_every_link_and_change_nothing(
    site: Site, record_property: Callable[[str, object], None]
) -> None:
    paths = site.paths
    assert len(paths) >= 2 * len(LAST_DAYS)
    before = every_row(site.store)

    def scan(number: int) -> list[int]:
        bot = replace(site.browser, headers={"User-Agent": f"scanner/{number}", "Purpose": "prefetch"})
        return [bot.get(path, method=how).status for path in paths * ROUNDS for how in ("GET", "HEAD")]

    began = time.perf_counter()
    with ThreadPoolExecutor(BOTS) as bots:
        statuses = [status for found in bots.map(scan, range(BOTS)) for status in found]
    took = time.perf_counter() - began
    assert statuses == [200] * (BOTS * len(paths) * 2 * ROUNDS)
    assert every_row(site.store) == before
    record_property("told", f"{BOTS} scanners, {len(paths)} links: {len(statuses)} requests in {took:.1f} s, 0 changes")
    start = site.store.position().seq
    for path in paths[::2]:
        assert site.browser.press(path).status == 200
    assert site.kinds(start) == ["acknowledged"] * (len(paths) // 2)


def test_the_page_says_what_who_when_and_how_it_stands(site: Site) -> None:
    page = site.browser.get(site.path).text
    for said in ("Duty bnv", "For: BNV", "Sunday 31 August 2025", "412/TB-VPCP", "In time: the last day is"):
        assert said in page
    assert page.count("<form ") == page.count("<button ") == 2
    assert "log in here:" in page
    assert site.notice.url in page
    assert "<script" not in page
    assert not re.search(r"\son\w+=|\sstyle=", page)


def test_pressing_gives_a_receipt_and_pressing_again_the_same(site: Site) -> None:
    form = site.browser.get(site.path).forms[0]
    first, second = site.browser.post(form), site.browser.post(form)
    assert (first.status, second.status) == (200, 200)
    assert first.number == second.number == site.store.position().seq
    assert f"({first.number}, {site.store.position().hash})" in first.text
    assert "Monday 11 August 2025, 08:00 (Hanoi time)" in first.text
    assert site.browser.get(site.path).number == first.number  # whoever opens the link again sees it was done


def test_reminders_are_put_off_to_a_day_of_the_page(site: Site) -> None:
    page = site.browser.get(site.later)
    assert page.days == ["2025-08-12", "2025-08-14", "2025-08-18", "2025-08-25"]
    answer = site.browser.post({**page.forms[0], "until": page.days[2]})
    assert "with no reminder up to the end of Monday 18 August 2025" in answer.text
    assert answer.forms == []


@pytest.mark.parametrize("until", ["", "2025-08-31", "2025-08-11", "2025-8-12", "tomorrow", "9999-12-31"])
def test_a_day_that_is_not_offered_is_refused_on_the_same_page(site: Site, until: str) -> None:
    start = site.store.position().seq
    answer = site.browser.press(site.later, until=until)
    assert answer.status == 409
    assert "this day can no longer be chosen" in answer.text
    assert site.kinds(start) == []


def test_two_forms_sent_at_once_are_one_act(site: Site) -> None:
    form, barrier = site.browser.get(site.path).forms[0], Barrier(4)
    start = site.store.position().seq

    def send(_: int) -> int:
        barrier.wait()
        return site.browser.post(form).number

    with ThreadPoolExecutor(4) as hands:
        assert len(set(hands.map(send, range(4)))) == 1
    assert site.kinds(start) == ["acknowledged"]


# ---- dead links --------------------------------------------------------------------------------------------


def quoted(token: str) -> str:
    from urllib.parse import quote

    return "/l/" + quote(token.encode("utf-8", "surrogatepass"), safe="")


def test_every_dead_link_gets_one_and_the_same_answer(site: Site) -> None:
    token = token_of(site.notice.acknowledge_url)
    keys = keys_of(site.store, site.settings)
    assert keys is not None
    link = read(token, keys.accepted, at=ADOPTED)
    assert link is not None
    expired = sign(replace(link, expires=ADOPTED), keys.signing)
    other = sign(replace(link, office="BTC"), keys.signing)
    dead = [quoted(how(token)) for how in TAMPERINGS.values()] + [f"/l/{expired}", f"/l/{other}", "/l/", "/nothing"]
    live = site.browser.get(site.path).forms[0]
    transfer(site.store, site.notice.assignment, "BGDDT", at=ADOPTED, actor="secretariat:le", why="it is theirs")
    before = every_row(site.store)
    answers = [site.browser.get(path) for path in [*dead, site.path]]
    answers.append(site.browser.post(live))  # the page was open when the task went elsewhere
    assert {(one.status, one.text) for one in answers} == {(404, answers[0].text)}
    assert len({json.dumps(headers(one)) for one in answers}) == 1
    assert every_row(site.store) == before


def headers(answer: object) -> dict[str, str]:
    said = {name.lower(): value for name, value in answer.headers.items()}  # type: ignore[attr-defined]
    return {name: value for name, value in said.items() if name != "date"}


def test_another_action_cannot_be_had_by_swapping_tokens(site: Site) -> None:
    acknowledge, snooze = site.browser.get(site.path).forms
    start = site.store.position().seq
    assert site.browser.post({**acknowledge, "token": snooze["token"]}).status == 403
    assert site.kinds(start) == []


# ---- forms from elsewhere ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("without", "status"), [("page", 403), ("token", 403), ("lang", 200)], ids=["page", "token", "language"]
)
def test_a_form_needs_what_only_the_page_gives(site: Site, without: str, status: int) -> None:
    form = site.browser.get(site.path).forms[0]
    start = site.store.position().seq
    answer = site.browser.post({name: value for name, value in form.items() if name != without})
    assert answer.status == status
    assert len(site.kinds(start)) == (status == 200)


@pytest.mark.parametrize("where", ["cross-site", "same-site", "none"])
def test_a_form_of_another_site_is_refused(site: Site, where: str) -> None:
    form = site.browser.get(site.path).forms[0]
    assert site.browser.post(form, **{"Sec-Fetch-Site": where}).status == 403
    assert site.browser.post(form, **{"Sec-Fetch-Site": "same-origin"}).status == 200


def test_a_link_is_no_form_and_a_form_no_link(site: Site) -> None:
    start = site.store.position().seq
    assert site.browser.post({}, path=site.path).status == 405
    assert site.browser.get("/l").status == 405
    for how in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert site.browser.get(site.path, method=how).status == 405
    assert site.kinds(start) == []


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"token=x&page=y", FORM, 403),
        (b"token=x&token=y&page=z", FORM, 403),
        (b"\xff\xfe", FORM, 403),
        (b"a=1&" * 20, FORM, 403),
        (b"", FORM, 403),
        (b"x" * 4096, FORM, 403),
        (b"x" * 4097, FORM, 413),
        (b"x" * 1_000_000, FORM, 413),
        (b"{}", "application/json", 415),
        (b"token=x", "text/plain", 415),
        (b"token=x", "multipart/form-data; boundary=x", 415),
    ],
)
def test_a_body_is_short_and_a_form(site: Site, body: bytes, kind: str, status: int) -> None:
    host, port = site.browser.base.removeprefix("http://").split(":")
    connection = HTTPConnection(host, int(port), timeout=20)
    try:
        connection.request("POST", "/l", body, {"Content-Type": kind})
        assert connection.getresponse().status == status
    finally:
        connection.close()


# ---- what every answer carries -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["link", "/nothing", "/style.css", "/icon.svg", "/healthz", "/robots.txt"])
def test_every_answer_keeps_to_itself(site: Site, path: str) -> None:
    said = headers(site.browser.get(site.path if path == "link" else path))
    assert said["referrer-policy"] == "no-referrer"
    policy = said["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "script" not in policy
    assert said["content-type"].partition(";")[0] == KINDS.get(path, "text/html")
    assert said["x-robots-tag"].startswith("noindex")
    assert said["x-content-type-options"] == "nosniff"
    assert said["cache-control"] == ("max-age=3600" if path in ("/style.css", "/icon.svg") else "no-store")
    assert "set-cookie" not in said
    assert "strict-transport-security" not in said  # served in clear, for a proxy to put TLS before it


def test_no_link_is_ever_logged(
    site: Site, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    token = token_of(site.notice.acknowledge_url)
    site.browser.press(site.path)
    site.browser.get("/l/" + token[:-1])
    site.browser.get(site.path, method="DELETE")
    seen = caplog.text + "".join(capfd.readouterr())
    assert token[:-1] not in seen
    with site.store.read() as connection:
        assert all(token not in entry.body for entry in ledger.entries(connection))


class _Tags(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}


PAYLOADS = (
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", '"><svg onload=alert(1)>', "'-alert(1)-'",
    "</title><script>alert(1)</script>", "{{7919*6959}}{% raw %}", "javascript:alert(1)", "&lt;b&gt;",
    "<base href=//evil>", "\u202egnp.exe\u202c", "<form action=//evil><button>", "--><iframe src=//evil>",
)  # fmt: skip


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_a_title_holds_is_text(tmp_path: Path, payload: str) -> None:
    title = Text(vi=payload, en=payload, fr=payload)
    settings = settings_in(tmp_path, office=payload, contact=payload)
    directive = a_directive(a_task(title=title, deliverable=payload), title=title)
    store = a_store(f"sqlite:///{tmp_path}/tracker.db", directive, rehearsal=True)
    sweep(store, at=ADOPTED)
    (notice,) = mails(store, settings).values()
    with served(store, settings) as browser:
        shown = browser.get(path_of(notice.acknowledge_url))
        pressed = browser.press(path_of(notice.acknowledge_url))
    plain = _Tags(PLAIN)
    for answer in (shown, pressed):
        found = _Tags(answer.text)
        assert set(found.tags) <= set(plain.tags)
        assert found.attributes <= plain.attributes
        assert found.tags.count("form") <= 2
        assert str(7919 * 6959) not in answer.text
    store.close()


PLAIN = "<html lang><head><meta charset name content><title><link rel href><body><header><p class role><nav aria-label>"
PLAIN += "<span lang aria-current aria-hidden><a hreflang><main><section aria-labelledby><h1><h2 id><dl><div><dt><dd>"
PLAIN += "<form method action autocomplete><input type value checked><fieldset><legend><label><button><br><footer>"


def test_what_goes_wrong_here_tells_nobody_anything(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a wire came loose")

    monkeypatch.setattr("tracker.web.links.look", broken)
    answer = site.browser.get(site.path)
    assert answer.status == 500
    assert "a wire came loose" not in answer.text
    assert "Not possible at the moment" in answer.text
    assert headers(answer)["referrer-policy"] == "no-referrer"
    assert token_of(site.notice.acknowledge_url) not in caplog.text


def test_while_the_database_is_away_one_is_asked_to_come_back(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise TryLater("the database is away")

    monkeypatch.setattr("tracker.web.links.look", away)
    answer = site.browser.get(site.path)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")


# ---- languages, other doors, limits ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "title", "button"),
    [("vi", "Duty bnv (vi)", "Xác nhận đã nhận"), ("en", "Duty bnv", "Acknowledge"),
     ("fr", "Duty bnv (fr)", "Accuser réception")],
)  # fmt: skip
def test_the_page_is_in_the_language_asked_for(site: Site, language: str, title: str, button: str) -> None:
    page = site.browser.get(path_of(site.notice.acknowledge_url) + f"?lang={language}").text
    assert f'<html lang="{language}">' in page
    assert f"<h1>{title}</h1>" in page
    assert f">{button}</button>" in page
    others = [f"?lang={other}" for other in LANGUAGES if other != language]
    assert all(other in page for other in others)
    pressed = site.browser.press(path_of(site.notice.acknowledge_url) + f"?lang={language}").text
    assert f'<html lang="{language}">' in pressed


def test_without_a_word_it_is_in_the_language_of_the_channel(site: Site) -> None:
    for asked in ("", "?lang=de", "?lang="):
        assert '<html lang="en">' in site.browser.get(path_of(site.notice.acknowledge_url) + asked).text


def test_a_task_that_was_reported_shows_no_button(site: Site) -> None:
    submit(site.store, site.notice.assignment, at=ADOPTED, actor="BNV:anna", words="done")
    page = site.browser.get(site.path)
    assert page.forms == []
    assert "Nothing is left to do here" in page.text


def test_whoever_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    store, settings = a_store(f"sqlite:///{tmp_path}/tracker.db", rehearsal=True), settings_in(tmp_path)
    limits = Limits(looks=5, looks_a_second=0.01, acts=2, acts_a_second=0.01)
    with served(store, settings, limits) as browser:
        looks = [browser.get("/l/x") for _ in range(7)]
        acts = [browser.post({"token": "x"}) for _ in range(3)]
        assert browser.get("/healthz").status == 200
    assert [one.status for one in looks] == [404] * 5 + [429] * 2
    assert [one.status for one in acts] == [403] * 2 + [429]
    assert 1 <= int(looks[-1].headers["Retry-After"]) <= 100
    assert "referrer-policy" in headers(looks[-1])


def test_an_address_may_go_on_at_its_rate_and_holds_up_no_other() -> None:
    now = [0.0]
    guard = Guard(None, limits=Limits(looks=2, looks_a_second=0.5), ticks=lambda: now[0])  # type: ignore[arg-type]

    def ask(address: str) -> int:
        return guard._wait({"path": "/l/x", "method": "GET", "client": (address, 1)})

    assert [ask("one"), ask("one"), ask("one"), ask("two")] == [0, 0, 2, 0]
    now[0] = 1.9
    assert ask("one") == 1
    now[0] = 2.0
    assert [ask("one"), ask("one")] == [0, 2]


def test_a_live_store_is_healthy_while_somebody_sweeps_and_sends(tmp_path: Path) -> None:
    store = init(f"sqlite:///{tmp_path}/tracker.db", rehearsal=False, at=clock.now(), actor="test")
    settings = settings_in(tmp_path)
    from tests.builders import a_registry
    from tracker.operations import adopt_registry

    adopt_registry(store, a_registry(), at=clock.now(), actor="test")
    with served(store, settings) as browser:
        assert browser.get("/healthz").status == 503
        sweep(store, at=clock.now())
        assert browser.get("/healthz").status == 503
        deliver(store, None, settings=settings, clock=clock.now)  # type: ignore[arg-type]
        answer = browser.get("/healthz")
        assert (answer.status, json.loads(answer.text)["status"]) == (200, "ok")
    with served(store, replace(settings, watch_every="0")) as browser:
        assert browser.get("/healthz").status == 503


def test_the_command_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    init(f"sqlite:///{tmp_path}/tracker.db", rehearsal=True, at=ADOPTED, actor="test").close()
    port = free_port()
    code = "from tracker.cli.main import main; main()"
    command = [sys.executable, "-c", code, "--database", f"sqlite:///{tmp_path}/tracker.db", "web"]
    log = tmp_path / "log"
    with log.open("wb") as talk:
        server = subprocess.Popen([*command, "--port", str(port)], stdout=talk, stderr=talk)
    try:
        assert answers(f"http://127.0.0.1:{port}/healthz", server)
        secret = tmp_path / "tracker.db.secret"
        assert secret.stat().st_mode & 0o777 == 0o600
        with pytest.raises(URLError):
            urlopen(f"http://127.0.0.1:{port}/l/secret-word", timeout=20)
    finally:
        server.terminate()
        server.wait(20)
    said = log.read_text()
    assert f"pages: http://127.0.0.1:{port}" in said
    assert "secret-word" not in said


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str, server: subprocess.Popen[bytes]) -> bool:
    until = time.monotonic() + 60
    while time.monotonic() < until and server.poll() is None:
        try:
            with urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            time.sleep(0.1)
    return False
