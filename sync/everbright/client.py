"""Client for EverBright's API: reads JSON, and streams documents.

Source of the paths: EverBright's webhook page. Redirects and limits aren't documented, so every
answer is checked.
"""

import json
import time
from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any
from urllib.parse import quote, urljoin

import requests
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import parse_url

from sync.errors import Permanent, Retryable, UnprocessableDocument
from sync.everbright.document_check import document_problem
from sync.everbright.errors import DENIED, MISSING, ODD, REDIRECTS, SLOW, refusal, unreachable
from sync.settings.environment import EverBrightSettings

TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and to wait for the next bytes."""
MAX_SECONDS = 1800.0
"""The time for one download in total."""
MAX_BYTES = 2 * 1024**3
SITE_PATH = "/api/v1/site/{site}"
_MAX_JSON_BYTES = 4 * 1024**2
_JSON_SECONDS = 60.0
_CHUNK_BYTES = 256 * 1024
_HEAD_BYTES = 2048
_MAX_REDIRECTS = 5


class EverBright:
    """EverBright's API as the settings have it. A document may take `max_seconds`."""

    def __init__(self, settings: EverBrightSettings, max_seconds: float = MAX_SECONDS) -> None:
        self._url, self._max_seconds = settings.everbright_url, max_seconds
        self._document_path = settings.everbright_document_path
        name, _, scheme = (part.strip() for part in settings.everbright_auth_header.partition(":"))
        token = settings.everbright_api_token
        self._auth = {name: f"{scheme} {token.get_secret_value()}".strip()} if token else {}
        self._session = requests.Session()
        self._session.auth = lambda request: request  # A .netrc must not add credentials.

    def download(self, document: str, sub_task: str, name: str, into: IO[bytes]) -> str:
        """Write a document's bytes `into` a file; return its media type.

        Raises Retryable or Permanent, also if the answer isn't the document: a sign-in page, an
        error with status 200, or fewer bytes than announced.
        """
        if "{sub_task}" in self._document_path and not sub_task:
            raise UnprocessableDocument("no_sub_task", "The document's sub-task has no UUID.")
        names = {"document": quote(document, safe=""), "sub_task": quote(sub_task, safe="")}
        path = self._document_path.format(**names)
        headers = self._read(path, into, MAX_BYTES, self._max_seconds, may_leave_host=True)
        size, length = into.tell(), headers.get("Content-Length", "")
        if length and length != str(size):
            raise Retryable("document_cut", f"Only {size} of {length} bytes arrived.")
        media_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
        into.seek(0)
        if reason := document_problem(name, into.read(_HEAD_BYTES), media_type):
            raise Retryable("not_a_document", reason)
        return media_type

    def site(self, site: str) -> Any:
        """Return a job as the API sends it (JSON values). Raises what `get` raises."""
        return self.get(SITE_PATH.format(site=quote(site, safe="")))

    def get(self, path: str) -> Any:
        """Return the JSON at a path (with its query) on EverBright's host.

        Raises Retryable or Permanent.
        """
        body = BytesIO()
        try:
            self._read(path, body, _MAX_JSON_BYTES, _JSON_SECONDS, may_leave_host=False)
        except Retryable as error:
            if error.reason not in (MISSING, DENIED, REDIRECTS):
                raise
            raise Permanent(error.reason, f"{path} can't be read: {error.message}") from None
        try:
            return json.loads(body.getvalue())
        except (ValueError, RecursionError):
            raise Permanent(ODD, "EverBright's answer isn't JSON.") from None

    def own_path(self, path: str, link: str) -> str:
        """Return the path (with its query) of a `link` in the answer at `path`, without its host.

        Behind a proxy a server may write another scheme or host than its own. Raises Permanent.
        """
        try:
            return parse_url(urljoin(path, link)).request_uri
        except (ValueError, LocationParseError):
            text = "A list's next page has an invalid address."
            raise Permanent("everbright_next", text) from None

    def _read(
        self, path: str, into: IO[bytes], most: int, seconds: float, *, may_leave_host: bool
    ) -> Mapping[str, str]:
        """Write an answer's bytes `into` a file; return its headers."""
        try:
            with self._open(self._url + path, may_leave_host=may_leave_host) as response:
                _copy_body(response, into, most, seconds)
                return response.headers
        except (requests.RequestException, HTTPError, ValueError) as error:
            # ValueError: an invalid address.
            raise unreachable(error) from error

    def _open(self, url: str, *, may_leave_host: bool) -> requests.Response:
        """Follow redirects by hand, so that the token goes only to EverBright's own origin.

        Only with `may_leave_host` may they lead to another host: a document may be in a file store.
        """
        home = _origin(self._url)
        for _ in range(_MAX_REDIRECTS + 1):
            headers = {"Accept-Encoding": "identity"}
            is_home = _origin(url) == home
            if not is_home and not may_leave_host:
                raise Retryable(REDIRECTS, "EverBright redirects to another host.")
            response = self._session.get(
                url,
                headers=headers | (self._auth if is_home else {}),
                stream=True,
                allow_redirects=False,
                timeout=TIMEOUT,
            )
            self._session.cookies.clear()  # They aren't sent from host to host.
            if not response.is_redirect:
                if response.status_code != 200:
                    response.close()
                    raise refusal(response)
                return response
            response.close()
            before, url = url, urljoin(url, response.headers["Location"])
            if before.startswith("https:") and not url.startswith("https:"):
                raise Retryable(REDIRECTS, "EverBright redirects to an unencrypted address.")
        raise Retryable(REDIRECTS, "EverBright redirects in a circle.")


def _copy_body(response: requests.Response, into: IO[bytes], most: int, seconds: float) -> None:
    """Write the body `into` a file. Raises Retryable or UnprocessableDocument."""
    if response.headers.get("Content-Encoding", "identity").lower() not in ("", "identity"):
        raise Retryable("everbright_encoded", "EverBright's answer is compressed.")
    size, began = 0, time.monotonic()
    # What has arrived: a slow sender could take days for a whole chunk.
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=False):
        size += len(chunk)
        if size > most:
            text = f"EverBright's answer is over {most} bytes."
            raise UnprocessableDocument("everbright_too_large", text)
        if time.monotonic() - began > seconds:
            raise Permanent(SLOW, f"Only {size} bytes arrived in time.")
        into.write(chunk)


def _origin(url: str) -> tuple[str | None, str | None, int | None]:
    """Return scheme, host and port as the HTTP client reads them: other parsers may differ."""
    parts = parse_url(url)
    port = None if (parts.scheme, parts.port) in (("http", 80), ("https", 443)) else parts.port
    return parts.scheme, parts.host, port
