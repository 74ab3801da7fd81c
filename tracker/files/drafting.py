"""The drafting check on files: every doubt of the domain with its place and its sentence, as warnings.

It runs only when asked: a text that is signed is applied as it is, whatever its drafting.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date

from tracker.domain.agency import Registry
from tracker.domain.drafting import Doubt, Drafts, Value
from tracker.files.document import Draft
from tracker.files.report import At
from tracker.files.words import clip

_LANGUAGE = {"vi": "Vietnamese", "en": "English", "fr": "French"}
_FEW = 3


def check_drafting(drafts: Collection[Draft], registry: Registry | None, *, each: bool = True) -> None:
    """Add a warning to each draft's report for every doubt about its tasks; what has errors is left out.

    Without `each`, the tasks of what is signed get no line of their own for the six clears.
    """
    if any(draft.report.has("cycle") for draft in drafts):
        return  # without an order nothing can be said of chains, and the cycle comes first
    sound = {draft.key: draft for draft in drafts if draft.directive and not draft.report.failed}
    directives = [draft.directive for draft in sound.values() if draft.directive]
    if not directives:
        return
    for doubt in Drafts(directives, registry, each=each).doubts():
        draft = sound[doubt.directive]
        sentence, remedy = _SAID[doubt.code](doubt, draft)
        draft.report.warning(_at(doubt, draft), doubt.code, sentence, remedy)


def _at(doubt: Doubt, draft: Draft) -> At:
    if doubt.task is None or draft.directive is None:
        return draft.number
    task = draft.directive.task(doubt.task)
    return draft.at(task, *doubt.path) if task else draft.number


_Said = tuple[str, str]


def _six_clears(doubt: Doubt, draft: Draft) -> _Said:
    counts = ", ".join(_strings(doubt.values["counts"]))
    sentence = f"not all is clear in {doubt.values['vague']} of {doubt.values['tasks']} tasks: {counts}"
    return sentence, "see who, what and when with --six-clears"


def _not_clear(doubt: Doubt, draft: Draft) -> _Said:
    missing = ", ".join(_strings(doubt.values["missing"]))
    return f"{_name(doubt, draft)} is not clear on: {missing}", "say it in the text, or keep it on purpose"


def _translations_differ(doubt: Doubt, draft: Draft) -> _Said:
    languages = " and ".join(_LANGUAGE[language] for language in _strings(doubt.values["languages"]))
    sentence = f"the {languages} title of {_name(doubt, draft)} lacks the figure {doubt.values['figure']}"
    return sentence, "make the three titles say the same numbers and dates"


def _not_translated(doubt: Doubt, draft: Draft) -> _Said:
    one, other = (_LANGUAGE[str(doubt.values[name])] for name in ("one", "other"))
    return f"the title of {_name(doubt, draft)} is the same in {one} and {other}", "translate it"


def _ordered_twice(doubt: Doubt, draft: Draft) -> _Said:
    sentence = f"{_name(doubt, draft)} orders what {_other(doubt, draft, 'other')} orders{_differing(doubt)}"
    return sentence, f"add restates: [{_short(str(doubt.values['other']), draft)}], or tell the two apart"


def _restated_otherwise(doubt: Doubt, draft: Draft) -> _Said:
    sentence = f"{_name(doubt, draft)} restates {_other(doubt, draft, 'other')}, but differs{_differing(doubt)}"
    return sentence, "say which one holds: amend the other, or write the same"


def _chain_due_later(doubt: Doubt, draft: Draft) -> _Said:
    through, source = _other(doubt, draft, "through"), _other(doubt, draft, "source")
    waits = f"{_name(doubt, draft)} is due on {doubt.values['own']} and waits, through {through}, for {source}"
    return f"{waits}, which may take until {doubt.values['last_day']}", "check both deadlines"


def _due_on_day_off(doubt: Doubt, draft: Draft) -> _Said:
    day = doubt.values["day"]
    assert isinstance(day, date)
    tasks = _strings(doubt.values["tasks"])
    told = _enumerated(tuple(f"'{clip(task)}'" for task in tasks))
    are = "is" if len(tasks) == 1 else "are"
    sentence = f"{told} {are} due on {day:%A} {day}, a day off ({doubt.values['why']}); a written date does not move"
    return sentence, f"write {doubt.values['working']}, the working day before, if that is meant"


def _chain_too_long(doubt: Doubt, draft: Draft) -> _Said:
    chain = _strings(doubt.values["chain"])
    told = " -> ".join(f"'{clip(_short(key, draft))}'" for key in chain)
    unit, late, last = doubt.values["unit"], doubt.values["late"], doubt.values["last_day"]
    takes = f"takes {doubt.values['takes']} {unit} from its issue, {late} more than there are until {last}"
    remedy = "move the deadline, shorten 'takes', or let tasks run side by side"
    return f"{'the chain ' if len(chain) > 1 else ''}{told} {takes}", remedy


def _busy_week(doubt: Doubt, draft: Draft) -> _Said:
    agencies = _strings(doubt.values["agencies"])
    owe = "owes" if len(agencies) == 1 else "owe each"
    sentence = f"{_enumerated(agencies)} {owe} {doubt.values['tasks']} tasks in the week of {doubt.values['monday']}"
    return sentence, "spread the deadlines, this one is the first of them"


_SAID: Mapping[str, Callable[[Doubt, Draft], _Said]] = {
    "six-clears": _six_clears,
    "not-clear": _not_clear,
    "translations-differ": _translations_differ,
    "not-translated": _not_translated,
    "ordered-twice": _ordered_twice,
    "restated-otherwise": _restated_otherwise,
    "chain-due-later": _chain_due_later,
    "due-on-day-off": _due_on_day_off,
    "chain-too-long": _chain_too_long,
    "busy-week": _busy_week,
}
CODES = tuple(_SAID)


def _name(doubt: Doubt, draft: Draft) -> str:
    return f"'{clip(_short(doubt.task, draft))}'" if doubt.task else "the directive"


def _other(doubt: Doubt, draft: Draft, value: str) -> str:
    return f"'{clip(_short(str(doubt.values[value]), draft))}'"


def _short(key: str, draft: Draft) -> str:
    return key.removeprefix(draft.key + "/")


def _differing(doubt: Doubt) -> str:
    differs = _strings(doubt.values["differs"])
    return f": {'; '.join(differs)}" if differs else ""


def _strings(value: Value) -> tuple[str, ...]:
    assert isinstance(value, tuple)
    return value


def _enumerated(names: tuple[str, ...]) -> str:
    """Return names for a sentence: a few, and how many more.

    >>> _enumerated(("BNV",)), _enumerated(("BNV", "BTC", "BYT", "BCA", "BQP"))
    ('BNV', 'BNV, BTC, BYT and 2 more')
    """
    more = len(names) - _FEW
    if more > 0:
        return f"{', '.join(names[:_FEW])} and {more} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
