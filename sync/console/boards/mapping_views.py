"""Prepares tabs for the pages that map them: first rows, columns, and possible fields. No I/O."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s

from sync.boards import metadata
from sync.boards.mapping import recognize
from sync.boards.mapping.decide import ONE_MORE, Choices, MappedColumn, TabMapping, stored_words
from sync.boards.mapping.fields import Fields, fit
from sync.boards.mapping.progress import ProgressRules
from sync.boards.mapping.recognize import Recognizer
from sync.boards.mapping.tab import SeenTab, why_unmappable
from sync.boards.progress_words import FURTHER_WORD
from sync.console.boards.mapping_form import FIELD, HAD, MEANS, WORD, MappingForm, mark
from sync.field_table import ASPECTS, KEY
from sync.jobs.progress import PROGRESS
from sync.types import letters

MASKED = "•••"
"""Replaces a cell's text while personal data is masked."""
_BELOW = 4
"""Rows that are shown below the headers."""
_MOST_WORDS = 25
"""Most distinct texts of a column without a list; more can't be words for the state of a job."""
STEPS = "steps"
"""The kind of a column's words for a job's progress."""
_LONGEST = 40
"""Characters of a cell that are shown: enough to recognize it."""


@dataclass(frozen=True)
class WordRow:
    """One of our words: the input's name, the column's word, and the proposed one."""

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
class StepRow:
    """A word of a column for the whole job: the input's name, and its rules."""

    name: str
    word: str
    rules: tuple[str, ...]


def words_by_rule(rows: Sequence[StepRow]) -> dict[str, list[str]]:
    """Return the words of each rule; the first is written."""
    words: dict[str, list[str]] = {}
    for row in rows:
        for rule in dict.fromkeys(row.rules):
            words.setdefault(rule, []).append(row.word)
    return words


@dataclass(frozen=True)
class StoredColumn:
    """The mapping of a column in the sheet: the name of its field ("": none), and its words."""

    field: str
    words: Mapping[str, str]

    @property
    def mark(self) -> str:
        """A hash that changes if the column's mapping has changed since it was shown."""
        text = repr((self.field, sorted(self.words.items())))
        return blake2s(text.encode(), digest_size=6).hexdigest()


@dataclass(frozen=True)
class ColumnView:
    """A column on the page: `field` is the chosen one ("": none), `kind` the kind of its words."""

    letter: str
    header: str
    mark: str
    samples: tuple[str, ...]
    field: str
    kind: str
    reason: str
    options: tuple[str, ...] | None
    sets: tuple[WordSet, ...]
    steps: tuple[StepRow, ...]
    """Its words, if it could show a job's progress."""
    stored: StoredColumn
    is_hidden: bool
    is_computed: bool

    @property
    def words(self) -> tuple[WordRow, ...]:
        """Our words for the chosen field, and those of the column."""
        return next((each.rows for each in self.sets if each.kind == self.kind), ())

    @property
    def caution(self) -> str:
        """A sentence about values that its list has no word for, and that aren't written; or ""."""
        if not self.field or (self.options is None and self.field != PROGRESS):
            return ""
        if self.options == ():
            fix = "Create it again (in Google Sheets: Data, Data validation)"
            return f"The drop-down has lost its options, so nothing is written. {fix}."
        if self.field == PROGRESS:
            is_said = not self.steps or any(row.rules for row in self.steps)
            return "" if is_said else "No word stands for anything yet, so nothing is written."
        said_none = {ours for ours, word in self.stored.words.items() if not word}
        none = [r.ours for r in self.words if not r.value and r.ours not in said_none]
        return f"No option was chosen for {', '.join(none)}." if none else ""

    @property
    def is_as_stored(self) -> bool:
        """Whether the choice is the stored one."""
        stored = self.stored
        if self.field == PROGRESS and self.steps:
            said = words_by_rule(self.steps)
            known = {key: word for key, word in stored.words.items() if word}
            return self.field == stored.field and stored_words(said) == known
        return self.field == stored.field and all(
            row.value == stored.words.get(row.ours, "") for row in self.words
        )


