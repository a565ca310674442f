"""Client for EverBright's API: reads JSON, and streams documents.

Source of the paths: EverBright's webhook page. Redirects and limits aren't documented, so every
answer is checked.
"""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from ipaddress import ip_address
from typing import IO, Any
from urllib.parse import quote, urljoin

import requests
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import Url, parse_url

from sync.errors import Permanent, Retryable, UnprocessableDocument
from sync.everbright.document_check import document_problem
from sync.everbright.egress import PublicHostsAdapter
from sync.everbright.errors import MISSING, ODD, REDIRECTS, refusal, unreachable
from sync.settings.validators import is_loopback

TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and to wait for the next bytes."""
MAX_SECONDS = 1800.0
"""The time for one download in total."""
GRACE_SECONDS = 60.0
MIN_SPEED = 1024
"""The least average speed (bytes a second) of a download after GRACE_SECONDS."""
MAX_BYTES = 2 * 1024**3
_SITES = "/api/v1/site/"
SITE_PATH = _SITES + "{site}"
_FORBIDDEN_JOBS = 3
"""Different jobs that EverBright withholds (403) before the token is taken to be wrong."""
_MAX_JSON_BYTES = 4 * 1024**2
_CHUNK_BYTES = 256 * 1024
_HEAD_BYTES = 2048
_MAX_REDIRECTS = 5


@dataclass(frozen=True)
class Download:
    """A downloaded file: its size in bytes, its SHA-256 (hex), and its media type."""

    size: int
    sha256: str
    media_type: str


class EverBright:
    """EverBright's API at `url`.

    `header` is the name of the token's header and, after a colon, its scheme. `document_path` has
    `{document}`, and may have `{sub_task}`. For `grace_seconds` a download may be slow.
    `record_token` is called with whether the token is accepted, for each answer that shows it.
    """

    def __init__(
        self,
        url: str,
        token: str,
        header: str,
        document_path: str,
        grace_seconds: float = GRACE_SECONDS,
        record_token: Callable[[bool], object] = lambda _is_accepted: None,
    ) -> None:
        self._url = url
        self._grace_seconds = grace_seconds
        self._record_token = record_token
        self._forbidden_jobs = set[str]()
        """The addresses of jobs that were withheld since EverBright last returned anything."""
        name, _, scheme = (part.strip() for part in header.partition(":"))
        self._auth = {name: f"{scheme} {token}".strip()} if token else {}
        self._document_path = document_path
        self._session = requests.Session()
        self._public_session = requests.Session()
        for scheme in ("http://", "https://"):
            self._public_session.mount(scheme, PublicHostsAdapter())
        for session in (self._session, self._public_session):
            # Ignore .netrc credentials, and don't send cookies from host to host.
            session.auth = lambda request: request

    def download(self, document: str, sub_task: str, name: str, into: IO[bytes]) -> Download:
        """Write a document's bytes `into` a file.

        Raises Retryable or Permanent, also if the answer isn't the document: a sign-in page, an
        error with status 200, or fewer bytes than announced.
        """
        if "{sub_task}" in self._document_path and not sub_task:
            raise UnprocessableDocument("no_sub_task", "The document's sub-task has no UUID.")
        names = {"document": quote(document, safe=""), "sub_task": quote(sub_task, safe="")}
        try:
            with self._open(self._url + self._document_path.format(**names)) as response:
                writer = _HashingWriter(into)
                too_large = partial(UnprocessableDocument, "document_too_large")
                size = _copy_body(response, writer, self._grace_seconds, MAX_BYTES, too_large)
                length = response.headers.get("Content-Length", "")
                if length and length != str(size):
                    raise Retryable("document_cut", f"Only {size} of {length} bytes arrived.")
                media_type = (
                    response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                )
                if reason := document_problem(name, writer.head, media_type):
                    raise Retryable("not_a_document", reason)
                self._note_accepted()
                return Download(size, writer.sha256.hexdigest(), media_type)
        except (requests.RequestException, HTTPError, ValueError) as error:
            # ValueError: an invalid address.
            raise unreachable(error) from error

    def site(self, site: str) -> Any:
        """Return a job as the API sends it (JSON values). Raises what `get` raises."""
        return self.get(SITE_PATH.format(site=quote(site, safe="")))

    def get(self, path: str) -> Any:
        """Return the JSON at a path (with its query) on EverBright's host.

        Raises Retryable or Permanent.
        """
        try:
            with self._open(self._url + path, may_leave_host=False) as response:
                body = BytesIO()
                too_large = partial(Permanent, "everbright_too_large")
                _copy_body(response, body, self._grace_seconds, _MAX_JSON_BYTES, too_large)
                try:
                    tree = json.loads(body.getvalue())
                except (ValueError, RecursionError):
                    raise Permanent(ODD, "EverBright's answer isn't JSON.") from None
                self._note_accepted()
                return tree
        except Retryable as error:
            if error.reason not in (MISSING, REDIRECTS):
                raise
            raise Permanent(error.reason, f"{path} can't be read: {error.message}") from None
        except (requests.RequestException, HTTPError, ValueError) as error:
            # ValueError: an invalid address.
            raise unreachable(error) from error

    def own_path(self, path: str, link: str) -> str:
        """Return the path (with its query) of `link`, from the answer at `path`.

        Raises Permanent if it isn't on EverBright's host. The scheme is ignored, because behind a
        proxy a server may write http for https.
        """
        home = self._url + path
        try:
            target = urljoin(home, link)
            ours, theirs = parse_url(home), parse_url(target)
        except (ValueError, LocationParseError):
            raise Permanent(
                "everbright_next", "A list's next page has an invalid address."
            ) from None
        is_ours = theirs.scheme in ("http", "https") and theirs.host == ours.host
        if not is_ours or _port(theirs) != _port(ours) or theirs.auth or "\\" in target:
            raise Permanent(
                "everbright_next", "A list's next page is on a host that isn't EverBright's."
            )
        return theirs.request_uri

    def _open(self, url: str, *, may_leave_host: bool = True) -> requests.Response:
        """Follow redirects by hand, so that the token goes only to EverBright's own origin.

        Only with `may_leave_host` may they lead to another host: a document may be in a file store.
        """
        home = _origin(self._url)
        for _ in range(_MAX_REDIRECTS + 1):
            headers = {"Accept-Encoding": "identity"}
            is_home = _origin(url) == home
            if not is_home and not may_leave_host:
                raise Retryable(REDIRECTS, "EverBright redirects to another host.")
            session = self._session if is_home else self._public_session
            response = session.get(
                url,
                headers=headers | (self._auth if is_home else {}),
                stream=True,
                allow_redirects=False,
                timeout=TIMEOUT,
            )
            session.cookies.clear()
            if not response.is_redirect:
                if response.status_code != 200:
                    response.close()
                    if is_home:
                        self._note_refusal(response.status_code, url)
                    raise refusal(response)
                return response
            response.close()
            url = _redirect_target(url, response.headers["Location"])
        raise Retryable(REDIRECTS, "EverBright redirects in a circle.")

    def _note_accepted(self) -> None:
        self._forbidden_jobs.clear()
        self._record_token(True)

    def _note_refusal(self, status: int, url: str) -> None:
        """Record a wrong token: EverBright answers 401, or 403 to every request.

        A single 403 may be for a job of another account.
        """
        if status == 403 and url.startswith(self._url + _SITES):
            self._forbidden_jobs.add(url)
        if status == 401 or len(self._forbidden_jobs) >= _FORBIDDEN_JOBS:
            self._record_token(False)


def _origin(url: str) -> tuple[str | None, str | None, int | None]:
    """Return scheme, host and port as the HTTP client reads them: other parsers may differ."""
    parts = parse_url(url)
    return parts.scheme, parts.host, _port(parts)


def _port(url: Url) -> int | None:
    """Return the port; None if it is the usual one of the scheme."""
    return None if (url.scheme, url.port) in (("http", 80), ("https", 443)) else url.port


def _redirect_target(url: str, location: str) -> str:
    """Return a redirect's target. Raises Retryable if it must not be followed, or ValueError."""
    target = urljoin(url, location)
    scheme, host, _ = _origin(target)
    home_scheme, home, _ = _origin(url)
    if scheme != "https" and (scheme != "http" or home_scheme != "http"):
        raise Retryable(REDIRECTS, "EverBright redirects to an unencrypted address.")
    is_emulator = is_loopback(host) and is_loopback(home)
    if "\\" in target or parse_url(target).auth or (_is_private(host) and not is_emulator):
        raise Retryable(REDIRECTS, "EverBright redirects to a forbidden address.")
    return target


