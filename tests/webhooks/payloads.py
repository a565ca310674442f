"""Payloads built field by field from what EverBright describes of its webhooks (docs/facts.md)."""

from typing import Any

from tests.made_up import uuid


def document(number: int, name: str, kind: str) -> dict[str, Any]:
    return {
        "uuid": uuid(number),
        "name": name,
        "creation_type": kind,
        "date_created": "2026-03-01T08:00:00Z",
        "document_type": "HIC",
    }


def contract(state: str = "SIGN", job: int = 1, **changes: Any) -> dict[str, Any]:
    """A contract status; `signed` is the envelope's date."""
    signed = changes.pop("signed", "2026-03-05T10:00:00Z" if state == "SIGN" else None)
    files = [document(60_000 + job, "Agreement draft.pdf", "GENERATED")]
    if state == "SIGN":
        files.append(document(61_000 + job, "Agreement.pdf", "UPLOADED"))
    sub_task = {
        "uuid": uuid(62_000 + job),
        "category": "DOCUMENT",
        "required": True,
        "document_status": state,
        "instructions": None,
        "label": "Installation Agreement",
        "data": {
            "documents": changes.pop("documents", files),
            "envelopes": changes.pop("envelopes", [{"date_signed": signed}]),
        },
    }
    payload = {
        "status": "INPROG",
        "name": "Installation Agreement",
        "site": uuid(job),
        "quote": uuid(20_000 + job),
        "milestone": uuid(10_000 + job * 100 + 1),
        "task_definition": uuid(63_000),
        "sub_tasks": [sub_task],
    }
    return {key: value for key, value in (payload | changes).items() if value != "gone"}


def change_order(
    state: str = "SIGN", new: int = 77, job: int = 1, **changes: Any
) -> dict[str, Any]:
    """A change order status that brings the quote `new`; `quote` is the one before."""
    files = [document(64_000 + new, "Change order.pdf", "UPLOADED")] if state == "SIGN" else []
    described = {
        "name": "Change Order",
        "new_quote": uuid(new),
        "date_updated": "2026-03-08T10:00:00Z",
        "signed": "2026-03-08T09:00:00Z" if state == "SIGN" else None,
        "documents": files,
    }
    return contract(state, job, **(described | changes))


def stage(name: str, before: str, job: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "site_id": uuid(job),
        "stage_id": uuid(65_000 + len(name)),
        "stage_name": name,
        "previous_stage_id": uuid(65_000 + len(before)),
        "previous_stage_name": before,
        "site_owned_by_organization": uuid(66_000),
    } | changes
