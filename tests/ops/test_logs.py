"""The log: a line for each event, whatever is in it."""

import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from brightsheet import cli
from tests.made_up import ROOT


def test_a_line_break_in_a_value_begins_no_line() -> None:
    code = (
        "import structlog; from sync.ops import logs; "
        "logs.configure(); "
        "structlog.get_logger().info('event', status='a\\n2026 [info] forged\\x1b[31m')"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert len(said.stderr.splitlines()) == 1
    assert "\x1b[31m" not in said.stderr
    assert "forged" in said.stderr


def test_a_line_that_cannot_be_written_stops_nothing() -> None:
    """Standard error may be a file on a full disk, or a pipe whose reader has ended."""
    code = (
        "import structlog; from sync.ops import logs; logs.configure(); "
        "structlog.get_logger().warning('lost'); print('continued')"
    )
    with Path("/dev/full").open("w") as full:
        said = subprocess.run(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=full, text=True, cwd=ROOT
        )
    assert said.stdout == "continued\n"


def test_an_unexpected_error_of_a_command_is_logged_without_its_text() -> None:
    CliRunner().invoke(cli, ["map", "--no-such-option"])
    assert sys.excepthook.__module__ == "sync.ops.logs"


def test_what_fails_each_second_is_a_line_a_minute() -> None:
    code = (
        "import structlog; from sync.ops import logs\n"
        "logs.configure(); log = structlog.get_logger()\n"
        "for number in range(5):\n"
        "    log.warning('step_failed', reason='database')\n"
        "    log.warning('rejected', delivery=number)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert said.stderr.count("step_failed") == 1
    assert said.stderr.count("rejected") == 5
