"""The rooms of the house and the doors between them, held against every module.

Each rule is proven twice: the product keeps it, and a snippet that breaks it is caught.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parent.parent

# Whom each room may import, besides itself. A folder or module missing here is a room nobody planned.
EDGES = {"domain", "settings"}
DOORS: dict[str, set[str]] = {
    "tracker": set(),
    "tracker.__main__": {"cli"},
    "tracker.settings": {"domain"},
    "tracker.clock": set(),
    "tracker.lazily": set(),
    "tracker.uncollected": set(),
    "tracker.domain": set(),
    "tracker.files": EDGES | {"uncollected"},
    "tracker.store": EDGES,
    "tracker.notify": EDGES,
    "tracker.audit": EDGES,
    "tracker.operations": EDGES | {"files", "store", "notify", "audit", "lazily", "uncollected"},
    "tracker.views": EDGES | {"store", "lazily"},
    "tracker.terminal": EDGES | {"views"},
    "tracker.cli": EDGES | {"operations", "views", "terminal", "files", "clock"},
    # a page says the rows of a task in the words of its mail
    "tracker.web": EDGES | {"operations", "views", "notify", "clock"},
    "flows": EDGES | {"operations", "views", "terminal", "clock"},
}

# An outside library is met in its own rooms only, so that replacing it touches one folder.
HOMES: dict[str, set[str]] = {
    "alembic": {"tracker.store"},
    "apprise": {"tracker.notify"},
    "argon2": {"tracker.audit"},
    "authlib": {"tracker.web"},
    "cryptography": {"tracker.audit"},
    "docx": {"tracker.files"},
    "fastapi": {"tracker.web"},
    "openpyxl": {"tracker.files"},
    "holidays": {"tracker.files"},
    "httpx": {"tracker.web"},
    "icalendar": {"tracker.files"},
    "jinja2": {"tracker.notify", "tracker.web"},
    "joserfc": {"tracker.web"},
    "prefect": {"flows"},
    "prometheus_client": {"tracker.web"},
    "psycopg": {"tracker.store"},
    "pyotp": {"tracker.audit"},
    "rich": {"tracker.terminal", "tracker.cli"},
    "ruamel": {"tracker.files"},
    "sqlalchemy": {"tracker.store"},
    "sqlmodel": {"tracker.store"},
    "standardwebhooks": {"tracker.notify"},
    "starlette": {"tracker.web"},
    "typer": {"tracker.cli"},
    "typst": {"tracker.files"},
    "urllib3": {"tracker.notify"},
    "uvicorn": {"tracker.web"},
    "xlsxwriter": {"tracker.files"},
    "yaml": {"tracker.files"},
}

# The domain computes and does nothing else: these are all it knows of the world outside Python,
COMPUTING = {"pendulum", "dateutil", "rustworkx", "networkx"}
# and of Python itself it leaves alone what reaches the disk, the network, other processes or the clock.
IMPURE = {
    *(
        "asyncio",
        "concurrent",
        "ftplib",
        "glob",
        "http",
        "logging",
        "multiprocessing",
        "os",
        "random",
        "secrets",
    ),
    *("select", "shutil", "smtplib", "socket", "socketserver", "sqlite3", "ssl", "subprocess", "tempfile"),
    *("threading", "time", "urllib"),
}

READS_OF_THE_CLOCK = {
    *(f"datetime.datetime.{name}" for name in ("now", "today", "utcnow")),
    "datetime.date.today",
    *(f"time.{name}" for name in ("ctime", "gmtime", "localtime", "time", "time_ns")),
    *(f"pendulum.{name}" for name in ("now", "today", "tomorrow", "yesterday")),
    *(f"pendulum.DateTime.{name}" for name in ("now", "today", "utcnow")),
    *(
        f"{library}.func.{name}"
        for library in ("sqlalchemy", "sqlmodel")
        for name in ("current_date", "current_timestamp", "now")
    ),
}

LONGEST_MODULE = 400
LONGEST_FUNCTION = 60
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Module:
    """One Python file of the product, read once."""

    path: PurePosixPath
    source: str
    nodes: tuple[ast.AST, ...]

    @property
    def parts(self) -> tuple[str, ...]:
        """The dotted name, taken apart: a package is named by its folder."""
        parts = self.path.with_suffix("").parts
        return parts[:-1] if parts[-1] == "__init__" else parts

    @property
    def room(self) -> str:
        """The room it stands in: `flows`, `tracker`, or the first name below `tracker`."""
        return room_of(".".join(self.parts))


def module(path: str, source: str) -> Module:
    """Return a module from its path below the repository and its text."""
    return Module(PurePosixPath(path), source, tuple(ast.walk(ast.parse(source))))


def product() -> Iterator[Module]:
    """Yield every module of the product, one at a time: all of their trees together are a lot to hold."""
    for file in [file for top in ("tracker", "flows") for file in sorted((ROOT / top).rglob("*.py"))]:
        yield module(file.relative_to(ROOT).as_posix(), file.read_text(encoding="utf-8"))


def room_of(name: str) -> str:
    """Return the room of a dotted name: its first two parts in `tracker`, its first elsewhere."""
    top, *rest = name.split(".")
    return f"{top}.{rest[0]}" if top == "tracker" and rest else top


def imports(of: Module) -> Iterator[tuple[int, str]]:
    """Yield the line and the dotted name of everything imported, wherever in the file and however."""
    package = of.parts if of.path.name == "__init__.py" else of.parts[:-1]
    for node in of.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            start = ".".join([*above, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{start}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and (name := imported_by_call(node)):
            yield node.lineno, name


def imported_by_call(call: ast.Call) -> str | None:
    """Return the module that `importlib.import_module("…")` or `__import__("…")` names."""
    called = dotted(call.func).rpartition(".")[2]
    if called not in {"import_module", "__import__"} or not call.args:
        return None
    first = call.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def dotted(node: ast.AST) -> str:
    """Return a name and what is looked up in it as they are written, `a.b.c`; what is looked up in no name as `.c`."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def closed_doors(of: Module) -> Iterator[str]:
    """Yield a sentence for each room of ours that this module may not enter."""
    if of.room not in DOORS:
        yield f"{of.path}:1 stands in {of.room}, a room that the table of tests/test_architecture.py lacks"
        return
    open_to = {of.room, "tracker", *(f"tracker.{name}" for name in DOORS[of.room])}
    for line, name in imports(of):
        target = room_of(name)
        if target.partition(".")[0] not in {"tracker", "flows"} or target in open_to:
            continue
        if target not in DOORS and name.startswith("tracker.__"):
            continue  # tracker.__version__: a word of the package, not a room
        yield f"{of.path}:{line} imports {name}, but {of.room} may import only {enumerated(open_to)}"


