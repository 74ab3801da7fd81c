"""What the pages say, in the reader's language, and how they are laid out.

The rows of a task are those of its mail, from the same sheet; a page only adds what can be done here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from tracker.domain.link import Action
from tracker.notify.content import Sheet, sheet
from tracker.notify.notice import LANGUAGES, Notice, cleaned
from tracker.notify.tongue import catalogue, instant, weekday
from tracker.operations.acting import Receipt, Sight

NAMES = {"vi": "Tiếng Việt", "en": "English", "fr": "Français"}
GLYPHS = {"before": "◔", "due": "◑", "overdue": "▲", "review": "○"}
_TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Fact:
    """A label with what stands beside it, line by line."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """A language the page can be read in, by its own name."""

    code: str
    name: str
    url: str
    here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A day reminders may be put off to."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One thing that can be done: what it means, what is sent, and its button."""

    action: str
    title: str
    means: str
    button: str
    token: str
    stamp: str
    main: bool
    question: str = ""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Slip:
    """A receipt, to be kept or printed."""

    title: str
    said: str
    rows: tuple[Fact, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPage:
    """The page behind a link, in reading order; every text is plain and on one line."""

    sheet: Sheet
    rows: tuple[Fact, ...]
    glyph: str
    title: str
    addressed: str
    tongues: tuple[Tongue, ...]
    languages: str
    warning: str | None
    slip: Slip | None
    forms: tuple[Form, ...]
    closed: str | None
    login_title: str
    login: str
    url: str
    contact: str
    footer: tuple[str, ...]


def task_page(sight: Sight, *, here: str, stamp: Callable[[str], str], refused: str | None = None) -> str:
    """Return the page of a link as HTML; `stamp` gives what a form carries beside its token."""
    notice = cleaned(sight.notice)
    words, page = catalogue(notice.language), sheet(notice)
    return _template("task.html").render(
        page=TaskPage(
            sheet=page,
            # the title is the heading already
            rows=tuple(Fact(row.label, row.lines) for row in page.rows if row.lines != (notice.task_title,)),
            glyph=GLYPHS[page.stage],
            title=notice.task_title,
            addressed=words.gettext("For: {reader}").format(reader=notice.recipient_name or notice.agency_name),
            tongues=tuple(
                Tongue(code=code, name=NAMES[code], url=f"/l/{here}?lang={code}", here=code == notice.language)
                for code in LANGUAGES
            ),
            languages=words.gettext("Language"),
            warning=_warning(refused, notice.language),
            slip=_slip(sight.receipt, notice) if sight.receipt else None,
            forms=_forms(sight, notice.language, stamp),
            closed=None
            if sight.tokens or sight.receipt
            else words.gettext("Nothing is left to do here: see the standing above."),
            login_title=words.gettext("With a login"),
            login=words.gettext(
                "To report the result, to ask for more time or to say that the task is not yours, log in here:"
            ),
            url=notice.url,
            contact=words.gettext("Contact: {contact}").format(contact=notice.contact) if notice.contact else "",
            footer=_footer(notice),
        )
    )


def problem_page(what: str) -> str:
    """Return the page of a trouble in every language: who reads it is not known.

    `dead`: a link that does not work; `stale`: a form that did not come from a page of ours; `often`: too
    many requests; `later`: something is away.
    """
    told = [(code, *_problem(what, code)) for code in LANGUAGES]
    return _template("problem.html").render(told=told, title=" · ".join(title for _, title, _ in told))


def _problem(what: str, language: str) -> tuple[str, str]:
    words = catalogue(language)
    return {
        "dead": (
            words.gettext("This link does not work"),
            words.gettext(
                "It may be incomplete or too old, or the task has another date or another office by now. "
                "Please use the link in the latest mail about the task, or log in."
            ),
        ),
        "stale": (
            words.gettext("Nothing was recorded"),
            words.gettext("This page was open for too long. Please open the link in the mail again."),
        ),
        "often": (
            words.gettext("Too many requests"),
            words.gettext("Please wait a little, then try again."),
        ),
        "later": (
            words.gettext("Not possible at the moment"),
            words.gettext("Nothing was recorded. Please try again in a few minutes."),
        ),
    }[what]


def _warning(refused: str | None, language: str) -> str | None:
    words = catalogue(language)
    match refused:
        case None:
            return None
        case "bad-snooze" | "no-snooze":
            return words.gettext("Nothing was recorded: this day can no longer be chosen.")
    return words.gettext("Nothing was recorded: this can no longer be done.")


def _closed(sight: Sight, language: str) -> str | None:
    if sight.tokens or sight.receipt:
        return None
    return catalogue(language).gettext("Nothing is left to do here: see the standing above.")


def _forms(sight: Sight, language: str, stamp: Callable[[str], str]) -> tuple[Form, ...]:
    """Return what can still be done, what the link is for first; what it already did is a receipt."""
    done = set(Action) if sight.receipt and sight.receipt.until else {sight.link.action} if sight.receipt else set()
    acts = sorted((action for action in sight.tokens if action not in done), key=lambda one: one != sight.link.action)
    return tuple(_form(sight, action, language, stamp(sight.tokens[action])) for action in acts)


def _form(sight: Sight, action: Action, language: str, stamp: str) -> Form:
    words = catalogue(language)
    main = action == sight.link.action
    token = sight.tokens[action]
    if action == Action.ACKNOWLEDGE:
        return Form(
            action=str(action),
            title=words.gettext("Taken note"),
            means=words.gettext(
                "Records that your office has taken note. It does not report the task done, and reminders go on."
            ),
            button=words.gettext("Acknowledge"),
            token=token,
            stamp=stamp,
            main=main,
        )
    return Form(
        action=str(action),
        title=words.gettext("Remind me later"),
        means=words.gettext("Records that your office has taken note. The deadline stays as it is."),
        button=words.gettext("Remind me later"),
        token=token,
        stamp=stamp,
        main=main,
        question=words.gettext("No reminder up to the end of:"),
        choices=tuple(Choice(value=day.isoformat(), label=weekday(day, language)) for day in sight.offered),
    )


def _slip(receipt: Receipt, notice: Notice) -> Slip:
    words, language = catalogue(notice.language), notice.language
    said = words.gettext("Recorded: noted by {reader}.")
    if receipt.until:
        said = words.gettext("Recorded: noted by {reader}, with no reminder up to the end of {day}.")
    reader = notice.recipient_name or notice.agency_name
    until = weekday(receipt.until, language) if receipt.until else ""
    return Slip(
        title=words.gettext("Receipt no. {number}").format(number=receipt.seq),
        said=said.format(reader=reader, day=until),
        rows=(
            Fact(words.gettext("Server time"), (instant(receipt.recorded_at, notice.zone, language),)),
            Fact(words.gettext("Task"), (notice.assignment,)),
            Fact(words.gettext("Ledger position"), (f"({receipt.seq}, {receipt.hash})",)),
            Fact(words.gettext("Assurance"), (words.gettext("by a link in a mail, without a login"),)),
        ),
    )


def _footer(notice: Notice) -> tuple[str, ...]:
    words = catalogue(notice.language)
    stamped = words.gettext("As of {instant}; ledger position ({seq}, {head}).").format(
        instant=instant(notice.as_of, notice.zone, notice.language), seq=notice.seq, head=notice.head[:16]
    )
    return (notice.office, stamped)


@lru_cache
def _template(name: str) -> Template:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)
