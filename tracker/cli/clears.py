"""The six clears as a table: for each task of a directive what it is not clear on, and why."""

from collections.abc import Sequence
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.clears import CLEARS
from tracker.domain.directive import Directive
from tracker.domain.drafting import Drafts
from tracker.terminal.page import console, table

CLEAR = "✓"


def show(directives: Sequence[Directive], registry: Registry | None) -> None:
    """Write a table for each directive; a mark stands where a task is clear, the reason where it is not."""
    out = console()
    drafts = Drafts(directives, registry)
    for directive in directives:
        made = table("task", *CLEARS, title=f"{directive.number}: {directive.title.en}", whole=("task",))
        for key, unclear in drafts.table(directive).items():
            made.add_row(key.removeprefix(directive.key + "/"), *(unclear.get(clear, CLEAR) for clear in CLEARS))
        out.print()
        out.print(made)


def document(directives: Sequence[Directive], registry: Registry | None) -> dict[str, Any]:
    """Return the same for JSON: under each directive and task the clears it lacks, with the reasons."""
    drafts = Drafts(directives, registry)
    found = {
        directive.key: {
            key.removeprefix(directive.key + "/"): dict(unclear) for key, unclear in drafts.table(directive).items()
        }
        for directive in directives
    }
    return {"six_clears": found}
