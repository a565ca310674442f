"""Mapped tabs, which show what to propose for other tabs with the same headers. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sync.boards.mapping.fields import Fields
from sync.boards.mapping.propose import Proposal
from sync.boards.mapping.stored_mapping import StoredColumn, StoredMapping
from sync.boards.mapping.tab import SeenTab
from sync.boards.mapping.vocabulary import plain
from sync.boards.mapping.words import NO_WORD


@dataclass(frozen=True)
class Example:
    """A mapped tab, with its columns by `SeenTab.numbered_headers`."""

    title: str
    header_row: int
    columns: Mapping[str, StoredColumn]


def example_of(tab: SeenTab, stored: StoredMapping, place: str) -> Example:
    """Return a mapped tab as an example; `place` is what people call it, or its spreadsheet."""
    columns, reason = dict[str, StoredColumn](), f"as in {place}"
    for index, header in tab.numbered_headers(stored.header_row).items():
        field_id = stored.fields_by_index.get(index, "")
        words = stored.words_by_index.get(index, {})
        columns[header] = StoredColumn(field_id, words, reason)
    return Example(tab.title, stored.header_row, columns)


def header_row_like(tab: SeenTab, examples: Sequence[Example]) -> int | None:
    """Return the header row of the first example most of whose headers the tab has in that row."""
    for example in examples:
        headers = {*tab.numbered_headers(example.header_row).values()}
        if 2 * len(headers & example.columns.keys()) > len(example.columns):
            return example.header_row
    return None


def columns_like(
    proposals: Sequence[Proposal], examples: Sequence[Example], fields: Fields
) -> dict[int, StoredColumn]:
    """Return what a tab's columns are in the first example that has them, by index.

    Without words that their drop-downs don't have, and without fields that aren't known now.
    """
    found = dict[int, StoredColumn]()
    for proposal in proposals:
        header, options = proposal.numbered_header, proposal.options
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
