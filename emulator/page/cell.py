"""One cell as HTML: text runs, links, marks. Everything is escaped. No I/O."""

from itertools import pairwise
from typing import Any

from markupsafe import escape

from emulator.page import style

Json = dict[str, Any]

SCHEMES = ("https://", "http://", "mailto:", "tel:")


def utf16_slices(text: str, starts: list[int]) -> list[str]:
    """Return the text cut at these offsets, which count UTF-16 units as Google does."""
    units = text.encode("utf-16-le")
    bounds = [2 * start for start in starts] + [len(units)]
    return [units[a:b].decode("utf-16-le", "replace") for a, b in pairwise(bounds)]


def anchor(address: str, inner: str, css: str = "") -> str:
    """Return a link; an address that is not a web address becomes plain text."""
    if not address.lower().startswith(SCHEMES):
        return inner
    styled = f' style="{css}"' if css else ""
    return (
        f'<a href="{escape(address)}" target="_blank" rel="noopener noreferrer"{styled}>{inner}</a>'
    )


def _run(text: str, run: Json) -> str:
    given = run.get("format", {})
    css = ";".join(style.text(given))
    address = given.get("link", {}).get("uri")
    inner = str(escape(text))
    if address and text.strip():
        return anchor(address, inner, css)
    return f'<span style="{css}">{inner}</span>' if css else inner


def content(cell: Json) -> str:
    """Return the cell's content."""
    text = str(cell.get("formattedValue", ""))
    if cell.get("dataValidation", {}).get("condition", {}).get("type") == "BOOLEAN":
        checked = cell.get("effectiveValue", {}).get("boolValue")
        return f'<i class="check">{"☑" if checked else "☐"}</i>'
    runs = cell.get("textFormatRuns") or []
    if runs:
        if runs[0].get("startIndex", 0):
            runs = [{}, *runs]
        starts = [run.get("startIndex", 0) for run in runs]
        pieces = zip(utf16_slices(text, starts), runs, strict=True)
        return "".join(_run(piece, run) for piece, run in pieces)
    inner = str(escape(text))
    address = cell.get("hyperlink")
    return anchor(address, inner) if address and text else inner


def classes(cell: Json, *, last: bool, next_is_empty: bool) -> list[str]:
    """Return the CSS classes for overflow and marks."""
    wrap = cell.get("effectiveFormat", {}).get("wrapStrategy", "OVERFLOW_CELL")
    found = []
    if wrap == "WRAP":
        found.append("wrap")
    elif wrap == "OVERFLOW_CELL" and next_is_empty and not last and not _is_number(cell):
        found.append("over")
    if cell.get("note"):
        found.append("noted")
    if cell.get("dataValidation", {}).get("condition", {}).get("type", "").startswith("ONE_OF"):
        found.append("choice")
    return found


def _is_number(cell: Json) -> bool:
    """Return whether it is a number, which does not overflow into the next cell."""
    return "numberValue" in cell.get("effectiveValue", {})


def declarations(cell: Json) -> list[str]:
    """Return the cell's own CSS."""
    given = cell.get("effectiveFormat") or cell.get("userEnteredFormat") or {}
    found = style.text(given.get("textFormat", {}))
    if cell.get("textFormatRuns") or cell.get("hyperlink"):
        found = [each for each in found if not each.startswith("text-decoration:underline")]
    back = style.background(given)
    if back is not None:
        found.append(f"background-color:{back}")
    side = style.alignment(given, cell.get("effectiveValue", {}))
    if side != "left":
        found.append(f"text-align:{side}")
    if given.get("verticalAlignment", "BOTTOM") != "BOTTOM":
        found.append(f"vertical-align:{given['verticalAlignment'].lower()}")
    return found
