"""Carries out the recipes of the docs: a column, a message, a value of EverBright's, a deadline."""

import re
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from emulator import Emulator
from tests.boards.board_world import BoardWorld
from tests.made_up import DEMO_CONFIG, ROOT, milestone, uuid
from tests.world import wait_for

ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
COLUMNS = (ROOT / "docs" / "columns.md").read_text("utf-8")
OFFICE = (ROOT / "docs" / "office.md").read_text("utf-8")


def edit(folder: Path) -> None:
    """Edit the files in `folder` as the diffs of the page say."""
    diffs = re.findall(r"```diff\n(.*?)```", ARCHITECTURE, re.DOTALL)
    assert len(diffs) == 2
    for edits in "".join(diffs).split("+++ ")[1:]:
        path, _, hunk = edits.partition("\n")
        lines = hunk.splitlines(keepends=True)
        before = "".join(line[1:] for line in lines if not line.startswith("+"))
        source = (folder / path).read_text("utf-8")
        assert source.count(before) == 1, f"{path} isn't as the page shows it"
        after = "".join(line[1:] for line in lines)
        (folder / path).write_text(source.replace(before, after), "utf-8")


@pytest.mark.long
def test_a_column_and_a_message_are_added_as_the_page_says(tmp_path: Path) -> None:
    """In a copy, where they exist: see `tests/played_recipes.py`."""
    for name in ("config", "demo", "docs", "emulator", "sync", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for file in (*ROOT.glob("*.py"), *(ROOT / n for n in ("pyproject.toml", "app.json"))):
        shutil.copy(file, tmp_path)
    edit(tmp_path)
    for words in (
        ("ruff", "format", "--check", "sync"),
        ("ruff", "check", "sync"),
        ("tests.settings.pages",),
        ("pytest", "-q", "-n", "0", "--tb=short", "tests/played_recipes.py"),
    ):
        command = [sys.executable, "-m", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(done.stdout + done.stderr, pytrace=False)
    assert "`comments`" in (tmp_path / "docs" / "columns.md").read_text("utf-8")


def test_a_value_of_everbrights_is_a_column(google: Emulator, tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", COLUMNS, re.DOTALL)
    config = tmp_path / "brightsheet.toml"
    config.write_text(f"{DEMO_CONFIG.read_text('utf-8')}\n{example}", "utf-8")
    world = BoardWorld(google, tmp_path, CONFIG_FILE=str(config))
    google.everbright.set_site(uuid(1), utility={"name": "Valley Power"})
    with world.serve():
        world.send(milestone(1))
        wait_for(lambda: [row.get("Utility") for row in world.rows()])
        wait_for(lambda: world.rows()[0]["Utility"].text == "Valley Power")


def test_deadlines_are_formulas_of_the_offices_own(google: Emulator, tmp_path: Path) -> None:
    formulas = dict(re.findall(r"^    ([A-Z][\w ]+): +(=.+)$", OFFICE, re.MULTILINE))
    assert formulas.keys() == {"Install by", "Payment expected"}
    world = BoardWorld(google, tmp_path)
    approved = date(2026, 11, 25)  # A Wednesday.
    serial = (approved - date(1899, 12, 30)).days
    texts = [each.replace("F5", "A2") for each in formulas.values()]
    world.fill(
        [
            ["Approved on", *formulas],
            [serial, *texts],
            [None, *(t.replace("A2", "A3") for t in texts)],
        ]
    )
    fields = "data(rowData(values(effectiveValue)))"
    rows = world.sheet(fields)["data"][0]["rowData"]
    found = [
        [each.get("effectiveValue", {}).get("numberValue") for each in row["values"][1:]]
        for row in rows[1:]
    ]
    by = (approved + timedelta(days=90) - date(1899, 12, 30)).days
    paid = (date(2026, 11, 27) - date(1899, 12, 30)).days
    assert found == [[by, paid], [None, None]]
