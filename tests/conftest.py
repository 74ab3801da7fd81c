"""What every test is given: silent libraries, no settings of the developer's own, a database on request."""

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache

# Before anything imports Prefect: it reads its settings once. A developer's own profile, server address or
# store never reaches a test, and no test leaves anything in a home directory.
for name in [name for name in os.environ if name.startswith(("PREFECT_", "TRACKER_"))]:
    del os.environ[name]
# pytest-xdist tells its workers how wide the developer's terminal is; what is printed must not depend on it
os.environ.pop("COLUMNS", None)

_prefect_home = tempfile.mkdtemp(prefix="tracker-prefect-")
atexit.register(shutil.rmtree, _prefect_home, ignore_errors=True)

_state = tempfile.mkdtemp(prefix="tracker-state-")
atexit.register(shutil.rmtree, _state, ignore_errors=True)

os.environ |= {
    "XDG_STATE_HOME": _state,
    "DO_NOT_TRACK": "1",
    "PREFECT_HOME": _prefect_home,
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # A first start migrates an empty database: 13 s alone, more than the default 20 s in company.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
}

import pytest  # noqa: E402
import typer.testing  # noqa: E402
from argon2 import PasswordHasher  # noqa: E402
from hypothesis import settings  # noqa: E402

from tests import made  # noqa: E402
from tests.integration.postgres import database_url, postgres_cluster, postgres_url  # noqa: E402
from tracker.audit import passwords  # noqa: E402

__all__ = ["database_url", "postgres_cluster", "postgres_url"]

# No deadline in either: a busy machine is not a broken law. `ci` draws the same examples every time.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=100, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


# The command line is the same for all who run it in one process: put together once, as a process of its own does.
typer.testing._get_command = cache(typer.testing._get_command)  # type: ignore[attr-defined]


# The files that take longest, longest first: begun last, one of them would keep one worker busy and the rest idle.
LONGEST = [
    "tests/integration/test_kill.py",
    "tests/browser/test_every_page.py",
    "tests/integration/test_demo.py",
    "tests/integration/test_readme.py",
    "tests/integration/test_served_schedule.py",
    "tests/browser/test_directives.py",
    "tests/integration/web/test_api_fuzz.py",
    "tests/integration/test_evidence.py",
    "tests/integration/test_a_year.py",
    "tests/integration/test_concurrency.py",
    "tests/integration/web/test_every_page.py",
    "tests/integration/test_rebuild.py",
    "tests/integration/web/test_two_agencies.py",
    "tests/integration/test_work_table.py",
    "tests/property/test_life_cycle.py",
    "tests/browser/test_stories.py",
    "tests/browser/test_hostile_words.py",
    "tests/integration/test_connection_loss.py",
    "tests/integration/test_flows.py",
    "tests/integration/test_life_table.py",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first, and leave all others in their order."""
    place = {name: n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone what was imported and collected: it is there until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


SHIPPED_HASHER = passwords._HASHER


@pytest.fixture(scope="session", autouse=True)
def _passwords_are_hashed_lightly() -> Iterator[None]:
    """Hash passwords in this process with little work: hundreds of tests log in, and none of them guesses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_HASHER", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))
        yield


@pytest.fixture
def shipped_hasher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with the work that the product asks for."""
    monkeypatch.setattr(passwords, "_HASHER", SHIPPED_HASHER)


@pytest.fixture(scope="session", autouse=True)
def _stores_are_made_quickly(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with made.quickly(tmp_path_factory.mktemp("made")):
        yield


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Show what tests have to tell, such as how far a fuzz came; also from workers, whose output nobody sees."""
    for report in terminalreporter.getreports("passed"):
        for name, told in report.user_properties:
            if name == "told":
                terminalreporter.write_line(str(told))
