"""`tracker web`: serve the page behind the links of mails."""

import os
import sys
from typing import Annotated, NoReturn

import typer

from tracker.cli.exits import say
from tracker.cli.opened import common_of, opened, settings_of

Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the pages.")]


def web(
    ctx: typer.Context,
    port: Port = 8000,
    host: Annotated[str, typer.Option("--host", help="Where to listen; elsewhere put a proxy with TLS before it.")] = (
        "127.0.0.1"
    ),
    proxy: Annotated[
        str | None,
        typer.Option("--proxy", metavar="ADDRESS", help="The proxy whose word on where a request comes from counts."),
    ] = None,
    workers: Annotated[
        int,
        typer.Option(
            "--workers",
            min=1,
            max=32,
            help="Processes that share the port, for many readers on PostgreSQL; each counts the requests of an "
            "address, and those of /metrics, for itself.",
        ),
    ] = 1,
) -> NoReturn:
    """Serve the page behind the links of mails; Ctrl-C stops. Mails carry links from the first start on."""
    from tracker.cli.up import FIRST_ACCOUNT
    from tracker.operations.accounts import has_accounts

    with opened(ctx) as store:  # no server for a store that is not there
        kind = "a rehearsal" if store.position().is_rehearsal else "live"
        nobody = not has_accounts(store)
    settings = settings_of(ctx)
    print(f"pages: http://{host}:{port}, in mails as {settings.base_url}", flush=True)
    if nobody:
        say(FIRST_ACCOUNT)
    say(f"the store is {kind}; Ctrl-C stops")
    if database := common_of(ctx).database:
        os.environ["TRACKER_DATABASE_URL"] = database
    arguments = ["--host", host, "--port", str(port), *(["--proxy", proxy] if proxy else [])]
    arguments += ["--workers", str(workers)]
    os.execv(sys.executable, [sys.executable, "-m", "tracker.web", *arguments])
