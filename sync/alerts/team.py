"""News for the team: a rejection, a contract voided or signed, a job that is done."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from sync.core.actions import statuses
from sync.core.database import Database
from sync.core.events import CONTRACT, Job, Line
from sync.core.layout import Links
from sync.core.schema import change
from sync.core.standing import Statuses
from sync.core.store import JobRow, Store
from sync.settings.environment import Settings

_GATHER_SECONDS = 60.0
"""What a job gets meanwhile is one message."""
_OLD = timedelta(days=2)
"""What had happened that long before it arrived is no news."""
OLD_SECONDS = 3600.0
"""What arrived that long ago is no news, and a message of it isn't tried any longer."""
_MANY_JOBS = 10
"""If more have news, they are told together."""
_MOST_LINES = 1000


def news(line: Line, job: Job, known: Statuses) -> str:
    """Return what a line of *History* is worth telling of a job as it is, or "". Pure."""
    if line.received - line.at > _OLD:
        return ""
    if line.definition == CONTRACT:
        return {"VOID": "Contract voided", "SIGN": "Contract signed"}.get(line.status, "")
    title = known.order.title(line.definition, line.name)
    if known.is_rejected(line.status):
        log = job.milestones.get(line.definition)
        is_over = log is not None and known.config.is_approved(log.now.status)
        return "" if is_over else f"Rejected: {title}"
    step = known.order.step(line.definition)
    last = known.order.steps[-1][0] if known.order.steps else ""
    is_done = step == last != "" and not line.task and known.config.is_approved(line.status)
    return f"Done: {title} approved" if is_done else ""


class Team:
    """Composes the messages about new lines of *History*."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self._settings, self._database, self._store = settings, database, Store(database)
        self._links = Links(settings.everbright_url, has_copies=False, has_customers=False)

    def newest(self) -> int:
        """Return the number of the newest line."""
        with self._database.begin() as connection:
            return connection.scalar(select(func.max(change.c.id))) or 0

    def messages(self, last: int, now: float) -> tuple[int, list[str]]:
        """Return what is new after the line `last`, and the last line that it includes.

        While more may come that belongs into the same message, nothing is new.
        """
        query = select(change).where(change.c.id > last).order_by(change.c.id).limit(_MOST_LINES)
        rows = self._database.read(query)
        if not rows:
            return last, []
        known = statuses(self._settings.config, self._store)
        lines = [(row.site, Line.model_validate_json(row.line)) for row in rows]
        jobs = {job.site: job for job in self._store.jobs([site for site, _ in lines])}
        by_site: dict[str, list[str]] = {}
        for site, line in lines:
            is_new = site in jobs and now - line.received.timestamp() < OLD_SECONDS
            if is_new and (text := news(line, jobs[site].state, known)):
                by_site.setdefault(site, []).append(text)
        first = min(line.received.timestamp() for _, line in lines)
        if by_site and now - first < _GATHER_SECONDS:
            return last, []
        texts = [self._text(jobs[site], said, known) for site, said in by_site.items()]
        if len(texts) > _MANY_JOBS:
            names = ", ".join(_named(jobs[site]) for site in by_site)
            texts = [f"{len(texts)} jobs have news: {names}"]
        return rows[-1].id, texts

    def _text(self, job: JobRow, news: Sequence[str], known: Statuses) -> str:
        """Return what has happened to a job, and what to do if somebody has to."""
        said = dict.fromkeys(f"{each}, {_named(job)}" for each in news)
        needs_us = any(each.startswith(("Rejected", "Contract voided")) for each in news)
        why = known.standing(job.state, datetime.now(UTC)).actions if needs_us else ()
        return "\n".join([*said, *why, self._links.job(job.site)])


def _named(job: JobRow) -> str:
    rep = job.customer.get("rep")
    return f"{job.name} ({rep})" if rep else job.name
