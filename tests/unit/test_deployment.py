"""What deploy/ and docs/ name is there: commands, ports, settings, files; nothing is run."""

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from typer.main import get_command

from tracker.cli.main import app
from tracker.settings import PREFIX, Settings

ROOT = Path(__file__).parents[2]
DEPLOY, DOCS = ROOT / "deploy", sorted((ROOT / "docs").glob("*.md"))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
KNOWN = {PREFIX + field.name.upper() for field in fields(Settings)}
COMMAND = get_command(app)


def parse(words: list[str]) -> None:
    """Parse a command of the tracker down to its last option, without running it."""
    command: click.Command = COMMAND
    context: click.Context | None = None
    while True:
        context = command.make_context(words[0], words[1:], parent=context)
        if not isinstance(command, click.Group):
            return
        rest = [*context._protected_args, *context.args]
        if not rest:
            return
        _, found, _ = command.resolve_command(context, rest)
        assert found is not None, words
        command, words = found, rest


def commands_of(page: Path) -> Iterator[list[str]]:
    """Yield every call of the tracker among the commands of a page, also through Compose."""
    for line in page.read_text(encoding="utf-8").splitlines():
        if found := re.match(r"    (?:docker compose .* )?(?:/opt/tracker/bin/)?tracker (?P<words>\S.*)$", line):
            yield ["tracker", *shlex.split(found["words"], comments=True)]


def settings_in(text: str) -> set[str]:
    named = {name.removesuffix("_FILE") for name in re.findall(r"\bTRACKER_[A-Z_]+\b", text)}
    return named - {"TRACKER_"}


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_every_command_of_a_page_can_be_read(page: Path) -> None:
    for words in commands_of(page):
        try:
            parse(words)
        except click.UsageError as error:
            pytest.fail(f"{page.name}: {shlex.join(words)}: {error.format_message()}")


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_every_command_that_a_page_speaks_of_is_one(page: Path) -> None:
    for words in re.findall(r"`tracker ([a-z][^`]*)`", page.read_text(encoding="utf-8")):
        with suppress(click.MissingParameter):
            parse(["tracker", *shlex.split(words)])


@pytest.mark.parametrize(
    "page",
    [*DOCS, *sorted(p for p in DEPLOY.rglob("*") if p.suffix in (".yaml", ".env", ".service"))],
    ids=lambda page: page.name,
)
def test_every_setting_that_is_named_is_one(page: Path) -> None:
    assert settings_in(page.read_text(encoding="utf-8")) <= KNOWN


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?<![\w/])(?:deploy|bench|docs|flows|tracker|tests)/[\w/-]+\.\w+", text))
    assert sorted(name for name in named if not (ROOT / name).exists()) == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_what_there_is(unit: Path) -> None:
    starts = re.findall(r"^ExecStart=/opt/tracker/bin/(.*)$", unit.read_text(encoding="utf-8"), re.M)
    assert len(starts) == 1
    parse(shlex.split(starts[0]))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_has_no_rights_it_does_not_need(unit: Path) -> None:
    lines = unit.read_text(encoding="utf-8").splitlines()
    for needed in (
        "User=tracker",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "PrivateTmp=yes",
    ):
        assert needed in lines


def test_every_service_of_ours_runs_what_there_is() -> None:
    ours = [service["command"] for service in SERVICES.values() if service.get("command", "?")[0] == "tracker"]
    assert len(ours) > 2
    for command in ours:
        parse(command)


def test_every_service_is_shut_in() -> None:
    for name, service in SERVICES.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["tmpfs"], name


def test_what_services_ask_for_is_there() -> None:
    for name, service in SERVICES.items():
        assert set(service.get("secrets", ())) <= set(COMPOSE["secrets"]), name
        assert set(service.get("depends_on", ())) <= set(SERVICES), name
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            assert (DEPLOY / source).exists() if source.startswith(".") else source in COMPOSE["volumes"], (
                name,
                volume,
            )


def test_who_is_waited_for_says_when_it_is_ready() -> None:
    for name, service in SERVICES.items():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert SERVICES[other]["healthcheck"]["test"], (name, other)
            else:
                assert SERVICES[other]["restart"] == "no", (name, other)


def test_the_workers_take_from_the_pool_that_the_deployments_name() -> None:
    prefect = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
    pools = {one["work_pool"]["name"] for one in prefect["deployments"]}
    command = SERVICES["worker"]["command"]
    assert pools == {command[command.index("--pool") + 1]}
    assert f"work-pool create {pools.pop()} " in SERVICES["deployments"]["command"][-1]


def test_no_password_stands_in_the_compose_file() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert not re.search(r"(?i)password\s*[:=]\s*(?!/run/secrets|\{file)\S", text)
    assert "postgresql://" not in text


def test_the_lock_of_the_image_agrees_with_ours() -> None:
    def pins(file: Path) -> set[str]:
        return set(re.findall(r"^([\w.-]+==[^\s;]+)", file.read_text(encoding="utf-8"), re.M))

    ours, images = pins(ROOT / "requirements.txt"), pins(DEPLOY / "requirements.txt")
    assert images < ours
    assert not {pin for pin in images if pin.startswith(("pytest", "mypy", "ruff", "playwright"))}


def test_the_dockerfile_copies_what_there_is_and_ignores_nothing_of_it() -> None:
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    allowed = {
        line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")
    }
    copied = {name for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.M) for name in line.split()[:-1]}
    assert copied <= allowed
    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert settings_in(text) <= KNOWN
    assert re.search(r"^USER tracker$", text, re.M)


def test_everything_the_product_reads_is_packed() -> None:
    """Whatever is no Python and lies below tracker/ fits a pattern of the package data."""
    import tomllib
    from fnmatch import fnmatch

    data = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["package-data"]
    patterns = [pattern.removeprefix("**/") for pattern in data["tracker"]]
    below = (file for file in (ROOT / "tracker").rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    loose = [file for file in below if file.suffix not in (".py", ".pyc") and "migrations" not in file.parts]
    assert [str(file) for file in loose if not any(fnmatch(file.name, pattern) for pattern in patterns)] == []


def test_the_dashboard_is_one() -> None:
    board = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    assert board["title"]
    assert all(panel["targets"][0]["expr"] for panel in board["panels"] if panel["type"] != "row")
