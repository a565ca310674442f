"""Client for EverBright's API: reads JSON, and streams and checks documents.

Source of the paths: EverBright's webhook page. Redirects and limits aren't documented, so every
answer is checked.
"""

import codecs
import hashlib
import json
import re
import time
from dataclasses import dataclass
from io import BytesIO
from ipaddress import ip_address
from typing import IO, Any
from urllib.parse import quote, urljoin

import requests
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.util import parse_url

from sync.errors import Permanent, Retryable, UnprocessableDocument
from sync.everbright.egress import Outward
from sync.everbright.errors import ODD, REDIRECTS, refusal, unreachable
from sync.settings.validators import is_loopback

TIMEOUT = (10.0, 60.0)
LONGEST = 1800.0
"""Seconds that one download may take in total."""
PATIENCE = 60.0
SLOWEST = 1024
"""The minimum average speed (bytes a second) of a download after PATIENCE seconds."""
MAX_BYTES = 2 * 1024**3
SITE_PATH = "/api/v1/site/{site}"
_MAX_JSON = 4 * 1024**2
_CHUNK = 256 * 1024
_HEAD = 2048
_REDIRECTS = 5

_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|error)\b", re.IGNORECASE)
_JSON = re.compile(rb"^\s*[\[{]")
_BINARY = frozenset(
    {
        *("pdf", "jpg", "jpeg", "png", "gif", "bmp", "webp", "heic", "heif", "tif", "tiff"),
        *("zip", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "mp4", "mov", "avi", "dwg", "msg"),
    }
)
"""Extensions of binary files; text under such a name is an error message.

Which of them it is isn't checked: a photo may have been renamed from .heic to .jpg.
"""
_BINARY_MEDIA = re.compile(r"(?:image/(?!svg)|video/|application/(?:pdf|zip|ms|vnd\.)).*")
"""The same for media types, if the name has no extension."""
_MARKED = re.compile(r"\.[a-z]{2,7}\Z")


@dataclass(frozen=True)
class Downloaded:
    """A downloaded file: its size in bytes, its SHA-256 (hex), and its media type."""

    size: int
    sha256: str
    media_type: str


class EverBright:
    """EverBright's API at `url`. `header` is the header's name and, after a colon, the scheme."""

    def __init__(
        self, url: str, token: str, header: str, path: str, patience: float = PATIENCE
    ) -> None:
        self._url = url
        self._patience = patience
        name, _, scheme = (part.strip() for part in header.partition(":"))
        self._auth = {name: f"{scheme} {token}".strip()} if token else {}
        self._path = path
        self._session = requests.Session()
        self._outward = requests.Session()
        for scheme in ("http://", "https://"):
            self._outward.mount(scheme, Outward())
        for session in (self._session, self._outward):
            # Ignore .netrc credentials, and don't send cookies from host to host.
            session.auth = lambda request: request

    def download(self, document: str, sub_task: str, name: str, into: IO[bytes]) -> Downloaded:
        """Write a document's bytes `into` a file.

        Raises Retryable or Permanent, also if the answer isn't the document: a sign-in page, an
        error with status 200, or fewer bytes than announced.
        """
        if "{sub_task}" in self._path and not sub_task:
            raise UnprocessableDocument("no_sub_task", "The document's sub-task has no UUID.")
        names = {"document": quote(document, safe=""), "sub_task": quote(sub_task, safe="")}
        try:
            with self._open(self._url + self._path.format(**names)) as response:
                hashed = _Hashed(into)
                size = _copy(response, hashed, self._patience, MAX_BYTES)
                length = response.headers.get("Content-Length", "")
                if length and length != str(size):
                    raise Retryable("document_cut", f"Only {size} of {length} bytes arrived.")
                media_type = (
                    response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                )
                if reason := not_a_document(name, hashed.head, media_type):
                    raise Retryable("not_a_document", reason)
                return Downloaded(size, hashed.sha256.hexdigest(), media_type)
        except (requests.RequestException, HTTPError, ValueError) as error:
            # ValueError: the client met an invalid address.
            raise unreachable(error) from error

    def site(self, site: str) -> Any:
        """Return a job as the API sends it: JSON values. Raises Retryable or Permanent."""
        return self.get(SITE_PATH.format(site=quote(site, safe="")))

    def get(self, path: str) -> Any:
        """Return the JSON at a path (with its query) on EverBright's host.

        Raises Retryable or Permanent.
        """
        try:
            with self._open(self._url + path, may_leave=False) as response:
                body = BytesIO()
                _copy(response, body, self._patience, _MAX_JSON)
                return json.loads(body.getvalue())
        except (requests.RequestException, HTTPError) as error:
            raise unreachable(error) from error
        except (ValueError, RecursionError):
            raise Permanent(ODD, "EverBright's answer isn't JSON.") from None

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
        if not is_ours or theirs.port != ours.port or theirs.auth or "\\" in target:
            raise Permanent(
                "everbright_next", "A list's next page is on a host that isn't EverBright's."
            )
        return theirs.request_uri

    def _open(self, url: str, *, may_leave: bool = True) -> requests.Response:
        """Follow redirects by hand, so that the token goes only to EverBright's own origin.

        Only with `may_leave` may they lead to another host: a document may be in a file store.
        """
        home = _origin(self._url)
        for _ in range(_REDIRECTS + 1):
            headers = {"Accept-Encoding": "identity"}
            at_home = _origin(url) == home
            if not at_home and not may_leave:
                raise Retryable(REDIRECTS, "EverBright redirects to another host.")
            session = self._session if at_home else self._outward
            response = session.get(
                url,
                headers=headers | (self._auth if at_home else {}),
                stream=True,
                allow_redirects=False,
                timeout=(min(TIMEOUT[0], self._patience), min(TIMEOUT[1], self._patience)),
            )
            session.cookies.clear()
            if not response.is_redirect:
                if response.status_code != 200:
                    response.close()
                    raise refusal(response)
                return response
            response.close()
            url = _next(url, response.headers["Location"])
        raise Retryable(REDIRECTS, "EverBright redirects in a circle.")


