"""Finds the columns that the user's choices name, and parses what is chosen for them. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sync.boards.mapping.fields import Fields
from sync.boards.mapping.progress import ProgressRules
from sync.boards.mapping.propose import Proposal
from sync.boards.mapping.tab import SeenTab
from sync.boards.mapping.tab_mapping import ColumnMapping, TabMapping
from sync.boards.mapping.vocabulary import plain
from sync.errors import Permanent
from sync.jobs.progress import PROGRESS
from sync.types import letters

_LETTERS = re.compile(r"[A-Za-z]{1,3}")
_WHOLE_COLUMN = re.compile(r"([A-Za-z]{1,3}):\1")
"""A column in A1 notation, which can't be mistaken for a header."""

ChosenWords = Mapping[str, Sequence[str]]
"""The words of a column that the user chose, by our text or by rule.

[] for a text in a drop-down is NO_WORD: the text isn't written. In a column without a drop-down it
removes the text's word: the text is written as it is. For a rule, it removes the rule's words.
"""


@dataclass(frozen=True)
class Choices:
    """The user's choices, as the user wrote them. A column's name is its header or its letter."""

    column_fields: Mapping[str, str] = field(default_factory=dict)
    """The fields of columns, by name."""
    unset: Sequence[str] = ()
    """The names of columns that get no field."""
    added: Sequence[str] | None = None
    """The fields for which columns are added; None for those of an example."""
    column_words: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    """The words of columns, with a drop-down or without, by name, and by status or step.

    `--word "Perm.:APPROVED=Done"` is {"Perm.": {"APPROVED": ["Done"]}}. In a column for the whole
    job, `--word "Stage:Permit:APPROVED=Build"` is {"Stage:Permit": {"APPROVED": ["Build"]}}.
    The first is written; only such a rule has more. Without any, a word is removed.
    """
    header_row: int | None = None


class ChoiceParser:
    """Parses the choices for the columns of single tabs. Raises Permanent if one isn't possible."""

    def __init__(self, choices: Choices, fields: Fields, rules: ProgressRules) -> None:
        self._choices = choices
        self._fields = fields
        self._rules = rules

    def fields_by_index(self, tab: SeenTab, proposals: Sequence[Proposal]) -> dict[int, str]:
        """Return the ID of each chosen field, by column index; "" for a column that gets none."""
        unset = (_find_column(tab, proposals, name) for name in self._choices.unset)
        without_field = [column.index for column in unset if column]
        chosen: dict[int, str] = {}
        for name, spelled in self._choices.column_fields.items():
            if (column := _find_column(tab, proposals, name)) is None:
                continue
            if column.is_computed:
                what = f"{tab.title!r}: {name!r} cannot be mapped: {column.reason}."
                raise Permanent("formula", what)
            field_id = self._fields.id_of(spelled)
            if field_id in chosen.values():
                raise Permanent("twice", f"{spelled!r} is set for two columns of {tab.title!r}.")
            chosen[column.index] = field_id
        return dict.fromkeys(without_field, "") | chosen

    def words_by_index(
        self, tab: SeenTab, columns: Sequence[ColumnMapping]
    ) -> Mapping[int, ChosenWords]:
        """Return the chosen words, by the index of a column, which has its field already."""
        by_index: dict[int, dict[str, list[str]]] = {}
        for name, (column, milestone) in self._worded_columns(tab, columns).items():
            if not column.field_id:
                fix = f'Say what it shows first: --set "{name}=field".'
                raise Permanent("no_field", f"{name!r} is not mapped, so it has no words. {fix}")
            for spelled, words in self._choices.column_words[name].items():
                if len(words) > 1 and column.field_id != PROGRESS:
                    raise Permanent("twice", f"--word {name}:{spelled} is there twice.")
                text_or_rule = self._text_or_rule(column.field_id, milestone, spelled)
                chosen = by_index.setdefault(column.index, {})
                chosen[text_or_rule] = [_as_option(word, column.proposal.options) for word in words]
        return by_index

    def _worded_columns(
        self, tab: SeenTab, columns: Sequence[ColumnMapping]
    ) -> dict[str, tuple[ColumnMapping, str]]:
        """Return the columns with chosen words, each with the milestone in its name, by that name.

        A name has a milestone only for a rule (`Header:Milestone`), and "" else.
        """
        found = {}
        for name in self._choices.column_words:
            if column := _find_column(tab, columns, name):
                found[name] = column, ""
            elif ":" in name:
                column_name, _, milestone = (part.strip() for part in name.rpartition(":"))
                column = _find_column(tab, columns, column_name)
                if column and column.field_id == PROGRESS:
                    found[name] = column, milestone
        return found

    def _text_or_rule(self, field_id: str, milestone: str, spelled: str) -> str:
        """Return our text, or the ID of a rule, from what the user wrote."""
        if field_id == PROGRESS:
            return self._rules.parse_rule(milestone, spelled)
        if self._fields.get(field_id).texts:
            return self._fields.label_of(spelled)
        return spelled.strip()  # A field with any text has its texts as they are.

    def check_names_found(self, mappings: Sequence[TabMapping]) -> None:
        """Raise Permanent where a person named a column that no tab has."""
        if mappings and all(mapping.problem for mapping in mappings):
            return  # No header was looked for; the problem says why.
        found = set[str]()
        for mapping in mappings:
            tab, columns = mapping.tab, mapping.columns
            names = (*self._choices.column_fields, *self._choices.unset)
            found.update(name for name in names if _find_column(tab, columns, name))
            found.update(self._worded_columns(tab, columns))
        choices = self._choices
        for name in (*choices.column_fields, *choices.unset, *choices.column_words):
            if name not in found:
                headers = (column.header for mapping in mappings for column in mapping.columns)
                known = ", ".join(filter(None, headers))
                what = f"No column is called {name!r}. There are: {known or 'none'}."
                raise Permanent("no_header", what)


_Column = TypeVar("_Column", Proposal, ColumnMapping)


def _find_column(tab: SeenTab, columns: Sequence[_Column], name: str) -> _Column | None:
    """Return the column of a tab with a name, or None.

    A name is a header (`Step`, or `2:step` for the second), or letters (`F`, or `F:F`).
    """
    number, colon, header = name.partition(":")
    numbered = f"{number}{colon}{plain(header)}"
    if column := next((c for c in columns if c.numbered_header == numbered), None):
        return column
    whole = _WHOLE_COLUMN.fullmatch(name)
    named = [c for c in columns if not whole and plain(c.header) == plain(name)]
    if len(named) > 1:
        fix = f"Name one by its letter: {', '.join(letters(c.index) for c in named)}."
        raise Permanent("twice", f"{tab.title!r}: several columns are called {name!r}. {fix}")
    letter = whole[1] if whole else name
    if not named and _LETTERS.fullmatch(letter):
        named = [c for c in columns if letters(c.index) == letter.upper()]
    return named[0] if named else None


def _as_option(word: str, options: Sequence[str] | None) -> str:
    """Return a chosen word: as the option, whose spaces at the ends nobody sees."""
    bare = word.strip()
    return next((option for option in options or () if option.strip() == bare), bare)
