"""A person deletes the column Site ID, and maps the tabs again."""

from datetime import UTC, datetime

import pytest

from sync.actions.compare import compare
from sync.boards import link
from sync.boards.map_tabs import TabMapper
from sync.boards.mapping.choices import Choices
from sync.errors import Permanent, Retryable
from sync.ops.alerts import Alerts
from sync.sheets.cell_data import at, text_of
from sync.store.findings import dismiss
from sync.types import letters
from sync.worker.loop import Stop
from sync.worker.sheet_loop import SheetLoop
from tests.bench import Bench
from tests.boards import two_tab_board
from tests.boards.test_mapped import APPROVED, flushed
from tests.boards.two_tab_board import HEADER_ROW, HEADERS, INSTALLED, KEY_AT, OPEN, line
from tests.made_up import milestone, uuid

DATE_AT, PERMIT_AT = HEADERS.index("Permit OK on"), HEADERS.index("Permit")
JOBS = (1, 2, 3, 4)
OTHER_DAY = "2099-02-01T10:00:00Z"
"""Of an event of another milestone than the mapped one."""


def delete_site_ids(bench: Bench, tab: int) -> None:
    columns = {"sheetId": tab, "dimension": "COLUMNS", "startIndex": KEY_AT, "endIndex": KEY_AT + 1}
    bench.do({"deleteDimension": {"range": columns}})


def board(bench: Bench) -> None:
    """Job 1 has its row by e-mail, 2 as a person answered, 3 was added, 4 is in the other tab."""
    known = {n: bench.customer(n) for n in JOBS}
    mine = [
        line(1, E_mail=known[1]["E_mail"]),
        line(2, Customer="Number2, Bo & Ada", Street="99 Elm St", Zip="80999"),
        line(8),
    ]
    two_tab_board.make(bench, mine, [line(4, Street=known[4]["Street"], Zip=known[4]["Zip"])])
    two_tab_board.map_tabs(bench)
    flushed(bench, *(milestone(n, **APPROVED) for n in JOBS))
    link.link(bench.wiring, lambda _: None, {uuid(2): "Open jobs!5"}, write=True)
    flushed(bench)
    for row in range(HEADER_ROW + 1, HEADER_ROW + 5):
        if row != HEADER_ROW + 3:
            bench.edit("type_cell", sheet_id=OPEN, row=row, column=DATE_AT, text=f"typed {row}")


def test_mapped_again_each_job_has_its_row_and_typed_dates_stay(asking: Bench) -> None:
    board(asking)
    before = [two_tab_board.texts(asking, tab) for tab in (OPEN, INSTALLED)]
    assert sum("Site ID" in row for rows in before for row in rows) == len(JOBS)
    for tab in (OPEN, INSTALLED):
        delete_site_ids(asking, tab)
    asking.send(*(milestone(n, 2, date_updated=OTHER_DAY) for n in JOBS))
    asking.send(milestone(4, status="SUBMITTED", date_updated="2099-03-01T10:00:00Z"))
    asking.project()
    with pytest.raises(Permanent) as stopped:
        asking.flush_once()
    message = stopped.value.message
    for part in ("'Site ID'", "'Open jobs'", "Version history", "map the tab again"):
        assert part in message
    mapper = TabMapper(asking.wiring, lambda _: None, Choices(), [])
    preview = mapper.run(write=False, with_preview=True).preview
    assert preview
    assert (preview.matched, preview.added, preview.unsettled_count) == (len(JOBS), 0, 0)
    assert [change.header for change in preview.replaced] == ["Permit"]
    mapper.run(write=True)
    flushed(asking)
    after = [two_tab_board.texts(asking, tab) for tab in (OPEN, INSTALLED)]
    assert after[0] == before[0]
    ((finished,), (then,)) = after[1], before[1]
    changed = {name for name in finished if finished[name] != then.get(name)}
    assert (changed, finished["Permit"]) == ({"Permit"}, "Waiting"), "what we wrote follows"
    assert not asking.store.boards.unsettled()


