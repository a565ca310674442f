"""What once stopped for good, or came again: each cell and row goes on as EverBright does."""

from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import Any

import pytest

from sync.boards.fields import Field, Fields, Rule
from sync.boards.mapping import Column, TabMapping
from sync.boards.planning import planned
from sync.boards.state import ORDER
from sync.boards.survey import SeenTab
from sync.boards.values import Values
from sync.boards.words import Choice
from sync.core.cells import number
from sync.core.events import Event, Job, apply
from sync.core.standing import Statuses
from sync.core.store import JobRow
from sync.errors import Retryable
from sync.settings.config_file import CONFIG_FILE, ColumnConfig, ColumnKind, load_config
from tests.boards.office import ACTIVE, DONE, LATER, STATUS, email, phone
from tests.boards.storm import changed, mapping
from tests.boards.test_situations import Office
from tests.core.fake_sheet import NAMES, Row, held, typed
from tests.core.storm import _BEGAN, DEFINITIONS

FIRST, SECOND = DEFINITIONS[:2]


@pytest.fixture
def office() -> Iterator[Office]:
    calm = Office()
    yield calm
    calm.database.engine.dispose()


def look(office: Office) -> None:
    for _ in range(2):
        office.clock += 700
        office.look()


@pytest.mark.parametrize("value", [20261102.0, -1.0, 1e30])
def test_a_number_that_is_no_day_is_shown_as_it_is(value: float) -> None:
    assert Field("approved:x", "x", Rule.FOLLOWS).readable(number(value))


def test_a_status_column_with_words_follows_everbright(office: Office) -> None:
    words = {"In": (f"{FIRST}:submitted",), "OK": (f"{FIRST}:approved",)}
    office.connected(ACTIVE, mapping=changed(mapping(ACTIVE), **{STATUS: words}))
    assert office.shows(office.row(0), STATUS) == "In"
    office.event(0, "APPROVED")
    office.settle()
    assert office.shows(office.row(0), STATUS) == "OK"


def test_a_word_of_two_steps_that_we_wrote_is_not_ahead(office: Office) -> None:
    words = {
        "In review": (f"{FIRST}:submitted", f"{SECOND}:submitted"),
        "OK": (f"{FIRST}:approved",),
    }
    office.connected(ACTIVE, mapping=changed(mapping(ACTIVE), Stage=words))
    assert office.shows(office.row(0), "Stage") == "In review"
    office.event(0, "APPROVED")
    office.settle()
    assert office.shows(office.row(0), "Stage") == "OK"


def test_none_of_these_adds_a_row(office: Office) -> None:
    office.connected()
    office.sheet._add(ACTIVE)
    office.type(office.sheet.tabs[ACTIVE].rows[-1], "Name", NAMES[7])
    office.event(7, "SUBMITTED")
    office.settle()
    (asked,) = office.report()["rows"]
    office.store.ask(ORDER, {"sites": [asked["site"]], "changes": {"choice": "add"}})
    office.settle()
    assert len(office.new_rows()) == 1


@pytest.mark.parametrize("is_restored", [True, False])
def test_days_go_on_after_an_older_version(
    office: Office,
    is_restored: bool,
) -> None:
    for n in range(4):
        office.type(office.row(n), "Notes", "")
    days = changed(mapping(ACTIVE), Notes="days")
    office.connected(ACTIVE, mapping=days)
    version = office.sheet.version()
    if not is_restored:
        office.boards.remove_tab(ACTIVE)
    office.minutes += 3 * 1440
    office.event(0, "REJECTED")
    office.settle()
    if is_restored:
        office.sheet.restore(version)
    else:
        office.connected(ACTIVE, mapping=days)
    look(office)
    office.minutes += 3 * 1440
    office.event(0, "SUBMITTED")
    office.settle()
    says = held(office.rows.jobs[office.sites[0]].cells["days"])
    assert office.shows(office.row(0), "Notes") == says


def test_a_disconnected_tabs_jobs_get_no_rows_elsewhere(office: Office) -> None:
    office.connected()
    for number_ in (7, 8):
        office.event(number_, "SUBMITTED")
    office.settle()
    assert len(office.new_rows()) == 2
    office.boards.remove_tab(ACTIVE)
    look(office)
    assert not office.new_rows(LATER) + office.new_rows(DONE)
    assert {each["name"] for each in office.report()["absent"]} >= {NAMES[7], NAMES[8]}


