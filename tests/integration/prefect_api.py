"""A real Prefect server for tests: one for a whole file, in a home of its own; every flow in it talks to that one."""

import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from flows.server import Server

BUSY, TRIES = 503, 10


@pytest.fixture(scope="module")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A running server, for processes of their own: give them its `environment`."""
    with Server(tmp_path_factory.mktemp("prefect")) as server:
        server.ready()
        yield server


@pytest.fixture
def prefect_api(prefect_server: Server) -> Iterator["Api"]:
    """The server as this process's own: flows called here run on it."""
    from prefect.events.worker import EventsWorker
    from prefect.settings import PREFECT_API_URL, PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

    with temporary_settings({PREFECT_API_URL: prefect_server.url, PREFECT_LOGGING_TO_API_ENABLED: False}):
        yield Api(prefect_server.url)
        EventsWorker.drain_all(timeout=10)  # else they go on knocking at a server that is no more


class Api:
    """The questions a test asks of a Prefect server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def artifacts(self, key: str) -> list[dict[str, Any]]:
        """Return the artifacts of a key, the newest first."""
        wanted = {"artifacts": {"key": {"any_": [key]}}, "sort": "CREATED_DESC", "limit": 50}
        return self._ask("artifacts/filter", wanted)

    def events(self, prefix: str) -> list[dict[str, Any]]:
        """Return the events whose name starts so, the newest first."""
        found: list[dict[str, Any]] = self._ask(
            "events/filter", {"filter": {"event": {"prefix": [prefix]}}, "limit": 50}
        )["events"]
        return found

    def runs(self, flow: str) -> list[dict[str, Any]]:
        """Return the runs of a flow."""
        return self._ask("flow_runs/filter", {"flows": {"name": {"any_": [flow]}}, "limit": 100})

    def paused(self, deployment: str) -> bool:
        """Return whether a deployment, or any schedule of it, is paused."""
        (found,) = self._ask("deployments/filter", {"deployments": {"name": {"any_": [deployment]}}})
        return found["paused"] or not all(schedule["active"] for schedule in found["schedules"])

    def make_pool(self, name: str, kind: str) -> None:
        """Make a work pool."""
        self._ask("work_pools/", {"name": name, "type": kind})

    def run(self, deployment: str) -> str:
        """Have a deployment run now, and return the id of the run."""
        return str(
            self._ask(f"deployments/{self._get(f'deployments/name/{deployment}')['id']}/create_flow_run", {})["id"]
        )

    def state(self, run: str) -> str:
        """Return the type of the state a run is in."""
        return str(self._get(f"flow_runs/{run}")["state"]["type"])

    def _get(self, path: str) -> Any:
        with httpx.Client(trust_env=False, timeout=30) as client:
            answer = client.get(f"{self.url}/{path}")
            answer.raise_for_status()
            return answer.json()

    def _ask(self, path: str, wanted: dict[str, Any]) -> Any:
        # trust_env: a proxy of the environment has no business on loopback
        with httpx.Client(trust_env=False, timeout=30) as client:
            for _ in range(TRIES):
                answer = client.post(f"{self.url}/{path}", json=wanted)
                if answer.status_code != BUSY:  # its database was locked: it asks to be asked again, as its client does
                    break
                time.sleep(float(answer.headers.get("retry-after", 1)))
            answer.raise_for_status()
            return answer.json()
