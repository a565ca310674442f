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

STEP = '\n[[milestones]]\ndefinitions = ["01362295-1d44-4eea-9234-898bb3073709"]\n'


MORE = {
    '[everbright]\ndetails = "/api/data/quote/?metrics={metrics}"': "everbright.details: lacks",
    '[everbright]\nsystem_size = ["size,all"]': "everbright.system_size.0: has other characters",
    '[everbright]\nsize = ["system_capacity_kw"]': "everbright.size: is not a key",
    '[everbright]\ndeadline = ["{name}_deadline"]': "everbright.deadline.0: holds other names",
    '[everbright]\ncontracts = "contracts"': "everbright.contracts: does not begin with a slash",
    '[phrases]\nrejected = "Rejected"': "phrases.rejected: lacks {milestones}",
    '[phrases]\nwaiting = "The {milestones} waits"': "phrases.waiting: is to begin or end",
    '[phrases]\nnext = "{milestone}."': "phrases.next: says nothing beside {milestone}",
    STEP.replace("01362295-", ""): "milestones.0.definitions.0: is not a milestone's ID; remove it",
    '[reps]\n"Ada Birch" = "ada.example.com"': "reps.Ada Birch: is not an email address",
    '[phrases]\nfix = "{what} {who}"': "phrases.fix: holds other names",
}
"""The rest of the file, and its error."""


@pytest.mark.parametrize(
    ("change", "to", "message"),
    [
        ("[sheet]", "[sheets]", "sheets: is not a key"),
        ("tab =", "tabs =", "sheet.tabs: is not a key"),
        ('"#d9ead3"', '"green"', "statuses.APPROVED.color: is not a colo"),
        ('header = "Status"', 'header = "Customer"', "columns: two have the header 'Customer'"),
        ("header = 'x'", STEP + 'header = "Customer"', "columns: two have the header 'Customer'"),
        ("none of its text", STEP * 2, "milestones: the definition 01362295-"),
        ('id = "site_id"', 'id = "stage"', "columns: the column site_id is missing"),
        ('id = "folder"', 'id = "stage"', "columns: the column stage is listed twice"),
        ('header = "Folder"', "", "columns: the column folder has no header"),
        ('means = "waiting"', 'means = "wait"', "statuses.SUBMITTED.means: is not known"),
        ('id = "folder"', 'id = "folders"', "columns.9.id: is not known"),
        ('history = "History"', 'history = "jobs"', "sheet: two tabs have the title 'jobs'"),
        ("bots = ['", "bots = ['(", "words.bots.0: is not a regular expression"),
        (r"'\bre[-‐‑]?sign\b'", r'"\bre-?sign\b"', "words.re_sign: holds a control character"),
        ("{site}", "{job}", "links.job: holds other names"),
        ("{site}", "{site.foo}", "links.job: holds other names"),
        ("{site}", "{site[x]}", "links.job: holds other names"),
        ("[words]", "[words", "is not TOML: "),
        ('tab = "Jobs"', "tab = 5", "sheet.tab: is not a text; write it in quotes"),
        ('tab = "Jobs"', 'tab = ""', "sheet.tab: is empty"),
        ("[sheet]\n", "[sheet]\ndeadline_days = 0.5\n", "sheet.deadline_days: is not a whole num"),
        ("[sheet]\n", "[sheet]\ndeadline_days = 999\n", "sheet.deadline_days: is above 365"),
        ("[match]", '[match]\nwait_hours = "a day"', "match.wait_hours: is not a number"),
        ("[statuses]\n", '[statuses]\nHELD = "Held"\n', "statuses.HELD: has another form"),
        (
            'id = "folder"\nheader = "Folder"',
            'id = "deadline"\nheader = "x"\n[everbright]\ndeadline = []',
            "everbright.deadline: names no metric",
        ),
        ('header = "Folder"', 'header = "Re-signed"', "columns: two have the header 'Re-signed'"),
        (
            'header = "Folder"',
            'header = "{x}"\n[[columns]]\nid = "email"\nheader = "{x}"',
            "columns: two have the header '{x}'",
        ),
        ('label = "Rejected"', 'label = "=NOW()"', "statuses.REJECTED.label: begins as a formula"),
        ('header = "Folder"', f'header = "{"x" * 101}"', "columns.9.header: is longer than 100"),
        ('tab = "Jobs"', 'tab = "Recovered"', "sheet.tab: is a tab of Brightsheet's own"),
        ('stage = ["stage_name"]', 'stage = "x"', "webhooks.stage: is not a list"),
        *(("[words]", f"{more}\n[words]", message) for more, message in MORE.items()),
    ],
)
def test_an_error_in_the_config_is_a_line_with_file_key_and_fix(
    change: str, to: str, message: str, tmp_path: Path
) -> None:
    """The reader has only the file open."""
    file = tmp_path / "brightsheet.toml"
    text = DEMO_CONFIG.read_text("utf-8")
    changed = text.replace(change, to, 1) if change in text else text + to
    file.write_text(changed, "utf-8")
    with pytest.raises(SettingsError) as caught:
        load_config(file)
    assert caught.value.message.startswith(f"{file}: {message}")
    assert "\n" not in caught.value.message


