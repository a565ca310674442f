"""A body's whole way, from the receiver up to what Google would be sent."""

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sync.field_table import KEY
from sync.jobs.cells import Column
from sync.jobs.files import Addresses
from sync.jobs.row import HistoryCells, Layout
from sync.jobs.target import Target
from sync.projector import Projector
from sync.settings.environment import load
from sync.sheets import encode
from sync.sheets.batch import compose
from sync.sheets.diff import columns_to_read, diff
from sync.sheets.ensure import ensure
from sync.sheets.ids import FENCE_TAB, JOBS_TAB
from sync.sheets.job_tabs import JobRows
from sync.sheets.snapshot import Fence, HiddenTab, Snapshot, Table
from sync.sheets.surroundings import Titles
from sync.sheets.tabs import history, pipeline
from sync.sheets.targets import Targets
from sync.store import Attempt, Database, Inbox, Jobs, Leases, Pending, SheetStore, ShownVersion
from sync.store.schema import metadata
from sync.webhooks.schema import Outcome
from tests.made_up import SECRET, body, milestone, uuid
from tests.security.test_injection import AGE
from tests.settings.test_environment import LEAST
from tests.sheets.grids import OWN

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
        self.store = SheetStore(self.database, loaded.spreadsheet_id)
        self.projector = Projector(self.inbox, Jobs(self.database), loaded)
        self.layout = Layout(
            loaded.config, Addresses(loaded.everbright_url, loaded.everbright_preview_path)
        )
        self.targets = Targets(self.layout)
        self.leases = Leases(self.database, -1)  # Each is over at once.
        self.zone = encode.zone_of(zone)
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
        self.projector.run(held)
        kept = self.inbox.find(delivery)
        assert kept is not None
        assert kept.outcome is Outcome.ACCEPTED, kept.reason
        pending = self.store.pending.read(500, 500)
        assert pending.jobs
        targets = [self.layout.lay_out(one) for one in pending.jobs]
        columns = self.layout.columns(one.job for one in pending.jobs)
        _check(self._in_a_new_tab(targets, columns, pending))
        _check(self._in_rows_that_are_there(targets, columns))
        shown = [ShownVersion(t.site, t.version, t.events, t.cells, t.entry) for t in targets]
        lines = tuple(seq for seq, *_ in pending.lines)
        tried = Attempt(1, None, tuple(shown), (), "{}", lines)
        self.store.batches.begin(held, tried)
        landed = self.store.batches.settle_attempts(held, 1)
        assert landed == tried
        self.store.batches.conclude(held, landed)
        assert not self.store.pending.is_waiting()

    def _in_a_new_tab(
        self, targets: list[Target], columns: list[Column], pending: Pending
    ) -> list[dict[str, Any]]:
        lines = self.targets.lines(pending, {})
        assert len(lines.lines) == len(pending.lines), "a line cannot be laid out"
        return self._composed(Snapshot(), columns, targets, lines.lines)

    def _in_rows_that_are_there(
        self, targets: list[Target], columns: list[Column]
    ) -> list[dict[str, Any]]:
        """Return the requests that write rows that are there, in a tab that has the keys only."""
        keys = {target.site: (row,) for row, target in enumerate(targets, 1)}
        table = Table(JOBS_TAB, "Jobs", 0, 1000, 1, {KEY: 0}, keys=keys)
        copies = {FENCE_TAB: HiddenTab("_brightsheet")}
        snapshot = Snapshot(tables=(table,), fences=(Fence(1),), hidden_tabs=copies)
        unwritten = [replace(target, resolved={}) for target in targets]
        return self._composed(snapshot, columns, unwritten)

    def _composed(
        self,
        snapshot: Snapshot,
        columns: list[Column],
        targets: list[Target],
        lines: Sequence[HistoryCells] = (),
    ) -> list[dict[str, Any]]:
        ensured = ensure(snapshot, self.targets.wanted(columns), is_ours=True)
        if ensured.history:
            ensured.extra += history.insert(ensured.history, lines, self.zone, snapshot.locale)
        # What was not read is decided on nowhere: as the flush, read what there is of these.
        tables = [
            replace(table, cells={key: {} for key in columns_to_read(targets, is_ours=True)})
            for table in ensured.tables
        ]
        change = diff(OWN, tables, targets, JobRows(), self.zone)
        rows = change.rows if snapshot.tables else change.new_rows
        assert len(rows) == len(targets), "nothing is shown"
        parts = ensured.parts
        parts = replace(parts, rows=[*parts.rows, *change.rows], new_rows=change.new_rows)
        entries = (target.entry for target in targets if target.entry)
        if tab := parts.pipeline or snapshot.pipeline:
            figures = self.targets.figures(entries, lambda: columns, self.zone, self.zone)
            parts = replace(parts, extra=[*parts.extra, *pipeline.show(tab, figures)])
        batch = compose(snapshot, parts, Fence(2), Titles.fence)
        return batch.requests

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
        self.projector.run(held)
        assert BEACON in Jobs(self.database).states([BEACON])
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
    assert value.keys() <= {"stringValue", "numberValue", "formulaValue"}, value
    if "formulaValue" in value:
        assert AGE.fullmatch(value["formulaValue"]), value
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