@dataclass(frozen=True)
class TabView:
    """A tab on the page."""

    mapping: TabMapping
    columns: tuple[ColumnView, ...]
    added: tuple[tuple[str, str], ...]
    """Fields that get a new column, and their titles."""

    @property
    def cautions(self) -> list[str]:
        """Sentences about values that its columns don't show."""
        tab, columns = self.mapping.tab.title, self.columns
        return [f"{tab}, {c.letter} {c.header}: {c.caution}" for c in columns if c.caution]

    def changed_since(self, form: MappingForm) -> list[str]:
        """Return the letters of columns whose mapping has changed since, except to the choice."""
        tab = self.mapping.tab.sheet_id
        return [
            column.letter
            for column in self.columns
            if form.first.get(f"{HAD}:{tab}:{column.letter}") not in (None, column.stored.mark)
            and not (column.is_as_stored or column.is_computed)
        ]


@dataclass(frozen=True)
class Offer:
    """A field that a page offers: its name, its title, and the kind of its words."""

    written: str
    title: str
    kind: str


class FieldOffers:
    """The fields that a column can show, in groups, and the words that they have."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self.rules = ProgressRules(fields)
        self._kinds: dict[tuple[str, ...], str] = {}
        self._examples: dict[str, str] = {}
        ids = sorted(fields.ids, key=lambda name: name == KEY)  # The key is last.
        self.groups = [("The job", [self._offer(name) for name in ids])]
        for step in fields.milestones:
            offers = [self._offer(f"{aspect}:{step.key}") for aspect in ASPECTS]
            self.groups.append((step.header, offers))
        every = [offer for _, offers in self.groups for offer in offers]
        self.kind_of = {offer.written: offer.kind for offer in every}
        self._titles = {offer.written: offer.title for offer in every}

    def _offer(self, name: str) -> Offer:
        field = self._fields.get(name)
        kind = STEPS if name == PROGRESS else ""
        if field.words:
            kind = self._kinds.setdefault(field.words, f"words{len(self._kinds)}")
            self._examples.setdefault(kind, name)
        return Offer(self._fields.spelled(name), field.title, kind)

    def title(self, written: str) -> str:
        """Return the title of a field by its name; the name itself if there is no such field."""
        return self._titles.get(written, written)

    def _in_words(self, reason: str) -> str:
        """Return a reason with the titles of milestones' fields instead of their names."""
        for _, offers in self.groups[1:]:
            for offer in offers:
                title = offer.title.replace("\\", r"\\")
                reason = re.sub(rf"{re.escape(offer.written)}(?!\w)", title, reason)
        return reason

    def sets(self, tab: int, column: MappedColumn, form: MappingForm) -> Iterator[WordSet]:
        """Yield our words of each kind, with the column's words for them."""
        letter, options = letters(column.index), column.proposal.options
        of_field = self.kind_of.get(self._fields.spelled(column.field))
        for kind, name in self._examples.items():
            field = self._fields.get(name)
            proposed: Mapping[str, str] = {}
            if kind == of_field and column.words:
                proposed = column.words.by_ours
            elif options is not None:
                proposed = fit(field, options, {}, self._fields.trade_words).by_ours
            rows = []
            for ours in field.words:
                usual, named = proposed.get(ours, ""), f"{WORD}:{tab}:{letter}:{kind}:{ours}"
                rows.append(WordRow(named, ours, form.first.get(named, usual), usual))
            yield WordSet(kind, tuple(rows))

    def steps(
        self, tab: int, column: MappedColumn, form: MappingForm, *, is_masked: bool
    ) -> Iterator[StepRow]:
        """Yield the words of a column that could show a job's progress, and their rules."""
        proposal, known = column.proposal, dict[str, str]()
        if column.field == PROGRESS and column.words:
            known = dict(column.words.by_ours)
        words = [*dict.fromkeys((*proposal.words, *known.values()))]
        if proposal.options is None and (is_masked or len(words) > _MOST_WORDS):
            return
        if column.field != PROGRESS:
            known = self.rules.proposed(words)
        letter = letters(column.index)
        said = form.meanings(tab, letter)
        for word in words:
            if said is None:
                rules = [key.partition(FURTHER_WORD)[0] for key, w in known.items() if w == word]
            else:
                rules = said.get(word, [])
            yield StepRow(f"{MEANS}:{tab}:{letter}:{word}", word, tuple(rules))

    def column(
        self, mapping: TabMapping, column: MappedColumn, form: MappingForm, cover: "Cover"
    ) -> ColumnView:
        """Return a column, with its cells masked by `cover`."""
        tab, letter = mapping.tab.sheet_id, letters(column.index)
        proposal, field = column.proposal, form.first.get(f"{FIELD}:{tab}:{letter}")
        if field is None or proposal.is_computed:
            field = self._fields.spelled(column.field)
        before = metadata.before(mapping.tab)
        fields, words = (before.fields, before.words) if before else ({}, {})
        written = self._fields.spelled(fields.get(column.index, ""))
        return ColumnView(
            letter=letter,
            header=cover.text(mapping.tab, mapping.header_row, column.header),
            mark=mark(mapping.header_row, column.header),
            samples=() if cover.is_masked else proposal.samples,
            field=field,
            kind=self.kind_of.get(field, ""),
            reason=self._in_words(column.reason),
            options=proposal.options,
            sets=() if proposal.is_computed else tuple(self.sets(tab, column, form)),
            steps=tuple(self.steps(tab, column, form, is_masked=cover.is_masked))
            if not proposal.is_computed
            else (),
            stored=StoredColumn(written, words.get(column.index, {})),
            is_hidden=proposal.is_hidden,
            is_computed=proposal.is_computed,
        )

    def tab(self, mapping: TabMapping, form: MappingForm, cover: "Cover") -> TabView:
        """Return a tab with its columns."""
        columns = (self.column(mapping, c, form, cover) for c in mapping.columns)
        added = ((written, self.title(written)) for written in form.added(mapping.tab.sheet_id))
        return TabView(mapping, tuple(columns), tuple(added))

    def choices(self, tab: TabView, form: MappingForm) -> Choices:
        """Return a tab's choices."""
        number, fields, unset = tab.mapping.tab.sheet_id, dict[str, str](), list[str]()
        words: dict[str, dict[str, str]] = {}
        for column in tab.columns:
            name = f"{column.letter}:{column.letter}"
            if column.is_computed or f"{FIELD}:{number}:{column.letter}" not in form.first:
                continue
            if not column.field:
                unset.append(name)
                continue
            fields[name] = column.field
            if column.field == PROGRESS and column.steps:
                words[name] = self._step_words(column)
                continue
            # A blank choice is sent only if something else would be proposed.
            if said := {row.ours: row.value for row in column.words if row.value or row.usual}:
                words[name] = said
        row = form.header_row(number)
        return Choices(fields, unset, form.added(number), column_words=words, header_row=row)

    def _step_words(self, column: ColumnView) -> dict[str, str]:
        """Return the words of every rule, "" for those without one."""
        said = words_by_rule(column.steps)
        return {rule: ONE_MORE.join(said.get(rule, ())) for rule in self.rules.labels}


