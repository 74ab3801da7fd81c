"""The door: who gets in and who does not, what a browser holds, how long it lasts, and what ends it."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from starlette.testclient import TestClient

from tests.integration.links import AMPLE
from tests.integration.web.a_site import HOST, NOW, Site
from tracker import clock
from tracker.audit import passwords
from tracker.operations import rebuild
from tracker.operations.accounts import change_account, disable_account, enable_account, make_account, set_password
from tracker.operations.sessions import digest_of, sessions_of
from tracker.store import ledger
from tracker.store.door_tables import AttemptRow, SessionRow
from tracker.web.app import create_app

PASSWORD = "one tall ship and a star"
OTHER = "another ship, no star at all"
START = datetime(2026, 3, 2, 2, tzinfo=UTC)
Tick = Callable[[timedelta], None]


@pytest.fixture
def tick(monkeypatch: pytest.MonkeyPatch) -> Tick:
    """Return what moves the clock on the wall, which stands still otherwise."""
    now = [START]
    monkeypatch.setattr(clock, "now", lambda: now[0])

    def on(by: timedelta) -> None:
        now[0] += by

    return on


@pytest.fixture
def anna(site: Site, tick: Tick) -> Site:
    """Return a site where anna has a password."""
    set_password(site.store, "anna", PASSWORD, at=NOW, actor="test")
    return site


def stamp_of(html: str) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', html)
    assert found
    return found[1]


def enter(client: TestClient, name: str = "anna", password: str = PASSWORD, **more: str):  # type: ignore[no-untyped-def]
    stamp = stamp_of(client.get("/login").text)
    return client.post("/login", data={"name": name, "password": password, "csrf": stamp, **more})


def logged_in(client: TestClient) -> bool:
    return client.get("/account").status_code == 200


# ── In and out ────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_knows_the_password_gets_in_and_goes_where_they_wanted(anna: Site) -> None:
    client = anna.nobody()
    sent = client.get("/account?lang=en")
    assert sent.status_code == 303
    assert sent.headers["location"] == "/login?next=%2Faccount%3Flang%3Den"
    page = client.get(sent.headers["location"])
    assert 'name="next" value="/account?lang=en"' in page.text
    answer = enter(client, next="/account?lang=en")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?lang=en")
    assert "BNV:anna" in client.get("/account?lang=en").text


def test_names_are_typed_in_any_case_and_with_spaces_around(anna: Site) -> None:
    assert enter(anna.nobody(), " Anna ").status_code == 303


@pytest.mark.parametrize(("name", "password"), [("anna", OTHER), ("nobody-here", PASSWORD), ("", ""), ("binh", "")])
def test_of_what_was_wrong_one_thing_is_said_whatever_it_was(anna: Site, name: str, password: str) -> None:
    answer = enter(anna.nobody(), name, password)
    assert answer.status_code == 401
    assert "tracker=" not in answer.headers.get("set-cookie", "").replace("tracker-door=", "")
    wrong = enter(anna.nobody(), "anna", "wrong " + PASSWORD)
    strip = lambda html: re.sub(r'value="[^"]*"', "", html)  # noqa: E731
    assert strip(answer.text) == strip(wrong.text)


def test_an_unknown_name_costs_the_work_a_known_one_does(anna: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    work: list[str | None] = []
    fits, step_of = passwords.fits, passwords.step_of
    monkeypatch.setattr(passwords, "fits", lambda kept, typed: work.append("password") or fits(kept, typed))
    monkeypatch.setattr(passwords, "step_of", lambda *a, **k: work.append("code") or step_of(*a, **k))
    for name in ("anna", "nobody-here"):
        work.clear()
        enter(anna.nobody(), name, OTHER, code="123456")
        assert work == ["password", "code"]


def test_logging_out_ends_the_session_for_whoever_holds_it(anna: Site) -> None:
    client = anna.nobody()
    enter(client)
    held = client.cookies["tracker"]
    left = client.post("/logout", data={"csrf": stamp_of(client.get("/account").text)})
    assert left.headers["location"] == "/login?why=out"
    assert "tracker" not in client.cookies
    client.cookies.set("tracker", held, domain="127.0.0.1")
    assert not logged_in(client)


def test_logging_out_is_no_link(anna: Site) -> None:
    client = anna.nobody()
    enter(client)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout").status_code == 403
    assert logged_in(client)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "evil",
        "/login?next=/login",
        "/logout",
        "",
    ],
)
def test_nobody_is_led_elsewhere_by_next(anna: Site, elsewhere: str) -> None:
    client = anna.nobody()
    assert enter(client, next=elsewhere).headers["location"] == "/"
    assert client.get("/login", params={"next": elsewhere}).headers["location"] == "/"


# ── What the browser holds ────────────────────────────────────────────────────────────────────────────────────


def flags(answer, name: str) -> set[str]:  # type: ignore[no-untyped-def]
    (one,) = [
        each for each in answer.headers.get_list("set-cookie") if each.startswith(f"{name}=") and '=""' not in each
    ]
    return {part.strip() for part in one.split(";")[1:]}


def test_a_cookie_is_out_of_reach_of_scripts_and_other_sites(anna: Site) -> None:
    client = anna.nobody()
    assert flags(client.get("/login"), "tracker-door") == {"HttpOnly", "Path=/", "SameSite=lax"}
    assert flags(enter(client), "tracker") == {"HttpOnly", "Path=/", "SameSite=lax"}


def test_over_https_a_cookie_is_bound_to_this_host_and_never_sent_in_clear(anna: Site) -> None:
    settings = replace(anna.settings, base_url="https://tracker.example")
    client = TestClient(
        create_app(anna.store, settings, AMPLE), base_url="https://tracker.example", follow_redirects=False
    )
    wanted = {"HttpOnly", "Path=/", "SameSite=lax", "Secure"}
    assert flags(client.get("/login"), "__Host-tracker-door") == wanted
    answer = enter(client)
    assert flags(answer, "__Host-tracker") == wanted
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert logged_in(client)
    plain = TestClient(
        create_app(anna.store, settings, AMPLE), base_url="https://tracker.example", follow_redirects=False
    )
    plain.cookies.set("tracker", client.cookies["__Host-tracker"])  # a cookie that a sub-domain could have set
    assert not logged_in(plain)


def test_the_database_holds_neither_cookie_nor_password(anna: Site, tmp_path: Path) -> None:
    client = anna.nobody()
    enter(client)
    file = Path(str(anna.store.engine.url.database))
    held = b"".join(one.read_bytes() for one in file.parent.glob(file.name + "*") if not one.name.endswith("secret"))
    assert client.cookies["tracker"].encode() not in held
    assert PASSWORD.encode() not in held
    assert b"$argon2id$" in held
    with anna.store.read() as connection:
        said = "".join(str(entry.payload) for entry in ledger.entries(connection))
    assert "argon2" not in said
    assert rebuild(anna.store, keep=False).differing == ()


def test_a_session_put_into_a_browser_beforehand_is_worth_nothing(anna: Site) -> None:
    """Fixation: whoever planted a cookie does not hold the session that begins."""
    planted = "x" * 43
    client = anna.nobody()
    client.cookies.set("tracker", planted, domain="127.0.0.1")
    enter(client)
    assert client.cookies["tracker"] != planted
    thief = anna.nobody()
    thief.cookies.set("tracker", planted, domain="127.0.0.1")
    assert not logged_in(thief)


def test_logging_in_again_ends_the_session_the_browser_held(anna: Site, tick: Tick) -> None:
    client = anna.nobody()
    enter(client)
    before = client.cookies["tracker"]
    tick(timedelta(minutes=31))
    enter(client)
    with anna.store.read() as connection:
        (row,) = connection.execute(SessionRow.__table__.select()).mappings()  # type: ignore[attr-defined]
    assert row["rotated_from"] == digest_of(before)
    assert row["hash"] == digest_of(client.cookies["tracker"])


def test_the_page_at_the_door_is_for_who_is_out(anna: Site) -> None:
    client = anna.nobody()
    enter(client)
    assert client.get("/login?next=/account").headers["location"] == "/account"


# ── Forms ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_login_form_made_elsewhere_is_not_taken(anna: Site) -> None:
    """Login CSRF: nobody is logged in as somebody else by a page of another site."""
    mine, victim = anna.nobody(), anna.nobody()
    stamp = stamp_of(mine.get("/login").text)
    victim.get("/login")
    said = {"name": "anna", "password": PASSWORD}
    for form in (said, {**said, "csrf": "x"}, {**said, "csrf": stamp}):
        assert victim.post("/login", data=form).status_code == 403
    assert anna.nobody().post("/login", data={**said, "csrf": stamp}).status_code == 403
    assert (
        mine.post("/login", data={**said, "csrf": stamp}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    )
    assert mine.post("/login", data={**said, "csrf": stamp}).status_code == 303


def test_a_login_form_of_yesterday_is_not_taken(anna: Site, tick: Tick) -> None:
    client = anna.nobody()
    stamp = stamp_of(client.get("/login").text)
    tick(timedelta(hours=12, seconds=1))
    assert client.post("/login", data={"name": "anna", "password": PASSWORD, "csrf": stamp}).status_code == 403


@pytest.mark.parametrize("path", ["language", "password", "codes", "codes/off", "sessions/end", "tokens"])
def test_a_form_without_the_stamp_of_its_own_session_changes_nothing(anna: Site, path: str) -> None:
    client = anna.as_("anna")
    before = anna.store.position()
    for stamp in ({}, {"csrf": ""}, {"csrf": "x"}, {"csrf": anna.csrf("binh")}):
        answer = client.post(f"/account/{path}", data={"language": "fr", "label": "x", "may": "read", **stamp})
        assert answer.status_code == 403, stamp
    assert anna.store.position() == before
    assert client.post("/account/sessions/end", data={"csrf": anna.csrf("anna")}).status_code == 303


# ── Too often ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_who_is_wrong_too_often_waits_longer_each_time_and_is_not_heard_meanwhile(anna: Site, tick: Tick) -> None:
    client = anna.nobody()
    assert [enter(client, password=OTHER).status_code for _ in range(5)] == [401] * 5
    waits = []
    for _ in range(4):
        held = enter(client)  # right, but not now
        assert held.status_code == 429
        waits.append(int(held.headers["retry-after"]))
        tick(timedelta(seconds=waits[-1]))
        assert enter(client, password=OTHER).status_code == 401
    assert waits == sorted(waits)
    assert waits[-1] > 4 * waits[0]
    tick(timedelta(minutes=16))
    assert enter(client).status_code == 303


def test_names_nobody_has_wait_just_the_same(anna: Site) -> None:
    client = anna.nobody()
    found = [enter(client, "nobody-here", OTHER).status_code for _ in range(7)]
    assert found == [401] * 5 + [429, 429]


def test_who_got_in_before_is_not_kept_out_by_others(anna: Site, tick: Tick) -> None:
    assert enter(anna.nobody()).status_code == 303
    with anna.store.write() as connection:
        who = connection.exec_driver_sql("SELECT who FROM login_attempt WHERE outcome = 'in'").scalar_one()
        rows = [{"at": clock.now(), "who": who, "address": f"198.51.100.{n}", "outcome": "tried"} for n in range(200)]
        connection.execute(AttemptRow.__table__.insert(), rows)  # type: ignore[attr-defined]
    assert enter(anna.nobody()).status_code == 303


def test_what_was_typed_as_a_name_is_nowhere(anna: Site) -> None:
    enter(anna.nobody(), PASSWORD, "")
    with anna.store.read() as connection:
        (row,) = connection.execute(AttemptRow.__table__.select()).mappings()  # type: ignore[attr-defined]
    assert PASSWORD not in str(row)
    assert re.fullmatch("[0-9a-f]{32}", row["who"])


# ── How long ──────────────────────────────────────────────────────────────────────────────────────────────────

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(("idle", "there"), [(-SECOND, True), (timedelta(), False), (SECOND, False)])
def test_a_session_ends_without_a_sign_of_life(anna: Site, tick: Tick, idle: timedelta, there: bool) -> None:
    client = anna.nobody()
    enter(client)
    tick(timedelta(minutes=30) + idle)
    assert logged_in(client) is there


@pytest.mark.parametrize(("more", "there"), [(-SECOND, True), (timedelta(), False), (SECOND, False)])
def test_a_session_ends_however_busy_it_is(anna: Site, tick: Tick, more: timedelta, there: bool) -> None:
    client = anna.nobody()
    enter(client)
    for _ in range(12 * 3 - 1):
        tick(timedelta(minutes=20))
        assert logged_in(client)
    tick(timedelta(minutes=20) + more)
    assert logged_in(client) is there


def test_limits_made_shorter_hold_for_sessions_there_are(anna: Site, tick: Tick) -> None:
    client = anna.nobody()
    enter(client)
    tick(timedelta(minutes=10))
    settings = replace(anna.settings, session_idle="5 minutes")
    strict = TestClient(create_app(anna.store, settings, AMPLE), base_url=HOST, follow_redirects=False)
    strict.cookies.set("tracker", client.cookies["tracker"], domain="127.0.0.1")
    assert not logged_in(strict)


def test_looking_writes_a_sign_of_life_once_a_minute_and_no_entry(anna: Site, tick: Tick) -> None:
    client = anna.nobody()
    enter(client)
    before = anna.store.position()

    def seen() -> datetime:
        with anna.store.read() as connection:
            question = SessionRow.__table__.select().where(SessionRow.__table__.c.way == "password")  # type: ignore[attr-defined]
            return connection.execute(question).mappings().one()["seen_at"]  # type: ignore[no-any-return]

    for seconds, noted in ((59, 0), (1, 60), (59, 60), (1, 120)):
        tick(timedelta(seconds=seconds))
        assert logged_in(client)
        assert seen() == START + timedelta(seconds=noted)
    assert anna.store.position() == before


def test_a_sweep_that_writes_keeps_no_reader_waiting(anna: Site, tick: Tick) -> None:
    client = anna.nobody()
    enter(client)
    tick(timedelta(minutes=2))
    with anna.store.write():
        assert logged_in(client)


# ── What ends it ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_disabled_account_is_out_at_its_next_request_and_stays_out(anna: Site) -> None:
    client = anna.nobody()
    enter(client)
    disable_account(anna.store, "anna", at=NOW, actor="admin:root")
    assert not logged_in(client)
    assert enter(anna.nobody()).status_code == 401
    enable_account(anna.store, "anna", at=NOW, actor="admin:root")
    assert not logged_in(client)
    assert enter(anna.nobody()).status_code == 303


def test_a_new_password_ends_every_other_session_and_renews_this_one(anna: Site) -> None:
    here, there = anna.nobody(), anna.nobody()
    enter(here)
    enter(there)
    before = here.cookies["tracker"]
    said = {"old": PASSWORD, "new": OTHER, "again": OTHER, "csrf": stamp_of(here.get("/account").text)}
    assert here.post("/account/password", data=said).headers["location"] == "/account?done=password"
    assert here.cookies["tracker"] != before
    assert logged_in(here)
    assert not logged_in(there)
    thief = anna.nobody()
    thief.cookies.set("tracker", before, domain="127.0.0.1")
    assert not logged_in(thief)
    assert enter(anna.nobody()).status_code == 401
    assert enter(anna.nobody(), password=OTHER).status_code == 303


def test_another_role_or_office_ends_sessions_and_counts_at_once(anna: Site) -> None:
    client = anna.nobody()
    enter(client)
    change_account(anna.store, "anna", office="BTC", at=NOW, actor="admin:root")
    assert not logged_in(client)
    enter(client)
    assert "BTC:anna" in client.get("/account?lang=en").text


@pytest.mark.parametrize("wrong", [{"old": OTHER}, {"new": "short", "again": "short"}, {"again": PASSWORD}])
def test_a_password_that_will_not_do_is_explained_and_changes_nothing(anna: Site, wrong: dict[str, str]) -> None:
    client = anna.nobody()
    enter(client)
    said = {"old": PASSWORD, "new": OTHER, "again": OTHER, "csrf": stamp_of(client.get("/account").text), **wrong}
    answer = client.post("/account/password", data=said)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert enter(anna.nobody()).status_code == 303


def test_one_is_logged_out_elsewhere_by_name_and_not_others(anna: Site) -> None:
    here, there = anna.nobody(), anna.nobody()
    enter(here)
    enter(there)
    page = here.get("/account?lang=en")
    (id,) = re.findall(r'action="/account/sessions/([0-9a-f]{12})/end"', page.text)
    stranger = anna.as_("binh")
    assert stranger.post(f"/account/sessions/{id}/end", data={"csrf": anna.csrf("binh")}).status_code == 404
    assert logged_in(there)
    here.post(f"/account/sessions/{id}/end", data={"csrf": stamp_of(page.text)})
    assert logged_in(here)
    assert not logged_in(there)


def test_an_office_that_ended_lets_nobody_in(anna: Site) -> None:
    from tests.simulation.an_office import the_registry
    from tracker.operations import adopt_registry

    client = anna.nobody()
    enter(client)
    registry = the_registry(secretariat="VPCP")
    office = replace(registry.agencies["BNV"], valid_to=NOW.date())
    adopt_registry(anna.store, replace(registry, agencies={**registry.agencies, "BNV": office}), at=NOW, actor="test")
    assert not logged_in(client)
    assert enter(anna.nobody()).status_code == 401


def test_an_agency_that_became_the_secretariat_lets_no_member_in(anna: Site) -> None:
    """A member's name in the ledger would carry the powers of the secretariat."""
    from tests.simulation.an_office import the_registry
    from tracker.operations import adopt_registry

    adopt_registry(anna.store, the_registry(secretariat="BNV"), at=NOW, actor="test")
    assert enter(anna.nobody()).status_code == 401


