"""A Jobs tab that somebody converted to one of Google's own Tables."""

import pytest

from sync.sheets.ids import JOBS_TAB
from tests.bench import Bench
from tests.made_up import milestone


@pytest.mark.parametrize("is_last", [False, True])
def test_new_rows_and_columns_are_in_the_table(bench: Bench, is_last: bool) -> None:
    """One beside it would stay where it is when somebody sorts the table."""
    bench.shown(milestone(1), milestone(2))
    width = len(bench.look().keys)
    if is_last:  # The new column's left neighbor.
        left = bench.index("documents:" + milestone()["milestone_definition"])
        bench.edit("move_column", column=left, to=width - 1)
    area = {"sheetId": JOBS_TAB, "endRowIndex": 3, "endColumnIndex": width}
    bench.do(
        {"appendDimension": {"sheetId": JOBS_TAB, "dimension": "COLUMNS", "length": 1}},
        {"addTable": {"table": {"name": "Jobs", "range": area}}},
    )
    bench.shown(milestone(3), milestone(1, definition=2))
    (table,) = bench.tab("Jobs", "tables(range)")["tables"]
    rows, columns = table["range"]["endRowIndex"], table["range"]["endColumnIndex"]
    assert (rows, columns) == (4, len(bench.look().keys) - 1)
    assert columns > width
