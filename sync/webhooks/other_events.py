"""Parses webhooks other than the milestone webhook. Pure.

EverBright lists these webhooks without a sample. If a field's key isn't known, likely keys are
tried; unknown ones are ignored (see docs/facts.md).

Contracts and change orders are tasks with a document that is signed electronically:
`document_status` is GEN, SENT, SIGN (signed by all) or VOID, an envelope has `date_signed`, and the
signed document is the UPLOADED one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from sync.settings.config_file import WebhooksConfig
from sync.types import When, uuid
from sync.webhooks.schema import (
    Comment,
    Contract,
    ContractState,
    Kind,
    OtherEvent,
    SubTask,
    Task,
)
from sync.webhooks.values import text_at

Tree = Mapping[str, Any]

_WHEN: TypeAdapter[datetime | None] = TypeAdapter(When)
SITE_KEYS = ("site", "site_id", "site_uuid")
"""Keys that may hold a job's UUID, in this order."""
DATE_KEYS = ("date_updated", "timestamp", "updated_at", "date_modified")
_CREATED = ("date_created", "created_at")
"""Used for comments only: in other webhooks it may be the date on which the job was created."""
OTHER_TEXTS = frozenset(
    {"quote", "proposal", "contract", "invoice", "change_order", "sub_tasks", "stage_name"}
)
"""With one of these keys, `archived` refers to that object and not to the job."""
_NO = frozenset({"", "false", "no", "0", "none", "null"})


def read(tree: Tree, kind: Kind, shapes: WebhooksConfig) -> OtherEvent | None:
    """Return the event in `tree`; None without a job, or without anything to show."""
    milestone = tree.get("milestone")
    site = site_of(tree)
    if site is None and isinstance(milestone, Mapping):
        site = site_of(milestone)
    if site is None and kind is Kind.SITE_ARCHIVED:
        site = uuid(tree.get("uuid"))  # The body may be the site itself.
    if site is None:
        return None
    marks = [tree[key] for key in shapes.archived if key in tree]
    date_keys = (*DATE_KEYS, *_CREATED) if kind is Kind.COMMENT else DATE_KEYS
    event = OtherEvent(
        site=site,
        contract=_contract(tree, kind, shapes),
        comments=tuple(_comments(tree)),
        is_archived=is_yes(marks[0]) if kind is Kind.SITE_ARCHIVED and marks else None,
        moments=tuple(moments(tree, date_keys)),
    )
    has_content = event.contract or event.comments or event.is_archived is not None
    return event if has_content else None


def site_of(tree: Tree) -> str | None:
    """Return the job's UUID. Another text in its place may be a name or an address."""
    return next(uuids(tree, SITE_KEYS), None)


def is_yes(mark: object) -> bool:
    """Return whether a flag is set; anything that isn't clearly "no" counts as "yes"."""
    return mark.strip().lower() not in _NO if isinstance(mark, str) else bool(mark)


def _comments(tree: Tree) -> Iterator[Comment]:
    """Yield the comments: a list, a single object, or fields of `tree` itself."""
    listed, single = tree.get("comments"), tree.get("comment")
    entries = objects(listed)
    entries += [single if isinstance(single, Mapping) else tree] if single else []
    found = (Comment.model_validate(entry) for entry in entries)
    return (comment for comment in found if comment.comment)


def is_task(tree: Tree) -> bool:
    """Return whether `tree` is a task: it has sub-tasks, and a milestone has tasks."""
    return "sub_tasks" in tree and "tasks" not in tree


def is_change_order(tree: Tree, shapes: WebhooksConfig) -> bool:
    """Return whether `tree` is a change order, by a key that only it has, or by its name."""
    if any(tree.get(key) not in (None, "", "None", False) for key in shapes.change_order):
        return True
    return is_task(tree) and _is_named(tree, shapes.change_order_name)


def is_contract(tree: Tree, shapes: WebhooksConfig) -> bool:
    """Return whether the task `tree` is a contract, by its envelopes or by its name."""
    is_named = _is_named(tree, shapes.contract_name)
    return any(is_named or step.data.envelopes for step, _ in _signatures(tree))


def _is_named(tree: Tree, pattern: str) -> bool:
    return re.search(pattern, text_at(tree, "name") or "", re.IGNORECASE) is not None


def _contract(tree: Tree, kind: Kind, shapes: WebhooksConfig) -> Contract | None:
    """Return the contract or change order in `tree`, which may have its state itself."""
    if kind not in (Kind.CONTRACT, Kind.CHANGE_ORDER):
        return None
    signatures = [*_signatures(tree)]
    if kind is Kind.CHANGE_ORDER and (state := _state(tree.get(k) for k in shapes.change_order)):
        signatures.append((SubTask(), state))
    for step, state in signatures:
        documents = step.data.documents if state is ContractState.SIGNED else ()
        return Contract(
            state=state,
            is_change_order=kind is Kind.CHANGE_ORDER,
            sub_task=step.uuid or "",
            documents=tuple(each for each in documents if each.is_uploaded),
        )
    return None


def _signatures(tree: Tree) -> Iterator[tuple[SubTask, ContractState]]:
    """Yield the sub-tasks of a task with a document to sign, and the document's state."""
    for step in Task.model_validate(tree).sub_tasks:
        sent = (c for each in step.data.envelopes for c in (each.document_status, each.status))
        if state := _state([step.document_status]) or _state(sent):
            yield step, state


def _state(codes: Iterable[object]) -> ContractState | None:
    known = [*codes]
    return next((state for state in ContractState if state in known), None)


# Fields whose keys or types aren't certain; unreadable values are skipped.


def uuids(tree: Tree, keys: Iterable[str]) -> Iterator[str]:
    """Yield the UUIDs under `keys`: a string, or an object with a `uuid`."""
    for key in keys:
        value = tree.get(key)
        known = uuid(value.get("uuid") if isinstance(value, Mapping) else value)
        if known:
            yield known


def moments(tree: Tree, keys: Iterable[str]) -> Iterator[datetime]:
    """Yield the dates (UTC) under `keys`."""
    for key in keys:
        with suppress(ValidationError):
            if (moment := _WHEN.validate_python(tree.get(key))) is not None:
                yield moment


def objects(value: object) -> list[Tree]:
    """Return the objects in a list, or none."""
    entries = value if isinstance(value, list) else []
    return [entry for entry in entries if isinstance(entry, Mapping)]
