"""A webhook other than a milestone's → a notice: what is there is read, the rest passed over. Pure.

EverBright names these webhooks and publishes no sample of them. Known are the top-level keys of a
stage transition (`site_id`, `stage_name`) and of a task (`milestone`); all else is looked for.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from sync.settings.config_file import WebhooksConfig
from sync.types import When
from sync.webhooks.schema import Comment, Kind, Notice

Tree = Mapping[str, Any]

_SITE = ("site", "site_id", "site_uuid")
_MILESTONE = ("milestone", "milestone_id", "milestone_uuid")
_DATES = ("date_updated", "timestamp", "updated_at", "date_modified")
_CREATED = ("date_created", "created_at")
"""Of a comment this is when it was made; of all else it may be when the job was."""
OTHERS = frozenset({"quote", "proposal", "contract", "invoice", "change_order", "sub_tasks"})
"""What names one of these is archived itself, not its job."""
_NO = frozenset({"", "false", "no", "0", "none", "null"})
_WHEN: TypeAdapter[datetime | None] = TypeAdapter(When)
_STAGE_LIMIT = 500


def read(tree: Tree, kind: Kind, shapes: WebhooksConfig) -> Notice | None:
    """Return what `tree` says of a job, or None where it names none or says nothing we show."""
    site = next(_uuids(tree, _SITE), None) or _nested_site(tree)
    archived = _archived(tree, shapes.archived)
    if site is None and kind is Kind.SITE_ARCHIVED:
        site = _uuid(tree.get("uuid"))  # It may be the site itself that is sent.
    about = next(_uuids(tree, _MILESTONE), None)
    notice = Notice(
        site=site,
        about=None if site else about,
        archived=archived if kind is Kind.SITE_ARCHIVED else None,
        stage=_text(tree, shapes.stage)[:_STAGE_LIMIT],
        quote=next(_uuids(tree, shapes.quote), "") if kind is Kind.CHANGE_ORDER else "",
        comments=tuple(_comments(tree)),
        moments=tuple(_moments(tree, _DATES + _CREATED * (kind is Kind.COMMENT))),
    )
    says = notice.archived is not None or notice.stage or notice.quote or notice.comments
    return notice if says and (site or about) else None


def site_text(tree: Tree) -> str | None:
    """Return what stands where a site is named, for people to see."""
    found = (tree.get(key) for key in _SITE)
    return next((text[:100] for text in found if isinstance(text, str) and text), None)


def _nested_site(tree: Tree) -> str | None:
    """Return the site that the milestone names, where it came as an object."""
    milestone = tree.get("milestone")
    return next(_uuids(milestone, _SITE), None) if isinstance(milestone, Mapping) else None


def _uuids(tree: Tree, keys: Iterable[str]) -> Iterator[str]:
    """Give the UUIDs under `keys`, which stand there alone or in an object."""
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
    """Return whether the job is archived; a date there means that it is. None: not said."""
    for key in keys:
        if key in tree:
            value = tree[key]
            return value.strip().lower() not in _NO if isinstance(value, str) else bool(value)
    return None


def _comments(tree: Tree) -> Iterator[Comment]:
    """Give what was remarked: a list of comments, one as an object, or one spread out in `tree`."""
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
