"""Re-running: whether the file of a report says what its fingerprint says, adds up, and still comes out the same."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from tracker.domain.bridge import Bridge, Movement
from tracker.domain.cells import Cells
from tracker.domain.entry import instant
from tracker.domain.errors import Invalid, NotFound, Refused
from tracker.domain.standing import Cell
from tracker.store import queries
from tracker.store.store import Connection
from tracker.views.fingerprint import KEY, differences, fingerprint_of
from tracker.views.past import Vantage
from tracker.views.summary import FORM, Asked, Registries, document, summary

_POSITIONS = 2**63  # as many as a ledger can have
_NAMED = 20  # so many differences are named; one changed figure is enough to know


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a report that was looked at again; `wrong` holds a sentence for each thing that does not hold.

    `fingerprint` is the one its content has, `again` the one it has when made again from this store.
    """

    report: str
    fingerprint: str
    again: str | None
    wrong: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Return whether everything holds."""
        return not self.wrong


def check_report(connection: Connection, report: Mapping[str, Any], registries: Registries) -> Verdict:
    """Return whether a report's document holds: its fingerprint, its sums, its ledger, and every figure made again.

    Raises Invalid for what is no report of this form.
    """
    if report.get("report") != "summary" or report.get("form") != FORM:
        raise Invalid(f"this is no report that can be made again: a summary of form {FORM}", code="bad-report")
    again = None
    try:
        found = fingerprint_of(report)
        wrong = [*_fingerprint(report, found), *_sums(report), *_ledgers(connection, report)]
        try:
            fresh = _made_again(connection, report, registries)
            again = str(fresh[KEY])
            wrong += _changed(report, fresh)
        except NotFound as error:
            wrong.append(f"it cannot be made again from this store: {error}")
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise Invalid(f"this report is not whole: {error!r}", code="bad-report") from None
    return Verdict(report="summary", fingerprint=found, again=again, wrong=tuple(wrong))


def _fingerprint(report: Mapping[str, Any], found: str) -> Iterator[str]:
    if report.get(KEY) != found:
        yield f"it says that its fingerprint is {report.get(KEY)}, and its content has {found}: it was changed"


def _sums(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield what does not add up in the document itself, whatever the store says."""
    try:
        everything = _cells(report["cells"])
        for name in ("agencies", "directives"):
            parts = sum((_cells(group["cells"]) for group in report[name]), Cells())
            if parts != everything:
                yield f"the {name} do not add up to the cells of all"
        if report["bridge"] is not None:
            lines = report["bridge"]["lines"]
            movements = (
                Movement(_cell(one["from"]), _cell(one["to"]), tuple(one["assignments"]))
                for one in report["bridge"]["movements"]
            )
            opening, closing = (
                Cells(**{str(cell): lines[cell][end] for cell in Cell}) for end in ("opening", "closing")
            )
            bridge = Bridge(opening=opening, movements=tuple(movements), closing=closing)
            if bridge.closing != everything:
                yield "the bridge does not lead to the cells of the report"
    except Refused as error:
        yield str(error)


def _ledgers(connection: Connection, report: Mapping[str, Any]) -> Iterator[str]:
    for vantage, end in _ends(report):
        seq, head = queries.end_at(connection, vantage.known, upto=vantage.upto)
        if (seq, head) != (vantage.upto, end["head"]):
            yield (
                f"it was made of a ledger whose entry {vantage.upto:,} is {end['head'][:12]}…; here that is "
                f"{f'{head[:12]}…' if seq == vantage.upto else 'not there'}"
            )


def _made_again(connection: Connection, report: Mapping[str, Any], registries: Registries) -> Mapping[str, Any]:
    to, *since = (vantage for vantage, _ in _ends(report))
    asked = _asked(report["asked"])
    return document(summary(connection, to, since=since[0] if since else None, registries=registries, asked=asked))


def _asked(said: Mapping[str, Any]) -> Asked:
    for name in ("agency", "directive"):
        if said[name] is not None and (not isinstance(said[name], str) or "\0" in said[name]):
            raise ValueError(f"{said[name]!r} is no {name}")
    return Asked(agency=said["agency"], below=bool(said["below"]), directive=said["directive"])


def _changed(report: Mapping[str, Any], fresh: Mapping[str, Any]) -> Iterator[str]:
    apart = (one for one in differences(report, fresh) if one[0] != KEY)
    for place, stated, made in islice(apart, _NAMED):
        yield f"{place}: it says {stated}, made again it is {made}"


def _ends(report: Mapping[str, Any]) -> Iterator[tuple[Vantage, Mapping[str, Any]]]:
    """Yield the vantage of each end of a report, with what the report says of it; what is unreadable is a ValueError.

    A report comes from outside: nothing of it reaches the database that is not an instant or a position.
    """
    for end in (report["to"], report["from"]):
        if end is None:
            continue
        at, known, seq = instant(end["as_of"]), instant(end["known_at"]), end["seq"]
        if at.tzinfo is None or known.tzinfo is None:
            raise ValueError("an instant without its offset")
        if not isinstance(seq, int) or not 0 <= seq < _POSITIONS:
            raise ValueError(f"{seq!r} is no position")
        yield Vantage(at, known, seq), end


def _cells(figures: Mapping[str, Any]) -> Cells:
    return Cells(**{str(cell): figures[cell] for cell in Cell}).adding_up_to(figures["total"])


def _cell(name: str | None) -> Cell | None:
    return None if name is None else Cell(name)
