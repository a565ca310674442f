"""Jobs: what is known of each, what the sheet was last confirmed to show, what is under way."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, RowMapping, Text, and_, bindparam, delete, func, select, update
from sqlalchemy.sql import ColumnElement

from sync.errors import Permanent
from sync.jobs.cells import Cell
from sync.jobs.model import Change, Customer, Files, FileState, Job
from sync.sheets.damage import Verdict
from sync.sheets.evidence import Repair, Trace
from sync.store import history
from sync.store.customers import customers, want
from sync.store.database import Database
from sync.store.leases import Lease, hold
from sync.store.rate_limit import SPACING, Pace
from sync.store.schema import (
    attempt,
    delivery,
    document,
    folder,
    job,
    milestone,
    now,
    repair,
    sheet,
)
from sync.webhooks.schema import Outcome


@dataclass(frozen=True)
class DirtyJob:
    """A job that the sheet may not show as it is."""

    job: Job
    files: Files
    customer: Customer
    written: dict[str, Cell]
    version: int
    events: int
    is_fresh: bool
    """Whether an event came that the sheet does not show."""


@dataclass(frozen=True)
class Wanted:
    """A document that is to be copied into Drive."""

    uuid: str
    site: str
    sub_task: str
    name: str


@dataclass(frozen=True)
class Projected:
    """What deliveries made: jobs with their documents and changes.

    `deliveries` (seq) are done, `poisoned` are set aside with their reason, so that they delay no
    other. `milestones` are the sites of milestones by UUID; those that `waiting` deliveries tell of
    are not known yet: these come again with their milestone.
    """

    jobs: Sequence[Job]
    documents: Sequence[Wanted] = ()
    changes: Sequence[Change] = ()
    milestones: Mapping[str, str] = field(default_factory=dict)
    deliveries: Sequence[int] = ()
    waiting: Mapping[int, str] = field(default_factory=dict)
    poisoned: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Shown:
    """What a batch makes true of one job: `cells` None leaves what was written as it is."""

    site: str
    version: int
    events: int
    cells: Mapping[str, Cell] | None


@dataclass(frozen=True)
class Attempt:
    """A batch that may have landed: kept before it is sent, until a read tells."""

    fence: int
    fence_before: int | None
    shown: tuple[Shown, ...]
    columns: tuple[str, ...]
    """Ids of the columns that the tab has after it."""
    trace: Trace
    changes: tuple[int, ...] = ()
    """Changes (seq) that it tells in the history."""


_UNKNOWN = {"text": "?", "is_stand_in": True}
"""Stands for a cell that holds something else than we wrote: it differs from every cell.

