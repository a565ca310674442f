"""Boards as plain values, for tests of pure functions."""

from unittest.mock import Mock

from sync.boards.job_tabs import BoardTabs
from sync.settings.config_file import load_config
from tests.made_up import DEMO_CONFIG

FLUSHER = Mock()
FLUSHER.targets.layout.config = load_config(DEMO_CONFIG)
BOARD = BoardTabs(FLUSHER, ended=frozenset())
"""A board that reads nothing: no word of it has ended."""
