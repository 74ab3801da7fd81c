"""Calls nobody thought of: schemathesis asks every operation of the API, as everybody, right and wrong.

    python -m tests.simulation.api [--examples N] [--seed N] [--role NAME]

Three things may never happen: an error of the server, an answer its own description does not allow, and an
answer to somebody whom the operation is not for. What is right is what the operation itself declares
(`x-roles` in the description); path and ETag are real ones every other time, so that operations are reached.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import CHECKS
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation.case import Case

from tests.browser.conftest import serving
from tests.integration.web.a_site import KEY, NOW, SECRETARIAT, Site, a_site
from tracker.operations.hooks import add_hook

# whom the API is asked as: a name of the site, None for nobody
ROLES: Mapping[str, str | None] = {
    "secretariat": "le",
    "agency": "anna",
    "auditor": "pham",
    "admin": "root",
    "nobody": None,
}
RIGHT = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
REFS = (f"{KEY}/report/BNV", f"{KEY}/training/BNV", f"{KEY}/budget/BTC", f"{KEY}/schools/BGDDT", f"{KEY}/roads/22")
CODES = ("BNV", "BTC", "01", "BNV-TC")


@dataclass(slots=True)
class Played:
    """What came of a play: how many calls, their statuses, and every complaint once."""

    calls: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    complaints: dict[str, str] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)

    def complain(self, where: str, what: str) -> None:
        """Keep a complaint, the first of its kind."""
        self.complaints.setdefault(f"{where}: {what.splitlines()[0]}", what)


def play(site: Site, base: str, role: str, *, examples: int, number: int) -> Played:
    """Return what came of calling every operation so often, as right and as wrong as its description allows.

    The site is served at `base`.
    """
    name = ROLES[role]
    played = Played()
    document = requests.get(f"{base}/api/v1/openapi.json", timeout=60).json()
    with requests.Session() as session:
        if name:
            session.headers["X-CSRF-Token"] = site.csrf(name)
            session.headers["Cookie"] = f"tracker={site.session(name).token}"
        line = _Line(session, f"{base}/api/v1", role, document, _facts(site), played)
        for found in schemathesis.openapi.from_dict(document).get_all_operations():
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                line.ask(found.ok(), mode, examples=examples, number=number)
    return played


@dataclass(slots=True)
class _Line:
    """A line to the API as somebody, and what is heard on it."""

    session: requests.Session
    base: str
    role: str
    document: Mapping[str, Any]
    facts: Mapping[str, Any]
    played: Played

    def ask(self, operation: Any, mode: GenerationMode, *, examples: int, number: int) -> None:
        """Call one operation so often, one way."""
        wrong = mode == GenerationMode.NEGATIVE

        @seed(number)
        @settings(
            max_examples=examples,
            phases=[Phase.generate],
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode), real=st.booleans(), chosen=st.integers(0, 10_000))
        def one(case: Case, real: bool, chosen: int) -> None:
            if real:
                _make_real(case, self.facts, chosen)
            self.call(case, wrong=wrong and not real, lost=not real)

        # an operation without parameters cannot be asked wrongly
        with suppress(Unsatisfiable):
            one()

    def call(self, case: Case, *, wrong: bool, lost: bool) -> None:
        """Make a call and judge the answer; one that is `lost` may lead to no operation at all."""
        where, played = f"{self.role} {case.method} {case.path}", self.played
        case.cookies = {}
        if case.headers is not None:
            case.headers.pop("Authorization", None)
        try:
            response = case.call(base_url=self.base, session=self.session)
        except (UnicodeEncodeError, requests.exceptions.InvalidHeader):  # what no client could send
            return
        played.calls += 1
        played.statuses[response.status_code] += 1
        if response.status_code < 300:
            played.reached.add(f"{case.method} {case.path}")
        declared = self.document["paths"][case.path][case.method.lower()]
        for what in misplaced(self.role, declared, response.status_code, lost=lost):
            played.complain(where, what)
        # 412 is a refusal too, which the check has not heard of
        rejecting = wrong and response.status_code != 412
        names = [*RIGHT, *(["negative_data_rejection"] if rejecting else [])]
        try:
            case.validate_response(response, checks=CHECKS.get_by_names(names))
        except FailureGroup as group:
            for error in group.exceptions:
                played.complain(where, f"{type(error).__name__} {error}"[:1500])
        except Failure as error:
            played.complain(where, f"{type(error).__name__} {error}"[:1500])


def misplaced(role: str, declared: Mapping[str, Any], status: int, *, lost: bool = False) -> Iterator[str]:
    """Yield what is wrong with a status for a role, by what the operation declares of itself."""
    if lost and status in (404, 405):
        return
    if role == "nobody":
        if status != 401:
            yield f"nobody is answered {status}"
    elif role not in declared["x-roles"]:
        if status != 403:
            yield f"{role} is answered {status}, and the operation is for {declared['x-roles']}"
    elif status == 401:
        yield f"{role} is not known"
    elif status == 403 and not (declared["x-owned"] and declared["x-scope"] == "write"):
        yield f"{role} is refused what is for {declared['x-roles']}"


def _facts(site: Site) -> dict[str, Any]:
    """Return what real addresses are made of."""
    le = site.as_("le")
    asked = {
        noun: [one["entry"] for one in le.get(f"/api/v1/{noun}").json()["asked"]]
        for noun in ("submissions", "extensions", "contests")
    }
    reminders = [one["row"]["reference"] for one in le.get("/api/v1/reminders").json()["reminders"]]
    hook = add_hook(
        site.store, "http://127.0.0.1:9/", ["cut_off"], settings=site.settings, at=NOW, actor=SECRETARIAT
    ).hook.reference
    return {"asked": asked, "reminders": reminders, "hook": hook}


def _make_real(case: Case, facts: Mapping[str, Any], chosen: int) -> None:
    """Put what exists into the address of a case, and an ETag that any state fits."""
    year, slug, task, agency = REFS[chosen % len(REFS)].split("/")
    real = {
        "year": year,
        "slug": slug,
        "task": task,
        "agency": agency,
        "code": CODES[chosen % len(CODES)],
        "version": 1,
        "entry": _one_of(facts["asked"].get(case.path.split("/")[1].partition(":")[0], ()) or [1], chosen),
        "reference": facts["hook"] if case.path.startswith("/hooks") else _one_of(facts["reminders"], chosen),
    }
    for name in case.path_parameters or {}:
        if name in real:
            case.path_parameters[name] = real[name]
    if case.headers is not None and "If-Match" in case.headers:
        case.headers["If-Match"] = "*"


def _one_of(some: Sequence[Any], chosen: int) -> Any:
    return some[chosen % len(some)]


def main() -> int:
    """Play every role, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.api")
    parser.add_argument("--examples", type=int, default=150)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--role", choices=sorted(ROLES))
    asked = parser.parse_args()
    failed = False
    for role in [asked.role] if asked.role else ROLES:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            site = a_site(Path(folder))
            with serving(site) as base:
                played = play(site, base, role, examples=asked.examples, number=asked.seed)
            site.store.close()
        statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(played.statuses.items()))
        reached = f"{len(played.reached)} operations answered with success"
        print(f"{role}: {played.calls:,} calls in {time.monotonic() - began:.0f} s; {statuses}; {reached}", flush=True)
        for key, what in played.complaints.items():
            print(f"  ✗ {key}\n{what}")
        failed = failed or bool(played.complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
