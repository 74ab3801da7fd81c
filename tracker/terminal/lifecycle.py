"""The life cycle, drawn from its table: as a page (docs/life-cycle.md), as a diagram, as a table in the terminal."""

from collections.abc import Iterator, Mapping

from rich.console import Console

from tracker.domain.lifecycle import OPEN, TRANSITIONS, UNSETTLED, Transition, Who
from tracker.domain.standing import SETTLED, Progress
from tracker.terminal.page import table

WHO: Mapping[Who, str] = {
    Who.AGENCY: "the agency: lead, unit it delegated to, or deputy",
    Who.LEAD: "the lead, or its deputy",
    Who.SECRETARIAT: "the secretariat",
    Who.SYSTEM: "nobody: it follows by a rule",
}
NEEDS = {
    "words": "what was done",
    "missing": "the exact missing thing",
    "why": "the reason",
    "instrument": "the instrument",
    "day": "the day",
    "by": "who owes it now",
    "agreed_by": "who agreed",
    "to": "the unit",
    "with": "whose date it follows",
}
PENDING = {
    "asked": "an open request for more time",
    "no asked": "no open request for more time",
    "contested": "an open “not ours”",
    "no contested": "no open “not ours”",
}
GROUPS = {OPEN: "any open", UNSETTLED: "any unsettled"}

_PAGE = """\
# The life of an assignment

Drawn from `TRANSITIONS` in `tracker/domain/lifecycle.py` by `tracker task lifecycle --format markdown`; a test
compares the two. An assignment is one task at one agency. Every move is one entry of the ledger, with its actor; a
move that is not in this table from where the assignment stands is refused with a code, and nothing is written.

Besides, `assigned` begins a life, and `reinstated` begins it anew: an amendment holds again what an earlier one
withdrew, or the completion by which others were let off is reopened.

*Any open*: {open}. *Any unsettled*: those, and {more}.
Settled: {settled}.

Lateness is measured on the day a report is **received**, whatever day it says the work was done: a report that came
in time is never overdue while it awaits review. `tracker reviews` shows how long it has been waiting for its reviewer.

An operator at the machine (an actor who names no office, as `cli:root`) may make every move in the place of those
named under *who*, under that name. *Who* includes every office above the agency.

```mermaid
{diagram}
```

What changes no progress is not drawn: it stands in the table with “stays” under *to*.

| move (kind of entry) | who | from | to | needs | what it means |
|---|---|---|---|---|---|
{rows}

Beside the table:

- **Reopened**: what waited for the completion waits again, and who was let off because “any one of them” had done it
  owes it again, by the date it had (`reinstated`). A date that was counted from the completion stays.
- **Transferred**: progress, date, first date and granted extensions go along; an open request, an open “not ours” and
  the delegation stay behind. An office that *ends* hands its open questions on too (`tracker agency hand-on`).
- **Extended**: an amendment that leaves the date of the text as it was keeps the date that was granted; one that sets
  another date takes its place. The first date stays for ever, and lateness is shown against both.
- **Delegated**: the unit may acknowledge, start and report. More time, “not ours” and passing it on are for the lead,
  who stays answerable. Both are reminded, and so are the deputies that cover for either on that day
  (`tracker deputy`).
- **Two at once**: `--seen N` makes a move depend on the entry somebody decided by; where there is a newer one it is
  refused as `conflict` (exit status 6). What happens by itself (reminders, waiting) is no reason to look again.
"""


def page() -> str:
    """Return the page about the life cycle in Markdown."""
    return _PAGE.format(
        open=_names(OPEN),
        more=_names(UNSETTLED - OPEN),
        settled=_names(SETTLED),
        diagram=diagram(),
        rows="\n".join(f"| {' | '.join(row)} |" for row in _rows()),
    )


def diagram() -> str:
    """Return the states and the moves between them as a Mermaid diagram; several moves on one way share an arrow."""
    lines = ["stateDiagram-v2", f'    state "{_names(OPEN)}" as any_open']
    lines.append('    state "any open, submitted or suspended" as any_unsettled')
    lines += [f'    state "{_name(one)}" as {one}' for one in Progress if "_" in one]
    lines.append(f"    [*] --> {Progress.ASSIGNED}")
    ways: dict[tuple[str, str], list[str]] = {}
    for transition in TRANSITIONS:
        if transition.target is not None:
            for source in _sources(transition):
                ways.setdefault((source, str(transition.target)), []).append(transition.verb)
    lines += [f"    {source} --> {target}: {', '.join(verbs)}" for (source, target), verbs in ways.items()]
    return "\n".join(lines)


def show_lifecycle(transitions: tuple[Transition, ...], out: Console) -> None:
    """Write the moves as a table."""
    made = table("move", "who", "from", "to", "needs", whole=("move",))
    for each in transitions:
        made.add_row(each.verb, str(each.who), _from(each), _to(each), _needs(each))
    out.print(made)


def _rows() -> Iterator[tuple[str, ...]]:
    for each in TRANSITIONS:
        move = f"**{each.verb}** (`{each.kind}`)"
        yield move, WHO[each.who], _from(each), _to(each), _needs(each), each.means


def _sources(transition: Transition) -> list[str]:
    """Return where a move starts: a group where it starts from every one of them."""
    for group, name in ((UNSETTLED, "any_unsettled"), (OPEN, "any_open")):
        if group <= transition.sources:
            return [name, *(str(one) for one in Progress if one in transition.sources - group)]
    return [str(one) for one in Progress if one in transition.sources]


def _from(transition: Transition) -> str:
    for group, name in reversed(GROUPS.items()):
        if group <= transition.sources:
            rest = transition.sources - group
            return f"{name}, {_names(rest)}" if rest else name
    return _names(transition.sources)


def _to(transition: Transition) -> str:
    return _name(transition.target) if transition.target else "stays"


def _needs(transition: Transition) -> str:
    words = [NEEDS[word] for word in transition.needs]
    return "; ".join(words + ([PENDING[transition.pending]] if transition.pending else [])) or "–"


def _names(states: frozenset[Progress]) -> str:
    return ", ".join(_name(one) for one in Progress if one in states)


def _name(state: Progress) -> str:
    return str(state).replace("_", " ")
