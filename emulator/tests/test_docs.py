"""The README: its examples, run in their order as they stand, and its links."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from emulator import discovery
from emulator.drive.api import METHODS
from emulator.google_apis import COPY_TO, CREATE, EXPORT
from emulator.sheets import methods
from emulator.sheets.methods import HANDLERS

PAGE = Path(__file__).parents[1] / "README.md"


def test_the_examples_run_in_their_order() -> None:
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
    finally:
        if "emulator" in names:
            names["emulator"].stop()


def listed(row: str) -> tuple[set[str], set[str]]:
    """Return what a row of the table says is served, and what is not."""
    (line,) = (
        line for line in PAGE.read_text("utf-8").splitlines() if line.startswith(f"| {row} |")
    )
    yes, no = line.split("|")[2:4]
    return tuple({*re.findall(r"`(\w+)`", re.sub(r"\([^)]*\)", "", part))} for part in (yes, no))  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("row", "prefix"),
    [
        ("`spreadsheets`", "sheets.spreadsheets."),
        ("`spreadsheets.sheets`", "sheets.spreadsheets.sheets."),
        ("`spreadsheets.developerMetadata`", "sheets.spreadsheets.developerMetadata."),
        ("`spreadsheets.values`", "sheets.spreadsheets.values."),
        ("Drive's `files`", "drive.files."),
        ("Drive's `permissions`", "drive.permissions."),
        ("Drive's `about`", "drive.about."),
    ],
)
def test_the_table_says_which_methods_are_served(row: str, prefix: str) -> None:
    served = {*methods.READS, *methods.WRITES, *METHODS, CREATE, COPY_TO, EXPORT}
    api = prefix.partition(".")[0]
    names = {one.method_id for one in discovery.methods(api) if one.method_id.startswith(prefix)}
    names = {name for name in names if "." not in name.removeprefix(prefix)}
    yes, no = ({prefix + name for name in part} for part in listed(row))
    assert yes == names & served
    assert no == names - served


def test_the_table_says_which_requests_are_served() -> None:
    document = json.loads((discovery.SCHEMAS / "sheets.json").read_text("utf-8"))
    known = set(document["schemas"]["Request"]["properties"])
    assert listed("`batchUpdate`'s requests") == (set(HANDLERS), known - set(HANDLERS))


def test_the_table_says_which_resources_of_drive_are_not_served() -> None:
    resources = {one.method_id.split(".")[1] for one in discovery.methods("drive")}
    _, no = listed("Drive's other resources")
    assert no == resources - {"files", "permissions", "about"}


def test_the_links_lead_somewhere() -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", PAGE.read_text("utf-8"))
    assert targets
    assert [one for one in targets if not (PAGE.parent / one).exists()] == []