def test_a_restored_version_adds_no_deleted_row(office: Office) -> None:
    office.connected()
    office.event(7, "SUBMITTED")
    office.settle()
    office.sheet.tabs[ACTIVE].rows.remove(office.new_rows()[0])
    look(office)
    version = office.sheet.version()
    office.event(0, "REJECTED")
    office.settle()
    office.sheet.restore(version)
    look(office)
    assert office.shows(office.row(0), STATUS) == "Rejected"
    assert not office.new_rows()
    assert [each["name"] for each in office.report()["deleted"]] == [NAMES[7]]


@pytest.mark.parametrize(("key", "is_ours"), [("2345001", False), (DEFINITIONS[0], True)])
def test_a_column_site_id_of_the_offices_is_refused(key: str, is_ours: bool) -> None:
    rows = [
        {"values": [{"formattedValue": t} for t in row]} for row in (("A", "Site ID"), ("", key))
    ]
    seen = SeenTab({"properties": {"title": "T"}, "data": [{"rowData": rows}]})
    assert (seen.problem(0, "robot") == "") is is_ours


def test_a_second_row_without_id_makes_no_other_customer(office: Office) -> None:
    office.connected(ACTIVE)
    row = office.row(0)
    copy = Row(dict(row.cells), tag="copy")
    copy.cells.pop(office.key("Site ID"))
    office.sheet.tabs[ACTIVE].rows.append(copy)
    look(office)
    office.type(row, "Phone", "(555) 010-7777")
    office.event(0, "REJECTED")
    office.settle()
    assert office.codes() == []


def test_saving_a_page_keeps_news_unless_fields_or_words_change() -> None:
    rows = [{"values": [{"formattedValue": text} for text in ("Name", "Stage")]}]
    seen = SeenTab({"properties": {"title": "T"}, "data": [{"rowData": rows}]})
    own = changed(TabMapping(title="T"), Name="customer", Stage="progress")
    fields = Fields({FIRST: "First"})
    new = planned(seen, own, fields, None, "robot")
    known = new.model_copy(update={"is_connected": True})
    top = own.model_copy(update={"new_rows": "top"})
    fewer = changed(own, Stage="")
    found = [planned(seen, each, fields, known, "robot") for each in (top, fewer)]
    assert [tab.is_connected for tab in found] == [True, False]


def test_a_stage_without_words_shows_everbrights_own(office: Office) -> None:
    office.connected(ACTIVE, mapping=changed(mapping(ACTIVE), Stage={}))
    says = held(office.rows.jobs[office.sites[0]].cells["status"])
    assert office.shows(office.row(0), "Stage") == says != ""


def test_a_row_is_added_for_a_person_who_types_them(office: Office) -> None:
    none = mapping(ACTIVE).model_copy(update={"new_rows": "none"})
    office.connected(ACTIVE, mapping=none)
    office.store.ask(ORDER, {"sites": [office.sites[4]], "changes": {"choice": "add"}})
    look(office)
    assert len(office.new_rows()) == 1


def test_a_row_in_a_tab_of_other_words_keeps_what_is_typed(office: Office) -> None:
    first: dict[str, Choice] = {"In": (f"{FIRST}:submitted",), "OK": (f"{FIRST}:approved",)}
    other: dict[str, Choice] = {"Begun": (f"{FIRST}:started",), "Closed": "nothing"}
    for sheet, words in ((ACTIVE, first), (DONE, other)):
        new = changed(mapping(sheet), Stage=words)
        office.connected(sheet, mapping=new)
    row = office.row(0)
    assert office.shows(row, "Stage") == "In"
    tabs = office.sheet.tabs
    tabs[ACTIVE].rows.remove(row)
    pairs = dict(zip(tabs[ACTIVE].columns, tabs[DONE].columns, strict=True))
    moved = Row({pairs[key]: cell for key, cell in row.cells.items()}, tag=row.tag)
    tabs[DONE].rows.append(moved)
    office.type(moved, "Stage", "Closed", DONE)
    look(office)
    assert office.shows(moved, "Stage", DONE) == "Closed"


