"""Laws of the files: what is written reads back equal, no order matters, and no bytes raise anything."""

import json
import random
import re
import unicodedata
from datetime import date, time
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.builders import a_registry, a_text
from tracker.domain.agency import Agency, AgencySet, Registry
from tracker.domain.calendar import Calendar, Span, SpecialDay
from tracker.domain.deadline import ISSUE, Anchor, Before, By, Done, Due, Every, In, Review, Window, Within
from tracker.domain.directive import Directive, ForEach, Locator, Need, Relation, Source, Task, directive_key
from tracker.domain.finding import Finding
from tracker.domain.ladder import Ladder, Rung
from tracker.domain.text import Text
from tracker.files.documents import (
    directive_document,
    directive_from,
    fingerprint,
    registry_document,
    registry_from,
)
from tracker.files.layout import lay_out
from tracker.files.plan import plan
from tracker.files.reader import read_text
from tracker.files.registry import read_registry
from tracker.files.render import render

# ── What can stand in a file ────────────────────────────────────────────────────────────────────────────────

_AWKWARD = (
    "null", "~", "no", "08", "17:00", "2025-02-30", "<<", "*a", "&a", "!t", "%T", "@", "`", "|", ">", "?", "[", "]",
    "{", "}", ",", "😀", "…", "---", "é'\"\\", "268/NQ-CP", "a: b", "- a", "# a", "a #b", "a  b", "Nghị quyết",
)  # fmt: skip
words = (
    st.one_of(
        st.sampled_from(_AWKWARD),
        st.sampled_from(_AWKWARD).map(lambda piece: f"long {piece} " * 40),  # long enough to be folded
        st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=40),
    )
    .map(lambda text: unicodedata.normalize("NFC", text).strip())
    .filter(bool)
)
ids = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,4}){0,2}", fullmatch=True)
codes = st.from_regex(r"[A-Z0-9]{1,6}", fullmatch=True)
lists = st.lists(codes, max_size=3, unique=True).map(tuple)
days = st.dates(date(1900, 1, 1), date(2200, 12, 31))
hashes = st.from_regex(r"[0-9a-f]{64}", fullmatch=True)
spans = st.builds(Span, st.integers(1, 9999), st.just("days")) | st.builds(
    Span, st.integers(1, 999), st.just("working days")
)
texts = st.builds(Text, vi=words, en=words, fr=words)
notes = st.none() | words | st.tuples(words, words).map("\n\n".join)
minutes = st.none() | st.times().map(lambda t: time(t.hour, t.minute))
periods = spans | st.builds(Span, st.integers(1, 999), st.sampled_from(["weeks", "months"]))
rolls = st.sampled_from(["forward", "back", "none"])
rrules = st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "FREQ=MONTHLY;BYMONTHDAY=-1"])
rules = st.one_of(
    st.builds(Before, days, st.booleans()),
    st.builds(By, days, minutes),
    st.builds(In, st.integers(1900, 2200), st.none() | st.integers(1, 12)),
    st.builds(In, st.integers(1900, 2200), quarter=st.integers(1, 4)),
    st.builds(Window, days, days).filter(lambda window: window.start <= window.end),
    st.builds(Within, periods, st.just(ISSUE) | ids.map(lambda name: Anchor("event", name)), st.none() | rolls),
    st.builds(Every, rrules, minutes, st.none() | days, st.none(), rolls),
    st.builds(Every, rrules, minutes, st.none(), st.none() | days, rolls),
    st.builds(Review, spans),
    st.builds(Done, days),
)
cut_offs = st.builds(Due, rule=st.builds(By, days, minutes), cutoff=st.booleans())
dues = cut_offs | st.builds(
    Due,
    rule=rules,
    words=st.none() | words,
    scope=st.sampled_from(["own", "inherited"]),
    alternative=st.none() | days,
)
fan_outs = st.builds(
    ForEach,
    agencies=codes | st.lists(codes, min_size=1, max_size=3, unique=True).map(tuple),
    exempt=lists,
    on_behalf_of=st.none() | codes,
    then=st.none() | codes,
    complete_when=st.sampled_from(["all", "any", "1", "20", "1 %", "60 %", "100 %"]),
)
numbers = st.sampled_from(["183-KL/TW", "178/2024/NĐ-CP", "203/2025/QH15", "6383/BNV-TCBC"])
relations = st.builds(
    Relation,
    st.sampled_from(["implements", "amends", "supersedes", "restates", "refers_to", "derives_from", "reviews"]),
    numbers,
    st.none() | days,
)
several_numbers = st.lists(numbers, max_size=2, unique=True).map(tuple)


