"""Problems: what the API answers where it cannot do what was asked, as RFC 9457 has it.

Every problem has a `type`, an address for ever that opens a page in three languages; its `title` is that
page's heading, and `detail` what happened, both in the language of the answer; in English it is the domain's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tracker.domain.errors import Broken, Conflict, Invalid, NotFound, Refused, TrackerError, TryLater
from tracker.notify.tongue import catalogue
from tracker.web.refusals import NAMELESS, SENTENCES, told
from tracker.web.tokens import N_

HELP = "/help/problems/"
MEDIA = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem: its status, its heading, and what to do about it."""

    status: int
    title: str
    remedy: str


KINDS: Mapping[str, Kind] = {
    "unknown-parameter": Kind(
        400, N_("This parameter is not known"), N_("Leave it away, or correct its name: nothing is ignored silently.")
    ),
    "bad-parameter": Kind(400, N_("A parameter cannot be understood"), N_("Correct the values that `errors` names.")),
    "unauthenticated": Kind(
        401, N_("Say who you are"), N_("Send an API token as “Authorization: Bearer …”, or log in.")
    ),
    "forbidden": Kind(
        403, N_("This is not for your account"), N_("Nothing was recorded. Ask the secretariat if you need it.")
    ),
    "not-found": Kind(
        404, N_("There is nothing here"), N_("Check the address. What you may not see is not shown here either.")
    ),
    "method-not-allowed": Kind(
        405, N_("This cannot be done here"), N_("See the header Allow for what can be done at this address.")
    ),
    "too-slow": Kind(408, N_("This took too long"), N_("Nothing was recorded. Send it again, in one go.")),
    "refused": Kind(
        409, N_("This can no longer be done"), N_("Nothing was recorded. Get the resource again and see what changed.")
    ),
    "key-in-use": Kind(
        409, N_("The first request with this key is still at work"), N_("Wait a moment and send it again.")
    ),
    "changed-meanwhile": Kind(
        412, N_("Somebody changed this before you"), N_("Get the resource again, look at it, and send its new ETag.")
    ),
    "too-large": Kind(413, N_("This is too big"), N_("Nothing was recorded. Send less.")),
    "bad-media-type": Kind(
        415, N_("This kind of content is not taken here"), N_("Send the type that the description of the API names.")
    ),
    "invalid": Kind(
        422,
        N_("What was sent cannot be understood"),
        N_("Nothing was recorded. Correct what `errors` or `detail` names."),
    ),
    "key-reused": Kind(
        422, N_("This key was used for another request"), N_("Take a new Idempotency-Key for every new request.")
    ),
    "precondition-required": Kind(
        428, N_("Say which state you decided by"), N_("Send the ETag of the resource as If-Match.")
    ),
    "too-many-requests": Kind(429, N_("Too many requests"), N_("Please wait a little, then try again.")),
    "internal": Kind(
        500, N_("Something went wrong here"), N_("It is our mistake, not yours. Please try again in a few minutes.")
    ),
    "try-later": Kind(
        503, N_("Not possible at the moment"), N_("Nothing was recorded. Please try again in a few minutes.")
    ),
}
_BY_STATUS: Mapping[int, str] = {
    400: "bad-parameter",
    401: "unauthenticated",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    408: "too-slow",
    409: "refused",
    412: "changed-meanwhile",
    413: "too-large",
    415: "bad-media-type",
    422: "invalid",
    428: "precondition-required",
    429: "too-many-requests",
    500: "internal",
    503: "try-later",
}
# refusals whose status is not that of their class
_STATUS: Mapping[str, int] = {
    "not-yours": 403,
    "unknown-agency": 422,
    "no-such-evidence": 422,
    "too-large": 413,
    "bad-type": 415,
    "empty-file": 422,
    "no-reason": 422,
    "bad-instant": 400,
    "bad-filter": 400,
    "bad-cursor": 400,
}


class Problem(Exception):
    """Raised where an answer is a problem; `more` stands beside its fields."""

    def __init__(self, code: str, detail: str = "", *, headers: Mapping[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail or code)
        self.said = Said(code, KINDS[code].status, detail, more, dict(headers or {}))


@dataclass(frozen=True, slots=True)
class Said:
    """A problem before it has a language."""

    code: str
    status: int
    detail: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self, base_url: str, language: str, instance: str) -> dict[str, Any]:
        """Return the problem as JSON."""
        found = {
            "type": f"{base_url}{HELP}{page_of(self.code, self.status)}",
            "title": title_of(self.code, self.status, language),
            "status": self.status,
            "code": self.code,
            "instance": instance,
        }
        if self.detail:
            found["detail"] = detail_of(self.code, self.detail, language)
        found |= self.more
        if errors := self.more.get("errors"):
            found["errors"] = [{**one, "detail": one["detail"].told(language)} for one in errors]
        return found


def said_of(error: TrackerError, *, changing: bool = False, decided: bool = False) -> Said:
    """Return the problem of a refusal; `changing`: of a request that would change something, `decided` by an ETag."""
    if isinstance(error, Conflict) and error.code == Conflict.code and decided:
        return Said("changed-meanwhile", 412, str(error))
    status = _STATUS.get(error.code) or _status(error, changing=changing)
    if status == 500:
        return Said("internal", 500)
    headers = {"Retry-After": "60"} if status == 503 else {}
    return Said(error.code, status, str(error), headers=headers)


def of_status(status: int) -> Said:
    """Return the problem of a status that the framework itself answers."""
    return Said(_BY_STATUS.get(status, "bad-parameter" if status < 500 else "internal"), status)


def page_of(code: str, status: int) -> str:
    """Return the name of the page that explains a code: its own, else that of all its kind.

    >>> page_of("changed-meanwhile", 412), page_of("no-evidence", 409), page_of("busy-week", 409)
    ('changed-meanwhile', 'no-evidence', 'refused')
    """
    return code if code in KINDS or code in SENTENCES else _BY_STATUS.get(status, "refused")


def pages() -> tuple[tuple[str, int], ...]:
    """Return every code that has a page, with its status."""
    own = {code: kind.status for code, kind in KINDS.items()}
    return tuple(sorted({**{code: _STATUS.get(code, 409) for code in SENTENCES}, **own}.items()))


def title_of(code: str, status: int, language: str) -> str:
    """Return the heading of a problem: of a refusal the sentence that pages say too."""
    words = catalogue(language)
    if code in KINDS and KINDS[code].status == status:
        return words.gettext(KINDS[code].title)
    if code in SENTENCES and code not in KINDS:
        return words.gettext(SENTENCES[code])
    return words.gettext(KINDS[_BY_STATUS.get(status, "refused")].title)


def detail_of(code: str, sentence: str, language: str) -> str:
    """Return what happened, in a language: in English as the domain says it, else by its code, with what it names."""
    if language == "en":
        return sentence
    said = SENTENCES.get(code) or (KINDS[code].remedy if code in KINDS else SENTENCES["failed"])
    return told(said, "" if code in NAMELESS else sentence, language)


def remedy_of(code: str, language: str) -> str:
    """Return what to do about a problem."""
    kind = KINDS.get(code, KINDS["refused"])
    return catalogue(language).gettext(kind.remedy)


def _status(error: TrackerError, *, changing: bool) -> int:
    match error:
        case NotFound():
            return 404
        case Invalid():
            return 422 if changing else 400
        case TryLater():
            return 503
        case Broken():
            return 500
        case Refused() | Conflict():
            return 409
    return 409
