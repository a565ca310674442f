"""Messages to the team: a rejection, a contract voided or signed, a job that is done."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from sync.core.actions import statuses
from sync.core.database import Database, Lease
from sync.core.events import CONTRACT, Job, Line
from sync.core.job_rows import Links
from sync.core.layout import placeholder
from sync.core.schema import change
from sync.core.standing import Statuses
from sync.core.store import Store
from sync.settings.environment import Settings
from sync.status.rules import counted
from sync.status.state import TOLD, State

_MINUTE = 60.0
"""What a job gets meanwhile is one message."""
_OLD = timedelta(days=2)
"""What had happened that long before it arrived is no news."""
_MOST_JOBS, _MOST_LINES = 10, 1000
_GIVES_UP = 3600.0
"""Seconds after the event, until which a message is tried again."""
_HOUR, _WORKDAYS = 8, 5
_ASKED = "team_asked"

Deliver = Callable[[str], bool]


@dataclass(frozen=True)
class News:
    """Something worth telling of a job; `says_why` if its next actions belong to it."""

    site: str
    text: str
    says_why: bool = False


def news(site: str, line: Line, known: Statuses) -> News | None:
    """Return what a line of *History* is worth telling. Pure."""
    if line.received - line.at > _OLD:
        return None
    if line.definition == CONTRACT:
        said = {"VOID": "Contract voided", "SIGN": "Contract signed"}.get(line.status)
        return News(site, said, says_why=line.status == "VOID") if said else None
    title = known.order.title(line.definition, line.name)
    if known.is_rejected(line.status):
        return News(site, f"Rejected: {title}", says_why=True)
    step = known.order.aliases.get(line.definition, line.definition)
    last = known.order.steps[-1][0] if known.order.steps else ""
    is_done = step == last != "" and not line.task and known.config.is_approved(line.status)
    return News(site, f"Done: {title} approved") if is_done else None


class Team:
    """Tells the team, for the process that holds the lease. `deliver` returns whether it arrived.

    What has arrived is stored message by message, so a kill in between repeats one at most.
    """

    def __init__(self, settings: Settings, database: Database, deliver: Deliver) -> None:
        self._settings, self._database, self._deliver = settings, database, deliver
        self._store, self._not_before = Store(database), 0.0
        self._links = Links(settings.everbright_url, has_copies=False, has_customers=False)

    def tell(self, state: State, lease: Lease) -> None:
        """Tell what is new in *History*, and at 8 on workdays how many jobs wait for an answer."""
        if time.monotonic() < self._not_before:
            return
        told = self._store.get(TOLD)
        if told is None:  # The first look only remembers: nothing is news then.
            self._store.put(TOLD, {"last": self._newest()}, lease)
        else:
            self._tell_lines(told, state.now, lease)
        now = datetime.fromtimestamp(state.now, self._settings.zone)
        is_time = now.hour >= _HOUR and now.weekday() < _WORKDAYS
        if state.unanswered and is_time and self._store.get(_ASKED) != f"{now:%Y-%m-%d}":
            jobs = counted(state.unanswered, "job waits", "jobs wait")
            page = f"\n{self._settings.public_url}/tabs/rows" if self._settings.public_url else ""
            if self._has_sent(f"{jobs} for your answer: Whose row is it?{page}"):
                self._store.put(_ASKED, f"{now:%Y-%m-%d}", lease)

    def _tell_lines(self, told: dict[str, Any], now: float, lease: Lease) -> None:
        """Send the messages about the lines after the last one of which the team knows.

        `told` also has the jobs that are done among these lines, and since when none has arrived.
        """
        lines = self._lines(told)
        known = statuses(self._settings.config, self._store)
        found = [each for _, site, line in lines if (each := news(site, line, known))]
        first = min((line.received.timestamp() for _, _, line in lines), default=now)
        if not lines or (found and now - first < _MINUTE):
            return
        by_site: dict[str, list[News]] = {}
        for each in found:
            by_site.setdefault(each.site, []).append(each)
        until, done, failing = lines[-1][0], list(told.get("done", ())), told.get("failing", 0.0)
        waiting = [site for site in by_site if site not in done]
        for sites in [waiting] if len(waiting) > _MOST_JOBS else [[site] for site in waiting]:
            has_arrived = self._has_sent(self._text(by_site, sites, known))
            failing = 0.0 if has_arrived else failing or now
            is_over = has_arrived or now - first > _GIVES_UP
            done += sites if is_over else ()
            state = {"last": told["last"], "until": until, "done": done, "failing": failing}
            self._store.put(TOLD, state, lease)
            if not is_over:
                return
        self._store.put(TOLD, {"last": until, "failing": failing}, lease)

    def _lines(self, told: dict[str, Any]) -> list[tuple[int, str, Line]]:
        query = select(change).where(change.c.id > told["last"]).order_by(change.c.id)
        if "until" in told:
            query = query.where(change.c.id <= told["until"])
        with self._database.begin() as connection:
            rows = connection.execute(query.limit(_MOST_LINES)).all()
        return [(row.id, row.site, Line.model_validate_json(row.line)) for row in rows]

    def _text(self, by_site: dict[str, list[News]], sites: Sequence[str], known: Statuses) -> str:
        if len(sites) > 1:
            names = ", ".join(self._named(site) for site in sites)
            return f"{len(sites)} jobs have news: {names}"
        (site,) = sites
        said = dict.fromkeys(f"{each.text}, {self._named(site)}" for each in by_site[site])
        job = self._store.job_states([site]).get(site, Job())
        says_why = any(each.says_why for each in by_site[site])
        why = known.standing(job, datetime.now(UTC)).actions if says_why else ()
        return "\n".join([*said, *why, self._links.job(site)])

    def _named(self, site: str) -> str:
        """Return a job's customer and rep, as a message names them."""
        customer = self._store.customer(site)
        name, rep = customer.get("customer") or placeholder(site), customer.get("rep")
        return f"{name} ({rep})" if rep else name

    def _has_sent(self, text: str) -> bool:
        has_arrived = self._deliver(text)
        self._not_before = 0.0 if has_arrived else time.monotonic() + _MINUTE
        return has_arrived

    def _newest(self) -> int:
        with self._database.begin() as connection:
            return connection.scalar(select(func.max(change.c.id))) or 0