def _is_private(host: str | None) -> bool:
    """Return whether a host is an address of this machine or of a private network."""
    try:
        return not ip_address((host or "").strip("[]")).is_global
    except ValueError:
        return host == "localhost"


class _HashingWriter:
    """Writes to a file, and computes its checksum."""

    def __init__(self, into: IO[bytes]) -> None:
        self._into = into
        self.sha256 = hashlib.sha256()
        self.head = b""

    def write(self, chunk: bytes) -> None:
        self.head += chunk[: _HEAD_BYTES - len(self.head)]
        self.sha256.update(chunk)
        self._into.write(chunk)


def _copy_body(
    response: requests.Response,
    into: Any,
    grace_seconds: float,
    max_bytes: int,
    too_large: Callable[[str], Permanent],
) -> int:
    """Write the body `into` a file; return its size (bytes). Raises Retryable or `too_large`."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        # It was requested uncompressed, and may be a decompression bomb.
        raise Retryable("everbright_encoded", "EverBright's answer is compressed.")
    size, began = 0, time.monotonic()
    # What has arrived: a slow sender could take days for a whole chunk.
    while chunk := response.raw.read1(_CHUNK_BYTES, decode_content=False):
        size += len(chunk)
        took = time.monotonic() - began
        if size > max_bytes:
            raise too_large(f"EverBright's answer is over {max_bytes} bytes.")
        if took > MAX_SECONDS or (took > grace_seconds and size < took * MIN_SPEED):
            raise Retryable("everbright_slow", f"Only {size} bytes arrived in {took:.0f} s.")
        into.write(chunk)
    return size