Its note stays known: one that is not would be taken for a person's.
"""
_PAGE = 500


class Jobs:
    """The projection's and the flush's side of the store. Writes need the flusher's lease."""

    def __init__(self, database: Database, spreadsheet_id: str) -> None:
        self._database = database
        self._spreadsheet_id = spreadsheet_id
        self._has_adopted = False

    def states(self, sites: Sequence[str]) -> dict[str, Job]:
        """Return what is known of `sites`, by site."""
        query = select(job.c.site, job.c.state).where(job.c.site.in_(sites))
        with self._database.reading() as connection:
            return {
                site: Job.model_validate_json(state) for site, state in connection.execute(query)
            }

    def sites_of(self, milestones: Collection[str]) -> dict[str, str]:
        """Return whose the milestones are, by UUID, as far as is known."""
        query = select(milestone).where(milestone.c.uuid.in_(sorted(milestones)))
        with self._database.reading() as connection:
            return {row.uuid: row.site for row in connection.execute(query)}

    def take_in(self, held: Lease, made: Projected) -> None:
        """Keep what was projected, and mark its deliveries: all of it, or nothing."""
        states = [(one.site, one.model_dump_json()) for one in made.jobs]
        with self._database.writing() as connection:
            hold(connection, held)
            for site, state in states:
                self._keep(connection, site, state)
            self._want(connection, made.documents)
            with_rows = [one.site for one in made.jobs if one.events]
            want(self._database, connection, with_rows)
            history.keep(self._database, connection, made.changes)
            self._own(connection, made.milestones)
            if made.deliveries:
                done = delivery.c.seq.in_(made.deliveries)
                connection.execute(update(delivery).where(done).values(projected=True, about=None))
            for seq, about in made.waiting.items():
                values: dict[str, object] = {"projected": True, "about": about}
                connection.execute(update(delivery).where(delivery.c.seq == seq).values(values))
            for seq, reason in made.poisoned.items():
                values = {"projected": True, "outcome": Outcome.REJECTED, "reason": reason}
                connection.execute(update(delivery).where(delivery.c.seq == seq).values(values))

    def _own(self, connection: Connection, milestones: Mapping[str, str]) -> None:
        """Keep whose the milestones are; what waited for that is to be projected now."""
        rows = [{"uuid": uuid, "site": site} for uuid, site in milestones.items()]
        if rows:
            connection.execute(self._database.insert(milestone).on_conflict_do_nothing(), rows)
            found = delivery.c.about.in_(sorted(milestones))
            values = {"projected": False, "about": None}
            connection.execute(update(delivery).where(found).values(values))

    def _keep(self, connection: Connection, site: str, state: str) -> None:
        first = {
            "site": site,
            "state": state,
            "written": "{}",
            "version": 1,
            "shown_version": 0,
            "events": 1,
            "shown_events": 0,
        }
        again = {
            "state": first["state"],
            "version": job.c.version + 1,
            "events": job.c.events + 1,
        }
        statement = self._database.insert(job).values(first)
        connection.execute(statement.on_conflict_do_update(index_elements=["site"], set_=again))

    def _want(self, connection: Connection, documents: Sequence[Wanted]) -> None:
        blank = dict.fromkeys(("file_id", "session", "digest", "link", "reason", "message"), "")
        first = {"state": FileState.PENDING, "attempts": 0, "due_at": 0.0, **blank}
        rows = [{**vars(wanted), **first} for wanted in documents]
        if rows:
            connection.execute(self._database.insert(document).on_conflict_do_nothing(), rows)
        empty = {"file_id": "", "link": "", "claim": 0, "claimed_until": 0.0}
        folders = [{"site": site, **empty} for site in sorted({one.site for one in documents})]
        if folders:
            connection.execute(self._database.insert(folder).on_conflict_do_nothing(), folders)

    def dirty(self, limit: int, *, but: Iterable[str] = (), only: str = "") -> list[DirtyJob]:
        """Return jobs that the sheet may not show as they are, all `but` these, or `only` one."""
        which = (job.c.site == only) if only else job.c.site.not_in(sorted(but))
        return self._fetch(and_(job.c.version != job.c.shown_version, which), limit)

    def _fetch(self, which: ColumnElement[bool], limit: int) -> list[DirtyJob]:
        with self._database.reading() as connection:
            rows = connection.execute(select(job).where(which).limit(limit)).mappings().all()
            files = _files(connection, [row["site"] for row in rows])
            known = customers(connection, [row["site"] for row in rows])
        return [
            DirtyJob(
                job=Job.model_validate_json(row["state"]),
                files=files.get(row["site"], Files()),
                customer=known.get(row["site"], Customer()),
                written=_cells(json.loads(row["written"])),
                version=row["version"],
                events=row["events"],
                is_fresh=row["events"] != row["shown_events"],
            )
            for row in rows
        ]

    def count_dirty(self, *, but: Iterable[str] = ()) -> int:
        """Return how many jobs the sheet may not show as they are, all `but` these."""
        which = job.c.site.not_in(sorted(but))
        query = select(func.count()).where(job.c.version != job.c.shown_version, which)
        with self._database.reading() as connection:
            return int(connection.scalar(query) or 0)

    def next_fence(self, held: Lease, seen: int | None) -> int:
        """Return a number that no batch had yet: larger than every one given out or `seen`."""
        with self._database.writing() as connection:
            hold(connection, held)
            known = connection.scalar(select(sheet.c.fence).where(self._is_mine()))
            fence = max(known or 0, seen or 0) + 1
            self._update_sheet(connection, fence=fence)
        return fence

    def begin(self, held: Lease, tried: Attempt) -> None:
        """Keep what a batch would make true, before it is sent."""
        row = {
            "fence": tried.fence,
            "spreadsheet_id": self._spreadsheet_id,
            "fence_before": tried.fence_before,
            "shown": json.dumps([_shown_out(one) for one in tried.shown]),
            "columns": json.dumps(tried.columns),
            "changes": json.dumps(tried.changes),
            "trace": tried.trace.model_dump_json(),
        }
        with self._database.writing() as connection:
            hold(connection, held)
            connection.execute(self._database.insert(attempt).values(row))

    def landed(self, held: Lease, fence: int | None) -> Attempt | None:
        """Return the attempt that set `fence`, whose check is still due; drop those that cannot.

        A batch is refused once the fence that it was made for is gone; while that fence stands, a
        late one may still land.
        """
        mine = attempt.c.spreadsheet_id == self._spreadsheet_id
        with self._database.writing() as connection:
            hold(connection, held)
            rows = connection.execute(select(attempt).where(mine)).mappings().all()
            found = next((row for row in rows if row["fence"] == fence), None)
            over = [r["fence"] for r in rows if fence not in (r["fence_before"], r["fence"])]
            if over:
                connection.execute(delete(attempt).where(mine, attempt.c.fence.in_(over)))
        return None if found is None else _attempt(found)

    def conclude(self, held: Lease, tried: Attempt, verdict: Verdict) -> None:
        """Keep what the check of a batch that landed found: all of it, or nothing."""
        mine = attempt.c.spreadsheet_id == self._spreadsheet_id
        right = [one for one in tried.shown if one.site not in verdict.damaged]
        done = [one for one in tried.trace.repairs if one not in verdict.undone]
        with self._database.writing() as connection:
            hold(connection, held)
            self._confirm(connection, right)
            self._drift(connection, verdict.drift)
            history.mark_told(connection, tried.changes)
            if verdict.repairs:
                rows = [
                    {"spreadsheet_id": self._spreadsheet_id, "body": one.model_dump_json()}
                    for one in verdict.repairs
                ]
                connection.execute(self._database.insert(repair), rows)
            if done:
                connection.execute(delete(repair).where(repair.c.id.in_(done)))
            known = self._known_columns(connection) | set(tried.columns)
            self._update_sheet(connection, columns=json.dumps(sorted(known)))
            # Every other attempt was made for a fence that is gone now.
            connection.execute(delete(attempt).where(mine))

    def _drift(self, connection: Connection, drift: Mapping[str, frozenset[str]]) -> None:
        for site, columns in drift.items():
            written = connection.scalar(select(job.c.written).where(job.c.site == site))
            cells = json.loads(written or "{}")
            if not cells:
                continue  # All of it is still to be written; without a row there is no drift.
            for column in columns:
                notes = {"note", "noted"} & cells.get(column, {}).keys()
                cells[column] = _UNKNOWN | {name: cells[column][name] for name in notes}
            connection.execute(
                update(job)
                .where(job.c.site == site)
                .values(written=json.dumps(cells), version=job.c.version + 1)
            )

    def mark_drift(self, held: Lease, drift: Mapping[str, frozenset[str]]) -> None:
        """Have cells written anew that a comparison found to be others than they should be."""
        with self._database.writing() as connection:
            hold(connection, held)
            self._drift(connection, drift)

    def has_repairs(self) -> bool:
        """Tell whether cells are to be put back."""
        mine = repair.c.spreadsheet_id == self._spreadsheet_id
        with self._database.reading() as connection:
            return connection.scalar(select(repair.c.id).where(mine).limit(1)) is not None

    def repairs(self) -> dict[int, Repair]:
        """Return the cells that are to be put back, by id, oldest first."""
        mine = repair.c.spreadsheet_id == self._spreadsheet_id
        query = select(repair.c.id, repair.c.body).where(mine).order_by(repair.c.id)
        with self._database.reading() as connection:
            return {row[0]: Repair.model_validate_json(row[1]) for row in connection.execute(query)}

    def sites(self) -> frozenset[str]:
        """Return every site that there is a job for."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(select(job.c.site)))

    def written_sites(self) -> frozenset[str]:
        """Return the sites that have a row, as far as we know."""
        with self._database.reading() as connection:
            return frozenset(connection.scalars(select(job.c.site).where(job.c.written != "{}")))

    def forget_rows(self, held: Lease, sites: Iterable[str]) -> None:
        """Keep that the rows of `sites` were deleted: they come back with an event only."""
        with self._database.writing() as connection:
            hold(connection, held)
            gone = job.c.site.in_(sorted(sites))
            connection.execute(update(job).where(gone).values(written="{}"))

    def renew(self, held: Lease, sites: Iterable[str]) -> None:
        """Have jobs written anew whose row lost its key for good."""
        with self._database.writing() as connection:
            hold(connection, held)
            found = update(job).where(job.c.site.in_(sorted(sites)))
            values = {"written": "{}", "shown_events": 0, "version": job.c.version + 1}
            connection.execute(found.values(values))

    def every(self) -> Iterator[DirtyJob]:
        """Give every job, dirty or not, for a comparison."""
        sites = sorted(self.sites())
        for start in range(0, len(sites), _PAGE):
            yield from self._fetch(job.c.site.in_(sites[start : start + _PAGE]), _PAGE)

    def confirm(self, held: Lease, shown: Sequence[Shown]) -> None:
        """Keep that the sheet shows `shown` as it stands."""
        with self._database.writing() as connection:
            hold(connection, held)
            self._confirm(connection, shown)

    def _confirm(self, connection: Connection, shown: Sequence[Shown]) -> None:
        rows = [
            {
                "at": one.site,
                "at_version": one.version,
                "at_events": one.events,
                "cells": None if one.cells is None else _cells_out(one.cells),
            }
            for one in shown
        ]
        statement = (
            update(job)
            .where(job.c.site == bindparam("at"))
            .values(
                shown_version=bindparam("at_version"),
                shown_events=bindparam("at_events"),
                written=func.coalesce(bindparam("cells", type_=Text), job.c.written),
            )
        )
        if rows:
            connection.execute(statement, rows)

    def _switch(self, connection: Connection, other: str) -> None:
        """Have every job written here, whatever `other` showed.

        A batch of ours that may have landed here is still to be settled, but says nothing of rows.
        """
        history.switch(connection, other, self._spreadsheet_id)
        mine = attempt.c.spreadsheet_id == self._spreadsheet_id
        connection.execute(update(attempt).where(mine).values(shown="[]"))
        values = {"written": "{}", "shown_events": 0, "version": job.c.version + 1}
        connection.execute(update(job).values(values))

    def must_be_current(self) -> None:
        """Raise Permanent where another spreadsheet is the one that is written."""
        current = select(sheet.c.spreadsheet_id).where(sheet.c.is_current == 1)
        with self._database.reading() as connection:
            other = connection.scalar(current.where(~self._is_mine()))
        if other:
            raise _moved(other)

    def forget_written(self, held: Lease) -> bool:
        """Forget what a tab showed that is there no more: every job is to be written anew."""
        with self._database.writing() as connection:
            hold(connection, held)
            return self._forget_written(connection)

    def _forget_written(self, connection: Connection) -> bool:
        for table in (attempt, repair):
            mine = table.c.spreadsheet_id == self._spreadsheet_id
            connection.execute(delete(table).where(mine))
        self._update_sheet(connection, columns="[]")
        found = update(job).where(job.c.written != "{}")
        values = {"written": "{}", "shown_events": 0, "version": job.c.version + 1}
        return connection.execute(found.values(values)).rowcount > 0

    def known_columns(self) -> frozenset[str]:
        """Return the ids of columns that were made: one that is missing now, a person deleted."""
        with self._database.reading() as connection:
            return self._known_columns(connection)

    def _known_columns(self, connection: Connection) -> frozenset[str]:
        known = connection.scalar(select(sheet.c.columns).where(self._is_mine()))
        return frozenset(json.loads(known or "[]"))

    def is_comparison_due(self, seconds: float) -> bool:
        """Tell whether the last comparison of the whole sheet is longer ago than `seconds`."""
        query = select(sheet.c.compared_at < now() - seconds)
        query = query.where(self._is_mine(), sheet.c.is_current == 1)
        with self._database.reading() as connection:
            return bool(connection.scalar(query))

    def set_compared(self, held: Lease) -> None:
        """Keep that the whole sheet was compared now."""
        with self._database.writing() as connection:
            hold(connection, held)
            self._update_sheet(connection, compared_at=now())

    def is_doubtful(self) -> bool:
        """Tell whether a batch may have landed that no check has concluded."""
        mine = attempt.c.spreadsheet_id == self._spreadsheet_id
        with self._database.reading() as connection:
            return connection.scalar(select(attempt.c.fence).where(mine).limit(1)) is not None

    def take_turn(self, held: Lease, spacing: float = SPACING) -> float:
        """Count a flush (or a look, without `spacing`), and return the seconds until it may begin.

        The pace is kept here, since several processes share Google's quota.
        """
        with self._database.writing() as connection:
            hold(connection, held)
            columns = (sheet.c.pace_left, sheet.c.pace_last)
            row = connection.execute(select(*columns).where(self._is_mine())).first()
            clock = float(connection.scalar(select(now())) or 0.0)
            pace = Pace() if row is None or row[1] is None else Pace(row[0], row[1])
            wait = pace.wait(clock, spacing)
            pace.spend(clock + wait)
            self._update_sheet(connection, pace_left=pace.left, pace_last=pace.last)
        return wait

    def adopt_spreadsheet(self, held: Lease) -> None:
        """Make this the spreadsheet that is written; forget what another showed.

        Raises Permanent where another was made the one since we did that: of two that both would
        write, the later stays.
        """
        with self._database.writing() as connection:
            hold(connection, held)
            current = select(sheet.c.spreadsheet_id).where(~self._is_mine())
            other = connection.scalar(current.where(sheet.c.is_current == 1))
            if other and self._has_adopted:
                raise _moved(other)
            connection.execute(update(sheet).where(~self._is_mine()).values(is_current=0))
            self._update_sheet(connection, is_current=1)
            first = self._is_mine(), sheet.c.compared_at.is_(None)
            connection.execute(update(sheet).where(*first).values(compared_at=now()))
            if other:
                self._switch(connection, other)
        self._has_adopted = True

    def trouble(self) -> tuple[str, str]:
        """Return reason and message of what keeps the sheet from being written, or two blanks."""
        query = select(sheet.c.reason, sheet.c.message).where(self._is_mine())
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return (row[0], row[1]) if row else ("", "")

    def set_trouble(self, reason: str = "", message: str = "") -> None:
        """Keep what keeps the sheet from being written, for people to see.

        It lasts since the first reason, whatever it is by now.
        """
        with self._database.writing() as connection:
            known = connection.scalar(select(sheet.c.reason).where(self._is_mine())) or ""
            if known != reason:
                values: dict[str, object] = {"reason": reason, "message": message}
                if not (known and reason):
                    values["since"] = now() if reason else None
                self._update_sheet(connection, **values)

    def _is_mine(self) -> ColumnElement[bool]:
        return sheet.c.spreadsheet_id == self._spreadsheet_id

    def _update_sheet(self, connection: Connection, **values: object) -> None:
        blank = {"fence": 0, "columns": "[]", "reason": "", "message": "", "is_current": 1}
        row = {"spreadsheet_id": self._spreadsheet_id, **blank, **values}
        statement = self._database.insert(sheet).values(row)
        connection.execute(
            statement.on_conflict_do_update(index_elements=["spreadsheet_id"], set_=values)
        )


def _moved(other: str) -> Permanent:
    return Permanent(
        "moved",
        f"The jobs are kept in another spreadsheet: SPREADSHEET_ID={other} (or start the worker "
        "with this one, if it is to be the one).",
    )


def _files(connection: Connection, sites: Sequence[str]) -> dict[str, Files]:
    links: dict[str, dict[str, str]] = {}
    query = select(document.c.site, document.c.uuid, document.c.link).where(
        document.c.site.in_(sites), document.c.link != ""
    )
    for site, uuid, link in connection.execute(query):
        links.setdefault(site, {})[uuid] = link
    folders = select(folder.c.site, folder.c.link).where(folder.c.site.in_(sites))
    return {
        site: Files(folder=link, documents=links.get(site, {}))
        for site, link in connection.execute(folders)
    }


def _cells(tree: Mapping[str, object]) -> dict[str, Cell]:
    return {column: Cell.model_validate(cell) for column, cell in tree.items()}


def _cells_out(cells: Mapping[str, Cell]) -> str:
    out = {c: cell.model_dump(mode="json", exclude_defaults=True) for c, cell in cells.items()}
    return json.dumps(out)


def _attempt(row: RowMapping) -> Attempt:
    return Attempt(
        fence=row["fence"],
        fence_before=row["fence_before"],
        shown=tuple(_shown_in(one) for one in json.loads(row["shown"])),
        columns=tuple(json.loads(row["columns"])),
        trace=Trace.model_validate_json(row["trace"]),
        changes=tuple(json.loads(row["changes"])),
    )


def _shown_out(one: Shown) -> dict[str, object]:
    cells = None if one.cells is None else json.loads(_cells_out(one.cells))
    return {"site": one.site, "version": one.version, "events": one.events, "cells": cells}


def _shown_in(tree: Mapping[str, object]) -> Shown:
    cells = tree["cells"]
    return Shown(
        site=str(tree["site"]),
        version=int(str(tree["version"])),
        events=int(str(tree["events"])),
        cells=_cells(cells) if isinstance(cells, Mapping) else None,
    )
