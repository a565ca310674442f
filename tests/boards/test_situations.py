"""Connected tabs in single situations: which cells are written, which wait, which stay."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from sync.boards.mapping import TabMapping
from sync.boards.report import REPORT
from sync.boards.state import ORDER, BoardStore, ConnectedTab
from sync.boards.values import STYLES
from sync.boards.words import Choice
from sync.core.events import Event, Job, apply
from sync.core.schema import job
from sync.core.sheet_state import Ask
from sync.core.snapshot import JOBS
from sync.core.standing import Statuses
from tests.boards.office import ACTIVE, DONE, LATER, STATUS, email, phone
from tests.boards.storm import WORDS, OfficeStorm, changed, mapping
from tests.core.fake_sheet import NAMES, Row, held, typed
from tests.core.storm import _BEGAN, DEFINITIONS


@dataclass
class Office(OfficeStorm):
    """An office at work, without storms. Jobs 0 to 3 have rows in one tab, 4 and 5 in another."""

    seed: int = 1
    gaps: float = 0.0
    fail: float = 0.0
    restarts: float = 0.0

    def __post_init__(self) -> None:
        self.minutes = 0
        super().__post_init__()

    def connect(self) -> None:
        """Nothing is connected at first."""

    def events(self) -> None:
        """Jobs are known, in their first step, when the tabs are connected."""
        for number in range(5):
            self.event(number, "SUBMITTED")

    def event(self, number: int, status: str, step: int = 0, **customer: str) -> None:
        self.minutes += 1
        at, site = _BEGAN + timedelta(minutes=self.minutes), self.sites[number]
        order = (at, at, at, str(self.minutes))
        event = Event(site, order, at, DEFINITIONS[step], f"Step {step}", status)
        applied = apply(self.jobs.get(site, Job()), event, self.statuses.is_rejected)
        self.jobs[site] = applied.job
        self.store.applied(self.lease, [], {site: applied.job}, [])
        self._is_received_now(site)
        known = {"customer": NAMES[number], "phone": phone(number), "email": email(number)}
        self.store.set_customer(self.lease, site, known | customer, 1e12)

    def _is_received_now(self, site: str) -> None:
        """Store when a job was first seen by the clock of the test."""
        if site not in self.rows.jobs:
            with self.database.begin() as connection:
                own = update(job).where(job.c.site == site)
                connection.execute(own.values(received=self.clock))

    def connected(self, *sheets: int, writes_ids: bool = True, **more: Any) -> None:
        self.boards = BoardStore(self.database)
        for sheet in sheets or (ACTIVE, LATER, DONE):
            tab = ConnectedTab(sheet=sheet, mapping=mapping(sheet), writes_ids=writes_ids)
            self.boards.put_tab(tab.model_copy(update=more))
        self.settle()

    def row(self, number: int) -> Row:
        tag = next(tag for tag, owner in self.sheet.owners.items() if owner == number)
        return next(row for _, row in self.board_rows() if row.tag == tag)

    def shows(self, row: Row, header: str, sheet: int = ACTIVE) -> str:
        return held(row.cells.get(self.key(header, sheet), {}))

    def key(self, header: str, sheet: int = ACTIVE) -> int:
        if header == "Site ID":
            return self.sheet.key_column(sheet) or -1
        columns = self.sheet.tabs[sheet].columns
        return next(k for k in columns if self.sheet.headers.get(k) == header)

    def type(self, row: Row, header: str, text: str, sheet: int = ACTIVE) -> None:
        row.cells[self.key(header, sheet)] = typed(text)

    def new_rows(self, sheet: int = ACTIVE) -> list[Row]:
        rows = self.sheet.tabs[sheet].rows[1:]
        return [row for row in rows if not row.tag and self.sheet.key_of(sheet, row)]

    def codes(self) -> list[str]:
        return [finding.code for finding in self.passes.run().findings]

    def report(self) -> Any:
        return self.store.get(REPORT)

    def state(self, number: int) -> Any:
        return BoardStore(self.database).states()[self.sites[number]]


@pytest.fixture
def office() -> Iterator[Office]:
    calm = Office()
    yield calm
    calm.database.engine.dispose()


def cells(office: Office, sheet: int) -> list[dict[int, str]]:
    rows = office.sheet.tabs[sheet].rows
    return [{c: held(cell) for c, cell in row.cells.items() if held(cell)} for row in rows]


def test_connect_adds_the_column_site_id_and_nothing_else(office: Office) -> None:
    before = cells(office, ACTIVE)
    office.connected(ACTIVE, writes_ids=False)
    after = cells(office, ACTIVE)
    key = office.key("Site ID")
    assert after[0].pop(key) == "Site ID"
    assert after == before
    assert office.sheet.tabs[ACTIVE].columns[-1] == key
    assert all(tab.is_connected for tab in office.boards.tabs())
    names = {n for s, d, n, _ in office.sheet.guards.values() if (s, d) == (ACTIVE, "COLUMNS")}
    assert len(names) == len(office.sheet.tabs[ACTIVE].columns), "also those of columns of hers"
    assert sum(each["is_certain"] for each in office.report()["rows"]) == 4
    assert {each["name"] for each in office.report()["rows"]} == {*NAMES[:4]}


def test_a_column_that_moved_while_it_was_connected_is_connected_again(office: Office) -> None:
    look, moved = office.passes.client.look, list[bool]()

    def look_then_move(ranges: Any, fields: str) -> Any:
        answer = look(ranges, fields)
        if "dataValidation" in fields and not moved:
            columns = office.sheet.tabs[ACTIVE].columns
            columns.insert(0, columns.pop(3))
            moved.append(True)
        return answer

    office.passes.client.look = look_then_move  # type: ignore[method-assign]
    office.connected()
    assert moved
    assert all(tab.is_connected for tab in office.boards.tabs())
    assert office.wrong_office_cells() + office.wrong_stages() == []


def test_ids_are_written_after_a_person_has_said_so_once(office: Office) -> None:
    office.connected(writes_ids=False)
    assert not any(office.sheet.key_of(sheet, row) for sheet, row in office.board_rows())
    office.store.ask(ORDER, {"writes_ids": True})
    assert office.passes.is_due()
    office.settle()
    assert [office.sheet.key_of(ACTIVE, office.row(n)) for n in range(4)] == office.sites[:4]
    assert office.sheet.key_of(LATER, office.row(4)) == office.sites[4]


def test_what_is_there_stays_and_is_listed_until_news(office: Office) -> None:
    row = office.row(0)
    office.type(row, STATUS, "Waiting on HOA")
    office.connected()
    assert office.shows(row, STATUS) == "Waiting on HOA"
    assert office.shows(office.row(1), STATUS) == "Submitted", "blanks are filled"
    (difference,) = office.report()["differences"]
    assert (difference["held"], difference["said"]) == ("Waiting on HOA", "Submitted")
    office.event(0, "APPROVED")
    office.settle()
    assert office.shows(row, STATUS) == "Approved"
    (replaced,) = office.state(0).replaced
    assert (replaced.held, replaced.wrote) == ("Waiting on HOA", "Approved")
    assert office.report()["differences"] == []


def test_everbrights_word_is_taken_for_chosen_cells(office: Office) -> None:
    row = office.row(0)
    office.connected()
    office.type(row, STATUS, "Dragged over")
    office.clock += 700
    office.look()
    (difference,) = office.report()["differences"]
    site, field = difference["site"], difference["field"]
    office.store.ask(ORDER, {"sites": [site], "changes": {"take": [field]}})
    office.settle()
    assert office.shows(row, STATUS) == "Submitted"
    assert office.state(0).take == []
    office.type(row, STATUS, "Typed later")
    office.clock += 700
    office.look()
    assert office.shows(row, STATUS) == "Typed later"


def test_a_typed_text_stays_until_everbrights_word_changes(office: Office) -> None:
    office.connected()
    row = office.row(0)
    office.type(row, STATUS, "typed")
    office.event(0, "SUBMITTED")
    office.settle()
    assert office.shows(row, STATUS) == "typed"
    office.event(0, "REJECTED")
    office.settle()
    assert office.shows(row, STATUS) == "Rejected"


def test_a_formula_is_never_written(office: Office) -> None:
    office.connected()
    row, key = office.row(0), office.key(STATUS)
    row.cells[key] = {"userEnteredValue": {"formulaValue": "=A2"}}
    office.event(0, "REJECTED")
    office.settle()
    assert held(row.cells[key]) == "=A2"


def test_customers_texts_fill_blanks_only(office: Office) -> None:
    row = office.row(0)
    office.type(row, "Phone", "call the office")
    office.type(row, "Name", "")
    office.connected()
    assert office.shows(row, "Phone") == "call the office"
    assert office.shows(row, "Name") == NAMES[0]


def test_a_job_first_seen_after_connect_gets_a_row_inside_the_run(office: Office) -> None:
    tab = office.sheet.tabs[ACTIVE]
    extra = office.sheet.new_key()
    office.sheet.headers[extra] = "Price"
    tab.columns.append(extra)
    tab.rows[0].cells[extra] = typed("Price")
    for number, row in enumerate(tab.rows[1:], 2):
        row.cells[extra] = {"userEnteredValue": {"formulaValue": f"=A{number}&G{number}"}}
    office.connected(ACTIVE)
    last = tab.rows[-1]
    office.event(7, "SUBMITTED")
    office.settle()
    (row,) = office.new_rows()
    assert office.shows(row, "Name") == NAMES[7]
    assert office.shows(row, STATUS) == "Submitted"
    assert tab.rows[-1] is last, "it is above the last row, inside of totals"
    at = tab.rows.index(row) + 1
    assert held(row.cells[extra]) == f"=A{at}&G{at}"
    assert [each["name"] for each in office.report()["absent"]] == [NAMES[4]]


def test_a_job_that_may_have_a_row_waits_for_an_answer(office: Office) -> None:
    office.connected()
    office.sheet._add(ACTIVE)
    row = office.sheet.tabs[ACTIVE].rows[-1]
    office.type(row, "Name", NAMES[7])
    office.event(7, "SUBMITTED")
    office.settle()
    assert not office.new_rows()
    (asked,) = office.report()["rows"]
    assert (asked["name"], asked["is_certain"]) == (NAMES[7], False)
    assert asked["rows"][0]["agrees"] == ["name"]
    choice = (asked["rows"][0]["sheet"], asked["rows"][0]["texts"])
    office.store.ask(ORDER, {"sites": [asked["site"]], "changes": {"row": choice}})
    office.settle()
    assert office.sheet.key_of(ACTIVE, row) == office.sites[7]


@pytest.mark.parametrize(("choice", "count"), [("none", 0), ("add", 1)])
def test_a_person_says_that_a_job_has_no_row(office: Office, choice: str, count: int) -> None:
    office.connected(ACTIVE)
    office.store.ask(ORDER, {"sites": [office.sites[4]], "changes": {"choice": choice}})
    office.settle()
    assert len(office.new_rows()) == count
    left_out = [job["is_pending"] for job in office.report()["absent"]]
    assert left_out == ([False] if choice == "none" else [])


def test_nothing_is_decided_before_everbright_has_said_who_it_is(office: Office) -> None:
    office.connected()
    site = office.sites[7]
    at = _BEGAN + timedelta(hours=1)
    event = Event(site, (at, at, at, "x"), at, DEFINITIONS[0], "Step 0", "SUBMITTED")
    applied = apply(Job(), event, office.statuses.is_rejected)
    office.jobs[site] = applied.job
    office.store.applied(office.lease, [], {site: applied.job}, [])
    office._is_received_now(site)
    office.settle()
    assert not office.new_rows()
    assert office.report()["absent"] == []
    assert len([row for row in office.sheet.body() if office.sheet.site(row) == site]) == 1
    office.event(7, "APPROVED")
    office.settle()
    assert len(office.new_rows()) == 1


def test_a_row_of_another_customer_is_not_written(office: Office) -> None:
    office.connected()
    row = office.row(0)
    for header in ("Name", "Phone", "Email"):
        office.type(row, header, f"new {header}")
    office.event(0, "REJECTED")
    office.settle()
    assert office.shows(row, STATUS) == "Submitted"
    assert office.codes() == ["other_customer"]
    board = {"customer": "new Name", "phone": "new Phone", "email": "new Email"}
    office.store.answer_row(office.sites[0], board, is_same=False)
    office.clock += 700
    office.look()
    assert office.sheet.key_of(ACTIVE, row) == ""
    assert office.codes() == []


def test_a_copied_row_holds_its_job_alone(office: Office) -> None:
    office.connected()
    row = office.row(0)
    office.sheet.tabs[ACTIVE].rows.append(Row(dict(row.cells), tag="copy"))
    office.event(0, "REJECTED")
    office.event(1, "REJECTED")
    office.settle()
    assert office.codes() == ["two_rows"]
    assert office.shows(row, STATUS) == "Submitted"
    assert office.shows(office.row(1), STATUS) == "Rejected"


def test_a_row_that_is_cut_into_a_tab_of_other_widths_is_held(office: Office) -> None:
    office.connected()
    row = office.row(0)
    office.sheet.tabs[ACTIVE].rows.remove(row)
    pairs = dict(
        zip(office.sheet.tabs[ACTIVE].columns, office.sheet.tabs[LATER].columns, strict=False)
    )
    office.sheet.tabs[LATER].columns += [office.sheet.new_key() for _ in range(3)]
    pairs = dict(
        zip(office.sheet.tabs[ACTIVE].columns, office.sheet.tabs[LATER].columns, strict=True)
    )
    moved = Row({pairs[k]: cell for k, cell in row.cells.items()}, tag=row.tag)
    before = {k: held(cell) for k, cell in moved.cells.items()}
    office.sheet.tabs[LATER].rows.append(moved)
    office.event(0, "REJECTED")
    office.settle()
    assert [each["name"] for each in office.report()["deleted"]] == [NAMES[0]]
    assert {k: held(cell) for k, cell in moved.cells.items()} == before
    assert not office.new_rows() + office.new_rows(LATER)


def test_a_row_that_is_deleted_is_not_added_again(office: Office) -> None:
    office.connected()
    office.sheet.tabs[ACTIVE].rows.remove(office.row(0))
    office.event(0, "REJECTED")
    office.settle()
    assert not office.new_rows()
    assert [each["name"] for each in office.report()["deleted"]] == [NAMES[0]]
    office.store.ask(ORDER, {"sites": [office.sites[0]], "changes": {"choice": "add"}})
    office.settle()
    (row,) = office.new_rows()
    assert office.shows(row, STATUS) == "Rejected"
    assert office.report()["deleted"] == []


def test_many_ids_gone_stop_one_tab(office: Office) -> None:
    for number in range(20, 27):
        office.sites.append(f"{number}" + office.sites[0][2:])
    office.connected()
    for number in range(6, 10):
        office.event(number, "SUBMITTED")
    office.settle()
    key = office.key("Site ID")
    gone = [row for row in office.sheet.tabs[ACTIVE].rows[1:] if row.cells.pop(key, None)]
    assert len(gone) > 5
    for row in gone:
        for header in ("Name", "Phone", "Email"):
            office.type(row, header, "")
    office.event(0, "REJECTED")
    office.event(4, "REJECTED")
    office.settle()
    assert "keys_gone" in office.codes()
    assert not office.new_rows()
    assert office.shows(office.row(4), STATUS, LATER) == "Rejected", "another tab goes on"
    office.passes.ask(Ask.ROWS_DELETED)
    office.settle()
    assert "keys_gone" not in office.codes()
    assert len(office.report()["deleted"]) == len(gone)


def test_trouble_in_jobs_stops_no_connected_tab(office: Office) -> None:
    office.connected()
    del office.sheet.tabs[JOBS]
    office.event(0, "REJECTED")
    for _ in range(5):
        office.clock += 61
        office.settle()
    assert office.shows(office.row(0), STATUS) == "Rejected"
    assert office.codes() == ["tab_gone"]


@pytest.mark.parametrize("choice", ["", "add"])
def test_a_tab_that_cannot_be_read_keeps_its_jobs(office: Office, choice: str) -> None:
    """Its column Site ID was deleted: another connected tab gets none of its rows."""
    office.connected()
    there = [row for row in office.sheet.tabs[ACTIVE].rows if office.sheet.key_of(ACTIVE, row)]
    before = len(office.sheet.tabs[LATER].rows), len(office.sheet.tabs[DONE].rows)
    if choice:
        office.store.ask(ORDER, {"sites": office.sites, "changes": {"choice": choice}})
    office.sheet.tabs[ACTIVE].columns.remove(office.key("Site ID"))
    for number in range(len(there)):
        office.event(number, "REJECTED")
    office.clock += 61
    office.settle()
    assert office.codes() == ["header_gone"]
    assert (len(office.sheet.tabs[LATER].rows), len(office.sheet.tabs[DONE].rows)) == before
    assert len(office.report()["absent"]) == 0


def test_a_connected_tab_that_is_deleted_stops_no_other(office: Office) -> None:
    office.connected()
    del office.sheet.tabs[LATER]
    office.event(0, "REJECTED")
    for _ in range(5):
        office.clock += 61
        office.settle()
    assert office.shows(office.row(0), STATUS) == "Rejected"
    assert office.codes() == ["connected_tab_gone"]


def test_a_disconnected_tab_stays_as_it_is(office: Office) -> None:
    office.connected()
    before = cells(office, ACTIVE)
    office.boards.remove_tab(ACTIVE)
    office.event(0, "REJECTED")
    office.settle()
    assert {tab.sheet for tab in office.boards.tabs()} == {LATER, DONE}
    assert cells(office, ACTIVE) == before
    assert office.codes() == []


def test_a_typed_rep_fills_a_blank_rep_in_jobs(office: Office) -> None:
    tab = changed(mapping(ACTIVE), Notes="rep")
    office.type(office.row(0), "Notes", "Ada Birch")
    office.connected(ACTIVE, mapping=tab)
    office.event(0, "APPROVED")
    office.settle()
    row = next(row for row in office.sheet.body() if office.sheet.site(row) == office.sites[0])
    assert held(row.cells[office.sheet.column("rep") or 0]) == "Ada Birch"


def test_a_header_that_is_not_there_is_said_and_nothing_is_written(office: Office) -> None:
    tab = changed(TabMapping(title="11"), **{"Name": "customer", "Stage 2": "progress"})
    office.connected(ACTIVE, mapping=tab)
    assert not [entry for entry in office.sheet.guards.values() if entry[0] == ACTIVE]
    (finding,) = office.passes.run().findings
    assert finding.code == "not_connected"
    assert "has no such header. There is: Name, Phone, Email" in finding.detail
    assert not office.passes.is_due(), "until somebody changes it"


def test_new_words_take_everbrights_word_of_now_as_written(office: Office) -> None:
    office.connected(ACTIVE)
    row = office.row(0)
    office.type(row, "Stage", "On hold")
    (tab,) = office.boards.tabs()
    new = changed(tab.mapping, Stage={"Begun": WORDS["Started"]})
    update = {"is_connected": False, "since": 0.0, "mapping": new}
    office.boards.put_tab(tab.model_copy(update=update))
    office.clock += 700
    office.look()
    assert office.shows(row, "Stage") == "On hold"


def test_a_field_that_is_chosen_for_another_column_goes_there(office: Office) -> None:
    office.connected(ACTIVE)
    (tab,) = office.boards.tabs()
    mapping = changed(tab.mapping, **{STATUS: "", "Notes": f"status:{DEFINITIONS[0]}"})
    office.boards.put_tab(tab.model_copy(update={"is_connected": False, "mapping": mapping}))
    office.settle()
    office.event(0, "REJECTED")
    office.settle()
    row = office.row(0)
    assert (office.shows(row, "Notes"), office.shows(row, STATUS)) == ("Rejected", "Submitted")


def test_a_second_tab_is_connected_while_news_waits_for_the_first(office: Office) -> None:
    office.connected(ACTIVE)
    office.type(office.row(0), STATUS, "typed")
    office.look()
    office.event(0, "REJECTED")
    office.connected(LATER)
    assert office.shows(office.row(0), STATUS) == "Rejected"


def test_after_a_restored_version_each_cell_is_news_once(office: Office) -> None:
    office.connected()
    version = office.sheet.version()
    office.event(0, "REJECTED")
    office.event(7, "SUBMITTED")
    office.settle()
    assert len(office.new_rows()) == 1
    office.sheet.restore(version)
    assert not office.new_rows()
    office.clock += 700
    office.look()
    assert office.shows(office.row(0), STATUS) == "Rejected"
    (row,) = office.new_rows()
    assert office.shows(row, "Name") == NAMES[7]
    assert "keys_gone" not in office.codes()
    office.type(row, STATUS, "typed")
    office.clock += 700
    office.look()
    assert office.shows(row, STATUS) == "typed", "once"


def test_a_tab_that_is_gone_can_be_disconnected(office: Office) -> None:
    office.connected()
    del office.sheet.tabs[LATER]
    office.clock += 61
    office.settle()
    assert office.codes() == ["connected_tab_gone"]
    assert not office.passes.is_due()
    office.boards.remove_tab(LATER)
    office.settle()
    assert office.codes() == []
    assert not office.passes.is_due()


def test_a_renamed_tab_stays_connected(office: Office) -> None:
    office.connected(ACTIVE)
    (tab,) = office.boards.tabs()
    renamed = tab.mapping.model_copy(update={"title": "Old title"})
    office.boards.put_tab(tab.model_copy(update={"mapping": renamed}))
    office.clock += 700
    office.look()
    assert [each.mapping.title for each in office.boards.tabs()] == [str(ACTIVE)]


CUSTOMER = ("Name", "Phone", "Email")


def sort_without_ids(office: Office, rows: list[Row], *more: str) -> None:
    """Move the customers one row down, the last one to the top, and leave the site IDs."""
    for header in (*CUSTOMER, *more):
        key = office.key(header)
        held_cells = [row.cells.get(key, {}) for row in rows]
        for row, cell in zip(rows, held_cells[-1:] + held_cells[:-1], strict=True):
            row.cells[key] = cell


def nickname(office: Office, number: int) -> Row:
    """Have a row name its customer as only the office does, and say whose it is."""
    row, texts = office.row(number), {"customer": f"Nick {number}"}
    for header in CUSTOMER:
        office.type(row, header, texts["customer"] if header == "Name" else "")
    row_of = {"row": (ACTIVE, texts)}
    office.store.ask(ORDER, {"sites": [office.sites[number]], "changes": row_of})
    return row


def ids(office: Office) -> dict[str, str]:
    rows = office.sheet.tabs[ACTIVE].rows[1:]
    return {office.shows(row, "Name"): office.sheet.key_of(ACTIVE, row) for row in rows}


def test_the_site_ids_are_put_back_after_a_partial_sort(office: Office) -> None:
    """Also into the rows of nicknames, and past a row that is nobody's."""
    rows = [nickname(office, 0), office.row(1), nickname(office, 2), office.row(3)]
    office.connected(ACTIVE)
    tag = office.sheet._add(ACTIVE)
    rows.append(next(row for _, row in office.board_rows() if row.tag == tag))
    office.look()
    before = ids(office)
    assert {*office.sites[:4]} <= {*before.values()}
    sort_without_ids(office, rows)
    office.event(1, "REJECTED")
    office.settle()
    assert office.codes() == ["other_customer"] * 4
    office.passes.ask(Ask.SITE_IDS_BACK)
    office.settle()
    assert ids(office) == before
    assert office.codes() == []


