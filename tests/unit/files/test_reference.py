"""The reference: every key and every finding code stands in directives/README.md, and nothing else does."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tracker.files import document, due, links, owner, task
from tracker.files.schema_words import LOCATOR, SOURCE

ROOT = Path(__file__).parents[3]
README = (ROOT / "directives" / "README.md").read_text(encoding="utf-8")
ROOMS = ("domain", "files")
# the values that carry a code: a finding, and a doubt of the drafting check that becomes one
VALUES = ("Finding", "Doubt")
# what makes a finding or hands its code on is told by a parameter of this name
PARAMETER = "code"
DEFAULTS = ("for_each", "before", "attribution", "modality", "remind")
CODE = re.compile(r"[a-z]+[a-z0-9]*(-[a-z0-9]+)*")


# ── The codes in the source ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Call:
    """The code that a call hands on, as written, and where."""

    place: str
    value: ast.expr
    forwards: bool


@cache
def modules() -> list[tuple[str, ast.Module]]:
    paths = [path for room in ROOMS for path in sorted((ROOT / "tracker" / room).rglob("*.py"))]
    return [(path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))) for path in paths]


@cache
def functions() -> list[ast.FunctionDef]:
    return [node for _, tree in modules() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


@cache
def takers() -> dict[str, set[int]]:
    """Return what takes a code and makes a finding of it, near or far, with the places it takes it at.

    A function belongs to them when it has the parameter and hands it to one of them: an agency's code goes
    elsewhere.
    """
    found = {name: {field_of(name)} for name in VALUES}
    while True:
        more = {
            function.name: place_of(function)
            for function in functions()
            if PARAMETER in parameters(function) and function.name not in found and hands_on(function, found)
        }
        if not more:
            return found
        for name, places in more.items():
            found.setdefault(name, set()).update(places)


def field_of(name: str) -> int:
    (body,) = [
        node.body for _, tree in modules() for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name
    ]
    return [ast.unparse(line.target) for line in body if isinstance(line, ast.AnnAssign)].index(PARAMETER)


def place_of(function: ast.FunctionDef) -> set[int]:
    names = [argument.arg for argument in function.args.args if argument.arg != "self"]
    return {names.index(PARAMETER)} if PARAMETER in names else set()


def hands_on(function: ast.FunctionDef, known: dict[str, set[int]]) -> bool:
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in known:
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            if any(isinstance(value, ast.Name) and value.id == PARAMETER for value in given):
                return True
    return False


def calls() -> Iterator[Call]:
    known = takers()
    for file, tree in modules():
        for function, node in within(tree):
            forwards = function is not None and PARAMETER in parameters(function)
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).rpartition(".")[2]
                for at in known.get(name, ()):
                    if at < len(node.args):
                        yield Call(f"{file}:{node.lineno}", node.args[at], forwards)
                for keyword in node.keywords if name in known else ():
                    if keyword.arg == PARAMETER:
                        yield Call(f"{file}:{node.lineno}", keyword.value, forwards)
            elif isinstance(node, ast.FunctionDef) and node.name in known:
                yield from defaults(file, node)


def within(tree: ast.Module) -> Iterator[tuple[ast.FunctionDef | None, ast.AST]]:
    """Yield every node with the function around it; one within another counts as the outer one."""
    for top in tree.body:
        inside = [top] if isinstance(top, ast.FunctionDef) else []
        inside += [
            part for part in ast.walk(top) if isinstance(part, ast.FunctionDef) and isinstance(top, ast.ClassDef)
        ]
        seen = {id(node) for function in inside for node in ast.walk(function)}
        yield from ((function, node) for function in inside for node in ast.walk(function))
        yield from ((None, node) for node in ast.walk(top) if id(node) not in seen)


def parameters(function: ast.FunctionDef) -> set[str]:
    return {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)}


def defaults(file: str, node: ast.FunctionDef) -> Iterator[Call]:
    for argument, value in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
        if argument.arg == PARAMETER and value is not None:
            yield Call(f"{file}:{node.lineno}", value, False)


def constants(value: ast.expr) -> list[str] | None:
    """Return the codes an expression can be, or None where nobody can tell from the source."""
    match value:
        case ast.Constant(value=str(code)):
            return [code]
        case ast.IfExp(body=body, orelse=other):
            one, two = constants(body), constants(other)
            return None if one is None or two is None else [*one, *two]
    return None


@cache
def codes() -> set[str]:
    return {code for call in calls() for code in constants(call.value) or () if CODE.fullmatch(code)}


def is_handed_on(call: Call) -> bool:
    """Return whether the code is one that is collected elsewhere: a parameter, or the code of a doubt."""
    return ast.unparse(call.value) == (PARAMETER if call.forwards else "doubt.code")


def test_every_code_is_written_where_it_can_be_found():
    hidden = [call.place for call in calls() if constants(call.value) is None and not is_handed_on(call)]
    assert hidden == []


def test_the_codes_that_are_found_are_those_that_are_made():
    made = set(re.findall(r"^# expect: [0-9]+ ([a-z0-9-]+)$", corpus(), re.MULTILINE))
    assert made - codes() == set()
    assert len(codes()) > 80


def corpus() -> str:
    files = (ROOT / "tests" / "corpus").rglob("*.yaml")
    return "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)


# ── What the reference says ─────────────────────────────────────────────────────────────────────────────────


def section(name: str) -> str:
    """Return one section of the reference, or all of it."""
    return README.partition(f"\n## {name}\n")[2].partition("\n## ")[0] if name else README


def rows(head: str, within: str = "") -> list[tuple[list[str], str]]:
    """Return the rows of every table whose first column has that head: the names in code marks, and the rest."""
    found: list[tuple[list[str], str]] = []
    reading = False
    for line in section(within).splitlines():
        if line.startswith(f"| {head}"):
            reading = True
        elif not line.startswith("|"):
            reading = False
        elif reading and not line.startswith("|---"):
            first, _, rest = line.strip("|").partition(" | ")
            found.append((re.findall(r"`([^`]+)`", first), rest.strip()))
    return found


def test_every_code_has_its_line_and_every_line_its_code():
    told = {name for names, _ in rows("finding") for name in names}
    assert sorted(codes() - told) == []
    assert sorted(told - codes()) == []


def test_no_code_is_told_twice():
    told = [(name, rest) for names, rest in rows("finding") for name in names]
    assert sorted({name for name, _ in told if [other for other, _ in told].count(name) > 2}) == []
    assert all(len(rest) > 5 for _, rest in told)


@pytest.mark.parametrize(
    ("within", "prefix", "keys"),
    [
        ("The document", "", document.KEYS),
        ("The document", "relations[].", links.RELATION_KEYS),
        ("The document", "sources.", tuple(SOURCE)),
        ("The document", "defaults.", DEFAULTS),
        ("A task", "", task.KEYS),
        ("A task", "source.", tuple(LOCATOR)),
        ("A task", "for_each.", owner.FOR_EACH_KEYS),
        ("A task", "needs[].", links.NEED_KEYS),
        ("Deadlines", "", due.KEYS),
    ],
)
def test_every_key_has_its_line(within: str, prefix: str, keys: tuple[str, ...]):
    told = {name for names, _ in rows("key", within) for name in names}
    assert sorted(f"{prefix}{key}" for key in keys if f"{prefix}{key}" not in told) == []


@pytest.mark.parametrize("within", ["The document", "A task"])
def test_no_line_tells_a_key_that_does_not_exist(within: str):
    known = {
        "The document": {
            *document.KEYS, *(f"relations[].{key}" for key in links.RELATION_KEYS),
            *(f"sources.{key}" for key in SOURCE), *(f"defaults.{key}" for key in DEFAULTS),
        },
        "A task": {
            *task.KEYS, *(f"source.{key}" for key in LOCATOR), *(f"for_each.{key}" for key in owner.FOR_EACH_KEYS),
            *(f"needs[].{key}" for key in links.NEED_KEYS),
        },
    }  # fmt: skip
    assert {name for names, _ in rows("key", within) for name in names} - known[within] == set()


@pytest.mark.parametrize(
    "words", [*document.KINDS, *document.STATUSES, *task.MODALITIES, *task.CLASSES, *links.NEED_KINDS]
)
def test_every_word_that_can_be_chosen_is_told(words: str):
    assert f"`{words}`" in README
