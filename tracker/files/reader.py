"""Reader: directive files to directives and findings, all mistakes of all files in one run.

A directive is handed out only when nothing forbids it; the findings come in the order of their places.
"""

from collections.abc import Collection, Iterator
from pathlib import Path

from tracker.domain.agency import Registry
from tracker.domain.directive import Directive
from tracker.domain.finding import Finding
from tracker.files.checks import check
from tracker.files.document import Draft, read_document
from tracker.files.drafting import check_drafting
from tracker.files.lexicon import Lexicon
from tracker.files.nodes import MAX_BYTES
from tracker.files.report import Report, Spot
from tracker.files.words import visible
from tracker.uncollected import uncollected

# what stands in the folder of the directives and is none
_BESIDE = frozenset({"registry", "coverage.yaml"})

Result = tuple[tuple[Directive, ...], tuple[Finding, ...]]


def read_directives(
    path: Path, registry: Registry | None, *, known: Collection[str] = (), drafting: bool = False
) -> Result:
    """Return the directives of a file, or of all files below a folder, and the findings.

    `known` are the keys of adopted tasks, which a need may name besides those read here. The
    folder's `registry`, its `coverage.yaml` and everything hidden are left out. Without a registry no name is checked.
    With `drafting`, the findings hold the warnings of the drafting check too.
    """
    lexicon = Lexicon(registry) if registry else None
    with uncollected():
        drafts = [_read(file, lexicon) for file in files(path)]
        return _finish(drafts, lexicon, known, drafting=drafting)


def read_text(
    data: bytes,
    name: str,
    *,
    registry: Registry | None = None,
    known: Collection[str] = (),
    drafting: bool = False,
) -> tuple[Directive | None, tuple[Finding, ...]]:
    """Return the directive of one document, or None, and the findings, placed in the file `name`."""
    lexicon = Lexicon(registry) if registry else None
    drafts = [read_document(data, Report(name, lexicon))]
    directives, findings = _finish(drafts, lexicon, known, drafting=drafting)
    return directives[0] if directives else None, findings


def _read(file: Path, lexicon: Lexicon | None) -> Draft:
    report = Report(file.as_posix(), lexicon)
    data = read_bytes(file, report)
    draft = Draft(report, "") if data is None else read_document(data, report)
    _check_name(draft, file)
    return draft


def read_bytes(file: Path, report: Report, *, max_bytes: int = MAX_BYTES) -> bytes | None:
    """Return the bytes of a file, one more than allowed at most, or None with a finding."""
    if not file.is_file():
        report.error(Spot(1, 1), "missing-file", "there is no such file", "check the path")
        return None
    try:
        with file.open("rb") as stream:
            return stream.read(max_bytes + 1)
    except OSError as error:
        report.error(Spot(1, 1), "unreadable", f"the file cannot be read: {error.strerror}", "check its permissions")
        return None


def files(path: Path) -> Iterator[Path]:
    """Yield the directive files of a path: the file itself, or all below a folder but what stands beside them."""
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*")):
        inner = file.relative_to(path).parts
        if inner[0] in _BESIDE or any(part.startswith(".") for part in inner):
            continue
        if file.suffix in {".yaml", ".yml"}:
            yield file


def _finish(drafts: list[Draft], lexicon: Lexicon | None, known: Collection[str], *, drafting: bool) -> Result:
    check(drafts, lexicon, known=known)
    if drafting:
        # whoever checks one file works on it; of a folder only what is not signed yet is told task by task
        check_drafting(drafts, lexicon.registry if lexicon else None, each=len(drafts) == 1)
    directives = (draft.directive for draft in drafts if draft.directive and not draft.report.failed)
    findings = (finding for draft in drafts for finding in draft.report.findings)
    return tuple(sorted(directives, key=lambda directive: directive.key)), tuple(sorted(findings))


def _check_name(draft: Draft, file: Path) -> None:
    if draft.directive is None and draft.places is None:
        return
    named = "/".join(file.absolute().parts[-2:])
    if draft.key and named != f"{draft.key}.yaml":
        sentence = f"the directive {draft.key} stands in {visible(named)}"
        draft.report.error(draft.number, "file-name", sentence, f"move the file to {draft.key}.yaml")
