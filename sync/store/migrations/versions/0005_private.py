"""Private comments leave the states of jobs, where earlier versions stored them."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from sync.errors import Rejected
from sync.webhooks.private import is_private
from sync.webhooks.python_literal import to_json

revision = "0005"
down_revision = "0004"

_DELIVERY = sa.table("delivery", sa.column("body", sa.LargeBinary))
_JOB = sa.table("job", *map(sa.column, ("site", "state", "version")))
_CHANGE = sa.table("change", *map(sa.column, ("seq", "body")))


def upgrade() -> None:
    """Remove what the stored deliveries mark; the rows of those jobs are written again."""
    connection = op.get_bind()
    secret = {text for text in _private_texts(connection) if text}
    if not secret:
        return
    for site, state, version in connection.execute(sa.select(_JOB)).all():
        tree = json.loads(state)
        cleaned = _without(tree, secret)
        if cleaned != tree:
            values = {"state": json.dumps(cleaned), "version": version + 1}
            connection.execute(sa.update(_JOB).where(_JOB.c.site == site).values(values))
    for seq, body in connection.execute(sa.select(_CHANGE)).all():
        tree = json.loads(body)
        if any(text in tree.get("comment", "") for text in secret):
            values = {"body": json.dumps({**tree, "comment": ""})}
            connection.execute(sa.update(_CHANGE).where(_CHANGE.c.seq == seq).values(values))


def _private_texts(connection: sa.Connection) -> Iterator[str]:
    for (body,) in connection.execute(sa.select(_DELIVERY).where(_DELIVERY.c.body.is_not(None))):
        if b"private" in body:
            yield from _marked(_parsed(bytes(body)))


def _parsed(body: bytes) -> Any:
    text = body.decode("utf-8", "replace")
    for read in (json.loads, lambda literal: json.loads(to_json(literal))):
        try:
            return read(text)
        except (ValueError, RecursionError, Rejected):
            continue
    return None


def _marked(tree: Any) -> Iterator[str]:
    if isinstance(tree, dict) and is_private(tree):
        yield str(tree.get("comment", ""))
    for each in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _marked(each)


def _without(tree: Any, secret: set[str]) -> Any:
    if isinstance(tree, dict):
        return {name: _without(value, secret) for name, value in tree.items()}
    if isinstance(tree, list):
        return [_without(one, secret) for one in tree if not _is_secret(one, secret)]
    return tree


def _is_secret(one: Any, secret: set[str]) -> bool:
    return isinstance(one, dict) and one.get("comment") in secret
