"""`map --remove` unmaps a tab, `--unset` a column; the cells stay as they are."""

import pytest

from sync.errors import Permanent
from tests.boards.mapping.stand import Stand
from tests.made_up import milestone, uuid


@pytest.fixture
def theirs(stand: Stand) -> Stand:
    stand.fill([["Client", "Phone", "Permit"], ["Ada", "303-555-0101", ""]])
    done = stand.add_tab("Finished")
    link = f"https://x.example/address/{uuid(9)}"
    stand.fill([["Client", "Permit", "Link"], ["Ben", "", link]], done)
    stand.map("--tab", "Sheet1", "--tab", "Finished", "--write")
    stand.shown(milestone(1), milestone(9))
    return stand


def texts(stand: Stand, tab: str) -> list[list[str]]:
    rows = stand.tab(tab, "data(rowData(values(formattedValue)))")["data"][0].get("rowData", ())
    return [[cell.get("formattedValue", "") for cell in row.get("values", ())] for row in rows]


def test_a_tab_is_unmapped_and_its_cells_stay(theirs: Stand) -> None:
    before = texts(theirs, "Finished")
    seen = theirs.metadata()
    said = theirs.map("--remove", "Finished")
    assert "would be unmapped. Its cells stay; its 1 job" in said
    assert theirs.metadata() == seen
    said = theirs.map("--remove", "finished", "--write")
    assert "A job's next event adds a row for it in 'Sheet1'." in said
    assert not any(place.startswith("1") for place, _, _ in theirs.metadata())
    theirs.shown()
    assert texts(theirs, "Finished") == before
    assert sum(uuid(9) in row for row in texts(theirs, "Sheet1")) == 0, "nothing comes unasked"
    theirs.shown(milestone(9, status="APPROVED", date_updated="2026-05-01T10:00:00Z"))
    assert texts(theirs, "Finished") == before
    assert sum(uuid(9) in row for row in texts(theirs, "Sheet1")) == 1


def test_a_column_is_unmapped(theirs: Stand) -> None:
    theirs.map("--tab", "Sheet1", "--unset", "Permit", "--write")
    assert "Permit" not in theirs.proposed("--tab", "Sheet1")
    before = texts(theirs, "Sheet1")
    theirs.shown(milestone(1, status="APPROVED", date_updated="2026-05-01T10:00:00Z"))
    assert texts(theirs, "Sheet1") == before


def test_without_any_tab_nothing_is_written_and_that_is_reported(theirs: Stand) -> None:
    said = theirs.map("--remove", "Finished", "--remove", "Sheet1", "--write")
    assert "jobs aren't written anywhere" in said
    theirs.send(milestone(2))
    with pytest.raises(Permanent, match="No tab is mapped, so nothing is written"):
        theirs.flush_once()
    fields = "sheets(properties(title,hidden))"
    sheets = theirs.book(fields)["sheets"]
    visible = [one["properties"]["title"] for one in sheets if not one["properties"].get("hidden")]
    assert visible == ["Sheet1", "Finished"]
    theirs.map("--tab", "Sheet1", "--write")
    theirs.shown()
    assert sum(uuid(2) in row for row in texts(theirs, "Sheet1")) == 1


def test_what_is_not_mapped_cannot_be_removed(stand: Stand) -> None:
    stand.fill([["Client", "Phone"], ["Ada", "303-555-0101"]])
    assert "No tab is mapped: there is nothing to remove" in stand.map(
        "--remove", "Sheet1", "--write", status=1
    )
