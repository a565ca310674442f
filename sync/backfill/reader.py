"""Reads EverBright's lists page by page: the list of jobs, and each job's records."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any
from urllib.parse import quote as quoted

import structlog

from sync.backfill import payloads
from sync.errors import BrightsheetError, Permanent
from sync.everbright import answers
from sync.everbright.answers import Page, Record
from sync.everbright.client import EverBright
from sync.everbright.errors import LIST_BREAKS, ODD, OPTIONAL_LIST
from sync.ops import retry
from sync.settings.config_file import EverBrightConfig
from sync.webhooks.other_events import QUOTE_KEYS

PAGES = 2000
"""Pages of 25 jobs: ten times as many as the largest installers have."""

_TRIES = 6
_LONGEST_BACKOFF = 120.0
_PAGES_OF_A_JOB = 200
"""Pages of a list for one job, which has a few dozen records at most."""

_log = structlog.get_logger()


class Lists:
    """Requests pages, at most `rate` a second. `sleep` waits."""

    def __init__(self, everbright: EverBright, rate: float, sleep: Callable[[float], Any]) -> None:
        self._everbright, self._spacing, self._sleep = everbright, 1 / rate, sleep
        self._next_at = monotonic()

    def page(self, path: str) -> Page:
        """Return a page, with `next` as EverBright sent it.

        Raises Permanent if there is no such list or the token isn't accepted, and Retryable if
        EverBright doesn't answer after several retries, with the waits that it asks for.
        """
        return retry.policy(self._sleep, _TRIES, _LONGEST_BACKOFF)(self._request, path)

    def pages(self, path: str, limit: int = _PAGES_OF_A_JOB) -> Iterator[Page]:
        """Yield the pages of a list that begins at `path`. Raises what `page` raises.

        Also raises Permanent if the list doesn't end (it repeats a page, or has more than `limit`
        pages), and if it continues on another host.
        """
        digests = set[bytes]()
        next_path: str | None = path
        while next_path is not None:
            if len(digests) >= limit:
                raise _endless(f"it has more than {limit} pages")
            page = self.page(next_path)
            digest = hashlib.sha256(repr(page.records).encode()).digest()
            if digest in digests:
                raise _endless(f"page {len(digests) + 1} repeats one before")
            digests.add(digest)
            yield page
            next_path = self._everbright.own_path(next_path, page.next) if page.next else None

    def records(self, path: str) -> list[Record]:
        """Return all records of a job's list that begins at `path`."""
        return [record for page in self.pages(path) for record in page.records]

    def _request(self, path: str) -> Page:
        """Request a page when the rate allows it."""
        now = monotonic()
        if now < self._next_at:
            self._sleep(self._next_at - now)
        self._next_at = max(now, self._next_at) + self._spacing
        return answers.read_page(self._everbright.get(path))


def _endless(why: str) -> Permanent:
    fix = "Correct its path under [everbright] in the config."
    return Permanent("everbright_endless", f"EverBright's list does not end: {why}. {fix}")


def list_jobs(
    lists: Lists, paths: EverBrightConfig
) -> tuple[dict[str, datetime | None], list[str]]:
    """Return when each job in the list has changed, if it says so, and what is wrong with the list.

    One that is left out, because another one left the list meanwhile, is read the next time.
    Raises Permanent or Retryable.
    """
    changes, problems, number = dict[str, datetime | None](), list[str](), 0
    try:
        for number, page in enumerate(lists.pages(paths.jobs, PAGES), 1):
            sites = [answers.site_of(record) for record in page.records]
            for site, record in zip(sites, page.records, strict=True):
                changes.setdefault(site, answers.updated_at(record, paths.changed))
            if nameless := sites.count(""):
                problems.append(f"page {number} lists {nameless} jobs without a site's UUID.")
    except BrightsheetError as error:
        if not number or error.reason not in LIST_BREAKS:
            raise
        problems.append(f"page {number} is the last of the list that was read. {error.message}")
    changes.pop("", None)
    return changes, problems


_OWNERS = {
    "site": ("site", "site_id", "site_uuid"),
    "workflow": ("workflow", "workflow_id", "ops_workflow", "ops_workflow_id"),
    "milestone": ("milestone", "milestone_id"),
    "task": ("task", "task_id"),
}
"""The keys with which a record may name what it belongs to."""


@dataclass
class Reader:
    """Reads a job's lists at `paths`. A list that isn't found is requested only once."""

    lists: Lists
    paths: EverBrightConfig
    _missing: set[str] = field(default_factory=set)
    """The lists, by their keys in the config, that the account doesn't have."""
    notes: list[str] = field(default_factory=list)
    """The same in words; jobs are read without these lists."""

    def read(self, site: str, may_be_news: Callable[[Record], bool]) -> list[dict[str, Any]]:
        """Return a job's contracts, and the milestones that may be news, as webhooks have them.

        The tasks of other milestones aren't requested. Raises Permanent or Retryable.
        """
        records: list[Record] = []
        for workflow in self._records(self.paths.workflows, "site", site):
            records += self._records(self.paths.milestones, "workflow", _id(workflow, "workflow"))
        answers.check_owner(records, _OWNERS["site"], site)
        changed = [record for record in records if may_be_news(record)]
        quote = ""
        if any(not answers.identifier(record, *QUOTE_KEYS) for record in changed):
            quote = payloads.initial_quote(self._optional_records("quotes", site))
        found = [payloads.milestone(record, site, quote, self._tasks(record)) for record in changed]
        contracts = self._optional_records("contracts", site)
        found += [payloads.contract(record, site) for record in contracts]
        return found

    def _records(self, path: str, owner: str, uuid: str) -> list[Record]:
        """Return the records of a list that belong to `uuid`, the `owner` in the path."""
        records = self.lists.records(path.format(**{owner: quoted(uuid, safe="")}))
        answers.check_owner(records, _OWNERS[owner], uuid)
        return records

    def _optional_records(self, name: str, site: str) -> list[Record]:
        """Return a job's records of a list; none, with a note, if EverBright has no such list."""
        path = getattr(self.paths, name)
        if not path or name in self._missing:
            return []
        try:
            return self._records(path, "site", site)
        except BrightsheetError as error:
            if error.reason not in OPTIONAL_LIST:
                raise
            self.notes.append(
                f"{name} are not read. {error.message} Correct `{name}` under [everbright]."
            )
            self._missing.add(name)
            _log.warning("list_not_read", list=name, reason=error.reason)
            return []

    def _tasks(self, milestone: Record) -> list[tuple[Record, list[Record]]]:
        tasks = self._records(self.paths.tasks, "milestone", _id(milestone, "milestone"))
        return [
            (task, self._records(self.paths.sub_tasks, "task", _id(task, "task"))) for task in tasks
        ]


def _id(record: Record, kind: str) -> str:
    """Return a record's identifier for the next list's path. Raises Permanent if it has none."""
    uuid = answers.identifier(record, "uuid", "id")
    if not uuid:
        raise Permanent(ODD, f"EverBright lists a {kind} without its UUID.")
    return uuid
