"""Parses answers of EverBright's API: pages of lists, and customers. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.errors import Permanent
from sync.everbright.errors import ODD
from sync.settings.config_file import ColumnConfig
from sync.types import null, uuid
from sync.webhooks.other_events import (
    DATE_KEYS,
    SITE_KEYS,
    is_yes,
    moments,
    objects,
    uuids,
)
from sync.webhooks.values import text_at

Record = Mapping[str, Any]
_SITE_KEYS = {
    "first_name": "contact.first_name",
    "last_name": "contact.last_name",
    "phone": "contact.phone_number",
    "email": "contact.email",
    "city": "address.city_name",
    "zip": "address.zipcode",
}


def read_page(tree: Any) -> tuple[Sequence[Record], str]:
    """Return a page's records, and the address of the next. Raises Permanent for anything else."""
    answer: Any = tree
    if isinstance(answer, Mapping) and "results" not in answer:
        answer = answer.get("data")
    next_link: Any = ""
    if isinstance(answer, Mapping):
        answer, next_link = answer.get("results"), answer.get("next")
    if not isinstance(answer, list) or not all(isinstance(each, Mapping) for each in answer):
        raise Permanent(ODD, "EverBright's answer isn't a list of records.")
    return answer, next_link if isinstance(next_link, str) else ""


def site_of(record: Record) -> str:
    """Return the site of a record of the list of jobs: a UUID in its canonical form, or ""."""
    return next(uuids(record, (*SITE_KEYS, "uuid")), "")


def updated_at(record: Record, keys: Sequence[str] = DATE_KEYS) -> datetime | None:
    """Return when EverBright last changed a record (UTC), from one of `keys`, or None."""
    return next(moments(record, keys), None)


def check_owner(records: Sequence[Record], keys: Sequence[str], owner: str) -> None:
    """Raise Permanent if a record names something other than `owner` under one of `keys`.

    A server that ignores an unknown parameter returns everybody's records. Only UUIDs are compared,
    because a number under the same key may be another identifier.
    """
    for record in records:
        found = next(uuids(record, keys), None)
        if found and uuid(owner) not in (None, found):
            text = f"EverBright's list has records of something else ({keys[0]})."
            raise Permanent("everbright_unfiltered", text)


def read_customer(
    tree: Any, columns: Iterable[ColumnConfig] = ()
) -> tuple[dict[str, str], bool | None]:
    """Return the customer of the job in `tree` (JSON values), and whether the job is archived.

    The customer is by column ID, "" where EverBright doesn't say it; `columns` are those of the
    config. None if it doesn't say whether it is archived. Raises Permanent if it isn't a job.
    """
    record = tree.get("data", tree) if isinstance(tree, Mapping) else None
    if not isinstance(record, Mapping) or record.keys().isdisjoint(("contacts", "address", "uuid")):
        raise Permanent(ODD, "EverBright's answer isn't a job.")
    # A `site_key` names the primary contact as if EverBright sent it alone.
    site = {**record, "contact": _contact(record.get("contacts"))}
    texts = {name: text_at(site, key) or "" for name, key in _SITE_KEYS.items()}
    lines = (text_at(site, f"address.address_line_{number}") for number in (1, 2))
    state = (text_at(site, "address.state_abbreviation"), texts["zip"])
    parts = (" ".join(filter(None, lines)), texts["city"], " ".join(filter(None, state)))
    customer = {
        "customer": f"{texts['first_name']} {texts['last_name']}".strip(),
        "address": ", ".join(filter(None, parts)),
        **texts,
        **{c.id: text for c in columns if (text := text_at(site, c.site_key))},
    }
    archived = null(site.get("archived"))
    return customer, None if archived is None else is_yes(archived)


def _contact(contacts: Any) -> Record:
    """Return the primary contact, or the first one with a name."""

    def rank(contact: Record) -> tuple[bool, bool]:
        is_named = text_at(contact, "first_name") or text_at(contact, "last_name")
        return contact.get("primary") is True, bool(is_named)

    return max(objects(contacts), key=rank, default={})
