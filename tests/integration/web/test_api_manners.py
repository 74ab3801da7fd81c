"""The manners of the API: pages and their links, ETags, keys of requests, instants, languages, problems, tokens."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.web.a_site import KEY, Site
from tests.integration.web.an_api import API, Line, line, token_line
from tracker.operations import verify
from tracker.store import ledger
from tracker.web.api.problems import KINDS, pages

REPORT = f"/tasks/{KEY}/report/BNV"


@pytest.fixture
def le(site: Site) -> Line:
    return line(site, "le")


@pytest.fixture
def looking(looked_at: Site) -> Line:
    return line(looked_at, "le")


@pytest.fixture
def anna(site: Site) -> Line:
    return line(site, "anna")


def every(asking: Line, path: str, key: str) -> Iterator[Any]:
    """Yield what a list holds, page by page, by following its links."""
    address: str | None = path
    while address is not None:
        answer = asking.get(address)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        yield from found[key]
        following = answer.links.get("next", {}).get("url")
        assert following == found["next_page"]
        assert (found["next_cursor"] is None) == (following is None)
        address = following.partition(API)[2] if following else None


# ── Lists ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("/tasks", "tasks"),
        ("/tasks?order=ref", "tasks"),
        ("/tasks?order=-due", "tasks"),
        ("/directives", "directives"),
        ("/agencies", "agencies"),
        ("/reminders", "reminders"),
        ("/entries", "entries"),
        ("/submissions", "asked"),
    ],
)
def test_pages_of_one_hold_what_a_whole_list_holds_in_its_order(looking: Line, path: str, key: str) -> None:
    mark = "&" if "?" in path else "?"
    whole = looking.get(f"{path}{mark}limit=200").json()
    assert whole["next_cursor"] is None
    assert list(every(looking, f"{path}{mark}limit=1", key)) == whole[key]


def test_what_is_reported_meanwhile_moves_no_row_from_page_to_page(site: Site, le: Line, anna: Line) -> None:
    first = le.get("/tasks?order=ref&limit=3").json()
    refs = [one["ref"] for one in first["tasks"]]
    answer = anna.post(f"{REPORT}/submissions", {"words": "Done."}, If_Match=anna.tag(REPORT))
    assert answer.status_code == 201
    rest = le.get(f"/tasks?order=ref&limit=200&cursor={first['next_cursor']}").json()
    assert not set(refs) & {one["ref"] for one in rest["tasks"]}
    assert len(refs) + len(rest["tasks"]) == rest["total"]


def test_a_filter_is_that_of_the_page_of_tasks(looking: Line) -> None:
    found = looking.get("/tasks?cell=open_overdue&cell=undated").json()
    assert {one["cell"] for one in found["tasks"]} == {"open_overdue", "undated"}
    assert found["total"] == len(found["tasks"])
    assert looking.get("/tasks?agency=BTC&open=asking").json()["tasks"][0]["task"] == "accounts"


def test_entries_are_bound_to_each_other_and_so_to_the_head(looked_at: Site, looking: Line) -> None:
    found = list(every(looking, "/entries?limit=7", "entries"))
    previous = "0" * 64
    for entry in found:
        assert entry["previous"] == previous
        previous = entry["hash"]
    assert previous == looked_at.store.position().hash
    assert [one["seq"] for one in looking.get("/entries?after=10&limit=2").json()["entries"]] == [11, 12]
    assert {one["kind"] for one in looking.get("/entries?kind=submitted").json()["entries"]} == {"submitted"}


def test_the_whole_ledger_can_be_checked(looked_at: Site, looking: Line) -> None:
    found = looking.get("/entries:verify").json()
    assert found["holds"]
    assert found["entries"] == verify(looked_at.store).entries


# ── What was looked at ───────────────────────────────────────────────────────────────────────────────────────


def test_who_comes_second_is_told_so(site: Site, anna: Line) -> None:
    tag = anna.tag(REPORT)
    assert anna.post(f"{REPORT}/submissions", {"words": "Done."}, If_Match=tag).status_code == 201
    again = anna.post(f"{REPORT}/submissions", {"words": "Done."}, If_Match=tag)
    assert (again.status_code, again.json()["code"]) == (412, "changed-meanwhile")


def test_a_change_without_what_it_was_decided_by_is_not_made(site: Site, anna: Line) -> None:
    before = site.store.position().seq
    answer = anna.post(f"{REPORT}/submissions", {"words": "Done."})
    assert (answer.status_code, answer.json()["code"]) == (428, "precondition-required")
    assert site.store.position().seq == before


def test_a_report_goes_from_the_agency_to_its_acceptance(site: Site, le: Line, anna: Line) -> None:
    files = {"file": ("report.txt", b"What was done.", "text/plain")}
    kept = anna.send(f"{REPORT}/evidence", files=files).json()
    body = {"words": "Done.", "done_on": "2025-08-19", "proofs": [{"sha256": kept["sha256"]}]}
    made = anna.post(f"{REPORT}/submissions", body, If_Match=anna.tag(REPORT))
    path = made.headers["location"].removeprefix(API)
    assert made.json()["asked"]["proofs"][0]["name"] == "report.txt"
    assert le.get(f"/evidence/{kept['sha256']}").content == b"What was done."
    back = le.post(f"{path}:return", {"missing": "The signature."}, If_Match=le.tag(path))
    assert (back.json()["asked"]["state"], back.json()["asked"]["why"]) == ("returned", "The signature.")
    second = anna.post(f"{REPORT}/submissions", {"words": "Signed."}, If_Match=anna.tag(REPORT))
    path = second.headers["location"].removeprefix(API)
    done = le.post(f"{path}:accept", If_Match=second.headers["etag"])
    assert done.json()["asked"]["state"] == "accepted"
    assert le.get(REPORT).json()["row"]["progress"] == "completed"
    late = le.post(f"{path}:accept", If_Match=done.headers["etag"])
    assert (late.status_code, late.json()["code"]) == (409, "refused")


def test_more_time_is_asked_for_and_granted_and_ownership_settled(site: Site, le: Line) -> None:
    (asked,) = le.get("/extensions").json()["asked"]
    path = f"/extensions/{asked['entry']}"
    granted = le.post(f"{path}:grant", {"instrument": "512/QD-TTg"}, If_Match=le.tag(path)).json()["asked"]
    assert (granted["state"], granted["row"]["last_day"], granted["instrument"]) == (
        "granted",
        "2025-09-30",
        "512/QD-TTg",
    )
    (said,) = le.get("/contests").json()["asked"]
    path = f"/contests/{said['entry']}"
    moved = le.post(f"{path}:transfer", {"to": "BGDDT", "why": "It is theirs."}, If_Match=le.tag(path))
    assert moved.json()["asked"]["state"] == "transferred", moved.text


# ── Sent again ───────────────────────────────────────────────────────────────────────────────────────────────


def test_a_request_sent_again_with_its_key_gets_its_first_answer(site: Site, anna: Line) -> None:
    sent = {"If_Match": anna.tag(REPORT), "Idempotency_Key": "first"}
    one = anna.post(f"{REPORT}/submissions", {"words": "Done."}, **sent)
    seq = site.store.position().seq
    two = anna.post(f"{REPORT}/submissions", {"words": "Done."}, **sent)
    assert (one.status_code, two.status_code) == (201, 201)
    assert one.content == two.content
    assert {name: two.headers[name] for name in ("etag", "location")} == {
        name: one.headers[name] for name in ("etag", "location")
    }
    assert two.headers["idempotency-replayed"] == "true"
    assert site.store.position().seq == seq


def test_a_key_is_for_one_request(site: Site, anna: Line) -> None:
    sent = {"If_Match": anna.tag(REPORT), "Idempotency_Key": "first"}
    anna.post(f"{REPORT}/submissions", {"words": "Done."}, **sent)
    other = anna.post(f"{REPORT}/submissions", {"words": "Not done."}, **sent)
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")


def test_the_key_of_somebody_else_is_another_key(site: Site, le: Line, anna: Line) -> None:
    tag = anna.tag(REPORT)
    one = anna.post(f"{REPORT}/submissions", {"words": "Done."}, If_Match=tag, Idempotency_Key="k")
    path = one.headers["location"].removeprefix(API)
    two = le.post(f"{path}:accept", If_Match=one.headers["etag"], Idempotency_Key="k")
    assert two.json()["asked"]["state"] == "accepted"


def test_what_was_refused_may_be_corrected_under_its_key(site: Site, anna: Line) -> None:
    sent = {"If_Match": anna.tag(REPORT), "Idempotency_Key": "first"}
    assert anna.post(f"{REPORT}/submissions", {"words": ""}, **sent).status_code == 422
    assert anna.post(f"{REPORT}/submissions", {"words": "Done."}, **sent).status_code == 201


def test_of_many_that_come_at_once_one_is_carried_out(site: Site, anna: Line) -> None:
    tag, before = anna.tag(REPORT), site.store.position().seq
    answers = []

    def send() -> None:
        mine = line(site, "anna")
        answers.append(mine.post(f"{REPORT}/submissions", {"words": "Done."}, If_Match=tag, Idempotency_Key="k"))

    line(site, "anna")  # its session is begun before they race
    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    statuses = sorted(answer.status_code for answer in answers)
    assert set(statuses) <= {201, 409}
    assert 201 in statuses
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} <= {"key-in-use"}
    with site.store.read() as connection:
        made = [one for one in ledger.entries(connection, after=before) if one.kind == "submitted"]
    assert len(made) == 1


# ── Instants, languages, problems ────────────────────────────────────────────────────────────────────────────


def test_an_earlier_day_is_answered_as_it_was(looking: Line) -> None:
    then = looking.get("/tasks?as_of=2025-08-15").json()
    assert then["as_of"] == "2025-08-15T01:00:00Z"
    assert then["cells"]["open_overdue"] == 0
    assert looking.get("/tasks").json()["cells"]["open_overdue"] == 1
    known = looking.get("/tasks?as_of=2025-08-18&known=now").json()
    assert known["known_at"] == "2025-08-20T02:00:00Z"


@pytest.mark.parametrize(
    ("asked", "said", "sentence"),
    [
        ("vi", "vi", "Quá hạn"),
        ("de, fr;q=0.8, en;q=0.1", "fr", "En retard"),
        ("en", "en", "Overdue by 5 days"),
    ],
)
def test_sentences_are_in_the_language_asked_for(looking: Line, asked: str, said: str, sentence: str) -> None:
    row = looking.get(f"/tasks/{KEY}/budget/BTC", Accept_Language=asked).json()["row"]
    assert row["reason"]["code"] == "overdue"
    assert row["reason"]["text"].startswith(sentence)
    problem = looking.get("/tasks/2025/none/none/BNV", Accept_Language=asked)
    assert problem.headers["content-language"] == said


@pytest.mark.parametrize(
    ("asked", "language", "errors"),
    [
        ("limit=0&order=x", "vi", {"limit": "quá nhỏ; tối thiểu: 1", "order": "không thuộc các giá trị sau:"}),
        ("limit=x&as_of=x", "fr", {"limit": "n’est pas un nombre", "as_of": "n’est pas un instant, comme"}),
        ("limt=3", "fr", {"limt": "n’est pas connu ici"}),
        ("limit=0&as_of=x", "en", {"limit": "Input should be greater than or equal to 1", "as_of": "is no instant"}),
    ],
)
def test_what_is_amiss_is_said_in_the_language_asked_for(
    looking: Line, asked: str, language: str, errors: dict[str, str]
) -> None:
    answer = looking.get(f"/tasks?{asked}", Accept_Language=language)
    assert answer.status_code == 400
    found = {one["name"]: one["detail"] for one in answer.json()["errors"]}
    assert found.keys() == errors.keys()
    assert all(found[name].startswith(said) for name, said in errors.items()), found


@pytest.mark.parametrize(
    "said", ["", "20250811", "2025-W33-1", "2025-08-11T14:30", "2025-08-11 14:30:00Z", "2025-08-11T14:30:00", "now "]
)
@pytest.mark.parametrize("name", ["as_of", "known"])
def test_an_instant_is_taken_as_the_description_says_it_and_no_other_way(looking: Line, name: str, said: str) -> None:
    answer = looking.get(f"/directives?{name}={said}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad-parameter")
    assert [one["name"] for one in answer.json()["errors"]] == [name]


@pytest.mark.parametrize("said", ["2025-08-11", "2025-08-11T14:30:00Z", "2025-08-11T14:30:00.5+07:00"])
def test_an_instant_as_the_description_says_it_is_taken(looking: Line, said: str) -> None:
    assert looking.get(f"/directives?as_of={said}").status_code == 200


def test_a_misspelt_parameter_is_named(looking: Line) -> None:
    answer = looking.get("/tasks?limt=3&agency=BNV")
    assert (answer.status_code, answer.json()["errors"]) == (
        400,
        [{"in": "query", "name": "limt", "detail": "not known"}],
    )


@pytest.mark.parametrize(
    "path",
    [
        "/tasks?limit=0",
        "/tasks?limit=201",
        "/tasks?cell=blue",
        "/tasks?cursor=x",
        "/tasks?as_of=yesterday",
        "/entries?cursor=x",
        "/calendar?period=26",
        "/calendar:count?from=2025-08-01",
        "/reports/summary?period=2025-Q3&as_of=2025-08-01",
    ],
)
def test_a_parameter_that_means_nothing_is_refused(looking: Line, path: str) -> None:
    answer = looking.get(path)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_every_problem_has_a_page_in_every_language(looked_at: Site) -> None:
    nobody = looked_at.nobody()
    for code, _ in pages():
        titles = {nobody.get(f"/help/problems/{code}?lang={one}").text for one in ("vi", "en", "fr")}
        assert len(titles) == 3
    assert looked_at.nobody().get("/help/problems/there-is-none").status_code == 404


def test_the_type_of_a_problem_opens_its_page(looked_at: Site, looking: Line) -> None:
    problem = looking.get("/tasks?limt=3").json()
    assert problem["type"] == "http://127.0.0.1:8000/help/problems/unknown-parameter"
    page = looking.client.get(problem["type"])
    assert page.status_code == 200
    assert problem["title"] in page.text


def test_an_address_that_leads_nowhere_is_a_problem_too(looked_at: Site, looking: Line) -> None:
    for path in ("/", "/none", "/tasks/x", "/docs/none"):
        answer = looking.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json"), path
    answer = looking.client.delete(f"{API}/tasks")
    assert (answer.status_code, answer.headers["allow"], answer.json()["code"]) == (405, "GET", "method-not-allowed")


# ── Who ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_session_without_its_token_changes_nothing(site: Site, anna: Line) -> None:
    tag = anna.tag(REPORT)
    for headers in ({}, {"X-CSRF-Token": "wrong"}):
        answer = anna.client.post(
            f"{API}{REPORT}/submissions", json={"words": "Done."}, headers={**headers, "If-Match": tag}
        )
        assert answer.status_code == 403


def test_a_token_reads_or_writes_as_it_was_made_to(site: Site) -> None:
    reading, writing = token_line(site, "anna", "read"), token_line(site, "anna", "read", "write")
    tag = reading.tag(REPORT)
    refused = reading.post(f"{REPORT}/submissions", {"words": "Done."}, If_Match=tag)
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    assert writing.post(f"{REPORT}/submissions", {"words": "Done."}, If_Match=tag).status_code == 201
    assert reading.get(f"/tasks/{KEY}/budget/BTC").status_code == 404


def test_a_token_nobody_knows_is_nobody_even_beside_a_session(looked_at: Site, looking: Line) -> None:
    for said in ("Bearer nonsense", "Basic bGU6bGU=", "Bearer "):
        answer = looking.get("/tasks", Authorization=said)
        assert (answer.status_code, "invalid_token" in answer.headers["www-authenticate"]) == (401, True)


# ── The description ──────────────────────────────────────────────────────────────────────────────────────────


def test_the_description_says_of_every_operation_for_whom_it_is_and_what_goes_wrong(looked_at: Site) -> None:
    found = looked_at.nobody().get(f"{API}/openapi.json").json()
    assert found["openapi"].startswith("3.1")
    ids = set()
    for path, methods in found["paths"].items():
        for method, one in methods.items():
            assert one["x-roles"], path
            assert one["description"], path
            assert {"400", "401", "403", "404", "429", "503"} <= set(one["responses"]), path
            assert ("412" in one["responses"]) == any(p["name"] == "If-Match" for p in one["parameters"])
            ids.add(one["operationId"])
            assert method in ("get", "post", "delete")
    assert len(ids) == sum(map(len, found["paths"].values()))
    assert {kind.status for kind in KINDS.values()} == set(map(int, found["components"]["responses"]))


def test_the_viewer_needs_no_script_and_shows_every_operation(looked_at: Site) -> None:
    page = looked_at.nobody().get(f"{API}/docs")
    assert page.status_code == 200
    assert len(page.content) < 150_000
    for path in looked_at.nobody().get(f"{API}/openapi.json").json()["paths"]:
        assert f" {path}</code>" in page.text
    for name in ("TaskRow", "EntryRow"):
        assert looked_at.nobody().get(f"{API}/docs/{name}").status_code == 200
