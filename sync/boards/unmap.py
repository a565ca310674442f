"""Unmaps tabs."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sync.boards.metadata import removal
from sync.boards.reader import BoardReader
from sync.errors import Permanent
from sync.ops import retry
from sync.sheets.flush import Flusher
from sync.sheets.snapshot import Snapshot, Table, keyed_sites
from sync.wiring import Sleep, Wiring

_TRIES = 8


@dataclass(frozen=True)
class UnmappedTab:
    """A tab that is (to be) mapped no more: how many jobs have rows there alone.

    `elsewhere` is the tab that gets rows for them with their next event; "" if none is mapped.
    """

    title: str
    jobs: int
    elsewhere: str


def unmap(
    wiring: Wiring, sleep: Sleep, names: Collection[str], *, write: bool
) -> tuple[UnmappedTab, ...]:
    """Return the mapped tabs among `names` (titles); with `write`, unmap them. Their cells stay.

    Without names, return every mapped tab, as if it were unmapped alone. Raises Retryable while an
    earlier write is unverified, Permanent if one of the names isn't a mapped tab's, or no tab is
    mapped.
    """
    flusher = wiring.flusher(sleep)
    again = retry.policy(sleep, _TRIES)
    with wiring.hold(sleep) as lease:
        flusher.finish_checks(lease)
        tabs = flusher.tabs(flusher.store.spreadsheet.mode())
        snapshot: Snapshot = again(flusher.client.read, tabs)
        tables = () if tabs.is_ours else snapshot.tables
        if not tables:
            raise Permanent("not_mapped", "No tab is mapped: there is nothing to remove.")
        named, titles = {name.casefold() for name in names}, [table.title for table in tables]
        known = {title.casefold() for title in titles}
        if unknown := [name for name in names if name.casefold() not in known]:
            what = f"No mapped tab is called {unknown[0]!r}. There are: {', '.join(titles)}."
            raise Permanent("no_tab", what)
        if not names:
            return tuple(_unmapped(t, [each for each in tables if each is not t]) for t in tables)
        gone = [table for table in tables if table.title.casefold() in named]
        left = [table for table in tables if table.title.casefold() not in named]
        if write:
            # Before the sheet: killed between the two, the next flush finds the tabs mapped still.
            columns = {column for table in left for column in table.columns}
            sites = keyed_sites(gone) - keyed_sites(left)
            flusher.store.batches.set_has_row(lease, sites, has_row=False)
            flusher.store.spreadsheet.set_mapped(lease, {table.sheet_id for table in left}, columns)
            again(_take_metadata, flusher, {table.sheet_id for table in gone})
        return tuple(_unmapped(table, left) for table in gone)


def _unmapped(table: Table, left: Sequence[Table]) -> UnmappedTab:
    alone = table.keys.keys() - keyed_sites(left)
    return UnmappedTab(table.title, len(alone), left[0].title if left else "")


def _take_metadata(flusher: Flusher, tabs: Collection[int]) -> None:
    requests = [
        request
        for tab in BoardReader(flusher.client).survey().tabs
        if tab.sheet_id in tabs
        for request in removal(tab)
    ]
    if requests:
        flusher.client.update(requests)