def strangers(of: Module) -> Iterator[str]:
    """Yield a sentence for each outside library met away from its home."""
    for line, name in imports(of):
        library = name.partition(".")[0]
        if library in HOMES and of.room not in HOMES[library]:
            yield f"{of.path}:{line} imports {name}, but {library} belongs to {enumerated(HOMES[library])}"
        elif of.room == "tracker.domain" and not is_pure(library):
            yield f"{of.path}:{line} imports {name}, but the domain only computes"


def is_pure(library: str) -> bool:
    """Return whether the domain may know this library; its own rooms are `closed_doors`' business."""
    ours = library in {"tracker", "flows"}
    return ours or library in COMPUTING or library in sys.stdlib_module_names - IMPURE


def clock_reads(of: Module) -> Iterator[str]:
    """Yield a sentence for each mention of a function that reads the clock, called or only passed on."""
    if of.room == "tracker.clock":
        return
    known = names_imported(of)
    for node in of.nodes:
        if isinstance(node, ast.Attribute | ast.Name):
            head, dot, rest = dotted(node).partition(".")
            name = known.get(head, head) + dot + rest
            if name in READS_OF_THE_CLOCK:
                yield f"{of.path}:{node.lineno} reads the clock with {name}; only tracker/clock.py does"


def names_imported(of: Module) -> dict[str, str]:
    """Return what each imported name stands for: `{"dt": "datetime.datetime"}`."""
    known: dict[str, str] = {}
    for node in of.nodes:
        if isinstance(node, ast.Import):
            known |= {alias.asname: alias.name for alias in node.names if alias.asname}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return known


