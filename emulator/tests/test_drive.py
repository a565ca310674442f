"""Drive as its clients see it: what it keeps, finds, refuses and tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.tests.conftest import Client

if TYPE_CHECKING:
    from emulator import Emulator

FOLDER = "application/vnd.google-apps.folder"
SHEET = "application/vnd.google-apps.spreadsheet"
ALL = {"supportsAllDrives": "true"}
LISTED = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true"}


def create(http: Client, **metadata: Any) -> dict[str, Any]:
    answer = http.post("/drive/v3/files", json=metadata, params={**ALL, "fields": "*"})
    assert answer.status_code == 200, answer.text
    file: dict[str, Any] = answer.json()
    return file


def names(http: Client, q: str, **params: str) -> list[str]:
    answer = http.get("/drive/v3/files", params={"q": q, **LISTED, **params})
    assert answer.status_code == 200, answer.text
    return [file["name"] for file in answer.json()["files"]]


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"]


def test_a_file_is_made_with_defaults_and_shown_as_its_fields_ask(http: Client) -> None:
    made = http.post("/drive/v3/files", json={"name": "a.txt", "mimeType": "text/plain"}).json()
    assert made.keys() == {"kind", "id", "name", "mimeType"}
    whole = http.get(f"/drive/v3/files/{made['id']}", params={"fields": "*"}).json()
    assert whole["owners"][0]["me"] is True
    assert whole["size"] == "0"
    assert whole["webViewLink"] == f"{http.url}/file/d/{made['id']}/view"
    some = http.get(
        f"/drive/v3/files/{made['id']}", params={"fields": "id,owners(emailAddress)"}
    ).json()
    assert some == {
        "id": made["id"],
        "owners": [{"emailAddress": whole["owners"][0]["emailAddress"]}],
    }


def test_a_mask_names_ones_own_properties_as_they_are(http: Client) -> None:
    """Catches Drive's masks read like those of Sheets, where a_key is aKey."""
    body = {"name": "a", "appProperties": {"a_key": "1", "other": "2"}}
    made = http.post("/drive/v3/files?fields=appProperties/a_key", json=body)
    assert made.json() == {"appProperties": {"a_key": "1"}}


def test_the_search_language(http: Client, emulator: Emulator) -> None:
    folder = emulator.create_folder("Jobs")
    create(http, name="Alpha report.pdf", mimeType="application/pdf", parents=[folder])
    create(http, name="It's beta", parents=[folder], appProperties={"site": "s1", "kind": "doc"})
    inner = create(
        http, name="Gamma", mimeType=FOLDER, parents=[folder], appProperties={"site": "s2"}
    )
    gone = create(http, name="Gone", parents=[inner["id"]])
    http.patch(f"/drive/v3/files/{gone['id']}", json={"trashed": True}, params=ALL)

    here = f"'{folder}' in parents"
    assert sorted(names(http, here)) == ["Alpha report.pdf", "Gamma", "It's beta"]
    assert sorted(names(http, f'parents in "{folder}"')) == [
        "Alpha report.pdf",
        "Gamma",
        "It's beta",
    ]
    assert names(http, r"name = 'It\'s beta'") == ["It's beta"]
    assert names(http, 'name = "It\'s beta"') == ["It's beta"]
    assert names(http, "name contains 'repo'") == ["Alpha report.pdf"]
    assert names(http, "name contains 'eport'") == []  # beginnings of words only
    assert names(http, f"mimeType = '{FOLDER}' and {here}") == ["Gamma"]
    has = "appProperties has { key='site' and value='s1' }"
    assert names(http, has) == ["It's beta"]
    assert names(http, f"{has} and trashed = false", orderBy="name desc") == ["It's beta"]
    assert names(http, "trashed = true") == ["Gone"]
    assert "Gone" not in names(http, "trashed=false")
    for other in (f"not {has}", f"{has} or {here}", "starred = true", "'root' in parents", "name"):
        answer = http.get("/drive/v3/files", params={"q": other})
        assert refused(answer) == (501, "notImplemented")
        assert f"the search {other}" in answer.json()["error"]["message"]