def test_an_id_that_cannot_be_placed_stays_where_it_is(office: Office) -> None:
    rows = [nickname(office, 0), office.row(1), office.row(2), office.row(3)]
    office.connected(ACTIVE)
    office.look()
    held_ids = [office.sheet.key_of(ACTIVE, row) for row in rows]
    sort_without_ids(office, rows)
    office.type(rows[1], "Name", "Nickname 0")
    office.clock += 700
    office.look()
    office.passes.ask(Ask.SITE_IDS_BACK)
    office.look()
    assert sorted(office.sheet.key_of(ACTIVE, row) for row in rows) == sorted(held_ids)
    assert "other_customer" in office.codes(), "and is listed"


def test_what_was_written_for_another_job_goes_when_the_ids_are_back(office: Office) -> None:
    office.connected(ACTIVE)
    office.event(0, "APPROVED", 1)
    office.event(1, "REJECTED", 0)
    office.settle()
    rows = [office.row(n) for n in range(4)]
    assert office.shows(rows[0], "Step 1 on")
    sort_without_ids(office, rows)
    office.clock += 700
    office.look()
    office.passes.ask(Ask.SITE_IDS_BACK)
    office.look()
    assert office.codes() == []
    dates = {office.shows(r, "Name"): office.shows(r, "Step 1 on") for r in rows}
    assert [name for name, date in dates.items() if date] == [NAMES[0]]
    steps = {office.shows(r, "Name"): office.shows(r, STATUS) for r in rows}
    assert [name for name, step in steps.items() if step == "Rejected"] == [NAMES[1]]


