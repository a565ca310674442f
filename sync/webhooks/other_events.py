"""Parses webhooks other than the milestone webhook. Pure.

EverBright lists these webhooks without a sample. If a field's key isn't known, likely keys are
tried; unknown ones are ignored (see docs/facts.md).

Contracts and change orders are tasks with a document that is signed electronically:
`document_status` is GEN, SENT, SIGN (signed by all) or VOID, an envelope has `date_signed`, and the
signed document is the UPLOADED one.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from sync.settings.config_file import WebhooksConfig
from sync.types import When
from sync.webhooks.schema import (
    Comment,
    Contract,
    ContractState,
    Document,
    Kind,
    OtherEvent,
)
from sync.webhooks.values import text_at

Tree = Mapping[str, Any]

_WHEN: TypeAdapter[datetime | None] = TypeAdapter(When)
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NOON = timedelta(hours=12)
SITE_KEYS = ("site", "site_id", "site_uuid")
"""Keys that may hold a job's UUID, in this order."""
DATE_KEYS = ("date_updated", "timestamp", "updated_at", "date_modified")
_CREATED = ("date_created", "created_at")
"""Used for comments only: in other webhooks it may be the date on which the job was created."""
OTHER_TEXTS = frozenset({"quote", "proposal", "contract", "invoice", "change_order", "sub_tasks"})
"""With one of these keys, `archived` refers to that object and not to the job."""
_NO = frozenset({"", "false", "no", "0", "none", "null"})
_NAME_LIMIT = 200
QUOTE_KEYS = ("quote", "quote_id", "quote_uuid")
_STATES = {text: state for state in ContractState for text in (state.value, state.name)}
"""By their codes, and by whole words in case EverBright spells them out."""
_STRONGEST = (
    ContractState.SIGNED,
    ContractState.SENT,
    ContractState.GENERATED,
    ContractState.VOIDED,
)
"""Which envelope counts if the sub-task has no state; an older one may be voided."""


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
    contract = None
    if kind is Kind.CONTRACT:
        contract = _task_contract(tree)
    if kind is Kind.CHANGE_ORDER:
        contract = _change_order(tree, shapes)
    date_keys = (*DATE_KEYS, *_CREATED) if kind is Kind.COMMENT else DATE_KEYS
    event = OtherEvent(
        site=site,
        contract=contract,
        comments=tuple(_comments(tree)),
        is_archived=is_yes(marks[0]) if kind is Kind.SITE_ARCHIVED and marks else None,
        moments=tuple(moments(tree, date_keys)),
    )
    has_content = event.contract or event.comments or event.is_archived is not None
    return event if has_content else None


def _change_order(tree: Tree, shapes: WebhooksConfig) -> Contract | None:
    order = _task_contract(tree)
    if order is None:
        states = _states(tree, shapes.change_order)
        order = next((_contract_of(tree, {}, state) for state in states), None)
    if order is None:
        return None
    new_quote = next(uuids(tree, shapes.new_quote), "")
    return order.model_copy(update={"is_change_order": True, "new_quote": new_quote})


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
    for entry in entries:
        try:
            comment = Comment.model_validate(entry)
        except ValidationError as error:
            odd = {each["loc"][0] for each in error.errors(include_input=False)}
            usable = {key: value for key, value in entry.items() if key not in odd}
            comment = Comment.model_validate(usable)
        if comment.comment:
            yield comment


def is_task(tree: Tree) -> bool:
    """Return whether `tree` is a task: it has sub-tasks, and a milestone has tasks."""
    return "sub_tasks" in tree and "tasks" not in tree


def is_change_order(tree: Tree, shapes: WebhooksConfig) -> bool:
    """Return whether `tree` is a change order, by a key that only it has, or by its name."""
    keys = (*shapes.change_order, *shapes.new_quote)
    if any(tree.get(key) not in (None, "", "None", False) for key in keys):
        return True
    return is_task(tree) and _is_named(tree, shapes.change_order_name)


