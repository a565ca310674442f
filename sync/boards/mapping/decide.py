"""Decides a tab's mapping from the proposal, the stored mapping and the user's choices. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from sync.boards.mapping.example import (
    EarlierColumn,
    Example,
    StoredMapping,
    StoredWords,
    added_like,
    columns_like,
    header_row_like,
)
from sync.boards.mapping.fields import Fields
from sync.boards.mapping.header_row import HeaderRow, find_header_row
from sync.boards.mapping.progress import ProgressRules, RuleWords
from sync.boards.mapping.progress_words import RuleWord, parse_rule_words, stored_words
from sync.boards.mapping.propose import Proposal, SameColumns, propose
from sync.boards.mapping.recognize import Recognizer
from sync.boards.mapping.tab import NativeTable, SeenTab, why_unmappable, why_unwritable
from sync.boards.mapping.text_words import (
    NO_WORD,
    TextWords,
    as_option,
    fit_options,
    parse_text_words,
)
from sync.boards.mapping.vocabulary import plain
from sync.errors import Permanent
from sync.field_table import KEY
from sync.jobs.progress import PROGRESS
from sync.types import letters

_LETTERS = re.compile(r"[A-Za-z]{1,3}")
_WHOLE_COLUMN = re.compile(r"([A-Za-z]{1,3}):\1")
"""A column in A1 notation, which can't be mistaken for a header."""
_NUMBERED = re.compile(r"([1-9]\d{0,3}):(.*)")
"""A header as `SeenTab.numbered_headers` gives it."""

ChosenWords = Mapping[str, Sequence[str]]
"""The words of a column that the user chose, by our text or by rule.

[] for a text in a drop-down is NO_WORD: the text isn't written. In a column without a drop-down it
removes the text's word: the text is written as it is. For a rule, it removes the rule's words.
"""


@dataclass(frozen=True)
class Choices:
    """The user's choices. A column's name is its header or its letter."""

    column_fields: Mapping[str, str] = field(default_factory=dict)
    """The fields of single columns, as the user wrote them."""
    unset: Sequence[str] = ()
    """The columns that get no field."""
    added: Sequence[str] | None = None
    """The fields for which columns are added; None for those of an example."""
    column_words: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    """The words of single columns, with a drop-down or without, by status or step.

    `--word "Perm.:APPROVED=Done"` is {"Perm.": {"APPROVED": ["Done"]}}. In a column for the whole
    job, `--word "Stage:Permit:APPROVED=Build"` is {"Stage:Permit": {"APPROVED": ["Build"]}}.
    The first is written; only such a rule has more. Without any, a word is removed.
    """
    header_row: int | None = None


@dataclass(frozen=True)
class MappedColumn:
    """A column of a tab: what was proposed for it, the field that it gets, and its words."""

    proposal: Proposal
    field_id: str = ""
    reason: str = ""
    words: TextWords | RuleWords | None = None
    """None without a field, and where every text is written as it is."""
    command: str = ""
    """What to type at the command line for another choice."""

    @property
    def index(self) -> int:
        return self.proposal.index

    @property
    def header(self) -> str:
        return self.proposal.header


@dataclass(frozen=True)
class TabMapping:
    """The wanted mapping of a tab, or the `problem` that keeps it from being mapped."""

    tab: SeenTab
    header_row: int = 0
    """Zero-based; without a meaning if there is a `problem`."""
    columns: tuple[MappedColumn, ...] = ()
    added: tuple[str, ...] = ()
    """The IDs of fields that get a new column, at the right."""
    was_mapped: bool = False
    """Whether it was mapped before."""
    has_lost_header: bool = False
    """Whether it was mapped, and its header row was deleted since."""
    problem: str = ""
    found_names: frozenset[str] = frozenset()
    """The user's names for columns that it has."""

    @property
    def columns_by_field(self) -> dict[str, MappedColumn]:
        """The columns with a field, by its ID: the leftmost, as in a flush."""
        columns: dict[str, MappedColumn] = {}
        for column in self.columns:
            if column.field_id:
                columns.setdefault(column.field_id, column)
        return columns

    def added_titles(self, fields: Fields) -> dict[str, str]:
        """Return the headers of the added columns, by field ID: no other column has them."""
        taken = {plain(column.header) for column in self.columns}
        every = [fields.get(field_id) for field_id in self.added]
        return {f.id: f.second_title if plain(f.title) in taken else f.title for f in every}

    @property
    def native_table(self) -> NativeTable | None:
        """Google's own Table that the header row belongs to."""
        return next((t for t in self.tab.tables if t.header_row == self.header_row), None)

    @property
    def edge(self) -> int:
        """The index of the first column right of the table."""
        if table := self.native_table:
            return table.right
        used = (column.index for column in self.columns if column.header or column.field_id)
        return max(used, default=-1) + 1


