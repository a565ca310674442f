"""Converts records of EverBright's lists to payloads in the webhooks' format. Pure."""

from collections.abc import Sequence
from typing import Any

from sync.everbright.answers import Record
from sync.webhooks.other_events import uuids

_QUOTE_KEYS = ("quote", "quote_id", "quote_uuid")
_DEFINITION_KEYS = ("milestone_definition", "milestone_definition_id", "definition")


def milestone(
    record: Record, site: str, tasks: Sequence[tuple[Record, Sequence[Record]]]
) -> dict[str, Any]:
    """Return a milestone's payload in the webhook's format, with tasks and their sub-tasks."""
    return {
        "status": None,
        **record,
        "site": site,
        "quote": next(uuids(record, _QUOTE_KEYS), None),
        "milestone_definition": definition(record) or None,
        "tasks": [{**task, "sub_tasks": sub_tasks} for task, sub_tasks in tasks],
    }


def contract(record: Record, site: str) -> dict[str, Any]:
    """Return a contract's payload in the webhook's format.

    If the record has no sub-tasks, its own fields are used like those of a sub-task.
    """
    step = {
        "uuid": record.get("sub_task"),
        "document_status": record.get("document_status") or record.get("status"),
        "data": {
            "documents": record.get("documents"),
            "envelopes": record.get("envelopes") or [{}],
        },
    }
    return {
        **record,
        "site": site,
        "sub_tasks": record.get("sub_tasks") or [step],
    }


def definition(record: Record) -> str:
    """Return the UUID of a milestone's definition, or ""."""
    return next(uuids(record, _DEFINITION_KEYS), "")
