"""Evidence: what a report names as its proof, when two documents are the same, and the safe name of a file."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tracker.domain.errors import Invalid
from tracker.domain.number import fold

NAME_BYTES = 200
NUMBER_LENGTH = 80
_HASH = re.compile(r"[0-9a-f]{64}")
_DEVICE = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,12}$")


@dataclass(frozen=True, slots=True)
class Proof:
    """What a report names as its proof: a file kept as evidence, a document's number and date, or both."""

    sha256: str | None = None
    number: str | None = None
    dated: date | None = None

    @property
    def payload(self) -> dict[str, str | None]:
        """Return the proof as an entry keeps it."""
        return {"sha256": self.sha256, "number": self.number, "dated": self.dated.isoformat() if self.dated else None}


def proof_from(payload: Mapping[str, Any]) -> Proof:
    """Return the proof that an entry keeps.

    >>> proof_from(Proof(number="12/BC-BNV", dated=date(2025, 8, 29)).payload)
    Proof(sha256=None, number='12/BC-BNV', dated=datetime.date(2025, 8, 29))
    """
    dated = payload.get("dated")
    return Proof(payload.get("sha256"), payload.get("number"), date.fromisoformat(dated) if dated else None)


@dataclass(frozen=True, slots=True)
class Mark:
    """What makes two proofs the same document: its bytes, or its number and date at one agency."""

    sha256: str | None = None
    number: str | None = None
    dated: date | None = None
    agency: str | None = None


def marks(proof: Proof, agency: str) -> tuple[Mark, ...]:
    """Return the marks a proof of an agency bears; a number is read as people mean it.

    >>> marks(Proof(number="12/BC-BNV"), "BNV") == marks(Proof(number="12 / bc-bnv"), "BNV")
    True
    """
    found = [Mark(sha256=proof.sha256)] if proof.sha256 else []
    if proof.number:
        found.append(Mark(number=fold(proof.number), dated=proof.dated, agency=agency))
    return tuple(found)


def is_hash(text: str) -> bool:
    """Return whether a text is a SHA-256 in lower-case hex, and so safe to look up and to name a file."""
    return _HASH.fullmatch(text) is not None


def safe_name(said: str) -> str:
    r"""Return a file name fit for any machine, made from whatever was said; it is shown, never used as a path.

    >>> safe_name("../../etc/passwd"), safe_name("con.txt"), safe_name("a\u202efdp.exe"), safe_name(" ... ")
    ('passwd', '_con.txt', 'afdp.exe', 'unnamed')
    """
    last = re.split(r"[/\\]", said.rstrip("/\\"))[-1]
    shown = "".join(" " if c.isspace() else c for c in last if c.isspace() or unicodedata.category(c)[0] != "C")
    name = unicodedata.normalize("NFC", re.sub(r" {2,}", " ", re.sub(r'[<>:"|?*]', "_", shown)))
    name = name.strip(" ").lstrip(". ").rstrip(". ")
    if _DEVICE.fullmatch(name.partition(".")[0].rstrip(" ")):
        name = f"_{name}"
    return _cut(name) or "unnamed"


def extension_of(name: str) -> str:
    """Return the extension of a safe name in lower case, without its dot; nothing where it has none.

    >>> extension_of("Report.PDF"), extension_of("12.BC-BNV"), extension_of("report")
    ('pdf', '', '')
    """
    found = _EXTENSION.search(name)
    return found[0][1:].lower() if found else ""


def byte_count(words: str) -> int:
    """Return how many bytes a size means; raises Invalid for anything that is no size.

    >>> byte_count("50 MB"), byte_count("700"), byte_count("1gb")
    (52428800, 700, 1073741824)
    """
    found = re.fullmatch(r"\s*([0-9]{1,15})\s*(k|m|g)?b?\s*", words, re.IGNORECASE)
    if found is None or int(found[1]) == 0:
        raise Invalid(f"'{words}' is no size of a file: write 50 MB, 700 kB or 1 GB")
    return int(found[1]) * int(1024 ** " kmg".index((found[2] or " ").lower()))


def size_words(count: int) -> str:
    """Return a number of bytes as people say it.

    >>> size_words(50 * 1024**2), size_words(1536), size_words(12)
    ('50 MB', '1.5 kB', '12 B')
    """
    for power, unit in ((3, "GB"), (2, "MB"), (1, "kB")):
        if count >= 1024**power:
            return f"{count / 1024**power:.1f}".removesuffix(".0") + f" {unit}"
    return f"{count} B"


def _cut(name: str) -> str:
    """Return a name of at most `NAME_BYTES` in UTF-8, with its extension."""
    if len(name.encode()) <= NAME_BYTES:
        return name
    extension = found[0] if (found := _EXTENSION.search(name)) else ""
    stem = name[: len(name) - len(extension)].encode()[: NAME_BYTES - len(extension)].decode(errors="ignore")
    return stem.rstrip(". ") + extension