def test_a_copied_row_of_another_name_is_listed_alone(office: Office) -> None:
    office.connected()
    row = office.row(0)
    copy = Row(dict(row.cells), tag="copy")
    office.type(copy, "Name", "Somebody Else")
    office.sheet.tabs[ACTIVE].rows.append(copy)
    office.event(0, "REJECTED")
    office.settle()
    assert office.codes() == ["other_customer"]
    assert office.shows(row, STATUS) == "Rejected"
    assert office.shows(copy, STATUS) == "Submitted"


def test_names_dragged_over_other_rows_are_listed_and_taken(office: Office) -> None:
    """Phones and emails agree, so the rows are still their jobs'."""
    office.connected(ACTIVE)
    rows = [office.row(n) for n in range(4)]
    for row in rows[1:]:
        office.type(row, "Name", NAMES[0])
    office.clock += 700
    office.look()
    assert office.codes() == []
    found = office.report()["differences"]
    assert {(each["held"], each["said"]) for each in found} == {(NAMES[0], n) for n in NAMES[1:4]}
    office.store.ask(ORDER, {"sites": [found[0]["site"]], "changes": {"take": ["customer"]}})
    office.settle()
    assert len(office.report()["differences"]) == 2
    assert office.state(1).take == office.state(2).take == office.state(3).take == []


