"""The emulator with Google's limits, for each scenario a fresh one."""

from collections.abc import Iterator

import pytest

from emulator import Emulator


@pytest.fixture
def google() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running