def oversizes(of: Module) -> Iterator[str]:
    """Yield a sentence for a module or function that nobody reads in one go."""
    if (lines := len(of.source.splitlines())) > LONGEST_MODULE:
        yield f"{of.path}:1 has {lines} lines; the limit is {LONGEST_MODULE}, so split it by noun"
    for node in of.nodes:
        if isinstance(node, FUNCTIONS):
            lines = length(node) - sum(length(one) for one in ast.iter_child_nodes(node) if isinstance(one, FUNCTIONS))
            if lines > LONGEST_FUNCTION:
                what = f"{node.name} has {lines} lines"
                yield f"{of.path}:{node.lineno} {what}; the limit is {LONGEST_FUNCTION}"


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return how many lines a function takes; those of functions inside it are counted as theirs, not as its own."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def enumerated(names: set[str]) -> str:
    """Return the names in order, for a sentence."""
    return ", ".join(sorted(names))


Rule = Callable[[Module], Iterator[str]]
RULES: list[Rule] = [closed_doors, strangers, clock_reads, oversizes]


def complaints(of: Module) -> list[str]:
    """Return every sentence that any rule has about a module."""
    return [sentence for rule in RULES for sentence in rule(of)]


@pytest.fixture(scope="module")
def said() -> dict[str, dict[Rule, list[str]]]:
    """What each rule has to say of each module of the product, which is read once for all rules."""
    return {str(part.path): {rule: list(rule(part)) for rule in RULES} for part in product()}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_product_keeps_the_rule(rule: Rule, said: dict[str, dict[Rule, list[str]]]) -> None:
    broken = [sentence for of in said.values() for sentence in of[rule]]
    assert not broken, "\n" + "\n".join(broken)


def test_the_product_is_what_is_read(said: dict[str, dict[Rule, list[str]]]) -> None:
    assert {"tracker/__init__.py", "tracker/clock.py"} <= said.keys()


