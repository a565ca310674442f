"""What can be wrong with a board: rules beside those in `sync.status.rules`. Pure."""

from sync.status.problem import ProblemRule, counted
from sync.status.rules import COLUMNS_GONE

RULES = (
    ProblemRule(
        COLUMNS_GONE[1],
        what=lambda now: (
            counted(len(now.gone_columns), "mapped column is", "mapped columns are") + " missing."
        ),
        cause="A person deleted {0.gone}: what it showed is written nowhere.",
        fix="In the spreadsheet: File, Version history. Or say which column shows it instead; or "
        "that you do without it.",
        page="/columns",
        warns=lambda now: now.gone_columns and now.is_adopted,
        since=lambda now: now.oldest_gone_column,
        over="No mapped column is missing any more.",
    ),
    ProblemRule(
        "missing_words",
        what=lambda now: (
            counted(now.missing_words, "cell", "cells")
            + " of your own sheet cannot show what EverBright says: no option stands for it."
        ),
        cause="The drop-down of a mapped column has no such option, or none was chosen for it.",
        fix="Columns on the console lists them, and is where a word is chosen.",
        page="/columns#words",
        warns=lambda now: now.missing_words,
    ),
    ProblemRule(
        "kept_words",
        what=lambda now: (
            counted(now.kept_words, "cell", "cells")
            + " of your own sheet show what a person typed, and EverBright says otherwise."
        ),
        cause="What people type stays until the next event of the job.",
        fix="Columns on the console lists them; clear a cell to have it filled again.",
        page="/columns#kept",
        warns=lambda now: now.kept_words,
    ),
    ProblemRule(
        "foreign_keys",
        what=lambda now: (
            counted(len(now.foreign_keys), "row", "rows")
            + " of your own sheet have the site ID of one job and show the customer of another."
        ),
        cause="Some of the columns were sorted or moved by themselves, without Site ID: "
        "{0.foreign}. What comes for a job goes into the row that has its ID.",
        fix="Undo that in Google Sheets (File, Version history), or put each site ID into the row "
        "of its customer. Then sort whole rows, and have the filter include Site ID.",
        page="/columns",
        warns=lambda now: now.foreign_keys,
    ),
)
"""The most urgent first."""