# ── Codes ─────────────────────────────────────────────────────────────────────────────────────────────────────


def with_codes(site: Site, client: TestClient) -> pyotp.TOTP:
    """Return the codes of anna, set up on her page."""
    enter(client)
    page = client.get("/account/codes?lang=en").text
    found = re.search(r"otpauth://totp/[^\"]+secret=([A-Z2-7]{32})", page)
    assert found
    assert found[1] in page
    codes = pyotp.TOTP(found[1])
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert sealed
    form = {"sealed": sealed[1], "proof": PASSWORD, "csrf": stamp_of(page)}
    assert client.post("/account/codes", data={**form, "code": "000000"}).status_code == 422
    answer = client.post("/account/codes", data={**form, "code": codes.at(clock.now())})
    assert answer.headers["location"] == "/account?done=codes-on"
    return codes


def test_with_codes_a_password_is_not_enough_and_a_code_works_once(anna: Site, tick: Tick) -> None:
    codes = with_codes(anna, anna.nobody())
    assert enter(anna.nobody()).status_code == 401
    assert enter(anna.nobody(), code=codes.at(clock.now())).status_code == 401  # it was used to set them up
    tick(timedelta(seconds=30))
    code = codes.at(clock.now())
    assert enter(anna.nobody(), password=OTHER, code=code).status_code == 401
    assert enter(anna.nobody(), code=code).status_code == 303
    assert enter(anna.nobody(), code=code).status_code == 401
    tick(timedelta(seconds=60))
    assert enter(anna.nobody(), code=codes.at(clock.now() - timedelta(seconds=30))).status_code == 303
    assert enter(anna.nobody(), code=codes.at(clock.now() - timedelta(seconds=60))).status_code == 401


