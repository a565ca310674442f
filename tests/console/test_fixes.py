"""Tests that problems are on the overview with their cause, and can be fixed there."""

import re
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser

from emulator import Emulator
from sync.errors import Permanent
from sync.store import ActionState
from sync.store.findings import KEYS_REMOVED, Finding
from tests import databases
from tests.backfill.stand import TOKEN, event
from tests.bench import Bench
from tests.console.conftest import Console
from tests.made_up import ROOT, milestone, uuid

pytestmark = pytest.mark.long


@pytest.fixture
def asking(google: Emulator, sqlite_url: str) -> Console:
    google.everbright.token = TOKEN
    return Console(google, sqlite_url, EVERBRIGHT_API_TOKEN=TOKEN, BACKFILL_RATE="50")


def delete(console: Console, header: str) -> None:
    bench = console.bench
    bench.wiring.heartbeats.give()
    bench.edit("delete_columns", index=list(bench.rows()[0]).index(header))
    bench.compare()


def done(console: Console) -> str:
    """Let the worker run the requested action; return the result."""
    assert console.action_loop().step()
    (action,) = console.actions.latest(1)
    assert action.state is ActionState.DONE, action.result
    return action.result


def test_a_deleted_column_can_be_dismissed(console: Console) -> None:
    visitor, bench = console.signed_in(), console.bench
    bench.shown(milestone(1))
    delete(console, "Next action")
    visitor.send("/actions/do-without", "/columns")
    assert "stay deleted" in done(console)
    assert "Everything is up to date" in visitor.text("/")
    bench.shown(milestone(2))
    bench.compare()
    assert "Next action" not in bench.rows()[0]
    assert "Everything is up to date" in visitor.text("/")


