"""`files.list`: its search language, the files that a caller sees, sorted, in pages. No I/O."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from emulator.drive.model import File, Tree, User
from emulator.errors import bad_parameter, unsupported

Predicate = Callable[[File], bool]


STRING = r"""(?:'((?:[^'\\]|\\.)*)'|"([^"]*)")"""
CLAUSES: list[tuple[re.Pattern[str], Callable[[list[str]], Predicate]]] = [
    (
        re.compile(rf"name\s*=\s*{STRING}"),
        lambda found: lambda file: file.name == found[0],
    ),
    (
        re.compile(rf"name\s+contains\s+{STRING}"),
        lambda found: lambda file: _has_word(file.name, found[0]),
    ),
    (
        re.compile(rf"mimeType\s*=\s*{STRING}"),
        lambda found: lambda file: file.mime_type == found[0],
    ),
    (
        re.compile(r"trashed\s*=\s*(true|false)"),
        lambda found: lambda file: file.trashed is (found[0] == "true"),
    ),
    (
        re.compile(rf"(?!'root'){STRING}\s+in\s+parents|parents\s+in\s+{STRING}"),
        lambda found: lambda file: found[0] in file.parents,
    ),
    (
        re.compile(
            rf"appProperties\s+has\s+\{{\s*key\s*=\s*{STRING}\s+and\s+value\s*=\s*{STRING}\s*\}}"
        ),
        lambda found: lambda file: file.app_properties.get(found[0]) == found[1],
    ),
]
"""What a search may ask for, each of a file: all of them must hold. `parents in` is not documented,
but gspread asks like this."""


def parse_search(text: str) -> Predicate:
    """Return the predicate of clauses with `and` between them. ApiError 501 for any other."""
    tests, rest = [], text.strip()
    while rest:
        for pattern, test in CLAUSES:
            if found := pattern.match(rest):
                texts = [re.sub(r"\\(.)", r"\1", one) for one in found.groups() if one is not None]
                tests.append(test(texts))
                rest = rest[found.end() :].strip()
                break
        else:
            raise unsupported(f"the search {text}")
        if rest and not rest.startswith("and "):
            raise unsupported(f"the search {text}")
        rest = rest.removeprefix("and ").strip()
    return lambda file: all(test(file) for test in tests)


def _has_word(name: str, beginning: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(beginning)}", name, re.IGNORECASE) is not None


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


def is_set(query: Mapping[str, str], name: str) -> bool:
    """Return whether a parameter of a query is true."""
    return query.get(name, "").lower() == "true"


def select(tree: Tree, query: Mapping[str, str], user: User) -> list[File]:
    """Return the files that `files.list` with this query shows `user`, in order."""
    if query.get("corpora", "user") != "user" or "driveId" in query:
        raise unsupported("a list of one shared drive (corpora, driveId)")
    wanted = parse_search(query.get("q", ""))
    shared = user.all_drives and is_set(query, "includeItemsFromAllDrives")

    def fits(file: File) -> bool:
        if file.is_root or (file.drive_id and not shared):
            return False
        if tree.role(file, user) is None:
            return False
        return wanted(replace(file, trashed=tree.is_trashed(file)))

    return _ordered([file for file in tree.files.values() if fits(file)], query.get("orderBy"))


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