def test_codes_end_with_the_password_or_by_who_looks_after_accounts(anna: Site, tick: Tick) -> None:
    client = anna.nobody()
    with_codes(anna, client)
    stamp = stamp_of(client.get("/account").text)
    assert client.post("/account/codes/off", data={"proof_off": OTHER, "csrf": stamp}).status_code == 422
    root = anna.as_("root")
    said = root.post("/admin/accounts/anna/codes/off", data={"csrf": anna.csrf("root")})
    assert said.headers["location"] == "/admin/accounts/anna?done=codes-off"
    assert not logged_in(client)
    assert enter(anna.nobody()).status_code == 303


def test_the_secret_of_codes_is_sealed(anna: Site) -> None:
    codes = with_codes(anna, anna.nobody())
    file = Path(str(anna.store.engine.url.database))
    held = b"".join(one.read_bytes() for one in file.parent.glob(file.name + "*") if not one.name.endswith("secret"))
    assert codes.secret.encode() not in held


def test_sessions_are_listed_for_their_owner(anna: Site) -> None:
    client = anna.nobody()
    client.headers["user-agent"] = "Firefox <script>"
    enter(client)
    assert "Firefox &lt;script&gt;" in client.get("/account").text
    found = sessions_of(anna.store, "anna", anna.settings, at=clock.now())
    assert [one.agent for one in found] == ["Firefox <script>"]


def test_a_new_account_cannot_log_in_before_it_has_a_password(anna: Site) -> None:
    make_account(anna.store, "moi", "auditor", at=NOW, actor="test")
    assert enter(anna.nobody(), "moi", "").status_code == 401
