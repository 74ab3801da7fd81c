"""Coverage: every sentence of the sources, and what became of it; every obligation, and where it went.

A text is accounted for sentence by sentence (`Account`); tasks and indicators say which sentence they were
read from (`Claim`). `cover` holds the two against each other: what does not agree is a finding with its remedy.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tracker.domain.finding import Finding, Place

_LINE_END = re.compile(r"\r\n|\r|\n")
_SENTENCE_END = re.compile(r"[.!?]\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What the books say of one sentence: nothing where tasks were made of it, else why not, or what it became."""

    sentence: int
    sha256: str
    place: Place
    context: str | None = None
    indicators: tuple[str, ...] = ()
    restates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A source text with the account of each of its sentences, in their order."""

    id: str
    file: str
    language: str
    sha256: str
    place: Place
    accounts: tuple[Account, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """An obligation that must have become a task."""

    record: str
    place: Place


@dataclass(frozen=True, slots=True)
class Book:
    """All accounts, and all obligations that are expected."""

    texts: tuple[Text, ...] = ()
    records: tuple[Expected, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A task or an indicator, the records it came from, and the sentence it says it was read from, if any."""

    kind: Literal["task", "indicator"]
    key: str
    records: tuple[str, ...]
    place: Place
    file: str | None = None
    file_sha256: str | None = None
    sentence: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Became:
    """A sentence with the tasks and indicators made of it."""

    account: Account
    tasks: tuple[Claim, ...]
    indicators: tuple[Claim, ...]

    @property
    def fate(self) -> Literal["tasks", "restates", "indicators", "context"] | None:
        """Return the first that holds; None for a sentence that nobody accounts for."""
        if self.tasks:
            return "tasks"
        if self.account.restates:
            return "restates"
        if self.account.context:
            return "context"
        return "indicators" if self.indicators else None


@dataclass(frozen=True, slots=True)
class Coverage:
    """What became of each sentence of each text, the tasks of each record, and what does not agree."""

    texts: tuple[tuple[Text, tuple[Became, ...]], ...]
    records: Mapping[str, tuple[Claim, ...]]
    expected: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def found(self) -> int:
        """Return how many of the expected records some task came from."""
        return sum(1 for record in self.expected if self.records.get(record))

    @property
    def sentences(self) -> tuple[Became, ...]:
        """Return the sentences of all texts."""
        return tuple(became for _, all_of_it in self.texts for became in all_of_it)

    @property
    def accounted(self) -> int:
        """Return how many sentences are accounted for."""
        return sum(1 for became in self.sentences if became.fate)


def sentences(text: str) -> tuple[str, ...]:
    r"""Return the sentences of a text, trimmed: a line is one or several, and empty lines are none.

    One ends at '.', '!' or '?' before white space and a capital letter, and at the end of a line.

    >>> sentences("Under No. 2179, act. Report! Ông Đặng\n\n  the end. ")
    ('Under No. 2179, act.', 'Report!', 'Ông Đặng', 'the end.')
    """
    return tuple(piece for line in _LINE_END.split(text) for piece in _pieces(line))


def _pieces(line: str) -> Iterator[str]:
    start = 0
    for match in _SENTENCE_END.finditer(line):
        if line[match.end() : match.end() + 1].isupper():
            yield line[start : match.end()].strip()
            start = match.end()
    if rest := line[start:].strip():
        yield rest


def fingerprint(sentence: str) -> str:
    """Return the SHA-256 of a sentence's UTF-8 bytes, in hex."""
    return hashlib.sha256(sentence.encode()).hexdigest()


def cover(book: Book, claims: Sequence[Claim]) -> Coverage:
    """Return what became of every sentence and record, with a finding for all that does not agree."""
    texts = {text.file: text for text in book.texts}
    made: dict[tuple[str, int], list[Claim]] = defaultdict(list)
    for claim in claims:
        if claim.file is not None and claim.sentence is not None:
            made[claim.file, claim.sentence].append(claim)
    covered = tuple((text, tuple(_became(text, account, made) for account in text.accounts)) for text in book.texts)
    records: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        for record in claim.records:
            records[record].append(claim)
    findings = [
        *(finding for claim in claims for finding in _check_claim(claim, texts.get(claim.file or ""))),
        *(finding for text, all_of_it in covered for finding in _check_text(text, all_of_it)),
        *_check_records(book, claims),
    ]
    return Coverage(
        texts=covered,
        records={record: tuple(some) for record, some in sorted(records.items())},
        expected=tuple(one.record for one in book.records),
        findings=tuple(sorted(set(findings))),
    )


