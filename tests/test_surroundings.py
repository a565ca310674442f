"""What stands around the code says what the code does."""

import re
from pathlib import Path

from tests.made_up import ROOT


def test_lock_files_hold_names_versions_and_hashes_only() -> None:
    for file in ("requirements.txt", "requirements-dev.txt"):
        lines = (ROOT / file).read_text("utf-8").splitlines()
        assert all(
            re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==|    --hash=sha256:[0-9a-f]{64}", line)
            for line in lines
        )


def test_the_docs_links_lead_somewhere() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / Path(target)).exists()
    ]
    assert broken == []
