"""Render: a directive as the canonical YAML of its file, which reads back equal."""

import re
from typing import Any

import yaml

from tracker.domain.directive import Directive
from tracker.files.documents import Document, directive_document

# what a file need not say: the reader puts it there
_DEFAULTS: Document = {
    "attribution": "explicit", "modality": "must", "class": "task", "track": "true", "lead_basis": "named",
    "evidence": "optional", "remind": "standard",
}  # fmt: skip
_DUE_DEFAULTS = {"scope": "own", "bound": "exclusive"}
# other tools would take these for numbers, nulls or booleans; our own reader minds only the nulls
_AMBIGUOUS = re.compile(r"[-+]?[.0-9_]+|~|null|true|false|yes|no|on|off|y|n", re.IGNORECASE)


class _Dumper(yaml.SafeDumper):
    """Writes every scalar plain where that cannot be mistaken, dates and spans too: our reader takes them for text."""

    # no resolver: nothing is taken for a date or number, so nothing is quoted for looking like one
    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012

    def ignore_aliases(self, data: object) -> bool:
        """Return True: our reader refuses aliases."""
        return True


def _represent_text(dumper: _Dumper, words: str) -> yaml.ScalarNode:
    style = '"' if _AMBIGUOUS.fullmatch(words) or "\n" in words else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", words, style=style)


_Dumper.add_representer(str, _represent_text)


def render(directive: Directive) -> str:
    """Return the canonical YAML of a directive: keys in the order of the format, tasks in that of their ids."""
    document = directive_document(directive)
    document["title"] = _Block(document["title"])
    if "numbered" in document:
        document["numbered"] = _Plain("false")
    document["tasks"] = {name: _task(task, directive.key) for name, task in sorted(document.get("tasks", {}).items())}
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=None)


def scalar_text(words: str) -> str:
    """Return words as they stand in a file, in quotes where they must.

    >>> scalar_text("412/TB-VPCP"), scalar_text("01"), scalar_text("a: b")
    ('412/TB-VPCP', '"01"', "'a: b'")
    """
    return yaml.dump([words], Dumper=_Dumper, allow_unicode=True, width=10_000).removeprefix("- ").rstrip("\n")


def _task(document: Document, directive: str) -> Document:
    task = {key: value for key, value in document.items() if _DEFAULTS.get(key) != _plain(value)}
    for key, value in task.items():
        match key, value:
            case "title", dict():
                task[key] = _Block(value)
            case "for_each", dict():
                task[key] = {name: words for name, words in value.items() if (name, words) != ("complete_when", "all")}
            case "record", [record]:
                task[key] = record
            case "due", dict():
                task[key] = _due(value, directive)
            case "needs", list():
                task[key] = [_need(need, directive) for need in value]
            case "restates" | "supervises", list():
                task[key] = [other.removeprefix(directive + "/") for other in value]
            case "source", dict():
                task[key] = {**value, "sentence": _Plain(value["sentence"])}
            case "track", False:
                task[key] = _Plain("false")
    return task


def _due(due: Document, directive: str) -> Document:
    found = {name: words for name, words in due.items() if _DUE_DEFAULTS.get(name) != words}
    if isinstance(found.get("of"), str):
        found["of"] = found["of"].removeprefix(directive + "/")
    if "cutoff" in found:
        found["cutoff"] = _Plain("true")
    return found


def _need(need: dict[str, str], directive: str) -> str | dict[str, str]:
    found = {**need, "task": need["task"].removeprefix(directive + "/")}
    if found["basis"] == "stated":
        del found["basis"]
    return found if len(found) > 1 else found["task"]


class _Block(dict[str, str]):
    """A mapping written line by line."""


class _Plain(str):
    """A word that is a number or a truth value indeed, and so needs no quotes."""

    __slots__ = ()

    def __new__(cls, value: object) -> "_Plain":
        return super().__new__(cls, str(value))


def _represent_plain(dumper: _Dumper, words: _Plain) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", str(words))


def _represent_block(dumper: _Dumper, lines: _Block) -> yaml.MappingNode:
    return dumper.represent_mapping("tag:yaml.org,2002:map", lines.items(), flow_style=False)


_Dumper.add_representer(_Plain, _represent_plain)
_Dumper.add_representer(_Block, _represent_block)


def _plain(value: object) -> object:
    return "true" if value is True else value
