"""The schemas that the emulator ships."""

from __future__ import annotations

import json
from typing import Any

import pytest

from emulator.tests.derive_schemas import SCHEMAS, VERSIONS, derive


def texts(value: Any) -> set[str]:
    """Return every name and text at any depth."""
    if isinstance(value, dict):
        return value.keys() | {text for below in value.values() for text in texts(below)}
    if isinstance(value, list):
        return {text for below in value for text in texts(below)}
    return {value} if isinstance(value, str) else set()


@pytest.mark.parametrize("api", VERSIONS)
def test_a_schema_is_what_googles_document_says(api: str) -> None:
    assert (SCHEMAS / f"{api}.json").read_text("utf-8") == derive(api)


@pytest.mark.parametrize("api", VERSIONS)
def test_a_schema_holds_no_prose(api: str) -> None:
    said = texts(json.loads((SCHEMAS / f"{api}.json").read_text("utf-8")))
    assert "readOnly" in said
    assert {text for text in said if " " in text} == set()
