"""The problems of boards, beside those in `sync.status.rules`. Pure."""

from sync.status.problem import ProblemRule, pluralize
from sync.status.rules import COMPARE_PAGE, of_findings

RULES = (
    ProblemRule(
        "mapped_columns_gone",
        what=lambda now: (
            pluralize(len(now.gone_columns), "mapped column is", "mapped columns are") + " missing."
        ),
        cause="Somebody deleted {0.gone}, so its data isn't shown.",
        fix="In Google Sheets, restore it (File, Version history). Or choose another column for "
        "its data, or Do without it.",
        page="/columns",
        recheck=COMPARE_PAGE,
        warns=lambda now: now.gone_columns and now.is_mapped,
        age=lambda now: now.oldest_gone_column,
        resolved="No mapped column that you want is missing.",
    ),
    ProblemRule(
        "unsettled",
        what=lambda now: (
            pluralize(now.unsettled, "customer", "customers")
            + " may already have a row in your sheet."
        ),
        cause="Something in the row agrees with the customer, but not enough to be sure. Some jobs "
        "wait for your answer before they get a row; others may appear twice.",
        fix="Choose whose row it is on the console.",
        command="brightsheet link",
        page="/mapping/rows",
        recheck=COMPARE_PAGE,
        warns=lambda now: now.unsettled,
        age=lambda now: now.oldest_unsettled,
        resolved="Every customer has a row of their own.",
    ),
    of_findings(
        "missing_words",
        "status",
        "statuses",
        " from EverBright can't be shown in your drop-downs.",
        cause="No option of the drop-down was chosen for it: {items}.",
        fix="Choose the option for it on the console.",
    ),
    of_findings(
        "missing_options",
        "value",
        "values",
        " from EverBright can't be shown in your drop-downs.",
        cause="The drop-down doesn't have it as an option: {items}.",
        fix="Add it to the drop-down in Google Sheets (Data, Data validation). Then map the tabs "
        "again: Columns, Change what your columns show.",
    ),
    of_findings(
        "kept_words",
        "cell differs",
        "cells differ",
        " from EverBright.",
        cause="Somebody typed into these cells, or their row had another job's site ID for a "
        "while: {items}. Text stays until EverBright's value changes; a formula, until you "
        "clear it.",
        fix="Clear a cell to have it filled again, or keep what you typed.",
    ),
    of_findings(
        "foreign_keys",
        "row has",
        "rows have",
        " the site ID of another customer's job.",
        cause="Some columns were sorted or moved without Site ID, or the row was reused for "
        "another customer: {items}. New webhooks go into the row with the job's ID.",
        fix="In Google Sheets, undo it (File, Version history), or put each site ID into its "
        "customer's row. In a row that was reused, clear it, Next action, Days and the statuses. "
        "Always sort whole rows, and include Site ID in the filter.",
    ),
)
"""The most urgent first."""
