"""Prepares tabs for the pages that map them: first rows, columns, and possible fields. No I/O."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2s

from sync.boards import metadata
from sync.boards.mapping.choices import Choices
from sync.boards.mapping.fields import Fields
from sync.boards.mapping.fit_options import fit_options
from sync.boards.mapping.progress import ProgressRules
from sync.boards.mapping.tab import SeenTab, why_unmappable
from sync.boards.mapping.tab_mapping import ColumnMapping, TabMapping
from sync.boards.mapping.words import RuleWords, TextWords
from sync.console.boards.mapping_form import AND, FIELD, WORD, MappingForm, column_names
from sync.field_table import ASPECTS, KEY
from sync.jobs.progress import PROGRESS
from sync.types import letters

_SAMPLES = 3
"""Cells of a column that are shown."""
_BELOW = 4
"""Rows that are shown below the headers."""
_MOST_VALUES = 25
"""Most values of a column without a drop-down; more are words for a job's progress only if the
user chose it."""
STEPS = "steps"
"""The kind of a column's words for a job's progress."""
_LONGEST = 40
"""Characters of a cell that are shown: enough to recognize it."""


@dataclass(frozen=True)
class TextRow:
    """One of our texts, the column's word for it, and the proposed one."""

    text: str
    word: str
    proposed: str


@dataclass(frozen=True)
class WordSet:
    """Our texts that some fields share, and a column's words for them."""

    kind: str
    """The set's name in the page: `words0`, `words1`, and so on."""
    rows: tuple[TextRow, ...]


@dataclass(frozen=True)
class RuleRow:
    """A value of a column for the whole job, and the rules it is a word for."""

    word: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class ColumnView:
    """A column of a tab: `field` is the chosen one ("": none), `kind` is as in `Offer`."""

    tab: SeenTab
    mapping: ColumnMapping
    name: str
    """Its name in the form."""
    field: str
    kind: str
    sets: tuple[WordSet, ...]
    rule_rows: tuple[RuleRow, ...]
    """Its values, if it could show a job's progress."""

    @property
    def letter(self) -> str:
        return letters(self.mapping.index)

    @property
    def text_rows(self) -> tuple[TextRow, ...]:
        """The texts of the chosen field, and the column's words for them."""
        return next((each.rows for each in self.sets if each.kind == self.kind), ())

    @property
    def caution(self) -> str:
        """A sentence about texts of ours without a word, which aren't written; or ""."""
        options = self.mapping.proposal.options
        if not self.field or (options is None and self.field != PROGRESS):
            return ""
        if options == ():
            fix = "Create it again (in Google Sheets: Data, Data validation)"
            return f"The drop-down has lost its options, so nothing is written. {fix}."
        if self.field == PROGRESS:
            is_said = any(row.rules for row in self.rule_rows)
            return "" if is_said else "No word stands for a step yet, so nothing is written."
        words = self.mapping.words
        excluded = words.excluded if isinstance(words, TextWords) else ()
        none = [row.text for row in self.text_rows if not row.word and row.text not in excluded]
        return f"No option was chosen for {', '.join(none)}." if none else ""

    def agrees(self, other: "ColumnView") -> bool:
        """Return whether both can be chosen as one, without a change of either."""
        mine, its = self.mapping.proposal, other.mapping.proposal
        has_same_field = self.field == other.field and mine.is_computed == its.is_computed
        if not has_same_field or self.caution != other.caution:
            return False
        if self.field == PROGRESS:
            return self._has_rules_of(other) and other._has_rules_of(self)
        if not self.kind:
            return True
        # An option that only one of them has can be chosen only for that one.
        has_same_options = {*(mine.options or ())} == {*(its.options or ())}
        words, others = ([row.word for row in each.text_rows] for each in (self, other))
        return has_same_options and words == others

    def _has_rules_of(self, other: "ColumnView") -> bool:
        """Return whether the words of the other that this column can show stand for the same."""
        known = {row.word: row.rules for row in self.rule_rows}
        has_any = self.mapping.proposal.options is None
        return all(
            {*known.get(row.word, ())} == {*row.rules}
            for row in other.rule_rows
            if row.word in known or (has_any and row.rules)
        )


@dataclass(frozen=True)
class ColumnGroup:
    """Columns with the same header in several tabs, which are shown and chosen as one."""

    columns: tuple[ColumnView, ...]
    place: str
    """The titles of their tabs; "" if every chosen tab has one of them."""

    @property
    def first(self) -> ColumnView:
        return self.columns[0]

    @property
    def id(self) -> str:
        """What the names of its inputs end with."""
        return f"{AND.join(str(each.tab.sheet_id) for each in self.columns)}:{self.first.name}"

    @property
    def letter(self) -> str:
        """Its letter, if it is the same in all tabs."""
        found = {each.letter for each in self.columns}
        return found.pop() if len(found) == 1 else ""

    @property
    def title(self) -> str:
        """Its header, or its letter, and the place."""
        name = self.first.mapping.header or f"Column {self.letter}"
        return f"{name} in {self.place}" if self.place else name

    @property
    def samples(self) -> list[str]:
        found = (text for each in self.columns for text in each.mapping.proposal.samples)
        return [*dict.fromkeys(found)][:_SAMPLES]

    @property
    def rule_rows(self) -> list[RuleRow]:
        """The values of all of them."""
        found: dict[str, RuleRow] = {}
        for row in (row for each in self.columns for row in each.rule_rows):
            found.setdefault(row.word, row)
        return [*found.values()]


