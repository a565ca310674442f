"""Converts a Python literal to JSON token by token; no code is run. Pure.

EverBright's published sample of a webhook is a literal: it has `False`, and may have single quotes.
"""

import ast
import json
import re
from contextlib import suppress

from sync.errors import Rejected

_TOKEN = re.compile(
    # What JSON has, too, is most of a body: it is one token.
    r"""(?P<json>(?:"[^"\\\x00-\x1f]*+"|[\[\]{}:,\s]++|-?\d[\d.eE+-]*+|(?:true|false|null)\b)++)"""
    r"""|(?P<string>u?(?:"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+'))"""
    r"""|(?P<word>True|False|None)\b""",
    re.DOTALL,
)
_WORDS = {"True": "true", "False": "false", "None": "null"}


def to_json(text: str) -> str:
    """Return `text` with Python's constants and strings in JSON syntax.

    Raises Rejected (400) at the first token that is neither Python nor JSON.
    """
    parts: list[str] = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        part = _converted(token) if token else None
        if token is None or part is None:
            raise Rejected("not_json", f"The body is not JSON (character {position}).", 400)
        parts.append(part)
        position = token.end()
    return "".join(parts)


def _converted(token: re.Match[str]) -> str | None:
    """Return a token as JSON; None for a string with a broken escape."""
    if token["json"]:
        return token.group()
    if token["word"]:
        return _WORDS[token.group()]
    with suppress(ValueError, SyntaxError):
        return json.dumps(ast.literal_eval(token.group()))
    return None