def test_selected_rows_are_restored_only_if_any_are_selected(console: Console) -> None:
    visitor, bench = console.signed_in(), console.bench
    bench.shown(milestone(1), milestone(2), milestone(3))
    for number in (1, 2):
        bench.edit("delete_rows", index=bench.at(number))
    bench.compare()
    states = [visitor.text(f"/jobs/{uuid(number)}") for number in (1, 3)]
    assert ["The row is up to date" in state for state in states] == [False, True]
    assert ["In the sheet." in state for state in states] == [False, True]
    assert "/findings" in states[0]
    form = visitor.text("/findings").partition('id="jobs_without_row"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'<input type="(?:hidden|checkbox)" name="(.*?)" value="(.*?)"', form))
    chosen = fields.pop("id")
    page = f"/actions/restore-rows?{urlencode(fields)}"
    visitor.send(page)
    assert not console.action_loop().step(), "nothing is selected"
    visitor.send(f"{page}&id={chosen}")
    assert done(console) == "1 row restored."
    bench.wiring.heartbeats.give()
    visitor.send("/actions/compare")
    assert done(console) == "1 job has no row."


def test_many_rows_count_as_deleted_only_once_a_person_confirms_how_many(
    console: Console,
) -> None:
    visitor, bench = console.signed_in(), console.bench
    bench.wiring.heartbeats.give()
    bench.shown(*(milestone(number) for number in range(1, 13)))
    bench.edit("delete_rows", index=1, count=8)
    with pytest.raises(Permanent):
        bench.compare()
    assert "/actions/rows-deleted?" in visitor.text("/")
    page = visitor.text("/actions/rows-deleted")
    assert "8 of 12 site IDs are gone" in page
    assert 'name="id" value="8"' in page
    assert "/actions/rows-deleted" not in visitor.text("/actions")
    for name, number in (("compare", ""), ("rows-deleted", "7")):
        visitor.send(f"/actions/{name}", id=number)
        assert console.action_loop().step()
        (action,) = console.actions.latest(1)
        assert (action.state, "8 of 12" in action.result) == (ActionState.FAILED, True)
    bench.edit("delete_rows", index=1)
    visitor.send("/actions/rows-deleted", id="8")
    assert console.action_loop().step()
    assert console.actions.latest(1)[0].state is ActionState.FAILED, "9 are missing by now"
    assert "9 of 12 site IDs are gone" in visitor.text("/actions/rows-deleted")
    assert len(bench.store.pending.sites_with_row()) == 12
    visitor.send("/actions/rows-deleted", id="9")
    assert "9 jobs have no row" in done(console)
    assert "/actions/rows-deleted" not in visitor.text("/")
    assert len(bench.store.pending.sites_with_row()) == 3


@pytest.mark.long
def test_all_findings_of_a_list_are_selected_at_once(console: Console, browser: Browser) -> None:
    visitor, bench = console.signed_in(), console.bench
    bench.shown(milestone(1), milestone(2), milestone(3))
    for number in (1, 2):
        bench.edit("delete_rows", index=bench.at(number))
    bench.compare()
    page = browser.new_page()
    page.set_content(visitor.text("/findings"))
    page.add_script_tag(path=ROOT / "sync" / "console" / "static" / "console.js")
    page.get_by_label("Select all").check()
    assert page.locator("[name=id]:checked").count() == 2
    page.get_by_label("Select all").uncheck()
    assert page.locator("[name=id]:checked").count() == 0
    page.close()


def test_reading_the_columns_reports_missing_ones_at_once(console: Console) -> None:
    visitor, bench = console.signed_in(), console.bench
    bench.shown(milestone(1))
    bench.wiring.heartbeats.give()
    bench.edit("delete_columns", index=list(bench.rows()[0]).index("Status"))
    page = visitor.send("/columns", "/columns").text
    assert "1 column is missing" in page
    assert "1 column of the sheet is missing." in visitor.text("/")
    found = visitor.text("/findings")
    assert "The comparison found nothing." in found
    assert "lists other problems" in found


def test_a_row_that_lost_its_site_id_is_listed_with_what_differs(console: Console) -> None:
    visitor, bench = console.signed_in(), console.bench
    bench.shown(milestone(1))
    lost = Finding(KEYS_REMOVED, (uuid(1),), "Jobs!9", uuid(1), "address, first_name")
    with bench.held() as held:
        bench.store.findings.add(held, [lost])
    visitor.send("/personal", show="yes")
    assert "Jobs!9 differs in address, first name" in visitor.text("/findings")


def test_a_job_is_read_again_with_its_result_shown(asking: Console) -> None:
    visitor, bench = asking.signed_in(), asking.bench
    rejected = event(1, status="REJECTED")
    bench.google.everbright.load(rejected)
    bench.shown(rejected)
    later = event(1, minute=60, status="APPROVED")
    bench.google.everbright.load(later)
    page = visitor.text(f"/jobs/{uuid(1)}")
    assert f"/actions/read-again?id={uuid(1)}" in page
    visitor.send("/actions/read-again", id=uuid(1), next=f"/jobs/{uuid(1)}")
    assert "waiting for the worker" in visitor.text(f"/jobs/{uuid(1)}")
    assert done(asking) == "1 missed event added."
    bench.flush()
    assert "1 missed event added" in visitor.text(f"/jobs/{uuid(1)}")
    assert bench.texts()[0]["Status"] == "Milestone 1 approved"


def test_reading_a_known_job_again_changes_nothing(asking: Console) -> None:
    visitor, bench = asking.signed_in(), asking.bench
    bench.google.everbright.load(event(1))
    bench.shown(event(1))
    visitor.send("/actions/read-again", id=uuid(1))
    assert done(asking) == "EverBright has nothing new."
    assert not bench.is_waiting()


def test_an_unknown_job_can_be_read_by_its_id(asking: Console) -> None:
    visitor, bench = asking.signed_in(), asking.bench
    bench.google.everbright.load(event(7))
    assert "read-again" not in visitor.text("/deliveries?site=00000000")
    assert f"/actions/read-again?id={uuid(7)}" in visitor.text(f"/deliveries?site={uuid(7)}")
    visitor.send("/actions/read-again", id=uuid(7))
    assert done(asking) == "1 missed event added."
    bench.flush()
    assert bench.texts()[0]["Site ID"] == uuid(7)


def test_without_a_token_the_page_names_the_missing_setting(console: Console) -> None:
    visitor = console.signed_in()
    console.bench.shown(milestone(1))
    page = visitor.text(f"/jobs/{uuid(1)}")
    assert "set EVERBRIGHT_API_TOKEN" in page
    assert "read-again" not in page
    visitor.send("/actions/read-again", id=uuid(1))
    assert console.action_loop().step()
    (action,) = console.actions.latest(1)
    assert (action.state, "EVERBRIGHT_API_TOKEN" in action.result) == (ActionState.FAILED, True)


def test_the_writing_database_is_chosen_on_the_console(google: Emulator, tmp_path: Path) -> None:
    urls = []
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        urls.append(databases.fresh("sqlite", tmp_path / name))
    old = Bench(google, urls[0])
    old.shown(milestone(1))
    console = Console(google, urls[1], SPREADSHEET_ID=old.spreadsheet)
    visitor, bench = console.signed_in(), console.bench
    bench.wiring.heartbeats.give()
    assert "take-over" not in visitor.text("/actions")
    with pytest.raises(Permanent):
        bench.shown(milestone(2))
    page = visitor.text("/")
    assert "Another database has written this spreadsheet" in page
    assert "/actions/take-over" in page
    assert "/actions/take-over" in visitor.text("/actions")
    visitor.send("/actions/take-over")
    bench.flush()
    assert bench.row(uuid(2))
    assert "Everything is up to date" in visitor.text("/")


def test_one_customers_data_is_deleted_from_its_page(console: Console) -> None:
    visitor, bench = console.signed_in(), console.bench
    bench.shown(milestone(1), milestone(2))
    assert f"/actions/forget?id={uuid(1)}" in visitor.text(f"/jobs/{uuid(1)}")
    answer = visitor.send("/actions/forget", id=uuid(1), next=f"/jobs/{uuid(1)}")
    assert answer.location == "/actions", "the job's page is gone soon"
    assert "Left in the spreadsheet" in done(console)
    assert visitor.get(f"/jobs/{uuid(1)}").status_code == 404
    assert uuid(1) not in visitor.text("/actions")
    assert visitor.get(f"/jobs/{uuid(2)}").status_code == 200
