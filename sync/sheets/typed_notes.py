"""Keeps notes that people type over ours in our own tab. Pure.

If a person types a note over ours:

1. The next flush with a change of the cell hasn't read the note, takes it for ours, and overwrites
   it.
2. The check finds it in the copied row (`_Outcome.TYPED_NOTE`): an undo restores it.
3. The cell is stored without our note (`with_typed_notes`), so that it is read next time
   (`may_have_typed_note`).
4. Then it stays (`CellDecider._with_note`), and the cell is stored like that again. An older note
   of ours, which a person put back, counts as typed, too.
5. Once the note is blank, or ours (maybe with another zone's date), ours is written again
   (`is_ours_or_blank`).
"""

import re
from collections.abc import Set

from sync.jobs.cells import EMPTY, Cell, Cells

_WHEN = re.compile(r"\w{3} \d\d?, \d{4}, \d\d?:\d\d [AP]M")
"""How notes begin."""


def without_note(cell: Cell) -> Cell:
    return cell.model_copy(update={"note": "", "noted": None})


def with_typed_notes(shown: Cells, columns: Set[str]) -> dict[str, Cell]:
    """Return cells as they are stored if those in `columns` have typed notes: without ours."""
    noted = {column: without_note(shown[column]) for column in columns & shown.keys()}
    return {**shown, **noted}


def may_have_typed_note(resolved: Cell) -> bool:
    """Return whether a cell was stored without a note of ours: a person may have typed one."""
    return resolved != EMPTY and resolved == without_note(resolved)


def is_ours_or_blank(ours: str, there: str) -> bool:
    """Return whether a note is `ours`, or blank. Its date may be that of another time zone."""
    when, _, rest = ours.partition("\n")
    when_there, _, rest_there = there.partition("\n")
    are_dated = _WHEN.fullmatch(when) and _WHEN.fullmatch(when_there)
    return there in ("", ours) or (bool(are_dated) and rest == rest_there)