def _became(text: Text, account: Account, made: Mapping[tuple[str, int], Sequence[Claim]]) -> Became:
    here = made.get((text.file, account.sentence), ())
    return Became(
        account,
        tuple(sorted((one for one in here if one.kind == "task"), key=lambda one: one.key)),
        tuple(sorted({one.key: one for one in here if one.kind == "indicator"}.values(), key=lambda one: one.key)),
    )


def _check_claim(claim: Claim, text: Text | None) -> Iterator[Finding]:
    """Yield what is wrong with the place a task or an indicator says it was read from."""
    if claim.file is None:
        return
    if text is None:
        sentence = f"'{claim.key}' was read from {claim.file}, of which no account is kept"
        yield Finding(claim.place, "unknown-text", sentence, "add the text to coverage.yaml, all its sentences")
        return
    if claim.file_sha256 != text.sha256:
        sentence = f"'{claim.key}' was read from {text.file} with another fingerprint than the account has"
        yield Finding(
            claim.place, "wrong-fingerprint", sentence, "compare both with the text: one is of another version"
        )
    account = next((one for one in text.accounts if one.sentence == claim.sentence), None)
    if account is None:
        sentence = f"'{claim.key}' was read from sentence {claim.sentence} of {text.file}, which is not there"
        yield Finding(
            claim.place, "unknown-sentence", sentence, "correct the number, or add the sentence to coverage.yaml"
        )
    elif claim.sha256 != account.sha256:
        sentence = f"the fingerprint of sentence {claim.sentence} in '{claim.key}' is not that of the account"
        yield Finding(claim.place, "wrong-fingerprint", sentence, "correct the number of the sentence or its sha256")


def _check_text(text: Text, all_of_it: Iterable[Became]) -> Iterator[Finding]:
    number = 0
    for became in all_of_it:
        account = became.account
        for missing in range(number + 1, account.sentence):
            sentence = f"sentence {missing} of {text.file} is left out"
            yield Finding(account.place, "unaccounted-sentence", sentence, "add it: sentences are counted from 1")
        number = account.sentence
        yield from _check_account(text, became)


def _check_account(text: Text, became: Became) -> Iterator[Finding]:
    account, named = became.account, f"sentence {became.account.sentence} of {text.file}"
    if became.fate is None:
        remedy = "make a task of it, or say in coverage.yaml why it is none: context: …"
        yield Finding(account.place, "unaccounted-sentence", f"nobody accounts for {named}", remedy)
    if became.tasks and (account.context or account.restates):
        word = "context" if account.context else "restates"
        sentence = f"{named} became '{became.tasks[0].key}', but is accounted for with '{word}'"
        yield Finding(account.place, "task-and-context", sentence, f"delete '{word}', or the task's source")
    read = {record for one in became.indicators for record in one.records}
    for record in account.indicators:
        if record not in read:
            sentence = f"no indicator with the record {record} was read from {named}"
            yield Finding(account.place, "unknown-indicator", sentence, "correct the record, or the indicator's source")


def _check_records(book: Book, claims: Sequence[Claim]) -> Iterator[Finding]:
    expected = {one.record for one in book.records}
    made = {record for claim in claims if claim.kind == "task" for record in claim.records}
    for one in book.records:
        if one.record not in made:
            remedy = f"write a task with record: {one.record}"
            yield Finding(one.place, "missing-record", f"no task comes from {one.record}", remedy)
    for claim in claims:
        for record in claim.records if claim.kind == "task" else ():
            if record not in expected:
                sentence = f"'{claim.key}' comes from {record}, which nobody expects"
                yield Finding(
                    claim.place, "unknown-record", sentence, "correct it, or add it to records in coverage.yaml"
                )
    for text in book.texts:
        for account in text.accounts:
            for record in account.restates:
                if record not in made:
                    sentence = f"sentence {account.sentence} of {text.file} restates {record}, of which no task comes"
                    yield Finding(account.place, "unknown-record", sentence, "correct the record")


def compare(text: Text, real: str) -> Iterator[Finding]:
    """Yield where a text's real sentences are not those of its account."""
    found = sentences(real)
    for account in text.accounts:
        if account.sentence > len(found):
            sentence = f"{text.file} has {len(found)} sentences, and no sentence {account.sentence}"
            yield Finding(account.place, "unknown-sentence", sentence, "delete it, or compare the version of the text")
        elif fingerprint(found[account.sentence - 1]) != account.sha256:
            sentence = f"sentence {account.sentence} of {text.file} has another fingerprint than the account"
            remedy = f"read it again; its sha256 is {fingerprint(found[account.sentence - 1])}"
            yield Finding(account.place, "wrong-fingerprint", sentence, remedy)
    last = max((account.sentence for account in text.accounts), default=0)
    for missing in range(last + 1, len(found) + 1):
        sentence = f"nobody accounts for sentence {missing} of {text.file}"
        yield Finding(text.place, "unaccounted-sentence", sentence, "add it to coverage.yaml")
