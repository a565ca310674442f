"""Boards as plain values, for tests of pure functions."""

from unittest.mock import Mock

from sync.boards.job_tabs import BoardTabs
from sync.settings.config_file import load_config
from tests.made_up import CONFIG_FILE

_flusher = Mock()
_flusher.targets.layout.config = load_config(CONFIG_FILE)
BOARD = BoardTabs(_flusher)
"""A board that reads nothing: no word of it has ended."""
vars(BOARD)["_ended"] = frozenset()
