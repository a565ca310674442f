"""What the mapping of tabs found and did."""

from dataclasses import dataclass

from sync.mapping.decide import TabMapping
from sync.mapping.fields import Fields
from sync.sheets.preview import Preview


@dataclass(frozen=True)
class Report:
    """What was found: a mapping for each tab, and those that are (to be) written by sheet id."""

    tabs: tuple[TabMapping, ...]
    fields: Fields
    chosen: frozenset[int] = frozenset()
    problem: str = ""
    """Why none of it can be written."""
    written: int = 0
    """How many requests were sent."""
    waiting: int = 0
    """How many are to be sent."""
    preview: Preview | None = None
    """What the first flush would change; None where nobody asked, or nothing can be mapped."""
    unknown: int = 0
    """For how many jobs EverBright gave no customer, without whom no row of theirs is matched."""
