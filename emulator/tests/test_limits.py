"""Google's limits and slowness, from the client's side; the windows also without a clock."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from emulator import Emulator
from emulator.calls import Call
from emulator.errors import ApiError
from emulator.limits import Limits
from emulator.tests.conftest import Client

if TYPE_CHECKING:
    from typing import Any

READ = "sheets.spreadsheets.get"
WRITE = "sheets.spreadsheets.batchUpdate"


def call(method_id: str, user: str = "a") -> Call:
    return Call("sheets", method_id, "/v4/spreadsheets/x", user=user)


def test_sixty_a_minute_for_a_user_three_hundred_for_all() -> None:
    now = [0.0]
    limits = Limits(clock=lambda: now[0])
    for _ in range(60):
        limits.check(call(READ))
        limits.check(call(WRITE))
    for method, name in ((READ, "Read"), (WRITE, "Write")):
        with pytest.raises(ApiError, match=f"limit '{name} requests per minute per user' of"):
            limits.check(call(method))
    for user in "bcde":
        for _ in range(60):
            limits.check(call(READ, user))
    with pytest.raises(ApiError, match="limit 'Read requests per minute' of service"):
        limits.check(call(READ, "f"))
    now[0] = 60.0
    limits.check(call(READ))


def test_searching_by_filter_is_a_read() -> None:
    limits = Limits(clock=lambda: 0.0)
    search = Call("sheets", "sheets.spreadsheets.getByDataFilter", "/")
    for _ in range(60):
        limits.check(search)
    with pytest.raises(ApiError, match="Read requests"):
        limits.check(search)


def test_the_429_over_http_and_a_minute_that_is_scaled() -> None:
    with Emulator(minute=30) as emulator, Client(emulator.url) as http:
        path = f"/v4/spreadsheets/{emulator.create_spreadsheet('x')}"
        statuses = [http.get(path, params={"fields": "spreadsheetId"}) for _ in range(61)]
        assert [answer.status_code for answer in statuses[:60]] == [200] * 60
        error = statuses[60].json()["error"]
        assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
        assert "Retry-After" not in statuses[60].headers
        emulator.limits.minute = 0.1
        time.sleep(0.1)
        assert http.get(path).status_code == 200


def test_each_token_is_a_user_of_its_own() -> None:
    with Emulator() as emulator:
        emulator.limits.per_user = 1
        path = f"{emulator.url}/v4/spreadsheets/{emulator.create_spreadsheet('x')}"
        one, other = Client(emulator.url, "one"), Client(emulator.url, "other")
        answers = [client.get(path).status_code for client in (one, one, other)]
        assert answers == [200, 429, 200]


def test_latency_holds_no_lock(emulator: Emulator) -> None:
    path = f"{emulator.url}/v4/spreadsheets/{emulator.create_spreadsheet('x')}"
    emulator.latency = 0.5

    def get(_: Any = None) -> None:
        with Client(emulator.url) as client:
            client.get(path)

    began = time.monotonic()
    threads = [threading.Thread(target=get) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.5 <= time.monotonic() - began < 2.5  # one after the other it would be 3