def test_once_mapped_again_the_comparison_finds_what_it_found_before(asking: Bench) -> None:
    board(asking)
    asking.compare()
    findings = asking.store.findings.listed(9)["kept_words"]
    assert len(findings) > 1
    dismiss(asking.database, [findings[0].item])
    for tab in (OPEN, INSTALLED):
        delete_site_ids(asking, tab)
    asking.store.spreadsheet.set_trouble("key_column_gone", "As a flush has found meanwhile.")
    TabMapper(asking.wiring, lambda _: None, Choices(), []).run(write=True)
    with pytest.raises(Retryable, match="hasn't been compared since it was mapped"):
        compare(asking.wiring, lambda _: None)
    loop = SheetLoop(asking.wiring, Alerts([]), Stop())
    while loop.step():
        pass
    assert asking.store.spreadsheet.glance().compared_at
    assert asking.store.findings.listed(9)["kept_words"] == findings[1:]


def test_a_kept_cell_stays_kept_in_another_tab_and_after_a_partial_sort(asking: Bench) -> None:
    board(asking)
    asking.compare()
    findings = asking.store.findings
    kept = findings.listed(9)["kept_words"]
    dismiss(asking.database, [one.item for one in kept])
    renamed = {"sheetId": OPEN, "title": "Sold"}
    header = two_tab_board.fill_header(OPEN, DATE_AT, "City OK")
    asking.do({"updateSheetProperties": {"properties": renamed, "fields": "title"}}, header)
    swap_site_ids(asking, HEADER_ROW + 1, HEADER_ROW + 2)
    asking.compare()
    assert {"foreign_keys"} == findings.listed(9).keys()
    swap_site_ids(asking, HEADER_ROW + 1, HEADER_ROW + 2)
    move_row(asking, HEADER_ROW + 2, INSTALLED, HEADER_ROW + 2)
    asking.compare()
    assert not findings.listed(9)
    texts = {one.text for one in findings.every("kept_words")}
    assert len(texts) == len(kept)
    assert f"Installed!{letters(DATE_AT)}{HEADER_ROW + 3} (Permit OK on)" in texts


def test_a_kept_cell_below_a_blank_header_is_named_by_its_place(asking: Bench) -> None:
    board(asking)
    asking.do(two_tab_board.fill_header(OPEN, DATE_AT, ""))
    asking.compare()
    texts = [one.text for one in asking.store.findings.listed(9)["kept_words"]]
    assert f"Open jobs!{letters(DATE_AT)}{HEADER_ROW + 2}" in texts


def swap_site_ids(bench: Bench, row: int, other: int) -> None:
    rows = two_tab_board.rows(bench, OPEN)
    for place, source in ((row, other), (other, row)):
        key = text_of(at(rows[source], KEY_AT))
        bench.edit("type_cell", sheet_id=OPEN, row=place, column=KEY_AT, text=key)


def move_row(bench: Bench, row: int, sheet_id: int, to: int) -> None:
    """Cut a row, and paste it into another tab."""
    source = {"sheetId": OPEN, "startRowIndex": row, "endRowIndex": row + 1}
    width = {"startColumnIndex": 0, "endColumnIndex": KEY_AT + 1}
    destination = {"sheetId": sheet_id, "rowIndex": to, "columnIndex": 0}
    paste = {"source": source | width, "destination": destination, "pasteType": "PASTE_NORMAL"}
    bench.do({"cutPaste": paste})


def test_an_event_of_another_milestone_replaces_no_typed_date(asking: Bench) -> None:
    """Also where nothing is known of the cell: the row was matched after its tab was mapped."""
    known = asking.customer(1)
    row = line(1, E_mail=known["E_mail"], Permit="my word", Permit_OK_on="2/20/2026")
    two_tab_board.make(asking, [row, line(8)], [])
    asking.send(milestone(1, **APPROVED))
    asking.project()
    two_tab_board.map_tabs(asking, at=datetime.now(UTC))
    flushed(asking, milestone(1, 2, date_updated=OTHER_DAY))
    (there,) = two_tab_board.of_site(asking, 1)
    assert (there["Permit"], there["Permit OK on"]) == ("my word", "2/20/2026")
    flushed(asking, milestone(1, status="REJECTED", date_updated="2099-04-01T10:00:00Z"))
    flushed(asking, milestone(1, status="APPROVED", date_updated="2099-05-01T10:00:00Z"))
    (there,) = two_tab_board.of_site(asking, 1)
    assert (there["Permit"], there["Permit OK on"] != "2/20/2026") == ("OK", True)
