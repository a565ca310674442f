"""How our tabs look, at the emulator: colors, views, drop-downs, and the tabs of formulas."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from emulator import Emulator
from emulator.sheets.cells import hyperlink
from emulator.sheets.conditions import Rules, rows_of_view
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.grid import Sheet
from sync.boards.tabs import office_tabs
from sync.core import cells, own_tabs
from sync.core.client import SheetClient
from sync.core.database import Database, Lease
from sync.core.events import Event, Job, Line
from sync.core.job_rows import JobRows
from sync.core.layout import Layout, Links
from sync.core.looks import view_id
from sync.core.passes import Pass
from sync.core.sheet_state import Ask
from sync.core.snapshot import HISTORY, JOBS, PIPELINE, TODAY, Tab
from sync.core.store import Store
from sync.google import auth
from sync.settings.environment import load
from tests.core.test_situations import Calm
from tests.core.test_standing import comment, event, job, statuses
from tests.world import World

ORDER = ("Site Survey", "Design", "Permits", "Installation", "Permission to Operate")
RED, YELLOW, BLUE, GRAY, ORANGE = "f4c7c3", "fff2cc", "cfe2f3", "e0e0e0", "f9cb9c"
GREEN = "d9ead3"


def ago(days: int) -> datetime:
    return datetime.now(UTC).replace(hour=12) - timedelta(days=days)


def surveyed(*more: Event) -> Job:
    return job(
        event("Site Survey", "APPROVED", ago(40)), event("Design", "APPROVED", ago(39)), *more
    )


def permits(status: str, days: int, **more: Any) -> Event:
    return event("Permits", status, ago(days), **more)


JOBS_BY_CASE = {
    "contract sent": job(event("Contract", "SENT", ago(9))),
    "contract signed": job(event("Contract", "SIGN", ago(7))),
    "contract voided": job(event("Contract", "SENT", ago(9)), event("Contract", "VOID", ago(2))),
    "a change order": surveyed(permits("SUBMITTED", 18), event("Change order", "SENT", ago(1))),
    "under review": surveyed(permits("SUBMITTED", 17)),
    "commented": surveyed(permits("SUBMITTED", 10), comment("Nora Quist", "Call.", ago(2))),
    "rejected": surveyed(permits("REJECTED", 3)),
    "in progress": surveyed(permits("APPROVED", 20), event("Installation", "INPROG", ago(5))),
    "ready": surveyed(permits("INPROG", 2, ready=True)),
    "canceled": job(event("Design", "CANCELED", ago(1))),
    "unknown": surveyed(permits("ON_HOLD", 1)),
    "outside of the order": job(event("Construction & Signoff", "APPROVED", ago(1))),
    "done": job(event("Permission to Operate", "APPROVED", ago(1))),
}
SITES = {case: str(UUID(int=n, version=4)) for n, case in enumerate(JOBS_BY_CASE, 1)}
CASES = {site: case for case, site in SITES.items()}
COLORS = {  # Of Status, Days and the cell of Permits.
    "contract sent": (YELLOW, ORANGE, None),
    "contract signed": (YELLOW, None, None),
    "contract voided": (RED, None, None),
    "a change order": (YELLOW, ORANGE, BLUE),
    "under review": (BLUE, ORANGE, BLUE),
    "commented": (YELLOW, None, BLUE),
    "rejected": (RED, None, RED),
    "in progress": (YELLOW, None, GREEN),
    "ready": (YELLOW, None, None),
    "canceled": (YELLOW, None, None),
    "unknown": (None, None, None),
    "outside of the order": (None, None, None),
    "done": (GRAY, None, None),
}
VIEWS = {
    "Needs us": [
        *("a change order", "commented", "contract sent", "contract signed", "in progress"),
        *("rejected", "contract voided", "ready", "canceled"),
    ],
    "Rejected": ["rejected", "contract voided"],
    "Ready to submit": ["ready"],
    "Not signed": ["contract sent", "a change order"],
    "Stuck": ["under review", "contract sent", "a change order"],
    "Follow up today": ["under review", "ready"],
    "Done": ["done"],
    "Ada Birch's jobs": ["contract sent", "rejected", "under review"],
}
PIPELINE_ROWS = [
    ["Contract", "2", "1", "", "", "1", "6", "1"],
    ["Site Survey", "1", "", "", "", "1", "7", ""],
    ["Design", "1", "", "", "", "1", "1", ""],
    ["Permits", "6", "1", "3", "1", "", "7", "2"],
    ["Installation", "1", "", "", "", "1", "5", ""],
    ["Permission to Operate", *[""] * 7],
    ["Other", "1", *[""] * 6],
    ["Done", "1", *[""] * 6],
    ["All", "13", "2", "3", "1", "4", "5", "3"],
]
TYPED = {
    ("Rep", "Ada Birch"): ("contract sent", "under review", "rejected", "done"),
    ("Rep", "Ben Cole"): ("ready", "commented"),
    ("Follow up", str(ago(3).date())): ("under review",),
    ("Follow up", str(ago(0).date())): ("ready",),
    ("Follow up", str(ago(-2).date())): ("commented",),
}


WAITING = {
    "Ada Birch": ("under review", "contract sent", "rejected"),
    "Ben Cole": ("commented", "ready"),
    "No rep": ("a change order", "contract signed", "in progress", "contract voided", "canceled"),
}
"""Who is in Today, the oldest first."""
DUE = ("under review", "ready")


def is_new(case: str) -> bool:
    """Return whether something has happened since the last working day."""
    since, updated = ago(1), JOBS_BY_CASE[case].updated
    while since.weekday() > 4:
        since -= timedelta(days=1)
    assert updated is not None
    return updated.date() >= since.date()


def newest_first(cases: Sequence[str]) -> list[str]:
    """Return those whose follow-up is due first, then new ones, rejections before comments."""

    def rank(case: str) -> int:
        is_rejected, is_reviewed = (
            case in kind
            for kind in (("rejected", "contract voided"), ("commented", "under review"))
        )
        return -8 * (case in DUE) - is_new(case) * (1 + is_reviewed + 2 * is_rejected)

    return sorted(cases, key=rank)


def hexadecimal(style: dict[str, Any]) -> str | None:
    """Return the background of a format."""
    found = style.get("backgroundColorStyle", {}).get("rgbColor")
    if found is None:
        return None
    return bytes(round(found.get(n, 0) * 255) for n in ("red", "green", "blue")).hex()


class Office:
    """A spreadsheet with these jobs, and passes over it."""

    def __init__(self, google: Emulator, folder: Path) -> None:
        self.world = World(google, folder, f"sqlite:///{folder}/unused")
        self.google = google
        database = Database("sqlite://")
        database.create()
        self.database = database
        self.store, self.lease = Store(database), Lease(database)
        self.lease.take()
        self.settings = load(self.world.environment)
        self.statuses = statuses(*ORDER)
        self.jobs(JOBS_BY_CASE)
        self.start()

    def jobs(self, found: dict[str, Job]) -> None:
        self.store.applied(self.lease, [], {SITES[case]: each for case, each in found.items()}, [])
        for case in found:
            self.store.set_customer(self.lease, SITES[case], {"customer": case.title()}, 1e12)

    def start(self) -> None:
        links = Links("https://everbright.test", has_copies=False, has_customers=False)
        self.rows = JobRows(self.store, self.lease, Layout(self.statuses, UTC, links))
        spreadsheet = self.world.spreadsheet
        client = SheetClient(auth.session(self.settings), spreadsheet, "")
        tabs = office_tabs(self.settings, self.database, self.lease)
        self.passes = Pass(self.rows, client, spreadsheet, tabs)

    def settle(self) -> None:
        """Run passes until one has nothing to write."""
        for _ in range(20):
            if not self.passes.run().has_written:
                return
        raise AssertionError("it writes on and on")

    def type(self) -> None:
        sheet = self.sheet(JOBS)
        for (header, text), cases in TYPED.items():
            for case in cases:
                place = {"row": self.row(case), "column": self.column(header)}
                self.world.edit("type_cell", text=text, **place)
        assert sheet is not None

    @property
    def evaluator(self) -> Evaluator:
        return Evaluator(self.google.sheets.spreadsheets[self.world.spreadsheet])

    def sheet(self, number: int) -> Sheet:
        found = self.google.sheets.spreadsheets[self.world.spreadsheet].sheet(number)
        assert found is not None
        return found

    def texts(self, number: int) -> list[list[str]]:
        """Return what a tab shows, without blank rows."""
        sheet, evaluator = self.sheet(number), self.evaluator
        rows = [
            [
                evaluator.shown(sheet, evaluator.cell(sheet, row, column))
                for column in range(len(sheet.columns))
            ]
            for row in range(len(sheet.rows))
        ]
        return [row for row in rows if any(row)]

    def column(self, header: str) -> int:
        return self.texts(JOBS)[0].index(header)

    def row(self, case: str) -> int:
        key = self.column("Site ID")
        return [row[key] for row in self.texts(JOBS)].index(SITES[case])

    def color(self, case: str, header: str) -> str | None:
        """Return the background of a job's cell by the rules."""
        rules = Rules(self.evaluator, self.sheet(JOBS))
        return hexadecimal(rules.style(self.row(case), self.column(header)) or {})

    def colors(self) -> dict[str, tuple[str | None, ...]]:
        headers = ("Status", "Days", "Permits")
        return {case: tuple(self.color(case, header) for header in headers) for case in SITES}

    def view(self, title: str) -> list[str]:
        spreadsheet = self.google.sheets.spreadsheets[self.world.spreadsheet]
        shown = rows_of_view(spreadsheet, JOBS, view_id(JOBS, title))
        key, texts = self.column("Site ID"), self.texts(JOBS)
        keys = [texts[row][key] for row in shown if row < len(texts)]
        return [CASES[each] for each in keys if each in CASES]

    def views(self) -> dict[str, list[str]]:
        return {title: self.view(title) for title in VIEWS}


