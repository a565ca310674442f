"""What an access token may do: which APIs, and with `drive.file` only the app's own files.

Source: Google's guide "Choose Google Drive API scopes".
"""

import json
from collections.abc import Mapping
from typing import Any

from werkzeug.wrappers import Response

from emulator.drive import refusals
from emulator.errors import ApiError, not_found

PREFIX = "https://www.googleapis.com/auth/"
FILE, DRIVE, SHEETS = (PREFIX + name for name in ("drive.file", "drive", "spreadsheets"))
MAKES = {"drive.files.create", "drive.upload", "sheets.spreadsheets.create"}


class Scopes:
    """The scopes of access tokens, and the files that each client has made.

    A token that is not known here may do everything.
    """

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[str, frozenset[str]]] = {}
        self._made: dict[str, set[str]] = {}

    def give(self, token: str, client: str, scopes: tuple[str, ...]) -> None:
        """Note what an access token of a client may do."""
        self._tokens[token] = (client, frozenset(scopes))

    def check(
        self, authorization: str | None, api: str, path: Mapping[str, str], body: Any
    ) -> None:
        """Refuse what the token does not cover: ApiError 403 or, for a file, 404."""
        client, scopes = self._of(authorization)
        if scopes is None or DRIVE in scopes:
            return
        if not scopes & ({FILE, SHEETS} if api == "sheets" else {FILE}):
            message = "Request had insufficient authentication scopes."
            raise ApiError(403, message, reason="insufficientPermissions")
        if api == "sheets" and SHEETS in scopes:
            return
        named = [path[name] for name in ("fileId", "spreadsheetId") if name in path]
        if api == "drive" and isinstance(body, dict):
            named += [one for one in body.get("parents", ()) if one != "root"]
        for one in named:
            if one not in self._made.get(client, ()):
                raise refusals.not_found(one) if api == "drive" else not_found()

    def shown(self, authorization: str | None, method_id: str, response: Response) -> Response:
        """Note a file that was made, and leave out of a list what the app may not see."""
        client, scopes = self._of(authorization)
        if scopes is None or response.status_code != 200:
            return response
        if method_id in MAKES:
            answer = json.loads(response.get_data() or b"{}")  # An upload begins without a body.
            if made := answer.get("id") or answer.get("spreadsheetId"):
                self._made.setdefault(client, set()).add(made)
        elif method_id == "drive.files.list" and DRIVE not in scopes:
            answer = json.loads(response.get_data())
            mine = self._made.get(client, set())
            answer["files"] = [one for one in answer.get("files", ()) if one.get("id") in mine]
            response.set_data(json.dumps(answer).encode())
        return response

    def _of(self, authorization: str | None) -> tuple[str, frozenset[str] | None]:
        token = (authorization or "").rpartition(" ")[2]
        return self._tokens.get(token, ("", None))
