"""Reads jobs back from EverBright's API, where a difference becomes an ordinary event.

Daily for open and changed jobs, whole for a new account, and on request. A reading that was killed
starts over: what it has read changes nothing the second time.
"""

import hashlib
import json
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from sync.backfill import payloads
from sync.backfill.reader import Reader
from sync.core.database import Lease
from sync.core.events import Event, Job, Line, apply, event_of, read_event
from sync.core.standing import Kind, Statuses
from sync.core.store import Store
from sync.errors import ENDS_WORK, BrightsheetError
from sync.everbright import answers
from sync.everbright.answers import Record
from sync.everbright.client import EverBright
from sync.everbright.errors import DOWN, MISSING, TOKEN
from sync.settings.config_file import Meaning
from sync.types import null
from sync.webhooks import parse

READ_JOB, READ_ALL = "read_job", "read_all"
"""The kinds of actions that ask for a reading."""
_OLD = timedelta(days=90)
_RETRY_SECONDS = 3600.0
_MOST_UNANSWERED = 5
"""After so many jobs in a row without an answer, EverBright is down."""
_MARGIN = timedelta(days=1)
"""Jobs that changed so long before the last reading are read again: clocks differ."""

_log = structlog.get_logger()


@dataclass
class Readback:
    """The readings of one process. `applying` is held while a job is changed."""

    store: Store
    lease: Lease
    everbright: EverBright
    statuses: Callable[[], Statuses]
    applying: threading.Lock
    sleep: Callable[[float], Any]
    hours: float
    rate: float
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def step(self) -> bool:
        """Carry out a reading that is due or asked for; return whether there was one."""
        if self._read_asked_jobs():
            return True
        asked = {action.id for action in self.store.open_actions([READ_ALL])}
        known = self.store.get("readback") or {}
        is_due = self.hours > 0 and self.now().timestamp() >= known.get("due", 0.0)
        if not (asked or is_due):
            return False
        text = self._read_many(known, is_whole=bool(asked) or "read" not in known)
        self.store.finish_actions(dict.fromkeys(asked, text))
        return True

    def _read_asked_jobs(self) -> bool:
        """Read the jobs that somebody has asked for."""
        asked = self.store.open_actions([READ_JOB])
        for action in asked:
            site = str(action.body.get("site", ""))
            try:
                count = self._read(self._reader(), site)
                text = f"It was read; {count} changes were missing." if count else "It was right."
            except BrightsheetError as error:
                if error.reason in ENDS_WORK:
                    raise
                text = f"It wasn't read. {error.message}"
            self.store.finish_actions({action.id: text})
        return bool(asked)

    def _read_many(self, known: dict[str, Any], *, is_whole: bool) -> str:
        """Read the list of jobs, and those that are open or have changed, or all; return a text."""
        began = self.now()
        known = {"since": began.timestamp(), **known}
        try:
            done = self._read_listed(began, known, is_whole=is_whole)
        except BrightsheetError as error:
            if error.reason in ENDS_WORK:
                raise
            _log.warning("readback_failed", reason=error.reason, message=error.message)
            again = began.timestamp() + _RETRY_SECONDS
            failed = {"due": again, "error": error.message}
            self.store.put("readback", {**known, **failed})
            return f"They weren't read. {error.message}"
        due = (began + timedelta(hours=self.hours)).timestamp()
        self.store.put("readback", {**done, "due": due})
        _log.info("readback", result=done["result"])
        return " ".join(filter(None, (done["result"], done["problems"])))

    def _read_listed(
        self, began: datetime, known: dict[str, Any], *, is_whole: bool
    ) -> dict[str, Any]:
        """Read jobs; return what is stored of it: how many, what went wrong, and old jobs' sites.

        A first reading whose list breaks off is none: the next one isn't news, either.
        """
        is_first, left_out = "read" not in known, {*known.get("left_out", ())}
        reader, changed, missing = self._reader(), 0, list[str]()
        listed, problems = reader.jobs()
        done = known if is_first and problems else {**known, "read": began.timestamp()}
        stored = self.store.job_states()
        sites = [*dict.fromkeys([*listed, *stored])]
        if not is_whole:
            since = datetime.fromtimestamp(known["read"], UTC) - _MARGIN
            sites = self._chosen(listed, stored, left_out, since)
        unanswered = 0
        for site in sites:
            self._read_asked_jobs()
            updated = listed.get(site)
            is_old = site not in stored and updated is not None and updated < began - _OLD
            try:
                count = self._read(reader, site, is_first=is_first, is_old=is_old)
                changed, unanswered = changed + bool(count), 0
                if count is None:
                    left_out.add(site)
            except BrightsheetError as error:
                if error.reason == MISSING and site not in listed:
                    continue  # EverBright has no such job.
                unanswered += error.reason in DOWN
                if error.reason in {*ENDS_WORK, TOKEN, "database"}:
                    raise
                if unanswered >= _MOST_UNANSWERED:
                    raise
                missing.append(site)
                _log.warning("job_not_read", site=site, reason=error.reason)
        problems += reader.notes
        if missing:
            problems.append(f"{len(missing)} jobs couldn't be read.")
        text = f"{len(sites)} jobs were read, {changed} had changes that were missing."
        result = {"result": text, "problems": " ".join(problems), "left_out": sorted(left_out)}
        if "read" in done:
            done = {"first": self.now().timestamp(), **done}
        return {**done, **result, "error": ""}

    def _chosen(
        self,
        listed: Mapping[str, datetime | None],
        stored: Mapping[str, Job],
        left_out: Collection[str],
        since: datetime,
    ) -> list[str]:
        """Return the jobs to read: those that have changed, are open or unknown."""
        statuses, now = self.statuses(), self.now()
        closed = {
            site
            for site, job in stored.items()
            if statuses.standing(job, now).kind in (Kind.DONE, Kind.ARCHIVED)
        }
        changed = [site for site, at in listed.items() if at is None or at >= since]
        unknown = [site for site in listed if site not in stored and site not in left_out]
        return [*dict.fromkeys([*changed, *unknown, *(s for s in stored if s not in closed)])]

    def _reader(self) -> Reader:
        return Reader(self.everbright, self.statuses().config.everbright, self.rate, self.sleep)

    def _read(
        self, reader: Reader, site: str, *, is_first: bool = False, is_old: bool = False
    ) -> int | None:
        """Read a job, and store the differences; return how many events were missing.

        With `is_first`, no lines of History are written. A job `is_old` that turns out to be done
        isn't stored, for which None is returned.
        """
        known = self.store.job_states([site]).get(site, Job())
        asked = self.now()
        payloads = reader.read(site, lambda record: _may_be_news(record, known))
        events = [*self._events(payloads, asked)]
        return self.take(site, events, asked, is_first=is_first, is_old=is_old)

    def take(
        self,
        site: str,
        events: Sequence[Event],
        asked: datetime,
        *,
        is_first: bool = False,
        is_old: bool = False,
    ) -> int | None:
        """Store what a job's events change; return as `_read` does."""
        # Of several contracts, the newest counts.
        newest = {each.definition: each for each in sorted(events, key=lambda each: each.order)}
        with self.applying:
            job = self.store.job_states([site]).get(site, Job())
            lines, count = list[Line](), 0
            for event in newest.values():
                news = read_event(event, job)
                if news is not None:
                    applied = apply(job, news, self.statuses().is_rejected)
                    job, count = applied.job, count + 1
                    lines += applied.lines
            begun = {each.definition for each in self.statuses().milestones(job)}
            step = self.statuses().order.step
            lines = [
                each for each in lines if not each.definition or step(each.definition) in begun
            ]
            if is_old and self._is_over(job, asked):
                return None
            self.store.applied(
                self.lease,
                [],
                {site: job} if count else {},
                [] if is_first else [(site, line) for line in lines],
                [(site, document) for event in events for document in event.documents],
            )
        return count

    def _is_over(self, job: Job, now: datetime) -> bool:
        """Return whether a job is done, or all is approved while nobody has said what is last."""
        known = self.statuses()
        if known.order.steps:
            return known.standing(job, now).kind is Kind.DONE
        return all(each.means is Meaning.APPROVED for each in known.milestones(job))

    def _events(self, bodies: Iterable[dict[str, Any]], asked: datetime) -> Iterator[Event]:
        """Yield what was read as events, of which the time of the request says what is newer."""
        for body in bodies:
            raw = json.dumps(body, sort_keys=True).encode()
            webhook = parse.read(raw, self.statuses().config.webhooks)
            event = event_of(webhook, asked)
            if event is not None:
                order = (asked, event.order[1], asked, hashlib.sha256(raw).hexdigest())
                yield replace(event, order=order, is_read=True)


def _may_be_news(record: Record, known: Job) -> bool:
    """Return whether a milestone's record differs from what is known, or is later."""
    log = known.milestones.get(payloads.definition(record))
    updated = answers.updated_at(record)
    if log is None or updated is None or (null(record.get("status")) or "") != log.now.status:
        return True
    is_ready = record.get("ready_to_submit") is True
    return is_ready != log.now.is_ready or updated > log.newest.order[1]


def archived_event(site: str, asked: datetime, *, is_archived: bool) -> Event:
    """Return what EverBright's answer about a site says of its archive as an event."""
    order = (asked, asked, asked, f"{site} {is_archived}")
    return Event(site, order, asked, is_read=True, is_archived=is_archived)