@pytest.fixture
def office(google: Emulator, tmp_path: Path) -> Office:
    found = Office(google, tmp_path)
    found.settle()
    found.type()
    found.settle()
    return found


def sort_rows(office: Office) -> None:
    office.world.edit("sort", column=office.column("Next action"))


def move_columns(office: Office) -> None:
    office.world.edit("move_column", column=office.column("Kind"), to=1)
    office.world.edit("move_column", column=office.column("Waiting at"), to=0)


def add_column(office: Office) -> None:
    office.world.edit("insert_columns", index=1)


def add_columns_of_the_same_name(office: Office) -> None:
    for header in ("Kind", "Waiting on", "Waiting at", "Days"):
        at = office.column(header) + (header == "Days")  # It is right of ours.
        office.world.edit("insert_columns", index=at)
        office.world.edit("type_cell", row=0, column=at, text=header)
        for row in range(1, len(SITES) + 1):
            office.world.edit("type_cell", row=row, column=at, text="99")


@pytest.mark.parametrize(
    "change", [None, sort_rows, move_columns, add_column, add_columns_of_the_same_name]
)
def test_colors_and_views_are_as_the_sheet_by_example_has_them(
    office: Office, change: Callable[[Office], None] | None
) -> None:
    if change:
        change(office)
        office.settle()
    assert office.colors() == COLORS
    assert office.views() == VIEWS


