"""Sets up an installation on the emulator, and runs its commands in this process."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from brightsheet import cli
from emulator import Emulator
from tests.bench import Bench

Run = Callable[..., Result]


@pytest.fixture
def bench(google: Emulator, sqlite_url: str) -> Bench:
    return Bench(google, sqlite_url)


@pytest.fixture
def store_bench(google: Emulator, database_url: str) -> Bench:
    return Bench(google, database_url)


@pytest.fixture
def run(bench: Bench) -> Run:

    def command(*words: str) -> Result:
        return CliRunner(env=bench.environment).invoke(cli, words)

    return command