def test_a_thing_in_a_trashed_folder_counts_as_trashed(http: Client) -> None:
    folder = create(http, name="Bin me", mimeType=FOLDER)
    inside = create(http, name="inside", parents=[folder["id"]])
    http.patch(f"/drive/v3/files/{folder['id']}", json={"trashed": True})
    whole = http.get(f"/drive/v3/files/{inside['id']}", params={"fields": "*"}).json()
    assert whole["trashed"] is True
    assert names(http, "trashed = false and name = 'inside'") == []


def test_a_list_comes_in_pages(http: Client) -> None:
    for number in range(5):
        create(http, name=f"n{number}")
    seen: list[str] = []
    params = {"pageSize": "2", "orderBy": "name", "fields": "nextPageToken,files(name)"}
    while True:
        page = http.get("/drive/v3/files", params=params).json()
        seen += [file["name"] for file in page["files"]]
        if "nextPageToken" not in page:
            break
        params["pageToken"] = page["nextPageToken"]
    assert seen == [f"n{number}" for number in range(5)]


def test_shared_drives_are_seen_only_by_those_who_ask(http: Client, emulator: Emulator) -> None:
    folder = emulator.create_folder("Shared")
    assert refused(http.get(f"/drive/v3/files/{folder}")) == (404, "notFound")
    answer = http.get(f"/drive/v3/files/{folder}", params=ALL).json()
    assert answer["driveId"] == answer["teamDriveId"]
    bare = http.post("/drive/v3/files", json={"name": "x", "parents": [folder]})
    assert refused(bare) == (404, "notFound")
    create(http, name="x", parents=[folder])
    q = {"q": "name = 'x'"}
    assert http.get("/drive/v3/files", params=q).json()["files"] == []
    assert len(http.get("/drive/v3/files", params={**q, **LISTED}).json()["files"]) == 1
    one = {"corpora": "drive", "driveId": answer["driveId"]}
    assert http.get("/drive/v3/files", params={**q, **LISTED, **one}).status_code == 501


def test_a_service_account_has_no_storage_outside_a_shared_drive(emulator: Emulator) -> None:
    robot, person = Client(emulator.url, "robot"), Client(emulator.url)
    shared = emulator.create_folder("Shared")
    mine = create(person, name="Mine", mimeType=FOLDER)["id"]
    emulator.drive.tree.share(mine, "writer")
    answer = robot.post("/drive/v3/files", json={"name": "x", "parents": [mine]})
    assert refused(answer) == (403, "storageQuotaExceeded")
    assert answer.json()["error"]["errors"][0]["domain"] == "usageLimits"
    assert robot.post("/drive/v3/files", json={"name": "x", "mimeType": FOLDER}).status_code == 200
    create(robot, name="x", parents=[shared])
    create(person, name="x", parents=[mine])


def test_generated_ids_make_a_create_repeatable(http: Client) -> None:
    ids = http.get("/drive/v3/files/generateIds", params={"count": 2}).json()["ids"]
    assert len(set(ids)) == 2
    create(http, id=ids[0], name="once")
    again = http.post("/drive/v3/files", json={"id": ids[0], "name": "twice"})
    assert refused(again) == (409, "fileIdInUse")
    assert again.json()["error"]["message"] == "A file already exists with the provided ID."
    assert http.post("/drive/v3/files", json={"id": "madeup", "name": "x"}).status_code == 400
    native = http.post("/drive/v3/files", json={"id": ids[1], "name": "x", "mimeType": SHEET})
    assert native.status_code == 403


def test_update_changes_moves_and_keeps_to_one_parent(http: Client) -> None:
    here, there = (create(http, name=name, mimeType=FOLDER)["id"] for name in ("here", "there"))
    file = create(http, name="f", parents=[here], appProperties={"a": "1", "b": "2"})
    path = f"/drive/v3/files/{file['id']}"
    body = {"name": "g", "appProperties": {"a": None, "c": "3"}}
    told = http.patch(path, json=body, params={"fields": "*"}).json()
    assert (told["name"], told["appProperties"]) == ("g", {"b": "2", "c": "3"})
    assert refused(http.patch(path, params={"addParents": there})) == (403, "cannotAddParent")
    moved = http.patch(
        path, params={"addParents": there, "removeParents": here, "fields": "parents"}
    )
    assert moved.json() == {"parents": [there]}
    answer = http.patch(path, json={"description": "x"})
    assert refused(answer) == (501, "notImplemented")
    assert "description of a file" in answer.json()["error"]["message"]


