"""What stands around the code says what the code does."""

import re
from pathlib import Path

from tests.made_up import ROOT


def test_the_docs_links_lead_somewhere() -> None:
    """Catches a link to a file that has moved."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / Path(target)).exists()
    ]
    assert broken == []
