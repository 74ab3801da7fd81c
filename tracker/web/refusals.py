"""Refusals in the reader's language: for each code of the domain a sentence, and the field it is about."""

from collections.abc import Mapping

from tracker.domain.errors import TrackerError
from tracker.notify.tongue import catalogue
from tracker.web.tokens import N_

SENTENCES: Mapping[str, str] = {
    "not-yours": N_("This is not for your account to do."),
    "refused": N_("This can no longer be done: the task has moved on."),
    "cut-off": N_("The cut-off has passed: the task is void."),
    "no-reason": N_("Something that must be said is missing."),
    "conflict": N_("Somebody changed this task since you looked at it. See what changed, then decide."),
    "nothing-asked": N_("No request for more time is open."),
    "asked-already": N_("More time was asked for already: it awaits a decision."),
    "nothing-contested": N_("The task is not contested."),
    "contested-already": N_("“Not ours” was said already: it awaits a decision."),
    "nothing-delegated": N_("Nothing was delegated."),
    "no-date": N_("The task has no date yet: there is nothing to extend."),
    "not-later": N_("Choose a day after the last day in force."),
    "too-late": N_("It is too late to ask for more time."),
    "too-many": N_("The date was extended as often as the rule allows."),
    "too-long": N_("This day is further from the first date than the rule allows."),
    "not-dependent": N_("One of these tasks does not depend on this one: it cannot move along."),
    "no-instrument": N_("Name the document that sets the new date."),
    "unknown-agency": N_("There is no such office."),
    "same-agency": N_("The task is with this office already."),
    "agency-ended": N_("This office no longer exists."),
    "not-below": N_("This office does not stand below the lead."),
    "owed-already": N_("This office owes the task itself already."),
    "no-evidence": N_("This task asks for evidence: add a file, or the number of a document."),
    "not-done-yet": N_("This day has not come yet: name the day on which it was done."),
    "needed-goes-on": N_("The task goes on as long as another one does: report it once that is completed."),
    "no-proof": N_("Add a file, or the number of a document."),
    "bad-proof": N_("The document cannot be dated later than today, and its number has at most 80 characters."),
    "no-such-evidence": N_("This file is not known here, or not yours: please add it again."),
    "too-large": N_("The file is too large."),
    "empty-file": N_("The file is empty."),
    "bad-type": N_(
        "Files of this kind are not taken. Taken are PDF, office documents, pictures, text and signed files."
    ),
    "too-many-documents": N_("A report has at most 20 documents."),
    "no-snooze": N_("The deadline is too near, or past: its reminders cannot be put off."),
    "bad-snooze": N_("Reminders cannot be put off to this day."),
    "out-of-force": N_("No text in force asks for this task any more: it cannot be reopened."),
    "unsealed": N_("No seal holds this report yet. Its proof is ready after the next one, a minute from now at most."),
    "try-later": N_("Not possible at the moment"),
}
# what a refusal is about, where one field of a form can make it good
FIELDS: Mapping[str, str] = {
    "not-later": "day",
    "too-late": "day",
    "too-long": "day",
    "no-instrument": "instrument",
    "unknown-agency": "office",
    "same-agency": "office",
    "agency-ended": "office",
    "not-below": "office",
    "owed-already": "office",
    "no-evidence": "file",
    "no-proof": "file",
    "no-such-evidence": "file",
    "too-large": "file",
    "empty-file": "file",
    "bad-type": "file",
    "too-many-documents": "file",
    "bad-proof": "dated",
    "not-done-yet": "done_on",
    "no-snooze": "until",
    "bad-snooze": "until",
}


def why_not(error: TrackerError, language: str) -> str:
    """Return a refusal as a sentence for its reader; one without a translation as the domain says it."""
    said = SENTENCES.get(error.code)
    return catalogue(language).gettext(said) if said else str(error)


def problems_of(error: TrackerError, language: str, fields: frozenset[str]) -> dict[str, str]:
    """Return a refusal as the problem of the form's field that it is about, else of the whole form."""
    name = FIELDS.get(error.code, "")
    return {name if name in fields else "": why_not(error, language)}
