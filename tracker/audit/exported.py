"""An export, checked by the product itself: every file by its hash, then the ledger in it as any ledger is.

`kit/verify.py` does the same without any of our code; an auditor who trusts neither us nor our
server runs that.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import file_digest
from pathlib import Path
from typing import Any

from tracker.audit import sealed
from tracker.audit.chain import Verdict
from tracker.audit.keys import MADE, ROTATED
from tracker.audit.sealed import Outside
from tracker.domain.entry import Record
from tracker.domain.errors import Invalid

_LINE = re.compile(r"([0-9a-f]{64})  (.+)")
_MANIFESTS = ("tagmanifest-sha256.txt", "manifest-sha256.txt")
_END = re.compile(r"^Ledger-End: (\d+) ([0-9a-f]{64})$", re.MULTILINE)


def verify(folder: Path, *, outside: Outside | None = None) -> Verdict:
    """Return whether an export holds: its files, its chain, its keys and seals, and what was kept outside.

    Raises Invalid for a folder that is no export of ours.
    """
    seq, head = _end(folder)
    keys: list[str] = []
    found = sealed.verify(_records(folder, keys), seq=seq, head=head, seals=_seals(folder), outside=outside)
    if not found.holds:
        return found
    why = _changed(folder) or ("keys.json does not list the keys that entries name" if _keys(folder) != keys else None)
    return replace(found, broken_at=found.entries + 1, why=why) if why else found


def _end(folder: Path) -> tuple[int, str]:
    try:
        found = _END.search((folder / "bag-info.txt").read_text(encoding="utf-8"))
    except OSError as error:
        raise Invalid(f"{folder} is no export: {error.strerror}", code="bad-export") from error
    if found is None:
        raise Invalid(f"{folder} is no export: bag-info.txt does not say where its ledger ends", code="bad-export")
    return int(found[1]), found[2]


def _changed(folder: Path) -> str | None:
    """Return which file is missing, added or changed since the export was made, or None."""
    listed = {"tagmanifest-sha256.txt"}
    for manifest in _MANIFESTS:
        for line in (folder / manifest).read_text(encoding="utf-8").splitlines():
            said = _LINE.fullmatch(line)
            if said is None:
                return f"{manifest} cannot be read"
            listed.add(said[2])
            if why := _why_not(folder, said[2], said[1]):
                return why
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    return f"{min(there - listed)} was added to the export" if there - listed else None


def _why_not(folder: Path, name: str, digest: str) -> str | None:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        return f"the manifest leads out of the export: {name}"
    if not path.is_file():
        return f"{name} is missing"
    with path.open("rb") as file:
        return None if file_digest(file, "sha256").hexdigest() == digest else f"{name} was changed"


def _records(folder: Path, keys: list[str]) -> Iterator[Record]:
    """Yield the entries of an export, and note the keys that they name."""
    for line in _lines(folder / "data" / "entries.jsonl"):
        record = _record(line)
        if record.kind in (MADE, ROTATED):
            keys.append(str(record.payload.get("vkey")))
        yield record


def _record(line: Mapping[str, Any]) -> Record:
    """Return an entry as its line says it; what the line does not say is of no form that could hold."""
    body, seq = str(line.get("body")), line.get("seq")
    said = _object(body)
    return Record(
        seq=seq if isinstance(seq, int) else 0,
        recorded_at=str(said.get("recorded_at")),
        effective_at=str(said.get("effective_at")),
        actor=str(said.get("actor")),
        assignment=said.get("assignment"),
        kind=str(said.get("kind")),
        body=body,
        previous=str(line.get("previous")),
        hash=str(line.get("hash")),
    )


def _seals(folder: Path) -> Iterator[tuple[int, str]]:
    for line in _lines(folder / "data" / "seals.jsonl"):
        size = line.get("size")
        yield size if isinstance(size, int) else 0, str(line.get("note"))


def _keys(folder: Path) -> Any:
    try:
        return json.loads((folder / "data" / "keys.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", errors="replace") as file:
        for text in file:
            yield _object(text)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {}
