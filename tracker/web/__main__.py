"""`python -m tracker.web`: serve the pages until told to stop."""

import argparse
import os
import sys

import uvicorn

from tracker.domain.errors import TrackerError
from tracker.operations import open_store
from tracker.operations.links import keys_of
from tracker.settings import Settings
from tracker.web.app import create_app
from tracker.web.guard import Guard
from tracker.web.warmth import warm


def made() -> Guard:
    """Return the app of this process, warm: whoever is let in finds everything read."""
    settings = Settings.of(os.environ)
    store = open_store(settings.database_url)
    app = create_app(store, settings)
    warm(store, settings)
    return app


def serve(host: str, port: int, proxy: str | None = None, workers: int = 1) -> int:
    """Serve the pages on an address; a request is never logged, since its path may hold a link.

    `proxy` is the address of the proxy whose word on where a request comes from is believed. Several `workers` are
    processes that share the port; each keeps its own pages and counts requests by itself.
    """
    settings = Settings.of(os.environ)
    try:
        store = open_store(settings.database_url)
        keys_of(store, settings, make=True)  # once, before several processes would
        store.close()
    except TrackerError as error:
        print(f"tracker: {error.code}: {error}", file=sys.stderr)
        return 1
    uvicorn.run(
        "tracker.web.__main__:made",
        factory=True,
        workers=workers,
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=proxy is not None,
        forwarded_allow_ips=proxy,
        timeout_keep_alive=5,
        limit_concurrency=100,
        timeout_worker_healthcheck=60,  # a process of several is warm before it answers; five seconds may be too few
    )
    return 0


def main() -> int:
    """Read the arguments that `tracker web` passes on."""
    parser = argparse.ArgumentParser(prog="tracker web")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--proxy")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    return serve(given.host, given.port, given.proxy, given.workers)


if __name__ == "__main__":
    sys.exit(main())
