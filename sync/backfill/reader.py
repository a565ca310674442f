"""Reads EverBright's lists page by page: the list of jobs, and each job's records."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any
from urllib.parse import quote as quoted

import structlog

from sync.backfill import payloads
from sync.errors import ENDS_WORK, BrightsheetError, Permanent
from sync.everbright import answers
from sync.everbright.answers import Record
from sync.everbright.client import EverBright
from sync.everbright.errors import ODD, TOKEN
from sync.ops import retry
from sync.settings.config_file import EverBrightConfig
from sync.webhooks.other_events import SITE_KEYS

_TRIES = 6
_LONGEST_BACKOFF = 120.0
_OWNERS = {
    "site": SITE_KEYS,
    "workflow": ("workflow", "workflow_id", "ops_workflow", "ops_workflow_id"),
    "milestone": ("milestone", "milestone_id"),
    "task": ("task", "task_id"),
}
"""The keys with which a record may name what it belongs to."""

_log = structlog.get_logger()


@dataclass
class Reader:
    """Reads the lists at `paths`, at most `rate` pages a second; `sleep` waits.

    Every method raises Permanent if there is no such list or the token isn't accepted, and
    Retryable if EverBright doesn't answer after several retries, with the waits that it asks for.
    """

    everbright: EverBright
    paths: EverBrightConfig
    rate: float
    sleep: Callable[[float], Any]
    notes: list[str] = field(default_factory=list)
    """Which lists the account doesn't have: they are requested once, and jobs read without."""
    _next_at: float = field(default_factory=monotonic)

    def jobs(self) -> tuple[dict[str, datetime | None], list[str]]:
        """Return when each job in the list has changed, if it says so, and what is wrong with it.

        One that is left out, because another one left the list meanwhile, is read the next time.
        """
        changes, problems, number = dict[str, datetime | None](), list[str](), 0
        try:
            for number, records in enumerate(self._pages(self.paths.jobs), 1):
                sites = [answers.site_of(record) for record in records]
                for site, record in zip(sites, records, strict=True):
                    changes.setdefault(site, answers.updated_at(record, self.paths.changed))
                if nameless := sites.count(""):
                    problems.append(f"page {number} lists {nameless} jobs without a site's UUID.")
        except BrightsheetError as error:
            if not number or error.reason in {*ENDS_WORK, TOKEN}:
                raise
            problems.append(f"page {number} is the last one that was read. {error.message}")
        changes.pop("", None)
        return changes, problems

    def read(self, site: str, may_be_news: Callable[[Record], bool]) -> list[dict[str, Any]]:
        """Return a job's contracts, and the milestones that may be news, as webhooks have them.

        The tasks of other milestones aren't requested.
        """
        records: list[Record] = []
        for workflow in self._records("workflows", "site", site):
            records += self._records("milestones", "workflow", _id(workflow))
        answers.check_owner(records, SITE_KEYS, site)
        changed = [record for record in records if may_be_news(record)]
        found = [payloads.milestone(record, site, self._tasks(record)) for record in changed]
        return found + [payloads.contract(record, site) for record in self._contracts(site)]

    def _tasks(self, milestone: Record) -> list[tuple[Record, list[Record]]]:
        tasks = self._records("tasks", "milestone", _id(milestone))
        return [(task, self._records("sub_tasks", "task", _id(task))) for task in tasks]

    def _records(self, name: str, owner: str, uuid: str) -> list[Record]:
        """Return the records of a list that belong to `uuid`, the `owner` in its path."""
        path = getattr(self.paths, name).format(**{owner: quoted(uuid, safe="")})
        records = [record for page in self._pages(path) for record in page]
        answers.check_owner(records, _OWNERS[owner], uuid)
        return records

    def _contracts(self, site: str) -> list[Record]:
        """Return a job's contracts; none, with a note, if EverBright has no such list."""
        if not self.paths.contracts or self.notes:
            return []
        try:
            return self._records("contracts", "site", site)
        except Permanent as error:
            if error.reason == TOKEN:
                raise
            self.notes.append(
                f"contracts are not read. {error.message} Correct `contracts` under [everbright]."
            )
            _log.warning("list_not_read", list="contracts", reason=error.reason)
            return []

    def _pages(self, path: str) -> Iterator[Sequence[Record]]:
        """Yield the records of each page of a list that begins at `path`.

        Raises Permanent if it repeats a page, or continues on another host.
        """
        known, next_path = set[int](), path
        while next_path:
            get = retry.policy(self.sleep, _TRIES, _LONGEST_BACKOFF)
            records, link = get(self._page, next_path)
            if (content := hash(repr(records))) in known:
                text = f"EverBright's list does not end: page {len(known) + 1} is one before."
                fix = "Correct its path under [everbright] in the config."
                raise Permanent("everbright_endless", text, fix=fix)
            known.add(content)
            yield records
            next_path = self.everbright.own_path(next_path, link) if link else ""

    def _page(self, path: str) -> tuple[Sequence[Record], str]:
        """Request a page when the rate allows it."""
        now = monotonic()
        if now < self._next_at:
            self.sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + 1 / self.rate
        return answers.read_page(self.everbright.get(path))


def _id(record: Record) -> str:
    """Return a record's identifier for the next list's path. Raises Permanent if it has none."""
    found = (record.get(key) for key in ("uuid", "id"))
    known = next((str(each) for each in found if isinstance(each, str | int) and each), "")
    if not known:
        raise Permanent(ODD, "EverBright lists a workflow, milestone or task without its UUID.")
    return known
