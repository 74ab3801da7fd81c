"""Two agencies and every address there is: nobody reads or writes what is another's, by any page, file or form.

The addresses are read off the routes of the app; a new one is tried too. What an agency wrote, was told or is
reached by carries a mark, and its assignments have references: none of them may reach the other.
"""

import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.integration.links import every_row
from tests.integration.web.a_site import KEY, NOW, TUESDAY, Site, a_site, an_office_at_work
from tests.integration.web.an_api import line
from tests.integration.web.every_page import SLUG, YEAR, routes
from tests.integration.web.test_api_permissions import filled, operations
from tracker import clock
from tracker.domain.evidence import Proof
from tracker.operations import send_back, submit, sweep
from tracker.operations.deputies import name_deputy
from tracker.operations.evidence import add_evidence, evidence_folder
from tracker.operations.ownership import delegate
from tracker.operations.tokens import make_token
from tracker.store import ledger, outbox

MARK = "zq-of-btc"
NOTHING = ("/static/{name}", "/l/{token}", "/l")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Yield the site on SQLite."""
    folder = tmp_path_factory.mktemp("site")
    made = two_agencies(f"sqlite:///{folder}/tracker.db", folder)
    yield made
    made.store.close()


def two_agencies(url: str, folder: Path) -> Site:
    """Return the site where BTC reported, was sent something back, gave proof, asked, passed work on."""
    store = an_office_at_work(url, say=_marked)
    made = a_site(folder, store, say=_marked)
    keep = evidence_folder(made.settings)
    file = add_evidence(store, keep, io.BytesIO(b"%PDF-1.4\n%%EOF\n"), name=f"{MARK}.pdf", at=NOW, actor="BTC:binh")
    proofs = [Proof(sha256=file.sha256, number=f"7/{MARK}", dated=TUESDAY.date())]
    submit(store, f"{KEY}/budget/BTC", at=NOW, actor="BTC:binh", words=f"Done {MARK}", proofs=proofs)
    send_back(store, f"{KEY}/budget/BTC", at=NOW, actor="secretariat:le", missing=f"The rest {MARK}")
    submit(store, f"{KEY}/budget/BTC", at=NOW, actor="BTC:binh", words=f"Again {MARK}", proofs=proofs)
    delegate(store, f"{KEY}/accounts/BTC", "BTC-NS", at=NOW, actor="BTC:binh", words=f"Please {MARK}")
    for agency in ("BNV", "BTC"):
        days = {"first": date(2025, 9, 1), "last": date(2025, 9, 3)}
        name_deputy(store, agency, "01", at=NOW, actor="secretariat:le", why="away", **days)
    make_token(store, "binh", ["feed"], label=f"calendar {MARK}", at=NOW, actor="BTC:binh")
    sweep(store, at=NOW)
    return made


def _marked(words: str) -> str:
    return f"{words} {MARK}" if words in ("The books came late.", "no such mailbox") else words


def names_of(site: Site, agency: str, person: str) -> Mapping[str, str]:
    """Return what the addresses of an agency's own things are made of."""
    with site.store.read() as connection:
        mine = [one for one in outbox.reminders(connection) if one.agency == agency]
        entries = [entry for entry in ledger.entries(connection) if (entry.assignment or "").endswith(f"/{agency}")]
        sha256 = next(e.payload["sha256"] for e in ledger.entries(connection) if e.kind == "evidence_added")
    submitted = [entry.seq for entry in entries if entry.kind == "submitted"]
    session = site.session(person)
    return {
        **{"year": YEAR, "slug_of": SLUG, "agency": agency, "code": agency, "office": agency, "name": person},
        "reference": mine[0].reference,
        "seq": str((submitted or [entry.seq for entry in entries])[-1]),
        "sha256": sha256,
        "id": "0" * 12,
        "token": session.token,
        "suffix": "xlsx",
        "verb": "retry",
        "version": "1",
        "problem": "not_found",
    }


TASKS = {"BTC": ("budget", "accounts"), "BNV": ("report", "training")}
ACTS = (
    "acknowledge",
    "start",
    "submit",
    "contest",
    "delegate",
    "accept",
    "return",
    "grant",
    "refuse",
    "withdraw",
    "note",
)


def addresses(site: Site, method: str, agency: str, person: str) -> list[str]:
    """Return every address of a method, made out to an agency wherever it names one."""
    found: list[str] = []
    known = names_of(site, agency, person)
    for path in routes(site, method):
        if path in NOTHING:
            continue
        for task in TASKS[agency] if "{task}" in path else ("",):
            for slug in ACTS if "/do/{slug}" in path else (SLUG,):
                try:
                    found.append(path.replace(":path", "").format(**{**known, "task": task, "slug": slug}))
                except KeyError as missing:
                    raise AssertionError(f"{path}: this test has no example for {missing}") from None
    return found


def said(answer: Any) -> str:
    """Return what an answer says, unpacked where it is a file of parts."""
    if answer.content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(answer.content)) as parts:
            return "".join(parts.read(name).decode("utf-8", "replace") for name in parts.namelist())
    return answer.content.decode("utf-8", "replace") + str(answer.headers)


SECRETS = (MARK, "office-btc@", "BTC:binh")
THEIRS = (*SECRETS, "budget/BTC", "accounts/BTC")
FILTERS = (
    "",
    "?agency=BTC",
    "?q=budget",
    "?at=2025-08-20T09:30",
    "?at=2025-08-20&agency=BTC",
    "?agency=BTC&state=failed&cell=open_overdue",
)