def test_a_date_that_google_writes_late_is_ours(office: Office) -> None:
    def approve() -> None:
        for status in ("REJECTED", "APPROVED"):
            office.minutes += 3 * 1440
            office.event(0, status, 1)

    def lose(requests: Any) -> Any:
        kept.append(requests)
        raise Retryable("google_unavailable", "no answer")

    def late_first(requests: Any) -> Any:
        client.write = write  # type: ignore[method-assign]
        write(kept[0])
        return write(requests)

    office.connected(ACTIVE)
    approve()
    office.settle()
    client = office.passes.client
    write, kept = client.write, list[Any]()
    client.write = lose  # type: ignore[method-assign]
    approve()
    with pytest.raises(Retryable):
        office.passes.run()
    client.write = late_first  # type: ignore[method-assign]
    approve()
    office.clock += 2
    office.passes.run()
    look(office)
    assert office.report()["differences"] == []


def test_two_jobs_do_not_get_one_row(office: Office) -> None:
    office.connected(ACTIVE)
    same: Any = {"customer": NAMES[0], "phone": phone(0), "email": email(0)}
    office.event(6, "SUBMITTED", **same)
    office.settle()
    look(office)
    office.sheet.tabs[ACTIVE].rows.remove(office.new_rows()[0])
    office.row(0).cells.pop(office.key("Site ID"))
    look(office)
    assert office.sheet.key_of(ACTIVE, office.row(0)) in ("", office.sites[0])


def test_a_milestone_outside_the_order_is_no_last_step(office: Office) -> None:
    office.sheet._add(ACTIVE)
    row = office.sheet.tabs[ACTIVE].rows[-1]
    for header, text in (("Name", NAMES[7]), ("Phone", phone(7)), ("Stage", "Finished")):
        office.type(row, header, text)
    office.connected(ACTIVE)
    at, site = _BEGAN + timedelta(days=1), office.sites[1]
    event = Event(site, (at, at, at, "w"), at, site, "Warranty", "SUBMITTED")
    office.jobs[site] = apply(office.jobs[site], event, office.statuses.is_rejected).job
    office.store.applied(office.lease, [], {site: office.jobs[site]}, [])
    office.settle()
    office.event(7, "SUBMITTED")
    office.settle()
    assert office.sheet.key_of(ACTIVE, row) == ""


def test_a_version_from_before_connect_is_connected_again(office: Office) -> None:
    version = office.sheet.version()
    office.connected(ACTIVE)
    office.sheet.restore(version)
    look(office)
    look(office)
    office.event(0, "REJECTED")
    office.settle()
    assert "header_gone" not in office.codes()
    assert office.shows(office.row(0), STATUS) == "Rejected"


def test_a_version_from_before_another_mapping_is_connected_again(office: Office) -> None:
    for n in range(4):
        office.type(office.row(n), "Notes", "")
    office.connected(ACTIVE)
    version = office.sheet.version()
    (tab,) = office.boards.tabs()
    new = changed(tab.mapping, Notes="next_action")
    office.boards.put_tab(tab.model_copy(update={"is_connected": False, "mapping": new}))
    office.settle()
    office.sheet.restore(version)
    look(office)
    look(office)
    office.event(0, "REJECTED")
    office.settle()
    assert office.shows(office.row(0), "Notes")


def test_the_header_row_is_followed(office: Office) -> None:
    office.connected(ACTIVE)
    title = Row({office.key("Name"): typed("Active jobs")})
    office.sheet.tabs[ACTIVE].rows.insert(0, title)
    look(office)
    assert office.boards.tabs()[0].mapping.header_row == 2


def test_a_value_of_the_configs_is_the_number_that_jobs_shows() -> None:
    column = ColumnConfig(id="kw", header="kW", site_key="kw", kind=ColumnKind.NUMBER)
    day = ColumnConfig(id="day", header="Day", site_key="day", kind=ColumnKind.DATE)
    row = JobRow("s", Job(), {"customer": "A B", "kw": "8.4"}, True, "", 0.0, 1, 1, 0, "new")
    row.cells = {"kw": number(8.4)}
    fields = Fields({}, columns=(column, day))
    values = Values(Statuses(load_config(CONFIG_FILE)), fields, UTC)
    tab, kw = TabMapping(title="T"), Column(header="Size", field="kw")
    assert values.said(kw, row, tab).cell == number(8.4)
    assert fields.get("day").is_date
