"""The API as somebody calls it: with a session and its csrf token, or with a bearer token."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from starlette.testclient import TestClient

from tests.integration.web.a_site import HOST, NOW, Site
from tracker import clock
from tracker.operations.tokens import make_token

API = "/api/v1"


@dataclass(frozen=True, slots=True)
class Line:
    """A client of the API; what it answers is a response as it came."""

    client: TestClient
    headers: dict[str, str]

    def get(self, path: str, **headers: str) -> Any:
        """Return what an address answers."""
        return self.client.get(f"{API}{path}", headers={**self.headers, **_named(headers)})

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        """Return what an address answers to a body."""
        return self.client.post(f"{API}{path}", json=body, headers={**self.headers, **_named(headers)})

    def send(self, path: str, *, method: str = "POST", **asked: Any) -> Any:
        """Return what an address answers to a body that is no JSON, or to another method."""
        headers = {**self.headers, **_named(asked.pop("headers", {}))}
        return self.client.request(method, f"{API}{path}", headers=headers, **asked)

    def tag(self, path: str) -> str:
        """Return the ETag of a resource."""
        found: str = self.get(path).headers["etag"]
        return found


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def line(site: Site, name: str | None) -> Line:
    """Return a line of somebody who is logged in, or of nobody."""
    if name is None:
        return Line(site.nobody(), {})
    return Line(site.as_(name), {"X-CSRF-Token": site.csrf(name)})


def token_line(site: Site, name: str, *scopes: str) -> Line:
    """Return a line of somebody's token."""
    secret, _ = make_token(
        site.store,
        name,
        list(scopes),
        label="test",
        office=None,
        lasts=timedelta(days=1),
        at=NOW,
        actor=f"admin:{name}" if name == "root" else _actor(name),
        wall=clock.now(),
    )
    return Line(TestClient(site.app, base_url=HOST, follow_redirects=False), {"Authorization": f"Bearer {secret}"})


def _actor(name: str) -> str:
    return {"le": "secretariat:le", "anna": "BNV:anna", "binh": "BTC:binh", "pham": "auditor:pham"}[name]
