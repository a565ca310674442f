"""Validators of single settings: each returns the value, or raises ValueError.

The error's text has the problem and the fix. It follows the setting's name, and doesn't contain the
value, which may be a secret.
"""

import re
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

_NOT_KNOWN = "is not known. Set it to {expected}."
_WHOLE_NUMBER = "is not a whole number. Write it in digits."
MISSING = "is missing; add it."
_EMPTY = "is empty; fill it in, or remove the line."
_SECTION = "has another form than in the config/brightsheet.toml that came with Brightsheet."
_FIXES = {
    "int_parsing": _WHOLE_NUMBER,
    "int_type": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "int_parsing_size": "is too large a number. Set it to a smaller one.",
    "greater_than_equal": "is below {ge}. Set it to {ge} or more.",
    "less_than_equal": "is above {le}. Set it to {le} or less.",
    "literal_error": _NOT_KNOWN,
    "enum": _NOT_KNOWN,
    "dict_type": _SECTION,
    "extra_forbidden": "is not a key that Brightsheet knows; remove or correct it.",
    "missing": MISSING,
    "model_type": _SECTION,
    "string_too_short": _EMPTY,
    "string_too_long": "is longer than {max_length} characters; shorten it.",
    "string_type": "is not a text; write it in quotes.",
    "too_short": _EMPTY,
    "tuple_type": "is not a list; write it in brackets.",
}
"""The text of an error by its type in pydantic, for settings and for the config."""
SPREADSHEET = "the spreadsheet's ID, or its address copied from the browser"
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
        known = _FIXES.get(each["type"])
        text = known.format(**each.get("ctx", {})) if known else each["msg"]
        yield key, text.removeprefix("Value error, ")


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


def words(text: object) -> object:
    """Return the comma-separated words of a text; other values unchanged."""
    if not isinstance(text, str):
        return text
    return tuple(word for part in text.split(",") if (word := part.strip()))


def spreadsheet_id(text: str) -> str:
    """Return the ID in `text`, which is an ID or an address."""
    return _google_id(text, "/d/", SPREADSHEET)


def folder_id(text: str) -> str:
    """Return the ID in `text`, which is an ID or an address."""
    wanted = "the Drive folder's ID, or its address copied from the browser"
    return _google_id(text, "/folders/", wanted)


def _google_id(text: str, before: str, wanted: str) -> str:
    in_address = re.search(rf"(?:{before}|[?&]id=)({_GOOGLE_ID})", text)
    if in_address:
        return in_address[1]
    if not re.fullmatch(_GOOGLE_ID, text):
        raise ValueError(f"is not a Google ID. Set it to {wanted}.")
    return text


def address(text: str) -> str:
    """Check a base address: https, or http on this machine. A trailing slash is removed."""
    text = text.rstrip("/")
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid or parts.query or parts.fragment or parts.username:
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


def spaced(text: object) -> object:
    """Return the whitespace-separated words of a text; other values unchanged."""
    return tuple(text.split()) if isinstance(text, str) else text


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
    if "{document}" not in text and "{sub_task}" not in text:
        raise ValueError("holds neither {document} nor {sub_task}. Put one where the ID belongs.")
    return text


def path(text: str, names: set[str]) -> str:
    """Check that `text` is a path with no other names in braces than `names`."""
    if not text.startswith("/"):
        raise ValueError("does not begin with a slash. Begin it with one.")
    try:
        text.format(**dict.fromkeys(names, ""))
    except (KeyError, IndexError, ValueError, AttributeError, TypeError):
        allowed = ", ".join(f"{{{name}}}" for name in sorted(names))
        raise ValueError(f"holds other names in braces than {allowed}.") from None
    return text


def time_zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone. Set it like America/Los_Angeles.") from None
    return text


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
