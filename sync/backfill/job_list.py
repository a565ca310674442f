"""The list of EverBright's jobs: read again where jobs moved between its pages meanwhile."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog

from sync.errors import Permanent
from sync.everbright import answers
from sync.everbright.answers import Page
from sync.everbright.lists import Lists
from sync.settings.everbright_config import EverBrightConfig

PASSES = 3
"""How often the list is read where jobs move between its pages meanwhile."""
PAGES = 2000
"""Of 25 jobs each: ten times as many as the largest installers have."""
_ENDS = frozenset({"everbright_endless", "everbright_next"})
"""Reasons for which a list is not read on: what was read of it counts."""

ProgressCallback = Callable[[str, int, int | None], Any]
"""Is given "pages" or "jobs", how many are done, and of how many (None: not known)."""

_log = structlog.get_logger()


def no_progress(_what: str, _done: int, _total: int | None) -> None:
    """Tell nobody."""


class JobList:
    """Reads the list; what is to be read are the jobs that changed after `since` (all: None).

    `jobs` says of each site whether it is to be read, `problems` what of the list is missing.
    """

    def __init__(
        self,
        lists: Lists,
        paths: EverBrightConfig,
        since: datetime | None,
        progress: ProgressCallback = no_progress,
    ) -> None:
        self._lists = lists
        self._paths = paths
        self._since = since
        self._progress = progress
        self._pages = 0
        self.jobs: dict[str, bool] = {}
        self.problems: list[str] = []

    def read(self) -> None:
        """Read the list to its end. Raises Permanent or Retryable where it cannot be read."""
        for number in range(1, PASSES + 1):
            if not self._pass():
                return
            # With jobs gone, others have moved to pages read before.
            _log.info("backfill_list_changed", passes=number)
        self._say("jobs left the list while it was read: others may be missing. Run it again.")

    def _pass(self) -> bool:
        """Read the list once; return whether it became shorter meanwhile."""
        total, number, has_shrunk = 0, 0, False
        try:
            for page in self._lists.pages(self._paths.jobs, PAGES):
                number += 1
                self._take(page, number)
                has_shrunk |= page.count is not None and page.count < total
                total = total if page.count is None else page.count
        except Permanent as error:
            if number and error.reason == "everbright_missing":
                return total > 0  # This page is gone: the one before was the last.
            if not number or error.reason not in _ENDS:
                raise
            text = f"page {number} is the last of the list that was read. {error.message}"
            self._say(text)
        return has_shrunk

    def _take(self, page: Page, number: int) -> None:
        """Note the jobs on a page, each as it was listed first."""
        nameless = 0
        for record in page.records:
            site, updated = answers.site(record), answers.updated(record, self._paths.changed)
            is_old = self._since is not None and updated is not None and updated < self._since
            if site:
                self.jobs.setdefault(site, not is_old)
            nameless += not site
        if nameless:
            self._say(f"page {number} lists {nameless} jobs without a site's UUID.")
        self._pages += 1
        self._progress("pages", self._pages, None)

    def _say(self, problem: str) -> None:
        """Keep a problem; one that the next pass meets, too, is said once."""
        if problem not in self.problems:
            self.problems.append(problem)
