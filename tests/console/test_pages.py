"""Tests the content of the console's pages."""

import json
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from emulator import Emulator
from sync.jobs.model import Details
from sync.status.rules import COMPARE_PAGE, RULES
from sync.store import DetailStore, RefusedRequests
from sync.store.hourly_counts import latest_hours
from sync.store.schema import customer, delivery
from sync.store.schema import document as documents
from tests.console.conftest import Console, Visitor
from tests.made_up import DEMO_CONFIG, SECRET, comment, document, milestone, task, uuid
from tests.webhooks.payloads import contract

pytestmark = pytest.mark.long

PAGES = (
    *("/", "/?span=days", "/deliveries", "/documents", "/columns", "/statuses", "/checks"),
    "/actions",
)


def rows(page: str) -> list[str]:
    found = re.search(r"<tbody>(.*?)</tbody>", page, re.DOTALL)
    cells = re.findall(r"<tr>(.*?)</tr>", found[1], re.DOTALL) if found else []
    return [" ".join(unescape(re.sub(r"<[^>]+>", " ", one)).split()) for one in cells]


def post(visitor: Visitor, payload: object) -> str:
    """Send a webhook, and return its delivery's ID, or "" if it was refused."""
    answer: Any = visitor.client.post(
        "/webhooks/everbright", json=payload, headers={"X-Webhook-Secret": SECRET}
    )
    assert answer.status_code < 500, answer.text
    return str(answer.json.get("delivery", ""))


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", "", page)).split())


def test_a_job_that_everbright_does_not_answer_about_says_so(store_console: Console) -> None:
    """While others are answered, no warning counts it."""
    visitor, bench = store_console.signed_in(), store_console.bench
    bench.send(milestone(1))
    bench.project()
    store, said = DetailStore(bench.database, "q"), "return this job’s details"
    assert said not in visitor.text(f"/jobs/{uuid(1)}")
    store.postpone(uuid(1), 60.0)
    assert said in visitor.text(f"/jobs/{uuid(1)}")
    store.keep(uuid(1), Details(), 1)
    assert said not in visitor.text(f"/jobs/{uuid(1)}")


def test_the_overview_has_the_problems_of_status(store_console: Console) -> None:
    visitor = store_console.signed_in()
    told = visitor.client.get("/status").json
    assert told is not None
    assert told["status"] == "behind"
    page = visitor.text("/")
    assert told["reasons"]
    assert all(problem["message"] in words(page) for problem in told["reasons"])
    assert "Everything is up to date" not in page
    assert 'class="verdict bad"' in page
    store_console.bench.wiring.heartbeats.give()
    store_console.bench.shown(milestone(1))
    page = visitor.text("/")
    assert "Everything is up to date" in page
    assert 'class="verdict good"' in page
    assert "typed or sorted since the last comparison" in words(page)
    store_console.bench.send(milestone(2))
    page = visitor.text("/")
    assert "1 change is being written" in page
    assert "Everything is up to date" not in page


def test_dates_are_written_as_americans_do(store_console: Console) -> None:
    bench = store_console.bench
    bench.shown(milestone(1))
    moment = datetime(2026, 11, 5, 15, 1, 22, tzinfo=UTC).timestamp()
    with bench.database.writing() as connection:
        connection.execute(update(delivery).values(received_at=moment))
    visitor = store_console.signed_in()
    assert "Nov 5, 2026, 3:01:22 PM UTC" in words(visitor.text("/deliveries"))


def test_days_are_those_of_the_time_zone(google: Emulator, sqlite_url: str, tmp_path: Path) -> None:
    config = tmp_path / "brightsheet.toml"
    more = '\n[[columns]]\nid = "deadline"\nheader = "Deadline"\n'
    more += '[deadlines]\n"Milestone 2" = { after = "Milestone 1", days = 90 }\n'
    config.write_text(DEMO_CONFIG.read_text("utf-8") + more, "utf-8")
    console = Console(google, sqlite_url, config, TIMEZONE="America/Los_Angeles")
    bench, visitor = console.bench, console.signed_in()
    bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-02T02:00:00Z"))
    assert "Deadline 5/30/2026" in rows(visitor.text(f"/jobs/{uuid(1)}")), "as in the sheet"
    moment = datetime(2026, 11, 5, 3, tzinfo=UTC).timestamp()
    with bench.database.writing() as connection:
        connection.execute(update(delivery).values(received_at=moment))
    assert rows(visitor.text("/deliveries?since=2026-11-04"))
    assert not rows(visitor.text("/deliveries?since=2026-11-05"))


