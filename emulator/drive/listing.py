"""`files.list`: its search language, the files that a caller sees, sorted, in pages. No I/O."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from emulator.drive.model import File, Tree, User
from emulator.errors import ApiError, bad_parameter

Predicate = Callable[[File], bool]
TOKEN = re.compile(
    r"""\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[A-Za-z][A-Za-z0-9]*|<=|>=|!=|[=<>(){}]|(?P<bad>\S))"""
)
QUOTES = ("'", '"')
TEXTS: dict[str, Callable[[File], str]] = {
    "name": lambda file: file.name,
    "mimeType": lambda file: file.mime_type,
    "modifiedTime": lambda file: file.modified,
    "createdTime": lambda file: file.created,
}
COMPARISONS: dict[str, Callable[[str, str], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def parse_search(text: str, root: str) -> Predicate:
    """Return the predicate of `text`; `root` is the caller's root. ApiError 400 if malformed."""
    found = list(TOKEN.finditer(text.rstrip()))
    parser = _Parser([one[0].strip() for one in found], root)
    predicate = parser.either()
    if parser.tokens or any(one["bad"] for one in found):
        raise bad_parameter("q")
    return predicate


class _Parser:
    def __init__(self, tokens: list[str], root: str) -> None:
        self.tokens = tokens
        self._root = root

    def _take(self, *wanted: str) -> str:
        """Remove and return the next token, which must be one of `wanted`, if any are given."""
        if not self.tokens or (wanted and self.tokens[0] not in wanted):
            raise bad_parameter("q")
        return self.tokens.pop(0)

    def _string(self) -> str:
        token = self._take()
        if token[0] not in QUOTES:
            raise bad_parameter("q")
        return re.sub(r"\\(.)", r"\1", token[1:-1])

    def _next_is(self, token: str) -> bool:
        if self.tokens[:1] != [token]:
            return False
        self.tokens.pop(0)
        return True

    def either(self) -> Predicate:
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
            inner = self.either()
            self._take(")")
            return inner
        if self.tokens and self.tokens[0][0] in QUOTES:
            value = self._string()
            self._take("in")
            self._take("parents")
            return self._in_parents(value)
        return self._comparison(self._take())

    def _in_parents(self, value: str) -> Predicate:
        parent = self._root if value == "root" else value
        return lambda file: parent in file.parents

    def _comparison(self, name: str) -> Predicate:
        if name == "appProperties":
            return self._property()
        if name == "trashed":
            unequal = self._take("=", "!=") == "!="
            wanted = (self._take("true", "false") == "true") is not unequal
            return lambda file: file.trashed is wanted
        if name == "parents":  # not documented, but gspread asks like this
            self._take("in")
            return self._in_parents(self._string())
        if name not in TEXTS:
            raise bad_parameter("q")
        sign, value = self._take("contains", *COMPARISONS), self._string()
        if sign == "contains":
            return _contains(TEXTS[name], value, prefix=name == "name")
        return lambda file: COMPARISONS[sign](TEXTS[name](file), value)

    def _property(self) -> Predicate:
        for token in ("has", "{", "key", "="):
            self._take(token)
        key = self._string()
        for token in ("and", "value", "="):
            self._take(token)
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


PAGE_MARK = "~!!~"
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
        raise ApiError(404, f"Shared drive not found: {drive_id}", location="driveId")

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
        raise bad_parameter(
            "driveId",
            "The driveId parameter must be specified if and only if corpora is set to drive.",
            "teamDriveIdRequiresTeamDriveCorpora",
        )
    if drive_id and not (all_drives(query) and all_drives(query, "includeItemsFromAllDrives")):
        raise bad_parameter(
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
            raise bad_parameter("orderBy")
        files.sort(key=ORDERS[name], reverse=direction == "desc")
    return files


def page(
    items: list[Any], query: Mapping[str, str], default: int
) -> tuple[list[Any], dict[str, str]]:
    """Return one page of the items, and the `nextPageToken` where there are more."""
    size, given = int(query.get("pageSize", default)), query.get("pageToken") or PAGE_MARK + "0"
    if not 1 <= size <= 1000:
        raise bad_parameter("pageSize")
    if not given.removeprefix(PAGE_MARK).isdecimal():
        raise bad_parameter("pageToken")
    start = int(given.removeprefix(PAGE_MARK))
    rest = start + size
    more = {"nextPageToken": f"{PAGE_MARK}{rest}"} if rest < len(items) else {}
    return items[start:rest], more
