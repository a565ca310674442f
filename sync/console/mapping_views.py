"""How the pages that map tabs show them: first rows, columns, and what each can show. No I/O."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sync.console.mapping_form import ADD, FIELD, WAS, MappingForm, mark, word_name
from sync.field_table import ASPECTS, KEY
from sync.mapping import recognise
from sync.mapping.decide import Choices, MappedColumn, TabMapping
from sync.mapping.fields import Fields, fit
from sync.mapping.recognise import Recogniser
from sync.mapping.tab import SeenTab, of_tab
from sync.types import letters

MASKED = "•••"
"""Stands for a cell while personal data is masked."""
_BELOW = 4
"""Rows that are shown below the headers."""
_LONGEST = 40
"""Characters of a cell: enough to know it again."""


@dataclass(frozen=True)
class WordRow:
    """One of our words: the input's name, the column's word, and the one that is proposed."""

    name: str
    ours: str
    value: str
    usual: str


@dataclass(frozen=True)
class WordSet:
    """Our words for fields of one kind."""

    kind: str
    rows: tuple[WordRow, ...]


@dataclass(frozen=True)
class ColumnView:
    """A column as the page shows it: `field` is what is chosen, "" for nothing."""

    letter: str
    header: str
    mark: str
    samples: tuple[str, ...]
    field: str
    reason: str
    options: tuple[str, ...] | None
    sets: tuple[WordSet, ...]
    is_hidden: bool
    is_computed: bool


@dataclass(frozen=True)
class TabView:
    """A tab as the page shows it."""

    mapping: TabMapping
    columns: tuple[ColumnView, ...]
    added: tuple[tuple[str, str], ...]
    """Fields that get a column, and their titles."""

    @property
    def names(self) -> frozenset[str]:
        """The names of all its inputs."""
        tab = self.mapping.tab.sheet_id
        own = [f"{kind}:{tab}:{c.letter}" for c in self.columns for kind in (FIELD, WAS)]
        rows = (row for column in self.columns for words in column.sets for row in words.rows)
        return frozenset([*own, *(row.name for row in rows), f"{ADD}:{tab}"])

    def letters_by_field(self) -> dict[str, list[str]]:
        """Return for each chosen field, as it is written, the letters of its columns."""
        by_field: dict[str, list[str]] = {}
        for column in self.columns:
            if column.field:
                by_field.setdefault(column.field, []).append(column.letter)
        return by_field


@dataclass(frozen=True)
class Offer:
    """A field as a page offers it: as it is written, its title, and the kind of its words."""

    written: str
    title: str
    kind: str


class FieldOffers:
    """The fields that a column can show, in groups, and the words that they have."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._kinds: dict[tuple[str, ...], str] = {}
        self._examples: dict[str, str] = {}
        plain_ids = [name for name in fields.ids if name != KEY]
        self.groups = [("The job", [self._offer(name) for name in (*plain_ids, KEY)])]
        for step in fields.milestones:
            offers = [self._offer(f"{aspect}:{step.key}") for aspect in ASPECTS]
            self.groups.append((step.header, offers))
        self.kind_of = {o.written: o.kind for _, offers in self.groups for o in offers}

    def _offer(self, name: str) -> Offer:
        field = self._fields.get(name)
        kind = ""
        if field.words:
            kind = self._kinds.setdefault(field.words, f"words{len(self._kinds)}")
            self._examples.setdefault(kind, name)
        return Offer(self._fields.spelled(name), field.title, kind)

    def title(self, written: str) -> str:
        """Return the title of a field as it is written; the text itself if there is none."""
        titles = {offer.written: offer.title for _, offers in self.groups for offer in offers}
        return titles.get(written, written)

    def sets(self, tab: int, column: MappedColumn, form: MappingForm) -> Iterator[WordSet]:
        """Give our words of each kind, with what the column says for them."""
        letter, options = letters(column.index), column.proposal.options
        of_field = self.kind_of.get(self._fields.spelled(column.field)) if column.field else None
        for kind, name in self._examples.items():
            field = self._fields.get(name)
            proposed: Mapping[str, str] = {}
            if kind == of_field and column.words:
                proposed = column.words.by_ours
            elif options is not None:
                proposed = fit(field, options, {}, self._fields.trade_words).by_ours
            yield WordSet(kind, tuple(self._rows(tab, letter, kind, field.words, proposed, form)))

    def _rows(
        self,
        tab: int,
        letter: str,
        kind: str,
        words: Sequence[str],
        proposed: Mapping[str, str],
        form: MappingForm,
    ) -> Iterator[WordRow]:
        for ours in words:
            said = form.word(tab, letter, kind, ours)
            usual = proposed.get(ours, "")
            value = usual if said is None else said
            yield WordRow(word_name(tab, letter, kind, ours), ours, value, usual)

    def column(
        self, mapping: TabMapping, column: MappedColumn, form: MappingForm, cover: "Cover"
    ) -> ColumnView:
        """Return a column, its cells as `cover` lets them be seen."""
        tab, letter = mapping.tab.sheet_id, letters(column.index)
        proposal, field = column.proposal, form.field(tab, letter)
        if field is None or proposal.is_computed:
            field = self._fields.spelled(column.field) if column.field else ""
        return ColumnView(
            letter=letter,
            header=cover.text(mapping.tab, mapping.header_row, column.header),
            mark=mark(mapping.header_row, column.header),
            samples=() if cover.is_masked else proposal.samples,
            field=field,
            reason=column.reason,
            options=proposal.options,
            sets=() if proposal.is_computed else tuple(self.sets(tab, column, form)),
            is_hidden=proposal.is_hidden,
            is_computed=proposal.is_computed,
        )

    def tab(self, mapping: TabMapping, form: MappingForm, cover: "Cover") -> TabView:
        """Return a tab with its columns."""
        columns = (self.column(mapping, c, form, cover) for c in mapping.columns)
        added = form.added(mapping.tab.sheet_id)
        return TabView(
            mapping, tuple(columns), tuple((written, self.title(written)) for written in added)
        )

    def choices(self, tab: TabView, form: MappingForm) -> Choices:
        """Return what a form says of a tab, for whoever decides."""
        number, fields, unset = tab.mapping.tab.sheet_id, dict[str, str](), list[str]()
        words: dict[str, dict[str, str]] = {}
        for column in tab.columns:
            name = f"{column.letter}:{column.letter}"
            if column.is_computed or form.field(number, column.letter) is None:
                continue
            if not column.field:
                unset.append(name)
                continue
            fields[name] = column.field
            kind = self.kind_of.get(column.field, "")
            rows = [row for each in column.sets if each.kind == kind for row in each.rows]
            # A blank one is said only where there would be another.
            if said := {row.ours: row.value for row in rows if row.value or row.usual}:
                words[name] = said
        added = form.added(number)
        row = form.header_row(number)
        return Choices(fields, unset, added, column_words=words, header_row=row)


