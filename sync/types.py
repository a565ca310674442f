"""Shared value types: frozen values, and text, UUIDs and moments as EverBright writes them."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict


def null(value: object) -> object:
    """Return None for blanks and "None", which EverBright's sample writes where JSON has null."""
    return None if value in ("None", "") else value


def listed(value: object) -> object:
    """Return an empty list for what stands where a list is missing."""
    return [] if value in (None, "None", False) else value


def _false(value: object) -> object:
    return False if null(value) is None else value


def _utc(value: datetime) -> datetime:
    try:
        return value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)
    except OverflowError:
        raise ValueError("a date outside the calendar") from None


def _uuid(value: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        raise ValueError("not a UUID") from None


Text = Annotated[str, BeforeValidator(lambda v: "" if v is None else v)]
"""Free text: null is no text, and the text "None" may be what someone wrote."""
Code = Annotated[str | None, BeforeValidator(null)]
"""A word of a vocabulary or an identifier that is only shown; null and "None" are none."""
Uuid = Annotated[str, AfterValidator(_uuid)]
"""A UUID in its canonical form: it goes into keys and addresses."""


def _uuid_or_none(value: object) -> object:
    try:
        return str(UUID(value)) if isinstance(value, str) else value
    except ValueError:
        return None


AddressPart = Annotated[str | None, BeforeValidator(_uuid_or_none)]
"""A UUID that may be needed in an address; text that is none ("..", say) never gets there."""
OptionalUuid = Annotated[Uuid | None, BeforeValidator(null)]
When = Annotated[Annotated[datetime, AfterValidator(_utc)] | None, BeforeValidator(null)]
"""A moment in UTC; a date without a zone is taken as UTC."""


Flag = Annotated[bool, BeforeValidator(_false)]


class Value(BaseModel):
    """A frozen value; keys that are not known are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")