def test_pipeline_counts_each_job_once(office: Office) -> None:
    header, *rows = office.texts(PIPELINE)
    assert header[:3] == ["Milestone", "Jobs", "Rejected"]
    checked, when = rows[-2:]
    assert checked[0] == "Last checked"
    assert datetime.now(UTC).strftime("%-m/%-d/%Y") in when[0]
    assert [row[:8] for row in rows[:-2]] == PIPELINE_ROWS


def test_what_people_type_below_pipeline_stays() -> None:
    labels = own_tabs.labels(["Permits"])
    shown = [*labels, "Design", "", "Last checked", "46000", "", "Ask Nora about these two"]
    tab = Tab(
        PIPELINE, "Pipeline", {"milestone": 0}, 0, [[cells.text(each)] for each in ("", *shown)]
    )
    (request,) = own_tabs.write_labels(tab, labels, 46001.0)
    written = [cells.readable(row["values"][0]) for row in request["updateCells"]["rows"]]
    assert written == [*labels, "", "Last checked", "46001", ""]


def test_today_has_by_rep_what_waits_on_us_and_what_is_due(office: Office) -> None:
    note = {"row": office.row("ready"), "column": office.column("Notes")}
    office.world.edit("type_cell", text="Call at nine", **note)
    _, *rows = office.texts(TODAY)
    news = {rep: sum(map(is_new, cases)) for rep, cases in WAITING.items()}
    assert [row[:2] for row in rows[:3]] == [
        [rep, f"{len(cases)} jobs" + (f", {news[rep]} new" if news[rep] else "")]
        for rep, cases in WAITING.items()
    ]
    order = [each for cases in WAITING.values() for each in ("", *newest_first(cases))]
    assert [who.lower() for who, *_ in rows[3:] if who not in WAITING] == [*filter(None, order)]
    places = [row for row, (who, *_) in enumerate(rows, 2) if who in WAITING][3:]
    assert [rows[place - 2][0] for place in places] == [*WAITING]
    evaluator, sheet = office.evaluator, office.sheet(TODAY)
    links = [hyperlink(evaluator, sheet, evaluator.cell(sheet, row, 0)) for row in range(1, 6)]
    assert links[:3] == [f"#gid={TODAY}&range=A{place}" for place in places]
    assert links[3:] == [None, f"https://everbright.test/address/{SITES['under review']}"]
    shown = {who.lower(): what for who, what, *_ in rows}
    assert shown["under review"] == (
        "Follow up\nPermits under review, 17 days\nEverBright is reviewing"
    )
    assert shown["ready"].startswith("Follow up: Call at nine\nPermits ready to submit, 2 days\n")
    assert shown["canceled"].startswith("New: Design canceled, 1 day\n")
    styles = [Rules(evaluator, sheet).style(row, 1) or {} for row in range(len(rows) + 1)]
    expected = [
        GRAY if not case else RED if COLORS[case][0] == RED else COLORS[case][1] for case in order
    ]
    assert [hexadecimal(style) for style in styles] == [*[None] * 4, *expected]
    is_bold = [bool(style.get("textFormat", {}).get("bold")) for style in styles]
    assert [row for row, bold in enumerate(is_bold, 1) if bold] == places


