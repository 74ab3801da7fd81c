"""Provenance: the entries as W3C PROV-JSON, for tools that read nothing of ours.

An entry is an activity; who made it, an agent; assignments, versions of directives and files of evidence are
entities. An entry that gives an assignment generates it, one that moves it influences it, any other that is
about it uses it.
"""

import json
import tempfile
from contextlib import ExitStack
from typing import IO, Any, Protocol
from urllib.parse import quote

from tracker.domain.assignment import FOLDED
from tracker.domain.entry import Entry, stamp

SECTIONS = ("entity", "activity", "agent")
RELATIONS = ("wasAssociatedWith", "wasGeneratedBy", "wasDerivedFrom", "wasInfluencedBy", "used")
_SPOOL = 1 << 20  # in memory up to here, then on the disk: a section is as long as the ledger
_CHUNK = 1 << 20


class Writable(Protocol):
    """What the finished document is written to."""

    def write(self, data: bytes) -> int:
        """Write bytes."""


class Provenance:
    """A PROV-JSON document that grows with every entry, in memory that does not."""

    def __init__(self, origin: str) -> None:
        self._base = f"urn:{origin.replace('/', ':')}"
        self._stack = ExitStack()
        self._spools: dict[str, IO[bytes]] = {}
        self._actors: set[str] = set()
        self._files: set[str] = set()
        self._versions: dict[str, int] = {}
        self._relations = 0

    def __enter__(self) -> "Provenance":
        for name in (*SECTIONS, *RELATIONS):
            self._spools[name] = self._stack.enter_context(tempfile.SpooledTemporaryFile(max_size=_SPOOL))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def take(self, entry: Entry) -> None:
        """Add an entry: its activity, its agent, and what it says of entities."""
        activity = f"entry:{entry.seq}"
        at = stamp(entry.recorded_at)
        said = {"tracker:kind": entry.kind, "tracker:effective": stamp(entry.effective_at), "tracker:hash": entry.hash}
        self._add("activity", activity, {"prov:startTime": at, "prov:endTime": at, **said})
        agent = f"actor:{_local(entry.actor)}"
        if entry.actor not in self._actors:
            self._actors.add(entry.actor)
            self._add("agent", agent, {"prov:label": entry.actor})
        self._relate("wasAssociatedWith", {"prov:activity": activity, "prov:agent": agent})
        if entry.assignment is not None:
            self._assignment(entry, entry.assignment, activity)
        elif entry.kind == "directive_adopted":
            self._directive(entry, activity)
        elif entry.kind == "evidence_added":
            self._evidence(entry, activity)

    def finish(self, out: Writable) -> None:
        """Write the whole document."""
        out.write(b'{"prefix":' + _json(self._prefixes()))
        for name, spool in self._spools.items():
            out.write(f',\n"{name}":{{'.encode())
            spool.seek(1)  # what stands first is the comma before the first record
            while chunk := spool.read(_CHUNK):
                out.write(chunk)
            out.write(b"}")
        out.write(b"}\n")

    def _assignment(self, entry: Entry, ref: str, activity: str) -> None:
        entity = f"assignment:{_local(ref)}"
        if entry.kind == "assigned":
            task, agency = str(entry.payload.get("task")), entry.payload.get("agency")
            about = {"prov:label": ref, "tracker:task": task, "tracker:agency": agency}
            self._add("entity", entity, {**about, "prov:type": "tracker:assignment"})
            self._relate("wasGeneratedBy", {"prov:entity": entity, "prov:activity": activity})
            directive = task.rpartition("/")[0]
            if directive in self._versions:
                source = f"directive:{_local(directive)}/v{self._versions[directive]}"
                self._relate("wasDerivedFrom", {"prov:generatedEntity": entity, "prov:usedEntity": source})
        elif entry.kind in FOLDED:
            self._relate("wasInfluencedBy", {"prov:influencee": entity, "prov:influencer": activity})
        else:
            self._relate("used", {"prov:activity": activity, "prov:entity": entity})
        for proof in entry.payload.get("proofs") or ():
            if proof.get("sha256"):
                self._relate("used", {"prov:activity": activity, "prov:entity": f"evidence:{proof['sha256']}"})

    def _directive(self, entry: Entry, activity: str) -> None:
        said = entry.payload
        key, version = str(said["directive"]), int(said["version"])
        entity = f"directive:{_local(key)}/v{version}"
        about = {"prov:label": f"{said['number']}, version {version}", "tracker:fingerprint": said["fingerprint"]}
        self._add("entity", entity, {**about, "prov:type": "tracker:directive"})
        self._relate("wasGeneratedBy", {"prov:entity": entity, "prov:activity": activity})
        if key in self._versions:
            before = f"directive:{_local(key)}/v{self._versions[key]}"
            self._relate("wasDerivedFrom", {"prov:generatedEntity": entity, "prov:usedEntity": before})
        self._versions[key] = version

    def _evidence(self, entry: Entry, activity: str) -> None:
        said = entry.payload
        entity = f"evidence:{said['sha256']}"
        if said["sha256"] in self._files:  # another office brought the same bytes
            self._relate("used", {"prov:activity": activity, "prov:entity": entity})
            return
        self._files.add(said["sha256"])
        about = {"prov:label": said["name"], "tracker:size": said["size"], "tracker:media_type": said["media_type"]}
        self._add("entity", entity, {**about, "prov:type": "tracker:evidence"})
        self._relate("wasGeneratedBy", {"prov:entity": entity, "prov:activity": activity})

    def _relate(self, relation: str, ends: dict[str, str]) -> None:
        self._relations += 1
        self._add(relation, f"_:r{self._relations}", ends)

    def _add(self, section: str, name: str, attributes: dict[str, Any]) -> None:
        self._spools[section].write(b",\n" + _json(name) + b":" + _json(attributes))

    def _prefixes(self) -> dict[str, str]:
        kinds = ("entry", "actor", "assignment", "directive", "evidence")
        return {"tracker": "urn:tracker:", **{kind: f"{self._base}:{kind}:" for kind in kinds}}


def _local(name: str) -> str:
    return quote(name, safe="/-._~")


def _json(value: Any) -> bytes:
    return _ENCODER.encode(value).encode()


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
