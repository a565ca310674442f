"""The pages of webhooks: what arrived, why some was rejected, and replays."""

import json
from typing import Any

from flask import Blueprint, abort, render_template, request

from sync.console.pages import Console, typed
from sync.console.records import PAGE, Records, numbers
from sync.webhooks import parse


def add(blueprint: Blueprint, console: Console) -> None:
    """Add the pages."""
    records = Records(console.database)

    @blueprint.get("/webhooks")
    def webhooks() -> Any:
        query = typed(request.args, "q")
        before = next(iter(numbers([typed(request.args, "before")])), None)
        found = records.deliveries(query, before)
        page = found[:PAGE]
        return render_template(
            "console/webhooks.html",
            query=query,
            deliveries=page,
            can_replay=any(each.reason and not each.is_dismissed for each in page),
            older=page[-1].id if len(found) > PAGE else None,
        )

    @blueprint.get("/webhooks/<int:number>")
    def webhook(number: int) -> Any:
        found = (records.delivery(number) if number < 2**62 else None) or abort(404)
        return render_template(
            "console/webhook.html",
            delivery=found,
            content=shown(found.body),
        )


def shown(raw: bytes) -> str:
    """Return a body as indented JSON, without private comments."""
    try:
        tree = parse.without_private_comments(parse.tree_of(raw))
        return json.dumps(tree, indent=2, ensure_ascii=False).encode(errors="replace").decode()
    except Exception:  # A hostile body may raise anything.
        text = raw.decode("utf-8", "replace")
        # Where a private comment begins and ends isn't known; an escape may be a part of a mark.
        may_be_private = "private" in text.lower() or "\\u" in text
        return f"{len(raw)} bytes that aren't JSON" if may_be_private else text
