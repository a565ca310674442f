"""Composes the writes of keys into rows: into matched ones, and out of another customer's. Pure."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sync.field_table import KEY
from sync.jobs.target import Target
from sync.sheets.cell_data import BLANK, Rows
from sync.sheets.job_tabs import JobTabs, Match
from sync.sheets.row_identity import IDENTIFYING, NAMES, ByKey
from sync.sheets.sheet_requests import CellWrite, RowWrite
from sync.sheets.snapshot import Table


@dataclass(frozen=True)
class KeyRemoval:
    """The removal of a job's key from a row that shows another customer (texts by column ID)."""

    table: Table
    row: int
    site: str
    texts: Mapping[str, str]

    @property
    def write(self) -> RowWrite:
        """The write that clears the key."""
        cell = CellWrite(
            index=self.table.columns[KEY],
            column=KEY,
            data={},
            fields="userEnteredValue",
            expects=self.table.value(KEY, self.row),
        )
        identity = ByKey(key=self.site, shows=dict(self.texts))
        return RowWrite(
            sheet_id=self.table.sheet_id, row=self.row, cells=(cell,), identity=identity
        )


def key_write(tables: Iterable[Table], match: Match, site: str) -> RowWrite:
    """Return the write of a job's key into its matched row."""
    table = next(table for table in tables if table.sheet_id == match.place[0])
    cell = CellWrite(
        index=table.columns[KEY],
        column=KEY,
        data={"userEnteredValue": {"stringValue": site}},
        fields="userEnteredValue",
        expects=BLANK,
        key_row=dict(match.texts),
    )
    identity = ByKey(key="", shows=dict(match.texts))
    return RowWrite(
        sheet_id=table.sheet_id, row=match.place[1], cells=(cell,), site=site, identity=identity
    )


def key_repairs(
    tabs: JobTabs,
    tables: Sequence[Table],
    rows: Rows,
    targets: Iterable[Target],
    lost: Container[str],
) -> tuple[list[RowWrite], list[KeyRemoval]]:
    """Return the writes that restore lost keys, and the keys to remove from others' rows.

    `lost` are the keys in no row; `tables` and `rows` (by sheet ID) were read whole. Of the rows
    with a job's key, one is another customer's if it differs from the job's customer in all columns
    in which another of these rows does, and in more. For the job of Ann Birch, 555-0100:

    - "Ann Birch | 555-0100" and "Bob Newman | 555-0100": the second loses the key.
    - "Ann Birch | 555-0199" and "Bob Newman | 555-0100": both keep it, as either may be hers.

    All are another customer's if each shows only another customer, and a row without a key
    certainly is the job's.
    """
    rows_with_key: dict[str, list[tuple[Table, int, frozenset[str]]]] = {}
    without_row = []
    for target in targets:
        rows_with_key[target.site] = []
        shows_others = True
        for table in tables:
            for row in table.keys.get(target.site, ()):
                texts = table.texts(row)
                differing = tabs.differing(texts, target)
                rows_with_key[target.site].append((table, row, differing))
                shown = texts.keys() & set(IDENTIFYING)
                if not shown and target.resolved.keys() & table.columns.keys() & set(IDENTIFYING):
                    # Not the cells that the job has had: a customer without a job in EverBright
                    # may have nothing but a name.
                    shown = texts.keys() & set(NAMES)
                shows_others = shows_others and bool(shown) and shown <= differing
        if target.site in lost or (rows_with_key[target.site] and shows_others):
            without_row.append(target)
    matches = tabs.lost_rows(tables, rows, without_row) if without_row else {}
    removals = [
        KeyRemoval(
            table, row, site, {c: text for c, text in table.texts(row).items() if c in differing}
        )
        for site, same_key in rows_with_key.items()
        for table, row, differing in same_key
        if site in matches or any(others < differing for _, _, others in same_key)
    ]
    restored = [key_write(tables, one, site) for site, found in matches.items() for one in found]
    return restored, removals
