"""Mistakes in the text of a directive, in the reader's language: for each code what is wrong, and what to do.

In English a finding speaks for itself, with every detail. In another language the sentence of its code is said,
with the names and days that the finding is about.
"""

import re
from collections.abc import Mapping
from datetime import date

from tracker.domain.finding import Finding
from tracker.notify.tongue import day
from tracker.web.refusals import told
from tracker.web.tokens import N_

_DATED = re.compile(r"(?<![\w'-])(\d{4}-\d\d-\d\d)(?![\w'-])")
_WRITE = N_("Write the value, or delete the key.")
_ONE = N_("Keep one of them.")
_CHECK_DATES = N_("Check both days.")

MISTAKES: Mapping[str, tuple[str, str]] = {
    # the file
    "yaml-syntax": (N_("This cannot be read as YAML."), N_("Check quotes, brackets and indentation here.")),
    "not-utf8": (N_("From here on the text is not UTF-8."), N_("Save the file as UTF-8.")),
    "not-nfc": (N_("Letters and accents stand apart here."), N_("Save the file in Unicode form NFC.")),
    "too-many-marks": (N_("Too many accents stand upon one letter."), N_("Write the letter with its own.")),
    "control-character": (N_("This character is not allowed."), N_("Delete it.")),
    "tab": (N_("A tab stands where YAML needs spaces."), N_("Indent with spaces.")),
    "tag": (N_("Tags are not read."), N_("Delete it.")),
    "alias": (N_("Anchors and aliases are not read."), N_("Write the value out.")),
    "merge-key": (N_("Merged keys (<<) are not read."), N_("Write the keys out.")),
    "several-documents": (N_("A second document starts here."), N_("Give each directive a file of its own.")),
    "empty-file": (N_("The text is empty."), N_("Write the directive.")),
    "too-large": (N_("The text is too large."), N_("Split it.")),
    "too-deep": (N_("Lists and keys are nested too deep."), N_("Close the brackets before.")),
    # keys and values
    "unknown-key": (N_("This key is not known here."), N_("Correct or delete it.")),
    "missing-key": (N_("A key is missing."), N_("Add it.")),
    "missing-language": (N_("A language is missing."), N_("Write the text in Vietnamese, English and French.")),
    "duplicate-key": (N_("This key stands here twice."), N_("Rename or delete one of the two.")),
    "duplicate-item": (N_("This stands here twice."), N_("Delete one of the two.")),
    "empty-value": (N_("The value is empty."), _WRITE),
    "wrong-type": (N_("A value of another form is needed here."), N_("Write a text, a list or keys, as needed here.")),
    "line-break": (N_("The text must stand on one line."), N_("Write it without line breaks and tabs.")),
    "bad-choice": (N_("This word may not stand here."), N_("Write one of the words offered here.")),
    "bad-id": (N_("This is no name of the form needed here."), N_("Write small letters, digits and hyphens.")),
    "bad-file": (N_("This is no name of a file."), N_("Write the name without a folder.")),
    "bad-number": (N_("This is no number of the form needed here."), N_("Write it as printed, or digits only.")),
    "bad-date": (N_("This is no day, month or year."), N_("Write for example 2025-08-31.")),
    "bad-time": (N_("This is no time of day."), N_('Write for example "08:00".')),
    "bad-span": (N_("This is no length of time."), N_("Write for example 30 days or 20 working days.")),
    "bad-rrule": (N_("This is no rule of recurrence."), N_("Write for example FREQ=MONTHLY;BYMONTHDAY=25.")),
    "bad-sha256": (N_("This is no SHA-256."), N_("Write its 64 digits 0-9 a-f in small letters.")),
    # who
    "no-owner": (N_("Nobody answers for this task."), N_("Name the lead, or who each owes it.")),
    "several-leads": (N_("A task has one lead."), N_("Keep one, and let the others cooperate.")),
    "lead-and-for-each": (N_("A task has one of lead, for_each and any_of."), _ONE),
    "any-of-one": (N_("One agency alone leaves no choice."), N_("Write it as the lead, or name another.")),
    "unknown-agency": (N_("The registry has no such agency."), N_("Write its code as in the list of agencies.")),
    "unknown-set": (N_("The registry has no such set of agencies."), N_("Name a set, or a list of agencies.")),
    "unknown-ladder": (N_("The registry has no such ladder of reminders."), N_("Write standard, or none.")),
    "agency-not-valid": (N_("This agency does not exist on the day of issue."), N_("Name the agency of that day.")),
    "needless-exempt": (N_("Who is exempt here would not be asked anyway."), N_("Delete it, or name who is meant.")),
    "not-below": (N_("No agency of this set stands below those named."), N_("Name a set that stands below them.")),
    "too-many-to-complete": (N_("More are to complete it than owe it."), N_("Write a smaller number, or all.")),
    "agencies-concerned": (N_("This names nobody, and is left out."), N_("Name them when you know them.")),
    # when
    "no-deadline": (N_("The task has no deadline."), N_("Add one, or a day to look at it again.")),
    "no-deadline-rule": (N_("The deadline has no rule."), N_("Write one of before, by, in, within or review.")),
    "several-deadline-rules": (N_("The deadline has two rules."), _ONE),
    "unread-deadline": (N_("This deadline cannot be understood."), N_("Write for example 31/8/2025.")),
    "skips-months": (
        N_("Months without this day are left out."),
        N_("Choose a day every month has, if all are meant."),
    ),
    "window-backwards": (N_("The window ends before it begins."), N_("Write the earlier day first.")),
    "deadline-before-issue": (N_("The last day lies before the day of issue."), _CHECK_DATES),
    "same-alternative": (N_("The other reading has the same last day."), N_("Delete it, or write the other day.")),
    "need-due-later": (N_("What it waits for is due later than the task itself."), _CHECK_DATES),
    "chain-due-later": (N_("The tasks it waits for may take longer than the task itself."), _CHECK_DATES),
    "chain-too-long": (
        N_("These tasks one after the other take longer than there is time."),
        N_("Move the deadline, shorten the work, or let tasks run side by side."),
    ),
    "due-on-day-off": (
        N_("The last day is a day off, and a written date does not move."),
        N_("Write the working day before, if that is meant."),
    ),
    "busy-week": (N_("Many tasks of one agency are due in one week."), N_("Spread the deadlines.")),
    # what it waits for, and other documents
    "unknown-task": (N_("There is no such task."), N_("Write the id of a task, or year/number/id.")),
    "unknown-directive": (N_("There is no such directive."), N_("Write its year and number: 2025/412-tb-vpcp.")),
    "unknown-source": (N_("This directive has no such source."), N_("Name a source that it has.")),
    "needs-itself": (N_("The task waits for itself."), N_("Delete this need.")),
    "needs-untracked": (
        N_("What it waits for is not tracked, and never counts as completed."),
        N_("Delete this need."),
    ),
    "cycle": (N_("These tasks wait for each other."), N_("Delete one of these needs.")),
    "points-at-itself": (N_("It is related to itself."), N_("Name another.")),
    "no-relation": (N_("No word says how the two documents are related."), N_("Write for example amends or replaces.")),
    "several-relations": (N_("A relation has one word."), N_("Make it an item of its own.")),
    "duplicate-directive": (N_("This directive stands in two files."), N_("Delete one of the two.")),
    "file-name": (N_("The file has another name than its directive."), N_("Move the file.")),
    "no-tasks": (N_("The directive has no tasks."), N_("Add them.")),
    # how it is written
    "six-clears": (N_("Not every task says who, what and when."), N_("See below which, and what they lack.")),
    "not-clear": (N_("The task is not clear."), N_("Say it in the text, or keep it on purpose.")),
    "translations-differ": (
        N_("The titles in three languages do not say the same figures."),
        N_("Make them say the same numbers and days."),
    ),
    "not-translated": (N_("The title is the same in two languages."), N_("Translate it.")),
    "ordered-twice": (N_("Another task orders the same."), N_("Say that it restates it, or tell the two apart.")),
    "restated-otherwise": (
        N_("It restates another task, but differs from it."),
        N_("Say which one holds: amend the other, or write the same."),
    ),
    # a table
    "no-table-head": (N_("No row names the columns."), N_("Name the columns of tasks and of lead agencies.")),
    "no-rows": (N_("No task stands below the head."), N_("Check which sheet is meant.")),
    "no-task": (N_("The row has no task."), N_("Write it, or empty the row.")),
    "heading-row": (N_("The row has no lead agency: it is taken as a heading."), N_("Check it.")),
    "one-language": (N_("The titles stand in one language three times."), N_("Translate them.")),
    "formula": (N_("The cell is computed."), N_("Write the value itself.")),
}


def mistake(finding: Finding, language: str) -> tuple[str, str]:
    """Return what is wrong and what to do, as sentences for a reader.

    >>> from tracker.domain.finding import Place
    >>> mistake(Finding(Place("a.yaml", 2), "unknown-key", "'taks' is no key here", "did you mean 'tasks'?"), "en")
    ("'taks' is no key here", "did you mean 'tasks'?")
    """
    known = MISTAKES.get(finding.code)
    if language == "en" or known is None:
        return finding.sentence, finding.remedy
    sentence, remedy = known
    return told(sentence, _dated(finding.sentence, language), language), told(remedy, finding.remedy, language)


def _dated(sentence: str, language: str) -> str:
    """Return a sentence whose days are names too, as they are written in a language."""
    return _DATED.sub(lambda found: f"'{day(date.fromisoformat(found[1]), language)}'", sentence)
