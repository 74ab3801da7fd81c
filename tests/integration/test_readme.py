"""The README tells the truth: its commands run as written, and what it names is there."""

import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def run(title: str, folder: Path) -> str:
    """Run the commands of a section as they are written, one after the other, and return what they said."""
    lines = [line.strip() for line in section(title).splitlines() if line.startswith("    ")]
    assert len(lines) > 5
    (folder / ".venv").symlink_to(ROOT / ".venv")
    shutil.copytree(ROOT / "directives", folder / "directives")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
    done = subprocess.run(
        ["bash", "-euxc", "\n".join(lines)], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_commands_of_a_morning_run_as_written(tmp_path: Path) -> None:
    assert "the ledger holds" in run("A morning with it", tmp_path)


def test_the_commands_of_a_ministry_and_an_auditor_run_as_written(tmp_path: Path) -> None:
    said = run("A ministry answers, an auditor checks", tmp_path)
    assert "it fits what was kept outside" in said
    assert "✓ HOLDS" in said
    assert "the report holds" in said


def test_the_commands_of_reminders_run_as_written(tmp_path: Path) -> None:
    said = run("Reminders", tmp_path)
    assert "bnv@moha.example" in said
    assert (tmp_path / "copy.db").exists()


def test_the_commands_of_the_pages_run_as_written(tmp_path: Path) -> None:
    said = run("The pages", tmp_path)
    assert "Lê Thị Hoa" in said
    assert (tmp_path / "pages.db").exists()


def test_the_commands_of_an_author_run_as_written(tmp_path: Path) -> None:
    said = run("Writing a directive", tmp_path)
    assert "97 of 97 obligations" in said
    assert "101 of 101 sentences" in said
    assert (tmp_path / "graph.svg").read_text(encoding="utf-8").startswith("<svg")


def test_the_map_names_only_what_is_there() -> None:
    named = re.findall(r"`((?:tracker|flows|tests|bench|directives)/[\w/.-]*)`", section("The map"))
    assert len(named) > 12
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_setting_is_explained() -> None:
    from tracker.settings import Settings

    settings = section("Settings")
    missing = [name for name in Settings.__dataclass_fields__ if f"TRACKER_{name.upper()}" not in settings]
    assert missing == []
