"""Why a tab cannot be mapped, in a sentence that says what to do. Pure."""

from sync.mapping.tab import CellKind, Lock, SeenTab
from sync.types import letters


def of_tab(tab: SeenTab) -> str:
    """Return why no mapping of the tab is possible at all, or ""."""
    if not tab.is_grid:
        return "is a chart or a connected data source, not a grid of cells."
    if tab.tables:
        return (
            f"holds a Table of Google's ({', '.join(tab.tables)}): rows that a program adds may "
            "land outside of it. Turn it back into ordinary cells (in the menu beside its name: "
            "unformatted data), and run this again. What is in the cells stays."
        )
    if tab.has_pivot:
        return "holds a pivot table: what stands there is computed. Map the tab that it is made of."
    if not any(cell.kind is not CellKind.BLANK for row in tab.rows for cell in row):
        return f"is empty (its first {len(tab.rows)} rows are blank)." if tab.rows else "is empty."
    return ""


def below(tab: SeenTab, header_row: int, account: str) -> str:
    """Return why nothing can be written below a header row, or ""."""
    for lock in tab.locks:
        if lock.bottom > header_row:
            return (
                f"is protected ({_place(lock)}), and {account} may not edit there. In Google "
                "Sheets, open Data > Protect sheets and ranges, choose that range, and add "
                f"{account} to its editors."
            )
    if merged := [row + 1 for row in tab.merged_rows if row > header_row]:
        shown = ", ".join(map(str, merged[:5]))
        return (
            f"has cells that are merged over several rows (from row {shown}): such rows can be "
            "neither sorted nor found again. Unmerge them (Format > Merge cells > Unmerge)."
        )
    return ""


def _place(lock: Lock) -> str:
    name = f"{lock.description!r}, " if lock.description else ""
    return f"{name}columns {letters(lock.left)} to {letters(lock.right - 1)}"