def test_delete_takes_a_folder_with_all_in_it(http: Client) -> None:
    folder = create(http, name="f", mimeType=FOLDER)
    inside = create(http, name="x", parents=[folder["id"]])
    answer = http.delete(f"/drive/v3/files/{folder['id']}")
    assert (answer.status_code, answer.content) == (204, b"")
    for gone in (folder, inside):
        assert refused(http.get(f"/drive/v3/files/{gone['id']}")) == (404, "notFound")


def test_permissions_decide_who_sees_and_writes(http: Client, emulator: Emulator) -> None:
    other = Client(emulator.url, "other@example.com")
    file = create(http, name="private")
    path = f"/drive/v3/files/{file['id']}"
    assert refused(other.get(path)) == (404, "notFound")
    given = http.post(
        f"{path}/permissions",
        json={"type": "user", "role": "reader", "emailAddress": "other@example.com"},
    ).json()
    assert given == {
        "kind": "drive#permission",
        "id": given["id"],
        "type": "user",
        "role": "reader",
    }
    assert other.get(path).status_code == 200
    assert refused(other.patch(path, json={"name": "x"})) == (403, "insufficientFilePermissions")
    listed = http.get(f"{path}/permissions", params={"fields": "permissions(role)"}).json()
    assert [each["role"] for each in listed["permissions"]] == ["owner", "reader"]
    given = http.post(
        f"{path}/permissions",
        json={"type": "user", "role": "writer", "emailAddress": "other@example.com"},
    ).json()
    assert other.patch(path, json={"name": "x"}).status_code == 200
    assert http.delete(f"{path}/permissions/{given['id']}").status_code == 204
    assert http.delete(f"{path}/permissions/{given['id']}").status_code == 404
    assert other.get(path).status_code == 404


def test_about_needs_fields(http: Client) -> None:
    assert refused(http.get("/drive/v3/about")) == (400, "required")
    told = http.get("/drive/v3/about", params={"fields": "user(emailAddress)"}).json()
    assert told == {"user": {"emailAddress": "anonymous"}}


def test_what_is_not_served_says_so(http: Client) -> None:
    file = create(http, name="f")
    assert http.get(f"/drive/v3/files/{file['id']}/revisions").status_code == 501
    assert http.get("/drive/v3/drives").status_code == 501
    assert http.get("/drive/v3/nonsense").status_code == 404


def test_a_spreadsheet_is_a_file_and_a_file_of_that_type_a_spreadsheet(http: Client) -> None:
    made = create(http, name="By Drive", mimeType=SHEET)
    told = http.get(f"/v4/spreadsheets/{made['id']}", params={"fields": "properties(title)"})
    assert told.json() == {"properties": {"title": "By Drive"}}
    by_sheets = http.post("/v4/spreadsheets", json={"properties": {"title": "By Sheets"}}).json()
    file = http.get(f"/drive/v3/files/{by_sheets['spreadsheetId']}").json()
    assert (file["name"], file["mimeType"]) == ("By Sheets", SHEET)


def test_unsharing_and_deleting_show_in_sheets(http: Client, emulator: Emulator) -> None:
    spreadsheet = emulator.create_spreadsheet("Theirs")
    path = f"/v4/spreadsheets/{spreadsheet}"
    assert http.get(path).status_code == 200
    emulator.drive.tree.unshare(spreadsheet)
    answer = http.get(path)
    assert answer.status_code == 403
    assert answer.json()["error"] == {
        "code": 403,
        "message": "The caller does not have permission",
        "status": "PERMISSION_DENIED",
    }
    emulator.drive.tree.share(spreadsheet, "reader")
    assert http.get(path).status_code == 200
    assert http.post(f"{path}:batchUpdate", json={"requests": []}).status_code == 403
    owner = Client(emulator.url, "owner@example.com")
    assert owner.delete(f"/drive/v3/files/{spreadsheet}").status_code == 204
    assert http.get(path).status_code == 404
