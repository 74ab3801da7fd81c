"""Vital signs, for machines: whether the work is done (`/healthz`), whether requests can be answered (`/readyz`).

And figures for Prometheus (`/metrics`).

No label holds an agency, a task or a person, and requests are counted by the template of their address.
Metrics are for this machine itself, or for a token made for them.
"""

import time
from collections.abc import Iterator
from ipaddress import ip_address

from fastapi import HTTPException, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tracker import clock
from tracker.domain.errors import NotFound, TryLater
from tracker.operations.in_force import registry_in_force
from tracker.operations.tokens import METRICS, bearer
from tracker.settings import Settings
from tracker.views import Store
from tracker.views.pulse import Gauges, gauges, pulse, wrong

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ELSEWHERE = "none"  # an address that leads nowhere: of those there are as many as there are scanners


class Vitals:
    """The vital signs of one store and the app that serves it."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings = store, settings
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "tracker_http_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "tracker_http_request_seconds",
            "How long answers took.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.registry.register(_Figures(store, settings))

    def health(self) -> Response:
        """Return whether the work is done: 503 where it is not, whoever may be listening on a port."""
        try:
            with self.store.read() as connection:
                found = pulse(connection, at=clock.now(), limit=self.settings.watch_limit)
        except TryLater:
            return JSONResponse({"status": "away", "wrong": ["database"]}, 503)
        works = {
            name: {"age_seconds": None if work.age is None else round(work.age), "late": work.late}
            for name, work in found.works.items()
        }
        said = {
            "status": "ok" if found.beats else "late",
            "wrong": list(wrong(found)),
            "mode": found.mode,
            "database": "ok",
            "hold": found.hold,
            "works": works,
        }
        return JSONResponse(said, 200 if found.beats else 503)

    def ready(self) -> Response:
        """Return whether requests can be answered: the database is there, at the migrations of this program."""
        try:
            current = self.store.is_current()
        except TryLater:
            return JSONResponse({"status": "away", "wrong": ["database"]}, 503)
        if not current:
            return JSONResponse({"status": "behind", "wrong": ["migrations"]}, 503)
        return JSONResponse({"status": "ready", "wrong": []})

    def metrics(self, request: Request) -> Response:
        """Return the figures as Prometheus reads them."""
        if not self._may(request):
            raise HTTPException(403, "role")
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)

    def _may(self, request: Request) -> bool:
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme:
            found = bearer(self.store, secret.strip(), at=clock.now()) if scheme.lower() == "bearer" else None
            # of an agency's member these would be figures of everybody's
            return found is not None and METRICS in found.may and found.account.role != "agency"
        return is_here(request)


def is_here(request: Request) -> bool:
    """Return whether a request was made on this machine, and no proxy passed it on."""
    if any(name in request.headers for name in ("x-forwarded-for", "forwarded", "x-real-ip", "via")):
        return False
    try:
        return ip_address(request.client.host if request.client else "").is_loopback
    except ValueError:
        return False


class Counted:
    """Counts requests and how long each took."""

    def __init__(self, app: ASGIApp, vitals: Vitals) -> None:
        self.app, self.vitals = app, vitals

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, and note what came of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status, began = 500, time.perf_counter()

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, sent)
        finally:
            route = template_of(scope)
            method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "DELETE") else "other"
            self.vitals.requests.labels(method, route, str(status)).inc()
            self.vitals.seconds.labels(method, route).observe(time.perf_counter() - began)


def template_of(scope: Scope) -> str:
    """Return the template of the address a request went to, without anything of what it asked for."""
    found = getattr(scope.get("route"), "path_format", None) or getattr(scope.get("route"), "path", None)
    if found is None:
        return ELSEWHERE
    root: str = scope.get("root_path", "")
    return found if found.startswith(root) else f"{root}{found}"


class _Figures(Collector):
    """Reads the figures of a store when they are asked for."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings = store, settings

    def describe(self) -> list[Metric]:
        """Return nothing: what there is is known when it is read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the figures; where the database is away, that it is."""
        up = GaugeMetricFamily("tracker_up", "Whether the database answers.")
        try:
            with self.store.read() as connection:
                registry = registry_in_force(connection)
                found = gauges(connection, at=clock.now(), limit=self.settings.watch_limit, registry=registry)
        except (TryLater, NotFound):
            up.add_metric((), 0)
            yield up
            return
        up.add_metric((), 1)
        yield up
        yield from _families(found)


def _families(found: Gauges) -> Iterator[Metric]:
    counted = (
        ("tracker_assignments", "Assignments by cell.", "cell", found.cells),
        ("tracker_reminders", "Reminders by state.", "state", found.reminders),
        ("tracker_deliveries", "Attempts at reminders by outcome.", "outcome", found.deliveries),
        ("tracker_hook_deliveries", "Calls to hooks by state.", "state", found.hooks),
    )
    for name, words, label, counts in counted:
        family = GaugeMetricFamily(name, words, labels=(label,))
        for value, number in sorted(counts.items()):
            family.add_metric((value,), number)
        yield family
    ages = GaugeMetricFamily("tracker_work_age_seconds", "How long ago work was last done.", labels=("work",))
    for work, one in found.pulse.works.items():
        if one.age is not None:
            ages.add_metric((work,), one.age)
    yield ages
    single: tuple[tuple[str, str, float], ...] = (
        ("tracker_entries", "Entries of the ledger.", found.entries),
        ("tracker_entries_sealed", "Entries under a seal.", found.sealed),
        ("tracker_on_hold", "Whether nothing is sent until somebody has looked.", int(found.pulse.hold)),
        ("tracker_late", "Whether the work is not done.", int(found.pulse.late)),
        ("tracker_unsent_seconds", "For how long a reminder has been due.", found.pulse.unsent or 0),
    )
    for name, words, figure in single:
        family = GaugeMetricFamily(name, words)
        family.add_metric((), figure)
        yield family
