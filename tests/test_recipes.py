"""Carries out the examples of docs/architecture.md: a message, columns, and a second source."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.made_up import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
HEADINGS = ("One more alert or message", "One more column", "A second source of webhooks")
IN_THE_COPY = {
    "report_final_approvals": "report_example",
    "final_approval:": "example_approval:",
    '"utility"': '"example_utility"',
    '"Utility"': '"Example utility"',
    '"assigned:"': '"example_assigned:"',
    '"{milestone} assigned to"': '"{milestone} example"',
    '"city_permit"': '"example_permit"',
    '"City permit"': '"Example permit"',
    "permit_number": "example_number",
    "read_permit": "read_example",
    "/permits.py": "/example.py",
    "webhooks.permits": "webhooks.example",
}
"""The names of the examples there: an installer may have code of their own under the page's."""


def edited(heading: str, folder: Path) -> dict[str, str]:
    """Return the files in `folder`, by path, with the edits of the diff under a heading."""
    (diff,) = re.findall(r"```diff\n(.*?)```", PAGE.partition(f"## {heading}\n")[2], re.DOTALL)[:1]
    for old, new in IN_THE_COPY.items():
        diff = diff.replace(old, new)
    sources = {}
    for edits in diff.split("+++ ")[1:]:
        path, _, hunks = edits.partition("\n")
        file = folder / path
        source = file.read_text("utf-8") if file.exists() else ""
        for hunk in hunks.split("@@\n"):
            lines = hunk.splitlines(keepends=True)
            before = "".join(line[1:] for line in lines if not line.startswith("+"))
            after = "".join(line[1:] for line in lines if not line.startswith("-"))
            added = "".join(line[1:] for line in lines if line.startswith("+"))
            if added not in source:  # Otherwise somebody has added it.
                assert before in source, f"{path} is not as the page shows it: {hunk}"
                if source and not before:  # Imports, which are shown without those around them.
                    before, after = "\nfrom sync.", f"\n{after}from sync."
                source = source.replace(before, after, 1) if before else after
        sources[path] = source
    return sources


def test_a_message_a_column_and_a_second_source(tmp_path: Path) -> None:
    """In a copy, where the examples exist: see `tests/played_recipes.py`."""
    for name in ("config", "demo", "docs", "emulator", "sync", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for file in (*ROOT.glob("*.py"), ROOT / ".env.example", ROOT / "app.json"):
        shutil.copy(file, tmp_path)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for heading in HEADINGS:
        for path, source in edited(heading, tmp_path).items():
            (tmp_path / path).write_text(source, "utf-8")
    mapping = "tests/boards/mapping/test_"
    tests = (
        "tests/played_recipes.py",
        "tests/test_field_table.py",
        f"{mapping}recognize.py::test_the_vocabulary_is_of_fields_that_there_are",
        f"{mapping}propose.py::test_a_column_of_a_fields_kind_is_proposed_for_it",
    )
    for words in (
        ("tests.settings.pages",),
        ("ruff", "format", "--check", "sync"),
        ("ruff", "check", "--ignore", "I001,F811", "sync"),  # Others may have the same imports.
        ("pytest", "-q", "-n", "0", "--tb=short", *tests),
    ):
        command = [sys.executable, "-m", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        if done.returncode:
            pytest.fail(done.stdout + done.stderr, pytrace=False)