def test_dates_are_listed_as_dates(office: Office) -> None:
    office.event(0, "APPROVED", 1)
    row = office.row(0)
    row.cells[office.key("Step 1 on")] = {"userEnteredValue": {"numberValue": 46174}}
    office.connected(ACTIVE)
    (found,) = office.report()["differences"]
    assert found["held"] == "Jun 1, 2026"
    assert re.fullmatch(r"[A-Z][a-z]{2} \d+, 20\d\d", found["said"])


def test_rows_with_the_same_texts_cannot_be_chosen(office: Office) -> None:
    office.connected()
    for _ in range(2):
        tag = office.sheet._add(ACTIVE)
        row = next(row for _, row in office.board_rows() if row.tag == tag)
        office.type(row, "Name", NAMES[7])
        office.type(row, "Phone", "")
    office.event(7, "SUBMITTED")
    office.settle()
    (asked,) = office.report()["rows"]
    assert [row["has_twin"] for row in asked["rows"]] == [True, True]


def test_a_renamed_column_is_connected_by_its_new_name(office: Office) -> None:
    office.connected(ACTIVE)
    header = office.sheet.tabs[ACTIVE].rows[0].cells
    header[office.key(STATUS)] = typed("Status in EverBright")
    office.look()
    (tab,) = office.boards.tabs()
    assert tab.is_connected
    assert tab.mapping.fields[f"status:{DEFINITIONS[0]}"].header == "Status in EverBright"