@dataclass(frozen=True)
class TabView:
    """A tab on the page."""

    mapping: TabMapping
    columns: tuple[ColumnView, ...]
    added: tuple[tuple[str, str], ...]
    """Fields that get a new column, and their titles."""

    @property
    def shows_name(self) -> bool:
        """Whether a column shows the customer's name, so that new rows have it."""
        fields = [*(column.field for column in self.columns), *(field for field, _ in self.added)]
        return "customer" in fields or "last_name" in fields

    @property
    def stored(self) -> str:
        """A hash of its mapping in the sheet."""
        return mapping_digest(self.mapping.tab)


def grouped(views: Sequence[TabView]) -> list[ColumnGroup]:
    """Return the columns of the tabs, those with the same header and the same choices as one."""
    by_name: dict[str, list[list[ColumnView]]] = {}
    for column in (column for view in views for column in view.columns):
        name = column.name if column.mapping.header else f"{column.tab.sheet_id}:{column.name}"
        groups = by_name.setdefault(name, [])
        group = next((g for g in groups if all(each.agrees(column) for each in g)), None)
        if group is None:
            groups.append([column])
        else:
            group.append(column)
    return [
        ColumnGroup(tuple(group), "" if len(group) == len(views) else _titles(group))
        for groups in by_name.values()
        for group in groups
    ]


def _titles(columns: Iterable[ColumnView]) -> str:
    return ", ".join(column.tab.title for column in columns)


def cautions(groups: Iterable[ColumnGroup]) -> list[str]:
    """Return sentences about texts that columns don't show."""
    return [f"{each.title}: {each.first.caution}" for each in groups if each.first.caution]


@dataclass(frozen=True)
class Offer:
    """A field that a page offers: its ID as people write it (`Fields.spelled`), and its title."""

    spelled: str
    title: str
    kind: str
    """The WordSet that a column needs to show it, or STEPS; "" if it needs no words."""


