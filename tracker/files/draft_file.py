"""Draft file: what `tracker directive new` writes: a file that checks at once, the other keys beside it to fill in."""

from dataclasses import dataclass
from datetime import date

from tracker.domain.agency import Registry
from tracker.domain.directive import directive_key, fold
from tracker.domain.errors import Invalid, NotFound
from tracker.domain.number import Number, mend, parse
from tracker.domain.text import Text
from tracker.files.document import KINDS
from tracker.files.lexicon import Lexicon
from tracker.files.render import scalar_text

MODELINE = "# yaml-language-server: $schema=../schema.json"

_LONGEST = 80

_TEMPLATE = """{modeline}
#
# {name}. Every key is explained in directives/README.md; check this file with
#   tracker directive check {path}
directive: {number}
{numbered}issued: {issued}
issuer: {issuer}
title:
  en: {en}
  vi: {vi}
  fr: {fr}
{kind}
# status: draft                    # not signed yet; reported: known only from others' words
# relations:
#   - {{implements: "183-KL/TW", issued: 2025-08-01}}
# note: What it was read from, and what must still be checked.
# sources:
#   article: {{file: 001_article.txt, language: fr, sha256: <64 digits>}}
# defaults: {{for_each: central, before: exclusive}}

tasks:

  first-task:                      # an id: small letters, digits, hyphens; never reused
    title:
      en: What is to be done, in your own words
      vi: Việc phải làm, viết bằng lời của mình
      fr: Ce qui est à faire, en vos propres mots
    track: false                   # delete this line, and say who owes it:
    # lead: BNV                    # one agency, or
    # for_each: {{agencies: provinces, exempt: ["01"]}}
    # source: {{in: article, sentence: 5, sha256: <64 digits>}}
    # with: [BTC]                  # those that cooperate
    # needs: [another-task]        # what must be completed first
    # takes: 20 working days       # your estimate
    # due: {{by: {issued}, words: "the phrase as printed"}}
    # deliverable: report
    # evidence: required
"""


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A starting file: the path below the folder of the directives, and the text."""

    path: str
    text: str


def draft_file(
    words: str, issued: date, *, registry: Registry, issuer: str | None = None, unnumbered: str | None = None
) -> DraftFile:
    """Return a starting file for a directive; `unnumbered` is the kind of one that has a name instead of a number.

    Raises Invalid for a number that follows no grammar or for an unnumbered document without an
    issuer, NotFound where the issuer is not in the registry.
    """
    if unnumbered is None:
        number = number_of(words)
        words, title, code = number.text, title_of(number), issuer_of(number.issuer, registry, given=issuer)
        numbered, kind = "", "# kind: notice                     # where the number does not say"
    else:
        _check_name(words, unnumbered, issuer)
        title, code = Text(vi=words, en=words, fr=words), issuer_of(issuer or "", registry, given=issuer)
        numbered, kind = "numbered: false\n", f"kind: {unnumbered}"
    key = directive_key(words, issued)
    text = _TEMPLATE.format(
        modeline=MODELINE, name=title.en, path=f"directives/{key}.yaml", number=scalar_text(words), numbered=numbered,
        issued=issued.isoformat(), issuer=scalar_text(code), kind=kind, en=scalar_text(title.en),
        vi=scalar_text(title.vi), fr=scalar_text(title.fr),
    )  # fmt: skip
    return DraftFile(f"{key}.yaml", text)


def _check_name(name: str, kind: str, issuer: str | None) -> None:
    if kind not in KINDS:
        raise Invalid(f"'{kind}' is no kind of directive; write one of: {', '.join(KINDS)}", code="invalid")
    if issuer is None:
        raise Invalid("a document without a number says nothing of its issuer; name it with --issuer", code="invalid")
    if not fold(name) or len(name) > _LONGEST or not name.isprintable():
        raise Invalid(f"'{name}' is no name for a document: write up to {_LONGEST} letters and digits", code="invalid")


def number_of(words: str) -> Number:
    """Return the number that words are; raises Invalid, with the mend where there is one."""
    if number := parse(words):
        return number
    guess = mend(words)
    ask = f"did you mean '{guess}'?" if guess else "write it as printed, for example 412/TB-VPCP or 183-KL/TW"
    raise Invalid(f"'{words}' is no number of a document; {ask}", code="bad-number")


def issuer_of(word: str, registry: Registry, *, given: str | None = None) -> str:
    """Return the code of the issuing agency, as given or as a number names it; raises NotFound."""
    lexicon = Lexicon(registry)
    word = given or word
    code = lexicon.exact(word)
    if code and lexicon.is_agency(code):
        return code
    near = lexicon.guess(word)
    ask = f"did you mean '{near}'?" if near and given else "say which agency with --issuer CODE"
    raise NotFound(f"the registry has no agency '{word}'; {ask}", code="unknown-agency")


def title_of(number: Number) -> Text:
    """Return the type and the number in three languages, until somebody writes a title.

    >>> number = parse("412/TB-VPCP")
    >>> title_of(number).vi
    'Thông báo 412/TB-VPCP'
    """
    name = number.document_type
    vi, en, fr = (name.name.vi, name.name.en, name.name.fr) if name else ("công văn", "official letter", "lettre")
    if number.kind == "assembly":
        vi, en, fr = "văn bản", "act", "acte"
    vi, en, fr = (f"{words[0].upper()}{words[1:]} {number.text}" for words in (vi, en, fr))
    return Text(vi=vi, en=en, fr=fr)
