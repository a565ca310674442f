"""Rows of the benchmark, as a table in Markdown."""

import os
import platform
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(__file__).parent / "results.md"
_HEAD = "# Results\n\nEach row is a pair measured in one run; `make bench` writes this file.\n"
_SECTION = re.compile(r"^## (\w): ", re.MULTILINE)


@dataclass(frozen=True)
class Row:
    """A figure of the product beside what it is compared with. All are texts, "" where none is."""

    what: str
    ours: str
    floor: str = ""
    ratio: str = ""
    bound: str = ""
    note: str = ""


Section = Callable[[bool], Sequence[Row]]
"""Measures a section's rows; quickly and roughly if it is given True."""


def section(letter: str, title: str, rows: Sequence[Row]) -> str:
    """Return a section of the results, with when and where it was measured."""
    at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
    columns = ("what", "ours", "floor", "ratio", "bound", "note")
    lines = [
        f"## {letter}: {title}",
        "",
        f"{at}, {machine()}",
        "",
        "| " + " | ".join(columns) + " |",
        "|" + "---|" * len(columns),
        *("| " + " | ".join(getattr(row, one) for one in columns) + " |" for row in rows),
    ]
    return "\n".join(lines) + "\n"


def machine() -> str:
    """Describe this machine, and how busy it is with other things."""
    cores, busy = os.cpu_count() or 1, os.getloadavg()[0]
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{system}, {cores} cores, load {busy:.1f} ({sys.implementation.name})"


def write(sections: Mapping[str, str], results: Path = RESULTS) -> None:
    """Write sections into the results; those that were not measured now stay as they are."""
    text = results.read_text() if results.exists() else ""
    pieces = _SECTION.split(text)[1:]
    kept = {
        letter: f"## {letter}: {rest.rstrip()}\n"
        for letter, rest in zip(pieces[::2], pieces[1::2], strict=True)
    }
    together = {**kept, **sections}
    results.write_text(_HEAD + "".join(f"\n{together[letter]}" for letter in sorted(together)))


def median(figures: Sequence[float]) -> float:
    """Return the middle figure."""
    return sorted(figures)[len(figures) // 2]
