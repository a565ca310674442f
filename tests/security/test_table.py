"""The table of attempts names tests that are there, and every test file of this folder."""

import re

from tests.made_up import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
NAMED = re.compile(r"`((?:tests/)?[\w/]*test_\w+\.py|…)(?:::(test_\w+))?`")


def test_every_attempt_has_its_test() -> None:
    """A table that has grown old is worse than none."""
    files, last = set[str](), ""
    for file, test in NAMED.findall(PAGE):
        last = last if file == "…" else file if "/" in file else f"tests/security/{file}"
        files.add(last)
        assert not test or f"def {test}(" in (ROOT / last).read_text("utf-8"), (last, test)
    here = {f"tests/security/{one.name}" for one in (ROOT / "tests/security").glob("test_*.py")}
    assert here - files == {"tests/security/test_table.py"}
