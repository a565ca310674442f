"""Holds the choices so far on the pages that map tabs. No I/O."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2s

from pydantic import TypeAdapter
from werkzeug.datastructures import MultiDict

from sync.boards.mapping.choices import Choices
from sync.boards.mapping.example import Example
from sync.boards.mapping.tab_mapping import TabMapping
from sync.console.parts import UNFIT
from sync.types import letters

TAB, TITLE, HEADER, FIELD = "tab", "title", "header", "field"
STORED, WORD, ADD = "had", "word", "add"
KEEP, ROW, MEANS = "keep", "row", "means"
"""The kinds of inputs: the part of a name before the first colon.

STORED has a digest of the mapping in the sheet, to notice that somebody else has changed it.
"""
TABS, COLUMNS, PREVIEW, WRITE = "tabs", "columns", "preview", "write"
"""The steps; each one except the last is a page."""
_INPUTS = {
    TABS: frozenset((TAB, TITLE, HEADER)),
    COLUMNS: frozenset((FIELD, STORED, WORD, MEANS, ADD)),
    PREVIEW: frozenset((KEEP, ROW)),
}
"""The kinds of inputs that a step's page has."""
EXAMPLES = "examples"
"""The name under which a draft keeps another sheet's mapping, as JSON. No page has or sends it."""
_EXAMPLES = TypeAdapter(tuple[Example, ...])
AND = "+"
"""Between the tabs in the name of an input for a column that several tabs have."""
_NUMBER = re.compile(r"\d{1,10}")
_MOST_TEXT = 300
"""Most characters of a value, which is a header or a word. The page sends no longer one."""


@dataclass(frozen=True)
class MappingForm:
    """The choices so far, as pairs of an input's name and its value."""

    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def like(cls, examples: tuple[Example, ...]) -> "MappingForm":
        """Return a form without choices, for which the same as in another sheet is proposed."""
        return cls(((EXAMPLES, _EXAMPLES.dump_json(examples).decode()),))

    @cached_property
    def examples(self) -> tuple[Example, ...]:
        """The tabs of another sheet."""
        return _EXAMPLES.validate_json(self.first.get(EXAMPLES, "[]"))

    @property
    def digest(self) -> str:
        """Identifies the mapping; it changes if the mapping has changed since a preview."""
        answers = _INPUTS[PREVIEW]
        pairs = [pair for pair in self.pairs if pair[0].partition(":")[0] not in answers]
        return blake2s(repr(pairs).encode(), digest_size=6).hexdigest()

    @property
    def kept(self) -> tuple[str, ...]:
        """The tokens of cells that stay as they are."""
        return tuple(value for name, value in self.pairs if name == KEEP and value)

    def with_sent(self, step: str, sent: MultiDict[str, str]) -> "MappingForm":
        """Return the form with the inputs that a step's page sent.

        The page of the columns shows only the chosen tabs; the choices for other tabs are kept.
        """
        kinds = _INPUTS.get(step, frozenset[str]())
        cleaned = ((n, UNFIT.sub(" ", v)[:_MOST_TEXT]) for n, v in sent.items(multi=True))
        new = tuple(
            (name, value)
            for n, value in cleaned
            for name in _per_tab(n)
            if n.partition(":")[0] in kinds
        )
        if not new:
            return self  # The page has no inputs.
        tabs = {_tab_of(name) for name, _ in new}
        kept = tuple(
            (name, value)
            for name, value in self.pairs
            if name.partition(":")[0] not in kinds
            or (step == COLUMNS and _tab_of(name) not in tabs)
        )
        return MappingForm(kept + new)

    @cached_property
    def first(self) -> dict[str, str]:
        """The first value by the input's name."""
        return dict(reversed(self.pairs))

    @cached_property
    def tabs(self) -> tuple[int, ...]:
        """The sheet IDs of the chosen tabs."""
        values = dict.fromkeys(value for name, value in self.pairs if name == TAB)
        return tuple(int(value) for value in values if _NUMBER.fullmatch(value))

    @property
    def row_answers(self) -> dict[str, str]:
        """The chosen row of each job, by its site ID."""
        named = (pair for pair in self.pairs if pair[0].startswith(f"{ROW}:") and pair[1])
        return {name.partition(":")[2]: value for name, value in named}

    def titles(self) -> list[str]:
        """Return the titles of the chosen tabs, as they were read."""
        return [title for tab in self.tabs if (title := self.first.get(f"{TITLE}:{tab}"))]

    def lacking(self) -> str:
        """Return a sentence about the choice that is missing before columns can be shown, or ""."""
        if not self.titles():
            return "Choose at least one tab."
        without = [tab for tab in self.tabs if self.header_row(tab) is None]
        named = ", ".join(self.first.get(f"{TITLE}:{tab}", "") for tab in without)
        return f"Choose the row of the headers in: {named}." if without else ""

    def header_row(self, tab: int) -> int | None:
        """Return the chosen header row (zero-based); None if none is chosen."""
        text = self.first.get(f"{HEADER}:{tab}", "")
        return int(text) - 1 if _NUMBER.fullmatch(text) and int(text) else None

    def without_columns(self, tab: int) -> "MappingForm":
        """Return the form without the choices for the columns of a tab."""
        kinds = _INPUTS[COLUMNS]
        return MappingForm(
            tuple(
                (name, value)
                for name, value in self.pairs
                if name.partition(":")[0] not in kinds or _tab_of(name) != str(tab)
            )
        )

    def as_written(self) -> "MappingForm":
        """Return the form once it is written, so that nothing has changed since it was shown."""
        return MappingForm(tuple(pair for pair in self.pairs if not pair[0].startswith(STORED)))

    def added(self, tab: int) -> list[str] | None:
        """Return the names of the fields that get a new column; None if the page wasn't shown."""
        values = [value for name, value in self.pairs if name == f"{ADD}:{tab}"]
        return [value for value in dict.fromkeys(values) if value] if values else None

    def rules_by_word(self, column: str) -> dict[str, list[str]] | None:
        """Return the rules of each word of `TAB:COLUMN`; None if the page didn't show its words."""
        start = f"{MEANS}:{column}:"
        said = [(n.removeprefix(start), v) for n, v in self.pairs if n.startswith(start)]
        return {word: [v for w, v in said if w == word and v] for word, _ in said} or None

    def header_choices(self) -> dict[str, Choices]:
        """Return only the chosen header rows, by the tab's title."""
        return {
            self.first[f"{TITLE}:{tab}"]: Choices(header_row=self.header_row(tab))
            for tab in self.tabs
            if f"{TITLE}:{tab}" in self.first
        }


def _per_tab(name: str) -> Iterator[str]:
    """Yield the name of an input for each of its tabs: "add:0+77" is "add:0" and "add:77"."""
    kind, colon, rest = name.partition(":")
    tabs, other_colon, rest = rest.partition(":")
    return (f"{kind}{colon}{tab}{other_colon}{rest}" for tab in tabs.split(AND))


def _tab_of(name: str) -> str:
    return name.split(":")[1] if ":" in name else ""


def column_names(mapping: TabMapping) -> dict[int, str]:
    """Return the name of each column in a form, by index, which `Choices` understands, too.

    It is the header, because people move columns, and other tabs have the same. Without one, it is
    the letter.
    """
    return {
        column.index: column.numbered_header or f"{letters(column.index)}:{letters(column.index)}"
        for column in mapping.columns
    }