def test_a_row_that_is_sorted_above_the_jobs_renames_no_column(office: Office) -> None:
    office.connected(ACTIVE)
    (before,) = office.boards.tabs()
    rows = office.sheet.tabs[ACTIVE].rows
    rows[0].cells, rows[-1].cells = {office.key("Name"): typed("Walk-in")}, rows[0].cells
    office.look()
    assert [tab.mapping for tab in office.boards.tabs()] == [before.mapping]


def test_without_the_leftmost_tab_no_row_is_added_elsewhere(office: Office) -> None:
    """Her row for the job may be in the tab that can't be read."""
    office.connected()
    for number, guard in [*office.sheet.guards.items()]:
        if guard[:3] == (ACTIVE, "COLUMNS", "site_id"):
            del office.sheet.guards[number]
    office.look()
    office.event(7, "SUBMITTED")
    office.settle()
    assert [len(office.new_rows(sheet)) for sheet in (ACTIVE, LATER, DONE)] == [0, 0, 0]


def test_one_row_cannot_be_two_jobs(office: Office) -> None:
    office.connected(ACTIVE)
    office.sheet._add(ACTIVE)
    row = office.sheet.tabs[ACTIVE].rows[-1]
    office.type(row, "Name", NAMES[7])
    row_of = {"row": [ACTIVE, {"customer": NAMES[7]}]}
    for number in (7, 8):
        office.event(number, "SUBMITTED")
        office.store.ask(ORDER, {"sites": [office.sites[number]], "changes": row_of})
    office.settle()
    assert office.sheet.key_of(ACTIVE, row) == ""
    assert {job["site"] for job in office.report()["deleted"]} <= {office.sites[8]}
    assert office.sites[7] in {job["site"] for job in office.report()["rows"]}


