"""Drive API client: finds and creates files and folders, uploads, and reads permissions.

Every call works on shared drives. Nothing here changes permissions: files are visible to those who
can see the folder.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import requests

from sync.errors import NotFound, Permanent, Retryable
from sync.google.auth import TIMEOUT
from sync.google.errors import from_google, refusal
from sync.google.upload import FIELDS, UPLOAD, Body, FileContent, Multipart, Upload, received_bytes
from sync.ops.retry import policy

_FILES = "https://www.googleapis.com/drive/v3/files"
_ABOUT = "https://www.googleapis.com/drive/v3/about"
_FOLDER_TYPE = "application/vnd.google-apps.folder"
_SPREADSHEET_TYPE = "application/vnd.google-apps.spreadsheet"
_TRIES = 4
"""Tries to send the missing bytes while no more arrive."""
_INCOMPLETE = requests.codes.permanent_redirect
"""308, with which a session reports the bytes that have arrived (not a redirect here)."""
_PAGE_SIZE = 1000
_PERMISSION_PAGES = 20
"""A hundred each: more people than any installer has."""


@dataclass(frozen=True)
class File:
    """A file or folder in Drive; `link` opens it in a browser, `sha256` (hex) is "" for a folder.

    `tags` (appProperties) are only set for files that were read.
    """

    id: str
    link: str
    sha256: str = ""
    is_trashed: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Access:
    """The account's capabilities for a file."""

    can_edit: bool
    is_trashed: bool


class SessionGone(Permanent):
    """Drive has closed an upload session: the upload has to begin again."""


