"""/status over HTTP: what anybody may see, and that it costs little."""

import time
from pathlib import Path

import pytest
from sqlalchemy import update

from sync.core.schema import delivery
from tests import databases
from tests.console.rig import Rig
from tests.made_up import milestone, uuid
from tests.world import wait_for


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    made = Rig(databases.fresh("sqlite", tmp_path))
    made.store.put("begun", time.time())
    return made


def test_status_is_public_and_names_nobody(rig: Rig) -> None:
    rig.arrived(milestone(1, name="Permits"))
    rig.store.set_customer(rig.lease, uuid(1), {"customer": "Ann Archer"}, 0.0)
    found = {"code": "other_customer", "text": "Ann Archer.", "site": uuid(1), "tab": "Jobs"}
    rig.store.put("pass", {"at": time.time(), "pending": 0, "findings": [found]})
    answer = rig.app.test_client().get("/status")
    assert answer.status_code == 503
    assert [each["code"] for each in answer.get_json()["problems"]] == ["other_customer"]
    for secret in ("Ann", uuid(1), "Permits"):
        assert secret not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in answer.headers
    rig.store.put("pass", {"at": time.time(), "pending": 0, "findings": []})
    wait_for(lambda: rig.app.test_client().get("/status").status_code == 200, 5)


def test_many_who_ask_cost_one_read(rig: Rig) -> None:
    visitor = rig.app.test_client()
    began = time.monotonic()
    first = visitor.get("/status").json
    with rig.database.begin() as connection:
        connection.execute(update(delivery).values(outcome="ignored"))
    for _ in range(200):
        visitor.get("/status")
    assert time.monotonic() - began < 2
    assert visitor.get("/status").json == first


def test_a_database_that_is_away_is_said(tmp_path: Path) -> None:
    rig = Rig(databases.fresh("sqlite", tmp_path))
    rig.database.engine.dispose()
    for file in tmp_path.glob("*.sqlite3*"):
        file.unlink()
    answer = rig.app.test_client().get("/status")
    assert answer.status_code == 503
    assert answer.get_json()["error"]["reason"] == "database"


def test_an_unexpected_error_says_nothing_of_what_was_sent(rig: Rig) -> None:
    @rig.app.get("/breaks")
    def breaks() -> str:
        raise ValueError("Ann Archer")

    answer = rig.app.test_client().get("/breaks")
    assert answer.status_code == 500
    assert answer.get_json()["error"]["reason"] == "fault"
    assert "Ann" not in answer.text
