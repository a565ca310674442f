"""Plants a fault in each part of the program, one at a time, and runs tests until one notices.

    python -m tests.planted [NUMBER …]

Each fault is planted in a copy of the repository. The named tests run first, because they should
notice it soon, then their long ones, then all short ones. It prints a line for each fault, and
exits with 1 if one wasn't noticed. `tests/test_planted.py` has that each still fits the code.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Fault:
    """A text of a module, what it becomes, and the tests that should notice it."""

    path: str
    old: str
    new: str
    tests: str

    @property
    def module(self) -> Path:
        return ROOT / self.path


FAULTS = (
    # Receive and store
    Fault("sync/core/receiver.py", "return sum(", "return 1 + sum(", "tests/test_receiver.py"),
    Fault(
        "sync/webhooks/parse.py",
        'if tree.get("site") in (None, "", "None"):',
        'if tree.get("site") in (None, ""):',
        "tests/webhooks",
    ),
    Fault(
        "sync/webhooks/parse.py",
        "with suppress(RecursionError):",
        "with suppress(IndexError):",
        "tests/webhooks tests/security",
    ),
    Fault(
        "sync/core/database.py",
        'connection.execute("PRAGMA synchronous=FULL")',
        'connection.execute("PRAGMA synchronous=OFF")',
        "tests/core tests/e2e tests/security",
    ),
    Fault(
        "sync/core/database.py",
        "is_held = now < row.expires < now + 2 * self.seconds",
        "is_held = now + 3600 < row.expires < now + 2 * self.seconds",
        "tests/core/test_worker.py tests/core/test_http.py tests/deploy",
    ),
    Fault(
        "sync/core/store.py",
        "values(is_waiting=0)",
        "values(is_waiting=1)",
        "tests/core/test_http.py",
    ),
    # What happened to a job, and where it stands
    Fault(
        "sync/core/events.py",
        "change.order <= event.order for",
        "change.order is not event.order for",
        "tests/core/test_standing.py tests/core/test_events.py",
    ),
    Fault(
        "sync/core/events.py",
        "known = dict.fromkeys(job.known_comments)",
        "known = dict[str, None]()",
        "tests/core/test_events.py tests/core/test_standing.py tests/core/test_readback.py",
    ),
    Fault(
        "sync/core/standing.py",
        "first = min(waiting, key=lambda m: m.since)",
        "first = max(waiting, key=lambda m: m.since)",
        "tests/core/test_standing.py",
    ),
    Fault(
        "sync/core/standing.py",
        "if last.place == len(self.order.steps) - 1:",
        "if last.place == len(self.order.steps):",
        "tests/core/test_standing.py",
    ),
    Fault(
        "sync/core/layout.py",
        "is_other_day = received.date() != dated.date()",
        "is_other_day = received.date() == dated.date()",
        "tests/core/test_standing.py",
    ),
    # The pass
    Fault(
        "sync/core/attempts.py",
        "is_other = not is_ours or fence > self._last_fence()",
        "is_other = not is_ours",
        "tests/core tests/e2e",
    ),
    Fault(
        "sync/core/attempts.py",
        "fence, expects = self._last_fence() + 1,",
        "fence, expects = self._last_fence() + 1 - 1 * (self._last_fence() > 3),",
        "tests/core",
    ),
    Fault(
        "sync/core/passes.py",
        "may_add = not self._is_owed()",
        "may_add = True",
        "tests/core tests/boards",
    ),
    Fault(
        "sync/core/check.py",
        "if place not in taken and hit and (is_like or has_our_key):",
        "if place not in taken and (is_like or has_our_key):",
        "tests/core/test_check.py tests/core/test_storm.py tests/boards/test_storm.py",
    ),
    Fault(
        "sync/core/check.py",
        "if column in columns and _equals(picture, debt.shows, column):",
        "if column in columns:",
        "tests/core/test_check.py tests/core/test_storm.py tests/boards/test_storm.py",
    ),
    Fault(
        "sync/core/check.py",
        "if not (site and _has_arrived(site, cells, now))",
        "if not site",
        "tests/core/test_check.py tests/core/test_storm.py",
    ),
    Fault(
        "sync/core/decide.py",
        "if count <= max(_MANY, _SHARE * before):",
        "if count <= max(10**6, _SHARE * before):",
        "tests/core/test_situations.py tests/test_states.py",
    ),
    Fault(
        "sync/core/decide.py",
        "elif is_foreign(row):",
        "elif not row.key:",
        "tests/core/test_situations.py tests/test_states.py",
    ),
    Fault(
        "sync/core/batch.py",
        "for n in range(header + 1, len(tab.rows)) if tab.key(n)), header)",
        "for n in range(header + 1, len(tab.rows)) if n), header)",
        "tests/core/test_check.py",
    ),
    Fault(
        "sync/core/snapshot.py",
        'and entry["metadataId"] == guard_id(sheet, entry["metadataValue"])',
        'and entry["metadataId"]',
        "tests/core tests/boards",
    ),
    Fault(
        "sync/core/units.py",
        "self._limit = max(1, min(self._limit, len(names)) // 2)",
        "self._limit = max(2, min(self._limit, len(names)) // 2)",
        "tests/core",
    ),
    Fault(
        "sync/core/worker.py",
        "and error.reason != LEASE_LOST",
        "and error.reason",
        "tests/core/test_worker.py tests/core/test_http.py",
    ),
    # Documents and what is read from EverBright
    Fault(
        "sync/core/documents.py",
        "content.truncate()",
        "content.tell()",
        "tests/test_documents.py",
    ),
    Fault(
        "sync/core/documents.py",
        "if known := self.store.copied_file(document.uuid):",
        "if known := self.store.copied_file(document.uuid)[:0]:",
        "tests/test_documents.py",
    ),
    Fault(
        "sync/core/drive.py",
        "except Conflict:\n            return None",
        "except Conflict:\n            raise",
        "tests/test_documents.py",
    ),
    Fault(
        "sync/core/readback.py",
        "yield replace(event, order=order, is_read=True)",
        "yield replace(event, order=order)",
        "tests/core/test_readback.py",
    ),
    Fault(
        "sync/core/customers.py",
        "if is_archived is not None:",
        "if is_archived is None:",
        "tests/core tests/status",
    ),
    # Connected tabs, status, console
    Fault(
        "sync/boards/new_rows.py",
        "return Place(run[-1], run[-2])",
        "return Place(run[-1] + 1, run[-1])",
        "tests/boards/test_new_rows.py tests/boards",
    ),
    Fault(
        "sync/status/verdict.py",
        "is_right = not (last.pending or last.failed) and",
        "is_right =",
        "tests/status tests/test_states.py",
    ),
)
"""One or more in each part of the program."""


def plant(fault: Fault, folder: Path) -> None:
    """Plant a fault in a copy. Raises ValueError if its text isn't in the module exactly once."""
    module = folder / fault.path
    text = module.read_text()
    if text.count(fault.old) != 1:
        raise ValueError(f"{fault.path} has {fault.old!r} {text.count(fault.old)} times")
    module.write_text(text.replace(fault.old, fault.new))


