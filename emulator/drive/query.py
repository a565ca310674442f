"""Drive's search language (`q`) as a predicate over files. No I/O."""

import re
from collections.abc import Callable

from emulator.drive.model import File
from emulator.drive.refusals import bad_parameter
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
ORDERS: dict[str, Callable[[str, str], bool]] = {
    "=": lambda have, want: have == want,
    "!=": lambda have, want: have != want,
    "<": lambda have, want: have < want,
    "<=": lambda have, want: have <= want,
    ">": lambda have, want: have > want,
    ">=": lambda have, want: have >= want,
}


def parse(text: str, root: str) -> Predicate:
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
        operator = self._take("contains", *ORDERS)
        value = self._string()
        if operator == "contains":
            return _contains(TEXTS[name], value, prefix=name == "name")
        return lambda file: ORDERS[operator](TEXTS[name](file), value)

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