def test_a_follow_up_of_a_job_that_is_done_has_one_line(office: Office) -> None:
    place = {"row": office.row("done"), "column": office.column("Follow up")}
    office.world.edit("type_cell", text=str(ago(0).date()), **place)
    assert ["Done", "Follow up\nDone"] in [row[:2] for row in office.texts(TODAY)]


def test_today_of_one_rep_has_no_list_of_reps(office: Office) -> None:
    for row in range(1, len(SITES) + 1):
        office.world.edit("type_cell", row=row, column=office.column("Rep"), text="Ada Birch")
    names = [row[0] for row in office.texts(TODAY)]
    assert names[:2] == ["Customer", "Ada Birch"]
    assert names.count("Ada Birch") == 1


def test_today_is_blank_if_nothing_waits_on_us(google: Emulator, tmp_path: Path) -> None:
    office = Office(google, tmp_path)
    office.jobs(dict.fromkeys(SITES, JOBS_BY_CASE["done"]))
    office.settle()
    assert [row[:2] for row in office.texts(TODAY)] == [["Customer", "What to do"]]


def test_our_tabs_are_first_and_the_blank_one_is_hidden(office: Office) -> None:
    spreadsheet = office.google.sheets.spreadsheets[office.world.spreadsheet]
    shown = [sheet.title for sheet in spreadsheet.sheets if not sheet.properties.get("hidden")]
    assert shown == ["Jobs", "Today", "History", "Pipeline"]


def test_a_second_pass_writes_nothing_and_another_process_makes_nothing_twice(
    office: Office,
) -> None:
    assert not office.passes.run().has_written
    office.start()
    result = office.passes.run()
    assert not result.has_written
    assert [each.code for each in result.findings] == ["unknown_status"]


def test_a_new_milestone_gets_its_color(office: Office) -> None:
    office.jobs({"done": job(event("HOA Approval", "REJECTED", ago(1)))})
    office.settle()
    assert office.color("done", "HOA Approval") == RED
    assert "HOA Approval" in [row[0] for row in office.texts(PIPELINE)]
    assert office.texts(PIPELINE)[-2][0] == "Last checked"


@pytest.mark.parametrize("sheet", [TODAY, PIPELINE])
def test_a_deleted_tab_stays_deleted_until_it_is_put_back(office: Office, sheet: int) -> None:
    before = office.texts(sheet)
    office.world.google.edit(office.world.spreadsheet, "delete_tab", sheet_id=sheet)
    office.start()
    office.settle()
    spreadsheet = office.google.sheets.spreadsheets[office.world.spreadsheet]
    assert spreadsheet.sheet(sheet) is None
    office.passes.ask(Ask.PUT_BACK, sheet)
    office.settle()
    assert office.texts(sheet)[:5] == before[:5]


