"""Converts a Python literal to JSON token by token; nothing is evaluated. Pure.

EverBright's published sample of a webhook is a literal: it has `False`, and may have single quotes.
"""

import json
import re

from sync.errors import Rejected

_TOKEN = re.compile(
    # What JSON has, too, is most of a body: it is one token.
    r"""(?P<json>(?:"[^"\\\x00-\x1f]*+"|[\[\]{}:,\s]++|-?\d[\d.eE+-]*+|(?:true|false|null)\b)++)"""
    r"""|(?P<string>u?(?:"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+'))"""
    r"""|(?P<word>True|False|None)\b""",
    re.DOTALL,
)
_ESCAPE = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|(.))", re.DOTALL
)
_WORDS = {"True": "true", "False": "false", "None": "null"}
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "a": "\a", "v": "\v", "\n": ""}


def to_json(text: str) -> str:
    """Return `text` with Python's constants and strings in JSON syntax.

    Raises Rejected (400) at the first token that is neither Python nor JSON.
    """
    parts: list[str] = []
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise Rejected("not_json", f"The body is not JSON (character {position}).", 400)
        parts.append(_converted(token))
        position = token.end()
    return "".join(parts)


def _converted(token: re.Match[str]) -> str:
    text = token.group()
    if token["string"] is not None:
        return json.dumps(_ESCAPE.sub(_unescaped, text.removeprefix("u")[1:-1]))
    return _WORDS[text] if token["word"] is not None else text


def _unescaped(escape: re.Match[str]) -> str:
    for group, base in ((1, 16), (2, 16), (3, 16), (4, 8)):
        if escape[group]:
            code = int(escape[group], base)
            return chr(code) if code < 0x110000 else "\N{REPLACEMENT CHARACTER}"
    # Python keeps an unknown escape as it is, including the backslash.
    letter = escape[5]
    return _LETTERS.get(letter, letter if letter in "\\'\"" else "\\" + letter)
