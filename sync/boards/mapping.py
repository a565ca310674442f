"""Which columns of the office's tabs are connected: as a value, checked, and as a file. Pure."""

import json
import tomllib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sync.boards.fields import SITE_ID, Fields
from sync.boards.words import MINE, NOTHING, Words, steps, steps_of
from sync.errors import Permanent
from sync.settings.validators import problems
from sync.types import Value, letters


class TabMapping(Value):
    """A tab's mapping. Fields and steps are IDs; in a file, they are spelled by name."""

    title: str
    header_row: Annotated[int, Field(ge=1)] = 1
    """As numbered in the sheet."""
    new_rows: Literal["bottom", "top", "none"] = "bottom"
    columns: dict[str, str] = Field(default_factory=dict)
    """Fields by header."""
    add: dict[str, str] = Field(default_factory=dict)
    """Fields by the header of a column that is added at the right."""
    words: dict[str, dict[str, tuple[str, ...] | str]] = Field(default_factory=dict)
    """What each word of a column stands for, by header, in the order of its drop-down."""

    def words_of(self, field: str) -> Words:
        """Return the words of the column that shows a field."""
        return self.words.get(self.fields.get(field, ""), {})

    @property
    def both(self) -> dict[str, str]:
        """The fields by header, of columns that are added, too."""
        return {**self.columns, **self.add}

    @property
    def fields(self) -> dict[str, str]:
        """The headers by field."""
        return {field: header for header, field in self.both.items()}


class _Tab(TabMapping):
    """A tab in the file."""

    model_config = ConfigDict(extra="forbid")


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    tabs: list[_Tab]


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
    mappings = [_parsed(tab, fields) for tab in tabs]
    for mapping in mappings:
        check(mapping, fields)
    return mappings


def _parsed(tab: TabMapping, fields: Fields) -> TabMapping:
    """Return a mapping of the file with the IDs of its fields and steps."""
    found = {header: fields.parse(text) for header, text in tab.both.items()}
    for header, field in found.items():
        if not field:
            known = ", ".join(map(fields.spell, fields.by_id))
            text = f'"{tab.both[header]}" isn\'t a field. Fields are {known}.'
            raise wrong(tab.title, text, header)
    words: dict[str, dict[str, tuple[str, ...] | str]] = {
        header: {} for header, field in found.items() if fields.get(field).has_words
    }
    for header, choices in tab.words.items():
        labels, words[header] = _labels(found.get(header, ""), fields), {}
        for word, said in choices.items():
            if said in (MINE, NOTHING):
                words[header][word] = said
                continue
            named = [said] if isinstance(said, str) else said
            words[header][word] = known_steps = tuple(_step(n, labels, fields) for n in named)
            if "" in known_steps:
                odd, known = named[known_steps.index("")], ", ".join(labels.values())
                text = f'"{odd}" ("{word}") isn\'t a step. Steps are {known}, mine and nothing.'
                raise wrong(tab.title, text, header)
    columns, add = ({h: found[h] for h in each} for each in (tab.columns, tab.add))
    return TabMapping(**{**tab.model_dump(), "columns": columns, "add": add, "words": words})


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
    title = mapping.title
    if not {*mapping.fields} & {"customer", "first_name", "last_name"}:
        raise wrong(title, "no column shows the customer. Choose the one with their names.")
    if SITE_ID in mapping.both:
        raise wrong(title, "it is for the site IDs. Connect another column.", SITE_ID)
    by_field: dict[str, str] = {}
    for header, field in mapping.both.items():
        if (first := by_field.setdefault(field, header)) != header:
            label = fields.get(field).label
            raise wrong(title, f'it shows {label}, as "{first}" does. Choose one.', header)
    for header, choices in mapping.words.items():
        _check_words(mapping, header, choices, fields)


def _check_words(mapping: TabMapping, header: str, choices: Words, fields: Fields) -> None:
    field = fields.get(mapping.both.get(header, ""))
    if not field.has_words:
        text = "it has no words of yours. Connect it to progress or a status, or remove them."
        raise wrong(mapping.title, text, header)
    labels, words = _labels(field.id, fields), dict[str, str]()
    for step, word in ((s, w) for w, said in choices.items() for s in steps_of(said)):
        if (first := words.setdefault(step, word)) != word:
            label = labels.get(step, step)
            text = f'"{first}" and "{word}" both stand for {label}. Choose one.'
            raise wrong(mapping.title, text, header)


def check_headers(mapping: TabMapping, headers: Sequence[str]) -> None:
    """Raise Permanent if a connected column isn't there, or is there twice."""
    for header in mapping.columns:
        found = [letters(n) for n, each in enumerate(headers) if each == header]
        if not found:
            there = ", ".join(filter(None, headers)) or "nothing"
            text = f"row {mapping.header_row} has no such header. There is: {there}."
            raise wrong(mapping.title, text, header)
        if len(found) > 1:
            text = f"columns {' and '.join(found)} both have this header. Rename one."
            raise wrong(mapping.title, text, header)


def check_titles(mappings: Collection[TabMapping], titles: Sequence[str]) -> None:
    """Raise Permanent if a tab isn't there."""
    for mapping in mappings:
        if mapping.title not in titles:
            raise wrong(mapping.title, f"there is no such tab. There are: {', '.join(titles)}.")


def write_file(mappings: Collection[TabMapping], fields: Fields) -> str:
    """Return mappings as a TOML file."""
    lines = list[str]()
    for tab in mappings:
        lines += ["[[tabs]]", f"title = {_quoted(tab.title)}", f"header_row = {tab.header_row}"]
        lines.append(f"new_rows = {_quoted(tab.new_rows)}")
        for name, columns in (("columns", tab.columns), ("add", tab.add)):
            pairs = (f"{_quoted(h)} = {_quoted(fields.spell(f))}" for h, f in columns.items())
            lines.append(f"{name} = {{ {', '.join(pairs)} }}")
        for header, choices in tab.words.items():
            labels = _labels(tab.both[header], fields)
            lines.append(f"[tabs.words.{_quoted(header)}]")
            for word, said in choices.items():
                named = said if isinstance(said, str) else [labels.get(each, each) for each in said]
                lines += [f"{_quoted(word)} = {_quoted(named)}"] if said else []
        lines.append("")
    return "\n".join(lines)


def _quoted(value: Any) -> str:
    """Return a value as TOML, whose texts and lists are JSON's."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
