"""The commands for boards."""

from sync.commands.boards.link import link_rows
from sync.commands.boards.mapping import map_tabs

COMMANDS = (map_tabs, link_rows)
