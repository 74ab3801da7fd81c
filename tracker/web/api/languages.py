"""The language of an answer."""

from starlette.requests import Request

from tracker.domain.text import LANGUAGES


def language_of(request: Request, own: str = "en") -> str:
    """Return the language an answer has: the first of Accept-Language there is, else one's own.

    >>> from starlette.requests import Request
    >>> request = Request({"type": "http", "headers": [(b"accept-language", b"de, fr-CH;q=0.9, en;q=0.8")]})
    >>> language_of(request)
    'fr'
    """
    asked: list[tuple[float, str]] = []
    for part in request.headers.get("accept-language", "").split(",")[:20]:
        tag, _, said = part.strip().partition(";q=")
        try:
            asked.append((float(said) if said else 1.0, tag.strip().lower().partition("-")[0]))
        except ValueError:
            continue
    for weight, tag in sorted(asked, key=lambda one: -one[0]):
        if tag in LANGUAGES and weight > 0:
            return tag
    return own
