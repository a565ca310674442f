"""Decides a tab's mapping from the proposal, the stored mapping and the user's choices. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sync.boards.mapping.choices import ChoiceParser, Choices, ChosenWords
from sync.boards.mapping.example import Example, added_like, columns_like, header_row_like
from sync.boards.mapping.fields import Fields
from sync.boards.mapping.fit_options import fit_options
from sync.boards.mapping.header_row import HeaderRow, find_header_row
from sync.boards.mapping.progress import ProgressRules
from sync.boards.mapping.propose import ColumnsByHeader, Proposal, propose
from sync.boards.mapping.recognize import Recognizer
from sync.boards.mapping.stored_mapping import StoredColumn, StoredMapping
from sync.boards.mapping.tab import SeenTab, why_unmappable, why_unwritable
from sync.boards.mapping.tab_mapping import ColumnMapping, TabMapping
from sync.boards.mapping.words import NO_WORD, RuleWord, RuleWords, StoredWords, TextWords
from sync.errors import Permanent
from sync.field_table import KEY
from sync.jobs.progress import PROGRESS


class TabDecider:
    """Decides mappings by the available fields, examples and the user's choices."""

    def __init__(
        self, fields: Fields, choices: Choices, account: str, examples: Sequence[Example] = ()
    ) -> None:
        self._fields = fields
        self._recognizer = Recognizer(fields)
        self._rules = ProgressRules(fields)
        self._choices = choices
        self._account = account
        self._examples = examples
        self.parser = ChoiceParser(choices, fields, self._rules)

    def decide(
        self, tab: SeenTab, stored: StoredMapping | None, all_tabs: ColumnsByHeader | None = None
    ) -> TabMapping:
        """Return a tab's mapping; the user's choices change a `stored` one.

        So does a changed drop-down: a text without an option gets a proposal, a rule doesn't.
        Columns of `all_tabs` help to propose what those with the same header show.
        """
        mapping = TabMapping(tab, was_mapped=stored is not None)
        if problem := why_unmappable(tab):
            return replace(mapping, problem=problem)
        header = self.header_row_of(tab, stored)
        if (row := header.row) is None:
            return replace(mapping, problem=header.problem)
        mapping = replace(mapping, header_row=row)
        if not tab.headers(row):
            return replace(mapping, problem=f"has nothing in row {row + 1}.")
        if problem := why_unwritable(tab, row, self._account):
            return replace(mapping, problem=problem)
        proposals = propose(tab, row, self._fields, self._recognizer, all_tabs or {})
        if stored:
            stored_columns = stored.columns
        else:  # What is stored with an example counts, as if it were the tab's.
            stored_columns = columns_like(proposals, self._examples_for(tab), self._fields)
        chosen_fields = self.parser.fields_by_index(tab, proposals)
        columns = self._columns_with_fields(
            proposals, stored_columns, chosen_fields, is_mapped=mapping.was_mapped
        )
        chosen_words = self.parser.words_by_index(tab, columns)
        columns = [
            self._with_words(c, stored_columns.get(c.index), chosen_words.get(c.index, {}))
            for c in columns
        ]
        mapping = replace(mapping, columns=tuple(columns))
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

    def _columns_with_fields(
        self,
        proposals: Sequence[Proposal],
        stored_columns: Mapping[int, StoredColumn],
        chosen: Mapping[int, str],
        *,
        is_mapped: bool,
    ) -> list[ColumnMapping]:
        """Return the columns with their fields, without words.

        Of each column, the first of these that there is decides:

        | source                              | its field is                                    |
        |-------------------------------------|-------------------------------------------------|
        | the user's choice                   | the chosen one, or none (`--unset`)             |
        | the stored mapping                  | the stored one, unless chosen for another       |
        | an example, if the tab isn't mapped | that of a like column, unless chosen            |
        | the proposal                        | the proposed one, unless the tab is mapped, or  |
        |                                     | another column has it                           |

        `_with_words` takes the field from a drop-down whose words are too long to be stored.
        """
        staying = {index: each for index, each in stored_columns.items() if index not in chosen}
        taken = {*chosen.values(), *(column.field_id for column in staying.values())} - {""}
        if is_mapped and KEY not in taken:
            _check_key_stays(proposals, stored_columns)
        columns = []
        for proposal in proposals:
            if (field_id := chosen.get(proposal.index)) is not None:
                column = ColumnMapping(proposal, field_id, "as you set it")
            elif stays := staying.get(proposal.index):
                column = ColumnMapping(proposal, stays.field_id, stays.reason)
                if stays.field_id and stays.field_id in chosen.values():
                    column = ColumnMapping(proposal, "", "its field was set for another column")
            elif is_mapped and proposal.field_id:
                spelled = self._fields.spelled(proposal.field_id)
                command = f'to map it: --set "{proposal.header}={spelled}"'
                column = ColumnMapping(proposal, "", "not mapped", command=command)
            elif proposal.field_id in taken:
                column = ColumnMapping(proposal, "", "another column has its field")
            else:
                column = ColumnMapping(proposal, proposal.field_id, proposal.reason)
            columns.append(column)
        return columns

    def _with_words(
        self, column: ColumnMapping, stored: StoredColumn | None, chosen: ChosenWords
    ) -> ColumnMapping:
        """Return a column with its words: the chosen ones, and for the rest its base words."""
        if not column.field_id:
            return column
        base: StoredWords = {}
        if stored and stored.field_id == column.field_id:
            base = stored.words
        elif column.field_id == PROGRESS:
            words = self._rules.propose_words(column.proposal.values_in_all_tabs)
            base = {rule: word for rule, word in words.items() if word in column.proposal.values}
        if column.field_id == PROGRESS:
            return replace(column, words=self._rule_words(column, base, chosen))
        text_words = self._text_words(column, base, chosen)
        if text_words and text_words.is_too_long:
            reason = f"its drop-down has {len(text_words.by_text)} long options"
            return replace(column, field_id="", reason=reason)
        return replace(column, words=text_words)

    def _text_words(
        self, column: ColumnMapping, base: StoredWords, chosen: ChosenWords
    ) -> TextWords | None:
        """Return a column's words by our texts; `fit_options` proposes those that are missing."""
        chosen_by_text = {text: words[0] if words else NO_WORD for text, words in chosen.items()}
        options, wanted = column.proposal.options, {**base, **chosen_by_text}
        if options is None:
            by_text = TextWords.parse(wanted).by_text
            # Of a column that had words, OTHER_TEXTS stays; one that never had any stores nothing.
            return TextWords(by_text, takes_others=True) if by_text or base else None
        for text, word in chosen_by_text.items():
            if word and word not in options:
                raise _no_option(column, word, text)
        return fit_options(self._fields, column.field_id, options, wanted)

    def _rule_words(
        self, column: ColumnMapping, base: StoredWords, chosen: ChosenWords
    ) -> RuleWords:
        """Return a progress column's words by rules."""
        options, before = column.proposal.options, RuleWords.parse(base).pairs
        pairs = [pair for pair in before if pair.rule not in chosen]
        for rule, words in chosen.items():
            for word in words:
                if options is not None and word not in (*options, *base.values()):
                    raise _no_option(column, word, self._rules.spelled(rule))
            pairs += [RuleWord(rule, word, is_synonym=bool(n)) for n, word in enumerate(words)]
        ended = [pair for pair in pairs if options is not None and pair.word not in options]
        current = tuple(pair for pair in pairs if pair not in ended)
        return RuleWords(current, RuleWords(tuple(ended)).stored)

    def _examples_for(self, tab: SeenTab) -> Sequence[Example]:
        """Return the examples, those with the tab's title first."""
        return sorted(self._examples, key=lambda example: example.title != tab.title)


def _check_key_stays(
    proposals: Sequence[Proposal], stored_columns: Mapping[int, StoredColumn]
) -> None:
    """Raise Permanent if a tab had a column with the key, as no column has it now."""
    for proposal in proposals:
        if (column := stored_columns.get(proposal.index)) and column.field_id == KEY:
            fix = 'To use another column: --set "Header=site_id".'
            raise Permanent("key", f"{proposal.header!r} links each row to its job.", fix)


def _no_option(column: ColumnMapping, word: str, text_or_rule: str) -> Permanent:
    there = ", ".join(column.proposal.options or ()) or "none"
    what = f"The drop-down of {column.header!r} has no option {word!r} for {text_or_rule}"
    return Permanent("no_option", f"{what}. There are: {there}.")
