"""Value types shared by all parts: frozen models, EverBright's text, UUIDs and times."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, TypeAdapter

T = TypeVar("T")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# Characters that spreadsheets and databases refuse: C0 controls except tab and newline.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")


def clean_text(text: str) -> str:
    """Return `text` without lone surrogates and control characters, which databases refuse."""
    if text.isprintable():
        return text
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _UNPRINTABLE.sub("", joined.replace("\r\n", "\n").replace("\r", "\n"))


def _clean(value: object) -> object:
    return clean_text(value) if isinstance(value, str) else value


def null(value: object) -> object:
    """Return None for blanks and "None", which EverBright's sample has instead of null."""
    return None if value in ("None", "") else value


def empty_if_missing(value: object) -> object:
    """Return an empty list for the values that stand for a missing list."""
    return [] if value in (None, "None", False) else value


def _utc(value: datetime) -> datetime:
    try:
        return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise ValueError("a date outside the calendar") from None


def _moment(value: object) -> object:
    """Return a day as noon UTC, which is the same day in all American time zones."""
    is_day = isinstance(value, str) and _DAY.fullmatch(value)
    return f"{value}T12:00" if is_day else null(value)


def uuid(value: object) -> str | None:
    """Return a UUID in its canonical form, or None."""
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def _uuid(value: str) -> str:
    if (known := uuid(value)) is None:
        raise ValueError("not a UUID")
    return known


Text = Annotated[str, BeforeValidator(lambda v: "" if v is None else _clean(v))]
"""Free text: null is the empty text; "None" stays, since somebody may have written it."""
Code = Annotated[str | None, BeforeValidator(lambda v: null(_clean(v)))]
"""A code, or an identifier that is only shown; null and "None" are None."""
Uuid = Annotated[str, AfterValidator(_uuid)]
"""A UUID in its canonical form: it goes into keys and addresses."""


AddressPart = Annotated[str | None, BeforeValidator(uuid)]
"""A UUID for an address; anything else (like "..") becomes None, so it never gets into one."""
OptionalUuid = Annotated[Uuid | None, BeforeValidator(null)]
When = Annotated[Annotated[datetime, AfterValidator(_utc)] | None, BeforeValidator(_moment)]
"""A time in UTC; a date without a zone is taken as UTC."""


Flag = Annotated[bool, BeforeValidator(lambda v: False if null(v) is None else v)]


class Value(BaseModel):
    """A frozen value; unknown keys are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", serialize_by_alias=True)


def letters(index: int) -> str:
    """Return the letters of the column at a zero-based index, as people and formulas name it."""
    text, number = "", index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


def from_json(kind: type[T], body: Any) -> T:
    """Return a stored dataclass; what a later version has added to it is ignored."""
    found: T = _adapter(kind).validate_python(body)
    return found
