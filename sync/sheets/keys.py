"""Keys that are gone from their column: deleted rows, or a column that was emptied. Pure."""

from collections import Counter
from collections.abc import Container, Mapping, Set

from sync.errors import Permanent
from sync.sheets.celldata import Row, site_in

FEW = 5
FEW_SHARE = 0.1
"""A person deletes a few rows at once; where more keys are gone, the column was emptied or moved.

Taking those for deleted rows would bring every job back as a second row.
"""


def are_few(gone: Set[str], known: Set[str]) -> bool:
    """Tell whether so many of the `known` keys may be gone because people deleted their rows."""
    return len(gone) <= max(FEW, FEW_SHARE * len(known))


def find_key_column(rows: Mapping[int, Row], sites: Container[str]) -> int | None:
    """Return the index of the column in which most of `sites` stand now; None where few do."""
    found: Counter[int] = Counter()
    for cells in rows.values():
        for index, cell in enumerate(cells):
            site = site_in(cell)
            found[index] += site is not None and site in sites
    most = found.most_common(1)
    return most[0][0] if most and most[0][1] > 1 else None


def keys_gone(gone: int, known: int) -> Permanent:
    """Return the error for keys that stand nowhere any more."""
    return Permanent(
        "keys_gone",
        f"{gone} of {known} site IDs are gone from their column at once. Undo what happened to "
        "it; if rows were deleted on purpose: brightsheet compare",
    )
