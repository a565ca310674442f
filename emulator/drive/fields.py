"""The `fields` parameter of Drive: which parts of an answer the caller wants."""

from __future__ import annotations

import re
from typing import Any

from emulator.errors import ApiError

Mask = dict[str, "Mask"]
ALL: Mask = {"*": {}}
TOKEN = re.compile(r"[A-Za-z0-9_*]+|[,/()]")


def parse(text: str) -> Mask:
    """`files(id,owners/emailAddress),kind` as a tree of names; under a name, {} is all."""
    tokens = TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text):
        raise _invalid(text)
    mask = _group(tokens, text)
    if tokens:
        raise _invalid(text)
    return mask


def _group(tokens: list[str], text: str) -> Mask:
    mask: Mask = {}
    while True:
        _merge(mask, _path(tokens, text))
        if not tokens or tokens[0] != ",":
            return mask
        tokens.pop(0)


def _path(tokens: list[str], text: str) -> Mask:
    if not tokens or tokens[0] in ",/()":
        raise _invalid(text)
    name = tokens.pop(0)
    if tokens and tokens[0] == "/":
        tokens.pop(0)
        return {name: _path(tokens, text)}
    if tokens and tokens[0] == "(":
        tokens.pop(0)
        inner = _group(tokens, text)
        if not tokens or tokens.pop(0) != ")":
            raise _invalid(text)
        return {name: inner}
    return {name: {}}


def _merge(into: Mask, other: Mask) -> None:
    for name, inner in other.items():
        if name in into and into[name] and inner:
            _merge(into[name], inner)
        elif name in into:
            into[name] = {}
        else:
            into[name] = inner


def apply(mask: Mask, value: Any) -> Any:
    """The parts of `value` that the mask names; lists are gone through."""
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [apply(mask, each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: apply(mask[name], inner) for name, inner in value.items() if name in mask}


def _invalid(text: str) -> ApiError:
    return ApiError(
        400,
        "INVALID_ARGUMENT",
        f"Invalid field selection {text}",
        reason="invalidParameter",
        location_type="parameter",
        location="fields",
    )
