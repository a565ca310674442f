"""Stores the results of projecting deliveries: states of jobs, their documents and changes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, case, func, select, update

from sync.jobs import files
from sync.jobs.model import Change, Job
from sync.store import history, lookups
from sync.store.confirmed import Confirmations
from sync.store.database import Database, Lease, clock, made_dirty, now
from sync.store.forgotten import ERASED, forgotten_of, remember_forgotten
from sync.store.inbox import IS_WEBHOOK
from sync.store.schema import delivery, document, folder, job, milestone, shared_document
from sync.webhooks.schema import Outcome

_PAGE = 500
"""Jobs read at once: a few megabytes."""


@dataclass(frozen=True)
class DocumentToCopy:
    """A document to copy into Drive."""

    uuid: str
    site: str
    sub_task: str
    name: str


@dataclass(frozen=True)
class Projected:
    """The result of projecting deliveries: jobs with their documents and changes.

    `milestones` has the sites of milestones by UUID.
    """

    jobs: Sequence[Job]
    documents: Sequence[DocumentToCopy] = ()
    changes: Sequence[Change] = ()
    milestones: Mapping[str, str] = field(default_factory=dict)
    applied: Sequence[int] = ()
    """Deliveries (seq), like the next four."""
    found_sites: Mapping[int, str] = field(default_factory=dict)
    """The sites of those applied ones that name only a milestone."""
    waiting: Mapping[int, str] = field(default_factory=dict)
    """Those that name an unknown milestone (its UUID): they are projected again with it."""
    rejected: Mapping[int, str] = field(default_factory=dict)
    """Those that caused an error, with the reason."""
    forgotten: Sequence[int] = ()
    """Those for jobs whose data was deleted: their content isn't stored."""
    forgotten_milestones: Collection[str] = ()
    """The milestones of these jobs."""