SHIPPED = config_file.CONFIG_FILE.read_text("utf-8")
_HEADER = re.compile(r'^header = "(.*)"', re.MULTILINE)
_LABEL = re.compile(r'label = "(.*?)"')
_COLUMN = re.compile(r'^\[\[columns\]\]\nid = "(\w+)"\n(?:header = .*\n)?', re.MULTILINE)
_KEY = re.compile(r"^(?!id|header|definitions)(\w+) = .*\n", re.MULTILINE)
_SECTION = re.compile(r"^\[([\w.]+)\]\n(?:[^\[\n].*\n|\n)*", re.MULTILINE)
_EXAMPLE = re.compile(r"^# \[\[(\w+)\]\]\n(?:# .*\n)+", re.MULTILINE)


def _uncommented(example: re.Match[str]) -> str:
    return re.sub("^# ", "", example[0], flags=re.MULTILINE)


def _columns_reversed(text: str) -> str:
    columns = [one[0] for one in _COLUMN.finditer(text)]
    return _COLUMN.sub(lambda _: columns.pop(), text)


def _all_at_once() -> str:
    """Every column but the key's renamed and moved, every example in use, tabs and words too."""
    text = _EXAMPLE.sub(_uncommented, SHIPPED)
    text = _HEADER.sub(r'header = "\1, renamed"', text)
    text = _LABEL.sub(r'label = "\1, renamed"', text)
    for key in ("tab", "history", "pipeline"):
        text = re.sub(rf'^{key} = "(.*?)"', rf'{key} = "\1, renamed"', text, flags=re.MULTILINE)
    return _columns_reversed(text)


def _edit(one: re.Match[str], what: str, new: str) -> tuple[str, str]:
    line = SHIPPED.count("\n", 0, one.start()) + 1
    return f"{what} in line {line}", SHIPPED[: one.start()] + new + SHIPPED[one.end() :]


def edits() -> Iterator[tuple[str, str]]:
    """Give what an installer may do to the shipped file, one at a time, with the result."""
    for one in _HEADER.finditer(SHIPPED):
        yield _edit(one, f"rename {one[1]}", f'header = "{one[1]}, renamed"')
    for one in _LABEL.finditer(SHIPPED):
        yield _edit(one, f"rename {one[1]}", f'label = "{one[1]}, renamed"')
    for pattern in (_COLUMN, _KEY, _SECTION):
        for one in pattern.finditer(SHIPPED):
            if one[1] != "site_id":
                yield _edit(one, f"remove {one[1]}", "")
    for one in _EXAMPLE.finditer(SHIPPED):
        yield _edit(one, f"use the example of {one[1]}", _uncommented(one))
    yield "reverse the columns", _columns_reversed(SHIPPED)
    yield "all at once", _all_at_once()


EDITS = dict(edits())


@pytest.mark.parametrize("edit", list(EDITS))
def test_an_edited_config_loads(edit: str, tmp_path: Path) -> None:
    file = tmp_path / "brightsheet.toml"
    file.write_text(EDITS[edit], "utf-8-sig")  # As Notepad may save it.
    assert EDITS[edit] != SHIPPED
    load(LEAST | {"CONFIG_FILE": str(file)})


@pytest.mark.long
def test_the_demo_does_not_go_by_the_installers_config(tmp_path: Path) -> None:
    for name in ("sync", "emulator", "demo", "config"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for module in ROOT.glob("*.py"):
        shutil.copy(module, tmp_path)
    file = tmp_path / "config" / "brightsheet.toml"
    file.write_text(EDITS["all at once"], "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "brightsheet", "demo", "--once"],
        cwd=tmp_path,
        env=dict(os.environ) | {"CONFIG_FILE": str(file)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.rstrip().endswith("Every row and link is there.")
