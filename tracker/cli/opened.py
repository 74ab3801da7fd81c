"""An open store, and at which instant a command reads or writes it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import typer

from tracker.cli.options import Common, instant
from tracker.domain.errors import NotFound, Refused
from tracker.settings import Settings

if TYPE_CHECKING:
    from tracker.domain.agency import Registry
    from tracker.domain.directive import Directive
    from tracker.views import Connection, Store
    from tracker.views.past import Vantage


def settings_of(ctx: typer.Context) -> Settings:
    """Return the settings of the environment, with the global options over them."""
    import os

    settings = Settings.of(os.environ)
    common = common_of(ctx)
    return replace(settings, database_url=common.database) if common.database else settings


def common_of(ctx: typer.Context) -> Common:
    """Return the global options."""
    found = ctx.find_object(Common)
    return found or Common(None, False)


@contextmanager
def opened(ctx: typer.Context) -> "Iterator[Store]":
    """Yield the store of this command and close it."""
    from tracker.operations import open_store

    store = open_store(settings_of(ctx).database_url)
    try:
        yield store
    finally:
        store.close()


def reading_at(store: "Store", at: str | None) -> datetime:
    """Return the instant a command shows: the one given; else now, or where a rehearsal has got to."""
    from tracker import clock

    if at is not None:
        return instant(at)
    position = store.position()
    return position.high_water if position.is_rehearsal else max(clock.now(), position.high_water)


def reading(store: "Store", at: str | None, known: str | None) -> "Vantage":
    """Return the instant a command shows, and as known by which.

    Left out, the second is the first, or now where that lies ahead; 'now' is now.
    """
    from tracker.views.past import Vantage

    now = reading_at(store, None)
    shown = now if at is None else instant(at)
    if known is None:
        return Vantage(shown, min(shown, now))
    return Vantage(shown, now if known == "now" else min(instant(known), now))


def writing_at(store: "Store", at: str | None) -> datetime:
    """Return the instant a command writes at: a live store reads its own clock, nobody back-dates it."""
    from tracker import clock

    position = store.position()
    if position.is_rehearsal:
        return instant(at) if at is not None else position.high_water
    if at is not None:
        raise Refused("a live store reads its own clock: leave --at away, or use a rehearsal", code="live-clock")
    return clock.now()


def registry_at(connection: "Connection", at: datetime) -> "Registry":
    """Return the registry in force at an instant; raises NotFound before the first was adopted."""
    from tracker.files.documents import registry_from
    from tracker.operations.recording import registry_in_force
    from tracker.views.adopted import high_water, registry_document

    if at >= high_water(connection):
        return registry_in_force(connection)
    return registry_from(dict(registry_document(connection, at=at)))


def directive_at(connection: "Connection", key: str, at: datetime) -> "Directive":
    """Return the directive of a key as it was in force at an instant; raises NotFound."""
    from tracker.files.documents import directive_from
    from tracker.views.adopted import directive_document

    return directive_from(dict(directive_document(connection, key, at=at)))


def texts_at(connection: "Connection", at: datetime) -> "Callable[[str], Directive | None]":
    """Return what gives a directive by its key as it was in force at an instant; None for one that was not."""

    def text(key: str) -> "Directive | None":
        try:
            return directive_at(connection, key, at)
        except NotFound:
            return None

    return text