def leaks(client: TestClient, paths: list[str], what_is: Sequence[str], filters: Sequence[str] = FILTERS) -> list[str]:
    """Return what was said that is another's; who names a reference in an address may read it back."""
    found = []
    for path in paths:
        for asked in filters:
            answer = client.get(path + asked)
            assert answer.status_code < 500, (path + asked, answer.text[-300:])
            found += [f"{path}{asked}: {what}" for what in what_is if what in said(answer)]
    return found


def test_the_marks_are_where_their_owner_looks(site: Site) -> None:
    """Or the tests below would find nothing because there is nothing."""
    mine = "".join(said(site.as_("binh").get(path)) for path in addresses(site, "GET", "BTC", "binh"))
    assert [what for what in THEIRS if what not in mine and what != "office-btc@"] == []


def test_what_is_one_agencys_reaches_no_member_of_another(site: Site) -> None:
    anna = site.as_("anna")
    own, theirs = addresses(site, "GET", "BNV", "anna"), addresses(site, "GET", "BTC", "binh")
    assert leaks(anna, own, THEIRS) == []
    others = [path for path in theirs if path not in own]
    assert leaks(anna, others, SECRETS) == []
    for path in others:
        roles = path.startswith(("/admin", "/history"))  # not hers, whosever it is about
        moved = path.endswith("/not-ours")  # to the form, which then is not there
        assert anna.get(path).status_code == (403 if roles else 308 if moved else 404), path


def test_what_is_one_agencys_reaches_nobody_who_is_not_logged_in(site: Site) -> None:
    nobody = site.nobody()
    paths = addresses(site, "GET", "BTC", "binh")
    assert leaks(nobody, paths, SECRETS) == []
    answers = {path: nobody.get(path).status_code for path in paths}
    open_to_all = {path for path, status in answers.items() if status == 200}
    assert open_to_all <= {
        *("/login", "/accessibility", "/help", "/help/calendar", "/help/counting", "/help/problems"),
        *("/healthz", "/readyz"),
        *("/style.css", "/icon.svg", "/robots.txt"),
    }


FORM: Mapping[str, str] = {
    **{"words": "x", "why": "x", "day": "2025-12-31", "missing": "x", "instrument": "1/A", "unit": "BNV-TC"},
    **{"to": "BNV", "agreed_by": "x", "seen": "", "office": "BTC", "agency": "BTC", "label": "x", "may": "read"},
    **{"password": "x" * 20, "new": "a good long password", "again": "a good long password", "role": "admin"},
    **{"language": "en", "reference": "x", "references": "x", "text": "directive: x", "key": KEY, "yaml": "x"},
}


@pytest.mark.parametrize(("who", "agency", "owner"), [("anna", "BTC", "binh"), ("binh", "BNV", "anna")])
def test_no_form_of_one_agency_changes_anything_of_another(
    site: Site, monkeypatch: pytest.MonkeyPatch, who: str, agency: str, owner: str
) -> None:
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)  # a session gives a sign of life every minute
    client, stamp = site.as_(who), site.csrf(who)
    client.get("/account")
    with site.store.read() as connection:
        refs = [f"{KEY}/{task}/{agency}" for task in TASKS[agency]]
        seen = [str(entry.seq) for ref in refs for entry in ledger.entries(connection, assignment=ref)][-1]
    for path in addresses(site, "POST", agency, owner):
        if path.startswith(("/account", "/logout", "/login", "/author", "/history")) or path == "/calendar/feeds":
            continue  # one's own account, or nobody's work: tried elsewhere
        before = every_row(site.store)
        answer = client.post(
            path, data={**FORM, "csrf": stamp, "seen": seen, "reference": names_of(site, agency, owner)["reference"]}
        )
        assert answer.status_code in (303, 400, 403, 404, 405, 409, 422), (path, answer.status_code, answer.text[-300:])
        assert MARK not in said(answer) or who == "binh", path
        assert every_row(site.store) == before, path


def test_a_past_day_shows_no_more_than_today(site: Site) -> None:
    """What was delegated, or covered for, on another day is not seen because one asks about that day."""
    anna = site.as_("anna")
    for at in ("2025-08-12", "2025-08-19T10:00", "2025-08-20T09:30", "2026-01-01"):
        for path in ("/tasks", "/tasks.json", "/tasks.csv", "/agencies/BTC", f"/directives/{KEY}", "/calendar"):
            assert not [what for what in THEIRS if what in said(anna.get(f"{path}?at={at}&known=now"))], (path, at)


def test_days_of_another_agency_are_in_no_calendar(site: Site) -> None:
    day = date(2025, 9, 20)
    assert "accounts" not in site.as_("anna").get(f"/tasks.ics?day={day}").text.replace("bank accounts", "")


def test_on_postgresql_the_second_lock_keeps_no_page_from_its_owner(
    site: Site, postgres_url: str, tmp_path: Path
) -> None:
    """Every page answers as it does on SQLite, where the queries alone keep the agencies apart."""
    locked = two_agencies(postgres_url, tmp_path)
    assert locked.store.is_protected
    for who, agency in (("anna", "BNV"), ("binh", "BTC")):
        here, there = site.as_(who), locked.as_(who)
        for path, other in zip(addresses(site, "GET", agency, who), addresses(locked, "GET", agency, who), strict=True):
            assert there.get(other).status_code == here.get(path).status_code, (who, path)
        own = addresses(locked, "GET", agency, who)
        assert who == "binh" or leaks(there, own, THEIRS, ("",)) == []
        mine, other = line(site, who), line(locked, who)
        for method, path, _ in operations(site):
            if method == "get":
                real = [filled(each, path, agency) for each in (site, locked)]
                assert (real[0] is None) == (real[1] is None)
                if real[0] and real[1]:
                    assert other.get(real[1]).status_code == mine.get(real[0]).status_code, (who, path)
    locked.store.close()