class FieldOffers:
    """The fields that a column can show, in groups, and the words that they have."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self.rules = ProgressRules(fields)
        self._kinds: dict[tuple[str, ...], str] = {}  # By the texts that its fields share.
        self._examples: dict[str, str] = {}  # One field of each kind.
        ids = sorted(fields.ids, key=lambda name: name == KEY)  # The key is last.
        self.groups = [("The job", [self._offer(name) for name in ids])]
        for heading in fields.milestones:
            offers = [self._offer(f"{aspect}:{heading.key}") for aspect in ASPECTS]
            self.groups.append((heading.header, offers))
        every = [offer for _, offers in self.groups for offer in offers]
        self.kind_of = {offer.spelled: offer.kind for offer in every}
        self._titles = {offer.spelled: offer.title for offer in every}

    def _offer(self, name: str) -> Offer:
        """Return the offer of a field; its kind is a new one if no field before has its texts."""
        field = self._fields.get(name)
        kind = STEPS if name == PROGRESS else ""
        if field.texts:
            kind = self._kinds.setdefault(field.texts, f"words{len(self._kinds)}")
            self._examples.setdefault(kind, name)
        return Offer(self._fields.spelled(name), field.title, kind)

    def title(self, spelled: str) -> str:
        """Return the title of a field by its name; the name itself if there is no such field."""
        return self._titles.get(spelled, spelled)

    def tab(self, mapping: TabMapping, form: MappingForm) -> TabView:
        names = column_names(mapping)
        columns = (self._column(mapping.tab, c, names[c.index], form) for c in mapping.columns)
        wanted = form.added(mapping.tab.sheet_id)
        if wanted is None:
            wanted = [self._fields.spelled(field) for field in mapping.added if field != KEY]
        added = ((spelled, self.title(spelled)) for spelled in wanted)
        return TabView(mapping, tuple(columns), tuple(added))

    def _column(
        self, tab: SeenTab, column: ColumnMapping, name: str, form: MappingForm
    ) -> ColumnView:
        place, is_computed = f"{tab.sheet_id}:{name}", column.proposal.is_computed
        field = form.first.get(f"{FIELD}:{place}")
        if field is None or is_computed:
            field = self._fields.spelled(column.field_id)
        return ColumnView(
            tab=tab,
            mapping=column,
            name=name,
            field=field,
            kind=self.kind_of.get(field, ""),
            sets=() if is_computed else tuple(self._sets(column, place, form)),
            rule_rows=() if is_computed else tuple(self._rule_rows(column, field, place, form)),
        )

    def _sets(self, column: ColumnMapping, name: str, form: MappingForm) -> Iterator[WordSet]:
        """Yield the texts of each kind, with the words of the column `name` (TAB:COLUMN)."""
        options = column.proposal.options
        of_field = self.kind_of.get(self._fields.spelled(column.field_id))
        for kind, example in self._examples.items():
            proposed: Mapping[str, str] = {}
            if kind == of_field and isinstance(column.words, TextWords):
                proposed = column.words.by_text
            elif options is not None:
                proposed = fit_options(self._fields, example, options, {}).by_text
            rows = []
            for text in self._fields.get(example).texts:
                word = proposed.get(text, "")
                chosen = form.first.get(f"{WORD}:{name}:{kind}:{text}", word)
                # It may have been chosen for several tabs, of which this one hasn't the option.
                is_there = options is None or chosen in ("", *options)
                rows.append(TextRow(text, chosen if is_there else word, word))
            yield WordSet(kind, tuple(rows))

    def _rule_rows(
        self, column: ColumnMapping, field: str, name: str, form: MappingForm
    ) -> Iterator[RuleRow]:
        """Yield the values of a column that could show a job's progress, and their rules."""
        proposal = column.proposal
        known = column.words.pairs if isinstance(column.words, RuleWords) else ()
        values = [*dict.fromkeys((*proposal.values, *(each.word for each in known)))]
        is_about_job = field == PROGRESS or proposal.options is not None
        if not is_about_job and len(values) > _MOST_VALUES:
            return
        if column.field_id != PROGRESS:
            known = RuleWords.parse(self.rules.propose_words(proposal.values_in_all_tabs)).pairs
        rules = form.rules_by_word(name)
        if rules is None:
            rules = {word: [each.rule for each in known if each.word == word] for word in values}
        for word in values:
            yield RuleRow(word, tuple(rules.get(word, ())))

    def choices(self, tab: TabView, form: MappingForm) -> Choices:
        """Return what the user chose for a tab's columns."""
        number, fields, unset = tab.mapping.tab.sheet_id, dict[str, str](), list[str]()
        words: dict[str, dict[str, list[str]]] = {}
        for column in tab.columns:
            is_chosen = f"{FIELD}:{number}:{column.name}" in form.first
            if column.mapping.proposal.is_computed or not is_chosen:
                continue
            if not column.field:
                unset.append(column.name)
                continue
            fields[column.name] = column.field
            if chosen := self._chosen_words(column):
                words[column.name] = chosen
        row = form.header_row(number)
        added = [spelled for spelled, _ in tab.added]
        return Choices(fields, unset, added, column_words=words, header_row=row)

    def _chosen_words(self, column: ColumnView) -> dict[str, list[str]]:
        """Return the words for a column, by our text; for a job's progress by rule."""
        if column.field == PROGRESS:
            return self._chosen_words_by_rule(column)
        # A blank choice is sent only if something else would be proposed.
        return {
            row.text: [row.word] if row.word else []
            for row in column.text_rows
            if row.word or row.proposed
        }

    def _chosen_words_by_rule(self, column: ColumnView) -> dict[str, list[str]]:
        """Return the words for each rule, without rules whose word has ended and stays."""
        words, rows = column.mapping.words, column.rule_rows
        ended = RuleWords.parse(words.ended).pairs if isinstance(words, RuleWords) else ()
        staying = {each.rule for each in ended}
        chosen = {r: [row.word for row in rows if r in row.rules] for r in self.rules.labels}
        return {rule: found for rule, found in chosen.items() if found or rule not in staying}


def mapping_digest(tab: SeenTab) -> str:
    """Return a hash of a tab's mapping in the sheet."""
    stored = metadata.stored_mapping(tab)
    if stored is None:
        return ""
    headers = tab.headers(stored.header_row)
    columns = [
        (headers.get(index, ""), name, sorted(stored.words_by_index.get(index, {}).items()))
        for index, name in stored.fields_by_index.items()
    ]
    return blake2s(repr(sorted(columns)).encode(), digest_size=6).hexdigest()


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
        return self.mapping.tab

    @property
    def has_header(self) -> bool:
        """Whether the header row is known or chosen."""
        return any(row.is_chosen for row in self.rows)


def first_rows(
    mapping: TabMapping, form: MappingForm, most: int, *, is_proposed: bool
) -> FirstRows:
    """Return the first rows of a tab: `most`, or down to some below its headers."""
    tab = mapping.tab
    if problem := why_unmappable(tab):
        return FirstRows(mapping, problem, is_chosen=False)
    row = form.header_row(tab.sheet_id)
    if row is None and mapping.columns:
        row = mapping.header_row
    end = min(len(tab.rows), max(most, (row or 0) + _BELOW))
    width = max(map(len, tab.rows[:end]), default=0)
    rows = []
    for n in range(end):
        texts = (" ".join(tab.cell(n, at).text.split()) for at in range(width))
        rows.append(RowView(n + 1, tuple(text[:_LONGEST] for text in texts), n == row))
    is_chosen = tab.sheet_id in form.tabs if form.tabs else is_proposed
    return FirstRows(mapping, "", is_chosen, tuple(rows), end < len(tab.rows))
