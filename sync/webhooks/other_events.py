"""Parses webhooks other than the milestone webhook, as far as their fields are known. Pure.

EverBright lists these webhooks without a sample. Where the key of a field is not known, likely
keys are tried, and unknown ones are ignored (docs/facts.md has what is known).
"""

from collections.abc import Iterator, Mapping, Sequence

from pydantic import ValidationError

from sync.settings.config_file import WebhooksConfig
from sync.webhooks import contracts
from sync.webhooks.fields import Tree, moments, text, uuid, uuids
from sync.webhooks.schema import Comment, Contract, Kind, OtherEvent

_SITE = ("site", "site_id", "site_uuid")
_MILESTONE = ("milestone", "milestone_id", "milestone_uuid")
_DATES = ("date_updated", "timestamp", "updated_at", "date_modified")
_CREATED = ("date_created", "created_at")
"""Used for comments only: in other webhooks it may be the date on which the job was created."""
OTHERS = frozenset({"quote", "proposal", "contract", "invoice", "change_order", "sub_tasks"})
"""With one of these keys, `archived` refers to that object and not to the job."""
_NO = frozenset({"", "false", "no", "0", "none", "null"})
_LEFT_STAGE = ("previous_stage_name",)
_STAGE_LIMIT = 500


def read(tree: Tree, kind: Kind, shapes: WebhooksConfig) -> OtherEvent | None:
    """Return the event in `tree`; None without a job or without anything that is shown."""
    site = next(uuids(tree, _SITE), None) or _nested_site(tree)
    archived = _archived(tree, shapes.archived)
    if site is None and kind is Kind.SITE_ARCHIVED:
        site = uuid(tree.get("uuid"))  # The body may be the site itself.
    about = next(uuids(tree, _MILESTONE), None)
    event = OtherEvent(
        site=site,
        about=None if site else about,
        archived=archived if kind is Kind.SITE_ARCHIVED else None,
        stage=text(tree, shapes.stage)[:_STAGE_LIMIT],
        left_stage=text(tree, _LEFT_STAGE)[:_STAGE_LIMIT],
        contract=_contract(tree, kind, shapes),
        comments=tuple(_comments(tree)),
        moments=tuple(moments(tree, _DATES + _CREATED * (kind is Kind.COMMENT))),
    )
    has_content = event.archived is not None or event.stage or event.contract or event.comments
    return event if has_content and (site or about) else None


def _contract(tree: Tree, kind: Kind, shapes: WebhooksConfig) -> Contract | None:
    if kind is Kind.CHANGE_ORDER:
        return contracts.change_order(tree, shapes)
    return contracts.contract(tree) if kind is Kind.CONTRACT else None


def site_text(tree: Tree) -> str | None:
    """Return the text under a site key, which may be invalid, for the list of deliveries."""
    found = (tree.get(key) for key in _SITE)
    return next((one[:100] for one in found if isinstance(one, str) and one), None)


def _nested_site(tree: Tree) -> str | None:
    """Return the site of the milestone, where the milestone is an object."""
    milestone = tree.get("milestone")
    return next(uuids(milestone, _SITE), None) if isinstance(milestone, Mapping) else None


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
