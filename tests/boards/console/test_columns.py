"""What the console says of a board's columns."""

import pytest

from tests.boards import two_tab_board
from tests.console.conftest import Console
from tests.made_up import milestone

pytestmark = pytest.mark.long


def test_a_deleted_mapped_column_is_restored_or_mapped_again(console: Console) -> None:
    visitor, bench = console.signed_in(), console.bench
    two_tab_board.make(bench, [two_tab_board.line(1)], [])
    two_tab_board.map_tabs(bench)
    bench.wiring.heartbeats.give()
    bench.shown(milestone(1))
    bench.edit(
        "delete_columns", sheet_id=two_tab_board.OPEN, index=two_tab_board.HEADERS.index("Permit")
    )
    bench.compare()
    overview, columns = visitor.text("/"), visitor.text("/columns")
    assert "1 mapped column is missing." in overview
    assert "Version history" in overview
    assert "put-back" not in overview + columns
    assert "Choose another column" in columns


def test_an_unknown_choice_is_reported_and_not_written(console: Console) -> None:
    visitor = console.signed_in()
    two_tab_board.make(console.bench, [two_tab_board.line(1)], [])
    writes = console.bench.writes()
    tabs = visitor.send("/mapping").location
    visitor.send(tabs, **{"tab": "0", "title:0": "Open jobs", "header:0": "3"})
    columns = tabs.replace("/tabs", "/columns")
    page = visitor.send(columns, step="write", **{"field:0:1:crew": "<b>no field</b>"}).text
    assert "is no field" in page
    assert "<b>no field" not in page
    assert console.bench.writes() == writes
