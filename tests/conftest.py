"""What every test is given: silent libraries, no settings of the developer's own, a database on request."""

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator

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
from hypothesis import settings  # noqa: E402

from tests import made  # noqa: E402
from tests.integration.postgres import database_url, postgres_cluster, postgres_url  # noqa: E402

__all__ = ["database_url", "postgres_cluster", "postgres_url"]

# No deadline in either: a busy machine is not a broken law. `ci` draws the same examples every time.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, max_examples=100, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


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
