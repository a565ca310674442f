"""What stands around the code says what the code does."""

import json
import re
from pathlib import Path

from tests.made_up import ROOT

SETTING = re.compile(r'"([A-Z][A-Z0-9_]{3,})"')


def settings() -> set[str]:
    """The names that the settings read from the environment."""
    rooms = (ROOT / "sync" / "settings").glob("*.py")
    source = "\n".join(path.read_text("utf-8") for path in rooms)
    return set(SETTING.findall(source)) - {"DYNO", "UPLOADED"}


def test_the_readme_explains_every_setting_and_no_other() -> None:
    """Catches a setting that nobody is told of, and one that is gone."""
    text = (ROOT / "README.md").read_text("utf-8")
    explained = set(re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE))
    assert explained == settings() | {"PORT"}


def test_herokus_button_describes_every_setting_of_a_host() -> None:
    """Catches a setting that the button does not ask for."""
    described = json.loads((ROOT / "app.json").read_text("utf-8"))["env"]
    elsewhere = {"PORT", "DATABASE_URL", "GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_EMULATOR_URL"}
    assert set(described) == settings() - elsewhere
    assert all(entry["description"] for entry in described.values())


def test_the_example_names_settings_that_are_read() -> None:
    """Catches a setting that is set in vain."""
    text = (ROOT / ".env.example").read_text("utf-8")
    named = set(re.findall(r"^(?:# )?([A-Z_]+)=", text, re.MULTILINE))
    assert named <= settings() | {"PORT"}


def test_the_docs_links_lead_somewhere() -> None:
    """Catches a link to a file that has moved."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / Path(target)).exists()
    ]
    assert broken == []
