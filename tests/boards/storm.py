"""A storm over connected tabs in memory: sorts, cuts between tabs, reused and copied rows."""

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from sync.boards.fields import Fields, milestones_of
from sync.boards.mapping import Column, TabMapping, name_of
from sync.boards.report import REPORT
from sync.boards.state import BoardStore, ConnectedTab
from sync.boards.tabs import OfficeTabs
from sync.boards.values import Values
from sync.boards.words import Choice
from sync.core.cells import content
from sync.core.job_rows import JobRows
from sync.core.layout import Layout, Links
from sync.core.passes import Pass
from tests.boards.office import LAYOUTS, OfficeSheet, email
from tests.core.fake_sheet import NAMES, Row, held
from tests.core.storm import DEFINITIONS, Client, Storm

FIELDS = {
    "Name": "customer",
    "Phone": "phone",
    "Email": "email",
    "Stage": "progress",
    "Step 0": f"status:{DEFINITIONS[0]}",
    "Step 1 on": f"approved:{DEFINITIONS[1]}",
}
WORDS: dict[str, Choice] = {
    "Started": tuple(f"{d}:started" for d in DEFINITIONS[:3]),
    "Finished": (f"{DEFINITIONS[3]}:approved",),
    "On hold": "mine",
}


def mapping(sheet: int) -> TabMapping:
    fields = {header: FIELDS[header] for header in LAYOUTS[sheet] if header in FIELDS}
    return changed(changed(TabMapping(title=str(sheet)), **fields), Stage=WORDS)


def changed(tab: TabMapping, /, **columns: str | Mapping[str, Choice]) -> TabMapping:
    """Return a mapping with other fields ("" for none) or words, by header."""
    known = {column.header: column for column in tab.columns}
    for header, new in columns.items():
        if new == "":
            del known[header]
        elif isinstance(new, str):
            known[header] = Column(header=header, field=new)
        elif header in known:
            known[header] = known[header].model_copy(update={"words": dict(new)})
    return tab.model_copy(update={"columns": tuple(known.values())})


