"""Rules of connected tabs, each in a situation in which it was once broken."""

import random
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from sync.boards.mapping import TabMapping
from sync.boards.state import ORDER, BoardStore, ConnectedTab
from sync.boards.tabs import OfficeTabs
from sync.core.job_rows import JobRows
from sync.core.layout import Layout, Links
from sync.core.passes import Pass
from sync.core.standing import Statuses
from sync.settings.config_file import CONFIG_FILE, load_config
from tests.boards.office import ACTIVE, DONE, OfficeSheet
from tests.boards.storm import changed, mapping
from tests.boards.test_situations import Office, office
from tests.core.fake_sheet import held
from tests.core.storm import DEFINITIONS, Client

__all__ = ["office"]


def look(office: Office, times: int = 2) -> None:
    for _ in range(times):
        office.clock += 700
        office.look()


def stage(words: Mapping[str, Any]) -> TabMapping:
    return changed(mapping(ACTIVE), Stage=dict(words))


def step(milestone: int, meaning: str) -> str:
    return f"{DEFINITIONS[milestone]}:{meaning}"


def test_an_id_does_not_go_into_the_row_that_was_rejected(office: Office) -> None:
    office.connected(writes_ids=False)
    office.store.ask(ORDER, {"sites": [office.sites[0]], "changes": {"choice": "add"}})
    office.store.ask(ORDER, {"writes_ids": True})
    office.settle()
    assert office.sheet.key_of(ACTIVE, office.row(0)) == ""


def test_no_ids_are_written_in_a_tab_before_its_button_was_pressed(office: Office) -> None:
    """Also not of a job whose row was in another tab."""
    office.connected(ACTIVE)
    active, done, row = office.sheet.tabs[ACTIVE], office.sheet.tabs[DONE], office.row(0)
    active.rows.remove(row)
    pairs = dict(zip(active.columns, done.columns, strict=False))
    row.cells = {pairs[k]: cell for k, cell in row.cells.items() if k in pairs}
    done.rows.append(row)
    look(office, 1)
    office.connected(DONE, writes_ids=False)
    assert office.sheet.key_of(DONE, row) == ""


def test_a_tab_that_is_connected_while_a_pass_reads_gets_its_ids(office: Office) -> None:
    office.boards = BoardStore(office.database)
    read, done = office.sheet.read, list[int]()

    def and_connect(*arguments: Any) -> Any:
        answer = read(*arguments)
        if not done:
            done.append(1)
            office.boards.put_tab(ConnectedTab(sheet=ACTIVE, mapping=mapping(ACTIVE)))
            office.store.ask(ORDER, {"writes_ids": True})
        return answer

    office.passes.client.read = and_connect  # type: ignore[assignment]
    office.passes.run()
    look(office)
    assert office.sheet.key_of(ACTIVE, office.row(0)) == office.sites[0]


def test_other_jobs_events_are_no_news_without_an_order(office: Office) -> None:
    office.statuses = Statuses(load_config(CONFIG_FILE))
    office.start()
    ends = {"Design OK": (step(0, "approved"),), "Permit OK": (step(1, "approved"),)}
    for job in (0, 1):
        for milestone in (0, 1):
            office.event(job, "APPROVED", milestone)
    office.connected(ACTIVE, mapping=stage({**ends, "Call first": "nothing"}))
    office.type(office.row(0), "Stage", "Call first")
    look(office)
    for job in range(2, 9):
        office.event(job, "APPROVED", 1)
    look(office)
    assert office.shows(office.row(0), "Stage") == "Call first"


def test_in_another_spreadsheet_nothing_goes_on(office: Office) -> None:
    office.connected(ACTIVE)
    for job in range(5, 10):
        office.event(job, "SUBMITTED")
    office.settle()
    assert office.new_rows()
    office.boards.remove_tab(ACTIVE)
    office.settle()
    office.sheet = OfficeSheet(random.Random(5), 0.0, 0.0)
    links = Links("https://everbright.test", has_copies=False, has_customers=False)
    clock = lambda: office.clock  # noqa: E731
    layout = Layout(office.statuses, UTC, links)
    office.rows = JobRows(office.store, office.lease, layout, clock)
    tabs = OfficeTabs(office.store, BoardStore(office.database), office.lease, UTC, clock)
    client: Any = Client(office.sheet)
    office.passes = Pass(office.rows, client, "another", tabs, may_add_tabs=True)
    office.settle()
    look(office)
    office.connected(ACTIVE)
    look(office)
    assert not office.report()["deleted"]
    assert "keys_gone" not in office.codes()


def test_a_protected_tab_stops_no_other(office: Office) -> None:
    office.connected(ACTIVE)
    office.sheet.protected.add(ACTIVE)
    for job in range(4):
        office.event(job, "REJECTED")
    look(office, 6)
    office.event(5, "REJECTED")
    office.settle()
    stopped = {f.tab for f in office.passes.run().findings if f.code == "all_refused"}
    assert stopped == {mapping(ACTIVE).title}
    (mine,) = (row for row in office.sheet.body() if office.sheet.site(row) == office.sites[5])
    assert held(mine.cells[office.sheet.column("status") or 0]) == "Step 0 rejected"
