"""The schemas that the emulator ships."""

from __future__ import annotations

import pytest

from emulator.tests.derive_schemas import SCHEMAS, VERSIONS, derive


@pytest.mark.parametrize("api", VERSIONS)
def test_a_schema_is_what_googles_document_says(api: str) -> None:
    assert (SCHEMAS / f"{api}.json").read_text("utf-8") == derive(api)
