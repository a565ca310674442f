"""The only user of Drive's API: folders and files with an id generated first, resumable uploads.

Every call works on shared drives. Permissions are never changed: who reads the
folder reads its files.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, BinaryIO, cast

import requests
from google.resumable_media import InvalidResponse, RetryStrategy
from google.resumable_media.requests import ResumableUpload

from sync.errors import Permanent, Retryable
from sync.google.auth import TIMEOUT
from sync.google.errors import from_google, refusal
from sync.ops.retry import policy

CHUNK = 4 * 1024 * 1024
"""Bytes in a request; Drive wants multiples of 256 KiB."""

_FILES = "https://www.googleapis.com/drive/v3/files"
_ABOUT = "https://www.googleapis.com/drive/v3/about"
_UPLOAD = "https://www.googleapis.com/upload/drive/v3/files"
_FIELDS = "id,webViewLink,sha256Checksum,trashed"
_FOLDER_TYPE = "application/vnd.google-apps.folder"
_SPREADSHEET_TYPE = "application/vnd.google-apps.spreadsheet"
_CHUNK_TRIES = 4
_PERMISSION_PAGES = 20
"""A hundred each: more people than any installer has."""


@dataclass(frozen=True)
class File:
    """A file or folder in Drive; `link` opens it for people, `sha256` (hex) is "" for a folder."""

    id: str
    link: str
    sha256: str = ""
    trashed: bool = False


@dataclass(frozen=True)
class Content:
    """What is to be uploaded: a seekable stream, its size and its media type."""

    stream: BinaryIO
    size: int
    media_type: str


@dataclass(frozen=True)
class Access:
    """What the account may do with a file."""

    can_edit: bool
    trashed: bool


class Drive:
    """The folder `root` in Drive ("": the account's My Drive), with a session that signs in."""

    def __init__(self, session: requests.Session, root: str, account: str) -> None:
        self._session = session
        self._root = root
        self._account = account

    @cached_property
    def _corpus(self) -> dict[str, str]:
        """Where to search: the shared drive that the root folder is on, if it is on one."""
        if not self._root:
            return {"corpora": "user"}
        found = self._call("GET", f"{_FILES}/{self._root}", {"fields": "id,driveId"})
        drive = found.get("driveId")
        return {"corpora": "drive", "driveId": drive} if drive else {"corpora": "user"}

    def new_id(self) -> str:
        """Have Drive generate an id, so that a repeated create makes no second file."""
        with self._translated_errors():
            answer = self._session.get(
                f"{_FILES}/generateIds", params={"count": "1"}, timeout=TIMEOUT
            )
            return str(self._json(answer)["ids"][0])

    def get(self, file_id: str) -> File | None:
        """Return a file by its id, or None if there is none."""
        try:
            return _file(self._call("GET", f"{_FILES}/{file_id}", {"fields": _FIELDS}))
        except Permanent as error:
            if error.reason == "not_found":
                return None
            raise

    def find(self, tag: Mapping[str, str]) -> File | None:
        """Return the oldest file that carries `tag` (appProperties) and is not in the bin."""
        has = [f"appProperties has {{ key='{k}' and value='{v}' }}" for k, v in tag.items()]
        query = {
            "q": " and ".join([*has, "trashed = false"]),
            "fields": f"files({_FIELDS})",
            "orderBy": "createdTime",
            "pageSize": "1",
            "includeItemsFromAllDrives": "true",
            **self._corpus,
        }
        files = self._call("GET", _FILES, query).get("files", ())
        return _file(files[0]) if files else None

    def make_folder(self, file_id: str, name: str, tag: Mapping[str, str]) -> File:
        """Make a folder under the root, with `file_id` unless that is "".

        Raises Conflict if it exists already, Refused if Drive does not accept the id.
        """
        return self._make(_FOLDER_TYPE, file_id, name, tag)

    def make_spreadsheet(self, name: str, tag: Mapping[str, str]) -> File:
        """Make an empty spreadsheet under the root."""
        return self._make(_SPREADSHEET_TYPE, "", name, tag)

    def _make(self, kind: str, file_id: str, name: str, tag: Mapping[str, str]) -> File:
        metadata = _metadata(file_id, name, self._root or "root", tag) | {"mimeType": kind}
        return _file(self._call("POST", _FILES, {"fields": _FIELDS}, metadata))

    def is_writable_folder(self) -> bool:
        """Return whether the root is a folder that takes files. Raises Permanent."""
        fields = {"fields": "mimeType,trashed,capabilities(canAddChildren)"}
        found = self._call("GET", f"{_FILES}/{self._root}", fields)
        allowed = found.get("capabilities", {}).get("canAddChildren", False)
        return found.get("mimeType") == _FOLDER_TYPE and allowed and not found.get("trashed")

    def account(self) -> str:
        """Return the e-mail address of who signs in."""
        found = self._call("GET", _ABOUT, {"fields": "user(emailAddress)"})
        return str(found.get("user", {}).get("emailAddress", ""))

    def access(self, file_id: str) -> Access:
        """Return what the account may do with a file. Raises Permanent if it may not see it."""
        fields = {"fields": "trashed,capabilities(canEdit)"}
        found = self._call("GET", f"{_FILES}/{file_id}", fields)
        can_edit = bool(found.get("capabilities", {}).get("canEdit"))
        return Access(can_edit, bool(found.get("trashed")))

    def readers(self, file_id: str) -> frozenset[tuple[str, str]]:
        """Return who may open a file: kind (user, group, domain, anyone), and address or domain."""
        query = {
            "fields": "nextPageToken,permissions(type,emailAddress,domain,deleted)",
            "pageSize": "100",
        }
        found: set[tuple[str, str]] = set()
        for _ in range(_PERMISSION_PAGES):
            answer = self._call("GET", f"{_FILES}/{file_id}/permissions", query)
            found |= {
                (one["type"], str(one.get("emailAddress") or one.get("domain") or ""))
                for one in answer.get("permissions", ())
                if not one.get("deleted")
            }
            if not answer.get("nextPageToken"):
                break
            query["pageToken"] = answer["nextPageToken"]
        return frozenset(found)

    def discard(self, file_id: str) -> None:
        """Put a damaged file into the bin: a content manager may not delete."""
        try:
            self._call("PATCH", f"{_FILES}/{file_id}", {"fields": "id"}, {"trashed": True})
        except Permanent as error:
            if error.reason != "not_found":
                raise

    def begin(
        self, content: Content, file_id: str, name: str, parent: str, tag: Mapping[str, str]
    ) -> "Upload":
        """Open an upload session. The file is not in Drive before its last byte.

        Raises Conflict if `file_id` exists, Refused if Drive does not accept it.
        """
        upload = Upload(content)
        metadata = _metadata(file_id, name, parent, tag)
        with self._translated_errors():
            upload.initiate(
                self._session, content.stream, metadata, content.media_type, timeout=TIMEOUT
            )
        return upload

    def ask(self, session: str) -> File | None:
        """Return the file that an upload session resulted in, or None while it is open.

        Raises Permanent (session_gone) if the session has expired.
        """
        headers = {"Content-Range": "bytes */*"}
        with self._translated_errors():
            answer = self._session.put(
                session, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
            if answer.status_code == requests.codes.permanent_redirect:
                return None
            if answer.status_code in (404, 410):
                raise Permanent("session_gone", "Drive has closed the upload session.")
            return _file(self._json(answer))

    def send(self, upload: "Upload", sleep: Callable[[float], Any]) -> File:
        """Send the rest of an upload, and return the file. Raises Retryable, Permanent."""
        while True:
            for attempt in policy(sleep, _CHUNK_TRIES, longest=10):
                with attempt, self._translated_errors():
                    done = upload.step(self._session)
            if done:
                return _file(done)

    def _call(
        self, method: str, url: str, query: Mapping[str, str], body: object = None
    ) -> dict[str, Any]:
        with self._translated_errors():
            answer = self._session.request(
                method,
                url,
                params={"supportsAllDrives": "true", **query},
                json=body,
                timeout=TIMEOUT,
            )
            return self._json(answer)

    def _json(self, answer: requests.Response) -> dict[str, Any]:
        if not answer.ok:
            raise refusal(answer, self._account)
        return cast("dict[str, Any]", answer.json()) if answer.content else {}

    @contextmanager
    def _translated_errors(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            raise from_google(error, self._account) from error


class Upload(ResumableUpload):
    """A resumable upload that another process can continue by its session's address."""

    def __init__(self, content: Content, session: str = "") -> None:
        query = f"uploadType=resumable&supportsAllDrives=true&fields={_FIELDS}"
        super().__init__(f"{_UPLOAD}?{query}", CHUNK)  # type: ignore[no-untyped-call]
        # `Drive.send` retries: it asks the session before it sends again.
        self._retry_strategy = RetryStrategy(max_retries=0)
        if session:
            self._stream, self._content_type = content.stream, content.media_type
            self._total_bytes, self._resumable_url = content.size, session
            self._invalid = True

    @property
    def session(self) -> str:
        """The session's address."""
        return str(self.resumable_url)

    def step(self, transport: requests.Session) -> dict[str, Any] | None:
        """Send the next chunk, first asking how much has arrived if need be; return the file."""
        if self.invalid:
            try:
                self.recover(transport)
            except InvalidResponse as error:
                if error.response.status_code in (200, 201):
                    return cast("dict[str, Any]", error.response.json())
                raise
        try:
            answer = self.transmit_next_chunk(transport, timeout=TIMEOUT)
        except Exception:
            self._make_invalid()
            raise
        return cast("dict[str, Any]", answer.json()) if self.finished else None


def _metadata(file_id: str, name: str, parent: str, tag: Mapping[str, str]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, "parents": [parent], "appProperties": dict(tag)}
    return metadata | ({"id": file_id} if file_id else {})


def _file(answer: Mapping[str, Any]) -> File:
    if "id" not in answer:
        raise Retryable("google_unavailable", "Drive answered without a file.")
    return File(
        id=answer["id"],
        link=answer.get("webViewLink", ""),
        sha256=answer.get("sha256Checksum", ""),
        trashed=bool(answer.get("trashed")),
    )
