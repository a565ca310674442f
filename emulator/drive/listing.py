"""`files.list`: its search language, the files that a caller sees, sorted, in pages. No I/O."""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from emulator.drive import refusals
from emulator.drive.model import File, User
from emulator.drive.refusals import bad_parameter
from emulator.drive.tree import Tree
from emulator.errors import ApiError

Predicate = Callable[["File"], bool]
TOKEN = re.compile(
    r"""\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[A-Za-z][A-Za-z0-9]*|<=|>=|!=|[=<>(){}])"""
)
QUOTES = ("'", '"')
TEXTS: dict[str, Callable[[File], str]] = {
    "name": lambda file: file.name,
    "mimeType": lambda file: file.mime_type,
    "modifiedTime": lambda file: file.modified,
    "createdTime": lambda file: file.created,
}
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda have, want: have == want,
    "!=": lambda have, want: have != want,
    "<": lambda have, want: have < want,
    "<=": lambda have, want: have <= want,
    ">": lambda have, want: have > want,
    ">=": lambda have, want: have >= want,
}


def parse_search(text: str, root: str) -> Predicate:
    """Return the predicate of `text`; `root` is the caller's root. ApiError 400 if malformed."""
    return _Parser(text, root).parse()


def _invalid() -> ApiError:
    return bad_parameter("q")


class _Parser:
    def __init__(self, text: str, root: str) -> None:
        self._tokens: list[str] = []
        self._root = root
        at = 0
        text = text.rstrip()
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None:
                raise _invalid()
            self._tokens.append(found[0].strip())
            at = found.end()

    def parse(self) -> Predicate:
        predicate = self._either()
        if self._tokens:
            raise _invalid()
        return predicate

    def _take(self, *wanted: str) -> str:
        """Remove and return the next token, which must be one of `wanted`, if any are given."""
        if not self._tokens or (wanted and self._tokens[0] not in wanted):
            raise _invalid()
        return self._tokens.pop(0)

    def _string(self) -> str:
        token = self._take()
        if token[0] not in QUOTES:
            raise _invalid()
        return re.sub(r"\\(.)", r"\1", token[1:-1])

    def _next_is(self, token: str) -> bool:
        if self._tokens and self._tokens[0] == token:
            self._tokens.pop(0)
            return True
        return False

    def _either(self) -> Predicate:
        terms = [self._both()]
        while self._next_is("or"):
            terms.append(self._both())
        return lambda file: any(term(file) for term in terms)

    def _both(self) -> Predicate:
        terms = [self._one()]
        while self._next_is("and"):
            terms.append(self._one())
        return lambda file: all(term(file) for term in terms)

    def _one(self) -> Predicate:
        if self._next_is("not"):
            inner = self._one()
            return lambda file: not inner(file)
        if self._next_is("("):
            inner = self._either()
            self._take(")")
            return inner
        if self._tokens and self._tokens[0][0] in QUOTES:
            return self._member()
        return self._comparison()

    def _member(self) -> Predicate:
        value = self._string()
        self._take("in")
        self._take("parents")
        return self._in_parents(value)

    def _in_parents(self, value: str) -> Predicate:
        parent = self._root if value == "root" else value
        return lambda file: parent in file.parents

    def _comparison(self) -> Predicate:
        name = self._take()
        if name == "appProperties":
            return self._property()
        if name == "trashed":
            wanted = self._flag()
            return lambda file: file.trashed is wanted
        if name == "parents":  # not documented, but gspread asks like this
            self._take("in")
            return self._in_parents(self._string())
        if name not in TEXTS:
            raise _invalid()
        operator = self._take("contains", *COMPARISONS)
        value = self._string()
        if operator == "contains":
            return _contains(TEXTS[name], value, prefix=name == "name")
        return lambda file: COMPARISONS[operator](TEXTS[name](file), value)

    def _flag(self) -> bool:
        unequal = self._take("=", "!=") == "!="
        return (self._take("true", "false") == "true") is not unequal

    def _property(self) -> Predicate:
        self._take("has")
        self._take("{")
        self._take("key")
        self._take("=")
        key = self._string()
        self._take("and")
        self._take("value")
        self._take("=")
        value = self._string()
        self._take("}")
        return lambda file: file.app_properties.get(key) == value


