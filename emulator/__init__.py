"""Google Sheets, Google Drive and EverBright on loopback, for the demo, tests and benchmarks."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emulator.run import Emulator, serve

VERSION = "0.3.0"
__all__ = ["Emulator", "serve"]


def __getattr__(name: str) -> Any:
    """Load the whole only on demand: its parts can be used alone."""
    if name in __all__:
        return getattr(import_module("emulator.run"), name)
    raise AttributeError(name)