def needs(task: str) -> st.SearchStrategy[Need]:
    return st.builds(
        Need,
        st.just(task),
        st.sampled_from(["stated", "inferred"]),
        st.sampled_from(["finish-start", "start-start", "during"]),
        st.none() | spans,
    )


@st.composite
def tasks(draw: st.DrawFn, key: str, name: str, names: list[str], sources: list[str]) -> Task:
    tracked = draw(st.booleans())
    lead = draw(codes if tracked else st.none() | codes)
    fan_out = draw(st.none() | fan_outs)
    # needs of earlier tasks only, so that there is no cycle
    others = [f"{key}/{other}" for other in names if other < name]
    near = [draw(needs(other)) for other in others]
    locators = st.builds(Locator, source=st.sampled_from(sources), sentence=st.integers(1, 999999), sha256=hashes)
    return Task(
        key=f"{key}/{name}",
        id=name,
        title=draw(texts),
        source=draw(st.none() | locators) if sources else None,
        records=draw(st.lists(words, max_size=2, unique=True).map(tuple)),
        attribution=draw(st.sampled_from(["explicit", "article-context", "narrator"])),
        modality=draw(st.sampled_from(["must", "should", "stated-need"])),
        kind=draw(st.sampled_from(["task", "outcome", "principle"])),
        tracked=tracked,
        lead=None if fan_out else lead,
        for_each=fan_out,
        lead_basis=draw(st.sampled_from(["named", "inherited", "inferred"])),
        supporting=draw(lists),
        via=draw(lists),
        to=draw(lists),
        needs=tuple(draw(st.permutations(near))),
        takes=draw(st.none() | spans),
        due=draw(st.none() | dues),
        deliverable=draw(st.none() | words),
        evidence_required=draw(st.booleans()),
        remind=draw(st.sampled_from(["standard", "none", "gentle"])),
        note=draw(notes),
        indicators=draw(st.lists(st.from_regex("IND-[0-9]{2}", fullmatch=True), max_size=2, unique=True).map(tuple)),
        restates=tuple(draw(st.permutations(others))),
        supervises=tuple(draw(st.permutations([*others, key]))),
        derives_from=draw(several_numbers),
    )


@st.composite
def directives(draw: st.DrawFn) -> Directive:
    numbered = draw(st.booleans())
    number = f"{draw(st.integers(1, 9999))}/{draw(st.sampled_from(['TB-VPCP', 'QĐ-TTg', 'NQ-CP']))}"
    number = number if numbered else "Họp ĐUCP 23/8"
    issued = draw(days)
    names = sorted(draw(st.lists(ids, max_size=4, unique=True)))
    sources = sorted(draw(st.lists(ids, max_size=2, unique=True)))
    key = directive_key(number, issued)
    return Directive(
        number=number,
        issued=issued,
        issuer=draw(codes),
        title=draw(texts),
        sources=tuple(Source(id=name, file="a.txt", language="fr", sha256=draw(hashes)) for name in sources),
        tasks=tuple(draw(tasks(key, name, names, sources)) for name in names),
        note=draw(notes),
        numbered=numbered,
        stated_kind=draw(st.none() | st.just("draft")) if numbered else draw(st.sampled_from(["meeting", "practice"])),
        status=draw(st.sampled_from(["in_force", "draft", "reported"])),
        relations=draw(st.lists(relations, max_size=2, unique=True).map(tuple)),
    )


