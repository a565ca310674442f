"""Converts records of EverBright's lists to payloads in the webhooks' format. Pure."""

from collections.abc import Sequence
from typing import Any

from sync.everbright.answers import Record
from sync.webhooks.other_events import QUOTE_KEYS, uuids
from sync.webhooks.schema import Milestone, SubTask, Task

_DEFINITION_KEYS = ("milestone_definition", "milestone_definition_id", "definition")
# The keys that payloads take over from records.
_MILESTONE = frozenset(Milestone.model_fields) - {"site", "quote", "milestone_definition", "tasks"}
_CONTRACT = ("name", "status", "task_definition", "date_updated", "updated_at", "date_modified")
_TASK = frozenset(Task.model_fields) - {"sub_tasks"}
_SUB_TASK = frozenset(SubTask.model_fields)


def milestone(
    record: Record, site: str, quote: str, tasks: Sequence[tuple[Record, Sequence[Record]]]
) -> dict[str, Any]:
    """Return a milestone's payload in the webhook's format.

    `tasks` are its tasks with their sub-tasks, `quote` is the job's ("" for none), used if the
    record has none.
    """
    payload = {"status": None, **_only(record, _MILESTONE)}
    payload["site"] = site
    payload["quote"] = next(uuids(record, QUOTE_KEYS), quote) or None
    payload["milestone_definition"] = definition(record) or None
    payload["tasks"] = [
        _only(task, _TASK) | {"sub_tasks": [_only(sub_task, _SUB_TASK) for sub_task in sub_tasks]}
        for task, sub_tasks in tasks
    ]
    return payload


def contract(record: Record, site: str) -> dict[str, Any]:
    """Return a contract's payload in the webhook's format.

    If the record has no sub-tasks, its own fields are used like those of a sub-task.
    """
    payload = {key: record[key] for key in _CONTRACT if key in record}
    payload["site"] = site
    payload["quote"] = next(uuids(record, QUOTE_KEYS), None)
    payload["sub_tasks"] = record.get("sub_tasks") or [
        {
            "uuid": record.get("sub_task"),
            "document_status": record.get("document_status") or record.get("status"),
            "data": {
                "documents": record.get("documents"),
                "envelopes": record.get("envelopes") or [{}],
            },
        }
    ]
    return payload


def definition(record: Record) -> str:
    """Return the UUID of a milestone's definition, or ""."""
    return next(uuids(record, _DEFINITION_KEYS), "")


def initial_quote(quotes: Sequence[Record]) -> str:
    """Return the UUID of the oldest of a job's quotes, or "". Webhooks have that one, too."""
    oldest = sorted(quotes, key=lambda record: str(record.get("date_created") or "~"))
    return next((uuid for record in oldest for uuid in uuids(record, ("uuid", "id"))), "")


def _only(record: Record, keys: frozenset[str]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key in keys}
