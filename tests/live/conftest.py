"""A real account with LIVE=1, and the emulator without: the very same tests."""

import os
from collections.abc import Iterator

import pytest

from emulator import Emulator
from sync.errors import SettingsError
from tests.live.account import LIVE_PAUSE, Account, from_environment

LIVE = bool(os.environ.get("LIVE"))
MINUTE = 1.0


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    """EverBright always; without LIVE also Google, whose minute is shorter."""
    with Emulator(minute=MINUTE) as running:
        yield running


@pytest.fixture(scope="module")
def environment(emulator: Emulator) -> dict[str, str]:
    if not LIVE:
        return {
            "GOOGLE_EMULATOR_URL": emulator.url,
            "SPREADSHEET_ID": emulator.create_spreadsheet("Somebody's"),
            "DRIVE_FOLDER_ID": emulator.create_folder("Scratch"),
        }
    try:
        return from_environment(os.environ)
    except SettingsError as error:
        pytest.skip(f"{error} docs/live.md names all that is wanted.")


@pytest.fixture(scope="module")
def account(environment: dict[str, str]) -> Iterator[Account]:
    """The account; what was made through it is gone at the end."""
    account = Account(environment, pause=LIVE_PAUSE if LIVE else LIVE_PAUSE * MINUTE / 60)
    account.refuse_if_in_use()
    try:
        yield account
    finally:
        account.clean()
