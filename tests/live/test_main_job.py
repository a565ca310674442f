"""The main job on a scratch tab and a scratch folder: of a real account with LIVE=1."""

import json
import random
import time
from pathlib import Path

import pytest
import requests

from demo.process import Receiver
from demo.sheet import FIELDS, Row, rows_in
from emulator import Emulator
from sync.core.snapshot import JOBS as JOBS_TAB
from sync.core.snapshot import RECOVERED
from sync.errors import SettingsError
from tests.live.account import FILES, Account, InUse, from_environment
from tests.live.conftest import LIVE
from tests.made_up import (
    DEMO_CONFIG,
    SAMPLE,
    SAMPLE_DOCUMENT,
    SAMPLE_SITE,
    SECRET,
    body,
    document,
    milestone,
    task,
)
from tests.world import TOKEN, wait_for

pytestmark = pytest.mark.long

PATIENCE = 300.0 if LIVE else 45.0
JOBS = 3


def jobs_rows(account: Account) -> dict[str, Row]:
    """Return the rows of the Jobs tab by site, read through Google's API. One row a site."""
    properties = account.get(fields="sheets.properties(sheetId,title)")["sheets"]
    titles = {one["properties"].get("sheetId", 0): one["properties"]["title"] for one in properties}
    if JOBS_TAB not in titles:
        return {}
    title = titles[JOBS_TAB]
    quoted = "'{}'".format(title.replace("'", "''"))
    found = rows_in(account.get(fields=FIELDS, ranges=quoted), title)
    keys = [row["Site ID"].text for row in found if "Site ID" in row]
    assert len(keys) == len(set(keys)), "a row stands twice"
    return dict(zip(keys, found, strict=True))


def in_drive(row: Row) -> dict[str, str]:
    """Return the ids of the files that a row links to, by name."""
    links = [link for cell in row.values() for link in cell.links if "/file/d/" in link.uri]
    return {link.text: link.uri.partition("/file/d/")[2].partition("/")[0] for link in links}


@pytest.mark.timeout(1200)
def test_webhooks_become_rows_with_links(
    account: Account, environment: dict[str, str], emulator: Emulator, tmp_path: Path
) -> None:
    """The sample and three made-up jobs, with documents byte for byte; then a second event."""
    lots = random.Random()
    jobs = [lots.randrange(1, 2**40) for _ in range(JOBS)]
    first = [milestone(job, tasks=[task(document(job))]) for job in jobs]
    product = {
        **environment,
        "DRIVE_FOLDER_ID": account.folder(f"Brightsheet live {time.time_ns()}"),
        "EVERBRIGHT_URL": emulator.url,
        "WEBHOOK_SECRET": SECRET,
        "CONFIG_FILE": str(DEMO_CONFIG),
        "DATABASE_URL": f"sqlite:///{tmp_path}/live.sqlite3",
        "ADD_TABS": "yes",
        **TOKEN,
    }
    with Receiver(product, tmp_path / "log").ready() as receiver:

        def send(raw: bytes) -> None:
            headers = {"X-Webhook-Secret": SECRET, "Content-Type": "application/json"}
            url = f"{receiver.url}/webhooks/everbright"
            answer = requests.post(url, data=raw, headers=headers, timeout=30)
            assert answer.status_code == 202, answer.text

        def linked() -> bool:
            rows = jobs_rows(account)
            return rows.keys() == sites and all(in_drive(row) for row in rows.values())

        sites = {SAMPLE_SITE, *(str(payload["site"]) for payload in first)}
        for raw in (SAMPLE, *map(body, first)):
            send(raw)
        wait_for(linked, PATIENCE)
        second = first[0] | {"status": "APPROVED", "date_updated": "2026-03-02T10:00:00Z"}
        send(body(second))

        def approved() -> bool:
            shown = jobs_rows(account)[second["site"]]["Milestone 1"].text
            return shown.startswith("Approved")

        wait_for(approved, PATIENCE)
        rows = jobs_rows(account)
        assert rows.keys() == sites
        assert rows[SAMPLE_SITE]["Construction & Signoff"].text.startswith("Approved")
        assert_same_bytes(account, emulator, in_drive(rows[SAMPLE_SITE]))


def assert_same_bytes(account: Account, emulator: Emulator, files: dict[str, str]) -> None:
    (file_id,) = files.values()
    there = account.call("GET", f"{FILES}/{file_id}", alt="media", supportsAllDrives="true")
    given = f"{emulator.url}/api/v1/document/{SAMPLE_DOCUMENT}/download/"
    assert there.content == requests.get(given, timeout=30).content


@pytest.mark.skipif(LIVE, reason="shown on the emulator; it would leave tabs in a real spreadsheet")
@pytest.mark.parametrize("sheet", [JOBS_TAB, RECOVERED])
def test_a_spreadsheet_in_use_is_refused_and_kept(emulator: Emulator, sheet: int) -> None:
    environment = {
        "GOOGLE_EMULATOR_URL": emulator.url,
        "SPREADSHEET_ID": emulator.create_spreadsheet("In use"),
        "DRIVE_FOLDER_ID": emulator.create_folder("In use"),
    }
    account = Account(environment, pause=0.0)
    account.done({"addSheet": {"properties": {"sheetId": sheet, "title": "Ours"}}})
    before = account.get()
    with pytest.raises(InUse, match="Set SPREADSHEET_ID to another"):
        account.refuse_if_in_use()
    account.clean()
    assert account.get() == before


@pytest.mark.parametrize(
    "missing", ["SPREADSHEET_ID", "DRIVE_FOLDER_ID", "GOOGLE_OAUTH_TOKEN_JSON"]
)
def test_what_is_missing_is_named(missing: str) -> None:
    token = {"client_id": "a", "client_secret": "b", "refresh_token": "c"}
    given = {
        "SPREADSHEET_ID": "a-made-up-spreadsheet",
        "DRIVE_FOLDER_ID": "a-made-up-folder",
        "GOOGLE_OAUTH_TOKEN_JSON": json.dumps(token),
    }
    assert from_environment(given) == given
    with pytest.raises(SettingsError) as caught:
        from_environment({name: value for name, value in given.items() if name != missing})
    named = missing.replace("OAUTH_TOKEN", "SERVICE_ACCOUNT")
    assert str(caught.value).startswith(f"{named}: is not set.")
