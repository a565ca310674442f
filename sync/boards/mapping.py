"""Which columns of the office's tabs are connected: as a value, checked, and as a file. Pure."""

import json
import tomllib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from sync.boards.fields import SITE_ID, Fields
from sync.boards.words import MINE, NOTHING, Choice, Words, steps, steps_of
from sync.errors import Permanent
from sync.settings.validators import problems
from sync.types import Value, letters


def name_of(field: str) -> str:
    """Return the name of the column that shows a field, which isn't one of a column of *Jobs*."""
    return f"tab:{field}"


class Column(Value):
    """A connected column. Its field and steps are IDs; in a file, they are spelled by name."""

    field: str
    header: str
    """As it was at *Connect*, or as somebody has renamed it since."""
    words: Words = Field(default={})
    """What each word stands for, in the order of its drop-down."""
    is_added: bool = False
    """Whether it is added at the right."""

    @property
    def name(self) -> str:
        return name_of(self.field)


class _Tab(Value):
    title: str
    header_row: Annotated[int, Field(ge=1)] = 1
    """As numbered in the sheet."""
    new_rows: Literal["bottom", "top", "none"] = "bottom"


class TabMapping(_Tab):
    """A tab's mapping."""

    columns: tuple[Column, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _by_header(cls, value: Any) -> Any:
        """Read the form of a file, and of older databases: fields and words by header."""
        if not (isinstance(value, dict) and isinstance(value.get("columns"), dict)):
            return value
        add, words = value["add"], value["words"]
        fields = {**value["columns"], **add}
        columns = [
            {
                "field": fields.get(header, ""),
                "header": header,
                "words": words.get(header, {}),
                "is_added": header in add,
            }
            for header in {**fields, **words}
        ]
        return {**value, "columns": columns}

    @property
    def fields(self) -> dict[str, Column]:
        """The columns by field."""
        return {column.field: column for column in self.columns}


class _FileTab(_Tab):
    model_config = ConfigDict(extra="forbid")

    columns: Mapping[str, str] = {}
    """Fields by header."""
    add: Mapping[str, str] = {}
    words: Mapping[str, Words] = {}


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tabs: list[_FileTab]


def wrong(title: str, text: str, header: str = "") -> Permanent:
    """Return the error of a mapping, which names the tab and the header."""
    place = f'{title}, "{header}"' if header else title
    return Permanent("mapping", f"{place}: {text}")


def read_file(text: str, fields: Fields) -> list[TabMapping]:
    """Return the mappings in a TOML file. Raises Permanent."""
    try:
        tabs = _File.model_validate(tomllib.loads(text)).tabs
    except tomllib.TOMLDecodeError as error:
        raise Permanent("mapping", f"The file isn't TOML: {error}.") from None
    except ValidationError as error:
        raise Permanent("mapping", ": ".join(next(problems(error)))) from None
    titles = Counter(tab.title for tab in tabs)
    if twice := next((title for title, count in titles.items() if count > 1), ""):
        raise wrong(twice, "the tab is listed twice. Remove one.")
    mappings = list[TabMapping]()
    for mapping in (TabMapping(**tab.model_dump()) for tab in tabs):
        columns = tuple(_parsed(mapping.title, each, fields) for each in mapping.columns)
        mappings.append(mapping.model_copy(update={"columns": columns}))
        check(mappings[-1], fields)
    return mappings


def _parsed(title: str, column: Column, fields: Fields) -> Column:
    """Return a column of the file with the IDs of its field and steps."""
    field, words = fields.parse(column.field), dict[str, Choice]()
    if not field:
        known = ", ".join(map(fields.spell, fields.by_id))
        text = f'"{column.field}" isn\'t a field. Fields are {known}.'
        raise wrong(title, text, column.header)
    labels = _labels(field, fields)
    for word, said in column.words.items():
        if said in (MINE, NOTHING):
            words[word] = said
            continue
        named = [said] if isinstance(said, str) else said
        words[word] = found = tuple(_step(name, labels, fields) for name in named)
        if "" in found:
            odd, known = named[found.index("")], ", ".join(labels.values())
            text = f'"{odd}" ("{word}") isn\'t a step. Steps are {known}, mine and nothing.'
            raise wrong(title, text, column.header)
    return column.model_copy(update={"field": field, "words": words})


def _step(text: str, labels: Mapping[str, str], fields: Fields) -> str:
    """Return a step that a file spells: a milestone by any of its names, and how far it is."""
    name, _, meaning = text.rpartition(" ")
    step = f"{fields.definition(name)}:{meaning}"
    by_label = {label.casefold(): each for each, label in labels.items()}
    return by_label.get(text.casefold(), step if step in labels else "")


def _labels(field: str, fields: Fields) -> dict[str, str]:
    return steps(fields.milestones, fields.get(field).definition)


def check(mapping: TabMapping, fields: Fields) -> None:
    """Check a mapping by itself. Raises Permanent."""
    title, by_field = mapping.title, dict[str, str]()
    if not mapping.fields.keys() & {"customer", "first_name", "last_name"}:
        raise wrong(title, "no column shows the customer. Choose the one with their names.")
    for column in mapping.columns:
        header, field = column.header, fields.get(column.field)
        if header == SITE_ID:
            raise wrong(title, "it is for the site IDs. Connect another column.", SITE_ID)
        if (first := by_field.setdefault(field.id, header)) != header:
            raise wrong(title, f'it shows {field.label}, as "{first}" does. Choose one.', header)
        if column.words and not field.has_words:
            text = "it has no words of yours. Connect it to progress or a status, or remove them."
            raise wrong(title, text, header)
        labels, words = _labels(field.id, fields), dict[str, str]()
        for step, word in ((s, w) for w, said in column.words.items() for s in steps_of(said)):
            if (first := words.setdefault(step, word)) != word:
                label = labels.get(step, step)
                text = f'"{first}" and "{word}" both stand for {label}. Choose one.'
                raise wrong(title, text, header)


def check_headers(mapping: TabMapping, headers: Sequence[str]) -> None:
    """Raise Permanent if a connected column isn't there, or is there twice."""
    for header in (column.header for column in mapping.columns if not column.is_added):
        found = [letters(n) for n, each in enumerate(headers) if each == header]
        if not found:
            there = ", ".join(filter(None, headers)) or "nothing"
            text = f"row {mapping.header_row} has no such header. There is: {there}."
            raise wrong(mapping.title, text, header)
        if len(found) > 1:
            text = f"columns {' and '.join(found)} both have this header. Rename one."
            raise wrong(mapping.title, text, header)


def write_file(mappings: Collection[TabMapping], fields: Fields) -> str:
    """Return mappings as a TOML file."""
    lines = list[str]()
    for tab in mappings:
        lines += ["[[tabs]]", f"title = {_quoted(tab.title)}", f"header_row = {tab.header_row}"]
        lines.append(f"new_rows = {_quoted(tab.new_rows)}")
        for name, is_added in (("columns", False), ("add", True)):
            columns = (each for each in tab.columns if each.is_added is is_added)
            pairs = (f"{_quoted(c.header)} = {_quoted(fields.spell(c.field))}" for c in columns)
            lines.append(f"{name} = {{ {', '.join(pairs)} }}")
        for column in (each for each in tab.columns if each.words):
            labels = _labels(column.field, fields)
            lines.append(f"[tabs.words.{_quoted(column.header)}]")
            for word, said in column.words.items():
                named = said if isinstance(said, str) else [labels.get(each, each) for each in said]
                lines += [f"{_quoted(word)} = {_quoted(named)}"] if said else []
        lines.append("")
    return "\n".join(lines)


def _quoted(value: Any) -> str:
    """Return a value as TOML, whose texts and lists are JSON's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
