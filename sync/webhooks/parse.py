"""Parses the body of a webhook into a `ParsedWebhook`, or rejects it with a reason. Pure."""

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from sync.errors import Rejected
from sync.settings.config_file import WebhooksConfig
from sync.types import clean_text
from sync.webhooks import other_events
from sync.webhooks.literal import to_json
from sync.webhooks.schema import Kind, Milestone, ParsedWebhook

_SHAPES = WebhooksConfig()


def read(body: bytes, shapes: WebhooksConfig = _SHAPES) -> ParsedWebhook:
    """Return the webhook in `body`; `shapes` has the keys of webhooks without a published sample.

    The body is JSON as documented, or a Python literal like the published sample. Private comments
    are removed. Raises Rejected: status 400 for an unreadable body, 422 for a milestone without a
    valid site or milestone definition, or with a status that isn't text (it may have none).
    """
    with suppress(RecursionError):  # EverBright's own bodies have eight levels.
        return _read(body, shapes)
    raise Rejected("too_deep", "The body is nested too deeply.", 400)


def _read(body: bytes, shapes: WebhooksConfig) -> ParsedWebhook:
    tree = tree_of(body)
    canonical = json.dumps(tree, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode("ascii")).hexdigest()
    if not isinstance(tree, dict):
        return ParsedWebhook(kind=Kind.OTHER, digest=digest)
    # Of the whole tree: a webhook of a private comment is one of a comment, too.
    kind = kind_of(tree, shapes)
    public = without_private_comments(tree)
    if kind is not Kind.MILESTONE:
        event = other_events.read(public, kind, shapes)
        site = event.site if event else other_events.site_of(public)
        return ParsedWebhook(kind=kind, digest=digest, site=site, other_event=event)
    milestone, odd = _milestone(public)
    return ParsedWebhook(
        kind=kind, digest=digest, site=milestone.site, milestone=milestone, odd_fields=odd
    )


def kind_of(tree: Mapping[str, Any], shapes: WebhooksConfig = _SHAPES) -> Kind:
    """Return a webhook's kind: the first that it fits, because kinds share keys."""
    is_task = other_events.is_task(tree)
    # A comment webhook may have a milestone definition, but neither tasks nor a status.
    has_state = "tasks" in tree or "status" in tree
    if not is_task and has_state and ("milestone_definition" in tree or "tasks" in tree):
        return Kind.MILESTONE
    if other_events.is_change_order(tree, shapes):
        return Kind.CHANGE_ORDER
    if is_task and other_events.is_contract(tree, shapes):
        return Kind.CONTRACT
    if "comment" in tree or "comments" in tree:
        return Kind.COMMENT
    if not tree.keys().isdisjoint(shapes.archived) and tree.keys().isdisjoint(
        other_events.OTHER_TEXTS
    ):
        return Kind.SITE_ARCHIVED
    return Kind.OTHER


def tree_of(body: bytes) -> Any:
    """Return the values in a body. Raises Rejected."""
    # Raised outside of `except`: see `Rejected`.
    text = None
    with suppress(UnicodeDecodeError):
        text = body.decode("utf-8-sig")
    if text is None:
        raise Rejected("not_json", "The body is not UTF-8 text.", 400)
    with suppress(ValueError):
        return _JSON.decode(text)
    return _parse_literal(text)


def _parse_literal(text: str) -> Any:
    try:
        return _JSON.decode(to_json(text))
    except (ValueError, SyntaxError) as error:
        message = f"The body is not JSON: {error}"[:200]
    raise Rejected("not_json", message, 400)


def _reject_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


_JSON = json.JSONDecoder(parse_constant=_reject_constant)


def _milestone(tree: Mapping[str, Any]) -> tuple[Milestone, tuple[str, ...]]:
    """Return the milestone, and the names of fields that are left out because of their type."""
    if tree.get("site") in (None, "", "None"):
        raise Rejected("missing_site", "`site` is missing: it identifies the job of a milestone.")
    odd = list[str]()
    try:
        return Milestone.model_validate(tree, context=odd), tuple(dict.fromkeys(odd))
    except ValidationError as error:
        # The value may be personal data, and the context has an error: see `Rejected`.
        found = error.errors(include_input=False, include_url=False, include_context=False)[0]
    reason = "missing_field" if found["type"] == "missing" else "invalid_field"
    raise Rejected(reason, f"`{found['loc'][0]}`: {found['msg']}")


def _is_private(tree: Any) -> bool:
    """Return whether an object is marked as private, by anything that is not clearly "no".

    EverBright marks a comment that only its own people may read with `"private": true` (source: a
    captured contract webhook), and writes `True` and "None" where JSON has true and null.
    """
    if not isinstance(tree, dict):
        return False
    marks = [mark for key, mark in tree.items() if clean_text(key).lower() == "private"]
    return any(isinstance(mark, list | dict) or other_events.is_yes(mark) for mark in marks)


def without_private_comments(tree: Any) -> Any:
    """Return `tree` without its private comments; nothing after this step has seen them.

    - An entry of a list: `{"comments": [{"comment": "Hi", "private": true}]}`
    - An object under any key: `{"reply": {"comment": "Hi", "private": true}}`
    - A text beside the mark, with its author: `{"site": "…", "comment": "Hi", "private": true}`
    - An object under the text's or author's key: `{"comment": {"text": "Hi", "private": true}}`
    """
    if isinstance(tree, list):
        return [without_private_comments(entry) for entry in tree if not _is_private_comment(entry)]
    if not isinstance(tree, dict):
        return tree
    is_private, public = _is_private(tree), dict[str, Any]()
    for key, value in tree.items():
        is_comment = key.startswith("comment")  # The text, or its author: `commentor_last_name`.
        is_hidden = is_comment and (is_private or _is_private(value))
        if not (is_hidden or _is_private_comment(value)):
            public[key] = without_private_comments(value)
    return public


def _is_private_comment(tree: Any) -> bool:
    return _is_private(tree) and "comment" in tree