def test_nothing_is_added_before_site_ids_were_written_once(office: Office) -> None:
    office.connected(ACTIVE, writes_ids=False)
    office.event(7, "SUBMITTED")
    office.settle()
    assert not office.new_rows()
    assert office.sites[7] in {job["site"] for job in office.report()["absent"]}


def test_what_the_first_reading_finds_is_no_new_job(office: Office) -> None:
    office.connected(ACTIVE)
    office.event(7, "SUBMITTED")
    office.store.put("readback", {"first": office.clock + 1e9})
    office.settle()
    assert not office.new_rows()


def test_a_second_tab_gets_no_jobs_of_before_it_was_connected(office: Office) -> None:
    typed_by_hand = mapping(ACTIVE).model_copy(update={"new_rows": "none"})
    office.connected(ACTIVE, mapping=typed_by_hand)
    for number in (6, 7, 8, 9):
        office.event(number, "SUBMITTED")
    office.settle()
    office.clock += 8_640_000
    office.connected(DONE)
    office.look()
    assert (office.new_rows(), office.new_rows(DONE)) == ([], [])


def test_words_without_a_step_are_left_as_they_are(office: Office) -> None:
    words: dict[str, Choice] = {"Lead": (), "Alpha": ()}
    for number, said in enumerate(("Alpha", "", "Lead", "site visit")):
        office.type(office.row(number), "Stage", said)
    own = changed(mapping(ACTIVE), Stage=words)
    office.connected(ACTIVE, mapping=own)
    for number in range(4):
        office.event(number, "APPROVED")
    office.settle()
    shown = [office.shows(office.row(number), "Stage") for number in range(4)]
    assert shown == ["Alpha", "", "Lead", "site visit"]


