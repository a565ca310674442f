"""A body's whole way, from the receiver up to what Google would be sent."""

import json
import time
from pathlib import Path
from typing import Any

from sync.jobs.columns import KEY
from sync.jobs.row import Addresses, Layout
from sync.projector import Intake
from sync.settings.environment import load
from sync.sheets import diff
from sync.sheets.identifiers import JOBS_TAB
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.tabs.extras import Along, Titles
from sync.store import Database, DirtyJob, Inbox, Jobs, Leases
from sync.store.jobs import Shown
from sync.store.schema import metadata
from sync.webhooks.schema import Outcome
from tests.made_up import SECRET, body, milestone, uuid
from tests.settings.test_environment import LEAST

ANSWERS = {202, 400, 413, 415, 422}
BEACON = uuid(999)
"""The site of a job that means no harm."""


class WholePath:
    """A receiver with a store in `folder`, and what a worker does with it."""

    def __init__(self, folder: Path, zone: str = "Pacific/Auckland", **settings: str) -> None:
        from app import create_app

        loaded = load(LEAST | {"DATABASE_URL": f"sqlite:///{folder}/hostile.sqlite3"} | settings)
        self.database = Database(loaded.database_url.get_secret_value())
        self.database.upgrade()
        self.client = create_app(loaded).test_client()
        self.inbox = Inbox(self.database)
        self.jobs = Jobs(self.database, loaded.spreadsheet_id)
        self.intake = Intake(self.inbox, self.jobs, loaded)
        self.layout = Layout(
            loaded.config, Addresses(loaded.everbright_url, loaded.everbright_preview_path)
        )
        self.leases = Leases(self.database, "hostile", 3600)
        self.zone = zone
        self.count = 0
        self.accepted = 0
        self.slowest = 0.0

    def send(self, sent: bytes, bound: float = 3.0) -> int:
        """Take one body all the way, and return the answer's status.

        `bound` is in seconds of the processor: on a busy machine all takes longer.
        """
        began = time.process_time()
        answer = self.client.post(
            "/webhooks/everbright",
            data=sent,
            headers={"X-Webhook-Secret": SECRET},
            content_type="application/json",
        )
        assert answer.status_code in ANSWERS, answer.text
        assert "fault" not in answer.text
        if answer.status_code == 202 and b'"accepted"' in answer.data:
            self.accepted += 1
            self._work(answer.get_json()["delivery"])
        took = time.process_time() - began
        assert took < bound, f"{took:.1f} s"
        self.slowest = max(self.slowest, took)
        self.count += 1
        if self.count % 500 == 0:
            self.start_anew()
        return answer.status_code

    def _work(self, delivery: str) -> None:
        held = self.leases.acquire("sheet")
        assert held is not None
        self.intake.run(held)
        kept = self.inbox.find(delivery)
        assert kept is not None
        assert kept.outcome is Outcome.ACCEPTED, kept.reason
        dirty = self.jobs.dirty(500)
        assert dirty
        for known in (False, True):
            _check(self._planned(dirty, known))
        shown = [
            Shown(one.job.site, one.version, one.events, self.layout.cells(one.job, one.files))
            for one in dirty
        ]
        self.jobs.confirm(held, shown)
        assert self.jobs.dirty(9) == []

    def _planned(self, dirty: list[DirtyJob], known: bool) -> list[dict[str, Any]]:
        """Return the requests for jobs that are new, or whose rows are there."""
        cells = {one.job.site: self.layout.cells(one.job, one.files, one.customer) for one in dirty}
        columns = self.layout.columns(one.job for one in dirty)
        targets = [diff.Target(one.job.site, cells[one.job.site], one.written) for one in dirty]
        table = None
        if known:
            places = {column.id: index for index, column in enumerate(columns)}
            places.setdefault(KEY, len(places))
            keys = {site: row for row, site in enumerate(cells, 1)}
            table = Table(JOBS_TAB, "Jobs", 0, 100, len(places), places, keys)
        made = diff.make(
            Snapshot(table=table, has_fence_tab=known, fences=(1,) if known else ()),
            targets,
            columns,
            titles=Titles(),
            fence=2,
            zone=self.zone,
            with_=Along(self.layout.config),
        )
        assert made.shown, "nothing is shown"
        return made.requests

    def start_anew(self) -> None:
        """Show that a job that means no harm gets through, and forget everything."""
        beacon = body(milestone(site=BEACON, name=f"Round {self.count}"))
        assert self.client.post(
            "/webhooks/everbright",
            data=beacon,
            headers={"X-Webhook-Secret": SECRET},
            content_type="application/json",
        ).get_json()["outcome"] in ("accepted", "duplicate")
        held = self.leases.acquire("sheet")
        assert held is not None
        self.intake.run(held)
        assert BEACON in self.jobs.states([BEACON])
        with self.database.writing() as connection:
            for table in metadata.sorted_tables:
                connection.execute(table.delete())


def _check(requests: list[dict[str, Any]]) -> None:
    """Hold a batch against what Google takes: text is text, and no longer than a cell."""
    # As it goes over the wire; lone surrogates would not.
    json.dumps(requests, ensure_ascii=False, allow_nan=False).encode("utf-8")
    for request in requests:
        if "updateCells" in request:
            for row in request["updateCells"].get("rows", ()):
                for cell in row["values"]:
                    _check_cell(cell)


def _check_cell(cell: dict[str, Any]) -> None:
    value = cell.get("userEnteredValue", {})
    assert value.keys() <= {"stringValue", "numberValue"}, value
    text = value.get("stringValue", "")
    length = len(text.encode("utf-16-le")) // 2
    assert length <= 50_000
    assert "\x00" not in text
    assert len(cell.get("note", "")) <= 50_000
    starts = [run.get("startIndex", 0) for run in cell.get("textFormatRuns", ())]
    assert starts == sorted(set(starts))
    assert all(start < length for start in starts)
    for run in cell.get("textFormatRuns", ()):
        uri = run["format"].get("link", {}).get("uri", "https://")
        assert uri.startswith("https://")
        assert "\n" not in uri