def test_the_overview_is_not_green_during_a_silence(console: Console) -> None:
    visitor, bench = console.signed_in(), console.bench
    bench.wiring.heartbeats.give()
    assert "Last accepted webhook never never" in words(visitor.text("/").replace("<", " <"))
    bench.shown(milestone(1))
    assert re.search(
        r"Last accepted webhook \d+ seconds? ago", words(visitor.text("/").replace("<", " <"))
    )
    with bench.database.writing() as connection:
        moment = delivery.c.received_at - 30 * 86_400
        connection.execute(update(delivery).values(received_at=moment))
    page = visitor.text("/")
    assert "Everything is up to date" not in page
    assert 'class="verdict wait"' in page
    assert "accepted for 3 working days" in page
    assert "Last accepted webhook 30 days ago" in words(page.replace("<", " <"))
    status = visitor.client.get("/status")
    assert status.status_code == 200
    assert [problem["reason"] for problem in status.get_json()["warnings"]] == ["silence"]


def test_each_problem_links_to_the_page_that_fixes_it(console: Console) -> None:
    visitor = console.signed_in()
    console.bench.wiring.heartbeats.give()
    assert "1 problem" not in visitor.text("/")
    post(visitor, {"milestone_definition": uuid(1), "tasks": []})
    console.bench.shown(milestone(1, tasks=[task(document(1))]))
    console.bench.wiring.refusals.add({"wrong_secret": RefusedRequests(3, 0.0, "203.0.113.9")})
    with console.bench.database.writing() as connection:
        connection.execute(update(documents).values(state="failed"))
    console.bench.store.spreadsheet.set_trouble("not_shared", "Share the sheet with robot@example.")
    page = visitor.text("/")
    assert "3 problems" in page
    for text, link in (
        ("1 webhook was rejected.", "/deliveries?outcome=rejected"),
        ("A request with a wrong or missing secret was refused", "/deliveries#refused"),
        ("The sheet could not be written", "/checks"),
    ):
        assert re.search(rf'<a href="{re.escape(link)}">{re.escape(text)}', page), text
    assert "Share the sheet with robot@example." in page
    assert "brightsheet retry" not in page, "the button does it"
    assert "0 failed" in words(page), "there is no folder"


@pytest.mark.parametrize("page", sorted({rule.page for rule in RULES} | {COMPARE_PAGE}))
def test_each_page_that_fixes_a_problem_exists(console: Console, page: str) -> None:
    assert console.signed_in().get(page).status_code == 200


def test_hourly_figures_count_deliveries_and_flushes(store_console: Console) -> None:
    bench = store_console.bench
    post(store_console.visitor, {"tasks": [], "milestone_definition": uuid(1)})
    bench.shown(milestone(1), milestone(2))
    bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-02T10:00:00Z"))
    hours = latest_hours(bench.database, 24)
    assert len(hours) == 24
    total = {
        name: sum(getattr(one, name) for one in hours)
        for name in ("deliveries", "rejected", "flushes", "jobs")
    }
    assert total == {"deliveries": 4, "rejected": 1, "flushes": 2, "jobs": 3}
    assert sum(one.flushes for one in hours[-2:]) == 2, "the newest hours are the last"
    page = store_console.signed_in().text("/")
    assert page.count('<rect class="flushes"') in (1, 2)
    assert page.count('<rect class="rejected"') == 1
    assert "Writes to the sheet" in page


