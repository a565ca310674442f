"""What EverBright answers about one job: its customer, and its details. Pure.

A job, by `GET /api/v1/site/{uuid}`: what installers' integrations read. One of them unwraps an
envelope `data`, another does not: both are accepted. What is missing stays blank.

The Data Access Layer, by EverBright's pages: `{status_code, messages, data: [{metric: value}]}`. A
baseline that does not exist reads `APPROVED_BASELINE_NONEXISTANT` (as it is spelled there).
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

from sync.errors import Retryable
from sync.jobs.model import Customer
from sync.webhooks.parse import readable

_LIMIT = 500
_STREET = ("address_line_1", "address_line_2")
_TOWN = "city_name"
_BAD = 400
"""An answer's own status code from which it is a refusal."""


def read_customer(tree: Any) -> Customer:
    """Return the customer in `tree` (JSON values). Raises Retryable if it is not a job."""
    site = tree.get("data", tree) if isinstance(tree, Mapping) else None
    if not isinstance(site, Mapping) or site.keys().isdisjoint(("contacts", "address", "uuid")):
        raise Retryable("everbright_odd", "EverBright's answer is not a job.")
    contact = _contact(site.get("contacts"))
    given = site.get("address")
    address: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    return Customer(
        name=" ".join(part for k in ("first_name", "last_name") if (part := _field(contact, k))),
        address=_address(address),
        phone=_field(contact, "phone_number"),
        email=_field(contact, "email"),
        city=_field(address, _TOWN),
        zip=_field(address, "zipcode"),
        archived=site.get("archived") is True,
    )


def _contact(contacts: Any) -> Mapping[str, Any]:
    """Return the primary contact, else the first that has a name."""
    listed = contacts if isinstance(contacts, list) else []
    known = [contact for contact in listed if isinstance(contact, Mapping)]
    primary = [contact for contact in known if contact.get("primary") is True]
    named = [
        contact
        for contact in known
        if _field(contact, "first_name") or _field(contact, "last_name")
    ]
    return next(iter([*primary, *named, *known]), {})


def _address(address: Mapping[str, Any]) -> str:
    """Return an address in one line, in the form of the United States."""
    street = " ".join(part for key in _STREET if (part := _field(address, key)))
    state = " ".join(p for k in ("state_abbreviation", "zipcode") if (p := _field(address, k)))
    return ", ".join(part for part in (street, _field(address, _TOWN), state) if part)


def _field(tree: Mapping[str, Any], key: str) -> str:
    value = tree.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return " ".join(readable(value).split())[:_LIMIT] if isinstance(value, str) else ""


def read_details(tree: Any, asked: Collection[str], no_value: str) -> dict[str, str]:
    """Return the values of the metrics `asked` as texts, "" for one without a value.

    `no_value` is a regular expression over values that mean none. Raises Retryable:
    everbright_missing where the answer says that it is a refusal, everbright_odd where it is
    something else.
    """
    if not isinstance(tree, Mapping) or "data" not in tree:
        raise Retryable("everbright_odd", "EverBright's answer holds no data of a job.")
    status = tree.get("status_code")
    if isinstance(status, int) and status >= _BAD:
        raise Retryable("everbright_missing", f"EverBright has no such data (status {status}).")
    data = tree["data"]
    records = data if isinstance(data, list) else [data]
    if not all(isinstance(record, Mapping) for record in records):
        raise Retryable("everbright_odd", "EverBright's answer holds no data of a job.")
    values: dict[str, str] = {}
    for record in records:
        for name in asked:
            if name in record and not values.get(name):
                text = _text(record[name])
                values[name] = "" if re.search(no_value, text) else text
    return values


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return ", ".join(text for each in value if (text := _text(each)))[:_LIMIT]
    if not isinstance(value, str) or value == "None":
        return ""
    return " ".join(readable(value).split())[:_LIMIT]
