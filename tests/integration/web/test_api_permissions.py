"""Every operation of the API as everybody: what is right is what the operation declares beside its path.

An operation that is new here and has no row in `BODIES`, or whose address cannot be filled in, fails.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest

from tests.integration.web.a_site import KEY, NOW, Site, a_site
from tests.integration.web.an_api import API, Line, line
from tracker.operations import submit
from tracker.operations.deputies import name_deputy
from tracker.operations.ownership import contest

ROLES = {"secretariat": "le", "agency": "anna", "auditor": "pham", "admin": "root"}
YAML = b"directive: 1/QD-TTg\n"
# what is sent where something is: nothing of it gets as far as being recorded
BODIES: Mapping[str, Any] = {
    "submissions": {"words": "done"},
    "extensions": {"day": "2025-10-31", "why": "because"},
    "contests": {"why": "because"},
    "return": {"missing": "the report"},
    "grant": {"instrument": "1/A"},
    "refuse": {"why": "because"},
    "uphold": {"why": "because"},
    "transfer": {"to": "BGDDT", "why": "because"},
    "excuse": {"why": "because", "agreed_by": "le"},
    "deputies": {"agency": "BTC", "deputy": "01", "from_day": "2025-08-21", "until_day": "2025-08-22", "why": "away"},
    "hooks": {"url": "https://hooks.example/a"},
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    made = a_site(tmp_path_factory.mktemp("site"))
    submit(made.store, f"{KEY}/report/BNV", at=NOW, actor="BNV:anna", words="Done.")
    contest(made.store, f"{KEY}/training/BNV", at=NOW, actor="BNV:anna", why="It is not ours.")
    for agency in ("BNV", "BTC"):
        days = {"first": date(2025, 9, 1), "last": date(2025, 9, 3)}
        name_deputy(made.store, agency, "01", at=NOW, actor="secretariat:le", why="away", **days)
    yield made
    made.store.close()


def document(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = site.nobody().get(f"{API}/openapi.json").json()
    return found


def operations(site: Site) -> list[tuple[str, str, dict[str, Any]]]:
    """Return the method, path and declaration of every operation."""
    return [(method, path, one) for path, methods in document(site)["paths"].items() for method, one in methods.items()]


def entries(site: Site, noun: str, agency: str) -> int:
    """Return the entry of a question of an agency; zero where it asked none."""
    found = line(site, "le").get(f"/{noun}").json()["asked"]
    return next((one["entry"] for one in found if one["ref"].endswith(f"/{agency}")), 0)


def filled(site: Site, path: str, agency: str) -> str | None:
    """Return an address that is about one agency's work; None where it has none of the kind."""
    task = {"BNV": "report", "BTC": "budget"}[agency]
    real: dict[str, Any] = {"year": "2025", "slug": "412-tb-vpcp", "task": task, "agency": agency, "code": agency}
    real["version"] = 1
    noun = path.split("/")[1]
    if "{entry}" in path and noun != "deputies":
        real["entry"] = entries(site, noun, agency)
        if not real["entry"]:
            return None
    if "{entry}" in path and noun == "deputies":
        found = line(site, "le").get("/deputies").json()["deputies"]
        real["entry"] = next(one["seq"] for one in found if one["agency"] == agency)
    if "{reference}" in path and noun == "reminders":
        found = line(site, "le").get(f"/reminders?agency={agency}").json()["reminders"]
        real["reference"] = found[0]["row"]["reference"]
    if "{reference}" in path and noun == "hooks":
        real["reference"] = "hook-0000"
    if "{sha256}" in path:
        mine = line(site, {"BNV": "anna", "BTC": "binh"}[agency])
        files = {"file": ("a.txt", f"evidence of {agency}".encode(), "text/plain")}
        answer = mine.send(f"/tasks/{KEY}/{task}/{agency}/evidence", files=files)
        assert answer.status_code == 201, answer.text
        real["sha256"] = answer.json()["sha256"]
    return path.format_map(real)


