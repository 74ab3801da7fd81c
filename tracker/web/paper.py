"""The paper pages are printed on: templates in three languages, their filters, and what stands around every page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from fastapi import Request
from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket
from jinja2.runtime import Context

from tracker.domain.evidence import size_words
from tracker.domain.phrase import Phrase
from tracker.domain.text import LANGUAGES, Text
from tracker.notify import tongue
from tracker.notify.reasons import sentence
from tracker.settings import Settings
from tracker.web import tokens
from tracker.web.entries import stage_name
from tracker.web.nav import links_for

HERE = Path(__file__).parent
STATIC = HERE / "static"
NAMES = {"vi": "Tiếng Việt", "en": "English", "fr": "Français"}
ZONE = "Asia/Ho_Chi_Minh"
HEAD_SHOWN = 16
CARRIED = ("at", "known")  # whoever looks at an earlier day goes on looking at it


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the static folder, known by the hash of its bytes."""

    name: str
    content: bytes
    kind: str
    mark: str


KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
}


@lru_cache
def assets() -> Mapping[str, Asset]:
    """Return the files of the static folder by name; read once, when the pages start."""
    found = {}
    for path in sorted(STATIC.iterdir()):
        if path.suffix in KINDS:
            content = path.read_bytes()
            found[path.name] = Asset(path.name, content, KINDS[path.suffix], sha256(content).hexdigest()[:12])
    return found


def asset_url(name: str) -> str:
    """Return the address of a static file, with its hash: a changed file has another address."""
    return f"/static/{name}?v={assets()[name].mark}"


class _Built(BytecodeCache):
    """Keeps what templates were compiled to: it is the same in every language."""

    def __init__(self) -> None:
        self.known: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if (found := self.known.get(bucket.key)) is not None:
            bucket.bytecode_from_string(found)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.known[bucket.key] = bucket.bytecode_to_string()


_BUILT = _Built()


class Paper:
    """Prints templates for one installation."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def print(self, template: str, request: Request, language: str, **context: Any) -> str:
        """Return a template, filled, in a language."""
        reading = context.get("reading")
        viewer = context.get("viewer")
        return (
            environment(language)
            .get_template(template)
            .render(
                **context,
                request_path=request.url.path,
                language=language,
                zone=reading.zone if reading else ZONE,
                footing=reading.footing if reading else None,
                office=self.settings.office,
                contact=self.settings.contact,
                navigation=links_for(viewer, request) if viewer else (),
                tongues=[(code, NAMES[code], _with(request, lang=code), code == language) for code in LANGUAGES],
                asked=request.query_params.multi_items(),
                url=partial(address, request),
                here=lambda **more: _with(request, **more),
                head_shown=HEAD_SHOWN,
            )
        )


@lru_cache
def environment(language: str) -> Environment:
    """Return the templates of a language."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        bytecode_cache=_BUILT,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_translations(tongue.catalogue(language), newstyle=True)  # type: ignore[attr-defined]
    colon = "\N{NO-BREAK SPACE}:" if language == "fr" else ":"  # as each language sets it off
    made.globals.update(static=asset_url, tokens=tokens, language=language, colon=colon)
    made.filters.update(
        day=lambda when: _dash(when) or tongue.day(when, language),
        weekday=lambda when: _dash(when) or tongue.weekday(when, language),
        instant=_instant,
        minute=_minute,
        civil=_civil,
        number=lambda value: "–" if value is None else _number(value, language),
        title_of=lambda text: text.in_language(language) if isinstance(text, Text) else str(text),
        sentence=lambda phrase: sentence(phrase, language) if isinstance(phrase, Phrase) else str(phrase),
        span=lambda length: tongue.span(length, language),
        iso=lambda when: when.isoformat() if when else "",
        bytes=size_words,
        stage=lambda name: stage_name(name, language),
    )
    return made


@lru_cache(maxsize=16_384)  # a page has hundreds, and most of them are small
def _number(value: float, language: str) -> str:
    return format_decimal(value, locale=language)


@pass_context
def _instant(context: Context, when: datetime | None, zone: str | None = None) -> str:
    """Return an instant in full, in the zone of the page; a dash for none."""
    return _dash(when) or tongue.instant(when, zone or context.get("zone") or ZONE, context["language"])  # type: ignore[arg-type]


@pass_context
def _minute(context: Context, when: datetime | None, zone: str | None = None) -> str:
    """Return an instant in short, for tables: the day and the minute, in the zone of the page; a dash for none."""
    if not when:
        return "–"
    local = when.astimezone(ZoneInfo(zone or context.get("zone") or ZONE))
    return f"{tongue.day(local.date(), context['language'])}, {tongue.clock(local.time(), context['language'])}"


@pass_context
def _civil(context: Context, when: datetime | None, zone: str | None = None) -> date | None:
    """Return the day an instant falls on, in the zone of the page."""
    return when and tongue.civil(when, zone or context.get("zone") or ZONE)


def _dash(when: object) -> str:
    return "" if when else "–"


def address(request: Request, path: str, **more: Any) -> str:
    """Return the address of a page: whoever looks at an earlier day goes on looking at it."""
    carried = {name: request.query_params[name] for name in CARRIED if request.query_params.get(name)}
    asked = {name: value for name, value in {**carried, **more}.items() if value not in (None, "")}
    return path + ("?" + urlencode(asked, doseq=True) if asked else "")


def _with(request: Request, **changes: Any) -> str:
    """Return the address of this page with some parameters changed; None takes one away."""
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in changes]
    for name, value in changes.items():
        if value is not None:
            kept += [(name, str(one)) for one in (value if isinstance(value, list | tuple) else [value])]
    return request.url.path + ("?" + urlencode(kept) if kept else "")
