"""Tests of the recipes' examples: `tests/test_recipes.py` runs them in a copy that has these."""

from pathlib import Path

from emulator import Emulator
from tests.databases import fresh
from tests.made_up import comment, milestone
from tests.world import World, wait_for


def test_the_examples_column_and_message(google: Emulator, tmp_path: Path) -> None:
    world = World(google, tmp_path, fresh("sqlite", tmp_path))
    with world.serve():
        said = comment("Please call first.", "2026-11-20T10:00:00Z", "nora@example.com")
        world.send(milestone(1, comments=[said]))
        wait_for(lambda: [row.get("Comments") for row in world.rows()])
        assert [row["Comments"].text for row in world.rows()] == ["1"]
        assert "not_read" in world.codes()