@st.composite
def registries(draw: st.DrawFn) -> Registry:
    found = draw(st.lists(codes, min_size=1, max_size=4, unique=True))
    agencies = [
        Agency(
            code=code,
            kind="ministry",
            name=draw(texts | words.map(lambda name: Text(vi=name, en=name, fr=name))),
            parent=draw(st.none() | st.sampled_from(found)),
            symbol=draw(st.none() | words),
            valid_from=draw(st.none() | days),
            valid_to=draw(st.none() | days),
        )
        for code in found
    ]
    off = draw(st.dictionaries(days, st.tuples(texts, words, st.none() | days), max_size=3))
    special = {
        day: SpecialDay(day=day, name=name, source=source, known_on=known) for day, (name, source, known) in off.items()
    }
    rungs = st.builds(Rung, st.sampled_from(["before", "after"]), spans) | st.just(Rung("due"))
    ladder = Ladder(
        name="standard",
        time=draw(st.times().map(lambda t: time(t.hour, t.minute))),
        rungs=draw(st.lists(rungs, max_size=3).map(tuple)),
        then_every=draw(st.none() | spans),
        review=draw(st.booleans()),
    )
    return Registry(
        agencies={agency.code: agency for agency in agencies},
        sets={"some": AgencySet(kinds=("ministry",), codes=draw(st.lists(st.sampled_from(found)).map(tuple)))},
        calendar=Calendar(
            zone="Asia/Ho_Chi_Minh",
            weekend=draw(st.frozensets(st.integers(0, 6), max_size=6)),
            roll=draw(st.sampled_from(["forward", "back", "none"])),
            days_off=special,
            make_up_days={},
        ),
        ladders={"standard": ladder},
        due_soon=draw(spans),
    )


def errors(findings: tuple[Finding, ...]) -> list[str]:
    return [str(finding) for finding in findings if finding.severity == "error"]


# ── The laws ────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=40)  # whole directives are slow to draw
@given(directives())
def test_a_directive_rendered_and_read_again_is_equal(directive: Directive):
    read, findings = read_text(render(directive).encode(), "a.yaml")
    assert errors(findings) == []
    assert read == directive
    assert fingerprint(read) == fingerprint(directive)


@settings(max_examples=60)
@given(directives(), st.randoms(use_true_random=False))
def test_a_layout_says_the_same_and_laying_it_out_again_changes_nothing(directive: Directive, chance: random.Random):
    lines = render(directive).splitlines(keepends=True)
    # a comment above any key of a task, and the keys of the head in any order
    lines = ["# above\n" + line if re.match("    [a-z_]+:", line) and chance.random() < 0.3 else line for line in lines]
    blocks = re.split(r"^(?=[a-z_]+:)", "".join(lines), flags=re.MULTILINE)
    chance.shuffle(blocks)
    text = "".join(blocks)
    laid = lay_out(text.encode(), "a.yaml").text
    assert laid is not None
    assert lay_out(laid.encode(), "a.yaml").text == laid
    assert laid.count("# above") == text.count("# above")
    assert read_text(laid.encode(), "a.yaml")[0] == read_text(text.encode(), "a.yaml")[0]


@settings(max_examples=40)
@given(directives())
def test_a_directive_kept_as_a_document_is_equal(directive: Directive):
    assert directive_from(json.loads(json.dumps(directive_document(directive)))) == directive


@given(registries())
def test_a_registry_kept_as_a_document_is_equal(registry: Registry):
    assert registry_from(json.loads(json.dumps(registry_document(registry)))) == registry


@settings(max_examples=40)
@given(directives(), st.randoms(use_true_random=False))
def test_neither_the_order_of_keys_nor_of_tasks_nor_the_layout_matters(directive: Directive, chance: random.Random):
    def shuffled(value: object) -> object:
        if isinstance(value, dict):
            pairs = [(key, shuffled(inner)) for key, inner in value.items()]
            chance.shuffle(pairs)
            return dict(pairs)
        return value

    plain = yaml.load(render(directive), Loader=yaml.BaseLoader)  # every scalar as text, as our reader does
    # quoted throughout: another layout of the same content
    text = "# a comment\n" + yaml.dump(shuffled(plain), default_style='"', sort_keys=False, width=1000)
    read, findings = read_text(text.encode(), "a.yaml")
    assert errors(findings) == []
    assert read == directive


