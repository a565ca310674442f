"""The columns of the recipes, in a copy that has them: `tests/test_recipes.py` runs this there."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from app import create_app
from emulator import Emulator
from sync.actions.forget import forget
from sync.store.inbox import NEWEST_WEBHOOK
from sync.store.schema import delivery
from tests.bench import Bench
from tests.made_up import SECRET, milestone, uuid
from tests.sheets.conftest import with_more

OWN = "a-secret-of-the-permit-service"
COLUMNS = "".join(
    f'\n[[columns]]\nid = "{column}"\nheader = "{header}"\n'
    for column, header in (
        ("utility", "Utility"), ("tasks_left", ""), ("city_permit", "City permit"),
    )
)  # fmt: skip


@pytest.fixture
def bench(google: Emulator, sqlite_url: str, tmp_path: Path) -> Bench:
    google.everbright.token = "a-token"
    secrets = f"{SECRET},{OWN}"
    return Bench(
        google,
        sqlite_url,
        with_more(tmp_path, COLUMNS),
        EVERBRIGHT_API_TOKEN="a-token",
        WEBHOOK_SECRET=secrets,
    )


def test_a_value_of_the_site_has_a_column_once_it_is_filled(bench: Bench) -> None:
    bench.shown(milestone(1))
    assert "Utility" not in bench.texts()[0]
    bench.google.everbright.set_site(uuid(2), utility={"name": "PG&E"})
    bench.send(milestone(2))
    bench.project()
    bench.ask()
    bench.flush()
    assert [bench.row(uuid(job)).get("Utility") for job in (1, 2)] == [None, "PG&E"]


def test_a_value_in_webhooks_has_a_column_for_each_milestone(bench: Bench) -> None:
    bench.shown(milestone(1, pending_task_count=2), milestone(1, 2, pending_task_count=None))
    row = bench.row(uuid(1))
    assert (row["Milestone 1 tasks left"], row.get("Milestone 2 tasks left", "")) == ("2", "")
    bench.shown(milestone(1, date_updated="2026-03-09T00:00:00Z", pending_task_count="0"))
    assert bench.row(uuid(1))["Milestone 1 tasks left"] == "0"
    bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-10T00:00:00Z"))
    assert bench.row(uuid(1))["Milestone 1 tasks left"] == "0", "a webhook without a value"
    other = {"site": uuid(1), "comment": "Hi.", "date_updated": "2026-03-11T00:00:00Z"}
    bench.shown(other | {"pending_task_count": 9})
    assert bench.row(uuid(1))["Milestone 1 tasks left"] == "0", "it isn't about a milestone"
    assert not any("tasks left" in row["What"] for row in bench.texts("History"))


def test_a_jobs_newest_value_in_any_webhook_is_shown(bench: Bench) -> None:
    """Whatever the order of arrival, and with a line for each change."""

    def on(day: int, **changes: Any) -> dict[str, Any]:
        return milestone(1, date_updated=f"2026-03-0{day}T00:00:00Z", **changes)

    def shown(*webhooks: dict[str, Any]) -> str:
        bench.shown(*webhooks)
        return bench.row(uuid(1))["City permit"]

    assert shown(on(2, city_permit="Filed"), on(4, status="REJECTED")) == "Filed"
    assert shown(on(3, city_permit="Issued")) == "Issued", "it arrived late"
    comment = {"site": uuid(1), "comment": "Hi.", "date_updated": "2026-03-06T00:00:00Z"}
    assert shown(comment | {"city_permit": "Expired"}) == "Expired"
    assert shown(on(5, city_permit="Renewed"), on(7)) == "Expired", "the newest date counts"
    bench.ask()  # History waits for names.
    bench.flush()
    lines = [row for row in bench.texts("History") if row["What"] == "City permit"]
    assert [(row.get("From"), row["To"]) for row in lines] == [
        ("Issued", "Expired"),
        ("Filed", "Issued"),
        (None, "Filed"),
    ]


def test_a_second_source_fills_a_column(bench: Bench) -> None:
    client = create_app(bench.settings).test_client()

    def post(secret: str = OWN, **changes: Any) -> Any:
        sent = {
            "permit_number": 7,
            "reference": uuid(1),
            "state": "Filed",
            "changed_at": "2026-03-02T10:00:00Z",
        }
        headers = {"X-Webhook-Secret": secret}
        return client.post("/webhooks/everbright", json=sent | changes, headers=headers)

    assert post("a-wrong-secret").status_code == 401
    assert post().json["outcome"] == "accepted"
    assert post().json["outcome"] == "duplicate"
    assert bench.database.scalar(NEWEST_WEBHOOK) is None, "EverBright is still silent"
    bench.flush()
    assert bench.texts() == [], "EverBright sent nothing about the job"
    bench.shown(milestone(1, status="INPROG"))
    row = bench.row(uuid(1))
    assert (row["City permit"], row["Status"]) == ("Filed", "Milestone 1 in progress")
    for state, day in (("Issued", 4), ("Filed", 3)):
        assert post(state=state, changed_at=f"2026-03-0{day}").status_code == 202
        bench.flush()
        assert bench.row(uuid(1))["City permit"] == "Issued", "the newest date counts"
    bench.ask()  # History waits for names.
    bench.flush()
    lines = [
        (row["From"], row["To"]) for row in bench.texts("History") if row["What"] == "City permit"
    ]
    assert lines == [("Filed", "Issued")]
    for state in ("Expired", "Issued", "Expired"):
        assert post(state=state, changed_at=None).json["outcome"] == "accepted"
    bench.flush()
    assert bench.row(uuid(1))["City permit"] == "Expired"
    assert post(state=None).json["outcome"] == "ignored"
    answer = post(reference="P-7")
    assert (answer.status_code, answer.json["error"]["reason"]) == (422, "invalid_field")
    forget(bench.wiring, lambda _: None, uuid(1))
    kept = [*bench.database.scalars(select(delivery.c.body).where(delivery.c.body.is_not(None)))]
    assert len(kept) == 1, "only the one without a job"
    assert b"P-7" in kept[0]