def test_confirming_the_order_is_no_news(office: Office) -> None:
    words = {
        f"{number} {meaning}": (f"{each}:{meaning}",)
        for number, each in enumerate(DEFINITIONS[:3])
        for meaning in ("submitted", "approved")
    }
    confirmed = office.statuses.config
    office.statuses = Statuses(confirmed.model_copy(update={"milestones": ()}))
    office.start()
    own = changed(mapping(ACTIVE), Stage={**words, "Call first": "nothing"})
    office.connected(ACTIVE, mapping=own)
    for number in range(4):
        office.event(number, "APPROVED", 1)
        office.event(number, "APPROVED", 0)
    office.settle()
    for number, said in enumerate(("Call first", "hers")):
        office.type(office.row(number), "Stage", said)
    office.look()
    office.statuses = Statuses(confirmed)
    office.start()
    office.look()
    assert [office.shows(office.row(n), "Stage") for n in range(2)] == ["Call first", "hers"]


@pytest.mark.parametrize("is_changed", [False, True])
def test_what_a_restored_version_lacks_is_news(office: Office, is_changed: bool) -> None:
    """Also if the tab's mapping has changed since that version."""
    for number in range(4):
        office.type(office.row(number), "Notes", "")
    office.connected(ACTIVE)
    version = office.sheet.version()
    if is_changed:
        (tab,) = office.boards.tabs()
        new = changed(tab.mapping, Notes="next_action")
        office.boards.put_tab(tab.model_copy(update={"is_connected": False, "mapping": new}))
        office.settle()
    for number in range(4):
        office.event(number, "APPROVED")
    office.settle()
    office.sheet.restore(version)
    for _ in range(3):
        office.look()
    assert {office.shows(office.row(number), STATUS) for number in range(4)} == {"Approved"}


