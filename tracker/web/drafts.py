"""Drafts of a report: what was typed so far, carried from page to page by the form itself. Nothing of it is believed.

Files lie in the evidence folder from the moment they are sent, so a draft names them by their hash; whether whoever
sends it may name them is asked again when it is sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

from tracker.domain.evidence import NUMBER_LENGTH, Proof, is_hash
from tracker.web.forms import Form, day_of
from tracker.web.tokens import N_

WORDS_LONGEST = 4000
DOCUMENTS_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A report that is being written: the words, the day as typed, the documents."""

    seen: int | None
    words: str = ""
    done_on: str = ""
    proofs: tuple[Proof, ...] = ()

    @property
    def day(self) -> date | None:
        """Return the day it was done on; None where none was typed, or what was typed is none."""
        return day_of(self.done_on)

    @property
    def payload(self) -> dict[str, object]:
        """Return the words of the entry that the report becomes: to know it again by."""
        found: dict[str, object] = {"words": self.words}
        if self.day is not None:
            found["done_on"] = self.day.isoformat()
        if self.proofs:
            found["proofs"] = [proof.payload for proof in self.proofs]
        return found

    def fields(self, *besides: str) -> Iterator[tuple[str, str]]:
        """Yield the hidden fields that carry it on, without those the page itself asks for."""
        if "words" not in besides:
            yield "words", self.words
        if "done_on" not in besides:
            yield "done_on", self.done_on
        for proof in self.proofs:
            yield "proof_file", proof.sha256 or ""
            yield "proof_number", proof.number or ""
            yield "proof_dated", proof.dated.isoformat() if proof.dated else ""

    def wrong(self) -> dict[str, str]:
        """Return what is wrong with the outcome, as message ids by field."""
        found = {}
        if not self.words:
            found["words"] = N_("Say what was done.")
        elif len(self.words) > WORDS_LONGEST:
            found["words"] = N_("This is too long.")
        if self.done_on and self.day is None:
            found["done_on"] = N_("Write a day as 31/12/2025.")
        return found

    def with_proof(self, proof: Proof) -> "Draft":
        """Return it with one more document; one it has already is no second one."""
        return self if proof in self.proofs else replace(self, proofs=(*self.proofs, proof))

    def without(self, index: str) -> "Draft":
        """Return it without one document, by its place in the list."""
        place = int(index) if index.isascii() and index.isdigit() else -1
        return replace(self, proofs=tuple(p for n, p in enumerate(self.proofs) if n != place))


def draft_of(form: Form) -> Draft:
    """Return the draft that a form carries; what is none of ours in it is left out."""
    columns = zip(*(form.every(f"proof_{name}") for name in ("file", "number", "dated")), strict=False)
    proofs = (
        Proof(sha256=file if is_hash(file) else None, number=number[:NUMBER_LENGTH] or None, dated=day_of(dated))
        for file, number, dated in columns
    )
    named = tuple(dict.fromkeys(proof for proof in proofs if proof.sha256 or proof.number))
    return Draft(
        seen=form.seen,
        words=form.one("words"),
        done_on=form.one("done_on"),
        proofs=named[:DOCUMENTS_MOST],
    )
