"""Serves a board, tabs that an installer had before, as the tabs of jobs (`JobTabs`)."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import tzinfo

from sync.boards import habits, table_end
from sync.boards.customer_texts import (
    RowTexts,
    texts_of_columns,
    texts_of_customer,
    texts_of_rows,
)
from sync.boards.foreign_keys import foreign_keys
from sync.boards.mapping.progress_order import ProgressOrder
from sync.boards.mapping.words import NO_WORD, RuleWords, TextWords
from sync.boards.options import EndedWord, Options, ended_words, worded_ranges
from sync.boards.party import Party, name_columns
from sync.boards.reader import BoardReader
from sync.boards.row_lookup import Lookup, added_rows, look_up
from sync.boards.views import views_of
from sync.errors import Permanent
from sync.field_table import KEY
from sync.jobs.cells import EMPTY, Cell
from sync.jobs.model import Customer, placeholder_name
from sync.jobs.progress import PROGRESS
from sync.jobs.target import Target
from sync.sheets import encode
from sync.sheets.cell_data import DATE_FORMATS, CellData, Rows, site_in_text
from sync.sheets.job_tabs import JobRows, JobTabs, Match
from sync.sheets.keys import ForeignKey
from sync.sheets.policy import TypedWord
from sync.sheets.row_identity import Place
from sync.sheets.sheet_access import SheetAccess
from sync.sheets.snapshot import Snapshot, Table, keyed_sites, tab_for_new_rows
from sync.sheets.tabs.filter_views import View
from sync.sheets.typed_notes import without_note
from sync.store import Lease, Pending

LINKED = ("documents:", "folder", "contract_documents")
"""Columns whose value is links."""


class BoardTabs(JobTabs):
    """The mapped tabs."""

    is_ours = False

    def __init__(self, sheet: SheetAccess, ended: frozenset[EndedWord] | None = None) -> None:
        """`ended` are words that are no longer options; None stands for the stored ones."""
        self._store = sheet.store
        self._reader = BoardReader(sheet.client)
        self._take_call = sheet.writer.take_call
        self._targets = sheet.targets
        self._config = sheet.targets.layout.config
        self._order = ProgressOrder(self._config)
        self._ended = self._store.spreadsheet.ended_words() if ended is None else ended
        self._offered: Options = {}
        """The options of drop-downs; none before `begin_comparison` has read them."""

    def tables(self, seen: Sequence[Table]) -> tuple[Table, ...]:
        """Return the mapped tabs: a duplicate is the installer's record, and isn't written."""
        return tuple(table for table in seen if table.mapped_at and table.is_original)

    def check_served(self, snapshot: Snapshot, pending: Pending) -> None:
        """Raise Permanent if a tab that is stored as mapped isn't there with its header row."""
        gone = pending.tabs - {table.sheet_id for table in snapshot.tables}
        if not (pending.tabs or snapshot.tables):
            what = "No tab is mapped, so nothing is written."
            raise Permanent("not_mapped", what, "Map one: brightsheet map --write")
        if gone:
            names = [repr(title) for tab, title in snapshot.without_header.items() if tab in gone]
            what = f"The header row of the tab {names[0]} was" if names else "A mapped tab was"
            raise Permanent(
                "header_gone",
                f"{what} deleted. Nothing is written until it is back: in Google Sheets, File > "
                "Version history, or map the tabs again on the console (Columns).",
            )

    def learn(self, lease: Lease, snapshot: Snapshot, pending: Pending) -> bool:
        """Store the mapped tabs and columns if the read shows more than are stored."""
        columns = {column for table in snapshot.tables for column in table.columns}
        tabs = {table.sheet_id for table in snapshot.tables}
        if columns <= pending.created and tabs <= pending.tabs:
            return False
        self._store.spreadsheet.set_mapped(lease, tabs, columns)
        return True

    def columns(self, pending: Pending) -> Collection[str] | None:
        return pending.created

    def rows(self, lease: Lease, tables: Sequence[Table], targets: Sequence[Target]) -> JobRows:
        """Match the jobs without a row, and find where new rows go: at most two more reads.

        `first_flush` repeats this for previews.
        """
        without_row = {target.site for target in targets if target.is_fresh} - keyed_sites(tables)
        if not without_row:
            return JobRows()
        self._take_call(lease)
        columns = self._reader.columns(tables)
        texts = texts_of_columns(tables, columns)
        lookup = self.look_up(texts, self._store.boards.customers_without_row())
        unmatched = without_row - lookup.matches.keys()
        unsettled, hours = unmatched & lookup.unsettled, self._config.match.wait_hours
        self._store.boards.mark_unsettled(lease, unsettled, hours)
        waiting = self._store.boards.waiting() & unsettled
        if unmatched == waiting:  # No job gets a new row.
            return JobRows(lookup.matches, waiting)
        table = tab_for_new_rows(tables)
        end = table_end.find(table, columns[table.sheet_id])
        self._take_call(lease)
        above = self._reader.row(table, end.last_row)
        return JobRows(lookup.matches, waiting, table_end.new_row_pattern(table, end, above))

    def differing(self, texts: Mapping[str, str], target: Target) -> frozenset[str]:
        """Return, for `key_repairs`, the columns that don't agree in any spelling, of known ones.

        "Ortiz, Bea" and "Bea & Luis Ortiz" agree, "12 Elm" and "12 Elm Street, Marlow", too.
        """
        stand_in = placeholder_name(target.site)  # Of a row that is older than the customer's name.
        texts = {column: text for column, text in texts.items() if text != stand_in}
        agreements = Party.of(texts).agreements(Party.of(texts_of_customer(target.customer)))
        differing = {column for column, agrees in agreements.items() if not agrees}
        if "customer" in differing:
            differing = (differing - {"customer"}).union(name_columns(texts))
        return frozenset(differing)

    def lost_rows(
        self,
        tables: Sequence[Table],
        rows: Rows,
        targets: Sequence[Target],
    ) -> Mapping[str, Sequence[Match]]:
        """Match jobs for `key_repairs` as if they were new."""
        mine = {target.site: target.customer for target in targets}
        customers = self._store.boards.customers_without_row() | mine
        texts = texts_of_rows(tables, rows)
        # A row with the key of one of `targets` shows another customer (`key_repairs`), and
        # `look_up` would leave out a job whose key it finds.
        others = {
            place: row for place, row in texts.items() if site_in_text(row.get(KEY, "")) not in mine
        }
        lookup = self.look_up(others, customers)
        return {site: [lookup.matches[site]] for site in mine.keys() & lookup.matches.keys()}

    def translated(self, table: Table, column: str, cell: Cell) -> Cell | None:
        """Return the value alone, in the column's own words.

        None if it has no word for it, or one that is no longer an option.
        """
        if column == PROGRESS:
            return self._as_option(table, column, _rule_words(table).word_of(cell))
        bare = _bare(table, column, cell)
        if column == "customer" and not bare.is_stand_in and habits.is_family_first(table, column):
            return bare.model_copy(update={"text": habits.family_first(bare.text)})
        words, texts = TextWords.parse(table.words.get(column)), (bare.text, *bare.other_texts)
        if not bare.text or words.writes_as_is(*texts):
            return bare
        return self._as_option(table, column, words.word_of(*texts))

    def spellings(self, column: str, cell: Cell) -> Iterator[Cell]:
        return habits.spellings(column, cell)

    def _as_option(self, table: Table, column: str, word: str | None) -> Cell | None:
        """Return a cell with a word; None for NO_WORD, or if it is no longer an option."""
        has_ended = (table.sheet_id, column, word) in self._ended
        return Cell(text=word) if word and not has_ended else None

    def unsayable(self, table: Table, column: str, cell: Cell) -> str:
        """Return what a column has no word for, unless a person chose that it has none.

        A rule without a word is a choice, and so is NO_WORD.
        """
        if self.translated(table, column, cell) is not None:
            return ""
        if column == PROGRESS:
            is_choice = _rule_words(table).word_of(cell) is None
        else:
            words = TextWords.parse(table.words.get(column))
            is_choice = words.word_of(cell.text, *cell.other_texts) == NO_WORD
        return "" if is_choice else cell.text

    def compare_word(self, table: Table, column: str, text: str, target: Target) -> TypedWord:
        """Compare words for how far a job is; all others are only equal or not."""
        if column != PROGRESS:
            return TypedWord.OTHER
        words, wanted = _rule_words(table), target.cells.get(column, EMPTY)
        last = target.resolved.get(column, EMPTY)
        if words.is_word_for(text, wanted):
            return TypedWord.SAME
        if words.word_of(last) == words.word_of(wanted):
            return TypedWord.NOT_NEWS
        is_ahead = self._order.is_ahead(text, last, wanted, words)
        return TypedWord.AHEAD if is_ahead else TypedWord.OTHER

    def is_own_word(self, table: Table, column: str, text: str) -> bool:
        """Only an option can be: in a column without a drop-down, it may be a typo."""
        options = self._offered.get((table.sheet_id, table.columns[column]), frozenset())
        return column == PROGRESS and text in options and not _rule_words(table).rules_of(text)

    def mask(self, column: str, cell: Cell, there: CellData, last: Cell = EMPTY) -> str:  # noqa: ARG002
        """Write the value, and links that are the value; a date gets our format if it has none."""
        if column.startswith(LINKED):
            return encode.VALUE
        form = there.get("userEnteredFormat", {}).get("numberFormat", {}).get("type")
        if cell.when is not None and not cell.pattern and form not in DATE_FORMATS:
            return f"userEnteredValue,{encode.NUMBER_FORMAT}"
        return "userEnteredValue"

    def views(self, table: Table) -> Sequence[View]:
        layout = self._targets.layout
        return views_of(table, layout.config, layout.stuck_days)

    def begin_comparison(
        self,
        lease: Lease,
        tables: Sequence[Table],
        rows: Rows,
        targets: Sequence[Target],
        zone: tzinfo,
    ) -> tuple[ForeignKey, ...]:
        """Record options, ended words and unsettled jobs; return rows that a sort parted from keys.

        It first reads the options of columns with words of their own, if there are any.
        """
        if ranges := worded_ranges(tables):
            self._take_call(lease)
            self._offered = self._reader.options(ranges)
            self._ended = ended_words(tables, self._offered, self._ended)
            self._store.spreadsheet.keep_ended_words(lease, self._ended)
        self.record_unsettled(lease, tables, rows, targets, zone)
        return self.foreign_keys(tables, rows, targets)

    def foreign_keys(
        self, tables: Sequence[Table], rows: Rows, targets: Sequence[Target]
    ) -> tuple[ForeignKey, ...]:
        customers = {target.site: target.customer for target in targets}
        return foreign_keys(tables, rows, customers, self._config.match.by)

    def look_up(
        self, texts: RowTexts, customers: Mapping[str, Customer], added: Mapping[str, Place] = {}
    ) -> Lookup:
        """Return the rows and candidates of jobs without a row, by what the user answered, too."""
        answers = self._store.boards.answers()
        return look_up(texts, customers, self._config.match.by, answers, added)

    def record_unsettled(
        self,
        lease: Lease,
        tables: Sequence[Table],
        rows: Rows,
        targets: Sequence[Target],
        zone: tzinfo,
    ) -> Lookup:
        """Record which jobs are unsettled in the whole sheet; return the lookup of every job."""
        were_added = self._store.boards.added()
        with_added_row = [target for target in targets if target.site in were_added]
        added = added_rows(tables, rows, with_added_row, self, zone)
        customers = {target.site: target.customer for target in targets}
        lookup = self.look_up(texts_of_rows(tables, rows), customers, added)
        self._store.boards.keep_unsettled(lease, lookup.unsettled)
        # Others begin to wait when a flush would add their row.
        self._store.boards.mark_unsettled(lease, lookup.unsettled & added.keys(), hours=0)
        return lookup


def _rule_words(table: Table) -> RuleWords:
    return RuleWords.parse(table.words.get(PROGRESS, {}))


def _bare(table: Table, column: str, cell: Cell) -> Cell:
    """Return the value alone: without a note, a date as the column has dates, a street as such."""
    bare = without_note(cell)
    if not column.startswith(LINKED):
        bare = bare.model_copy(update={"links": ()})
    if bare.when is not None and not bare.is_age:
        bare = bare.model_copy(update={"pattern": habits.date_pattern(table, column)})
    if column == "address" and column not in table.words and bare.other_texts and _has_town(table):
        # Beside the town it is the street alone.
        bare = bare.model_copy(update={"text": bare.other_texts[0]})
    return bare


def _has_town(table: Table) -> bool:
    """Return whether other columns have the town, so that the address is the street alone."""
    if "city_zip" in table.columns or table.columns.keys() >= {"city", "zip"}:
        return True
    return "city" in table.columns and habits.is_street_alone(table, "address")