@settings(max_examples=15)
@given(directives(), directives())
def test_two_directives_have_one_fingerprint_only_when_they_say_the_same(one: Directive, other: Directive):
    assert (fingerprint(one) == fingerprint(other)) == (one == other)


@settings(max_examples=40)
@given(directives())
def test_planning_the_same_version_changes_nothing(directive: Directive):
    agencies = {code: Agency(code=code, kind="state", name=a_text(code)) for code in _codes_of(directive)}
    registry = a_registry(agencies=agencies)
    assert plan(directive, directive, registry=registry, on=directive.issued).is_empty
    added = plan(None, directive, registry=registry, on=directive.issued).changes
    removed = plan(directive, None, registry=registry, on=directive.issued).changes
    assert [(c.task, c.added, c.new_deadline) for c in added] == [(c.task, c.removed, c.old_deadline) for c in removed]
    assert len(added) == len(directive.tasks)


def _codes_of(directive: Directive) -> set[str]:
    found: set[str] = set()
    for task in directive.tasks:
        if task.for_each:
            found |= {*task.for_each.named, task.for_each.then or "CP"}
    return found


# ── Bytes from anywhere ─────────────────────────────────────────────────────────────────────────────────────

SMALL = Path(__file__).parents[1] / "corpus" / "registry"
REGISTRY, _ = read_registry(SMALL)
GOOD = sorted((Path(__file__).parents[1] / "corpus" / "good").rglob("*.yaml"))
PIECES = (
    b": ", b"- ", b"{", b"}", b"[", b"]", b"'", b'"', b"&a ", b"*a", b"!!map ", b"<<", b">", b"|", b"---\n", b"...",
    b"? ", b"#", b"%", b"\t", b"\0", b"\r", b"\n", b"  ", b"\\", b",", b"null", b"tasks:", b"due: ", b"needs: ",
    b"9999-12-31", b"0 days", b"\xc4\x90", b"\xef\xbb\xbf", b"\xff",
)  # fmt: skip


def places_hold(findings: tuple[Finding, ...]) -> bool:
    return all(finding.place.line >= 1 and finding.place.column >= 1 and finding.remedy for finding in findings)


@given(st.binary(max_size=300) | st.lists(st.sampled_from(PIECES), max_size=60).map(b"".join))
@example(b"%YAML 9.9\n---\na: b")
@example(b"\xfe\xff\x00a")
@example(b'a: "\\ud800"')
@example(b'tasks: {"\\treport": {}}')
def test_no_bytes_raise_anything(data: bytes):
    directive, findings = read_text(data, "a.yaml", registry=REGISTRY)
    assert directive is not None or findings
    assert places_hold(findings)


@given(st.sampled_from(GOOD), st.data())
def test_a_good_file_damaged_anywhere_never_raises(file: Path, data: st.DataObject):
    whole = file.read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    piece = data.draw(st.sampled_from([b"", *PIECES]) | st.binary(max_size=5))
    directive, findings = read_text(whole[:start] + piece + whole[end:], "a.yaml", registry=REGISTRY)
    assert directive is not None or findings
    assert places_hold(findings)


@given(st.sampled_from(["agencies.yaml", "communes.csv", "calendar.yaml", "ladders.yaml"]), st.data())
def test_a_registry_damaged_anywhere_never_raises(
    tmp_path_factory: pytest.TempPathFactory, file: str, data: st.DataObject
):
    folder = tmp_path_factory.mktemp("registry")
    for other in SMALL.iterdir():
        (folder / other.name).write_bytes(other.read_bytes())
    whole = (SMALL / file).read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    piece = data.draw(st.sampled_from([b"", *PIECES]) | st.binary(max_size=5))
    (folder / file).write_bytes(whole[:start] + piece + whole[end:])
    registry, findings = read_registry(folder)
    assert registry is not None or findings
    assert places_hold(findings)
