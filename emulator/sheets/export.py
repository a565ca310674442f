"""A spreadsheet's first tab as text, as `files.export` of Drive gives it."""

import re

from werkzeug.datastructures import MultiDict

from emulator.sheets import ranges, values
from emulator.sheets.evaluate import Evaluator
from emulator.sheets.grid import Spreadsheet

SEPARATORS = {"text/csv": ",", "text/tab-separated-values": "\t"}


def delimited(spreadsheet: Spreadsheet, separator: str) -> str:
    """Return what the first tab shows, a line a row, all as wide as the widest."""
    sheet = spreadsheet.sheets[0]
    render = values.Render(MultiDict())
    area = values.value_range(Evaluator(spreadsheet), sheet, ranges.whole(sheet), render)
    rows = area.get("values", [])
    wide = max(map(len, rows), default=0)
    padded = ([*row, *[""] * (wide - len(row))] for row in rows)
    return "\r\n".join(separator.join(_field(str(t), separator) for t in row) for row in padded)


def _field(text: str, separator: str) -> str:
    if separator == "\t":
        return re.sub(r"[\t\r\n]", " ", text)
    return '"' + text.replace('"', '""') + '"' if re.search(r'[,"\r\n]', text) else text