def _contains(text: Callable[[File], str], value: str, *, prefix: bool) -> Predicate:
    """Return the predicate of `contains`, which matches word beginnings in names."""
    pattern = re.compile((r"(?<!\w)" if prefix else "") + re.escape(value), re.IGNORECASE)
    return lambda file: pattern.search(text(file)) is not None


def _natural(file: File) -> list[tuple[bool, int, str]]:
    pieces = re.findall(r"\d+|\D+", file.name.lower())
    return [(not p.isdigit(), int(p) if p.isdigit() else 0, p) for p in pieces]


# When a file was shared, seen or starred is not stored: by these keys all files are alike.
ORDERS: dict[str, Callable[[File], Any]] = {
    "createdTime": lambda file: file.created,
    "folder": lambda file: not file.is_folder,
    "modifiedByMeTime": lambda file: file.modified,
    "modifiedTime": lambda file: file.modified,
    "name": lambda file: file.name.lower(),
    "name_natural": _natural,
    "quotaBytesUsed": lambda file: file.size,
    "recency": lambda file: file.modified,
    **dict.fromkeys(("sharedWithMeTime", "starred", "viewedByMeTime"), lambda _: 0),
}


def all_drives(query: Mapping[str, str], name: str = "supportsAllDrives") -> bool:
    """Return whether the caller supports shared drives."""
    return query.get(name, "").lower() == "true"


def select(tree: Tree, query: Mapping[str, str], user: User) -> list[File]:
    """Return the files that `files.list` with this query shows `user`, in order."""
    drive_id = _drive_id(query)
    wanted = parse_search(query["q"], tree.root(user).id) if query.get("q") else None
    shared = all_drives(query) and all_drives(query, "includeItemsFromAllDrives")
    if drive_id and drive_id not in tree.files:
        raise refusals.drive_not_found(drive_id)

    def fits(file: File) -> bool:
        if file.is_root or (file.drive_id and not shared):
            return False
        if drive_id and file.drive_id != drive_id:
            return False
        if tree.role(file, user) is None:
            return False
        trashed = tree.is_trashed(file)
        return wanted is None or wanted(replace(file, trashed=trashed) if trashed else file)

    return _ordered([file for file in tree.files.values() if fits(file)], query.get("orderBy"))


def _drive_id(query: Mapping[str, str]) -> str | None:
    drive_id = query.get("driveId")
    if (query.get("corpora") == "drive") != bool(drive_id):
        raise refusals.bad_parameter(
            "driveId",
            "The driveId parameter must be specified if and only if corpora is set to drive.",
            "teamDriveIdRequiresTeamDriveCorpora",
        )
    if drive_id and not (all_drives(query) and all_drives(query, "includeItemsFromAllDrives")):
        raise refusals.bad_parameter(
            "includeItemsFromAllDrives",
            "The includeItemsFromAllDrives parameter must be set to true when a driveId is "
            "specified.",
            "includeTeamDriveItemsRequired",
        )
    return drive_id


def _ordered(files: list[File], order_by: str | None) -> list[File]:
    files.sort(key=lambda file: file.modified, reverse=True)
    for key in reversed((order_by or "").split(",")):
        name, _, direction = key.strip().partition(" ")
        if not name:
            continue
        if name not in ORDERS or direction not in ("", "desc"):
            raise refusals.bad_parameter("orderBy")
        files.sort(key=ORDERS[name], reverse=direction == "desc")
    return files


def page(items: list[Any], query: Mapping[str, str], default: int) -> tuple[list[Any], str | None]:
    """Return one page of the items, and the token of the next."""
    size = int(query.get("pageSize", default))
    if not 1 <= size <= 1000:
        raise refusals.bad_parameter("pageSize")
    start = _offset(query.get("pageToken"))
    rest = start + size
    token = base64.urlsafe_b64encode(f"~!!~{rest}".encode()).decode()
    return items[start:rest], token if rest < len(items) else None


def _offset(token: str | None) -> int:
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token).decode()
        return int(text.removeprefix("~!!~"))
    except (binascii.Error, ValueError):
        raise refusals.bad_parameter("pageToken") from None
