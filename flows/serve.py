"""Serving: the flows run by themselves, on a Prefect server that goes on when we are gone.

    PREFECT_API_URL=http://127.0.0.1:4200/api python -m flows.serve --every 60

Started without a server Prefect makes a temporary one for itself, on which nothing is ever
scheduled: so without the address of one that answers this refuses.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import flows  # noqa: F401 - says what Prefect must not do, before it is imported
from flows.server import answers
from tracker.clock import now
from tracker.domain.errors import TrackerError
from tracker.operations import open_store
from tracker.operations.keys import keyfile_of, keys, make_key
from tracker.operations.ticking import clock_of
from tracker.settings import Settings

REFUSED = 2
AT_ONCE = 4  # runs: on a machine that is too slow for its schedules they wait, and find nothing left to do
NO_ADDRESS = (
    "no Prefect server is configured: start one with 'prefect server start', then set PREFECT_API_URL, "
    "for example to http://127.0.0.1:4200/api"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the flows until told to stop; the exit status is 2 when that cannot work, with one line that says why."""
    wanted = _parser().parse_args(arguments)
    if wanted.database:
        # in the environment, not in a parameter: Prefect keeps the parameters of a run, passwords and all
        os.environ["TRACKER_DATABASE_URL"] = wanted.database
    if wrong := _wrong(Settings.of(os.environ)):
        print(f"serve: {wrong}", file=sys.stderr)
        return REFUSED
    for line in _sealing(Settings.of(os.environ)):
        print(f"serve: {line}", file=sys.stderr)
    _serve(
        timedelta(seconds=wanted.every),
        timedelta(minutes=wanted.adopt_every),
        timedelta(seconds=wanted.seal_every),
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flows.serve", description="Serve the flows of the tracker.")
    parser.add_argument("--every", type=_positive, default=60, metavar="SECONDS", help="between two ticks (60)")
    parser.add_argument(
        "--adopt-every",
        type=_positive,
        default=10,
        metavar="MINUTES",
        help="between two looks at TRACKER_DIRECTIVES, where that is set (10)",
    )
    parser.add_argument(
        "--seal-every", type=_positive, default=60, metavar="SECONDS", help="between two looks at what to seal (60)"
    )
    parser.add_argument("--database", metavar="URL", help="the store; TRACKER_DATABASE_URL by default")
    return parser


def _positive(words: str) -> float:
    if (number := float(words)) <= 0:
        raise ValueError(words)
    return number


def _wrong(settings: Settings) -> str | None:
    """Return why serving cannot work, or None."""
    from prefect.settings import PREFECT_API_URL  # the environment, or a profile of the user's

    address = PREFECT_API_URL.value()
    if not address:
        return NO_ADDRESS
    if not answers(address):
        return f"the Prefect server at {address} does not answer"
    try:
        open_store(settings.database_url).close()
    except TrackerError as error:
        return str(error)
    return None


def _sealing(settings: Settings) -> Iterator[str]:
    """Make the first key of a ledger that has none, and yield what a person should know about sealing here."""
    store = open_store(settings.database_url)
    try:
        file = keyfile_of(store, settings)
        found = keys(store, file)
        if not found:
            made = make_key(store, file, at=clock_of(store, None, wall=now)(), actor="serve")
            yield f"made the first key that seals this ledger, in {made.file}: keep a copy elsewhere"
            yield f"its public half, for auditors: {made.vkey.text()}"
        elif not found[-1].here:
            yield f"nothing is sealed from here: the key in force is not at {found[-1].file} (see TRACKER_KEY)"
    except TrackerError as error:
        yield f"nothing is sealed from here: {error}"
    finally:
        store.close()


def _serve(every: timedelta, adopt_every: timedelta, seal_every: timedelta) -> None:
    from prefect import serve
    from prefect.deployments.runner import RunnerDeployment
    from prefect.types.entrypoint import EntrypointType

    from flows.adopt import adopt
    from flows.monitor import monitor
    from flows.seal import seal

    named = EntrypointType.MODULE_PATH  # a run finds its flow by name, wherever it is started
    folder = os.environ.get("TRACKER_DIRECTIVES")
    if folder:
        os.environ["TRACKER_DIRECTIVES"] = str(Path(folder).resolve())
    ticks = RunnerDeployment.from_flow(monitor, "monitor", interval=every, entrypoint_type=named)
    looks = adopt_every if folder else None
    serve(
        ticks,
        RunnerDeployment.from_flow(seal, "seal", interval=seal_every, entrypoint_type=named),
        RunnerDeployment.from_flow(adopt, "adopt", interval=looks, entrypoint_type=named),
        limit=AT_ONCE,
        pause_on_shutdown=False,  # a restart would leave the schedules off
        print_starting_message=False,
    )


if __name__ == "__main__":
    sys.exit(main())
