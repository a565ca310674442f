"""One run over EverBright's jobs: list them all, then read each; kept after every step."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import structlog

from sync.backfill.intake import Intake
from sync.backfill.reader import Reader
from sync.errors import BrightsheetError, Permanent, Retryable
from sync.everbright import answers
from sync.everbright.answers import Page
from sync.everbright.lists import Lists
from sync.settings.everbright_config import EverBrightConfig
from sync.store import Backfills, JobState, Lease, Progress

PASSES = 3
"""How often the list of jobs is read where jobs move between its pages meanwhile."""
UNANSWERED = 5
"""Jobs in a row for which EverBright does not answer: then it is down, and the run stops."""

_NOT_ONE_JOBS = frozenset({"everbright_token", "lease_lost", "stopping", "store_unavailable"})
"""Reasons for which the next job would fare no better."""
_DOWN = frozenset({"everbright_unavailable", "everbright_unreachable", "everbright_slow"})

ProgressCallback = Callable[[str, int, int | None], Any]
"""Is given "pages" or "jobs", how many are done, and of how many (None: not known)."""

_log = structlog.get_logger()


def _no_progress(_what: str, _done: int, _total: int | None) -> None:
    return None


class Backfill:
    """Reads jobs into the inbox. One process at a time: it needs the backfill's lease."""

    def __init__(
        self,
        lists: Lists,
        reader: Reader,
        intake: Intake,
        paths: EverBrightConfig,
        store: Backfills,
    ) -> None:
        self._lists = lists
        self._reader = reader
        self._intake = intake
        self._first_page = paths.jobs
        self._changed = paths.changed
        self._store = store

    def run(
        self,
        held: Lease,
        since: datetime | None = None,
        again: Collection[str] = (),
        progress: ProgressCallback = _no_progress,
    ) -> Progress:
        """Go on with the run that was not finished, or begin one; return what came of it.

        Read are the jobs that EverBright changed after `since` (all: None) and the sites `again`.
        Raises Permanent or Retryable where EverBright cannot be read: the run goes on next time.
        """
        self._reader.notes.clear()
        begun = self._store.open(held, self._first_page, since, again)
        self._list(held, begun, progress)
        self._read_all(held, progress)
        return self._store.finish(held)

    def one(self, site: str) -> tuple[JobState, int, str]:
        """Read one job; return what came of it, how many events were news, and what failed."""
        known = self._intake.known(site)
        reading = self._reader.read(site, known)
        events, problems = self._intake.take(known, [*reading.payloads, *reading.contracts])
        if problems:
            return JobState.FAILED, events, "; ".join(problems)
        return JobState.DONE if reading.has_workflow else JobState.NO_WORKFLOW, events, ""

    @property
    def requests(self) -> int:
        """How often this process has asked EverBright."""
        return self._lists.requests

    @property
    def notes(self) -> Sequence[str]:
        """What the account does not have: it kept no job from being read."""
        return self._reader.notes

    def _list(self, held: Lease, run: Progress, progress: ProgressCallback) -> None:
        """Keep the site of every job there is."""
        asked: set[str] = set()
        while run.next_page or run.has_shrunk:
            if not run.next_page:
                run = self._list_again(held, run)
                asked.clear()
                continue
            asked.add(run.next_page)
            found, following, problems = self._page(run.next_page, run)
            if following in asked:
                following, problems = None, ["the list of jobs leads back to a page before."]
            sites, nameless = _sites(found, run, self._changed)
            was, total = run.total, found.count
            run = self._store.keep_page(
                held,
                sites,
                next_page=following,
                total=was if total is None else total,
                has_shrunk=was is not None and total is not None and total < was,
                problems=[*problems, *nameless],
            )
            progress("pages", run.pages, None)

    def _page(self, path: str, run: Progress) -> tuple[Page, str | None, list[str]]:
        """Return a page of the list of jobs, the path of the next, and what is wrong with it."""
        try:
            found = self._lists.page(path)
        except Permanent as error:
            if error.reason != "everbright_missing" or path == self._first_page:
                raise
            # The list has become shorter meanwhile: this page is gone, the one before was the last.
            return Page([], None, max(0, (run.total or 0) - 1)), None, []
        try:
            return found, self._lists.next_path(path, found), []
        except Permanent as error:
            text = f"page {run.pages + 1} is the last of the list that was read. {error.message}"
            return found, None, [text]

    def _list_again(self, held: Lease, run: Progress) -> Progress:
        """Begin the list again: with jobs gone, others have moved to pages read before."""
        _log.info("backfill_list_changed", passes=run.passes)
        if run.passes < PASSES:
            return self._store.list_again(held, self._first_page)
        text = "jobs left the list while it was read: others may be missing. Run it again."
        return self._store.add_problem(held, text)

    def _read_all(self, held: Lease, progress: ProgressCallback) -> None:
        jobs = self._store.progress().jobs
        total = sum(jobs.values()) - jobs.get(JobState.UNCHANGED, 0)
        done = total - jobs.get(JobState.WAITING, 0)
        unanswered = 0
        while waiting := self._store.waiting():
            for site in waiting:
                progress("jobs", done, total)
                error = self._read(held, site)
                unanswered = unanswered + 1 if error and error.reason in _DOWN else 0
                if error and unanswered >= UNANSWERED:
                    raise Retryable(error.reason, f"{error.message} Run it again to go on.")
                done += 1
        progress("jobs", done, total)

    def _read(self, held: Lease, site: str) -> BrightsheetError | None:
        """Read a job and keep what came of it; return why it could not be read."""
        try:
            state, events, reason = self.one(site)
        except BrightsheetError as error:
            if error.reason in _NOT_ONE_JOBS:
                raise
            self._store.conclude(held, site, JobState.FAILED, 0, f"{error.reason}: {error.message}")
            return error
        except Exception as error:
            # An internal error with one job must not keep the others from being read.
            _log.exception("fault", site=site)
            self._store.conclude(held, site, JobState.FAILED, 0, f"fault: {type(error).__name__}")
            return None
        self._store.conclude(held, site, state, events, reason)
        return None


def _sites(
    found: Page, run: Progress, changed: Sequence[str]
) -> tuple[Mapping[str, JobState], list[str]]:
    """Return the sites on a page with their first state, and what is wrong with it."""
    sites: dict[str, JobState] = {}
    nameless = 0
    for record in found.records:
        site, updated = answers.site(record), answers.updated(record, changed)
        is_old = run.since is not None and updated is not None and updated < run.since
        if site:
            sites[site] = JobState.UNCHANGED if is_old else JobState.WAITING
        nameless += not site
    text = f"page {run.pages + 1} lists {nameless} jobs without a site's UUID."
    return sites, [text] if nameless else []