@pytest.fixture
def searched(store_console: Console) -> Visitor:
    """Return a visitor of a console with four deliveries, where job 2 has a known customer."""
    bench = store_console.bench
    bench.send(milestone(1, name="Site Survey"), milestone(2, name="Permits"))
    bench.send(milestone(2, 3, name="PTO 100% done"))
    bench.flush()
    post(store_console.visitor, {"tasks": [], "milestone_definition": uuid(1)})
    known = {"name": "Zoë Lind", "address": "12 Mesa Ct", "email": "zoe@example.com"}
    with bench.database.writing() as connection:
        which = customer.c.site == uuid(2)
        values = {"body": json.dumps(known, ensure_ascii=False)}
        connection.execute(update(customer).where(which).values(values))
    return store_console.signed_in()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["rejected", "PTO", "Permits", "Site Survey"]),
        (f"site={uuid(1)}", ["Site Survey"]),
        (f"site={uuid(1)}+{uuid(2)[:-1]}", ["PTO", "Permits", "Site Survey"]),
        (f"site={uuid(9)}", []),
        (f"site=https://engine.goeverbright.com/sites/{uuid(1)}/milestones", ["Site Survey"]),
        ("milestone=permit", ["Permits"]),
        ("milestone=100%25", ["PTO"]),
        ("milestone=%25", ["PTO"]),
        ("outcome=rejected", ["rejected"]),
        ("outcome=no+such", ["rejected", "PTO", "Permits", "Site Survey"]),
        ("since=2999-01-01", []),
        ("since=nonsense", ["rejected", "PTO", "Permits", "Site Survey"]),
        (f"site={uuid(2)}&milestone=pto&outcome=accepted", ["PTO"]),
    ],
)
def test_deliveries_can_be_searched(searched: Visitor, query: str, found: list[str]) -> None:
    shown = rows(searched.text(f"/deliveries?{query}").partition('id="refused"')[0])
    assert len(shown) == len(found)
    assert all(text in row for text, row in zip(found, shown, strict=True))


@pytest.mark.parametrize(
    ("customer", "address", "message"),
    [
        ("ZOË", f"/deliveries?site={uuid(2)}&milestone=pto", ""),
        ("mesa", f"/deliveries?site={uuid(2)}&milestone=pto", ""),
        ("nobody", f"/deliveries?site={uuid(1)}&milestone=pto", "No customer matches."),
        ("", f"/deliveries?site={uuid(1)}&milestone=pto", ""),
    ],
)
def test_a_searched_customer_is_not_in_the_address(
    searched: Visitor, customer: str, address: str, message: str
) -> None:
    """Proxies log addresses."""
    fields = {"customer": customer, "site": uuid(1), "milestone": "pto"}
    answer = searched.send("/deliveries", "/deliveries", **fields)
    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    assert message in searched.text(address)


def test_a_customer_with_too_many_jobs_is_not_searched(store_console: Console) -> None:
    bench = store_console.bench
    bench.send(*(milestone(number + 1) for number in range(52)))
    bench.flush()
    with bench.database.writing() as connection:
        connection.execute(update(customer).values(body=json.dumps({"name": "Ann"})))
    visitor = store_console.signed_in()
    answer = visitor.send("/deliveries", "/deliveries", customer="ann")
    assert answer.headers["Location"] == "/deliveries"
    assert "Too many customers match: type more." in visitor.text("/deliveries")


def test_a_long_list_has_pages(console: Console) -> None:
    for number in range(120):
        console.bench.send(milestone(number + 1))
    visitor, seen, path = console.signed_in(), list[str](), "/deliveries"
    for _ in range(5):
        page = visitor.text(path)
        seen += re.findall(r'href="/deliveries/([0-9a-f]{32})"', page)
        older = re.search(r'href="(/deliveries\?before=\d+)"', page)
        if older is None:
            break
        path = older[1]
    assert len(seen) == len(set(seen)) == 120


def test_refused_requests_are_listed_by_day_and_reason(console: Console) -> None:
    console.bench.wiring.refusals.add({"wrong_secret": RefusedRequests(7, 0.0, "203.0.113.9")})
    page = console.signed_in().text("/deliveries").partition('id="refused"')[2]
    (row,) = rows(page)
    assert re.search(r"wrong secret 7 .* 203\.0\.113\.9", row)