def _origin(url: str) -> tuple[str | None, str | None, int | None]:
    """Return scheme, host and port as the HTTP client reads them: other parsers may differ."""
    try:
        parts = parse_url(url)
    except LocationParseError:
        message = "EverBright redirects to an invalid address."
        raise Retryable(REDIRECTS, message) from None
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return parts.scheme, parts.host, port


def _next(url: str, location: str) -> str:
    """Return a redirect's target. Raises Retryable if it must not be followed."""
    try:
        target = urljoin(url, location)
    except ValueError:
        message = "EverBright redirects to an invalid address."
        raise Retryable(REDIRECTS, message) from None
    scheme, host, _ = _origin(target)
    home_scheme, home, _ = _origin(url)
    if scheme != "https" and (scheme != "http" or home_scheme != "http"):
        raise Retryable(REDIRECTS, "EverBright redirects to an unencrypted address.")
    for_emulator = is_loopback(host) and is_loopback(home)
    if "\\" in target or parse_url(target).auth or (_is_inside(host) and not for_emulator):
        raise Retryable(REDIRECTS, "EverBright redirects to a forbidden address.")
    return target


def _is_inside(host: str | None) -> bool:
    """Return whether a host is an address of this machine or of a private network."""
    try:
        return not ip_address((host or "").strip("[]")).is_global
    except ValueError:
        return host == "localhost"


class _Hashed:
    """Writes to a file, and computes its checksum."""

    def __init__(self, into: IO[bytes]) -> None:
        self._into = into
        self.sha256 = hashlib.sha256()
        self.head = b""

    def write(self, chunk: bytes) -> None:
        self.head += chunk[: _HEAD - len(self.head)]
        self.sha256.update(chunk)
        self._into.write(chunk)


def _copy(response: requests.Response, into: Any, patience: float, most: int) -> int:
    """Write the body `into` a file; return its size (bytes). Raises Retryable or Permanent."""
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        # It was requested uncompressed, and may be a decompression bomb.
        raise Retryable("everbright_encoded", "EverBright sends the document compressed.")
    size, began = 0, time.monotonic()
    # What has arrived: a slow sender could take days for a whole chunk.
    while chunk := response.raw.read1(_CHUNK, decode_content=False):
        size += len(chunk)
        took = time.monotonic() - began
        if size > most:
            message = f"EverBright's answer is over {most} bytes."
            raise UnprocessableDocument("document_too_large", message)
        if took > LONGEST or (took > patience and size < took * SLOWEST):
            raise Retryable("everbright_slow", f"Only {size} bytes arrived in {took:.0f} s.")
        into.write(chunk)
    return size


def not_a_document(name: str, head: bytes, media_type: str) -> str:
    """Return why bytes that begin with `head` cannot be the file `name`, or ""."""
    marked = _MARKED.search(name.strip().lower())
    extension = marked[0][1:] if marked else ""
    if not head:
        return "The answer is empty."
    is_pdf = extension == "pdf" or (not extension and media_type == "application/pdf")
    if is_pdf and b"%PDF-" not in head[:1024]:
        return "The answer isn't a PDF."
    is_binary = extension in _BINARY or (not extension and _BINARY_MEDIA.match(media_type))
    if is_binary and not is_pdf and _is_text(head):
        return "The answer is text instead of a file."
    if extension not in ("html", "htm") and (_is_page(head) or media_type == "text/html"):
        return "The answer is a page instead of a file: EverBright may want a sign-in."
    if extension not in ("json", "geojson", "txt") and (
        _JSON.match(head) and media_type in ("application/json", "application/problem+json")
    ):
        return "The answer is a message instead of a file."
    return ""


def _is_page(head: bytes) -> bool:
    """Return whether bytes begin like HTML, or like a file store's error in XML.

    A prolog and any number of comments may come first.
    """
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<?xml"):
        text = text.partition(b"?>")[2].lstrip()
    while text.startswith(b"<!--"):
        text = text.partition(b"-->")[2].lstrip()
    return _HTML.match(text) is not None


def _is_text(head: bytes) -> bool:
    """Return whether bytes are readable text; the last character may be cut off."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\r\n\f" for character in text)
