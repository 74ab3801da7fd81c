"""Every sentence exists in every language, and says the same things."""

import re
import string
from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import tracker.notify
import tracker.web
from tracker.domain.calendar import WEEKLY_DAY_OFF, Span, civil_time
from tracker.domain.lifecycle import TRANSITIONS
from tracker.domain.patterns import RULES
from tracker.domain.phrase import ENGLISH, Phrase, Value
from tracker.notify.kinds import KINDS, Kind
from tracker.notify.notice import LANGUAGES
from tracker.notify.reasons import sentence
from tracker.notify.tongue import catalogue, catalogue_files, clock, day, messages, weekday

ROOMS = [Path(room.__file__).parent for room in (tracker.notify, tracker.web)]
TRANSLATED = ("vi", "fr")
DAY = date(2025, 9, 1)
# what any phrase of the domain may name
VALUES: dict[str, Value] = {
    "last_day": DAY, "left": Span(3, "working days"), "late": Span(2, "days"), "span": Span(20, "days"), "count": 2,
    "first": "Legal review", "review_day": DAY, "touched_day": DAY, "day": DAY, "working": DAY, "minute": time(17),
    "opens_day": DAY, "agencies": "BNV, BTC", "start": DAY, "event": "shortage", "rule": "FREQ=MONTHLY;BYMONTHDAY=25",
    "missing": "the signed report", "why": WEEKLY_DAY_OFF,
    "late_from": civil_time("Asia/Ho_Chi_Minh", datetime(2025, 8, 31, 17, tzinfo=UTC)), "back": 28, "average": 1.5,
    "ref": "2025/1/duty/BNV", "times": 2, "old": DAY, "new": DAY, "actor": "secretariat:le", "days": 3,
    "moment": civil_time("Asia/Ho_Chi_Minh", datetime(2025, 8, 31, 17, tzinfo=UTC)), "key": "tracker/1", "seal": "x/1",
}  # fmt: skip


def _written() -> dict[str, str | tuple[str, ...]]:
    """Return the messages that the code of mails and pages asks for and that the domain says, by their first form."""
    patterns = [("**.py", "python"), ("**/templates/**", "jinja2")]
    found = [message for room in ROOMS for message in extract_from_dir(str(room), patterns)]
    ours = {words if isinstance(words, str) else words[0]: words for _, _, words, _, _ in found}
    channels = [words for kind in KINDS.values() for words in (kind.says, *_of_fields(kind))]
    said = (*ENGLISH.values(), *RULES.values(), *(transition.means for transition in TRANSITIONS), *channels)
    return {**ours, **{english: english for english in said}}


def _of_fields(kind: Kind) -> Iterator[str]:
    for field in kind.fields:
        yield from (field.name, field.says)


def _catalogue(language: str) -> Catalog:
    return messages(language)


def _translated(known: Catalog, first: str, words: str | tuple[str, ...]) -> bool:
    """Return whether a message has a translation for each number the language tells apart."""
    message = known.get(first)
    if message is None or message.fuzzy:
        return False
    if isinstance(words, str):
        return isinstance(message.string, str) and bool(message.string)
    return message.id == words and len(message.string) == known.num_plurals and all(message.string)


def _names(text: str) -> set[str]:
    """Return what a message leaves open: `{name}` in mails and modules, `%(name)s` in the templates of pages."""
    if found := set(re.findall(r"%\((\w+)\)s", text)):
        return found
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated(language: str) -> None:
    known = _catalogue(language)
    missing = [words for first, words in _written().items() if not _translated(known, first, words)]
    assert missing == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_left_over(language: str) -> None:
    known = _catalogue(language)
    ids = {message.id[0] if message.pluralizable else message.id for message in known if message.id}
    assert ids - set(_written()) == set()
    assert known.obsolete == {}


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_two_files_say_one_message_in_two_ways(language: str) -> None:
    said: dict[str, object] = {}
    for path in catalogue_files(language):
        with path.open("rb") as source:
            for message in read_po(source, locale=language):
                first = message.id[0] if message.pluralizable else message.id
                if first:
                    assert said.setdefault(first, message.string) == message.string, f"{path.name}: {first}"


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_names_the_same_values(language: str) -> None:
    for message in _catalogue(language):
        if not message.id:
            continue
        asked = _names(message.id[-1] if message.pluralizable else message.id)
        for form in message.string if message.pluralizable else (message.string,):
            assert _names(form) <= asked, form
        assert _names(message.string[-1] if message.pluralizable else message.string) == asked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ENGLISH)
