"""What the first flush would change under a mapping that is not written yet."""

from collections.abc import Iterator
from dataclasses import replace

from sync.mapping.decide import TabMapping
from sync.mapping.fields import Fields
from sync.setup.map_report import Report
from sync.sheets.flush import Flusher
from sync.sheets.preview import Change, Preview, TabColumns, preview
from sync.store import Lease
from sync.types import letters


def of(report: Report, flusher: Flusher, held: Lease) -> Preview:
    """Return what the first flush would change. Raises Google's errors."""
    chosen = [one for one in report.tabs if one.tab.sheet_id in report.chosen]
    found = preview(flusher, held, {one.tab.sheet_id: _columns(one) for one in chosen})
    new = {(one.tab.title, letters(at)): (one, n) for one in chosen for n, at in _new(one)}
    changes = (_placed(change, new, report.fields) for change in found.changes)
    return replace(found, changes=tuple(changes))


def _new(one: TabMapping) -> Iterator[tuple[int, int]]:
    """Give number and index of the columns that are to be added: as if beyond the grid.

    What stands now where they will be is not theirs.
    """
    return ((n, one.tab.column_count + n) for n, _ in enumerate(one.added))


def _columns(one: TabMapping) -> TabColumns:
    columns = {name: column.index for name, column in one.fields.items()}
    columns |= {one.added[n]: at for n, at in _new(one)}
    words = {name: c.words.by_ours for name, c in one.fields.items() if c.words}
    return TabColumns(one.header_row, columns, words)


def _placed(
    change: Change, new: dict[tuple[str, str], tuple[TabMapping, int]], fields: Fields
) -> Change:
    """Return a change with the letter and header that an added column will have."""
    found = new.get((change.tab, change.letter))
    if found is None:
        return change
    one, n = found
    return replace(change, letter=letters(one.edge + n), header=fields.get(one.added[n]).title)
