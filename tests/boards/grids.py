"""Boards as plain values, for tests of pure functions."""

from typing import cast

from sync.boards.job_tabs import BoardTabs
from sync.settings.config_file import load_config
from sync.sheets.client import SheetClient
from sync.store import SheetStore
from tests.made_up import CONFIG_FILE

BOARD = BoardTabs(
    cast(SheetStore, None), cast(SheetClient, None), lambda _: None, load_config(CONFIG_FILE)
)
"""A board that reads nothing: no word of it has ended."""
vars(BOARD)["_ended"] = ()
