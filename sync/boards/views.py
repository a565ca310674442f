"""Builds the filter views of a mapped tab: its rejected jobs, and its stuck ones. Pure."""

from sync.jobs.status import REJECTED
from sync.settings.config_file import Config
from sync.sheets.read import OTHER_TEXTS, Table, stable_id
from sync.sheets.tabs.filter_views import View, ViewFilter, filters, is_text, views


def views_of(table: Table, config: Config, stuck_days: int) -> list[View]:
    """Return the views of a tab, for the columns that it has.

    For each column of a status there is a view of the rejected jobs, by the tab's word for that;
    one more view has the stuck jobs.
    """
    labels = [status.label for status in config.statuses.values() if status.means == "rejected"]
    usual = filters(config, stuck_days)
    wanted: dict[str, ViewFilter] = {}
    for column, index in sorted(table.columns.items(), key=lambda each: each[1]):
        header, order = table.headers.get(index, ""), (column, "ASCENDING")
        if column == "status":
            if column not in table.words:
                wanted[f"{header}: {REJECTED}"] = (usual[REJECTED][0], order)
            elif word := _word(table, column, REJECTED):
                wanted[f"{header}: {word}"] = ({column: is_text("TEXT_EQ", word)}, order)
        elif column.startswith("status:"):
            words = dict.fromkeys(_word(table, column, label) for label in labels)
            for word in filter(None, words):
                wanted[f"{header}: {word}"] = ({column: is_text("TEXT_EQ", word)}, order)
    wanted["Stuck"] = usual["Stuck"]
    made = views(table, wanted, first=0)
    return [{**view, "filterViewId": stable_id(table.sheet_id, view["title"])} for view in made]


def _word(table: Table, column: str, text: str) -> str:
    """Return a column's word for one of our texts; "" if it has none."""
    words = table.words.get(column)
    if words is None:
        return text
    return words.get(text, text if OTHER_TEXTS in words else "")
