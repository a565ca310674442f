"""What the pages show of the last pass over connected tabs. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from sync.boards.decide import TabsDecision
from sync.boards.fields import PROGRESS
from sync.boards.state import JobState
from sync.core.decide import Row
from sync.core.people import Person
from sync.core.store import JobRow

REPORT = "tabs"
"""The setting that holds it."""
BLANK: Mapping[str, Any] = dict.fromkeys(("rows", "absent", "deleted", "found", "differences"), ())
_FOUND_SECONDS, _OLD_SECONDS = 7 * 86_400, 180 * 86_400
"""Without an event for so long, a job isn't proposed for a row."""


def report(
    jobs: Mapping[str, JobRow],
    states: Mapping[str, JobState],
    decision: TabsDecision,
    moment: float,
) -> dict[str, Any]:
    """Return lists of jobs and rows."""

    def rows(site: str, found: Iterable[Row]) -> Iterable[dict[str, Any]]:
        there = sorted(found, key=lambda row: row.place)
        same = [(row.tab.sheet, row.texts) for row in there]
        for row in there:
            agrees = Person.of(row.texts).agreements(Person.of(jobs[site].customer))
            yield {
                "sheet": row.tab.sheet,
                "title": row.tab.title,
                "row": row.number + 1,
                "texts": row.texts,
                "has_twin": same.count((row.tab.sheet, row.texts)) > 1,
                "stage": row.shows(PROGRESS),
                "agrees": [trait for trait, does in agrees.items() if does and trait != "given"],
                "differs": [
                    "a part of the name" if trait == "given" else trait
                    for trait, does in agrees.items()
                    if not does and (trait != "given" or agrees["name"])
                ],
            }

    def job(site: str) -> dict[str, Any]:
        known = jobs[site]
        updated = known.state.updated.timestamp() if known.state.updated else 0.0
        return {
            "site": site,
            "name": known.name,
            "address": known.customer.get("address", ""),
            "status": known.standing.status,
            "is_pending": states[site].choice != "none"
            and known.is_open
            and moment - updated < _OLD_SECONDS,
        }

    found = [site for site, state in states.items() if moment - state.found < _FOUND_SECONDS]
    names = {"absent": decision.absent, "deleted": decision.deleted, "found": found}
    return {
        **{name: [*map(job, sites)] for name, sites in names.items()},
        "rows": [
            {**job(site), "rows": [*rows(site, found)], "is_certain": site in decision.certain}
            for site, found in {**decision.asked, **decision.certain}.items()
        ],
        "differences": decision.differences,
    }