def called(asking: Line, method: str, path: str, declared: Mapping[str, Any], *, whole: bool) -> Any:
    """Return what an operation answers; `whole`: with everything it wants."""
    if method == "get":
        return asking.get(path + ("?from=2025-08-01&days=3" if path.endswith(":count") else ""))
    if not whole:
        return asking.send(path, method=method.upper())
    headers = {"If-Match": "*"}
    kinds = declared.get("requestBody", {}).get("content", {})
    if "application/yaml" in kinds:
        return asking.send(path, content=YAML, headers={**headers, "Content-Type": "application/yaml"})
    if "multipart/form-data" in kinds:
        return asking.send(path, files={"file": ("b.txt", b"b", "text/plain")}, headers=headers)
    word = path.replace(":", "/").rsplit("/", 1)[1]
    return asking.send(path, method=method.upper(), headers=headers, **({"json": BODIES[word]} if kinds else {}))


def test_nobody_is_answered_nothing(site: Site) -> None:
    for method, path, declared in operations(site):
        address = filled(site, path, "BNV") or filled(site, path, "BTC")
        assert address is not None, path
        answer = called(line(site, None), method, address, declared, whole=True)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated"), (method, path)
        assert answer.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("role", ROLES)
def test_an_operation_is_for_whom_it_says(site: Site, role: str) -> None:
    asking = line(site, ROLES[role])
    for method, path, declared in operations(site):
        address = filled(site, path, "BNV") or filled(site, path, "BTC")
        assert address is not None
        status = called(asking, method, address, declared, whole=False).status_code
        if role not in declared["x-roles"]:
            assert status == 403, (method, path, status)
        elif method == "get":
            assert status in (200, 404), (method, path, status)
        else:  # it may, and is told what is missing, or that there is no such hook
            assert status in ((404,) if path.endswith(":test") else (422, 428)), (method, path, status)


def test_an_agency_is_told_of_anothers_work_as_of_what_does_not_exist(site: Site) -> None:
    anna, before = line(site, "anna"), site.store.position().seq
    met = 0
    for method, path, declared in operations(site):
        if not declared["x-owned"] or "agency" not in declared["x-roles"]:
            continue
        address = filled(site, path, "BTC") or (filled(site, path, "BNV") and path.format(entry=_of_others(site, path)))
        before = site.store.position().seq  # what `filled` brings along is not anna's doing
        answer = called(anna, method, address or path, declared, whole=True)
        if path in ("/reports/summary",):
            continue  # it has no address of somebody's: see the next test
        met += 1
        expected = 403 if path == "/deputies" else 404
        assert answer.status_code == expected, (method, path, answer.text)
        assert site.store.position().seq == before, (method, path)
    assert met >= 12


def _of_others(site: Site, path: str) -> int:
    noun = path.split("/")[1]
    found = line(site, "le").get(f"/{noun}").json()["asked"]
    return next(one["entry"] for one in found if not one["ref"].endswith("/BNV"))


@pytest.mark.parametrize(
    "address",
    [
        "/reports/summary?agency=BTC",
        "/reports/summary?agency=BTC&below=true",
        f"/tasks/{KEY}/budget/BTC",
        "/agencies/BTC/tasks",
    ],
)
def test_figures_of_another_agency_are_not_to_be_had(site: Site, address: str) -> None:
    assert line(site, "anna").get(address).status_code == 404
    assert line(site, "binh").get(address).status_code == 200


def test_lists_hold_what_is_ones_own(site: Site) -> None:
    anna, le = line(site, "anna"), line(site, "le")
    own = {one["ref"] for one in anna.get("/tasks").json()["tasks"]}
    every = {one["ref"] for one in le.get("/tasks").json()["tasks"]}
    assert own == {ref for ref in every if ref.endswith("/BNV")} < every
    assert {one["row"]["agency"] for one in anna.get("/reminders").json()["reminders"]} == {"BNV"}
    assert {one["ref"] for one in anna.get("/submissions").json()["asked"]} == {f"{KEY}/report/BNV"}
    assert anna.get("/extensions").json()["asked"] == []
    assert anna.get(f"/directives/{KEY}").json()["cells"]["total"] == len(own)
    assert [one["agency"] for one in anna.get("/deputies").json()["deputies"]] == ["BNV"]
    assert {one["agency"] for one in anna.get("/reports/summary").json()["agencies"]} == {"BNV"}


def test_what_a_task_waits_for_is_named_and_no_more(site: Site) -> None:
    found = line(site, "anna").get(f"/tasks/{KEY}/training/BNV/explain").json()
    (waited,) = found["waits_for"]
    assert set(waited) == {"task", "title", "agency", "agency_name", "last_day", "standing"}
    assert waited["agency"] == "BGDDT"
