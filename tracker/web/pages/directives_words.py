"""What the pages of a directive say of what a view found: words for kinds, relations, boxes and bars."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from babel.dates import format_date

from tracker.domain.cells import Cells
from tracker.domain.standing import Cell
from tracker.notify.tongue import catalogue, day
from tracker.views.gantt import Bar, TimelineView
from tracker.views.task_graph import Arrow, Branch, GraphView, Node
from tracker.web import ink, tokens
from tracker.web.tokens import N_

SHOWN = 12  # codes of agencies in one cell of a table

KINDS: Mapping[str, str] = {
    "conclusion": N_("conclusion"),
    "decision": N_("decision"),
    "decree": N_("decree"),
    "dispatch": N_("official dispatch"),
    "draft": N_("draft"),
    "instruction": N_("instruction"),
    "law": N_("law"),
    "meeting": N_("meeting"),
    "notice": N_("notice"),
    "plan": N_("plan"),
    "practice": N_("practice"),
    "report": N_("report"),
    "resolution": N_("resolution"),
}
STATUSES: Mapping[str, str] = {"draft": N_("draft: asks nothing yet"), "reported": N_("reported: known from others")}
# a relation as this document has it to the other, and as the other has it to this one
RELATIONS: Mapping[str, tuple[str, str]] = {
    "implements": (N_("implements"), N_("is implemented by")),
    "amends": (N_("amends"), N_("is amended by")),
    "supersedes": (N_("supersedes"), N_("is superseded by")),
    "restates": (N_("restates"), N_("is restated by")),
    "refers_to": (N_("refers to"), N_("is referred to by")),
    "derives_from": (N_("derives from"), N_("is the origin of")),
    "reviews": (N_("reviews"), N_("is reviewed by")),
}
SETS: Mapping[str, str] = {
    "provinces": N_("provinces"),
    "communes": N_("communes"),
    "ministries": N_("ministries"),
    "central": N_("ministries and agencies of ministerial rank"),
    "government-members": N_("members of the Government"),
    "localities": N_("provinces and cities"),
    "ministries-and-provinces": N_("ministries and provinces"),
}
SIGNS: Mapping[str, str] = {
    "+": N_("added"),
    "~": N_("changed"),
    "-": N_("removed"),
    "→": N_("carried over"),
}
WORDS: Mapping[str, str] = {
    "shown": N_("shown from the office's own file, which has this fingerprint"),
    "unset": N_("not shown: no folder of source texts is set here (TRACKER_SOURCES)"),
    "absent": N_("not shown: the folder of source texts has no such file"),
    "other": N_("not shown: the file of that name is another text"),
}
NEEDS: Mapping[str, str] = {
    "finish-start": N_("after it"),
    "start-start": N_("once it has begun"),
    "during": N_("while it goes on"),
}


@dataclass(frozen=True, slots=True)
class Words:
    """Says things of directives in a language; `url` gives the address of a page."""

    language: str
    url: Callable[..., str]

    def said(self, message: str) -> str:
        """Return a message in the language."""
        return catalogue(self.language).gettext(message)

    def context(self) -> dict[str, Any]:
        """Return what templates call things by."""
        return {
            "kind_word": partial(self._of, KINDS),
            "status_word": partial(self._of, STATUSES),
            "sign_word": partial(self._of, SIGNS),
            "words_state": partial(self._of, WORDS),
            "set_word": self.sets,
            "relation_word": self.relation,
            "need_word": self.need,
            "node_fact": self.node_fact,
            "node_link": self.node_link,
            "lane_name": self.lane_name,
            "length_word": self.length,
            "bar_tone": bar_tone,
            "bar_glyph": bar_glyph,
            "bar_who": self.bar_who,
            "bar_link": self.bar_link,
            "tick_word": self.tick,
            "figures": figures,
            "short_list": self.short_list,
            "wrapped": ink.wrapped,
            "clipped": ink.clipped,
            "text_width": ink.width,
            "curve": ink.curve,
            "polyline": ink.polyline,
            "steps": ink.steps,
        }

    def sets(self, names: str) -> str:
        """Return the name of an owner; sets go by words, not by their names in the registry."""
        return ", ".join(self._of(SETS, name) for name in names.split(", ")) if names else ""

    def relation(self, word: str, incoming: bool) -> str:
        """Return what one document is to another."""
        here, there = RELATIONS.get(word, (word, word))
        return self.said(there if incoming else here)

    def need(self, arrow: Arrow) -> str:
        """Return how a task needs another one."""
        more = [arrow.lag] if arrow.lag else []
        more += [self.said(N_("inferred"))] if arrow.inferred else []
        return " + ".join([self._of(NEEDS, arrow.kind), *more])

    def node_fact(self, node: Node) -> str:
        """Return the line below the title of a task in a graph: its last day and how far it is."""
        if node.elsewhere:
            return node.key.rpartition("/")[0]
        facts = [day(node.last_day, self.language)] if node.last_day else []
        facts += [node.takes] if node.takes else []
        if node.cells.total == 1:
            token = tokens.token("cell", figures(node.cells)[0][0])
            facts.append(f"{token.glyph} {self.said(token.word)}")
        else:
            facts += [f"{tokens.token('cell', cell).glyph} {count}" for cell, count in figures(node.cells)]
        return " · ".join(facts) if node.tracked else self.said(N_("not tracked"))

    def node_link(self, node: Node) -> str | None:
        """Return where a box leads: to its assignment where it is one, else to its row on the page of its directive."""
        if node.tasks:
            return None
        home, _, name = node.key.rpartition("/")
        if node.agency and node.cells.total == 1:
            return self.url(f"/tasks/{node.key}/{node.agency}")
        return f"{self.url(f'/directives/{home}')}#task-{name}"

    def lane_name(self, view: GraphView, lane: str) -> str:
        """Return the words at the head of a band."""
        nodes = (view.groups or view.nodes).values()
        name = next((node.lane_name for node in nodes if node.lane == lane), lane)
        return self.sets(name) or self.said(N_("several agencies") if view.groups else N_("not tracked"))

    def length(self, view: GraphView) -> str:
        """Return how long the critical path is."""
        words, count = catalogue(self.language), view.length or 0
        if view.unit == "working days":
            said = words.ngettext("{count} working day", "{count} working days", count)
        else:
            said = words.ngettext("{count} day", "{count} days", count)
        return said.format(count=count)

    def bar_who(self, bar: Bar) -> str:
        """Return who owes what a row of a timeline stands for."""
        if bar.count == 1:
            return bar.agency_name
        said = catalogue(self.language).ngettext("%(num)s agency", "%(num)s agencies", bar.count)
        return said % {"num": bar.count}

    def bar_link(self, bar: Bar) -> str | None:
        """Return where a row of a timeline leads."""
        if bar.count == 1:
            return self.url(f"/tasks/{bar.line.ref}")
        home, _, name = bar.task.rpartition("/")
        return f"{self.url(f'/directives/{home}')}#task-{name}"

    def tick(self, step: str, when: date) -> str:
        """Return what stands at a day of an axis."""
        match step:
            case "year":
                return f"{when:%Y}"
            case "week":
                return format_date(when, "d MMM", locale="en") if self.language == "en" else f"{when:%d/%m}"
        return f"{when:%m/%y}"

    def short_list(self, codes: Sequence[str]) -> str:
        """Return some codes, and how many more there are."""
        shown = ", ".join(codes[:SHOWN])
        more = len(codes) - SHOWN
        if more <= 0:
            return shown
        return shown + " " + self.said(N_("and %(num)s more offices")) % {"num": more}

    def _of(self, table: Mapping[str, str], name: str) -> str:
        return self.said(table[name]) if name in table else name


def figures(cells: Cells) -> list[tuple[str, int]]:
    """Return the cells that hold anything, what asks for action first."""
    order = (Cell.OVERDUE, Cell.IN_TIME, Cell.UNDATED, Cell.ON_TIME, Cell.LATE, Cell.CLOSED_OUT)
    return [(str(cell), cells[cell]) for cell in order if cells[cell]]


def bar_tone(bar: Bar) -> str:
    """Return the tone of a bar."""
    if bar.standing:
        return tokens.token("standing", bar.standing).tone
    if bar.overdue:
        return "bad"
    return "good" if bar.received == bar.count else "calm" if bar.line.end else "quiet"


def bar_glyph(bar: Bar) -> str:
    """Return the glyph before a row's title: colour alone says nothing."""
    if bar.standing:
        return tokens.token("standing", bar.standing).glyph
    return {"bad": "!", "good": "✓", "quiet": "~"}.get(bar_tone(bar), "○")


def branches(tree: Iterable[Branch]) -> list[tuple[Branch, list[Any]]]:
    """Return the lines of a text tree, each with those below it."""
    found: list[tuple[Branch, list[Any]]] = []
    stack = [found]
    for branch in tree:
        del stack[branch.depth + 1 :]
        below: list[tuple[Branch, list[Any]]] = []
        stack[-1].append((branch, below))
        stack.append(below)
    return found


def needs_by_ends(view: GraphView) -> dict[tuple[str, str], Arrow]:
    """Return the arrows of a drawing by their ends."""
    return {(arrow.start, arrow.end): arrow for arrow in view.drawn}


__all__ = ["TimelineView", "Words", "bar_glyph", "bar_tone", "branches", "figures", "needs_by_ends"]
