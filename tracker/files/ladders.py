"""Ladders: ladders.yaml, the reminder policies, the span in which an assignment is due soon, and two offices.

What could never come, or would go to nobody, is a finding: a policy that is silent by mistake looks
like one that has nothing to say.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import time
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.calendar import Span
from tracker.domain.ladder import Audience, Ladder, Level, Quiet, Rung
from tracker.files import scalars
from tracker.files.form import Form, form, several, table
from tracker.files.nodes import Node, Scalar
from tracker.files.report import Report
from tracker.files.rungs import audiences_from, read_level, read_rung, rung_document, rung_from
from tracker.files.words import clip, meant

KEYS = ("due_soon", "secretariat", "head", "lists", "ladders")
LADDER_KEYS = (
    "time", "working_days", "quiet", "rungs", "then_every", "daily_after", "escalate", "cap", "head", "review",
)  # fmt: skip
QUIET_KEYS = ("from", "until")
_DUE_SOON = Span(3, "working days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminding:
    """What ladders.yaml says."""

    due_soon: Span
    ladders: Mapping[str, Ladder]
    secretariat: str | None = None
    head: str | None = None
    lists: time | None = None

    def over(self, registry: Registry) -> Registry:
        """Return a registry that reminds by this."""
        return replace(
            registry,
            due_soon=self.due_soon,
            ladders=self.ladders,
            secretariat=self.secretariat,
            head=self.head,
            lists=self.lists,
        )


def read_ladders(fields: Form, agencies: Collection[str]) -> Reminding | None:
    """Return the ladders and what stands beside them, or None with findings; `agencies` are the codes there are."""
    due_soon = fields.get("due_soon", scalars.span) or _DUE_SOON
    office = _office_of(agencies)
    secretariat, head = fields.get("secretariat", office), fields.get("head", office)
    lists = fields.get("lists", scalars.clock_time)
    mapping = fields.need("ladders", lambda report, node: table(report, node, needed="a mapping of ladders"))
    if mapping is None:
        return None
    ladders = []
    for key, node in mapping.entries.values():
        ladder = _ladder(fields.report, key, node, office)
        if ladder is not None:
            _check_offices(fields, key, ladder)
            ladders.append(ladder)
    if "standard" not in mapping.entries:
        sentence = "there is no ladder 'standard', which tasks have when they name none"
        fields.report.error(mapping, "missing-key", sentence, "add it")
    named = {ladder.name: ladder for ladder in ladders}
    return Reminding(due_soon=due_soon, ladders=named, secretariat=secretariat, head=head, lists=lists)


def ladder_document(ladder: Ladder) -> dict[str, Any]:
    """Return a ladder as JSON values; what it leaves out is not there, so that an old one keeps its fingerprint."""
    document = {
        "time": f"{ladder.time:%H:%M}",
        "rungs": [rung_document(rung) for rung in ladder.rungs],
        "then_every": str(ladder.then_every) if ladder.then_every else None,
        "review": ladder.review,
        "daily_after": str(ladder.daily_after) if ladder.daily_after else None,
        "escalate": [{"after": str(level.after), "to": list(level.to)} for level in ladder.escalate],
        "quiet": _quiet_document(ladder.quiet) if ladder.quiet else None,
        "working_days": ladder.working_days or None,
        "cap": ladder.cap,
        "head": ladder.head,
    }
    return {key: value for key, value in document.items() if value is not None and value != []}


def ladder_from(name: str, document: Mapping[str, Any]) -> Ladder:
    """Return the ladder of a document."""
    get = document.get
    quiet = get("quiet")
    return Ladder(
        name=name,
        time=scalars.minute_of(document["time"]),
        rungs=tuple(rung_from(rung) for rung in get("rungs", ())),
        then_every=scalars.span_of(document["then_every"]) if "then_every" in document else None,
        review=document["review"],
        daily_after=scalars.span_of(document["daily_after"]) if "daily_after" in document else None,
        escalate=tuple(Level(scalars.span_of(one["after"]), audiences_from(one["to"])) for one in get("escalate", ())),
        quiet=Quiet(scalars.minute_of(quiet["from"]), scalars.minute_of(quiet["until"])) if quiet else None,
        working_days=get("working_days", False),
        cap=get("cap"),
        head=get("head"),
    )


def _ladder(report: Report, key: Scalar, node: Node, office: scalars.Reader[str]) -> Ladder | None:
    name = scalars.identifier(report, key)
    if name == "none":
        report.error(key, "bad-id", "'none' means no reminders, it cannot name a ladder", "choose another name")
    fields = form(report, node, LADDER_KEYS, at=key, needed="a ladder")
    if fields is None:
        return None
    at: time | None = fields.need("time", scalars.clock_time)
    rungs = fields.need("rungs", _rungs)
    ladder = Ladder(
        name=name or "",
        time=at or time.min,
        rungs=rungs or (),
        then_every=fields.get("then_every", scalars.span),
        daily_after=fields.get("daily_after", scalars.span),
        escalate=fields.get("escalate", _levels) or (),
        quiet=fields.get("quiet", _quiet),
        working_days=fields.get("working_days", scalars.truth) or False,
        cap=fields.get("cap", scalars.number),
        head=fields.get("head", office),
        review=fields.get("review", scalars.truth) is not False,
    )
    if name is None or at is None or rungs is None:
        return None
    _check_hours(fields, ladder)
    _check_repeats(fields, ladder)
    return ladder


def _rungs(report: Report, node: Node) -> tuple[Rung, ...] | None:
    names: set[str] = set()

    def read(report: Report, node: Node) -> Rung | None:
        rung = read_rung(report, node)
        if rung is None or str(rung) not in names:
            names.update([] if rung is None else [str(rung)])
            return rung
        sentence = f"the rung '{rung}' stands here twice: an office is reminded once of each"
        report.error(node, "duplicate-item", sentence, "delete one of the two, or say in one of them who hears of it")
        return None

    return several(read, "a list of rungs")(report, node)


def _levels(report: Report, node: Node) -> tuple[Level, ...] | None:
    last: list[Level] = []

    def read(report: Report, node: Node) -> Level | None:
        level = read_level(report, node)
        if level is None:
            return None
        if last and _days(level.after) <= _days(last[-1].after):
            sentence = f"the level after {level.after} does not come after the one before it, after {last[-1].after}"
            report.error(node, "not-increasing", sentence, "write the levels in their order, each later than the last")
        last.append(level)
        return level

    return several(read, "a list of levels")(report, node)


def _days(span: Span) -> float:
    """Return about how many days a span takes: five working days are a week."""
    return span.count * 7 / 5 if span.unit == "working days" else span.count


def _quiet(report: Report, node: Node) -> Quiet | None:
    fields = form(report, node, QUIET_KEYS, needed='quiet hours {from: "17:30", until: "07:30"}')
    if fields is None:
        return None
    since, until = fields.need("from", scalars.clock_time), fields.need("until", scalars.clock_time)
    if since is None or until is None:
        return None
    if since == until:
        sentence = f"from {since:%H:%M} until {until:%H:%M} is the whole day: nobody would ever be reminded"
        report.error(node, "bad-quiet", sentence, "leave some hours open, or delete the key")
        return None
    return Quiet(since, until)


def _quiet_document(quiet: Quiet) -> dict[str, str]:
    return {"from": f"{quiet.since:%H:%M}", "until": f"{quiet.until:%H:%M}"}


def _check_hours(fields: Form, ladder: Ladder) -> None:
    quiet = ladder.quiet
    if quiet is None or not quiet.covers(ladder.time):
        return
    sentence = (
        f"the ladder reminds at {ladder.time:%H:%M}, which is quiet from {quiet.since:%H:%M} until {quiet.until:%H:%M}"
    )
    at = fields.node.get("quiet") or fields.node
    fields.report.error(at, "bad-quiet", sentence, "exchange the two where they stand upside down, or change 'time'")


def _check_repeats(fields: Form, ladder: Ladder) -> None:
    """Warn of a repeat that never comes, since the daily one begins before it."""
    if ladder.then_every is None or ladder.daily_after is None:
        return
    last = max((rung.span.count for rung in ladder.rungs if rung.side == "after" and rung.span), default=0)
    spans = [rung.span for rung in ladder.rungs if rung.side == "after" and rung.span and rung.span.count == last]
    first = (_days(spans[0]) if spans else 0) + _days(ladder.then_every)
    if _days(ladder.daily_after) <= first:
        sentence = f"'then_every' never comes: {ladder.daily_after} after the last day the daily reminders begin"
        at = fields.node.get("then_every") or fields.node
        fields.report.warning(at, "never-comes", sentence, "delete 'then_every', or write a later 'daily_after'")


def _check_offices(fields: Form, key: Scalar, ladder: Ladder) -> None:
    """Report an audience that nobody is: then a rung or a level would go to no office at all."""
    heard = {audience for to in _told(ladder) for audience in to}
    if "secretariat" in heard and fields.node.get("secretariat") is None:
        sentence = f"the ladder '{clip(ladder.name)}' tells the secretariat, and no office is named as such"
        fields.report.error(key, "missing-key", sentence, "add 'secretariat: CODE' beside 'ladders'")
    if "head" in heard and ladder.head is None and fields.node.get("head") is None:
        sentence = f"the ladder '{clip(ladder.name)}' tells the head of the office, and none is named"
        fields.report.error(key, "missing-key", sentence, "add 'head: CODE' to the ladder, or beside 'ladders'")


def _told(ladder: Ladder) -> list[tuple[Audience, ...]]:
    return [*(rung.to for rung in ladder.rungs), *(level.to for level in ladder.escalate)]


def _office_of(agencies: Collection[str]) -> scalars.Reader[str]:
    def read(report: Report, node: Node) -> str | None:
        code = scalars.agency_code(report, node)
        if code is None or code in agencies:
            return code
        remedy = meant(report.guess(code, agencies), "name an agency of the registry, or delete the key")
        report.error(node, "unknown-agency", f"there is no agency '{clip(code)}'", remedy)
        return None

    return read
