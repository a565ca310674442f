"""In CI, a test that is skipped unexpectedly fails."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.made_up import ROOT

HOOK = "from tests.conftest import pytest_runtest_makereport  # noqa: F401\n"


@pytest.mark.parametrize(
    ("ci", "reason", "status"),
    [
        ("true", "no disk here", 1),
        ("true", "there is no /usr/bin/chromium", 0),
        ("true", "docs/live.md names all that is wanted.", 0),
        ("", "no disk here", 0),
    ],
)
def test_in_ci_only_the_expected_skips_pass(
    tmp_path: Path, ci: str, reason: str, status: int
) -> None:
    (tmp_path / "conftest.py").write_text(HOOK, "utf-8")
    skipped = f"import pytest\ndef test_it():\n    pytest.skip({reason!r})\n"
    (tmp_path / "test_it.py").write_text(skipped, "utf-8")
    environment = {**os.environ, "CI": ci, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == status, done.stdout
