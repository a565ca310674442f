"""A job as EverBright's API sends it → its customer. Pure.

Source of the format: what installers' integrations read from `GET /api/v1/site/{uuid}`. One of them
unwraps an envelope `data`, another does not: both are accepted. What is missing stays blank.
"""

from collections.abc import Mapping
from typing import Any

from sync.errors import Retryable
from sync.jobs.model import Customer
from sync.webhooks.parse import readable

_LIMIT = 500
_STREET = ("address_line_1", "address_line_2")
_TOWN = "city_name"


def read(tree: Any) -> Customer:
    """Return the customer in `tree` (JSON values). Raises Retryable if it is not a job."""
    site = tree.get("data", tree) if isinstance(tree, Mapping) else None
    if not isinstance(site, Mapping) or site.keys().isdisjoint(("contacts", "address", "uuid")):
        raise Retryable("everbright_odd", "EverBright's answer is not a job.")
    contact = _contact(site.get("contacts"))
    found = site.get("address")
    address: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    return Customer(
        name=" ".join(part for k in ("first_name", "last_name") if (part := _text(contact, k))),
        address=_address(address),
        phone=_text(contact, "phone_number"),
        email=_text(contact, "email"),
        city=_text(address, _TOWN),
        zip=_text(address, "zipcode"),
        archived=site.get("archived") is True,
    )


def _contact(contacts: Any) -> Mapping[str, Any]:
    """Return the primary contact, else the first that has a name."""
    known = (
        [one for one in contacts if isinstance(one, Mapping)] if isinstance(contacts, list) else []
    )
    primary = [one for one in known if one.get("primary") is True]
    named = [one for one in known if _text(one, "first_name") or _text(one, "last_name")]
    return next(iter([*primary, *named, *known]), {})


def _address(address: Mapping[str, Any]) -> str:
    """Return an address in one line, in the form of the United States."""
    street = " ".join(part for key in _STREET if (part := _text(address, key)))
    state = " ".join(p for k in ("state_abbreviation", "zipcode") if (p := _text(address, k)))
    return ", ".join(part for part in (street, _text(address, _TOWN), state) if part)


def _text(tree: Mapping[str, Any], key: str) -> str:
    value = tree.get(key)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return " ".join(readable(value).split())[:_LIMIT] if isinstance(value, str) else ""