class Jobs:
    """The projection's side of the store. Writes need the lease for projecting."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.confirmations = Confirmations(database)

    def every(self) -> Iterator[Job]:
        """Yield every job, without what is beside its state, which takes four times as long."""
        last = ""
        query = select(job.c.site, job.c.state).order_by(job.c.site).limit(_PAGE)
        while rows := self._database.rows(query.where(job.c.site > last)):
            yield from (Job.model_validate_json(row.state) for row in rows)
            last = rows[-1].site

    def states(self, sites: Sequence[str]) -> dict[str, Job]:
        query = select(job.c.site, job.c.state).where(job.c.site.in_(sites))
        rows = self._database.rows(query)
        return {row.site: Job.model_validate_json(row.state) for row in rows}

    def forgotten_of(self, ids: Collection[str]) -> set[str]:
        """Return those of `ids` (of jobs and milestones) whose data was deleted."""
        return forgotten_of(self._database, ids)

    def sites_of(self, milestones: Collection[str]) -> dict[str, str]:
        """Return the sites of `milestones` by UUID, without unknown ones."""
        query = select(milestone.c.uuid, milestone.c.site)
        return dict(self._database.rows(query.where(milestone.c.uuid.in_(sorted(milestones)))))

    def take_in(self, lease: Lease, projected: Projected) -> None:
        """Store a projection and mark its deliveries, in one transaction."""
        with self._database.writing(lease) as connection:
            # First, because `_keep` finds when a job's deliveries were received by their site.
            for seq, site in projected.found_sites.items():
                _mark(connection, [seq], {"site": site})
            self._keep(connection, projected)
            if projected.documents:
                self._queue_documents(connection, projected.documents)
            sold = [state.site for state in projected.jobs if not state.is_lead]
            lookups.schedule(self._database, connection, sold)
            history.keep(self._database, connection, projected.changes)
            owned = [{"uuid": uuid, "site": site} for uuid, site in projected.milestones.items()]
            if owned:
                new = self._database.insert(milestone)
                moved = self._database.upsert(
                    milestone, {"site": new.excluded.site}, milestone.c.site != new.excluded.site
                )
                connection.execute(moved, owned)
            remember_forgotten(self._database, connection, projected.forgotten_milestones)
            if known := sorted({*projected.milestones, *projected.forgotten_milestones}):
                # If more than a batch waited for these milestones, the rest is queued.
                waited = update(delivery).where(delivery.c.about.in_(known))
                connection.execute(waited.values(projected=False, about=None))
            # Each delivery is in one of these.
            _mark(connection, projected.applied, {"projected": True, "about": None})
            _mark(connection, projected.forgotten, ERASED)
            for seq, about in projected.waiting.items():
                _mark(connection, [seq], {"projected": True, "about": about})
            for seq, reason in projected.rejected.items():
                values = {"outcome": Outcome.REJECTED, "reason": reason}
                _mark(connection, [seq], {"projected": True, "about": None, **values})

    def _keep(self, connection: Connection, projected: Projected) -> None:
        times = (
            select(
                delivery.c.site,
                func.min(delivery.c.received_at).label("oldest"),
                func.max(case((IS_WEBHOOK, delivery.c.received_at))).label("newest"),
            )
            .where(delivery.c.seq.in_(projected.applied))
            .group_by(delivery.c.site)
        )
        received = {row.site: row for row in connection.execute(times)}
        rows = []
        for state in sorted(projected.jobs, key=lambda state: state.site):  # See `mark_all_dirty`.
            at = received.get(state.site)
            rows.append(
                {
                    "site": state.site,
                    "state": state.model_dump_json(),
                    "waiting_since": at.oldest if at else clock(connection),
                    "received_at": at.newest if at else None,
                }
            )
        new = self._database.insert(job)
        again = {
            "state": new.excluded.state,
            "events": job.c.events + 1,
            "received_at": func.coalesce(new.excluded.received_at, job.c.received_at),
            **made_dirty(new.excluded.waiting_since),
        }
        if rows:
            connection.execute(new.on_conflict_do_update(index_elements=["site"], set_=again), rows)

    def _queue_documents(self, connection: Connection, documents: Sequence[DocumentToCopy]) -> None:
        """Queue new documents; one that another job named first is shared with that job."""
        rows = [vars(each) for each in _with_distinct_names(connection, documents)]
        connection.execute(self._database.insert_new(document).values(wanted_at=now()), rows)
        uuids = sorted({each.uuid for each in documents})
        query = select(document.c.uuid, document.c.site).where(document.c.uuid.in_(uuids))
        owners = {row.uuid: row.site for row in connection.execute(query)}
        shared = [
            {"uuid": each.uuid, "site": each.site}
            for each in documents
            if owners[each.uuid] != each.site
        ]
        if shared:
            connection.execute(self._database.insert_new(shared_document), shared)
        folders = [{"site": site} for site in sorted({each.site for each in documents})]
        connection.execute(self._database.insert_new(folder), folders)


def _mark(connection: Connection, seqs: Sequence[int], values: Mapping[str, Any]) -> None:
    connection.execute(update(delivery).where(delivery.c.seq.in_(seqs)).values(values))


def _with_distinct_names(
    connection: Connection, documents: Sequence[DocumentToCopy]
) -> list[DocumentToCopy]:
    """Return the documents, renamed where two documents of a job have the same name.

    The new name is stored, so that every try creates the same file.
    """
    sites = {each.site for each in documents}
    query = select(document.c.site, document.c.name, document.c.uuid)
    rows = connection.execute(query.where(document.c.site.in_(sorted(sites))))
    names = {(site, name.lower()): uuid for site, name, uuid in rows}
    renamed: list[DocumentToCopy] = []
    for each in documents:
        owner = names.setdefault((each.site, each.name.lower()), each.uuid)
        is_distinct = not each.name or owner == each.uuid
        name = each.name if is_distinct else files.distinct_name(each.name, each.uuid)
        renamed.append(replace(each, name=name))
    return renamed
