"""Validators of single settings: each returns the value, or raises ValueError.

The error's text has the problem and the fix. It follows the setting's name, and doesn't contain the
value, which may be a secret.
"""

import re
from collections.abc import Callable, Iterator, Set
from ipaddress import ip_address
from pathlib import Path
from string import Formatter
from urllib.parse import urlsplit

from pydantic import ValidationError

MISSING = "is missing; add it."
_FIXES = {
    "missing": MISSING,
    "extra_forbidden": "is not a key that Brightsheet knows; remove or correct it.",
    "zoneinfo_str": "is not a time zone. Set it like America/Los_Angeles.",
}
"""The text of an error by its type in pydantic, whose own texts name what is expected."""
_SQLITE = "sqlite:///"
_GOOGLE_ID = "[A-Za-z0-9_-]{10,}"


def problems(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Yield the key and the text of each error, without its value."""
    known_keys = list[str]()
    for each in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in each["loc"])
        if any(other.startswith(f"{key}.") for other in known_keys):
            continue  # A list counts as too short if an entry is wrong.
        known_keys.append(key)
        yield key, _FIXES.get(each["type"], each["msg"]).removeprefix("Value error, ")


def matching(pattern: str, fix: str) -> Callable[[str], str]:
    """Return a validator that a text fully matches a pattern; `fix` is the error's text."""
    whole = re.compile(pattern)

    def check(text: str) -> str:
        if not whole.fullmatch(text):
            raise ValueError(fix)
        return text

    return check


admin_password = matching(
    r"(?s).{12,}", "is shorter than 12 characters. Make one with: openssl rand -base64 18"
)
webhook_secret = matching(
    r"(?s).{16,}", "is shorter than 16 characters. Make one with: openssl rand -hex 24"
)
header_value = matching(
    r"[!-~]+(?: [!-~]+)*",
    "holds a character that a header cannot carry. Copy it again, in one line.",
)
"""Anything else would make every call fail."""
auth_header = matching(
    r"\s*[A-Za-z0-9-]+\s*(?::\s*[A-Za-z0-9-]*\s*)?",
    'is not a header. Set it like "Authorization: Token" or "api-key".',
)
"""A header's name and, after a colon, its scheme."""


def google_id(text: str) -> str:
    """Return the ID in `text`, which is an ID or an address."""
    in_address = re.search(rf"(?:/d/|/folders/|[?&]id=)({_GOOGLE_ID})", text)
    if in_address:
        return in_address[1]
    if not re.fullmatch(_GOOGLE_ID, text):
        raise ValueError("is not a Google ID. Set it to one, or to an address of the browser.")
    return text


def address(text: str) -> str:
    """Check a base address: https, or http on this machine. A trailing slash is removed."""
    text = text.rstrip("/")
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or parts.path or parts.query or parts.fragment or parts.username:
        raise ValueError("is not an address. Set it to one like https://example.com.")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("would send secrets unencrypted. Use https.")
    return text


def loopback(text: str) -> str:
    if not is_loopback(urlsplit(text).hostname):
        raise ValueError("is for an emulator on this machine only; unset it elsewhere.")
    return text


def is_loopback(host: str | None) -> bool:
    """Return whether a host is this machine, by its name or its address."""
    try:
        return ip_address((host or "").strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def alert_service(text: str) -> str:
    """Check an apprise address: its service is known and encrypted."""
    # Imported here because it takes about 25 MB.
    from apprise import Apprise

    service = Apprise.instantiate(text, suppress_exceptions=True)
    if service is None:
        raise ValueError(
            "holds an address that apprise doesn't know. Separate several with spaces; apprise's "
            "page lists the services: https://github.com/caronc/apprise/wiki"
        )
    schema = text.partition(":")[0].lower()
    if schema == service.protocol and not service.secure and not is_loopback(service.host):
        raise ValueError(f"would send unencrypted to {schema}://. Use {schema}s:// instead.")
    return text


def document_path(text: str) -> str:
    """Check the path of a document's page, with {document} or {sub_task}."""
    path(text, {"document", "sub_task"})
    if not names(text):
        raise ValueError("holds neither {document} nor {sub_task}. Put one where the ID belongs.")
    return text


def path(text: str, allowed: Set[str]) -> str:
    """Check that `text` is a path with no other names in braces than those that are allowed."""
    if not text.startswith("/"):
        raise ValueError("does not begin with a slash. Begin it with one.")
    if not names(text) <= allowed:
        known = ", ".join(f"{{{name}}}" for name in sorted(allowed))
        raise ValueError(f"holds other names in braces than {known}.")
    return text


def names(text: str) -> set[str]:
    """Return the names in braces. Raises ValueError if a brace is alone."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def sqlite_file(url: str) -> Path | None:
    """Return the file of a SQLite database; None if the database is on a server."""
    if not url.startswith(_SQLITE):
        return None
    return Path(url.removeprefix(_SQLITE).partition("?")[0])


def database_url(text: str) -> str:
    """Return the address in SQLAlchemy's format, with the installed driver for PostgreSQL."""
    try:
        urlsplit(text).port  # noqa: B018 - reading it is the check
    except ValueError:
        raise ValueError(
            "can't be read. In a password, write / ? # [ and ] as %2F %3F %23 %5B and %5D; a port "
            "is a number up to 65535."
        ) from None
    for scheme in ("postgres://", "postgresql://"):
        if text.startswith(scheme):
            return "postgresql+psycopg://" + text.removeprefix(scheme)
    if text.partition("?")[0] in ("sqlite:///", "sqlite:///:memory:"):
        raise ValueError("names no file, so a restart would lose webhooks. Set it to one.")
    if not text.startswith((_SQLITE, "postgresql+psycopg://")):
        raise ValueError("is neither sqlite:///FILE nor postgres://USER:PASSWORD@HOST/NAME.")
    file = sqlite_file(text)
    if file is not None and not file.parent.is_dir():
        raise ValueError("names a file in a folder that doesn't exist. Make the folder first.")
    return text
