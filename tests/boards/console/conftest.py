"""The fixtures of the core's console, for boards."""

from tests.console.conftest import browser, console, store_console, world

__all__ = ["browser", "console", "store_console", "world"]
