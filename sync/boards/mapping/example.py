"""Mapped tabs, which show what to propose for other tabs with the same headers. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sync.boards.mapping.fields import Fields
from sync.boards.mapping.propose import Proposal
from sync.boards.mapping.tab import SeenTab
from sync.boards.mapping.text_words import NO_WORD
from sync.boards.mapping.vocabulary import plain

StoredWords = Mapping[str, str]
"""The words of a column as they are stored: by our text, or as `parse_rule_words` reads them."""


@dataclass(frozen=True)
class EarlierColumn:
    """How a column was mapped before, in its tab or another: its field ("": none), and words."""

    field_id: str
    words: StoredWords
    reason: str
    """Why it should be the same now."""


@dataclass(frozen=True)
class StoredMapping:
    """How a tab was mapped: its header row, and by column index its fields and their words."""

    header_row: int
    fields_by_index: Mapping[int, str]
    words: Mapping[int, StoredWords]
    since: datetime | None = None

    @property
    def columns(self) -> dict[int, EarlierColumn]:
        """The columns with a field."""
        return {
            index: EarlierColumn(field_id, self.words.get(index, {}), "mapped already")
            for index, field_id in self.fields_by_index.items()
        }


@dataclass(frozen=True)
class Example:
    """A mapped tab, with its columns by `SeenTab.numbered_headers`."""

    title: str
    header_row: int
    columns: Mapping[str, EarlierColumn]


def example_of(tab: SeenTab, stored: StoredMapping, place: str) -> Example:
    """Return a mapped tab as an example; `place` is what people call it, or its spreadsheet."""
    columns, reason = dict[str, EarlierColumn](), f"as in {place}"
    for index, header in tab.numbered_headers(stored.header_row).items():
        field_id, words = stored.fields_by_index.get(index, ""), stored.words.get(index, {})
        columns[header] = EarlierColumn(field_id, words, reason)
    return Example(tab.title, stored.header_row, columns)


def header_row_like(tab: SeenTab, examples: Sequence[Example]) -> int | None:
    """Return the header row of the first example most of whose headers the tab has in that row."""
    for example in examples:
        headers = {*tab.numbered_headers(example.header_row).values()}
        if 2 * len(headers & example.columns.keys()) > len(example.columns):
            return example.header_row
    return None


def columns_like(
    tab: SeenTab,
    header_row: int,
    proposals: Sequence[Proposal],
    examples: Sequence[Example],
    fields: Fields,
) -> dict[int, EarlierColumn]:
    """Return what a tab's columns are in the first example that has them, by index.

    Without words that their drop-downs don't have, and without fields that aren't known now.
    """
    headers, found = tab.numbered_headers(header_row), dict[int, EarlierColumn]()
    for proposal in proposals:
        header, options = headers.get(proposal.index, ""), proposal.options
        column = next((e.columns[header] for e in examples if header in e.columns), None)
        if column is None or proposal.is_computed:
            continue
        is_taken = column.field_id in (other.field_id for other in found.values())
        if column.field_id and (is_taken or not fields.is_known(column.field_id)):
            continue
        words = {
            text: word
            for text, word in column.words.items()
            if options is None or word in (NO_WORD, *options)
        }
        found[proposal.index] = replace(column, words=words)
    return found


def added_like(
    tab: SeenTab, header_row: int, examples: Sequence[Example], fields: Fields
) -> list[str]:
    """Return the IDs of the fields whose own columns were added to the example with the same title.

    For a tab without one, such as a new month's, the first example counts.
    """
    known = {*tab.numbered_headers(header_row).values()}
    same = [example for example in examples if example.title == tab.title] or examples[:1]
    added = []
    for example in same:
        for header, column in example.columns.items():
            if not column.field_id or header in known:
                continue
            field = fields.get(column.field_id)
            if header in (f"1:{plain(title)}" for title in (field.title, field.second_title)):
                added.append(field.id)
    return added
