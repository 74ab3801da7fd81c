"""Registries, agencies, directives, tasks and needs as the entries of adoptions determine them.

An entry of an adoption holds the fingerprint of what was adopted, not the document: documents are
inputs, each held against its fingerprint. Rows are made by the functions that adoption itself uses.
"""

import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from tracker.domain.agency import Registry
from tracker.domain.directive import Directive
from tracker.domain.errors import Broken
from tracker.files.documents import directive_from, registry_from
from tracker.operations.adopted_rows import agency_rows, edges, heirs_edges, look, task_rows
from tracker.operations.duties import HORIZON
from tracker.operations.following import following_from, heirs_of
from tracker.operations.replay import Adoption, Looked, Replay
from tracker.store.redo import Again, Key

Rows = dict[Key, Again]


class Registries:
    """The adopted registries, each in force from its position in the ledger to the next; read where one is asked."""

    def __init__(self, adoptions: list[Adoption], documents: Mapping[str, str]) -> None:
        self.adoptions = adoptions
        self._read = cache(lambda mark: registry_from(json.loads(_text(mark, documents))))

    def at(self, seq: int) -> Registry:
        """Return the registry in force at a position of the ledger."""
        mark: str = next(each.payload["fingerprint"] for each in reversed(self.adoptions) if each.seq <= seq)
        return self._read(mark)


def registry_rows(replay: Replay, documents: Mapping[str, str]) -> Rows:
    """Return the versions of the registry."""
    rows = {}
    for each in replay.registries:
        version, mark = each.payload["version"], each.payload["fingerprint"]
        columns = {"version": version, "fingerprint": mark, "seq": each.seq, "adopted_at": each.at}
        rows[(version,)] = _with_document(columns, mark, documents)
    return rows


def agencies(replay: Replay, registries: Registries) -> Rows:
    """Return the agencies of the registry in force."""
    if not replay.registries:
        return {}
    return {(row["code"],): Again(row) for row in agency_rows(registries.at(replay.registries[-1].seq))}


def directive_rows(replay: Replay, documents: Mapping[str, str]) -> Rows:
    """Return the versions of the directives."""
    current = {each.payload["directive"]: each.payload["version"] for each in replay.directives}
    rows = {}
    for each in replay.directives:
        said, key = each.payload, each.payload["directive"]
        columns: dict[str, Any] = {name: said[name] for name in ("version", "number", "fingerprint")}
        columns |= {"key": key, "issued": date.fromisoformat(said["issued"]), "seq": each.seq, "adopted_at": each.at}
        columns["current"] = current[key] == said["version"]
        if text := documents.get(said["fingerprint"]):
            columns["issuer"] = json.loads(text)["issuer"]
        rows[key, said["version"]] = _with_document(columns, said["fingerprint"], documents)
    return rows


class Graph:
    """The tasks of the directives in force and the edges between them, adoption by adoption.

    Only the last version of a directive is read: what an earlier one wrote, the next one replaced.
    """

    def __init__(self, replay: Replay, registries: Registries, documents: Mapping[str, str]) -> None:
        self.tasks: dict[str, dict[str, Any]] = {}
        self.needs: dict[tuple[str, str], None] = {}
        self._replay, self._registries, self._documents = replay, registries, documents
        last = {each.payload["directive"]: each.seq for each in replay.directives}
        for position, each in enumerate(replay.directives, 1):
            if last[each.payload["directive"]] == each.seq:
                self._adopt(each, [earlier.payload for earlier in replay.directives[:position]])
            self._put_out_of_force(each)

    def _adopt(self, adoption: Adoption, so_far: list[Any]) -> None:
        known = following_from(so_far)
        directive = directive_from(json.loads(_text(adoption.payload["fingerprint"], self._documents)))
        registry = self._registries.at(adoption.seq)
        for row in task_rows(directive, registry, adoption.at, known):
            self.tasks[row["key"]] = row
        self.needs |= dict.fromkeys(edges(directive, known))
        self._looked_further(directive, adoption)

    def _looked_further(self, directive: Directive, adoption: Adoption) -> None:
        """Let recurring tasks come round after what was made or looked for since the adoption."""
        since = self._registries.at(adoption.seq).calendar.civil_day(adoption.at) + HORIZON
        for task in directive.tasks:
            looked: Looked | None = self._replay.looked.get(task.key)
            row = self.tasks[task.key]
            if looked and looked.until > since and row["materialise_at"] is not None:
                registry = self._registries.at(looked.seq)
                known = following_from([])
                row["materialise_at"] = look(task, directive, registry, after=looked.until, known=known)

    def _put_out_of_force(self, adoption: Adoption) -> None:
        for key in adoption.payload.get("supersedes", ()):
            for row in self.tasks.values():
                if row["directive"] == key:
                    row["materialise_at"] = None
        for was, now in heirs_of(adoption.payload).items():
            self.needs |= dict.fromkeys(heirs_edges(self.needs, was, now))
            for row in self.tasks.values():
                if row["anchor"] == f"task:{was}":
                    row["anchor"] = f"task:{now}"


def _with_document(columns: Mapping[str, Any], mark: str, documents: Mapping[str, str]) -> Again:
    text = documents.get(mark)
    if text is None:  # the row that is there holds another one: nothing here can say what it was
        return Again({**columns, "document": None}, None, mendable=False)
    return Again({**columns, "document": text})


def _text(mark: str, documents: Mapping[str, str]) -> str:
    if mark not in documents:
        sentence = f"no document has the fingerprint {mark}, which an entry says was adopted: give the folder it is in"
        raise Broken(sentence, code="broken-document")
    return documents[mark]
