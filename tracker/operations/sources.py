"""Sources: the texts a directive was read from, sentence by sentence, with what each became.

The store holds where a task was read and the sentence's fingerprint, never its words. Words are shown only from the
file itself, where the office keeps it in a folder (TRACKER_SOURCES) and it is the text that was read, byte for byte.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

from tracker.domain.coverage import Account, Book, Text, fingerprint, sentences
from tracker.domain.directive import Directive, Source
from tracker.files.coverage import MAX_TEXT_BYTES, read_coverage
from tracker.settings import Settings

# of a text: its words are shown; no folder is set; it is not there; another text has its name
Words = Literal["shown", "unset", "absent", "other"]
BOOK = "coverage.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One sentence: its fingerprint, its words where they may be shown, and what became of it.

    `tasks` are ids in this directive. `context` says why nothing became of it, `restates` which records it says again.
    """

    number: int
    sha256: str
    words: str | None
    tasks: tuple[str, ...]
    indicators: tuple[str, ...] = ()
    restates: tuple[str, ...] = ()
    context: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceText:
    """A text a directive was read from; `accounted`: the office accounts for every sentence, not only for ours."""

    id: str
    file: str
    language: str
    sha256: str
    state: Words
    accounted: bool
    sentences: tuple[Sentence, ...]


def source_texts(directive: Directive, settings: Settings) -> tuple[SourceText, ...]:
    """Return the texts a directive was read from, with what each sentence became."""
    book = _book(Path(settings.directives) / BOOK)
    folder = Path(settings.sources) if settings.sources else None
    return tuple(_text(source, directive, book, folder) for source in directive.sources)


def _text(source: Source, directive: Directive, book: Book, folder: Path | None) -> SourceText:
    state, words = _words(source, folder)
    account = _account(book.texts, source)
    accounts = {one.sentence: one for one in account.accounts} if account else {}
    tasks: dict[int, list[str]] = {}
    marks = {number: one.sha256 for number, one in accounts.items()}
    for task in directive.tasks:
        if task.source and task.source.source == source.id:
            tasks.setdefault(task.source.sentence, []).append(task.id)
            marks[task.source.sentence] = task.source.sha256
    return SourceText(
        id=source.id,
        file=source.file,
        language=source.language,
        sha256=source.sha256,
        state=state,
        accounted=account is not None,
        sentences=tuple(
            _sentence(number, mark, words, tasks, accounts.get(number)) for number, mark in sorted(marks.items())
        ),
    )


def _sentence(
    number: int, mark: str, words: Mapping[str, str], tasks: Mapping[int, list[str]], account: Account | None
) -> Sentence:
    return Sentence(
        number=number,
        sha256=mark,
        words=words.get(mark),
        tasks=tuple(sorted(tasks.get(number, ()))),
        indicators=account.indicators if account else (),
        restates=account.restates if account else (),
        context=account.context if account else None,
    )


def _account(texts: Iterable[Text], source: Source) -> Text | None:
    return next((text for text in texts if text.sha256 == source.sha256), None)


def _words(source: Source, folder: Path | None) -> tuple[Words, Mapping[str, str]]:
    """Return whether the words of a text may be shown, and its sentences by fingerprint."""
    if folder is None:
        return "unset", {}
    file = folder / source.file
    if Path(source.file).name != source.file or not file.is_file() or file.stat().st_size > MAX_TEXT_BYTES:
        return "absent", {}
    data = file.read_bytes()
    if sha256(data).hexdigest() != source.sha256:
        return "other", {}
    return "shown", {fingerprint(one): one for one in sentences(data.decode("utf-8-sig", "replace"))}


def _book(path: Path) -> Book:
    """Return the accounts of a folder; none where it has no such file."""
    try:
        found = path.stat()
    except OSError:
        return Book()
    return _read(path, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=2)
def _read(path: Path, changed: int, size: int) -> Book:
    # read again where it changed: `changed` and `size` are part of what is remembered
    return read_coverage(path)[0]
