"""Tests that a webhook's text stays text on the pages, and that no URL causes an error."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import update

from emulator import Emulator
from sync.store.schema import document as documents
from tests.console.conftest import Console
from tests.console.test_pages import PAGES, post
from tests.made_up import comment, document, milestone, task, uuid
from tests.stored import newest

pytestmark = pytest.mark.long

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
        assigned_to={
            "first_name": "A",
            "last_name": "B",
            "email": "c@example.com",
            "uuid": uuid(7),
        },
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


def test_markup_in_every_field_is_shown_as_text(google: Emulator, sqlite_url: str) -> None:
    google.everbright.token = "a-token"
    for number in (1, 2):
        google.everbright.set_site(
            uuid(number),
            contacts=[dict.fromkeys(("first_name", "last_name", "email", "phone_number"), MARKUP)],
            address=dict.fromkeys(("address_line_1", "city_name", "zipcode"), MARKUP),
        )
    console = Console(google, sqlite_url, EVERBRIGHT_API_TOKEN="a-token", DRIVE_FOLDER_ID="f" * 20)
    visitor = console.signed_in()
    sent = hostile()
    assert len(sent) > 30
    ids = [post(visitor, payload) for payload in sent]
    console.bench.flush()
    console.bench.ask()
    console.bench.flush()
    with console.bench.database.writing() as connection:
        connection.execute(update(documents).values(message=MARKUP, reason=MARKUP))
    visitor.send("/personal", show="yes")
    kept = [one.id for one in newest(console.bench.inbox, 99)]
    assert set(filter(None, ids)) <= set(kept)
    pages = [
        *PAGES,
        *(f"/deliveries/{one}" for one in kept),
        f"/jobs/{uuid(1)}",
        f"/jobs/{uuid(2)}",
    ]
    pages += [f"/deliveries?site={MARKUP}&since={MARKUP}&milestone={MARKUP}"]
    pages += [f"/actions/replay?id={MARKUP}&next={MARKUP}", "/documents?state=pending"]
    seen = {path: visitor.text(path) for path in pages}
    seen["columns"] = visitor.send("/columns").text
    for path, page in seen.items():
        assert "<b id=hit" not in page, path
        assert "alert(2)</script>" not in page, path
        assert str(1234 * 4321) not in page, path
    for path in (f"/jobs/{uuid(1)}", "/deliveries", "/documents?state=pending", "columns"):
        assert "&lt;b id=hit" in seen[path], path


@pytest.mark.parametrize(
    "path",
    [
        "/deliveries/%00", "/deliveries/..%2f..%2fetc", "/jobs/%27%20OR%201=1",
        "/jobs/%F0%9F%98%80",
        "/deliveries?before=99999999999999999999", "/deliveries?before=-1", "/deliveries?site=%00",
        "/deliveries?site=%ED%A0%80", "/deliveries?since=9999999w", "/documents?state=%00",
        "/actions/replay?id=%00", "/actions/nothing", "/deliveries?milestone=%00%FF",
    ],
)  # fmt: skip
def test_unusual_urls_cause_no_error(store_console: Console, path: str) -> None:
    store_console.bench.send(milestone(1))
    answer = store_console.signed_in().get(path)
    assert answer.status_code in (200, 404), answer.text