@dataclass(frozen=True)
class RowView:
    """One of the first rows of a tab: its number, counted from 1, and its cells."""

    number: int
    cells: tuple[str, ...]
    is_chosen: bool


@dataclass(frozen=True)
class FirstRows:
    """A tab with its first rows; `problem` is the reason why it can't be mapped at all."""

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
    """Masks cells while personal data is masked, except for headers that are known."""

    def __init__(self, fields: Fields, *, is_masked: bool) -> None:
        self.is_masked = is_masked
        self._recognizer = Recognizer(fields)
        self._rows: dict[int, int | None] = {}

    def header_row(self, tab: SeenTab) -> int | None:
        """Return the row in which headers are recognized."""
        if tab.sheet_id not in self._rows:
            self._rows[tab.sheet_id] = recognize.find(tab, self._recognizer).row
        return self._rows[tab.sheet_id]

    def text(self, tab: SeenTab, row: int, text: str) -> str:
        """Return the text of a cell, or its mask."""
        is_open = not self.is_masked or not text or self._recognizer.match(text)
        return text if is_open or row == self.header_row(tab) else MASKED

    def first_rows(self, mapping: TabMapping, form: MappingForm, most: int) -> FirstRows:
        """Return the first rows of a tab: `most`, or down to some below its headers."""
        tab = mapping.tab
        if problem := why_unmappable(tab):
            return FirstRows(mapping, problem, is_chosen=False)
        known = self.header_row(tab)
        at_first = mapping.header_row if mapping.is_mapped and not mapping.problem else known
        said = form.header_row(tab.sheet_id)
        row = at_first if said is None else said
        end = min(len(tab.rows), max(most, (row or 0) + _BELOW))
        width = max(map(len, tab.rows[:end]), default=0)
        rows = []
        for n in range(end):
            texts = (" ".join(tab.cell(n, at).text.split()) for at in range(width))
            cells = tuple(self.text(tab, n, text)[:_LONGEST] for text in texts)
            rows.append(RowView(n + 1, cells, n == row))
        is_chosen = tab.sheet_id in form.tabs if form.tabs else bool(known is not None or said)
        return FirstRows(mapping, "", is_chosen, tuple(rows), end < len(tab.rows))
