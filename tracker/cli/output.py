"""Output: a view as text or JSON on stdout, talk and progress on stderr."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tracker.cli.options import Format

if TYPE_CHECKING:
    from rich.console import Console


def put(view: object, shown: Format, show: "Callable[[Any, Console], None]") -> None:
    """Write a view in the form asked for."""
    from tracker.terminal.page import console, print_json
    from tracker.views import document

    if shown is Format.JSON:
        print_json(document(view))
    else:
        show(view, console())


def put_result(result: dict[str, Any], shown: Format, words: str) -> None:
    """Write what a verb did: the document for programs, a sentence for people."""
    from tracker.terminal.page import print_json

    if shown is Format.JSON:
        print_json(result)
    else:
        print(words)


@contextmanager
def working(words: str) -> Iterator[None]:
    """Show on stderr that something takes a while; silent where nobody watches."""
    from tracker.terminal.page import console

    err = console(sys.stderr)
    if not err.is_terminal:
        yield
        return
    with err.status(words):
        yield
