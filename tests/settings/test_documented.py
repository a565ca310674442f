"""Every setting stands on a page, in the example and in app.json, with the default that counts."""

import io
import json
import re
import shlex
from collections.abc import Mapping

from dotenv import dotenv_values
from pydantic import SecretStr
from pydantic_core import PydanticUndefined

from sync.settings.config_file import CONFIG_FILE
from sync.settings.environment import Settings, load
from tests.made_up import ROOT
from tests.settings.test_environment import LEAST

_ROW = re.compile(r"^\| `([A-Z_]+)` \| .* \| (.*?) ?\|$", re.MULTILINE)
_EXAMPLE = re.compile(r"^(?:# )?([A-Z_]+)=(.*)$", re.MULTILINE)
NOT_OF_A_HOST = {
    "CONFIG_FILE",
    "DATABASE_URL",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "GOOGLE_EMULATOR_URL",
    "PORT",
}
"""Heroku sets two of them, and has no files or emulator that another could name."""


def _text(default: object) -> str:
    """Return a default as one would set it; blank where there is none."""
    if default is None or default is PydanticUndefined:
        return ""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    return ",".join(default) if isinstance(default, frozenset | tuple) else str(default)


def defaults() -> Mapping[str, str]:
    """Return what each setting is where it is not set. DYNO is Heroku's own to set."""
    fields = {str(field.alias): field.default for field in Settings.model_fields.values()}
    found = {name: _text(default) for name, default in fields.items() if name != "DYNO"}
    return found | {"CONFIG_FILE": CONFIG_FILE.relative_to(ROOT).as_posix()}


def explained(page: str) -> dict[str, str]:
    """Return the settings in a page's table, each with what the table calls its default."""
    rows = _ROW.findall((ROOT / page).read_text("utf-8"))
    assert len({name for name, _ in rows}) == len(rows)
    return dict(rows)


FIRST_DAY, OTHERS = explained("README.md"), explained("docs/settings.md")


def test_every_setting_is_explained_once_and_no_other() -> None:
    """Would catch a setting that is new, gone or renamed, and a default that has changed."""
    assert FIRST_DAY.keys() & OTHERS.keys() == set()
    # A default stands first, in backticks; words, as in "none: no copies", tell what comes of none.
    told = {name: re.match("`([^`]+)`", cell) for name, cell in (FIRST_DAY | OTHERS).items()}
    values = {name: default[1] if default else "" for name, default in told.items()}
    assert values == defaults()
    assert load(LEAST | {name: value for name, value in values.items() if value}) == load(LEAST)


def test_the_readme_has_what_a_first_day_needs_and_little_else() -> None:
    """Would catch a setting that must be set and is not in the README, and a README that grows."""
    required = {name for name, cell in FIRST_DAY.items() if cell == "required"}
    assert required == {"WEBHOOK_SECRET", "SPREADSHEET_ID"} <= LEAST.keys()
    assert "required" not in OTHERS.values()
    words = ("none", "one of these", "the spreadsheet's")
    plain = [cell for cell in (FIRST_DAY | OTHERS).values() if cell not in ("", "required")]
    assert all(cell.startswith(("`", *words)) for cell in plain)
    assert len(FIRST_DAY) < 9


def test_the_example_holds_every_setting_with_its_default() -> None:
    """As a shell and as the command read it: would catch a default that needs quotes."""
    lines = _EXAMPLE.findall((ROOT / ".env.example").read_text("utf-8"))
    assert {name: "".join(shlex.split(value)) for name, value in lines} == defaults()
    text = io.StringIO("\n".join(f"{name}={value}" for name, value in lines))
    assert dotenv_values(stream=text, interpolate=False) == defaults()


def test_herokus_button_describes_every_setting_of_a_host() -> None:
    """Would catch a setting that whoever presses it is not told of, and a default that changed."""
    described = json.loads((ROOT / "app.json").read_text("utf-8"))["env"]
    assert all(entry["description"] for entry in described.values())
    expected = {name: text for name, text in defaults().items() if name not in NOT_OF_A_HOST}
    expected |= {"TRUSTED_PROXIES": "1"}  # Its router.
    assert {name: entry.get("value", "") for name, entry in described.items()} == expected