@dataclass
class Drive:
    """The folder `root` in Drive ("": the account's My Drive), with a session that signs in."""

    _session: requests.Session
    _root: str
    _account: str

    @cached_property
    def _corpus(self) -> dict[str, str]:
        """Where to search: the shared drive that the root folder is on, if it is on one."""
        if not self._root:
            return {"corpora": "user"}
        root = self._call("GET", f"{_FILES}/{self._root}", {"fields": "id,driveId"})
        drive = root.get("driveId")
        return {"corpora": "drive", "driveId": drive} if drive else {"corpora": "user"}

    def new_ids(self, count: int) -> list[str]:
        """Generate IDs, so that a repeated create doesn't create a second file."""
        with self._translated_errors():
            answer = self._session.get(
                f"{_FILES}/generateIds", params={"count": str(count)}, timeout=TIMEOUT
            )
            return [str(file_id) for file_id in self._json(answer)["ids"]]

    def get(self, file_id: str) -> File | None:
        """Return a file by its ID, with its tags, or None."""
        answer = self._call_if_there("GET", file_id, {"fields": f"{FIELDS},appProperties"})
        return None if answer is None else _file(answer)

    def find(self, tag: Mapping[str, str]) -> File | None:
        """Return the oldest file with this tag (appProperties) that isn't in the trash."""
        has = [f"appProperties has {{ key='{k}' and value='{v}' }}" for k, v in tag.items()]
        files = self._list(" and ".join(has), size=1).get("files", ())
        return _file(files[0]) if files else None

    def children(self, folder_id: str) -> list[File]:
        """Return a folder's files with their tags, oldest first; none if there is no folder."""
        query = f"'{folder_id}' in parents and mimeType != '{_FOLDER_TYPE}'"
        files: list[File] = []
        token: str | None = ""
        while token is not None:
            try:
                answer = self._list(query, _PAGE_SIZE, token)
            except NotFound:
                return []
            files += map(_file, answer.get("files", ()))
            token = answer.get("nextPageToken")
        return files

    def _list(self, query: str, size: int, token: str = "") -> dict[str, Any]:
        parameters = {
            "q": f"{query} and trashed = false",
            "fields": f"nextPageToken,files({FIELDS},appProperties)",
            "orderBy": "createdTime",
            "pageSize": str(size),
            "includeItemsFromAllDrives": "true",
            **self._corpus,
        }
        return self._call("GET", _FILES, parameters | ({"pageToken": token} if token else {}))

    def create_folder(self, file_id: str, name: str, tag: Mapping[str, str]) -> File:
        """Create a folder under the root, with `file_id` unless that is "".

        Raises Conflict if it exists, Refused if Drive doesn't accept the ID.
        """
        return self._create(_FOLDER_TYPE, file_id, name, tag)

    def create_spreadsheet(self, name: str, tag: Mapping[str, str]) -> File:
        """Create an empty spreadsheet under the root."""
        return self._create(_SPREADSHEET_TYPE, "", name, tag)

    def _create(self, kind: str, file_id: str, name: str, tag: Mapping[str, str]) -> File:
        metadata = _metadata(file_id, name, self._root or "root", tag) | {"mimeType": kind}
        return _file(self._call("POST", _FILES, {"fields": FIELDS}, metadata))

    def is_root_writable(self) -> bool:
        """Return whether the root is a folder that accepts files. Raises Permanent."""
        fields = {"fields": "mimeType,trashed,capabilities(canAddChildren)"}
        try:
            folder = self._call("GET", f"{_FILES}/{self._root}", fields)
        except NotFound as error:
            raise NotFound(error.reason, f"Folder {self._root}: {error.message}") from None
        allowed = folder.get("capabilities", {}).get("canAddChildren", False)
        return folder.get("mimeType") == _FOLDER_TYPE and allowed and not folder.get("trashed")

    def account(self) -> str:
        """Return the e-mail address of the account that signed in."""
        answer = self._call("GET", _ABOUT, {"fields": "user(emailAddress)"})
        return str(answer.get("user", {}).get("emailAddress", ""))

    def access(self, file_id: str) -> Access:
        """Return the account's capabilities for a file. Raises Permanent if it can't see it."""
        fields = {"fields": "trashed,capabilities(canEdit)"}
        file = self._call("GET", f"{_FILES}/{file_id}", fields)
        return Access(bool(file.get("capabilities", {}).get("canEdit")), bool(file.get("trashed")))

    def readers(self, file_id: str) -> frozenset[tuple[str, str]]:
        """Return who can open a file: kind (user, group, domain, anyone), and address or domain."""
        query = {
            "fields": "nextPageToken,permissions(type,emailAddress,domain,deleted)",
            "pageSize": "100",
        }
        readers: set[tuple[str, str]] = set()
        for _ in range(_PERMISSION_PAGES):
            answer = self._call("GET", f"{_FILES}/{file_id}/permissions", query)
            readers |= {
                (
                    permission["type"],
                    str(permission.get("emailAddress") or permission.get("domain") or ""),
                )
                for permission in answer.get("permissions", ())
                if not permission.get("deleted")
            }
            if not answer.get("nextPageToken"):
                break
            query["pageToken"] = answer["nextPageToken"]
        return frozenset(readers)

    def discard(self, file_id: str) -> None:
        """Move a damaged file to the trash, because a content manager can't delete it."""
        self._call_if_there("PATCH", file_id, {"fields": "id"}, {"trashed": True})

    def upload(
        self, content: FileContent, file_id: str, name: str, parent: str, tag: Mapping[str, str]
    ) -> File:
        """Create a file of at most SMALL bytes in one call.

        Raises Conflict if `file_id` exists, Refused if Drive doesn't accept it.
        """
        body = Multipart(_metadata(file_id, name, parent, tag), content)
        query = {"uploadType": "multipart", "fields": FIELDS}
        return _file(self._call("POST", UPLOAD, query, upload=body))

    def begin(
        self, content: FileContent, file_id: str, name: str, parent: str, tag: Mapping[str, str]
    ) -> Upload:
        """Open an upload session. The file exists once its last byte has arrived.

        Raises Conflict if `file_id` exists, Refused if Drive doesn't accept it.
        """
        headers = {
            "X-Upload-Content-Type": content.media_type,
            "X-Upload-Content-Length": str(content.size),
        }
        query = {"uploadType": "resumable", "supportsAllDrives": "true", "fields": FIELDS}
        metadata = _metadata(file_id, name, parent, tag)
        with self._translated_errors():
            answer = self._session.post(
                UPLOAD, params=query, json=metadata, headers=headers, timeout=TIMEOUT
            )
            self._json(answer)
        if "Location" not in answer.headers:
            raise Retryable("google_unavailable", "Drive opened no upload session.")
        return Upload(content, answer.headers["Location"])

    def send(self, upload: Upload, sleep: Callable[[float], Any]) -> File:
        """Send an upload, and return the file.

        It is sent in one request. If the connection breaks, only the missing bytes are sent again,
        as long as more arrive each time. Raises Retryable, or SessionGone.
        """
        file = None
        while file is None:
            for attempt in policy(sleep, _TRIES, longest=10):
                with attempt:
                    file = self._send_missing(upload)
        return file

    def _send_missing(self, upload: Upload) -> File | None:
        """Send the missing bytes; return the file, or None if some arrived, but not all."""
        before = upload.received
        if upload.is_in_doubt:
            answer = self._put(upload.session, upload.status_range)
            if isinstance(answer, File):
                return answer
            upload.received, upload.is_in_doubt = answer, False
            if answer > before:
                return None
        before, upload.is_in_doubt = upload.received, True  # Until Drive has answered.
        answer = self._put(upload.session, upload.missing_range, Body(upload.content, before))
        if isinstance(answer, File):
            return answer
        upload.received, upload.is_in_doubt = answer, False
        if answer <= before:
            raise Retryable("google_unavailable", "Drive doesn't keep the bytes that are sent.")
        return None

    def _put(self, session: str, span: str, body: Body | None = None) -> File | int:
        """Send a request to an upload session; return the file, or the number of bytes it has."""
        headers = {"Content-Range": span}
        with self._translated_errors():
            answer = self._session.put(
                session, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
            if answer.status_code in (404, 410):
                raise SessionGone("session_gone", "Drive has closed the upload session.")
            if answer.status_code == _INCOMPLETE:
                return received_bytes(answer.headers)
            return _file(self._json(answer))

    def _call(
        self,
        method: str,
        url: str,
        query: Mapping[str, str],
        body: object = None,
        upload: Multipart | None = None,
    ) -> dict[str, Any]:
        with self._translated_errors():
            answer = self._session.request(
                method,
                url,
                params={"supportsAllDrives": "true", **query},
                json=body,
                data=upload,
                headers=upload.headers if upload else None,
                timeout=TIMEOUT,
            )
            return self._json(answer)

    def _call_if_there(
        self, method: str, file_id: str, query: Mapping[str, str], body: object = None
    ) -> dict[str, Any] | None:
        """Return the answer about a file, or None if there is no such file."""
        try:
            return self._call(method, f"{_FILES}/{file_id}", query, body)
        except NotFound:
            return None

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
        is_trashed=bool(answer.get("trashed")),
        tags=answer.get("appProperties", {}),
    )
