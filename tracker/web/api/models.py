"""Models: what answers look like, made from the views themselves, so that the description of the API cannot lag.

A view becomes JSON through `plain`; `model_of` reads the same fields and says what comes of each.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from tracker.domain.phrase import Phrase
from tracker.notify.reasons import sentence
from tracker.views.plain import RECKONED, plain
from tracker.views.stamp import Stamp


class Answer(BaseModel):
    """What every answer keeps to: keys may be added to it later, and none is ever taken away."""

    model_config = ConfigDict(extra="ignore", json_schema_extra={"additionalProperties": True})


class Sentence(Answer):
    """A sentence: its code and values for programs, its text in the language of the answer for people."""

    code: str
    values: dict[str, Any]
    text: str


class Next(Answer):
    """Where a list goes on: the cursor of the next page and its address; null on the last page."""

    next_cursor: str | None = Field(description="Opaque: hand it back as `cursor`.")
    next_page: str | None = Field(description='The same as in `Link: rel="next"`.')


@cache
def model_of(view: type) -> type[BaseModel]:
    """Return the model of a view: one field for each of its own, those of its stamp beside them.

    >>> from tracker.views.history import EntryRow
    >>> sorted(model_of(EntryRow).model_fields)[:3]
    ['actor', 'assignment', 'effective_at']
    """
    hints = get_type_hints(view)
    found: dict[str, Any] = {}
    for field in fields(view):
        if hints[field.name] is Stamp:
            found |= {name: (hint, ...) for name, hint in get_type_hints(Stamp).items()}
        else:
            found[field.name] = (_json(hints[field.name]), ...)
    for name in RECKONED.get(view, ()):
        found[name] = (_json(get_type_hints(getattr(view, name).fget)["return"]), ...)
    return create_model(view.__name__, __base__=Answer, __doc__=view.__doc__, **found)


def paged(name: str, view: type) -> type[BaseModel]:
    """Return the model of a list of which there may be another page."""
    return create_model(name, __base__=(Next, model_of(view)), __doc__=view.__doc__)


def said(view: object, language: str) -> dict[str, Any]:
    """Return a view as a JSON object, its sentences in a language."""
    found: dict[str, Any] = plain(view, say=lambda phrase: sentence(phrase, language))
    return found


def _json(hint: Any) -> Any:
    """Return the type of what `plain` makes of a value."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return Union[tuple(map(_json, inner))]  # noqa: UP007 - the parts are known only now
    if origin is Literal:
        return hint
    if origin is tuple and inner[-1] is not Ellipsis:
        return tuple[tuple(map(_json, inner))]  # type: ignore[misc]
    if origin in (tuple, list, frozenset):
        return list[_json(inner[0])]  # type: ignore[misc]
    if origin is not None and issubclass(origin, Mapping):
        return dict[str, _json(inner[1])]  # type: ignore[misc]
    if hint is Phrase:
        return Sentence
    return model_of(hint) if isinstance(hint, type) and is_dataclass(hint) else hint
