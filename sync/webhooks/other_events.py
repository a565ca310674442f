"""Parses webhooks other than the milestone webhook, as far as their fields are known. Pure.

EverBright lists these webhooks without a sample. The top-level keys of a stage transition
(`site_id`, `stage_name`) and of a task (`milestone`) are known; for all other fields, likely keys
are tried, and unknown ones are ignored.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from sync.settings.config_file import WebhooksConfig
from sync.types import When
from sync.webhooks.schema import Comment, Kind, OtherEvent

Tree = Mapping[str, Any]

_SITE = ("site", "site_id", "site_uuid")
_MILESTONE = ("milestone", "milestone_id", "milestone_uuid")
_DATES = ("date_updated", "timestamp", "updated_at", "date_modified")
_CREATED = ("date_created", "created_at")
"""Used for comments only: in other webhooks it may be the date on which the job was created."""
OTHERS = frozenset({"quote", "proposal", "contract", "invoice", "change_order", "sub_tasks"})
"""With one of these keys, `archived` refers to that object and not to the job."""
_NO = frozenset({"", "false", "no", "0", "none", "null"})
_WHEN: TypeAdapter[datetime | None] = TypeAdapter(When)
_STAGE_LIMIT = 500


def read(tree: Tree, kind: Kind, shapes: WebhooksConfig) -> OtherEvent | None:
    """Return the event in `tree`; None without a job or without anything that is shown."""
    site = next(_uuids(tree, _SITE), None) or _nested_site(tree)
    archived = _archived(tree, shapes.archived)
    if site is None and kind is Kind.SITE_ARCHIVED:
        site = _uuid(tree.get("uuid"))  # The body may be the site itself.
    about = next(_uuids(tree, _MILESTONE), None)
    event = OtherEvent(
        site=site,
        about=None if site else about,
        archived=archived if kind is Kind.SITE_ARCHIVED else None,
        stage=_text(tree, shapes.stage)[:_STAGE_LIMIT],
        quote=next(_uuids(tree, shapes.quote), "") if kind is Kind.CHANGE_ORDER else "",
        comments=tuple(_comments(tree)),
        moments=tuple(_moments(tree, _DATES + _CREATED * (kind is Kind.COMMENT))),
    )
    has_content = event.archived is not None or event.stage or event.quote or event.comments
    return event if has_content and (site or about) else None


def site_text(tree: Tree) -> str | None:
    """Return the text under a site key, which may be invalid, for the list of deliveries."""
    found = (tree.get(key) for key in _SITE)
    return next((text[:100] for text in found if isinstance(text, str) and text), None)


def _nested_site(tree: Tree) -> str | None:
    """Return the site of the milestone, where the milestone is an object."""
    milestone = tree.get("milestone")
    return next(_uuids(milestone, _SITE), None) if isinstance(milestone, Mapping) else None


def _uuids(tree: Tree, keys: Iterable[str]) -> Iterator[str]:
    """Yield the UUIDs under `keys`: a string, or an object with a `uuid`."""
    for key in keys:
        value = tree.get(key)
        found = _uuid(value.get("uuid") if isinstance(value, Mapping) else value)
        if found:
            yield found


def _uuid(value: object) -> str | None:
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def _text(tree: Tree, keys: Iterable[str]) -> str:
    found = (tree.get(key) for key in keys)
    texts = (one.get("name") if isinstance(one, Mapping) else one for one in found)
    return next((one.strip() for one in texts if isinstance(one, str) and one != "None"), "")


def _archived(tree: Tree, keys: Sequence[str]) -> bool | None:
    """Return whether the job is archived (a date counts as "yes"), or None without such a key."""
    for key in keys:
        if key in tree:
            value = tree[key]
            return value.strip().lower() not in _NO if isinstance(value, str) else bool(value)
    return None


def _comments(tree: Tree) -> Iterator[Comment]:
    """Yield the comments: a list, a single object, or fields of `tree` itself."""
    listed, one = tree.get("comments"), tree.get("comment")
    found = [*listed] if isinstance(listed, list) else []
    found += [one if isinstance(one, Mapping) else tree] if one else []
    for entry in found:
        try:
            comment = Comment.model_validate(entry)
        except ValidationError:
            continue
        if comment.comment:
            yield comment


def _moments(tree: Tree, keys: Iterable[str]) -> Iterator[datetime]:
    for key in keys:
        try:
            moment = _WHEN.validate_python(tree.get(key))
        except ValidationError:
            continue
        if moment is not None:
            yield moment
