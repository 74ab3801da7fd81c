"""`python -m tracker.web`: serve the pages until told to stop."""

import argparse
import os
import sys

import uvicorn

from tracker.domain.errors import TrackerError
from tracker.operations import open_store
from tracker.settings import Settings
from tracker.web.app import create_app


def serve(host: str, port: int, proxy: str | None = None) -> int:
    """Serve the pages on an address; a request is never logged, since its path may hold a link.

    `proxy` is the address of the proxy whose word on where a request comes from is believed.
    """
    settings = Settings.of(os.environ)
    try:
        store = open_store(settings.database_url)
        app = create_app(store, settings)
    except TrackerError as error:
        print(f"tracker: {error.code}: {error}", file=sys.stderr)
        return 1
    try:
        uvicorn.run(
            app,
            host=host,
            port=port,
            access_log=False,
            log_level="warning",
            server_header=False,
            proxy_headers=proxy is not None,
            forwarded_allow_ips=proxy,
            timeout_keep_alive=5,
            limit_concurrency=100,
        )
    finally:
        store.close()
    return 0


def main() -> int:
    """Read the arguments that `tracker web` passes on."""
    parser = argparse.ArgumentParser(prog="tracker web")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--proxy")
    given = parser.parse_args()
    return serve(given.host, given.port, given.proxy)


if __name__ == "__main__":
    sys.exit(main())
