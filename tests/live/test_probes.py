"""Asks Google (LIVE=1) or the emulator what nobody wrote down, and prints it beside the belief."""

from collections.abc import Iterator

import pytest

from tests.live.account import Account
from tests.live.conftest import LIVE
from tests.live.probes import EMULATED, Probe


@pytest.fixture(scope="module")
def told() -> Iterator[list[str]]:
    lines: list[str] = []
    yield lines
    print("\n\nWhat", "Google" if LIVE else "the emulator", "answers:", *lines, sep="\n")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("probe", EMULATED, ids=lambda probe: probe.__name__)
def test_probe(probe: Probe, account: Account, told: list[str]) -> None:
    """With LIVE=1 nothing fails for another answer: to learn it is what the run is for."""
    answer, details = probe(account)
    question = (probe.__doc__ or "").splitlines()[0]
    believed = EMULATED[probe]
    beside = "as the emulator" if answer == believed else f"THE EMULATOR SAYS: {believed}"
    told.append(f"{question}\n    {answer}   [{beside}]\n    {details}")
    assert LIVE or answer == believed, details