@dataclass(frozen=True)
class RowView:
    """One of the first rows of a tab: its number as people count it, and its cells."""

    number: int
    cells: tuple[str, ...]
    is_chosen: bool


@dataclass(frozen=True)
class FirstRows:
    """A tab with its first rows; `problem` says why it cannot be mapped at all."""

    mapping: TabMapping
    problem: str
    is_chosen: bool
    rows: tuple[RowView, ...] = ()
    has_more: bool = False

    @property
    def tab(self) -> SeenTab:
        """The tab."""
        return self.mapping.tab

    @property
    def has_header(self) -> bool:
        """Whether the header row is known or chosen."""
        return any(row.is_chosen for row in self.rows)


class Cover:
    """Covers cells while personal data is masked: all but headers, as far as those are known."""

    def __init__(self, fields: Fields, *, is_masked: bool) -> None:
        self.is_masked = is_masked
        self._recogniser = Recogniser(fields)
        self._rows: dict[int, int | None] = {}

    def header_row(self, tab: SeenTab) -> int | None:
        """Return the row in which headers are recognised."""
        if tab.sheet_id not in self._rows:
            self._rows[tab.sheet_id] = recognise.find(tab, self._recogniser).row
        return self._rows[tab.sheet_id]

    def text(self, tab: SeenTab, row: int, text: str) -> str:
        """Return the text of a cell, or what stands for it."""
        is_open = not self.is_masked or not text or self._recogniser.match(text)
        return text if is_open or row == self.header_row(tab) else MASKED

    def first_rows(self, mapping: TabMapping, form: MappingForm, most: int) -> FirstRows:
        """Return the first rows of a tab: `most`, or down to some below its headers."""
        tab, chosen = mapping.tab, form.tabs
        if problem := of_tab(tab):
            return FirstRows(mapping, problem, is_chosen=False)
        known = self.header_row(tab)
        at_first = mapping.header_row if mapping.is_mapped and not mapping.problem else known
        said = form.header_row(tab.sheet_id)
        row = at_first if said is None else said
        end = min(len(tab.rows), max(most, (row or 0) + _BELOW))
        width = max(map(len, tab.rows[:end]), default=0)
        rows = (
            RowView(
                n + 1,
                tuple(
                    self.text(tab, n, " ".join(tab.cell(n, at).text.split()))[:_LONGEST]
                    for at in range(width)
                ),
                n == row,
            )
            for n in range(end)
        )
        is_chosen = tab.sheet_id in chosen if chosen else bool(known is not None or said)
        more = end < len(tab.rows)
        return FirstRows(mapping, "", is_chosen, tuple(rows), more)
