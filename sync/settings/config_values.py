"""What the parts of the config file are made of: strict parts, names, patterns, colours."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


class Strict(BaseModel):
    """A part of the config: a key that is not known is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"is not a regular expression ({error}); correct it") from None
    return value


Pattern = Annotated[str, Field(min_length=1), AfterValidator(_pattern)]


def _title(value: str) -> str:
    if value.lower() in ("_brightsheet", "recovered"):
        raise ValueError("is a tab of Brightsheet's own; choose another title")
    return value


def _label(value: str) -> str:
    if value.startswith(("=", "+")):
        raise ValueError("begins as a formula does; begin it with a letter")
    return value


def _plain(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds a line break or a control character; remove it")
    return value


_Line = StringConstraints(strip_whitespace=True, max_length=100)
Name = Annotated[str, _Line, AfterValidator(_plain)]
Title = Annotated[Name, Field(min_length=1), AfterValidator(_title)]
Label = Annotated[Name, Field(min_length=1), AfterValidator(_label)]
Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Key = Annotated[str, Field(min_length=1, max_length=100)]
