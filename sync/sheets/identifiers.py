"""How Brightsheet knows its tabs, rows and columns: sheet ids and keys of developer metadata."""

import hashlib

JOBS_TAB = 1_126_170_001
"""The sheet id that the Jobs tab is made with: making it twice is refused by Google."""
FENCE_TAB = 1_126_170_002
"""The sheet id of the hidden tab `_brightsheet`."""
RECOVERED_TAB = 1_126_170_003
HISTORY_TAB = 1_126_170_004
PIPELINE_TAB = 1_126_170_005

HEADER_KEY = "brightsheet.header"
"""On the header row of a tab with jobs: MAPPED and a moment where the tab is a person's own."""
MAPPED = "mapped "
WORDS_KEY = "brightsheet.words"
"""On a mapped column with a drop-down: a JSON object, our text → an option."""
COLUMN_KEY = "brightsheet.column"
FENCE_KEY = "brightsheet.fence"
RECOVERED_KEY = "brightsheet.recovered"
HISTORY_KEY = "brightsheet.history"
PIPELINE_KEY = "brightsheet.pipeline"
GUARD_KEY = "brightsheet.guard"
"""On a managed column or a header row: deleted and created again by every batch that writes it."""
CHECK_KEY = "brightsheet.check"
"""On the spreadsheet within a batch alone."""
LOOK_KEY = "brightsheet.look"
"""On a managed column or a header row: the formatting that it was given."""
PIPELINE_LABEL = "pipeline:milestone"
PIPELINE_COUNT = "pipeline:count"


def copies_tab(sheet_id: int) -> int:
    """Return the sheet id of the hidden tab for the copied rows of a mapped tab."""
    return guard_id(sheet_id, "copies")


def mapping_id(sheet_id: int) -> int:
    """Return the fixed `metadataId` of HEADER_KEY on a mapped tab; a duplicate has another."""
    return guard_id(sheet_id, "mapping")


def guard_id(sheet_id: int, name: str) -> int:
    """Return the fixed `metadataId` of the guard of a column (or HEADER) of a tab.

    A positive 32-bit number, as the Sheets discovery document asks for. Two of a hundred columns
    share one by a chance of two in a million.
    """
    digest = hashlib.sha256(f"{sheet_id}:{name}".encode()).digest()
    return int.from_bytes(digest[:4]) % (2**31 - 1) + 1
