"""The pages of the auditor: the journal, the check of the whole, receipts, the export, and what is asked of dates."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.integration.web.a_site import KEY, NOW, Site
from tracker.operations import checking, verify
from tracker.operations.keys import keyfile_of, make_key
from tracker.operations.proving import receipt_of

PAGES = (
    "/history",
    "/history/entries/1",
    "/history/verify",
    "/history/receipt",
    "/history/deadlines",
    "/history/diff?since=2025-08-12",
    "/history/patterns?report=2025-08-20",
    "/history/sample?seed=2025&size=3",
    "/history/sample?seed=2025&size=3&of=entries",
    "/history/export",
)


@pytest.mark.parametrize("path", PAGES)
def test_an_auditor_opens_every_page_and_a_member_only_that_for_receipts(site: Site, path: str) -> None:
    assert site.as_("pham").get(path).status_code == 200
    assert site.as_("anna").get(path).status_code == (200 if path == "/history/receipt" else 403)


def test_the_journal_is_narrowed_and_paged_by_position(site: Site) -> None:
    client = site.as_("pham")
    only = client.get("/history?kind=submitted").text
    assert f"{KEY}/schools/BGDDT" in only
    assert only.count("/history/entries/") == 2
    assert "BTC:binh" in client.get("/history?actor=BTC").text
    assert client.get("/history?agency=22").text.count("contested") >= 1
    page = client.get("/history?after=3").text
    assert "/history/entries/2" in page
    assert "/history/entries/3" not in page
    assert client.get("/history?from=2025-08-19&to=2025-08-19&kind=directive_adopted").text.count("No entry fits") == 1


def test_the_journal_of_an_earlier_day_ends_there(site: Site) -> None:
    assert "Result reported" not in site.as_("pham").get("/history?at=2025-08-12").text.partition("</form>")[2]
    last = verify(site.store).entries
    assert site.as_("pham").get(f"/history/entries/{last}?at=2025-08-12").status_code == 404


def test_the_check_says_what_the_terminal_says(site: Site) -> None:
    found = verify(site.store)
    client = site.as_("pham")
    page = client.post("/history/verify", data={"csrf": site.csrf("pham")})
    assert page.status_code == 200
    assert f"The ledger holds: {found.entries:,} entries." in page.text
    assert found.head in page.text
    assert client.post("/history/verify").status_code == 403


def test_one_check_goes_on_at_a_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on = Event(), Event()

    def slow(*_: object, **__: object) -> object:
        began.set()
        go_on.wait(10)
        return verify(site.store)

    monkeypatch.setattr(checking, "verify", slow)
    sent = {"csrf": site.csrf("pham")}
    first = Thread(target=lambda: site.as_("pham").post("/history/verify", data=sent))
    first.start()
    assert began.wait(10)
    assert site.as_("pham").post("/history/verify", data=sent).status_code == 503
    go_on.set()
    first.join(10)
    assert site.as_("pham").post("/history/verify", data=sent).status_code == 200


def test_a_receipt_is_checked_and_not_kept(site: Site) -> None:
    make_key(site.store, at=NOW, actor="test", keyfile=keyfile_of(site.store, site.settings))
    found = receipt_of(
        site.store, f"{KEY}/schools/BGDDT", at=NOW, keyfile=keyfile_of(site.store, site.settings)
    ).document()
    client, sent = site.as_("anna"), {"csrf": site.csrf("anna")}
    good = client.post("/history/receipt", data=sent, files={"file": ("r.json", json.dumps(found).encode())})
    assert "The receipt holds" in good.text
    found["entry"]["body"] = found["entry"]["body"].replace("water", "wine")
    bad = client.post("/history/receipt", data=sent | {"text": json.dumps(found)})
    assert "The receipt does not hold" in bad.text
    assert "<li>The text of the entry does not give its hash.</li>" in bad.text
    worded = client.post("/history/receipt?lang=fr", data=sent | {"text": json.dumps(found)})
    assert "<li>Le texte de l’inscription ne donne pas son empreinte.</li>" in worded.text
    for wrong in ({"text": "{}"}, {"text": ""}, {"text": "[[["}):
        assert client.post("/history/receipt", data=sent | wrong).status_code == 422


def test_the_export_is_a_bag_that_checks_itself(site: Site, tmp_path: Path) -> None:
    answer = site.as_("pham").post("/history/export", data={"csrf": site.csrf("pham")})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path)
    (bag,) = tmp_path.glob("ledger-*")
    ran = subprocess.run(
        [sys.executable, bag / "data/verify.py", "bag", bag], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert site.as_("binh").post("/history/export", data={"csrf": site.csrf("binh")}).status_code == 403


def test_what_changed_is_found_between_two_days(site: Site) -> None:
    page = site.as_("pham").get("/history/diff?since=2025-08-12").text
    assert f"{KEY}/roads/01" in page
    assert site.as_("pham").get("/history/diff?since=never").status_code == 400


def test_a_sample_is_the_same_for_everybody(site: Site) -> None:
    one, two = (site.as_(name).get("/history/sample?seed=a&size=4").text for name in ("pham", "le"))
    assert one.partition("<tbody>")[2].partition("</tbody>")[0] == two.partition("<tbody>")[2].partition("</tbody>")[0]
    assert site.as_("pham").get("/history/sample?seed=a&size=0").status_code == 400
