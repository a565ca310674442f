"""Builds the filter views of a mapped tab: its rejected jobs, and its stuck ones. Pure."""

from collections.abc import Iterator

from sync.boards.mapping.words import TextWords
from sync.jobs.status import REJECTED
from sync.settings.config_file import Config, Meaning
from sync.sheets.ids import stable_id
from sync.sheets.snapshot import Table
from sync.sheets.tabs.filter_views import Criteria, View, ViewFilter, filters, is_text, views
from sync.types import letters


def views_of(table: Table, config: Config, stuck_days: int) -> list[View]:
    """Return the views of a tab, for the columns that it has.

    For each column of a status there is a view of the rejected jobs, by the tab's word for that;
    one more view has the stuck jobs.
    """
    wanted: dict[str, ViewFilter] = {}
    for column, index in sorted(table.columns.items(), key=lambda each: each[1]):
        header = table.headers.get(index, "")
        for word, criteria in _rejected(table, column, config, stuck_days):
            title = f"{header}: {word}"
            if title in wanted:  # Under two-row headers, several are called "Status".
                title = f"{header} ({letters(index)}): {word}"
            wanted[title] = criteria, (column, "ASCENDING")
    wanted["Stuck"] = filters(config, stuck_days)["Stuck"]
    made = views(table, wanted, first=0)
    return [{**view, "filterViewId": stable_id(table.sheet_id, view["title"])} for view in made]


def _rejected(
    table: Table, column: str, config: Config, stuck_days: int
) -> Iterator[tuple[str, Criteria]]:
    """Yield the words of a column for rejected jobs, and the criteria for each."""
    if column == "status" and column not in table.words:
        criteria, _ = filters(config, stuck_days)[REJECTED]
        yield REJECTED, criteria
        return
    texts: list[str] = []
    if column == "status":
        texts = [REJECTED]
    elif column.startswith("status:"):
        texts = [
            status.label for status in config.statuses.values() if status.means is Meaning.REJECTED
        ]
    words = TextWords.parse(table.words.get(column))
    found = (text if words.writes_as_is(text) else words.word_of(text) for text in texts)
    for word in dict.fromkeys(filter(None, found)):
        yield word, {column: is_text("TEXT_EQ", word)}
