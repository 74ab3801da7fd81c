"""Every sentence exists in every language, and says the same things."""

import re
import string
from datetime import date, time
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import tracker.notify
from tracker.notify import reasons
from tracker.notify.notice import LANGUAGES
from tracker.notify.tongue import LOCALE, catalogue, clock, day, weekday

ROOM = Path(tracker.notify.__file__).parent
TRANSLATED = ("vi", "fr")
DAY = date(2025, 9, 1)
VALUES: dict[str, reasons.Value] = {
    "last_day": DAY, "days": 3, "count": 2, "first": "Legal review", "review_day": DAY, "day": DAY,
    "missing": "the signed report", "why": "discontinued",
}  # fmt: skip


def _written() -> dict[str, str | tuple[str, ...]]:
    """Return the messages that the room's code asks for, by their first form."""
    found = extract_from_dir(str(ROOM), [("**.py", "python"), ("**/templates/**", "jinja2")])
    return {words if isinstance(words, str) else words[0]: words for _, _, words, _, _ in found}


def _catalogue(language: str) -> Catalog:
    with (LOCALE / language / "LC_MESSAGES" / "tracker.po").open("rb") as source:
        return read_po(source, locale=language)


def _translated(known: Catalog, first: str, words: str | tuple[str, ...]) -> bool:
    """Return whether a message has a translation for each number the language tells apart."""
    message = known.get(first)
    if message is None or message.fuzzy:
        return False
    if isinstance(words, str):
        return isinstance(message.string, str) and bool(message.string)
    return message.id == words and len(message.string) == known.num_plurals and all(message.string)


def _names(text: str) -> set[str]:
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
def test_a_translation_names_the_same_values(language: str) -> None:
    for message in _catalogue(language):
        if not message.id:
            continue
        asked = _names(message.id[-1] if message.pluralizable else message.id)
        for form in message.string if message.pluralizable else (message.string,):
            assert _names(form) <= asked, form
        assert _names(message.string[-1] if message.pluralizable else message.string) == asked


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", reasons.CODES)
def test_every_reason_is_one_sentence_in_every_language(code: str, language: str) -> None:
    said = reasons.sentence(code, VALUES, language)
    assert said.endswith(".")
    assert not re.search(r"[{}–]", said)
    assert language == "en" or said != reasons.sentence(code, VALUES, "en")


@pytest.mark.parametrize(
    ("code", "values", "english", "vietnamese", "french"),
    [
        ("due_soon", {"days": 0}, "No working day is left.", "Không còn ngày làm việc nào trước khi hết hạn.",
         "Il ne reste aucun jour ouvré."),
        ("due_soon", {"days": 1}, "1 working day is left.", "Còn 1 ngày làm việc là đến hạn.",
         "Il reste 1 jour ouvré."),
        ("due_soon", {"days": 2}, "2 working days are left.", "Còn 2 ngày làm việc là đến hạn.",
         "Il reste 2 jours ouvrés."),
        ("overdue", {"days": 1, "last_day": DAY}, "The task is 1 day late; its last day was 1 September 2025.",
         "Nhiệm vụ đã quá hạn 1 ngày; hạn cuối là ngày 01/09/2025.",
         "La mesure a 1 jour de retard\u00a0; son dernier jour était le 1er septembre 2025."),
        ("waiting", {"count": 1, "first": "A"}, "The task waits for another: A.",
         "Nhiệm vụ đang chờ 1 nhiệm vụ khác, trước hết là: A.", "La mesure en attend une autre\u00a0: A."),
        ("closed_out", {"why": "merged with 268"}, "The task is closed: merged with 268.",
         "Nhiệm vụ đã kết thúc theo dõi: merged with 268.", "La mesure est close\u00a0: merged with 268."),
    ],
)  # fmt: skip
def test_a_reason_agrees_with_its_number(
    code: str, values: dict[str, reasons.Value], english: str, vietnamese: str, french: str
) -> None:
    said = tuple(reasons.sentence(code, values, language) for language in ("en", "vi", "fr"))
    assert said == (english, vietnamese, french)


def test_a_value_nobody_gave_is_a_dash_not_a_lost_mail() -> None:
    assert reasons.sentence("submitted", {}, "en") == "The result was reported on – and awaits review."


def test_a_reason_without_a_sentence_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no sentence is written for the reason 'lost'"):
        reasons.sentence("lost", {}, "en")


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
