"""Reads contracts and change orders: tasks with a document that is signed electronically. Pure.

EverBright describes both webhooks and shows no sample: `document_status` is GEN, SENT, SIGN (signed
by all) or VOID, an envelope has `date_signed`, and the signed document is the UPLOADED one.
"""

import re
from collections.abc import Iterator

from pydantic import ValidationError

from sync.settings.config_file import WebhooksConfig
from sync.webhooks.fields import Tree, moments, objects, text, uuid, uuids
from sync.webhooks.schema import Contract, ContractState, Document

_NAME_LIMIT = 200
_QUOTE = ("quote", "quote_id", "quote_uuid")
_STATES = {one.value: one for one in ContractState} | {
    "GENERATED": ContractState.GENERATED,
    "SIGNED": ContractState.SIGNED,
    "VOIDED": ContractState.VOIDED,
}
_STRONGEST = (
    ContractState.SIGNED,
    ContractState.SENT,
    ContractState.GENERATED,
    ContractState.VOIDED,
)
"""Which envelope counts where the sub-task itself does not say: an older one may be voided."""


def is_task(tree: Tree) -> bool:
    """Return whether `tree` is a task: it has sub-tasks, and a milestone has tasks."""
    return "sub_tasks" in tree and "tasks" not in tree


def is_change_order(tree: Tree, shapes: WebhooksConfig) -> bool:
    """Return whether `tree` is a change order: by a key that only it has, else by its name."""
    keys = (*shapes.change_order, *shapes.new_quote)
    if any(tree.get(key) not in (None, "", "None", False) for key in keys):
        return True
    return is_task(tree) and _is_named(tree, shapes.change_order_name)


def is_contract(tree: Tree, shapes: WebhooksConfig) -> bool:
    """Return whether the task `tree` is a contract: by its envelopes, else by its name."""
    return any(
        bool(_envelopes(one)) or _is_named(tree, shapes.contract_name)
        for one, _ in _signatures(tree)
    )


def contract(tree: Tree) -> Contract | None:
    """Return what the task `tree` says of its contract."""
    return next((_read(tree, one, state) for one, state in _signatures(tree)), None)


def change_order(tree: Tree, shapes: WebhooksConfig) -> Contract | None:
    """Return a change order that is signed, else None: before that, it changes nothing."""
    found = contract(tree)
    if found is None:
        found = next((_read(tree, {}, state) for state in _states(tree, shapes.change_order)), None)
    if found is None or found.state is not ContractState.SIGNED:
        return None
    new_quote = next(uuids(tree, shapes.new_quote), "")
    return found.model_copy(update={"is_change_order": True, "new_quote": new_quote})


def _is_named(tree: Tree, pattern: str) -> bool:
    return re.search(pattern, _name(tree), re.IGNORECASE) is not None


def _name(tree: Tree) -> str:
    return " ".join(text(tree, ("name",))[:_NAME_LIMIT].split())


def _signatures(tree: Tree) -> Iterator[tuple[Tree, ContractState]]:
    """Yield the sub-tasks with a document that is to be signed, and how that stands."""
    for sub_task in objects(tree.get("sub_tasks")):
        own = next(_states(sub_task, ("document_status",)), None)
        of_envelopes = {
            state
            for one in _envelopes(sub_task)
            for state in _states(one, ("document_status", "status"))
        }
        found = own or next((one for one in _STRONGEST if one in of_envelopes), None)
        if found:
            yield sub_task, found


def _states(tree: Tree, keys: tuple[str, ...]) -> Iterator[ContractState]:
    for key in keys:
        value = tree.get(key)
        if isinstance(value, str) and value.strip().upper() in _STATES:
            yield _STATES[value.strip().upper()]


def _envelopes(sub_task: Tree) -> list[Tree]:
    data = sub_task.get("data")
    return objects(data.get("envelopes")) if isinstance(data, dict) else []


def _read(tree: Tree, sub_task: Tree, state: ContractState) -> Contract:
    is_signed = state is ContractState.SIGNED
    dates = (at for one in _envelopes(sub_task) for at in moments(one, ("date_signed",)))
    return Contract(
        name=_name(tree),
        state=state,
        signed=tuple(dates) if is_signed else (),
        quote=next(uuids(tree, _QUOTE), ""),
        sub_task=uuid(sub_task.get("uuid")) or "",
        documents=tuple(_documents(sub_task)) if is_signed else (),
    )


def _documents(sub_task: Tree) -> Iterator[Document]:
    """Yield the signed documents: those that were generated are not signed."""
    data = sub_task.get("data")
    for one in objects(data.get("documents")) if isinstance(data, dict) else ():
        try:
            document = Document.model_validate(one)
        except ValidationError:
            continue
        if document.creation_type == "UPLOADED":
            yield document
