"""Removes private comments from a parsed body, wherever they are. Pure.

EverBright marks a comment that only its own people may read with `"private": true` (source: a
captured contract webhook). Nothing after this step has seen such a comment.
"""

from collections.abc import Mapping
from typing import Any

_NO = frozenset({"", "false", "no", "0", "none", "null"})
_TEXTS = ("comment", "comments")


def is_private(tree: Mapping[str, Any]) -> bool:
    """Return whether `tree` is marked as private; a mark that is not clearly "no" counts as "yes".

    EverBright writes `True` and "None" where JSON has true and null.
    """
    mark = tree.get("private")
    return mark.strip().lower() not in _NO if isinstance(mark, str) else bool(mark)


def without_private_comments(tree: Any) -> Any:
    """Return `tree` without its private comments: list entries, objects, or keys of an object."""
    if isinstance(tree, list):
        return [without_private_comments(one) for one in tree if not _is_private_comment(one)]
    if not isinstance(tree, dict):
        return tree
    hidden = _TEXTS if is_private(tree) else ()
    return {
        key: without_private_comments(value)
        for key, value in tree.items()
        if key not in hidden and not _is_hidden(key, value)
    }


def _is_hidden(key: str, value: Any) -> bool:
    is_marked = key in _TEXTS and isinstance(value, dict) and is_private(value)
    return is_marked or _is_private_comment(value)


def _is_private_comment(tree: Any) -> bool:
    return isinstance(tree, dict) and "comment" in tree and is_private(tree)