def test_columns_are_read_on_request_with_their_places(console: Console) -> None:
    visitor, bench = console.signed_in(), console.bench
    bench.shown(milestone(1))
    bench.edit("rename_header", column=bench.index("status"), text="How it <b>stands</b>")
    bench.edit("move_column", column=bench.index("status"), to=0)
    calls = bench.calls()
    assert "How it" not in visitor.text("/columns")
    assert bench.calls() == calls
    page = visitor.send("/columns").text
    assert "How it &lt;b&gt;stands&lt;/b&gt;" in page
    assert rows(page)[0].startswith("A How it") and rows(page)[0].endswith("Status")
    assert any(row.endswith("Milestone 1 Status of Milestone 1") for row in rows(page))
    assert bench.calls() == calls + 1
    assert bench.look().by_id["status"] is not None


def test_personal_data_is_masked_until_requested(google: Emulator, sqlite_url: str) -> None:
    google.everbright.token = "a-token"
    google.everbright.set_site(uuid(1), contacts=[{"first_name": "Ada", "last_name": "Alder"}])
    console = Console(google, sqlite_url, EVERBRIGHT_API_TOKEN="a-token", DRIVE_FOLDER_ID="f" * 20)
    visitor = console.signed_in()
    said = comment("Call Ada Alder", "2026-03-01T09:00:00Z", author="ada@installer.example")
    files = document(1, name="Ada Alder.pdf")
    delivery = post(visitor, milestone(1, comments=[said], tasks=[task(files)]))
    console.bench.flush()
    console.bench.ask()
    console.bench.flush()
    pages = [*PAGES, f"/deliveries/{delivery}", f"/jobs/{uuid(1)}"]
    for path in pages:
        assert not re.search("Ada|Alder|ada@", visitor.text(path)), path
    assert "***" in visitor.text(f"/deliveries/{delivery}")
    visitor.send("/personal", show="yes")
    for path in (f"/deliveries/{delivery}", f"/jobs/{uuid(1)}", "/documents", "/deliveries"):
        assert "Ada Alder" in visitor.text(path), path
    assert [one.name for one in console.actions.latest(1)] == ["show personal data"]
    visitor.send("/personal", show="no")
    assert "Ada" not in visitor.text(f"/jobs/{uuid(1)}")


def test_a_delivery_shows_the_status_it_changed_its_milestone_to(console: Console) -> None:
    visitor = console.signed_in()
    console.bench.shown(milestone(1))
    console.bench.shown(milestone(1, status="REJECTED", date_updated="2026-03-05T00:00:00Z"))
    console.bench.shown(contract())
    lines = rows(visitor.text("/deliveries"))
    assert "contract" in lines[0] and "contract:" not in lines[0]
    assert "Milestone 1: Rejected" in lines[1]
    assert "Milestone 1: Submitted" in lines[2]


def test_a_document_that_is_not_copied_is_listed_with_the_reason(console: Console) -> None:
    visitor = console.signed_in()
    generated = document(2) | {"creation_type": "GENERATED"}
    console.bench.shown(milestone(1, tasks=[task(document(1)), task(generated, number=2)]))
    page = visitor.text(f"/jobs/{uuid(1)}")
    assert "Documents that are not copied" in page
    assert "EverBright generated it" in page
    assert page.count("EverBright generated it") == 1
    console.bench.shown(milestone(2, tasks=[task(document(3))]))
    assert "Documents that are not copied" not in visitor.text(f"/jobs/{uuid(2)}")


def test_a_job_shows_its_last_change_with_the_day(console: Console) -> None:
    """As its cell does: without the day, it doesn't say what is new."""
    console.bench.shown(milestone(1, date_updated="2026-03-01T10:00:00Z"))
    page = console.signed_in().text(f"/jobs/{uuid(1)}")
    assert re.search(r"Milestone 1 submitted, Mar\s1", page)
