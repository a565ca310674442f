"""The generated pages are those of the code, and the recipes name what must be set."""

import io
import re
import shlex

import pytest
from dotenv import dotenv_values

from sync.settings.environment import Settings, load
from tests.made_up import ROOT
from tests.settings.pages import pages, settings
from tests.settings.test_environment import LEAST

SETTINGS = {one.name: one for one in settings()}
UNDOCUMENTED = {
    *("DYNO", "GOOGLE_EMULATOR_URL"),
    *("BACKFILL_RATE", "LEASE_SECONDS", "MAX_BODY_BYTES"),
}
"""Heroku's own, the demo's, and those of tests."""


@pytest.mark.parametrize("name", pages())
def test_a_page_is_generated_from_the_code(name: str) -> None:
    """Catches a setting or column that was changed in the code alone: run `make pages`."""
    assert (ROOT / name).read_text("utf-8") == pages()[name]


def test_every_setting_is_described() -> None:
    every = {str(field.alias) for field in Settings.model_fields.values()}
    assert every - SETTINGS.keys() == UNDOCUMENTED


@pytest.mark.parametrize("page", ["own-machine.md", "heroku.md"])
def test_a_recipe_names_every_required_setting(page: str) -> None:
    text = (ROOT / "docs" / "deploy" / page).read_text("utf-8")
    required = {name for name, one in SETTINGS.items() if one.shown_default == "required"}
    assert required == {"WEBHOOK_SECRET", "SPREADSHEET_ID"}
    assert required | {"GOOGLE_OAUTH_TOKEN_JSON"} <= set(re.findall(r"[A-Z_]{4,}", text))


def test_the_example_sets_the_defaults() -> None:
    """As a shell and as the command read it: would catch a default that needs quotes."""
    text = (ROOT / ".env.example").read_text("utf-8")
    lines = re.findall(r"^(?:# )?([A-Z_]+)=(.*)$", text, re.MULTILINE)
    values = {name: "".join(shlex.split(value)) for name, value in lines}
    read = io.StringIO("\n".join(f"{name}={value}" for name, value in lines))
    assert dotenv_values(stream=read, interpolate=False) == values
    assert values.keys() == SETTINGS.keys()
    least = {name: value for name, value in LEAST.items() if name != "CONFIG_FILE"}
    assert load(least | {name: value for name, value in values.items() if value}) == load(least)
