"""Settings come from the environment, or from files that it names."""

from pathlib import Path

import pytest

from tracker.domain.errors import Invalid
from tracker.settings import Settings


def test_a_setting_may_stand_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("postgresql://tracker:pässword@db/tracker\n", encoding="utf-8")
    found = Settings.of({"TRACKER_DATABASE_URL_FILE": str(secret)})
    assert found.database_url == "postgresql://tracker:pässword@db/tracker"


def test_the_variable_itself_goes_before_its_file(tmp_path: Path) -> None:
    said = {"TRACKER_OFFICE": "Văn phòng", "TRACKER_OFFICE_FILE": str(tmp_path / "nowhere")}
    assert Settings.of(said).office == "Văn phòng"


def test_an_empty_variable_is_as_good_as_none(tmp_path: Path) -> None:
    assert Settings.of({"TRACKER_SENDER": "", "TRACKER_SENDER_FILE": ""}) == Settings()


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"nowhere cannot be read: No such file or directory: see TRACKER_SMTP_URL_FILE"):
        Settings.of({"TRACKER_SMTP_URL_FILE": str(tmp_path / "nowhere")})
