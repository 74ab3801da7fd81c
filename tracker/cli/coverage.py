"""`tracker directive coverage`: what became of every sentence of the sources, and where every obligation went."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tracker.cli import sources
from tracker.cli.exits import INVALID_DIRECTIVE
from tracker.cli.options import Format, Shown

if TYPE_CHECKING:
    from tracker.domain.coverage import Became, Claim, Coverage, Text
    from tracker.domain.finding import Finding

BOOK = "coverage.yaml"


def coverage(
    path: Annotated[Path, typer.Argument(metavar="[PATH]", help="The folder of the directives.")] = Path("directives"),
    texts: Annotated[
        Path | None, typer.Option("--sources", metavar="DIR", help="Check the fingerprints of the texts in a folder.")
    ] = None,
    record: Annotated[
        str | None,
        typer.Option("--record", metavar="ID", help="Show only where one record went, for example TB412-02."),
    ] = None,
    shown: Shown = Format.TEXT,
) -> None:
    """Show what became of every sentence of the sources, or why nothing did; 3 where an account is missing or wrong."""
    from tracker.terminal.page import print_json

    _check_folders(path, texts)
    found, findings = _read(path, texts)
    if record is not None:
        one = _record(found, record)
        print_json(one) if shown is Format.JSON else _show_record(one)
        return
    if shown is Format.JSON:
        print_json(_document(found, findings, compared=texts is not None))
    else:
        _show(found, findings, compared=texts is not None)
    if findings:
        raise typer.Exit(INVALID_DIRECTIVE)


def _check_folders(path: Path, texts: Path | None) -> None:
    from tracker.domain.errors import Invalid

    for folder in filter(None, (path, texts)):
        if not folder.is_dir():
            raise Invalid(f"'{folder}' is no folder", code="bad-folder")


def _read(path: Path, texts: Path | None) -> "tuple[Coverage, tuple[Finding, ...]]":
    from tracker.domain.coverage import cover
    from tracker.domain.finding import errors
    from tracker.files.coverage import check_texts, indicator_claims, read_coverage, task_claims
    from tracker.files.indicators import read_indicators

    book, about_book = read_coverage(path / BOOK)
    read = sources.read([path])
    claims = list(task_claims(path, read.directives))
    about_indicators: tuple[Finding, ...] = ()
    if (file := path / "registry" / "indicators.yaml").is_file():
        indicators, about_indicators = read_indicators(file, registry=read.registry)
        claims += indicator_claims(file, indicators)
    found = cover(book, claims)
    compared = check_texts(book, texts) if texts else ()
    findings = {*errors((*about_book, *read.findings, *about_indicators)), *found.findings, *compared}
    return found, tuple(sorted(findings))


# ── One record ────────────────────────────────────────────────────────────────────────────────────────────────


def _record(found: "Coverage", record: str) -> dict[str, Any]:
    """Return where a record went; raises NotFound for one that nobody knows."""
    from tracker.domain.errors import NotFound
    from tracker.files.words import meant, nearest

    claims = found.records.get(record, ())
    again = [
        {"source": text.id, "file": text.file, "sentence": one.account.sentence}
        for text, all_of_it in found.texts
        for one in all_of_it
        if record in one.account.restates
    ]
    if not claims and not again and record not in found.expected:
        known = [*found.expected, *found.records]
        raise NotFound(f"no record '{record}' is expected or used: {meant(nearest(record, known), 'check its id')}")
    return {
        "record": record,
        "expected": record in found.expected,
        "tasks": [_where(claim) for claim in claims if claim.kind == "task"],
        "indicators": [_where(claim) for claim in claims if claim.kind == "indicator"],
        "restated": again,
    }


def _where(claim: "Claim") -> dict[str, Any]:
    place = {"path": claim.place.file, "line": claim.place.line}
    return {"key": claim.key, "file": claim.file, "sentence": claim.sentence, **place}


def _show_record(one: dict[str, Any]) -> None:
    print(one["record"])
    for word in ("tasks", "indicators"):
        for claim in one[word]:
            read = f", read from sentence {claim['sentence']} of {claim['file']}" if claim["file"] else ""
            print(f"  {word[:-1]} {claim['key']}{read} ({claim['path']}:{claim['line']})")
    for again in one["restated"]:
        print(f"  restated by sentence {again['sentence']} of {again['file']}")
    if not one["tasks"] and not one["indicators"]:
        print("  no task comes from it")


# ── Everything ────────────────────────────────────────────────────────────────────────────────────────────────


def _fates(found: "Coverage") -> dict[str, int]:
    fates = [one.fate for one in found.sentences]
    return {word: fates.count(word) for word in ("tasks", "restates", "indicators", "context")}


def _document(found: "Coverage", findings: "tuple[Finding, ...]", *, compared: bool) -> dict[str, Any]:
    from tracker.views.plain import plain

    return {
        "obligations": {"expected": len(found.expected), "found": found.found},
        "sentences": {"all": len(found.sentences), "accounted": found.accounted, **_fates(found)},
        "compared": compared,
        "sources": [
            {
                "id": text.id,
                "file": text.file,
                "language": text.language,
                "sentences": [_sentence(one) for one in all_of_it],
            }
            for text, all_of_it in found.texts
        ],
        "records": [
            {"record": record, "tasks": [one.key for one in found.records.get(record, ()) if one.kind == "task"]}
            for record in found.expected
        ],
        "findings": [_flat(plain(finding)) for finding in findings],
    }


def _sentence(one: "Became") -> dict[str, Any]:
    return {
        "sentence": one.account.sentence,
        "became": one.fate,
        "tasks": [{"key": task.key, "records": list(task.records)} for task in one.tasks],
        "indicators": [{"id": claim.key, "records": list(claim.records)} for claim in one.indicators],
        "restates": list(one.account.restates),
        "context": one.account.context,
    }


def _flat(finding: dict[str, Any]) -> dict[str, Any]:
    return {**finding.pop("place"), **finding}


def _show(found: "Coverage", findings: "tuple[Finding, ...]", *, compared: bool) -> None:
    from tracker.terminal.directives import show_findings
    from tracker.terminal.page import console
    from tracker.terminal.words import counted

    for text, all_of_it in found.texts:
        _show_text(text, all_of_it)
    if findings:
        show_findings(findings, console())
    fates = ", ".join(f"{count} {_WORDS[word]}" for word, count in _fates(found).items() if count)
    print(f"{found.found} of {len(found.expected)} obligations")
    print(f"{found.accounted} of {len(found.sentences)} sentences accounted for" + (f": {fates}" if fates else ""))
    if compared and not any(finding.code in _ABOUT_TEXTS for finding in findings):
        texts = counted(len(found.texts), "text")
        print(f"the fingerprints of {texts} and {counted(len(found.sentences), 'sentence')} hold")
    if findings:
        print(counted(len(findings), "finding"))


_WORDS = {"tasks": "became tasks", "restates": "restate them", "indicators": "only figures", "context": "context"}
_ABOUT_TEXTS = frozenset(
    (
        "wrong-fingerprint",
        "unknown-sentence",
        "unaccounted-sentence",
        "missing-file",
        "unreadable",
        "not-utf8",
        "too-large",
    )
)


def _show_text(text: "Text", all_of_it: "tuple[Became, ...]") -> None:
    from tracker.terminal.words import counted

    print(f"{text.id} · {text.file} ({text.language}) · {counted(len(all_of_it), 'sentence')}")
    for one in all_of_it:
        first, *more = _lines(one)
        print(f"{one.account.sentence:>4}  {first}")
        for line in more:
            print(f"      {line}")
    print()


def _lines(one: "Became") -> list[str]:
    lines = [f"{task.key} ({', '.join(task.records)})" if task.records else task.key for task in one.tasks]
    if one.account.restates:
        lines.append(f"restates {', '.join(one.account.restates)}")
    if one.account.context:
        lines.append(f"context: {one.account.context}")
    lines += [f"indicator {claim.key} ({', '.join(claim.records)})" for claim in one.indicators]
    return lines or ["nobody accounts for it"]
