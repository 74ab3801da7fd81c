"""Refusals in the reader's language: for each code of the domain a sentence, and the field it is about.

What a person wrote stands between quotes in the domain's own sentence, and nothing else does that is worth telling:
it is told again after the translated one. A code that pages and the API cannot answer has no sentence here
(`tests/unit/test_refusals.py` knows those, and finds a new one).
"""

import re
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
    # what was typed, chosen or sent
    "invalid": N_("What was typed cannot be taken."),
    "bad-day": N_("This is no day: write it as 31/12/2025."),
    "bad-month": N_("This is no month: write it as 2025-08."),
    "bad-instant": N_("This is no instant that can be looked at: write 2025-08-11, or 2025-08-11T14:30."),
    "bad-period": N_("A period has begun, and ends on its first day or later."),
    "bad-filter": N_("This filter is not known."),
    "bad-cell": N_("This is none of the six cells."),
    "bad-cursor": N_("This page cannot be found: start again from the first."),
    "bad-kind": N_("There is no report of this kind."),
    "bad-size": N_("A sample of this size cannot be drawn here."),
    "bad-channel": N_("This channel cannot be used: check its kind and its address."),
    "bad-table": N_("This table cannot be read: send an XLSX or CSV file (UTF-8) of up to 1 MB."),
    "bad-number": N_("This is no number of a document."),
    "bad-key": N_("This is no public key: it is written NAME+KEYID+BASE64."),
    "bad-note": N_("This file is neither a seal nor a receipt."),
    "bad-receipt": N_("This is no receipt."),
    "bad-report": N_("This is no report that can be made again."),
    "bad-token": N_("Say what the token is for, what it may, and how long it lasts."),
    "no-file": N_("Choose a file, or paste its text."),
    "no-reference": N_("Choose a reminder first."),
    "no-such-day": N_("This day does not exist."),
    "ambiguous": N_("This may be more than one: write more of it."),
    "unknown-event": N_("No task waits for this event."),
    "unknown-kind": N_("No entry is of this kind."),
    "weak-password": N_("Take at least 12 characters, not your name, and not the same few again and again."),
    "wrong-code": N_("This is not the code of this moment. Check the clock of your device and type the next one."),
    # what is not there
    "not-found": N_("There is nothing of this name here."),
    "no-account": N_("There is no such account."),
    "no-agency": N_("There is no such office."),
    "no-hook": N_("There is no such hook."),
    "no-token": N_("There is no such token."),
    "no-version": N_("There is no such version."),
    "no-registry": N_("No list of agencies had been adopted then."),
    "no-report": N_("Nothing was reported yet: there is no receipt."),
    "no-store": N_("There is no store here yet: ask whoever runs the tracker."),
    "no-key": N_("This ledger has no key yet: ask whoever runs the tracker."),
    "no-keyfile": N_("A file of keys is missing: ask whoever runs the tracker."),
    "dead-link": N_("This link does not work, or no longer."),
    # what is so already, or no longer
    "account-exists": N_("There is an account of this name already."),
    "linked": N_("Another account comes in by this sign-on already."),
    "disabled": N_("This account is disabled."),
    "not-disabled": N_("This account is not disabled."),
    "revoked": N_("This token is revoked already."),
    "event-known": N_("This event is recorded already."),
    "hook-known": N_("This address is told of the same already."),
    "too-many-hooks": N_("There are too many hooks already: remove one first."),
    "id-taken": N_("This id was another task’s before: choose another."),
    "changed": N_("It was changed since you looked at it: look again, then decide."),
    "session-over": N_("This session is over: log in again."),
    # what cannot be done here, or not now
    "oneself": N_("Nobody does this to their own account: ask another who looks after accounts."),
    "not-you": N_("The name, the password or the code is not right."),
    "sign-on": N_("The single sign-on did not work. Please try again, or log in with a password."),
    "too-often": N_("That was wrong too often. Please wait a little, then try again."),
    "bad-directive": N_("A text with mistakes cannot be applied."),
    "not-issued": N_("It is issued on a later day: it can be applied on that day."),
    "folder-kept": N_("The folder of the directives is kept elsewhere: hand the file in there."),
    "cycle": N_("These tasks wait for each other."),
    "live-clock": N_("A live store reads its own clock."),
    "on-hold": N_("Nothing is sent: the store is on hold. Ask whoever runs the tracker."),
    "busy": N_("This is being done for somebody already. Please try again in a minute."),
    "database-away": N_("The database is away or busy. Please try again in a minute."),
    "in-doubt": N_(
        "The connection was lost while this was being recorded: look whether it was, before you do it again."
    ),
    "too-many-rows": N_("So many rows do not fit into one sheet: narrow the filter, or take the CSV file."),
    "too-many-to-foretell": N_("There are too many tasks to foretell while you wait."),
    "broken": N_("What is kept here does not hold. Tell whoever runs the tracker at once."),
    "broken-document": N_("A document kept here cannot be read. Tell whoever runs the tracker."),
    "broken-secret": N_("A secret kept here cannot be opened. Tell whoever runs the tracker."),
    "other-secret-key": N_("A secret kept here cannot be opened. Tell whoever runs the tracker."),
    "failed": N_("This cannot be done."),
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


# between whose quotes stands a word of the machine's own
NAMELESS = frozenset({"no-reason", "refused"})
# a word a person wrote, or a name: the domain puts it between quotes
_QUOTED = re.compile(r"(?<!\w)'([^'\n]{1,120})'(?!\w)")
# commands and settings stand between quotes too, and are for the terminal
_OURS = ("tracker ", "chmod ", "TRACKER_")


def why_not(error: TrackerError, language: str) -> str:
    """Return a refusal as a sentence for its reader, with the words it is about.

    >>> why_not(TrackerError("there is no account 'foo'", code="no-account"), "en")
    'There is no such account: “foo”.'
    """
    sentence = "" if error.code in NAMELESS else str(error)
    return told(SENTENCES.get(error.code, SENTENCES["failed"]), sentence, language)


def told(said: str, sentence: str, language: str) -> str:
    """Return what is said of a sentence of the domain in a language, with the words between its quotes."""
    words = catalogue(language)
    names = [name for name in dict.fromkeys(_QUOTED.findall(sentence)) if not name.startswith(_OURS)]
    if not names:
        return words.gettext(said)
    listed = words.gettext("”, “").join(names)
    return words.gettext("{sentence}: “{named}”.").format(sentence=words.gettext(said).rstrip(". "), named=listed)


def problems_of(error: TrackerError, language: str, fields: frozenset[str]) -> dict[str, str]:
    """Return a refusal as the problem of the form's field that it is about, else of the whole form."""
    name = FIELDS.get(error.code, "")
    return {name if name in fields else "": why_not(error, language)}
