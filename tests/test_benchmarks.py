"""`make bench` as it is run, with little of everything."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.table import write
from demo.process import ROOT

COMMAND = [sys.executable, "benchmarks/run.py", "--short"]


@pytest.mark.long
def test_a_section_is_measured_and_written(tmp_path: Path) -> None:
    results = tmp_path / "results.md"
    subprocess.run(
        [*COMMAND, "--only", "a", "--results", str(results)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    rows = [line.split(" | ") for line in results.read_text().splitlines() if "deliver" in line]
    assert [row[1] for row in rows] == ["2", "40"]


def test_sections_that_were_not_measured_stay(tmp_path: Path) -> None:
    results = tmp_path / "results.md"
    write({"a": "## a: one\n\nx\n", "c": "## c: three\n\ny\n"}, results)
    write({"b": "## b: two\n\nz\n", "c": "## c: three\n\nnew\n"}, results)
    text = results.read_text()
    assert text.index("## a") < text.index("x") < text.index("## b") < text.index("new")
    assert "y" not in text.partition("## a")[2]
