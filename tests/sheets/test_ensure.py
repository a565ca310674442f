"""Missing parts of a spreadsheet are added; tested without a spreadsheet."""

from typing import Any

from sync.jobs.cells import Column, Tint
from sync.settings.config_file import load_config
from sync.sheets.ensure import Ensured, WantedTabs, ensure
from sync.sheets.ids import JOBS_TAB
from sync.sheets.sheet_requests import Request
from sync.sheets.snapshot import Snapshot, Table
from sync.sheets.surroundings import Surroundings, Titles
from tests.made_up import DEMO_CONFIG
from tests.sheets.grids import STATUS, table

CONFIG = load_config(DEMO_CONFIG)


def ensured(columns: list[Column], read: Table | None = None) -> Ensured:
    tables = (read,) if read else ()
    return ensure(Snapshot(tables=tables), WantedTabs(CONFIG, columns), is_ours=True)


def inner(requests: list[Request], kind: str) -> list[Any]:
    return [request[kind] for request in requests if kind in request]


def test_a_new_column_follows_its_neighbor_even_if_moved() -> None:
    """Also where that is not where the config has it, and with its header, note and color."""
    wanted = [
        Column(id="customer", header="Customer"),
        Column(
            id="status:y", header="Y", header_note="?", tints=(Tint(text="Done", color="#ff0000"),)
        ),
        Column(id="site_id", header="Site ID"),
    ]
    places = {"site_id": 0, "customer": 2}
    made = ensured(wanted, table(columns=places, guards=places))
    (insert,) = inner(made.structure, "insertDimension")
    assert (insert["range"]["dimension"], insert["range"]["startIndex"]) == ("COLUMNS", 3)
    after = made.table
    assert after.columns == {"site_id": 0, "customer": 2, "status:y": 3}
    assert (after.guards, after.column_count) == (places, 4)
    assert [(cell.index, cell.column) for cell in made.header] == [(3, "status:y")]
    rule, archived, done = inner(made.structure, "addConditionalFormatRule")
    assert "Archived" in str(archived) and "Done" in str(done), "added last, they are above it"
    area = {"sheetId": JOBS_TAB, "startColumnIndex": 3, "endColumnIndex": 4}
    assert rule["rule"]["ranges"] == [area]
    again = ensured(wanted, after)
    assert again.parts.is_empty, "applied twice, colors would stack"
    assert again.table == after


def test_columns_right_of_a_new_one_use_their_new_index() -> None:
    """What is written in the same batch would else go one column too far left."""
    wanted = [
        Column(id=STATUS, header="X"),
        Column(id="new", header="New"),
        Column(id="site_id", header="Site ID"),
    ]
    made = ensured(wanted, table())
    after = made.table
    assert after.columns["site_id"] > after.columns["new"]
    assert after.guards == {STATUS: after.columns[STATUS], "site_id": after.columns["site_id"]}
    assert {cell.index for cell in made.header} == {after.columns["new"]}


def test_free_titles_tell_no_case_apart() -> None:
    """Google does not either, and refuses the batch that makes the tabs."""
    taken = Surroundings(titles={1: "jobs", 2: "JOBS 2"})
    assert taken.free_titles(Titles()) == Titles(jobs="Jobs 3")