def test_everything_the_domain_says_is_one_sentence_in_every_language(code: str, language: str) -> None:
    said = sentence(Phrase(code, VALUES), language)
    assert said.endswith(".")
    assert not said[0].islower()
    assert not re.search(r"[{}]|2025-", said)
    assert language == "en" or said != sentence(Phrase(code, VALUES), "en")


@pytest.mark.parametrize("code", ENGLISH)
def test_in_english_a_mail_says_what_the_terminal_says(code: str) -> None:
    phrase = Phrase(code, {name: value for name, value in VALUES.items() if not isinstance(value, date)})
    days = {name: "today" for name, value in VALUES.items() if isinstance(value, date)}
    phrase = Phrase(code, {**phrase.values, **days})
    assert sentence(phrase, "en").rstrip(".").lower() == str(phrase).lower()


@pytest.mark.parametrize(
    ("code", "values", "english", "vietnamese", "french"),
    [
        ("due_soon", {"last_day": DAY, "left": Span(1, "working days")},
         "Due soon: the last day is 1 September 2025, 1 working day left.",
         "Sắp đến hạn; hạn cuối là ngày 01/09/2025, còn 1 ngày làm việc.",
         "Échéance proche\u00a0; encore 1 jour ouvré, le dernier jour étant le 1er septembre 2025."),
        ("overdue", {"late": Span(2, "days"), "last_day": DAY},
         "Overdue by 2 days: the last day was 1 September 2025.",
         "Quá hạn 2 ngày; hạn cuối là ngày 01/09/2025.",
         "En retard de 2 jours\u00a0; le dernier jour était le 1er septembre 2025."),
        ("closed_out", {"why": "merged with 268."},
         "Closed without completion: merged with 268.",
         "Kết thúc theo dõi, không tính là hoàn thành: merged with 268.",
         "Close sans réalisation\u00a0: merged with 268."),
        ("late_from_day", {"late_from": civil_time("Asia/Ho_Chi_Minh", datetime(2025, 8, 31, 17, tzinfo=UTC))},
         "The last day ends at midnight: late from Monday 1 September 2025, 00:00 (Hanoi time).",
         "Ngày cuối cùng kết thúc lúc 24 giờ; tính là quá hạn kể từ 00:00, thứ Hai, 01/09/2025 (giờ Hà Nội).",
         "Le dernier jour s’achève à minuit\u00a0; la mesure est réputée en retard à compter du "
         "lundi 1er septembre 2025, 0 h (heure de Hanoï)."),
    ],
)  # fmt: skip
def test_a_phrase_is_said_in_each_language_with_its_values(
    code: str, values: dict[str, Value], english: str, vietnamese: str, french: str
) -> None:
    said = tuple(sentence(Phrase(code, values), language) for language in ("en", "vi", "fr"))
    assert said == (english, vietnamese, french)


@pytest.mark.parametrize("number", range(1, 13))
def test_only_the_first_of_a_month_is_an_ordinal_in_french(number: int) -> None:
    first, second = date(2026, number, 1), date(2026, number, 2)
    assert day(first, "fr").startswith("1er ")
    assert day(second, "fr").startswith("2 ")


def test_the_vietnamese_week_is_written_as_decrees_write_it() -> None:
    week = [weekday(date(2026, 11, 30 - back), "vi").partition(",")[0] for back in range(7)]
    assert week == ["thứ Hai", "Chủ nhật", "thứ Bảy", "thứ Sáu", "thứ Năm", "thứ Tư", "thứ Ba"]


def test_midnight_is_an_hour_like_any_other() -> None:
    assert [clock(time(0), language) for language in LANGUAGES] == ["00:00", "00:00", "0 h"]


def test_a_language_we_lack_reads_english() -> None:
    assert catalogue("xx").gettext("New task") == "New task"
    assert weekday(date(2026, 12, 1), "xx") == "Tuesday 1 December 2026"


def test_an_agency_is_called_one_thing_in_french() -> None:
    said = [
        form
        for message in _catalogue("fr")
        for form in ([message.string] if isinstance(message.string, str) else message.string)
    ]
    assert [form for form in said if re.search(r"\borganismes?\b", form, re.IGNORECASE)] == []
    assert _catalogue("fr").get("Agency").string == "Administration"