def is_contract(tree: Tree, shapes: WebhooksConfig) -> bool:
    """Return whether the task `tree` is a contract, by its envelopes or by its name."""
    return any(
        bool(_data(sub_task, "envelopes")) or _is_named(tree, shapes.contract_name)
        for sub_task, _ in _signatures(tree)
    )


def _task_contract(tree: Tree) -> Contract | None:
    """Return the contract in the task `tree`."""
    signatures = _signatures(tree)
    return next((_contract_of(tree, sub_task, state) for sub_task, state in signatures), None)


def _is_named(tree: Tree, pattern: str) -> bool:
    return re.search(pattern, _name(tree), re.IGNORECASE) is not None


def _name(tree: Tree) -> str:
    return text(tree, ("name",))[:_NAME_LIMIT].rstrip()


def _signatures(tree: Tree) -> Iterator[tuple[Tree, ContractState]]:
    """Yield the sub-tasks with a document to sign, and the document's state."""
    for sub_task in objects(tree.get("sub_tasks")):
        own = next(_states(sub_task, ("document_status",)), None)
        of_envelopes = {
            state
            for envelope in _data(sub_task, "envelopes")
            for state in _states(envelope, ("document_status", "status"))
        }
        state = own or next((state for state in _STRONGEST if state in of_envelopes), None)
        if state:
            yield sub_task, state


def _states(tree: Tree, keys: tuple[str, ...]) -> Iterator[ContractState]:
    for key in keys:
        value = tree.get(key)
        if isinstance(value, str) and value.strip().upper() in _STATES:
            yield _STATES[value.strip().upper()]


def _data(sub_task: Tree, key: str) -> list[Tree]:
    data = sub_task.get("data")
    return objects(data.get(key)) if isinstance(data, dict) else []


def _contract_of(tree: Tree, sub_task: Tree, state: ContractState) -> Contract:
    is_signed = state is ContractState.SIGNED
    envelopes = _data(sub_task, "envelopes")
    dates = (at for envelope in envelopes for at in moments(envelope, ("date_signed",)))
    return Contract(
        name=_name(tree),
        state=state,
        signed=tuple(dates) if is_signed else (),
        quote=next(uuids(tree, QUOTE_KEYS), ""),
        sub_task=uuid(sub_task.get("uuid")) or "",
        documents=tuple(_documents(sub_task)) if is_signed else (),
    )


def _documents(sub_task: Tree) -> Iterator[Document]:
    """Yield the signed documents; generated ones aren't signed."""
    for entry in _data(sub_task, "documents"):
        try:
            document = Document.model_validate(entry)
        except ValidationError:
            continue
        if document.is_uploaded:
            yield document


# Fields whose keys or types aren't certain; unreadable values are skipped.


def uuids(tree: Tree, keys: Iterable[str]) -> Iterator[str]:
    """Yield the UUIDs under `keys`: a string, or an object with a `uuid`."""
    for key in keys:
        value = tree.get(key)
        known = uuid(value.get("uuid") if isinstance(value, Mapping) else value)
        if known:
            yield known


def uuid(value: object) -> str | None:
    """Return a UUID in its canonical form, or None."""
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def text(tree: Tree, keys: Iterable[str]) -> str:
    """Return the first text under `keys`: a value, or the `name` of an object."""
    texts = (text_at(tree, path) for key in keys for path in (key, f"{key}.name"))
    return next(filter(None, texts), "")


def moments(tree: Tree, keys: Iterable[str]) -> Iterator[datetime]:
    """Yield the dates (UTC) under `keys`."""
    for key in keys:
        value = tree.get(key)
        try:
            moment = _WHEN.validate_python(value)
        except ValidationError:
            continue
        if moment is not None:
            # A day is noon UTC, which is the same day in all American time zones.
            is_day = isinstance(value, str) and _DAY.fullmatch(value)
            yield moment + _NOON if is_day else moment


def objects(value: object) -> list[Tree]:
    """Return the objects in a list, or none."""
    entries = value if isinstance(value, list) else []
    return [entry for entry in entries if isinstance(entry, Mapping)]
