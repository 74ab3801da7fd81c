"""`tracker init`: a new store, live or a rehearsal."""

from typing import Annotated

import typer

from tracker.cli.opened import settings_of
from tracker.cli.options import As, Format, Shown, WriteAt, actor, instant
from tracker.cli.output import put_result


def init(
    ctx: typer.Context,
    rehearsal: Annotated[
        bool, typer.Option("--rehearsal", help="It takes its instant from --at and sends nothing beyond this machine.")
    ] = False,
    at: WriteAt = None,
    by: As = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Make a store. Whether it is live or a rehearsal is decided now, for ever."""
    from tracker import clock
    from tracker.domain.errors import Refused
    from tracker.operations import init as make

    if at is not None and not rehearsal:
        raise Refused("a live store reads its own clock: leave --at away, or add --rehearsal", code="live-clock")
    url = settings_of(ctx).database_url
    store = make(url, rehearsal=rehearsal, at=instant(at) if at else clock.now(), actor=actor(by))
    position = store.position()
    store.close()
    kind = "a rehearsal" if position.is_rehearsal else "a live store"
    result = {"mode": position.mode, "seq": position.seq, "head": position.hash}
    put_result(result, shown, f"made {kind}; next: tracker directive apply directives")
