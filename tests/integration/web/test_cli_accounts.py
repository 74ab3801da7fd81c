"""Accounts and tokens at the terminal, with the exit status of every refusal."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.integration.web.a_site import Site
from tracker import clock
from tracker.cli.main import app
from tracker.domain.errors import Refused
from tracker.operations.channels import rekey
from tracker.operations.codes import has_codes
from tracker.operations.sessions import log_in
from tracker.operations.tokens import bearer

PASSWORD = "one tall ship and a star"


@pytest.fixture(autouse=True)
def here(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKER_DATABASE_URL", str(site.store.engine.url))
    monkeypatch.setenv("TRACKER_SECRET", site.settings.secret)


def run(*words: str, typed: str = "") -> Any:
    return CliRunner().invoke(app, list(words), input=typed)


def enters(site: Site, name: str, password: str = PASSWORD, code: str = "") -> bool:
    said = {"name": name, "password": password, "code": code, "address": "192.0.2.1"}
    try:
        log_in(site.store, site.settings, **said, at=clock.now())
    except Refused:
        return False
    return True


def test_an_account_is_added_with_a_password_from_a_file_and_listed(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    said = run("account", "add", "moi", "--role", "agency", "--office", "BNV", "--password-file", str(file))
    assert (said.exit_code, said.stdout) == (0, "'moi' may log in, and stands in the ledger as BNV:moi\n")
    assert enters(site, "moi")
    found = json.loads(run("account", "list", "-f", "json").stdout)["accounts"]
    (mine,) = [one for one in found if one["account"] == "moi"]
    assert (mine["role"], mine["office"], mine["proves it by"]) == ("agency", "BNV", "password")
    assert "BNV" in run("account", "list").stdout


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("Moi!", "--role", "auditor"), 2, "is no login name"),
        (("moi", "--role", "agency"), 2, "has an office"),
        (("moi", "--role", "auditor", "--office", "BNV"), 2, "has an office"),
        (("moi", "--role", "agency", "--office", "NOPE"), 1, "no agency 'NOPE'"),
        (("moi", "--role", "agency", "--office", "VPCP"), 2, "is the secretariat"),
        (("anna", "--role", "auditor"), 6, "there is an account 'anna' already"),
        (("moi", "--role", "king"), 2, ""),
    ],
)
def test_what_is_no_account_is_refused_with_its_status(words: tuple[str, ...], status: int, said: str) -> None:
    found = run("account", "add", *words, "--no-password")
    assert found.exit_code == status
    assert said in found.stderr


def test_a_password_is_never_on_the_command_line_and_a_weak_one_is_refused(site: Site) -> None:
    assert run("--no-input", "account", "add", "moi", "--role", "auditor").exit_code == 2
    weak = run("account", "add", "moi", "--role", "auditor", "--password-file", "-", typed="short\n")
    assert (weak.exit_code, "at least 12" in weak.stderr) == (2, True)
    assert "moi" not in run("account", "list").stdout
    assert run("account", "password", "anna", "--password-file", "-", typed=PASSWORD).exit_code == 0
    assert enters(site, "anna")
    assert run("account", "password", "anna", "--remove").exit_code == 0
    assert not enters(site, "anna")


def test_only_who_looks_after_accounts_may(site: Site) -> None:
    for actor, status in (("secretariat:le", 1), ("BNV:anna", 1), ("auditor:pham", 1), ("admin:root", 0)):
        assert run("account", "disable", "binh", "--as", actor).exit_code == status
    assert run("account", "disable", "binh").exit_code == 6
    assert run("account", "enable", "binh").exit_code == 0
    assert run("account", "enable", "binh").exit_code == 6
    assert run("account", "disable", "root", "--as", "admin:root").exit_code == 1
    assert run("account", "disable", "nobody").exit_code == 1


def test_codes_are_asked_for_and_their_secret_survives_a_new_key(site: Site) -> None:
    import pyotp

    run("account", "password", "anna", "--password-file", "-", typed=PASSWORD)
    said = json.loads(run("account", "totp", "anna", "-f", "json").stdout)
    assert said["link"].startswith("otpauth://totp/")
    rekey(site.store, settings=site.settings, at=site.store.position().high_water, actor="test", forget=True)
    assert not enters(site, "anna")
    assert enters(site, "anna", code=pyotp.TOTP(said["secret"]).at(clock.now()))
    assert run("account", "totp", "anna", "--off").exit_code == 0
    assert not has_codes(site.store, "anna")


def test_a_token_is_shown_once_and_heard_until_it_is_revoked(site: Site) -> None:
    made = json.loads(run("token", "create", "anna", "-s", "read", "--for", "a script", "-f", "json").stdout)
    found = bearer(site.store, made["secret"], at=clock.now())
    assert found is not None
    assert (found.account.actor, found.may) == ("BNV:anna", frozenset({"read"}))
    listed = run("token", "list", "-f", "json").stdout
    assert made["secret"] not in listed
    assert json.loads(listed)["tokens"][0]["works"] == "yes"
    assert run("token", "revoke", made["token"], "--as", "BTC:binh").exit_code == 1
    assert run("token", "revoke", made["token"]).exit_code == 0
    assert run("token", "revoke", made["token"]).exit_code == 6
    assert bearer(site.store, made["secret"], at=clock.now()) is None


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("anna", "-s", "everything", "--for", "x"), 2),
        (("anna", "-s", "read", "--for", " "), 2),
        (("anna", "-s", "read", "--for", "x", "--days", "367"), 2),
        (("nobody", "-s", "read", "--for", "x"), 1),
        (("anna", "-s", "feed", "--for", "x", "--office", "NOPE"), 1),
    ],
)
def test_what_is_no_token_is_refused_with_its_status(words: tuple[str, ...], status: int) -> None:
    assert run("token", "create", *words).exit_code == status


def test_an_account_is_linked_to_one_sign_on_only(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("account", "link", "anna", "sub-1").exit_code == 2
    monkeypatch.setenv("TRACKER_OIDC_ISSUER", "https://sso.example")
    assert run("account", "link", "anna", "sub-1").exit_code == 0
    assert run("account", "link", "binh", "sub-1").exit_code == 6
    assert run("account", "link", "anna").exit_code == 0
    assert run("account", "link", "binh", "sub-1").exit_code == 0


def test_the_doctor_says_how_rows_of_offices_are_kept_apart(site: Site) -> None:
    assert "rows of offices: kept apart by the queries; SQLite has no second lock" in run("doctor").stdout
