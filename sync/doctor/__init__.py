"""The checks of `brightsheet doctor`: each says what was found, why, and how to fix it."""

from sync.doctor.check import Check, as_json, is_well, text
from sync.doctor.run import run_checks, settings_failed

__all__ = ["Check", "as_json", "is_well", "run_checks", "settings_failed", "text"]