class TabDecider:
    """Decides mappings by the available fields, the stored mapping and the user's choices.

    Of each column, the first of these that there is decides:

    | source                                  | its field is                                    |
    |-----------------------------------------|-------------------------------------------------|
    | the user's choice                       | the chosen one, or none (`--unset`)             |
    | the stored mapping                      | the stored one, unless chosen for another       |
    | an example (of a tab that isn't mapped) | that of a like column, unless chosen            |
    | the proposal                            | the proposed one, unless the tab is mapped, or  |
    |                                         | another column has it                           |

    But a drop-down whose words would be too long to store has no field.
    """

    def __init__(
        self, fields: Fields, choices: Choices, account: str, examples: Sequence[Example] = ()
    ) -> None:
        self._fields = fields
        self._recognizer = Recognizer(fields)
        self._rules = ProgressRules(fields)
        self._choices = choices
        self._account = account
        self._examples = examples

    def decide(
        self, tab: SeenTab, stored: StoredMapping | None, same: SameColumns | None = None
    ) -> TabMapping:
        """Return a tab's mapping; the user's choices change a `stored` one.

        So does a changed drop-down: our texts without an option get a proposal (`fit_options`). The
        `same` columns, in this tab and in others, help to propose the others.
        """
        base = TabMapping(tab, was_mapped=stored is not None)
        if problem := why_unmappable(tab):
            return replace(base, problem=problem)
        header = self.header_row_of(tab, stored)
        if (row := header.row) is None:
            return replace(base, problem=header.problem)
        base = replace(base, header_row=row)
        if not tab.headers(row):
            return replace(base, problem=f"has nothing in row {row + 1}.")
        if problem := why_unwritable(tab, row, self._account):
            return replace(base, problem=problem)
        proposals = propose(tab, row, self._fields, self._recognizer, same or {})
        named = {
            column_name: proposal
            for column_name in (*self._choices.column_fields, *self._choices.unset)
            if (proposal := _find_column(proposals, tab, column_name))
        }
        if stored:
            earlier = stored.columns
        else:
            earlier = columns_like(tab, row, proposals, self._examples_for(tab), self._fields)
        columns = self._columns_with_fields(proposals, named, base, earlier)
        word_columns = self._find_word_columns(columns, tab)
        words = self._words_by_index(word_columns)
        columns = tuple(
            self._attach_words(c, earlier.get(c.index), words.get(c.index, {})) for c in columns
        )
        mapping = replace(base, columns=columns, found_names=frozenset({*named, *word_columns}))
        return replace(mapping, added=self._added(mapping))

    def header_row_of(self, tab: SeenTab, stored: StoredMapping | None) -> HeaderRow:
        if self._choices.header_row is not None:
            return HeaderRow(self._choices.header_row)
        if stored:
            return HeaderRow(stored.header_row)
        row = header_row_like(tab, self._examples_for(tab))
        return find_header_row(tab, self._recognizer) if row is None else HeaderRow(row)

    def _added(self, mapping: TabMapping) -> tuple[str, ...]:
        """Return the fields to add: the key, and what a person asks for or an example has.

        The key's column is the first: a row that is moved to a tab without the others keeps it.
        """
        if self._choices.added is None:
            examples = () if mapping.was_mapped else self._examples
            added = added_like(mapping.tab, mapping.header_row, examples, self._fields)
        else:
            added = [self._fields.id_of(spelled) for spelled in self._choices.added]
        wanted = dict.fromkeys((KEY, *added))
        return tuple(each for each in wanted if each not in mapping.columns_by_field)

    def check_names_found(self, mappings: Sequence[TabMapping]) -> None:
        """Raise Permanent where a person named a column that no tab has."""
        if mappings and all(mapping.problem for mapping in mappings):
            return  # No header was looked for; the problem says why.
        choices = self._choices
        for column_name in (*choices.column_fields, *choices.unset, *choices.column_words):
            if not any(column_name in mapping.found_names for mapping in mappings):
                headers = (column.header for mapping in mappings for column in mapping.columns)
                known = ", ".join(filter(None, headers))
                what = f"No column is called {column_name!r}. There are: {known or 'none'}."
                raise Permanent("no_header", what)

    def _columns_with_fields(
        self,
        proposals: Sequence[Proposal],
        named: Mapping[str, Proposal],
        base: TabMapping,
        earlier: Mapping[int, EarlierColumn],
    ) -> tuple[MappedColumn, ...]:
        """Return the columns with their fields, as the table above has it; without words."""
        choices = self._chosen_fields(named, base.tab)
        staying = {index: column for index, column in earlier.items() if index not in choices}
        taken = {*choices.values(), *(column.field_id for column in staying.values())} - {""}
        if base.was_mapped and KEY not in taken:
            _check_key_stays(proposals, earlier)
        columns = []
        for proposal in proposals:
            if (choice := choices.get(proposal.index)) is not None:
                column = MappedColumn(proposal, choice, "as you set it")
            elif before := staying.get(proposal.index):
                column = MappedColumn(proposal, before.field_id, before.reason)
                if before.field_id and before.field_id in choices.values():
                    column = MappedColumn(proposal, "", "its field was set for another column")
            elif base.was_mapped and proposal.field_id:
                spelled = self._fields.spelled(proposal.field_id)
                command = f'to map it: --set "{proposal.header}={spelled}"'
                column = MappedColumn(proposal, "", "not mapped", command=command)
            elif proposal.field_id in taken:
                column = MappedColumn(proposal, "", "another column has its field")
            else:
                column = MappedColumn(proposal, proposal.field_id, proposal.reason)
            columns.append(column)
        return tuple(columns)

    def _chosen_fields(self, named: Mapping[str, Proposal], tab: SeenTab) -> dict[int, str]:
        """Return the ID of the field that the user chose, by column index; "" for none."""
        chosen: dict[int, str] = {}
        for column_name, spelled in self._choices.column_fields.items():
            if (proposal := named.get(column_name)) is None:
                continue
            if proposal.is_computed:
                what = f"{tab.title!r}: {column_name!r} cannot be mapped: {proposal.reason}."
                raise Permanent("formula", what)
            field_id = self._fields.id_of(spelled)
            if field_id in chosen.values():
                raise Permanent("twice", f"{spelled!r} is set for two columns of {tab.title!r}.")
            chosen[proposal.index] = field_id
        unset = (named[each].index for each in self._choices.unset if each in named)
        return dict.fromkeys(unset, "") | chosen

    def _find_word_columns(
        self, columns: Sequence[MappedColumn], tab: SeenTab
    ) -> dict[str, tuple[MappedColumn, str]]:
        """Return the columns that the user chose words for, with the milestone, by their names.

        A milestone is in the name only for a rule: `Header:Milestone`.
        """
        found = {}
        for name in self._choices.column_words:
            if column := _find_column(columns, tab, name):
                found[name] = column, ""
            elif ":" in name:
                column_name, _, milestone = (part.strip() for part in name.rpartition(":"))
                column = _find_column(columns, tab, column_name)
                if column and column.field_id == PROGRESS:
                    found[name] = column, milestone
        return found

    def _words_by_index(
        self, word_columns: Mapping[str, tuple[MappedColumn, str]]
    ) -> Mapping[int, ChosenWords]:
        """Return the words that the user chose, by column index."""
        by_index: dict[int, dict[str, list[str]]] = {}
        for name, (column, milestone) in word_columns.items():
            if not column.field_id:
                fix = f'Say what it shows first: --set "{name}=field".'
                raise Permanent("no_field", f"{name!r} is not mapped, so it has no words. {fix}")
            for spelled, words in self._choices.column_words[name].items():
                if len(words) > 1 and column.field_id != PROGRESS:
                    raise Permanent("twice", f"--word {name}:{spelled} is there twice.")
                text_or_rule = self._text_or_rule(column.field_id, milestone, spelled)
                chosen = by_index.setdefault(column.index, {})
                chosen[text_or_rule] = [as_option(word, column.proposal.options) for word in words]
        return by_index

    def _text_or_rule(self, field_id: str, milestone: str, spelled: str) -> str:
        """Return our text, or the ID of a rule, from what the user wrote."""
        if field_id == PROGRESS:
            return self._rules.parse_rule(milestone, spelled)
        if self._fields.get(field_id).texts:
            return self._fields.label_of(spelled)
        return spelled.strip()  # A field with any text has its texts as they are.

    def _attach_words(
        self,
        column: MappedColumn,
        before: EarlierColumn | None,
        chosen: ChosenWords,
    ) -> MappedColumn:
        if not column.field_id:
            return column
        was_same_field = before is not None and before.field_id == column.field_id
        earlier = before.words if before and was_same_field else {}
        if column.field_id == PROGRESS:
            if not was_same_field:
                proposed = self._rules.propose_words(column.proposal.all_values)
                earlier = {
                    r: word for r, word in proposed.items() if word in column.proposal.values
                }
            return replace(
                column, words=self._rule_words(column, parse_rule_words(earlier), chosen)
            )
        text_words = self._text_words(column, earlier, chosen)
        if text_words and text_words.is_too_long:
            reason = f"its drop-down has {len(text_words.by_text)} long options"
            return replace(column, field_id="", reason=reason)
        return replace(column, words=text_words)

    def _text_words(
        self, column: MappedColumn, earlier: StoredWords, chosen: ChosenWords
    ) -> TextWords | None:
        """Return the words of a column by our texts: as the user chose, else the `earlier` ones."""
        chosen_by_text = {text: words[0] if words else NO_WORD for text, words in chosen.items()}
        options, wanted = column.proposal.options, {**earlier, **chosen_by_text}
        if options is None:
            by_text = parse_text_words(wanted).by_text
            # Of a column that had words, OTHER_TEXTS stays; one that never had any stores nothing.
            return TextWords(by_text, takes_others=True) if by_text or earlier else None
        for text, word in chosen_by_text.items():
            if word and word not in options:
                raise _no_option(column, word, text)
        return fit_options(self._fields, column.field_id, options, wanted)

    def _rule_words(
        self, column: MappedColumn, earlier: Sequence[RuleWord], chosen: ChosenWords
    ) -> RuleWords:
        """Return the words of a column by rules: as the user chose, else the `earlier` ones."""
        options = column.proposal.options
        words = [each for each in earlier if each.rule not in chosen]
        for rule, named in chosen.items():
            for word in named:
                if options is not None and word not in (*options, *(each.word for each in earlier)):
                    raise _no_option(column, word, self._rules.spelled(rule))
            words += [RuleWord(rule, word, is_synonym=bool(n)) for n, word in enumerate(named)]
        ended = [each for each in words if options is not None and each.word not in options]
        return RuleWords(tuple(each for each in words if each not in ended), stored_words(ended))

    def _examples_for(self, tab: SeenTab) -> Sequence[Example]:
        """Return the examples, those with the tab's title first."""
        return sorted(self._examples, key=lambda example: example.title != tab.title)


