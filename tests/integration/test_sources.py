"""The texts a directive was read from: what each sentence became, and words only from the very file that was read."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from tests.builders import a_directive, a_task
from tracker.domain.coverage import fingerprint
from tracker.domain.directive import Directive, Locator, Source
from tracker.operations.sources import SourceText, source_texts
from tracker.settings import Settings

TEXT = "Ministries report by August. The rest is praise.\nProvinces build roads."
FIRST, SECOND, THIRD = "Ministries report by August.", "The rest is praise.", "Provinces build roads."
DIGEST = hashlib.sha256(TEXT.encode()).hexdigest()
BOOK = f"""\
records: []
sources:
  article:
    file: article.txt
    language: en
    sha256: {DIGEST}
    sentences:
      2: {{sha256: {fingerprint(SECOND)}, context: "Praise."}}
"""


@pytest.fixture
def directive() -> Directive:
    def at(number: int, sentence: str) -> Locator:
        return Locator(source="article", sentence=number, sha256=fingerprint(sentence))

    return a_directive(
        a_task("report", source=at(1, FIRST)),
        a_task("roads", lead="BTC", source=at(3, THIRD)),
        sources=(Source(id="article", file="article.txt", language="en", sha256=DIGEST),),
    )


def read(directive: Directive, folder: Path, **changes: str) -> SourceText:
    (found,) = source_texts(directive, Settings(directives=str(folder), **changes))
    return found


def test_without_a_folder_places_and_fingerprints_are_shown_and_no_words(directive: Directive, tmp_path: Path) -> None:
    found = read(directive, tmp_path)
    assert (found.state, found.accounted) == ("unset", False)
    assert [(one.number, one.words, one.tasks) for one in found.sentences] == [
        (1, None, ("report",)),
        (3, None, ("roads",)),
    ]


def test_words_come_from_the_file_that_was_read(directive: Directive, tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_text(TEXT, encoding="utf-8")
    (tmp_path / "coverage.yaml").write_text(BOOK, encoding="utf-8")
    found = read(directive, tmp_path, sources=str(tmp_path))
    assert (found.state, found.accounted) == ("shown", True)
    assert [(one.number, one.words, one.context) for one in found.sentences] == [
        (1, FIRST, None),
        (2, SECOND, "Praise."),
        (3, THIRD, None),
    ]


@pytest.mark.parametrize(("content", "state"), [(TEXT + " ", "other"), (None, "absent")])
def test_another_text_of_that_name_is_never_shown(
    directive: Directive, tmp_path: Path, content: str | None, state: str
) -> None:
    if content is not None:
        (tmp_path / "article.txt").write_text(content, encoding="utf-8")
    found = read(directive, tmp_path, sources=str(tmp_path))
    assert found.state == state
    assert not any(one.words for one in found.sentences)


@pytest.mark.parametrize("name", ["../article.txt", "/etc/passwd", "a/b.txt"])
def test_a_name_never_leads_out_of_the_folder(directive: Directive, tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "article.txt").write_text(TEXT, encoding="utf-8")
    odd = replace(directive, sources=(replace(directive.sources[0], file=name),))
    assert read(odd, tmp_path, sources=str(tmp_path / "in")).state == "absent"


def test_a_sentence_that_reads_otherwise_now_is_not_shown(directive: Directive, tmp_path: Path) -> None:
    (tmp_path / "article.txt").write_text(TEXT, encoding="utf-8")
    odd = replace(directive.tasks[0], source=Locator(source="article", sentence=1, sha256="0" * 64))
    found = read(replace(directive, tasks=(odd, directive.tasks[1])), tmp_path, sources=str(tmp_path))
    assert [one.words for one in found.sentences] == [None, THIRD]
