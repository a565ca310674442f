"""What deploys says what the code does: commands, settings, files and paths."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from brightsheet import cli
from sync.settings.environment import Settings
from tests.made_up import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
UNIT = (ROOT / "deploy" / "brightsheet.service").read_text("utf-8")
SETTINGS = {str(field.alias) for field in Settings.model_fields.values()}


def is_command(words: list[str]) -> bool:
    """Tell whether words are a command of the command line."""
    found: Any = cli
    for word in words:
        found = getattr(found, "commands", {}).get(word)
    return found is not None and found is not cli


def test_every_command_is_one() -> None:
    """Catches a command that was renamed."""
    run = re.findall(r'^CMD \["brightsheet", "(\w+)"\]', DOCKERFILE, re.MULTILINE)
    assert len(run) == 1
    found = [run, COMPOSE["services"]["upgrade"]["command"][1:]]
    found += [one.split() for one in re.findall(r"bin/brightsheet (.+)$", UNIT, re.MULTILINE)]
    assert len(found) == 4
    assert all(is_command(one) for one in found)


def test_every_setting_is_one() -> None:
    """Catches a setting that was renamed, and is silently not read."""
    image = set(re.findall(r"^(?:ENV|    )\s*([A-Z_]+)=", DOCKERFILE, re.MULTILINE))
    assert image - {"HOME", "PATH", "PYTHONUNBUFFERED"} <= SETTINGS
    assert set(COMPOSE["services"]["web"]["environment"]) <= SETTINGS
    assert COMPOSE["services"]["upgrade"]["environment"].keys() == {"DATABASE_URL"}


def test_the_image_gets_what_a_wheel_is_built_of() -> None:
    """Catches a folder that is new in the wheel and not in the image, or is ignored."""
    copied = {
        word
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for word in line.split()[:-1]
    }
    assert all((ROOT / one).exists() for one in copied)
    assert {"sync", "emulator", "demo", "config", "pyproject.toml"} <= copied
    modules = {file.name for file in ROOT.glob("*.py")}
    assert modules <= copied
    shown = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert {f"!{one}" for one in copied if not one.endswith(".py")} <= set(shown)
    assert "!*.py" in shown


def test_nothing_runs_as_root() -> None:
    assert re.search(r"^USER [1-9]\d*$", DOCKERFILE, re.MULTILINE)
    assert "DynamicUser=yes" in UNIT
    # Such a user has no home, and a library of Google's does not start without one.
    assert re.search(r"^    HOME=/data ", DOCKERFILE, re.MULTILINE)
    assert "Environment=HOME=/var/lib/brightsheet" in UNIT


def test_the_health_check_tells_a_dead_process(tmp_path: Path) -> None:
    """It fails where nothing listens. Catches a check that is always well."""
    (words,) = re.findall(r'CMD \["python", "-c", "(.+)"\]', DOCKERFILE)
    done = subprocess.run(
        [sys.executable, "-c", words], env={"PORT": "1"}, cwd=tmp_path, capture_output=True
    )
    assert done.returncode != 0
    assert b"refused" in done.stderr


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "deploy").glob("*.md")))
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    for link in re.findall(r"\]\(([\w./-]+\.md)", text):
        assert (page.parent / link).resolve().is_file(), link
    for file in re.findall(r"(?:cp|cat) ((?:deploy/|\.env\.)\S+)", text):
        assert (ROOT / file).is_file(), file
