"""A webhook's text stays text on the pages, and no URL causes an error."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update

from sync.core.schema import document as documents
from tests.console.rig import Rig
from tests.made_up import comment, document, milestone, task, uuid

MARKUP = "<b id=hit onclick=alert(1)>\"'</b></script><script>alert(2)</script>{{ 1234*4321 }}"


def leaves(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, (*path, key))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from leaves(value, (*path, index))
    elif isinstance(tree, str):
        yield path


def marked(payload: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    made = copy.deepcopy(payload)
    at: Any = made
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = MARKUP
    return made


def hostile() -> list[dict[str, Any]]:
    whole = milestone(
        1,
        assigned_to={"first_name": "A", "last_name": "B", "email": "c@example.com"},
        comments=[comment("text", "2026-03-01T09:00:00Z")],
        tasks=[task(document(1), description="d", assigned_to={"first_name": "A"})],
    )
    stage = {"site_id": uuid(2), "stage_id": "1", "stage_name": "Sale", "previous_stage_name": "L"}
    found = [marked(whole, path) for path in leaves(whole)]
    found += [marked(stage, path) for path in leaves(stage)]
    everything = marked(whole, ("name",))
    for path in leaves(whole):
        if path[-1] not in ("uuid", "site", "milestone_definition", "quote", "timestamp"):
            everything = marked(everything, path)
    everything["date_updated"] = "2026-03-05T10:00:00Z"
    return [*found, {MARKUP: MARKUP, "tasks": []}, {**whole, MARKUP: [MARKUP]}, everything]


def test_markup_in_every_field_is_shown_as_text(rig: Rig) -> None:
    sent = hostile()
    assert len(sent) > 30
    rig.arrived(*sent)
    names = dict.fromkeys(("customer", "phone", "email", "address"), MARKUP)
    rig.store.set_customer(rig.lease, uuid(1), names, 0.0)
    with rig.database.begin() as connection:
        connection.execute(update(documents).values(state="failed", error=MARKUP, name=MARKUP))
    rig.store.put("pass", {"at": 1.0, "findings": [finding("other_customer"), finding(MARKUP)]})
    visitor = rig.signed_in()
    numbers = [each.id for each in rig.records.deliveries("")]
    pages = ["/", "/jobs", f"/jobs/{uuid(1)}", "/jobs/documents", "/webhooks", "/setup"]
    pages += [f"/webhooks/{number}" for number in numbers]
    pages += [f"/webhooks?q={MARKUP}", f"/jobs?q={MARKUP}", f"/actions/forget?site={MARKUP}"]
    seen = {path: visitor.text(path) for path in pages}
    for path, page in seen.items():
        assert "<b id=hit" not in page, path
        assert "alert(2)</script>" not in page, path
        assert str(1234 * 4321) not in page, path
    for path in ("/", "/jobs", f"/jobs/{uuid(1)}", "/jobs/documents", "/webhooks", "/setup"):
        assert "&lt;b id=hit" in seen[path], path


def finding(code: str) -> dict[str, Any]:
    return {"code": code, "text": MARKUP, "tab": MARKUP, "site": uuid(1), "detail": MARKUP}


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/%00", "/webhooks/..%2f..%2fetc", "/jobs/%27%20OR%201=1", "/jobs/%F0%9F%98%80",
        "/webhooks/9999999999999999999999", "/webhooks/0", "/webhooks?before=-1",
        "/webhooks?before=99999999999999999999", "/webhooks?q=%00", "/webhooks?q=%ED%A0%80",
        "/webhooks?q=%25%5C_", "/webhooks?q=99999999999999999999", "/jobs?q=%00%FF",
        "/jobs?from=99999999999999999999", "/jobs?from=-1", "/jobs?q=%25%5C_", "/jobs/%00",
        "/actions/forget?site=%00", "/actions/nothing", "/actions/pause?next=//evil.example",
    ],
)  # fmt: skip
def test_unusual_urls_cause_no_error(stored_rig: Rig, path: str) -> None:
    stored_rig.arrived(milestone(1))
    answer = stored_rig.signed_in().get(path)
    assert answer.status_code in (200, 404), answer.text


def test_a_private_comment_is_not_shown(rig: Rig) -> None:
    rig.arrived(milestone(1, comments=[comment("Secret.", "2026-03-01T09:00:00Z", private=True)]))
    rig.arrived(b'{"comment": "Secret.", "private": tr')
    visitor = rig.signed_in()
    for number in (1, 2):
        assert "Secret." not in visitor.text(f"/webhooks/{number}")
    assert "bytes that aren" in visitor.text("/webhooks/2")
