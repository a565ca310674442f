"""The columns of the tab *Jobs*: their headers, widths, and who may write what. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

KEY, REP = "site_id", "rep"
STATUS, DOCUMENTS = "status:", "documents:"
"""What the ID of a milestone's column begins with; the definition follows."""


class Whose(StrEnum):
    """Who may write into a column."""

    OURS = "ours"
    """Always what EverBright says."""
    FILLED = "filled"
    """Filled whenever it is blank, else people's."""
    THEIRS = "theirs"
    """Made once, and never touched again."""


@dataclass(frozen=True)
class Column:
    """A column that we make. `number_format` is Google's, "" for text."""

    id: str
    header: str
    width: int = 110
    whose: Whose = Whose.OURS
    is_hidden: bool = False
    is_wrapped: bool = True
    number_format: str = ""
    note: str = ""
    """On the header."""


_FILLED, _THEIRS = Whose.FILLED, Whose.THEIRS
MILESTONES, MILESTONE_DOCUMENTS = "milestones", "documents"
"""Places in the order of columns, each of several columns."""
_ORDER = (
    Column("customer", "Customer", 124, _FILLED),
    Column("status", "Status", 169),
    Column("days", "Days", 50, number_format="NUMBER"),
    Column("next_action", "Next action", 300),
    Column("waiting_on", "Waiting on", 90),
    Column(REP, "Rep", 90, _FILLED),
    Column("notes", "Notes", 200, _THEIRS),
    Column("follow_up", "Follow up", 90, _THEIRS, number_format="DATE"),
    Column("updated", "Updated", 140, number_format="DATE_TIME"),
    Column("phone", "Phone", 105, _FILLED),
    Column(MILESTONES, ""),
    Column("folder", "Folder", 60),
    Column(MILESTONE_DOCUMENTS, ""),
    Column("address", "Address", 270, _FILLED),
    Column("email", "Email", 190, _FILLED),
    Column("last_comment", "Last comment", 260),
    Column("quote", "Quote", 280, is_hidden=True),
    Column("re_signed", "Re-signed", is_hidden=True, number_format="DATE"),
    Column("waiting_at", "Waiting at", is_hidden=True),
    Column("kind", "Kind", is_hidden=True),
    Column(KEY, "Site ID", 280, is_hidden=True),
)
COLUMN_IDS = tuple(each.id for each in _ORDER)
"""The columns from left to right; two stand for one of each milestone."""
ONCE_KNOWN = ("address", "email", "last_comment")
"""Columns that appear with the first job that has something for them."""


def job_columns(
    titles: Mapping[str, str],
    with_documents: Iterable[str],
    known: Iterable[str],
    placed: Iterable[tuple[str, Column]] = (),
) -> list[Column]:
    """Return the columns from left to right.

    `titles` are the milestones' by definition, `with_documents` the definitions of those with
    documents, and `known` the IDs of the columns that a job has something for. `placed` are more
    columns, each with the ID after which it comes; else they are the last that aren't hidden.
    """
    documents, left_out = {*with_documents}, {*ONCE_KNOWN} - {*known}
    several = {
        MILESTONES: [Column(f"{STATUS}{d}", title, 125) for d, title in titles.items()],
        MILESTONE_DOCUMENTS: [
            Column(f"{DOCUMENTS}{d}", f"{title} documents", 190, is_wrapped=False)
            for d, title in titles.items()
            if d in documents
        ],
    }
    found = [
        (each.id, column)
        for each in _ORDER
        for column in several.get(each.id, [each])
        if column.id not in left_out
    ]
    """Each with its place in the order."""
    for before, column in placed:
        places = [number for number, (place, _) in enumerate(found) if place == before]
        places = places or [number for number, (_, c) in enumerate(found) if not c.is_hidden]
        found.insert(places[-1] + 1, (column.id, column))
    return [column for _, column in found]