def noticed_by(fault: Fault) -> str:
    """Return the first test that fails with a fault, one of its own or another short one, or ""."""
    with tempfile.TemporaryDirectory(prefix="brightsheet-planted-") as parent:
        folder = Path(parent) / "copy"
        ignored = shutil.ignore_patterns(".venv", ".git", "*_cache", "__pycache__")
        shutil.copytree(ROOT, folder, ignore=ignored)
        (folder / ".venv").symlink_to(ROOT / ".venv")
        plant(fault, folder)
        environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
        # The test of this list itself would see each fault.
        rest = "tests --ignore=tests/test_planted.py"
        runs = ((fault.tests, "not long"), (fault.tests, "long"), (rest, "not long"))
        for paths, kind in runs:
            done = subprocess.run(
                [sys.executable, "-m", "pytest", "-x", "-q", "-n", "2", "-m", kind, *paths.split()],
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode not in (0, pytest.ExitCode.NO_TESTS_COLLECTED):
                lines = done.stdout.splitlines()
                return next((n for n in lines if n.startswith(("FAILED", "ERROR"))), lines[-1])
    return ""


def main(numbers: list[int]) -> int:
    missed = 0
    for number, fault in enumerate(FAULTS):
        if numbers and number not in numbers:
            continue
        began = time.monotonic()
        test = noticed_by(fault)
        missed += not test
        print(f"{number:2} {fault.path}: {fault.new}")
        word = f"   noticed after {time.monotonic() - began:.0f} s: {test}"[:160]
        print(word if test else "   NOT NOTICED", flush=True)
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main([int(each) for each in sys.argv[1:]]))