_Column = TypeVar("_Column", Proposal, MappedColumn)


def _find_column(columns: Sequence[_Column], tab: SeenTab, column_name: str) -> _Column | None:
    """Return the column with a header (`Step`, or `2:step` for the second), or letters, or None.

    Letters are `F`, or `F:F`.
    """
    if numbered := _NUMBERED.fullmatch(column_name):
        alike = [c for c in columns if c.header and plain(c.header) == plain(numbered[2])]
        if int(numbered[1]) <= len(alike):
            return alike[int(numbered[1]) - 1]
    whole = _WHOLE_COLUMN.fullmatch(column_name)
    named = [c for c in columns if not whole and plain(c.header) == plain(column_name)]
    if len(named) > 1:
        fix = f"Name one by its letter: {', '.join(letters(c.index) for c in named)}."
        what = f"{tab.title!r}: several columns are called {column_name!r}. {fix}"
        raise Permanent("twice", what)
    letter = whole[1] if whole else column_name
    if not named and _LETTERS.fullmatch(letter):
        named = [c for c in columns if letters(c.index) == letter.upper()]
    return named[0] if named else None


def _check_key_stays(proposals: Sequence[Proposal], earlier: Mapping[int, EarlierColumn]) -> None:
    """Raise Permanent if a tab had a column with the key, as no column has it now."""
    for proposal in proposals:
        if (before := earlier.get(proposal.index)) and before.field_id == KEY:
            fix = 'To use another column: --set "Header=site_id".'
            raise Permanent("key", f"{proposal.header!r} links each row to its job.", fix)


def _no_option(column: MappedColumn, word: str, text_or_rule: str) -> Permanent:
    there = ", ".join(column.proposal.options or ()) or "none"
    what = f"The drop-down of {column.header!r} has no option {word!r} for {text_or_rule}"
    return Permanent("no_option", f"{what}. There are: {there}.")
