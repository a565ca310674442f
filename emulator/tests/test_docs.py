"""The README: its examples, run in their order as they stand, and its links."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[1] / "README.md"


def test_the_examples_run_in_their_order() -> None:
    """Catches a page that tells of an emulator that there was once."""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert len(blocks) >= 6
    said: list[Any] = []
    names: dict[str, Any] = {"print": said.append}
    try:
        for block in blocks:
            exec(block, names)  # noqa: S102  (our own page)
        emulator = names["emulator"]
        assert emulator.calls.count("sheets", status=200) >= 3
        assert said[0] == [["Ada Alder", "Approved"]]
        assert [file["name"] for file in said[1]] == ["Jobs"]
        assert len(emulator.faults.rules) == 1
    finally:
        if "emulator" in names:
            names["emulator"].stop()


def test_the_links_lead_somewhere() -> None:
    """Catches a link to a page that was moved."""
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", PAGE.read_text("utf-8"))
    assert targets
    assert [one for one in targets if not (PAGE.parent / one).exists()] == []
