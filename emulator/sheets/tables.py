"""Where values.append finds the table to append to.

A table is an island of filled cells: cells that touch, corners too, and the box around them. The
last one in the asked range takes the new rows; where there is none, they go to the range's start.
"""

from emulator.sheets.grid import Sheet
from emulator.sheets.ranges import Box


def last_table(sheet: Sheet, box: Box) -> Box | None:
    """Return the last table that meets the box, or None."""
    tables = [one for one in islands(sheet) if one.meets(box)]
    return max(tables, key=lambda one: (one.bottom, one.right), default=None)


def islands(sheet: Sheet) -> list[Box]:
    """Return the boxes of all tables of the sheet."""
    boxes: list[Box] = []
    open_boxes: list[Box] = []
    for at, row in enumerate(sheet.rows):
        runs = _runs(sheet, at) if row.cells else []
        if not runs and not open_boxes:
            continue
        joined = [*open_boxes, *runs]
        joined = _join(joined)
        open_boxes = [one for one in joined if one.bottom == at + 1]
        boxes.extend(one for one in joined if one.bottom <= at)
    return _join(boxes + open_boxes)


def _runs(sheet: Sheet, at: int) -> list[Box]:
    """Return the runs of filled cells of a row."""
    cells = sheet.rows[at].cells
    found: list[Box] = []
    for across, column in enumerate(sheet.columns):
        cell = cells.get(column.key)
        if cell is None or cell.value is None:
            continue
        if found and found[-1].right == across:
            found[-1] = found[-1]._replace(right=across + 1)
        else:
            found.append(Box(at, at + 1, across, across + 1))
    return found


def _join(boxes: list[Box]) -> list[Box]:
    """Return the boxes, merged where they touch or overlap."""
    found: list[Box] = []
    for box in boxes:
        touching = True
        while touching:
            touching = False
            for other in found:
                if _touch(box, other):
                    found.remove(other)
                    box = _around(box, other)
                    touching = True
                    break
        found.append(box)
    return found


def _touch(one: Box, other: Box) -> bool:
    return (
        one.top <= other.bottom
        and other.top <= one.bottom
        and one.left <= other.right
        and other.left <= one.right
    )


def _around(one: Box, other: Box) -> Box:
    return Box(
        min(one.top, other.top),
        max(one.bottom, other.bottom),
        min(one.left, other.left),
        max(one.right, other.right),
    )