@dataclass
class OfficeStorm(Storm):
    """A storm in which an office has connected three tabs."""

    def __post_init__(self) -> None:
        self.connected_at = 0.0
        super().__post_init__()
        self.sheet: OfficeSheet = OfficeSheet(self.lots, 0.0, 0.0)
        self.start()
        self.counts["rounds"] = 9
        while len(self.jobs) < 5:
            self.events()
        self.settle()
        self.connect()
        self.settle()
        self.sheet.gaps, self.sheet.fail = self.gaps, self.fail
        self.sheet.edit()

    def connect(self) -> None:
        boards = BoardStore(self.database)
        for sheet in LAYOUTS:
            boards.put_tab(ConnectedTab(sheet=sheet, mapping=mapping(sheet), writes_ids=True))

    def start(self) -> None:
        links = Links("https://everbright.test", has_copies=False, has_customers=False)
        clock = lambda: self.clock  # noqa: E731
        layout = Layout(self.statuses, UTC, links)
        self.rows = JobRows(self.store, self.lease, layout, clock)
        boards = BoardStore(self.database)
        tabs = OfficeTabs(self.store, boards, self.lease, UTC, clock)
        client: Any = Client(self.sheet)
        self.passes = Pass(self.rows, client, "s", tabs, may_add_tabs=True)

    def look(self) -> None:
        """After the storm, every job gets one more event, which is news everywhere."""
        self.passes.run()
        self.settle()
        self.settle()

    # The judge

    def judge(self) -> list[str]:
        return super().judge() + self.judge_tabs()

    def judge_tabs(self) -> list[str]:
        return self.wrong_ids() + self.wrong_office_cells() + self.wrong_stages()

    def board_rows(self) -> list[tuple[int, Row]]:
        there = [sheet for sheet in LAYOUTS if sheet in self.sheet.tabs]
        return [(sheet, row) for sheet in there for row in self.sheet.tabs[sheet].rows[1:]]

    def wrong_ids(self) -> list[str]:
        """Return jobs whose ID isn't in their row, and rows with another customer's."""
        wrong, places = list[str](), dict[str, list[tuple[int, Row]]]()
        for sheet, row in self.board_rows():
            if site := self.sheet.key_of(sheet, row):
                places.setdefault(site, []).append((sheet, row))
        numbers = {tag: n for tag, n in self.sheet.owners.items() if self.sites[n] in self.jobs}
        are_connected = {tab.is_connected for tab in BoardStore(self.database).tabs()}
        wrong += [] if are_connected == {True} else ["tabs aren't connected"]
        # The ID of a row that was cut into a tab of other widths is in another column.
        shown = {held(cell) for _, row in self.board_rows() for cell in row.cells.values()}
        report = self.store.get(REPORT) or {}
        cut = shown & {each["site"] for each in report.get("deleted", ())} - places.keys()
        for tag, number in numbers.items():
            found = places.get(self.sites[number], [])
            asked = {each["site"] for each in report.get("rows", ())}
            asked |= cut
            is_told = number in self.sheet.held_jobs or self.sites[number] in asked
            if not is_told and [row.tag for _, row in found] != [tag]:
                wrong.append(f"job {number} is in {[row.tag for _, row in found]}, not in {tag}")
        for number, site in enumerate(self.sites):
            found = places.get(site, [])
            is_known = number in self.sheet.owners.values() or number in self.sheet.held_jobs
            if site in self.jobs and not is_known and len(found) != 1:
                wrong.append(f"job {number} has {len(found)} new rows")
        for site, rows in places.items():
            for _, row in rows:
                if row.tag in self.sheet.exact:
                    wrong.append(f"the walk-in {row.tag} has the ID {site[:8]}")
        return wrong

    def wrong_office_cells(self) -> list[str]:
        """Return the texts of people that are gone, and ours in rows without a job."""
        wrong = []
        states = BoardStore(self.database).states().values()
        replaced = {each.held for state in states for each in state.replaced}
        for sheet, row in self.board_rows():
            shown = {c: held(cell) for c, cell in row.cells.items() if held(cell)}
            texts = self.sheet.texts.get(row.tag, {})
            for column, text in texts.items():
                is_kept = self._is_listed(text, row.tag, column) or text in replaced
                if shown.get(column) != text and not is_kept:
                    wrong.append(f"{sheet} {row.tag}: {text!r} became {shown.get(column)!r}")
            for column in shown.keys() - texts.keys() if row.tag in self.sheet.exact else ():
                self.counts["ours left"] += 1
                if not self._is_listed(shown[column]):
                    wrong.append(f"{sheet} {row.tag}: {shown[column]!r} of ours is left")
            if not row.tag and shown and not self.sheet.key_of(sheet, row):
                self.counts["ours left"] += 1
                if not all(map(self._is_listed, shown.values())):
                    wrong.append(f"{sheet}: a row without a job holds {sorted(shown.values())}")
        return wrong

    def wrong_stages(self) -> list[str]:
        """Return cells of jobs that show neither EverBright's word nor the typed text."""
        wrong, fields = list[str](), Fields(milestones_of(self.statuses.order, self.rows.titles()))
        values = Values(self.statuses, fields, UTC)
        for sheet, row in self.board_rows():
            site = self.sheet.key_of(sheet, row)
            number = self.sheet.owners.get(row.tag)
            is_new = not row.tag and site in self.rows.jobs
            if (number is None and not is_new) or number in self.sheet.held_jobs:
                continue
            site = self.sites[number] if number is not None else site
            if site not in self.rows.jobs or not self.sheet.key_of(sheet, row):
                continue
            job = self.rows.jobs[site]
            columns = {column.header: column for column in mapping(sheet).columns}
            for key in self.sheet.tabs[sheet].columns:
                column = columns.get(self.sheet.headers.get(key, ""))
                if column is None or key in self.sheet.texts.get(row.tag, {}):
                    continue
                field = column.field
                wants = content(values.said(column, job, mapping(sheet)).cell)
                shows = content(row.cells.get(key, {}))
                if field == "progress" and not wants:
                    continue  # No step has a word, so it is as it was.
                said = self.sheet.said.get((row.tag, key))
                if shows not in (wants, said) and not (is_new and field == "customer"):
                    wrong.append(f"{sheet} job {site[:8]} {field}: {shows!r}, not {wants!r}")
        return wrong


def run_storms(first: int, count: int, gaps: float, fail: float) -> tuple[list[str], Counter[str]]:
    """Run storms one after another; return what is wrong in each, and counts over all."""
    wrong, counts = list[str](), Counter[str]()
    for seed in range(first, first + count):
        storm = OfficeStorm(seed, gaps, fail)
        found = storm.run()
        counts += storm.counts + storm.sheet.counts
        if found:
            wrong.append(f"seed {seed}: {found[:3]}")
    return wrong, counts


if __name__ == "__main__":
    first, count = int(sys.argv[1]), int(sys.argv[2])
    wrong, counts = run_storms(first, count, float(sys.argv[3]), float(sys.argv[4]))
    print("\n".join(wrong[:12]))
    print(f"{len(wrong)} of {count} storms wrong", dict(counts))

__all__ = ["NAMES", "OfficeStorm", "email", "name_of", "run_storms"]
