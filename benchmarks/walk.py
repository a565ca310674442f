"""How much code one webhook goes through on its way from the route to the cell.

    python benchmarks/walk.py [--list]

Counts the named functions of the product that are entered, in the receiver and in the threads of
the worker, and their lines without docstrings. The job has a row already, the Pipeline knows its
status, and nothing else is pending. What those threads also do while nothing arrives is left out.
"""

import ast
import inspect
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from flask import Flask

from app import create_app
from emulator import Emulator
from sync.ops import logs
from tests.bench import Bench
from tests.made_up import ROOT, SECRET, milestone

IDLE_SECONDS, LONGEST_SECONDS = 3.0, 20.0


class Walk:
    """Counts the calls of the product's own functions, in every thread."""

    def __init__(self) -> None:
        self.calls: Counter[CodeType] = Counter()

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event == "call" and not code.co_name.startswith("<"):
            path = Path(code.co_filename)
            if path.is_relative_to(ROOT / "sync") or path == ROOT / "app.py":
                self.calls[code] += 1


def lines_of(code: CodeType) -> int:
    """Return the lines of a function, without its docstring."""
    source = inspect.getsource(code)
    tree = ast.parse(inspect.cleandoc("\n" + source) if source[0].isspace() else source).body[0]
    lines = len(source.splitlines())
    first = tree.body[0] if isinstance(tree, ast.FunctionDef) else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def walk() -> Counter[CodeType]:
    """Send one webhook and follow it until its row shows it."""
    logs.configure(40)
    followed = Walk()
    with Emulator(limits=False) as google, tempfile.TemporaryDirectory() as folder:
        bench = Bench(google, f"sqlite:///{folder}/brightsheet.sqlite3")
        for status in ("SUBMITTED", "REJECTED"):
            bench.shown(*(milestone(job, status=status) for job in range(1, 6)))
        bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-04T10:00:00Z"))
        bench.compare()
        app = create_app(bench.settings)
        first = milestone(2, status="APPROVED", date_updated="2026-03-05T10:00:00Z")
        event = milestone(3, status="APPROVED", date_updated="2026-03-06T10:00:00Z")
        worker = app.extensions["brightsheet"]
        threading.setprofile(followed)
        sys.setprofile(followed)
        try:
            worker.start()
            send(app, bench, first)  # What is computed once in a process is no part of the way.
            followed.calls.clear()
            time.sleep(IDLE_SECONDS)
            idle = set(followed.calls)
            followed.calls.clear()
            send(app, bench, event)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
        worker.stop(5.0)
        bench.database.close()
    return Counter({code: n for code, n in followed.calls.items() if code not in idle})


def send(app: Flask, bench: Bench, event: dict[str, Any]) -> None:
    """Send a webhook, and wait until the job's row shows it."""
    headers = {"X-Webhook-Secret": SECRET}
    answer = app.test_client().post("/webhooks/everbright", json=event, headers=headers)
    assert answer.status_code == 202  # noqa: S101 - else nothing was measured
    deadline = time.monotonic() + LONGEST_SECONDS
    while bench.row(event["site"])["Milestone 1"] != "Approved":
        assert time.monotonic() < deadline  # noqa: S101
        time.sleep(0.2)
    time.sleep(1.0)


def main() -> None:
    calls = walk()
    modules = {code.co_filename for code in calls}
    lines = sum(map(lines_of, calls))
    print(f"{lines:,} lines in {len(calls)} functions in {len(modules)} modules")
    if "--list" in sys.argv:
        for code, count in sorted(
            calls.items(), key=lambda each: (each[0].co_filename, each[0].co_firstlineno)
        ):
            name = Path(code.co_filename).relative_to(ROOT)
            print(f"{count:6} {lines_of(code):4} {name}:{code.co_qualname}")


if __name__ == "__main__":
    main()