def test_a_version_is_restored_while_jobs_is_stopped(office: Office) -> None:
    """Each connected cell is news once, and not again in each pass until Jobs is repaired."""
    office.connected(ACTIVE)
    version = office.sheet.version()
    office.event(1, "REJECTED")
    office.settle()
    office.sheet.restore(version)
    rows = office.sheet.tabs[JOBS].rows
    rows[0].cells, rows[2].cells = rows[2].cells, rows[0].cells
    office.look()
    office.look()
    assert "header_gone" in office.codes()
    office.type(office.row(0), STATUS, "HOA asked")
    office.look()
    assert office.shows(office.row(0), STATUS) == "HOA asked"


def test_what_was_hit_is_put_back_while_jobs_is_stopped(office: Office) -> None:
    office.connected(ACTIVE)
    rows = office.sheet.tabs[JOBS].rows
    rows[0].cells, rows[2].cells = rows[2].cells, rows[0].cells
    office.look()
    tab, edit = office.sheet.tabs[ACTIVE], office.sheet.edit
    before = [office.shows(office.row(number), STATUS) for number in range(4)]

    def swap() -> None:
        tab.rows[1:4] = [tab.rows[3], tab.rows[1], tab.rows[2]]
        office.sheet.edit = edit  # type: ignore[method-assign]

    office.event(1, "REJECTED")
    office.sheet.edit = swap  # type: ignore[method-assign]
    for _ in range(4):
        office.look()
    shown = [office.shows(office.row(number), STATUS) for number in range(4)]
    assert shown == [before[0], "Rejected", *before[2:]]
    assert not office.passes._sheet.debts


def test_the_next_spreadsheet_is_connected_anew(office: Office) -> None:
    office.connected(ACTIVE)
    office.passes.tabs.begin_anew()
    assert {(tab.is_connected, tab.writes_ids) for tab in office.boards.tabs()} == {(False, False)}


@pytest.mark.parametrize("style", STYLES)
def test_a_new_row_has_its_name_as_most_names_of_the_tab(office: Office, style: str) -> None:
    def names(number: int) -> Any:
        return dict(zip(("first_name", "last_name"), NAMES[number].split(), strict=True))

    for number in range(4):
        office.type(office.row(number), "Name", style.format(*names(number).values()))
        office.event(number, "SUBMITTED", **names(number))
    office.connected()
    office.event(6, "SUBMITTED", **names(6))
    office.settle()
    (row,) = office.new_rows()
    assert office.shows(row, "Name") == style.format(*names(6).values())
