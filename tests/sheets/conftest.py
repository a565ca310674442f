"""The emulator, and the product's rooms over it."""

from pathlib import Path

import pytest

from emulator import Emulator
from tests.bench import Bench
from tests.made_up import DEMO_CONFIG

MILESTONES = """
[[milestones]]
definitions = ["00000000-0000-0000-0000-000000007531"]
header = "Permit"

[[milestones]]
definitions = ["00000000-0000-0000-0000-000000007532", "00000000-0000-0000-0000-000000007533"]
header = "PTO"
"""
"""Definitions 1, and 2 and 3 as one step, of the made-up payloads."""


@pytest.fixture
def bench(google: Emulator, sqlite_url: str) -> Bench:
    return Bench(google, sqlite_url)


@pytest.fixture
def store_bench(google: Emulator, database_url: str) -> Bench:
    return Bench(google, database_url)


@pytest.fixture
def asking(google: Emulator, sqlite_url: str) -> Bench:
    google.everbright.token = "a-token"
    return Bench(google, sqlite_url, EVERBRIGHT_API_TOKEN="a-token")


@pytest.fixture
def configured(google: Emulator, sqlite_url: str, tmp_path: Path) -> Bench:
    return Bench(google, sqlite_url, with_more(tmp_path, MILESTONES))


@pytest.fixture
def selling(google: Emulator, sqlite_url: str, tmp_path: Path) -> Bench:
    """The product that asks EverBright who sold a job: see `Bench.sold`."""
    google.everbright.token = "a-token"
    column = '\n[[columns]]\nid = "sales_representative"\nheader = "Sales representative"\n'
    config = with_more(tmp_path, column)
    return Bench(google, sqlite_url, config, EVERBRIGHT_API_TOKEN="a-token")


def with_more(folder: Path, text: str, *changes: tuple[str, str]) -> Path:
    """Return a config file: the usual one with `changes`, and `text` at its end."""
    usual = DEMO_CONFIG.read_text("utf-8")
    for old, new in changes:
        assert old in usual, old
        usual = usual.replace(old, new)
    file = folder / "config" / "brightsheet.toml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(usual + text, "utf-8")
    return file
