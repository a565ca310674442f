"""A `.env` is read by every command, and nobody is left to guess that it was not."""

import os
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest

import brightsheet
from tests.made_up import SECRET
from tests.settings.test_environment import LEAST

TEXT = "".join(
    f"{name}='{value}'\n"
    for name, value in (LEAST | {"DATABASE_URL": "sqlite:///kept.sqlite3"}).items()
)


STARTED = "PORT: 256.1.1.1:"
"""How an address that is none ends `serve`, once it has read the settings."""


class Done(NamedTuple):
    returncode: int
    stderr: str


def run(folder: Path, **environment: str) -> Done:
    """Run `serve` in a folder, as a shell does in which nothing was set."""
    known = {"PATH": os.environ["PATH"], "HOME": str(folder)} | environment
    said = StringIO()
    with (
        patch.dict(os.environ, known, clear=True),
        patch.object(sys, "argv", ["brightsheet", "serve", "--host", "256.1.1.1"]),
        chdir(folder),
        redirect_stdout(StringIO()),
        redirect_stderr(said),
        pytest.raises(SystemExit) as ended,
    ):
        brightsheet.main()
    return Done(int(ended.value.code or 0), said.getvalue())


def test_it_is_read_from_the_current_directory(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(TEXT, "utf-8")
    done = run(tmp_path)
    assert STARTED in done.stderr
    assert (tmp_path / "kept.sqlite3").exists()


@pytest.mark.long
def test_the_environment_counts_before_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(TEXT, "utf-8")
    assert STARTED in run(tmp_path, DATABASE_URL="sqlite:///other.sqlite3").stderr
    assert (tmp_path / "other.sqlite3").exists()
    assert not (tmp_path / "kept.sqlite3").exists()


@pytest.mark.long
def test_a_dollar_sign_is_one(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(TEXT + "PORT='${HOME}'\n", "utf-8")
    done = run(tmp_path)
    assert done.stderr.startswith("PORT: Input should be a valid integer")


def test_without_one_there_is_a_hint(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 2
    assert "WEBHOOK_SECRET: is not set. " in done.stderr
    assert "from .env, which isn't there." in done.stderr


@pytest.mark.long
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfe" + SECRET.encode())
    done = run(tmp_path)
    assert done.returncode == 2
    line = done.stderr.splitlines()[-1]  # A thread of an earlier test may have logged before.
    assert line.startswith(".env: cannot be read (")
    assert SECRET not in line


@pytest.mark.long
def test_another_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text(TEXT, "utf-8")
    assert STARTED in run(tmp_path, ENV_FILE="mine").stderr
    done = run(tmp_path, ENV_FILE="gone")
    assert "from gone, which isn't there." in done.stderr