def test_formulas_are_made_again_when_a_deleted_column_is_put_back(office: Office) -> None:
    before = office.texts(PIPELINE)[:-1]
    office.world.edit("delete_columns", index=office.column("Kind"))
    office.settle()
    assert office.texts(PIPELINE)[:-1] != before
    office.passes.ask(Ask.PUT_BACK, JOBS)
    office.settle()
    assert office.texts(PIPELINE)[:-1] == before
    assert office.colors() == COLORS


def test_a_deleted_view_stays_deleted_until_all_is_put_back(office: Office) -> None:
    deleted = view_id(JOBS, "Stuck")
    views = office.sheet(JOBS).filter_views
    views.pop(deleted)
    office.settle()
    assert deleted not in office.sheet(JOBS).filter_views
    office.passes.ask(Ask.PUT_BACK, JOBS)
    office.settle()
    assert office.view("Stuck") == VIEWS["Stuck"]
    assert [each.code for each in office.passes.run().findings] == ["unknown_status"]


def history_of(office: Office) -> list[tuple[str, str]]:
    header, *rows = office.texts(HISTORY)
    return [(row[0], row[header.index("Rep")]) for row in rows]


def test_the_rep_of_a_line_follows_jobs(office: Office) -> None:
    site, at = SITES["ready"], datetime.now(UTC)
    lines = [
        (
            site,
            Line(
                definition=permits("", 0).definition,
                name="Permits",
                status="SUBMITTED",
                received=at,
                at=at,
            ),
        )
    ]
    office.store.applied(office.lease, [], {site: JOBS_BY_CASE["ready"]}, lines)
    office.settle()
    assert history_of(office) == [("Ready", "Ben Cole")]
    move_columns(office)
    sort_rows(office)
    place = {"row": office.row("ready"), "column": office.column("Rep")}
    office.world.edit("type_cell", text="Cid Dorn", **place)
    office.settle()
    assert history_of(office) == [("Ready", "Cid Dorn")]
    spreadsheet = office.google.sheets.spreadsheets[office.world.spreadsheet]
    number = view_id(HISTORY, "Since the last working day")
    assert 1 in rows_of_view(spreadsheet, HISTORY, number)


def test_of_lines_that_came_at_once_the_last_to_happen_is_on_top(office: Office) -> None:
    site, received = SITES["ready"], ago(1).replace(minute=5, second=30)
    dated = [received, received - timedelta(days=3), received - timedelta(days=1)]
    lines = [
        Line(definition="p", name="Permits", status="A", received=received, at=at) for at in dated
    ]
    lines[0] = lines[0].model_copy(update={"received": received.replace(second=10)})
    office.store.applied(
        office.lease, [], {site: JOBS_BY_CASE["ready"]}, [(site, each) for each in lines]
    )
    office.settle()
    header, *rows = office.texts(HISTORY)
    days = [f"{at.month}/{at.day}/{at.year}" for at in (dated[2], dated[1])]
    assert [row[header.index("Dated")] for row in rows] == ["", *days]
    clock = f"{received.month}/{received.day}/{received.year} 12:05 PM"
    assert {row[header.index("Received")] for row in rows} == {clock}


def delete(calm: Calm, sheet: int) -> None:
    del calm.sheet.tabs[sheet]
    guards = calm.sheet.guards
    calm.sheet.guards = {n: guard for n, guard in guards.items() if guard[0] != sheet}


def test_a_refused_look_holds_nothing_up_and_is_tried_again() -> None:
    calm = Calm()
    calm.sheet.refused_text = "Median days"
    delete(calm, PIPELINE)
    calm.passes.ask(Ask.PUT_BACK, PIPELINE)
    calm.events()
    calm.settle()
    assert calm.judge() == [], "jobs are written"
    assert calm.problems() == {"refused"}
    calm.sheet.refused_text = ""
    calm.clock += 90_000
    calm.look()
    assert PIPELINE in calm.sheet.tabs
    assert calm.problems() == set()


def test_a_restored_version_gets_what_it_lacks_and_nothing_twice() -> None:
    calm = Calm()
    version = calm.sheet.version()
    delete(calm, TODAY)
    calm.look()
    assert TODAY not in calm.sheet.tabs, "it was deleted"
    calm.events()
    calm.settle()
    calm.sheet.restore(version)
    calm.look()
    assert calm.judge() == []
    assert {TODAY, PIPELINE} <= calm.sheet.tabs.keys()
    assert "refused" not in calm.problems()
