"""The grammar of formulas: a formula becomes a tree of tuples."""

import re
from functools import lru_cache
from typing import Any

from emulator.sheets import formula
from emulator.sheets.formula import REFERENCE, parse_ends

# ("value", v) ("ref", title, ends) ("call", NAME, [tree]) ("op", sign, left, right)
# ("minus", tree)
Tree = tuple[Any, ...]

TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"]|"")*")|(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)
    |(?P<lost>(?:'(?:[^']|'')*'!|[A-Za-z_][A-Za-z0-9_.]*!)?\#REF!)
    |(?P<name>[A-Za-z_][A-Za-z0-9_.]*)|(?P<sign><>|<=|>=|[-+*/&=<>(),;]))""",
    re.VERBOSE,
)
SEPARATORS = (",", ";")
LEVELS = (("=", "<>", "<", ">", "<=", ">="), ("&",), ("+", "-"), ("*", "/"))


@lru_cache(maxsize=4096)
def parse_formula(text: str) -> Tree:
    """Return the tree of a formula (`=...`). ValueError if it cannot be parsed."""
    parser = _Parser(text.removeprefix("="))
    tree = parser.level(0)
    if parser.peek()[0] != "end":
        raise ValueError(text)
    return tree


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._next: tuple[str, str, int] | None = None

    def peek(self) -> tuple[str, str, int]:
        if self._next is None:
            self._next = self._scan()
        return self._next

    def _scan(self) -> tuple[str, str, int]:
        at = self._at
        while at < len(self._text) and self._text[at].isspace():
            at += 1
        if at >= len(self._text):
            return "end", "", at
        reference = REFERENCE.match(self._text, at)
        if reference and not reference["string"]:
            return "ref", reference[0], reference.end()
        found = TOKEN.match(self._text, at)
        if not found:
            raise ValueError(self._text)
        return str(found.lastgroup), found[0].strip(), found.end()

    def take(self, wanted: str | None = None) -> str:
        _, text, end = self.peek()
        if wanted is not None and text != wanted:
            raise ValueError(self._text)
        self._at, self._next = end, None
        return text

    def level(self, depth: int) -> Tree:
        if depth == len(LEVELS):
            return self.one()
        left = self.level(depth + 1)
        while self.peek()[0] == "sign" and self.peek()[1] in LEVELS[depth]:
            sign = self.take()
            left = ("op", sign, left, self.level(depth + 1))
        return left

    def one(self) -> Tree:
        kind, text, _ = self.peek()
        self.take()
        if kind == "number":
            return ("value", float(text))
        if kind == "string":
            return ("value", text[1:-1].replace('""', '"'))
        if kind == "ref":
            return self._reference(text)
        if kind == "name":
            return self._name(text)
        if text == "(":
            tree = self.level(0)
            self.take(")")
            return tree
        if text == "-":
            return ("minus", self.one())
        if text == "+":
            return self.one()
        if kind == "lost":
            return ("lost",)
        raise ValueError(self._text)

    def _reference(self, text: str) -> Tree:
        title, cells = formula.split(text)
        return ("ref", title, tuple(parse_ends(cells or "")))

    def _name(self, text: str) -> Tree:
        if self.peek()[1] != "(":
            if text.upper() in ("TRUE", "FALSE"):
                return ("value", text.upper() == "TRUE")
            return ("name", text)
        self.take("(")
        arguments: list[Tree] = []
        while self.peek()[1] != ")":
            empty = self.peek()[1] in SEPARATORS
            arguments.append(("value", None) if empty else self.level(0))
            if self.peek()[1] in SEPARATORS:
                self.take()
            elif self.peek()[1] != ")":
                raise ValueError(self._text)
        self.take(")")
        return ("call", text.upper(), tuple(arguments))