@pytest.mark.parametrize(
    ("path", "source", "sentence"),
    [
        # Doors between our rooms
        ("tracker/domain/a.py", "import tracker.store", "tracker/domain/a.py:1 imports tracker.store, but"),
        (
            "tracker/domain/a.py",
            "from tracker import settings",
            "imports tracker.settings, but tracker.domain",
        ),
        ("tracker/domain/a.py", "from tracker import clock", "imports tracker.clock, but tracker.domain"),
        (
            "tracker/domain/a.py",
            "from ..store import ledger",
            "imports tracker.store.ledger, but tracker.domain",
        ),
        ("tracker/domain/__init__.py", "from ..store import ledger", "imports tracker.store.ledger, but"),
        ("tracker/files/a.py", "from tracker.store import b", "imports tracker.store.b, but tracker.files"),
        ("tracker/store/a.py", "from tracker.audit.chain import c", "imports tracker.audit.chain.c, but"),
        ("tracker/notify/a.py", "if True:\n    import tracker.views", "a.py:2 imports tracker.views, but"),
        ("tracker/audit/a.py", "def f():\n    from .. import store", "a.py:2 imports tracker.store, but"),
        ("tracker/operations.py", "from . import views", "imports tracker.views, but tracker.operations"),
        ("tracker/operations.py", "from tracker.clock import now", "imports tracker.clock.now, but"),
        (
            "tracker/views.py",
            "import tracker.operations as o",
            "imports tracker.operations, but tracker.views",
        ),
        ("tracker/terminal/a.py", "import tracker.operations", "imports tracker.operations, but"),
        ("tracker/web/a.py", "import tracker.store", "imports tracker.store, but tracker.web"),
        ("tracker/cli/a.py", "import tracker.web.app", "imports tracker.web.app, but tracker.cli"),
        ("tracker/cli/a.py", "import flows.monitor", "imports flows.monitor, but tracker.cli"),
        ("tracker/cli/a.py", "import_module('flows')", "imports flows, but tracker.cli"),
        ("tracker/clock.py", "import tracker.domain", "imports tracker.domain, but tracker.clock"),
        ("flows/a.py", "import tracker.store", "flows/a.py:1 imports tracker.store, but flows"),
        ("tracker/attic/a.py", "", "tracker/attic/a.py:1 stands in tracker.attic, a room that"),
        # Outside libraries
        (
            "tracker/operations.py",
            "from prefect import flow",
            "imports prefect.flow, but prefect belongs to flows",
        ),
        ("tracker/cli/a.py", "importlib.import_module('prefect')", "imports prefect, but prefect belongs to"),
        ("tracker/views.py", "import sqlalchemy as sa", "imports sqlalchemy, but sqlalchemy belongs to"),
        ("tracker/web/a.py", "import sqlmodel", "sqlmodel belongs to tracker.store"),
        ("tracker/operations.py", "import alembic.command", "alembic belongs to tracker.store"),
        ("tracker/operations.py", "import apprise", "apprise belongs to tracker.notify"),
        ("tracker/web/a.py", "import rich.table", "rich belongs to tracker.cli, tracker.terminal"),
        ("tracker/cli/a.py", "import yaml", "yaml belongs to tracker.files"),
        ("flows/a.py", "from ruamel.yaml import YAML", "ruamel belongs to tracker.files"),
        ("tracker/cli/a.py", "import fastapi", "fastapi belongs to tracker.web"),
        ("tracker/web/a.py", "import typer", "typer belongs to tracker.cli"),
        ("tracker/domain/a.py", "import pydantic", "imports pydantic, but the domain only computes"),
        ("tracker/domain/a.py", "import os.path", "imports os.path, but the domain only computes"),
        # The clock
        ("tracker/views.py", "import datetime\ndatetime.datetime.now()", "views.py:2 reads the clock with"),
        ("tracker/views.py", "import datetime as d\nd.date.today()", "with datetime.date.today"),
        (
            "tracker/views.py",
            "from datetime import datetime as t\nt.utcnow()",
            "with datetime.datetime.utcnow",
        ),
        ("tracker/views.py", "from datetime import date\nf(date.today)", "with datetime.date.today"),
        ("tracker/views.py", "from time import time\ntime()", "with time.time"),
        ("tracker/views.py", "import pendulum\npendulum.tomorrow('UTC')", "with pendulum.tomorrow"),
        ("tracker/store/a.py", "from sqlalchemy import func\nfunc.now()", "with sqlalchemy.func.now"),
        # Size
        ("tracker/store/a.py", "def f():\n" + "    g()\n" * 60, "a.py:1 f has 61 lines"),
        ("tracker/store/a.py", "def f():\n    def g():\n" + "        h()\n" * 60, "a.py:2 g has 61 lines"),
    ],
)
def test_a_breach_is_named_in_one_sentence(path: str, source: str, sentence: str) -> None:
    found = complaints(module(path, source))
    assert len(found) == 1
    assert found[0].startswith(path)
    assert sentence in found[0]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("tracker/domain/a.py", "import pendulum, dateutil.rrule, rustworkx, networkx, graphlib"),
        ("tracker/domain/a.py", "from tracker.domain import b\nfrom .b import c\nfrom . import d"),
        ("tracker/domain/__init__.py", "from .b import c"),
        ("tracker/web/a.py", "def routes():\n" + ("    def page():\n" + "        f()\n" * 30) * 3),
        ("tracker/files/a.py", "import yaml\nfrom ..domain.b import c\nfrom tracker import settings"),
        (
            "tracker/store/migrations/env.py",
            "import alembic, sqlmodel, sqlalchemy\nfrom tracker.store import d",
        ),
        ("tracker/operations.py", "from tracker import audit, domain, files, notify, store"),
        ("tracker/operations/apply.py", "from tracker.operations.deliver import b\nimport tracker.store"),
        ("tracker/cli/a.py", "import rich, typer, tracker.clock\nfrom tracker import __version__, files"),
        ("tracker/web/a.py", "import fastapi\nfrom tracker import clock, operations, views\nclock.now()"),
        ("tracker/__main__.py", "from tracker.cli.main import main"),
        ("flows/a.py", "import prefect, flows.b\nfrom tracker import clock, operations, terminal, views"),
        ("tracker/clock.py", "from datetime import UTC, datetime\ndatetime.now(UTC)"),
        ("tracker/views.py", "import time\ntime.perf_counter()\nself.now()\nnow = at"),
    ],
)
def test_what_the_table_allows_is_not_complained_of(path: str, source: str) -> None:
    assert complaints(module(path, source)) == []


@pytest.mark.parametrize(("lines", "fits"), [(399, True), (400, True), (401, False)])
def test_a_module_holds_up_to_400_lines(lines: int, fits: bool) -> None:
    assert (complaints(module("tracker/views.py", "x = 1\n" * lines)) == []) is fits


@pytest.mark.parametrize("keyword", ["def", "async def"])
@pytest.mark.parametrize(("lines", "fits"), [(59, True), (60, True), (61, False)])
def test_a_function_holds_up_to_60_lines(keyword: str, lines: int, fits: bool) -> None:
    source = f"{keyword} long():\n" + "    x = 1\n" * (lines - 1)
    assert (complaints(module("tracker/views.py", source)) == []) is fits
