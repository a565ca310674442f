"""Converts a Python literal to JSON token by token; no code is run. Pure.

EverBright's published sample of a webhook is a literal: it has `False`, and may have single quotes.
"""

import ast
import json
import re

_TOKEN = re.compile(
    # A quote that doesn't begin a whole string is a token, too, and ends the conversion.
    r"""u?(?:"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+')|["']|\b(?:True|False|None)\b""",
    re.DOTALL,
)


def to_json(text: str) -> str:
    """Return `text` with Python's constants and strings in JSON syntax; the rest stays as it is.

    Raises ValueError or SyntaxError at a string that isn't Python's.
    """
    return _TOKEN.sub(lambda token: json.dumps(ast.literal_eval(token.group())), text)
