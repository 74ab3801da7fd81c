"""Accounts, sessions and tokens on both databases, and many who try at once."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyotp
import pytest

from tests.simulation.an_office import an_office
from tracker.audit import passwords
from tracker.domain.errors import Refused
from tracker.operations import rebuild, verify
from tracker.operations.accounts import account_list, link_account, make_account, set_password, set_totp
from tracker.operations.deputies import name_deputy
from tracker.operations.secrets import vault_made
from tracker.operations.sessions import Slow, log_in, sessions_of, visitor_of
from tracker.operations.sign_on import Subject, come_in
from tracker.operations.tokens import bearer, make_token
from tracker.settings import Settings
from tracker.store.store import Store

NOW = datetime(2025, 8, 12, 2, tzinfo=UTC)
PASSWORD, WRONG = "one tall ship and a star", "no ship and no star at all"


@pytest.fixture
def settings(store: Store, tmp_path: Path) -> Settings:
    found = Settings(secret=str(tmp_path / "secret"))
    vault_made(store, found)  # as whoever serves the pages does before the first request
    return found


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    made = an_office(database_url)
    make_account(made, "anna", "agency", office="BNV", at=NOW, actor="test")
    set_password(made, "anna", PASSWORD, at=NOW, actor="test")
    yield made
    made.close()


def tried(store: Store, settings: Settings, password: str = PASSWORD, code: str = "", at: datetime = NOW) -> str:
    """Return what became of an attempt: the token, or a word."""
    said = {"name": "anna", "password": password, "code": code, "address": "192.0.2.1", "agent": "x"}
    try:
        return log_in(store, settings, **said, at=at).token
    except Slow:
        return "slow"
    except Refused:
        return "no"


def test_a_session_begins_is_seen_and_what_is_recorded_holds(store: Store, settings: Settings) -> None:
    token = tried(store, settings)
    found = visitor_of(store, settings, token, at=NOW + timedelta(minutes=20))
    assert found is not None
    assert found.account.actor == "BNV:anna"
    assert found.scope.offices == {"BNV", "BNV-TC", "BNV-VP"}
    (session,) = sessions_of(store, "anna", settings, at=NOW + timedelta(minutes=45))
    assert session.seen_at == NOW + timedelta(minutes=20)
    assert rebuild(store, keep=False).differing == ()
    assert verify(store).holds


def test_a_deputy_sees_what_it_covers_for_on_its_days_alone(store: Store, settings: Settings) -> None:
    name_deputy(store, "BTC", "BNV", first=date(2025, 8, 13), last=date(2025, 8, 13), at=NOW, actor="test", why="away")
    seen = []
    for day in (12, 13, 14):
        at = datetime(2025, 8, day, 3, tzinfo=UTC)
        found = visitor_of(store, settings, tried(store, settings, at=at), at=at)
        assert found is not None
        seen.append("BTC" in (found.scope.offices or ()))
        assert "BTC-NS" not in (found.scope.offices or ())
    assert seen == [False, True, False]


def test_many_guesses_at_once_are_heard_no_more_often_than_one_after_the_other(
    store: Store, settings: Settings
) -> None:
    with ThreadPoolExecutor(12) as pool:
        found = Counter(pool.map(lambda _: tried(store, settings, WRONG), range(24)))
    assert found == {"no": 5, "slow": 19}
    assert tried(store, settings) == "slow"


def test_one_code_lets_one_in_however_many_try_it_at_once(store: Store, settings: Settings) -> None:
    secret = passwords.new_secret()
    set_totp(store, settings, "anna", secret, at=NOW, actor="test")
    code = pyotp.TOTP(secret).at(NOW)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: tried(store, settings, code=code), range(4)))
    assert sum(len(one) > 10 for one in found) == 1
    assert found.count("no") == 3


def test_a_weaker_hash_is_made_anew_when_its_password_was_right(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hash_of() -> str:
        return str(account_list(store)[0][1].password)

    before = hash_of()
    tried(store, settings)
    assert hash_of() == before
    monkeypatch.setattr(passwords, "is_outdated", lambda kept: True)
    tried(store, settings, WRONG)
    assert hash_of() == before
    tried(store, settings)
    assert hash_of() != before
    monkeypatch.undo()
    assert len(tried(store, settings)) > 10


def test_a_password_is_the_same_however_its_letters_are_composed(store: Store, settings: Settings) -> None:
    set_password(store, "anna", "Nguy\u1ec5n V\u0103n \u0110\u1ed3ng", at=NOW, actor="test")
    assert len(tried(store, settings, "Nguye\u0302\u0303n Va\u0306n \u0110o\u0302\u0300ng")) > 10
    assert tried(store, settings, "Nguyen Van Dong") == "no"


def test_tokens_and_single_sign_on_work_here_too(store: Store, settings: Settings) -> None:
    secret, _ = make_token(store, "anna", ["read"], label="x", at=NOW, actor="test")
    found = bearer(store, secret, at=NOW)
    assert found is not None
    assert found.account.name == "anna"
    link_account(store, "anna", "https://sso.example", "s-1", at=NOW, actor="test")
    who = Subject(issuer="https://sso.example", subject="s-1", claims={})
    begun = come_in(store, settings, who, agent="x", before="", at=NOW, now=NOW)
    assert visitor_of(store, settings, begun.token, at=NOW) is not None
    with pytest.raises(Refused):
        come_in(store, settings, Subject(issuer="https://evil.example", subject="s-1", claims={}),
                agent="x", before="", at=NOW, now=NOW)  # fmt: skip
    assert rebuild(store, keep=False).differing == ()
