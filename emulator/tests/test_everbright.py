"""EverBright as the product's client meets it, well and unwell."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import pytest
import requests

from emulator.everbright import made_up

if TYPE_CHECKING:
    from emulator import Emulator
    from emulator.tests.conftest import Client

UUID = "189bd7c0-2e6f-45cb-a00e-33ca4fe297d2"
DOWNLOAD = f"/api/v1/document/{UUID}/download/"
SITE = f"/api/v1/site/{UUID}"


def test_any_uuid_has_a_small_valid_pdf_that_names_it(http: Client) -> None:
    answer = http.get(DOWNLOAD)
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-1.4")
    assert answer.content.endswith(b"%%EOF\n")
    assert UUID.encode() in answer.content
    assert http.get(f"/api/v1/sub_task/{UUID}/download/").status_code == 200


@pytest.mark.parametrize("size", [1_000, 99_990, 100_000, 1_234_567])
def test_a_pdf_of_any_size_is_exactly_so_large(size: int) -> None:
    document = made_up.Document("x", size)
    data = document.content()
    assert len(data) == size == document.length
    assert (data[:5], data[-6:]) == (b"%PDF-", b"%%EOF\n")


def test_a_large_document_is_streamed(http: Client, emulator: Emulator) -> None:
    size = 200 << 20
    emulator.everbright.set_document(UUID, size=size)
    tracemalloc.start()
    try:
        with http.get(DOWNLOAD, stream=True) as answer:
            assert answer.headers["Content-Length"] == str(size)
            got = sum(len(piece) for piece in answer.iter_content(1 << 20))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert got == size
    assert peak < 32 << 20


def test_a_token_is_asked_for_when_one_is_set(http: Client, emulator: Emulator) -> None:
    emulator.everbright.token = "secret"
    assert http.get(DOWNLOAD).status_code == 401
    assert http.get(DOWNLOAD, headers={"Authorization": "Token wrong"}).status_code == 401
    assert http.get(DOWNLOAD, headers={"Authorization": "Token secret"}).status_code == 200
    assert http.get(SITE, headers={"api-key": "secret"}).status_code == 200
    assert http.get(f"/api/v1/document/{UUID}/preview").status_code == 200  # a page for people
    assert http.get(f"/address/{UUID}").headers["Content-Type"].startswith("text/html")


def test_a_job_is_the_same_every_time(http: Client, emulator: Emulator) -> None:
    plain = http.get(SITE).json()
    assert plain == http.get(SITE + "/").json()
    assert plain["contacts"][0]["primary"] is True
    assert {"address_line_1", "city_name", "state_abbreviation", "zipcode"} <= plain[
        "address"
    ].keys()
    emulator.everbright.set_site(UUID, archived=True)
    assert http.get(SITE).json()["archived"] is True


@pytest.mark.parametrize("path", [DOWNLOAD, SITE])
def test_failures_by_document_or_job(http: Client, emulator: Emulator, path: str) -> None:
    fail = emulator.everbright.fail
    fail(UUID, "not_found")
    assert http.get(path).status_code == 404
    fail(UUID, "error", status=502, count=1)
    assert [http.get(path).status_code for _ in range(2)] == [502, 200]
    fail(UUID, "sign_in")
    answer = http.get(path)
    assert answer.status_code == 200
    assert "Sign in" in answer.text
    fail(UUID, "json_error")
    assert http.get(path).json() == {"error": "The document could not be read."}
    emulator.everbright.heal()
    assert http.get(path).status_code == 200
    with pytest.raises(ValueError, match="odd"):
        fail(UUID, "odd")


def test_a_body_that_is_cut_off_is_shorter_than_announced(http: Client, emulator: Emulator) -> None:
    emulator.everbright.set_document(UUID, size=100_000)
    emulator.everbright.fail(UUID, "cut")
    got = b""
    with http.get(DOWNLOAD, stream=True) as answer:
        assert answer.headers["Content-Length"] == "100000"
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            for piece in answer.iter_content(1000):
                got += piece
    assert len(got) == 50_000


def test_lists_come_in_pages_of_25(http: Client, emulator: Emulator) -> None:
    """As EverBright's list of jobs is asked: `archived=false` is the text of a truth value."""
    for number in range(30):
        emulator.everbright.load({"uuid": f"m{number}", "site": f"s{number}", "quote": "q"})
    page = http.get("/api/v1/project?archived=false").json()
    assert (page["count"], len(page["results"]), page["previous"]) == (30, 25, None)
    rest = http.get(page["next"]).json()
    assert (len(rest["results"]), rest["next"]) == (5, None)
    assert rest["previous"].startswith(f"{emulator.url}/api/v1/project?archived=false&page=1")
    assert http.get("/api/v1/project?archived=false&page=3").status_code == 404
    nothing: dict[str, object] = {"count": 0, "next": None, "previous": None, "results": []}
    assert http.get("/api/v1/project?archived=true").json() == nothing


def test_a_milestone_fills_the_lists(http: Client, emulator: Emulator) -> None:
    sub_task = {"uuid": "st", "category": "CHECKBOX"}
    task = {"uuid": "t", "name": "Task", "sub_tasks": [sub_task]}
    milestone = {"uuid": "m", "site": "s", "quote": "q", "tasks": [task]}
    emulator.everbright.load(milestone)
    emulator.everbright.load(milestone)
    workflow = http.get("/api/v1/ops_workflow?site_id=s").json()["results"][0]["uuid"]
    found = http.get(f"/api/v1/milestone?workflow_id={workflow}").json()
    assert [each["uuid"] for each in found["results"]] == ["m"]
    assert http.get("/api/v1/task?milestone_id=m").json()["results"][0]["name"] == "Task"
    assert http.get("/api/v1/sub_task?task_id=t").json()["results"][0]["uuid"] == "st"
    assert http.get("/api/v1/quote?site_id=s").json()["results"][0]["uuid"] == "q"


def test_a_milestone_that_is_loaded_again_replaces_what_there_was(
    http: Client, emulator: Emulator
) -> None:
    first = {"uuid": "t1", "sub_tasks": [{"uuid": "st1"}]}
    milestone = {"uuid": "m", "site": "s", "quote": "q", "tasks": [first], "date_updated": "1"}
    emulator.everbright.load(milestone)
    second = {"uuid": "t2", "sub_tasks": [{"uuid": "st2"}]}
    emulator.everbright.load(milestone | {"tasks": [second], "status": "OK", "date_updated": "2"})
    projects = http.get("/api/v1/project?archived=false").json()
    assert projects["count"] == 1
    assert projects["results"][0]["site"] == "s"
    assert projects["results"][0]["date_updated"] == "2"
    (workflow,) = http.get("/api/v1/ops_workflow?site_id=s").json()["results"]
    path = f"/api/v1/milestone?workflow_id={workflow['uuid']}"
    (found,) = http.get(path).json()["results"]
    assert found["status"] == "OK"
    assert "tasks" not in found
    tasks = http.get("/api/v1/task?milestone_id=m").json()["results"]
    assert [(each["uuid"], "sub_tasks" in each) for each in tasks] == [("t2", False)]
    assert http.get("/api/v1/sub_task?task_id=t1").json()["count"] == 0
    assert http.get("/api/v1/sub_task?task_id=t2").json()["count"] == 1
