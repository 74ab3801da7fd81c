"""Every code that a page or the API can answer has a sentence, and every mistake in a draft one and what to do."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import tracker
from tracker.domain.errors import Invalid, NotFound
from tracker.domain.finding import Finding, Place
from tracker.web.api.problems import KINDS, said_of
from tracker.web.mistakes import MISTAKES, mistake
from tracker.web.refusals import SENTENCES, why_not

ROOT = Path(tracker.__file__).parent
CLASSES = {"NotFound": "not-found", "Refused": "refused", "Conflict": "conflict", "Invalid": "invalid",
           "Broken": "broken", "TryLater": "try-later"}  # fmt: skip
# what only a terminal answers: a store that is set up, copied, sealed, settled again; and what a page words itself
TERMINAL = {
    *("bad-export", "bad-file", "bad-folder", "bad-place", "bad-rrule", "bad-setting", "canary", "does-not-add-up"),
    *("export-exists", "file-exists", "key-exists", "layout-changes-meaning", "moved-twice", "no-copy", "no-journal"),
    *("no-movement", "no-place", "no-program", "no-share", "not-empty", "not-on-hold", "open-keyfile", "rehearsal"),
    *("not-a-rehearsal", "store-exists", "witness-known", "wrong-key"),
}
# files that no draft of a directive is made of
OTHER_FILES = {"calendar", "coverage", "extensions", "figures", "indicator_checks", "indicators", "ladders"}
OTHER_FILES |= {"observation", "registry", "rungs", "reader"}
SAYING = {"error", "warning", "_note", "_warn", "finding", "matching", "_read", "need"}


def _calls(paths: Iterator[Path]) -> Iterator[ast.Call]:
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                yield node


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def _codes() -> set[str]:
    rooms = (path for path in ROOT.rglob("*.py") if path.relative_to(ROOT).parts[0] not in ("cli", "terminal"))
    found = set()
    for call in _calls(rooms):
        if _name(call) in CLASSES:
            said = [word.value for word in call.keywords if word.arg == "code"]
            found |= {one.value for one in said if isinstance(one, ast.Constant)} if said else {CLASSES[_name(call)]}
    return found


def test_every_refusal_that_a_page_can_show_has_a_sentence() -> None:
    assert len(_codes()) > 100
    assert _codes() - set(SENTENCES) - set(KINDS) - TERMINAL == set()
    assert _codes() & TERMINAL == TERMINAL


def test_every_mistake_in_a_draft_has_a_sentence() -> None:
    files = [path for path in (ROOT / "files").glob("*.py") if path.stem not in OTHER_FILES]
    found = set()
    for call in _calls(iter(files)):
        if _name(call) in SAYING:
            said = [*call.args[:5], *(word.value for word in call.keywords if word.arg == "code")]
            words = [one.value for one in said if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            found |= {word for word in words if "-" in word and word.replace("-", "").isalpha() and word.islower()}
    assert len(found) > 50
    assert found - set(MISTAKES) == set()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "There is no such account: “foo”."),
        ("vi", "Không có tài khoản này: “foo”."),
        ("fr", "Ce compte n’existe pas\u00a0: «\u00a0foo\u00a0»."),
    ],
)
def test_a_refusal_names_what_it_is_about_in_each_language(language: str, said: str) -> None:
    assert why_not(NotFound("there is no account 'foo'", code="no-account"), language) == said


def test_commands_of_the_terminal_are_not_told_to_who_reads_a_page() -> None:
    error = NotFound("no registry has been adopted yet: run 'tracker directive apply directives'", code="no-registry")
    assert "tracker" not in why_not(error, "vi")


def test_a_problem_of_the_api_says_its_detail_in_the_language_of_the_answer() -> None:
    said = said_of(Invalid("'32' is no day", code="bad-day"))
    told = {language: said.document("", language, "/x")["detail"] for language in ("en", "vi", "fr")}
    assert told["en"] == "'32' is no day"
    assert told["vi"] == "Đây không phải là ngày hợp lệ, hãy ghi dạng 31/12/2025: “32”."
    assert told["fr"].endswith("«\u00a032\u00a0».")


def test_a_mistake_is_said_with_its_names_and_days() -> None:
    sentence = "the last day, 2025-08-01, lies before the day of issue, 2025-08-11"
    found = Finding(Place("a.yaml", 3), "deadline-before-issue", sentence, "check both dates")
    assert mistake(found, "en") == (sentence, "check both dates")
    assert mistake(found, "vi")[0] == "Hạn cuối trước ngày ban hành: “01/08/2025”, “11/08/2025”."
