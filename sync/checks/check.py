"""The result of a check. Pure."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Check:
    """What a check found: no text has a secret. A warning works, but not for long or not safely."""

    result: Literal["ok", "warning", "failed", "not set"]
    text: str
    fix: str = ""
    title: str = ""

    def lines(self) -> str:
        """Return it for a terminal."""
        fix = f"\n         Fix: {self.fix}" if self.fix else ""
        return f"{self.result:<7}  {self.title}: {self.text}{fix}"
