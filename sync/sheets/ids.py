"""The IDs and metadata keys by which our tabs, rows and columns are recognized. Pure.

Titles and headers are for people, who may change them.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

JOBS_TAB = 1_126_170_001
"""The sheet ID of the Jobs tab when it is created: Google rejects a second creation."""
FENCE_TAB = 1_126_170_002
"""The sheet ID of the hidden tab `_brightsheet`."""
RECOVERED_TAB = 1_126_170_003
HISTORY_TAB = 1_126_170_004
PIPELINE_TAB = 1_126_170_005
SCRATCH_TAB, SCRATCH_RANGE = 1_126_170_006, 2_000_000_006
"""The IDs for the trial of how Google treats IDs; the fence's numbers stay far below."""

# The keys of developer metadata, with what their values are if they matter.
HEADER_KEY = "brightsheet.header"
"""On the header row of a tab of jobs: MAPPED_SINCE and a time if it is a board."""
MAPPED_SINCE = "mapped "
WORDS_KEY = "brightsheet.words"
"""On a mapped column with words of its own: a JSON object, our text (or rule) → theirs."""
OTHER_TEXTS = "*"
"""A key of those words: every text without a word is written as it is."""
COLUMN_KEY = "brightsheet.column"
"""On a managed column: its ID."""
FENCE_KEY = "brightsheet.fence"
RECOVERED_KEY = "brightsheet.recovered"
HISTORY_KEY = "brightsheet.history"
PIPELINE_KEY = "brightsheet.pipeline"
GUARD_KEY = "brightsheet.guard"
"""On a managed column or a header row: deleted and created again by every batch that writes it.
`sheet_requests` explains what it is for."""
CHECK_KEY = "brightsheet.check"
"""On the spreadsheet or SCRATCH_TAB, within a batch."""
FORMAT_KEY = "brightsheet.look"
"""On a header row: the version of colors and filters that the tab has."""
PIPELINE_LABEL = "pipeline:milestone"
"""The ID of a column, as COLUMN_KEY has it: that of the milestones in the Pipeline."""
TAB_KINDS = (FENCE_KEY, HISTORY_KEY, PIPELINE_KEY, HEADER_KEY)
"""The keys on header rows."""
HEADER = "header"
"""The name of the guard of a header row."""


class MetadataEntry(NamedTuple):
    """An entry of developer metadata."""

    id: int
    key: str
    value: str


def metadata_entries(dimension: Mapping[str, Any]) -> list[MetadataEntry]:
    """Return the metadata of a row or column, in the API's form (DimensionProperties)."""
    return [
        MetadataEntry(one.get("metadataId", 0), one["metadataKey"], one.get("metadataValue", ""))
        for one in dimension.get("developerMetadata", ())
    ]


def mapping_id(sheet_id: int) -> int:
    """Return the fixed `metadataId` of HEADER_KEY on a mapped tab; a duplicate has another."""
    return stable_id(sheet_id, "mapping")


def moment_mapped(entry: str) -> datetime | None:
    """Return the time (UTC) in the metadata of a header row; None if it isn't a mapped one."""
    if not entry.startswith(MAPPED_SINCE):
        return None
    try:
        moment = datetime.fromisoformat(entry.removeprefix(MAPPED_SINCE))
    except ValueError:
        return datetime.max.replace(tzinfo=UTC)  # A program edited it: no typed text is replaced.
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def stable_id(sheet_id: int, name: str) -> int:
    """Return the fixed ID of something in a tab: of a guard, a view, or the tab of its copies.

    A positive 32-bit number, as the Sheets discovery document requires. The chance that two of a
    hundred columns share one is two in a million.
    """
    digest = hashlib.sha256(f"{sheet_id}:{name}".encode()).digest()
    return int.from_bytes(digest[:4]) % (2**31 - 1) + 1


def parsed_words(text: str) -> dict[str, str]:
    """Return the words in metadata; {} if somebody has changed it to anything else."""
    try:
        words = json.loads(text)
    except ValueError:
        return {}
    pairs = words.items() if isinstance(words, dict) else ()
    return {str(ours): str(option) for ours, option in pairs}
