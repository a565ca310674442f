"""Drive: reserves IDs, creates folders and files with them, and finds files by their tags.

Every call works on shared drives. Nothing here changes who may see a file.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

import requests

from sync.errors import Conflict, NotFound, Retryable
from sync.google.auth import TIMEOUT
from sync.google.errors import from_google, refusal

_FILES = "https://www.googleapis.com/drive/v3/files"
_UPLOAD = "https://www.googleapis.com/upload/drive/v3/files"
_ABOUT = "https://www.googleapis.com/drive/v3/about"
_FOLDER = "application/vnd.google-apps.folder"
_SPREADSHEET = "application/vnd.google-apps.spreadsheet"


@dataclass(frozen=True)
class Rights:
    """What an account may do with a file."""

    is_trashed: bool
    can_edit: bool


class Drive:
    """One account's Drive. A session is for one thread, so each thread has a Drive of its own."""

    def __init__(self, session: requests.Session, account: str) -> None:
        self._session, self._account = session, account

    def new_id(self) -> str:
        """Return an ID for a file, so that a repeated creation doesn't make a second one."""
        answer = self._call("GET", f"{_FILES}/generateIds", {"count": "1", "fields": "ids"})
        return str(answer["ids"][0])

    def find(self, tag: Mapping[str, str]) -> str:
        """Return the ID of the oldest file with this tag that isn't in the trash, or ""."""
        has = [f"appProperties has {{ key='{k}' and value='{v}' }}" for k, v in tag.items()]
        query = {
            "q": " and ".join([*has, "trashed = false"]),
            "fields": "files(id)",
            "orderBy": "createdTime",
            "includeItemsFromAllDrives": "true",
        }
        files = self._call("GET", _FILES, query).get("files", ())
        return str(files[0]["id"]) if files else ""

    def rights(self, file_id: str) -> "Rights":
        """Return what this account may do with a file. Raises NotFound."""
        fields = {"fields": "trashed,capabilities(canEdit)"}
        answer = self._call("GET", f"{_FILES}/{file_id}", fields)
        can_edit = answer.get("capabilities", {}).get("canEdit", False)
        return Rights(bool(answer.get("trashed")), bool(can_edit))

    def is_there(self, file_id: str) -> bool:
        """Return whether a file is there, and not in the trash."""
        with suppress(NotFound):
            return not self.rights(file_id).is_trashed
        return False

    def discard(self, file_id: str) -> None:
        """Move a file to the trash: a content manager can't delete it."""
        self._answer("PATCH", f"{_FILES}/{file_id}", {"fields": "id"}, json={"trashed": True})

    def create_folder(self, file_id: str, name: str, parent: str, tag: Mapping[str, str]) -> None:
        """Create a folder unless there is one with this ID."""
        metadata = {**_metadata(file_id, name, parent, tag), "mimeType": _FOLDER}
        self._once("POST", _FILES, {"fields": "id"}, json=metadata)

    def create_spreadsheet(self, name: str, tag: Mapping[str, str]) -> str:
        """Create a spreadsheet and return its ID, which Google doesn't let us choose."""
        metadata = {"name": name, "mimeType": _SPREADSHEET, "appProperties": dict(tag)}
        return str(self._answer("POST", _FILES, {"fields": "id"}, json=metadata).json()["id"])

    def account(self) -> str:
        """Return the address of the account that signed in."""
        about = self._call("GET", _ABOUT, {"fields": "user(emailAddress)"})
        return str(about["user"]["emailAddress"])

    def upload(
        self, content: IO[bytes], kind: str, file_id: str, name: str, parent: str,
        tag: Mapping[str, str],
    ) -> None:  # fmt: skip
        """Create a file unless there is one with this ID. Raises NotFound if its folder is gone."""
        size, metadata = content.seek(0, 2), _metadata(file_id, name, parent, tag)
        content.seek(0)
        headers = {"X-Upload-Content-Type": kind, "X-Upload-Content-Length": str(size)}
        query = {"uploadType": "resumable", "fields": "id"}
        opened = self._once("POST", _UPLOAD, query, json=metadata, headers=headers)
        if opened is not None:
            place = opened.headers.get("Location", "")
            sent = self._once("PUT", place, {}, data=content, headers={"Content-Type": kind})
            if sent is not None and sent.status_code not in (200, 201):
                raise Retryable("upload_broken", "Drive hasn't received the whole file.")

    def _once(
        self, method: str, url: str, query: Mapping[str, str], **more: Any
    ) -> requests.Response | None:
        """Return the answer, or None if a file has the ID already."""
        try:
            return self._answer(method, url, query, **more)
        except Conflict:
            return None

    def _call(self, method: str, url: str, query: Mapping[str, str]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._answer(method, url, query).json()
        except ValueError as error:
            raise Retryable("google_unavailable", "Drive's answer isn't JSON.") from error
        return answer

    def _answer(
        self, method: str, url: str, query: Mapping[str, str], **more: Any
    ) -> requests.Response:
        params = {"supportsAllDrives": "true", **query} if query else {}
        try:
            answer = self._session.request(method, url, params=params, timeout=TIMEOUT, **more)
        except Exception as error:
            raise from_google(error, self._account) from error
        if not answer.ok:
            raise refusal(answer, self._account)
        return answer


def _metadata(file_id: str, name: str, parent: str, tag: Mapping[str, str]) -> dict[str, Any]:
    return {"id": file_id, "name": name, "parents": [parent], "appProperties": dict(tag)}
