"""What a data directory keeps over a restart, a kill and a half-written line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from emulator import Emulator
from emulator.journal import Journal, StateRefused
from emulator.tests.conftest import Client
from emulator.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVE = (
    "import sys; from emulator import serve;"
    "serve(port=0, data=sys.argv[1], on_ready=lambda e: print(e.url, flush=True))"
)


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Any]:
    """Starts an emulator of its own on the data directory; the address and the process."""
    started: list[subprocess.Popen[str]] = []

    def start() -> tuple[str, subprocess.Popen[str]]:
        command = [sys.executable, "-c", SERVE, str(tmp_path)]
        running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(running)
        assert running.stdout is not None
        return running.stdout.readline().strip(), running

    yield start
    for running in started:
        running.kill()
        running.wait()
        assert running.stdout is not None
        running.stdout.close()


def work(http: Client) -> tuple[str, str]:
    """A spreadsheet that was written to in many ways, and a file in a folder of a shared drive."""
    spreadsheet: str = http.post("/_emulator/spreadsheets", json={"title": "Jobs"}).json()["id"]
    folder = http.post("/_emulator/folders", json={"name": "Files"}).json()["id"]
    path = f"/v4/spreadsheets/{spreadsheet}"
    requests = [
        {"addSheet": {"properties": {"title": "History"}}},
        {
            "createDeveloperMetadata": {
                "developerMetadata": {
                    "metadataKey": "k",
                    "visibility": "DOCUMENT",
                    "location": {
                        "dimensionRange": {
                            "sheetId": 0,
                            "dimension": "COLUMNS",
                            "startIndex": 1,
                            "endIndex": 2,
                        }
                    },
                }
            }
        },
        {"addProtectedRange": {"protectedRange": {"range": {"sheetId": 0}, "warningOnly": True}}},
    ]
    assert http.post(f"{path}:batchUpdate", json={"requests": requests}).status_code == 200
    values = [["Name", "When"], ["Zoe", "2026-11-02"], ["Ada", "=1+1"]]
    for name in ("%27Sheet1%27%21A1%3AB3", "History!B2:C4"):
        answer = http.put(
            f"{path}/values/{name}",
            params={"valueInputOption": "USER_ENTERED"},
            json={"values": values},
        )
        assert answer.status_code == 200, answer.text
    refused = http.post(f"{path}:batchUpdate", json={"requests": [{"deleteSheet": {"sheetId": 7}}]})
    assert refused.status_code == 400  # what failed is not done again either
    edit = {"spreadsheet": spreadsheet, "name": "move_column", "column": 0, "to": 1}
    assert http.post("/_emulator/edit", json=edit).status_code == 200
    made = http.post(
        "/upload/drive/v3/files?uploadType=media&supportsAllDrives=true", data=b"bytes"
    ).json()
    moved = http.patch(
        f"/drive/v3/files/{made['id']}",
        params={"supportsAllDrives": "true", "addParents": folder, "removeParents": "root"},
        json={"name": "a.pdf", "appProperties": {"site": "s"}},
    )
    assert moved.status_code == 200, moved.text
    return spreadsheet, made["id"]


def state(http: Client, spreadsheet: str) -> Any:
    """Everything that can be asked of the spreadsheet and of Drive, without the port."""
    whole = http.get(f"/v4/spreadsheets/{spreadsheet}?includeGridData=true").json()
    where = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true", "fields": "*"}
    files = http.get("/drive/v3/files", params=where | {"orderBy": "name"}).json()
    grid = http.get(f"/spreadsheets/d/{spreadsheet}/grid").json()
    for file in files["files"]:
        for name in ("version", "modifiedTime", "lastModifyingUser", "modifiedByMe"):
            if file["id"] == spreadsheet:
                del file[name]
    return json.loads(json.dumps([whole, files, grid]).replace(http.url, ""))


def test_all_is_there_after_kill_9(process: Any) -> None:
    url, running = process()
    with Client(url) as http:
        spreadsheet, file = work(http)
        before = state(http, spreadsheet)
        session = http.post(
            "/upload/drive/v3/files?uploadType=resumable", json={"name": "later"}
        ).headers["Location"]
        half = b"x" * (256 * 1024)
        http.put(session, data=half, headers={"Content-Range": f"bytes 0-262143/{len(half) + 5}"})
    running.kill()
    url, _ = process()
    with Client(url) as http:
        assert state(http, spreadsheet) == before
        got = http.get(f"/drive/v3/files/{file}?alt=media&supportsAllDrives=true")
        assert got.content == b"bytes"
        session = url + session[session.index("/upload") :]
        asked = http.put(session, headers={"Content-Range": f"bytes */{len(half) + 5}"})
        assert asked.headers["Range"] == "bytes=0-262143"
        rest = {"Content-Range": f"bytes 262144-{len(half) + 4}/{len(half) + 5}"}
        done = http.put(session, data=b"12345", headers=rest).json()
        assert http.get(f"/drive/v3/files/{done['id']}?alt=media").content == half + b"12345"


def test_sigterm_ends_it_cleanly(process: Any) -> None:
    url, running = process()
    with Client(url) as http:
        http.get("/")
        running.send_signal(signal.SIGTERM)
        assert running.wait(5) == 0


def test_what_is_deleted_stays_deleted_and_leaves_the_journal(tmp_path: Path) -> None:
    with Emulator(data=tmp_path) as emulator, Client(emulator.url) as http:
        spreadsheet, file = work(http)
        owner = Client(emulator.url, "owner@example.com")
        assert owner.delete(f"/drive/v3/files/{spreadsheet}").status_code == 204
    for _ in range(2):
        with Emulator(data=tmp_path) as emulator, Client(emulator.url) as http:
            assert emulator.sheets.spreadsheets == {}
            assert emulator.drive.content(file) == b"bytes"
    kept = (tmp_path / "journal.jsonl").read_text()
    assert spreadsheet not in kept
    assert sum(f'"id":"{file}"' in line for line in kept.splitlines()) == 1


def test_a_generated_id_is_still_good_after_a_restart(tmp_path: Path) -> None:
    with Emulator(data=tmp_path) as emulator, Client(emulator.url) as http:
        ids = http.get("/drive/v3/files/generateIds?count=1").json()["ids"]
    with Emulator(data=tmp_path) as emulator, Client(emulator.url) as http:
        assert http.post("/drive/v3/files", json={"id": ids[0], "name": "x"}).status_code == 200
        assert http.post("/drive/v3/files", json={"id": ids[0], "name": "x"}).status_code == 409


def start_on(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command on a data directory; it ends by itself only where it is refused."""
    command = [sys.executable, "-m", "emulator.command", "--port", "0", "--data", str(folder)]
    return subprocess.run([*command, *words], capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize("mark", [None, "0.1.0"])
def test_the_state_of_another_version_is_refused_in_one_sentence(
    tmp_path: Path, mark: str | None
) -> None:
    """Catches a traceback after an upgrade, and a refusal that leaves the folder locked."""
    (tmp_path / "journal.jsonl").write_text('{"time":1,"kind":"call","value":{"of": "old"}}\n')
    if mark:
        (tmp_path / "version").write_text(mark)
    for _ in range(2):
        done = start_on(tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        (line,) = done.stderr.splitlines()
        assert "--reset" in line
        assert (mark or "an older version") in line
    with pytest.raises(StateRefused):
        Emulator(data=tmp_path)
    with Emulator(data=tmp_path, reset=True) as emulator:
        assert emulator.sheets.spreadsheets == {}


def test_reset_forgets_the_state_and_nothing_else(tmp_path: Path) -> None:
    """Catches a folder emptied of what is not the emulator's, and state that comes back."""
    (tmp_path / "mine.txt").write_text("kept")
    with Emulator(data=tmp_path) as emulator, Client(emulator.url) as http:
        work(http)
    with Emulator(data=tmp_path, reset=True) as emulator:
        assert emulator.sheets.spreadsheets == {}
        made = emulator.create_spreadsheet("after")
    assert list((tmp_path / "files").iterdir()) == []
    assert (tmp_path / "mine.txt").read_text() == "kept"
    with Emulator(data=tmp_path) as emulator:
        assert set(emulator.sheets.spreadsheets) == {made}


def test_a_folder_that_is_in_use_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """Catches a traceback for whoever starts it twice, and a reset under a running emulator."""
    with Emulator(data=tmp_path) as emulator:
        made = emulator.create_spreadsheet("mine")
        for words in ((), ("--reset",)):
            done = start_on(tmp_path, *words)
            assert done.returncode == 1
            (line,) = done.stderr.splitlines()
            assert line.startswith("another emulator uses")
    with Emulator(data=tmp_path) as emulator:
        assert set(emulator.sheets.spreadsheets) == {made}


def test_half_a_line_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    (tmp_path / "version").write_text(VERSION)
    path.write_text('{"time":1,"kind":"ids","value":["a"]}\n{"time":2,"kind":"ids","val')
    journal = Journal(path, lambda: 3.0)
    assert list(journal.entries()) == [(1, "ids", ["a"])]
    journal.open()
    journal.keep("ids", ["b"])
    journal.close()
    again = Journal(path, lambda: 0)
    assert [value for _, _, value in again.entries()] == [["a"], ["b"]]
    with pytest.raises(RuntimeError, match="another emulator"):
        Journal(path, lambda: 0)
    again.close()


def test_a_copied_tab_is_kept_when_its_source_is_gone(tmp_path: Path) -> None:
    """Catches a copy that the start makes again from a spreadsheet that was deleted since."""
    with Emulator(data=tmp_path) as emulator, Client(emulator.url) as http:
        source, _ = work(http)
        target = emulator.create_spreadsheet("Target")
        body = {"destinationSpreadsheetId": target}
        copied = http.post(f"/v4/spreadsheets/{source}/sheets/0:copyTo", json=body).json()
        owner = Client(emulator.url, "owner@example.com")
        assert owner.delete(f"/drive/v3/files/{source}").status_code == 204
        before = http.get(f"/v4/spreadsheets/{target}?includeGridData=true").json()
    with Emulator(data=tmp_path) as emulator, Client(emulator.url) as http:
        assert http.get(f"/v4/spreadsheets/{target}?includeGridData=true").json() == before
        assert before["sheets"][1]["properties"] == copied
        assert set(emulator.sheets.spreadsheets) == {target}


def test_without_a_directory_nothing_is_kept() -> None:
    with Emulator() as emulator:
        emulator.create_spreadsheet("x")
    with Emulator() as emulator:
        assert emulator.sheets.spreadsheets == {}
