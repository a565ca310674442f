"""An answer with a list of EverBright's API → its records. Pure.

Source of the shape: what an installer's integration reads, `{count, next, previous, results}` with
25 records a page. One reader unwraps an envelope `data`, another does not: both are taken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from sync.errors import Permanent, Retryable
from sync.types import When

Record = Mapping[str, Any]

_SITE = ("site", "site_id", "site_uuid", "uuid")
"""Keys that may hold a job's site, in this order."""
DATES = ("date_updated", "updated_at", "date_modified")
_WHEN: TypeAdapter[datetime | None] = TypeAdapter(When)


@dataclass(frozen=True)
class Page:
    """A page of a list: its records, the address of the next page, and the size of the list."""

    records: Sequence[Record]
    next: str | None = None
    count: int | None = None


def page(tree: Any) -> Page:
    """Return the page in an answer (JSON values). Raises Retryable where it is no list."""
    answer = tree
    if isinstance(answer, Mapping) and "results" not in answer:
        answer = answer.get("data")
    if isinstance(answer, list):
        return Page(_records(answer))
    if not isinstance(answer, Mapping) or not isinstance(answer.get("results"), list):
        raise Retryable("everbright_odd", "EverBright answered with something else than a list.")
    following, count = answer.get("next"), answer.get("count")
    is_number = isinstance(count, int) and not isinstance(count, bool)
    return Page(
        records=_records(answer["results"]),
        next=following if isinstance(following, str) and following else None,
        count=count if is_number else None,
    )


def _records(records: list[Any]) -> list[Record]:
    if not all(isinstance(record, Mapping) for record in records):
        raise Retryable("everbright_odd", "EverBright's list holds something else than records.")
    return records


def identifier(record: Record, *keys: str) -> str:
    """Return the first identifier under `keys`, or "": a text, a number, or an object's UUID."""
    for key in keys:
        value = record.get(key)
        if isinstance(value, Mapping):
            value = value.get("uuid") or value.get("id")
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if isinstance(value, str) and value not in ("", "None"):
            return value
    return ""


def site(record: Record) -> str:
    """Return the site of a record of the list of jobs: a UUID in its canonical form, or ""."""
    for key in _SITE:
        try:
            return str(UUID(identifier(record, key)))
        except ValueError:
            continue
    return ""


def updated(record: Record, keys: Sequence[str] = DATES) -> datetime | None:
    """Return when EverBright last changed a record (UTC), as far as one of `keys` says so."""
    for key in keys:
        try:
            if moment := _WHEN.validate_python(record.get(key)):
                return moment
        except ValidationError:
            continue
    return None


def must_be_of(records: Sequence[Record], keys: Sequence[str], wanted: str) -> None:
    """Raise Permanent where a record says that it belongs to another than `wanted`.

    A server that passes over a parameter that it does not know answers with everybody's records.
    Only UUIDs are compared: a number under the same key may be another identifier.
    """
    for record in records:
        told = identifier(record, *keys)
        if _is_uuid(told) and _is_uuid(wanted) and UUID(told) != UUID(wanted):
            text = f"EverBright's list is not of what was asked for ({keys[0]})."
            raise Permanent("everbright_unfiltered", text)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
