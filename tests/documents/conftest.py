"""What the tests of documents share."""

from collections.abc import Iterator

import pytest

from emulator import Emulator
from tests.documents.bench import TOKEN


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator() as google:
        google.everbright.token = TOKEN
        yield google
