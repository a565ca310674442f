"""An error in the config is a line with file, key and fix; the shipped one is the installer's."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.errors import SettingsError
from sync.settings import config_file
from sync.settings.config_file import load_config
from sync.settings.environment import load
from tests.made_up import DEMO_CONFIG, ROOT
from tests.settings.test_environment import LEAST

STEP = '\n[[milestones]]\nheader = "A"\ndefinitions = ["01362295-1d44-4eea-9234-898bb3073709"]\n'


OWN = '[[columns]]\nid = "size"\nheader = "kW"\nsite_key = "system.size"\n'


@pytest.mark.parametrize(
    ("change", "to", "message"),
    [
        ("[webhooks]", "[webhook]", "webhook: is not a key"),
        ("archived =", "archive =", "webhooks.archive: is not a key"),
        ("[webhooks]", "[webhooks", "is not TOML: "),
        (
            'archived = ["archived", "is_archived"]',
            'archived = "x"',
            "webhooks.archived: Input should be a valid tuple",
        ),
        (
            'means = "waiting"',
            'means = "wait"',
            "statuses.SUBMITTED.means: Input should be 'approved', ",
        ),
        (
            "[statuses]\n",
            '[statuses]\nHELD = "Held"\n',
            "statuses.HELD: Input should be a valid dictionary",
        ),
        ('label = "Rejected"', 'label = ""', "statuses.REJECTED.label: String should have at "),
        ('label = "Rejected"', "label = 5", "statuses.REJECTED.label: Input should be a valid s"),
        ("", STEP.replace("01362295-", ""), "milestones.0.definitions.0: not a UUID"),
        ("", '[everbright]\nsize = "x"', "everbright.size: is not a key"),
        ("", '[everbright]\ncontracts = "c"', "everbright.contracts: does not begin with a slash"),
        ("", OWN * 2, "columns: the column size is listed twice"),
        ("", STEP * 2, "milestones: the definition 01362295-"),
        ("", OWN.replace("size", "folder", 1), "columns.0: id: 'folder' is Brightsheet's own"),
        ("", OWN.replace("size", "S x", 1), "columns.0.id: has other characters"),
        ("", OWN.replace('header = "kW"', ""), "columns.0: header: is missing"),
        ("", OWN.replace('site_key = "system.size"', ""), "columns.0.site_key: is missing"),
        ("", OWN + 'kind = "links"', "columns.0.kind: Input should be 'text', "),
        ("", OWN + 'after = "stage"', "columns.0: after: is none of customer, status,"),
        ("", OWN.replace("kW", "x" * 101), "columns.0.header: String should have at most 100"),
    ],
)
def test_an_error_in_the_config_is_a_line_with_file_key_and_fix(
    change: str, to: str, message: str, tmp_path: Path
) -> None:
    """The reader has only the file open."""
    file = tmp_path / "brightsheet.toml"
    text = DEMO_CONFIG.read_text("utf-8")
    changed = text.replace(change, to, 1) if change else f"{text}\n{to}"
    assert change in text
    file.write_text(changed, "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_config(file)
    assert caught.value.message.startswith(f"{file}: {message}")
    assert "\n" not in caught.value.message


SHIPPED = config_file.CONFIG_FILE.read_text("utf-8")
_LABEL = re.compile(r'label = "(.*?)"')
_KEY = re.compile(r"^(?!id|header|definitions)(\w+) = .*\n", re.MULTILINE)
_SECTION = re.compile(r"^\[([\w.]+)\]\n(?:[^\[\n].*\n|\n)*", re.MULTILINE)
_EXAMPLE = re.compile(r"^# \[\[(\w+)\]\]\n(?:# .*\n)+", re.MULTILINE)


def _uncommented(example: re.Match[str]) -> str:
    return re.sub("^# ", "", example[0], flags=re.MULTILINE)


def _all_at_once() -> str:
    """Every example in use, and every label another."""
    text = _EXAMPLE.sub(_uncommented, SHIPPED)
    return _LABEL.sub(r'label = "\1, renamed"', text)


def _edit(one: re.Match[str], what: str, new: str) -> tuple[str, str]:
    line = SHIPPED.count("\n", 0, one.start()) + 1
    return f"{what} in line {line}", SHIPPED[: one.start()] + new + SHIPPED[one.end() :]


def edits() -> Iterator[tuple[str, str]]:
    """Give what an installer may do to the shipped file, one at a time, with the result."""
    for one in _LABEL.finditer(SHIPPED):
        yield _edit(one, f"rename {one[1]}", f'label = "{one[1]}, renamed"')
    for pattern in (_KEY, _SECTION):
        for one in pattern.finditer(SHIPPED):
            yield _edit(one, f"remove {one[1]}", "")
    for one in _EXAMPLE.finditer(SHIPPED):
        yield _edit(one, f"use the example of {one[1]}", _uncommented(one))
    yield "all at once", _all_at_once()


EDITS = dict(edits())


@pytest.mark.parametrize("edit", list(EDITS))
def test_an_edited_config_loads(edit: str, tmp_path: Path) -> None:
    file = tmp_path / "brightsheet.toml"
    file.write_text(EDITS[edit], "utf-8-sig")  # As Notepad may save it.
    assert EDITS[edit] != SHIPPED
    load(LEAST | {"CONFIG_FILE": str(file)})


@pytest.mark.long
@pytest.mark.timeout(300)
def test_the_demo_does_not_go_by_the_installers_config(tmp_path: Path) -> None:
    for name in ("sync", "emulator", "demo", "config"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for module in ROOT.glob("*.py"):
        shutil.copy(module, tmp_path)
    file = tmp_path / "config" / "brightsheet.toml"
    file.write_text(EDITS["all at once"], "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "demo", "--once"],
        cwd=tmp_path,
        env=dict(os.environ) | {"CONFIG_FILE": str(file)},
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("Every row and link is there.")
