"""What one delivery enters between the route and the cell: functions, modules, changes of folder.

    python benchmarks/walk.py [--list]

The job has a row already, the Pipeline knows its status, and nothing else waits. Idle looks are
not in it.
"""

import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

from app import create_app
from emulator import Emulator
from sync.ops import logs
from tests.bench import Bench
from tests.made_up import ROOT, SECRET, milestone


class Walk:
    """Counts what is called of the product's own code, in the order of the calls."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str]] = Counter()
        self.folders: list[str] = []

    def __call__(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event != "call":
            return
        code = frame.f_code
        path = Path(code.co_filename)
        if not path.is_relative_to(ROOT) or code.co_name.startswith("<"):
            return
        module = str(path.relative_to(ROOT))
        if module.startswith("sync/") or module == "app.py":
            self.calls[module, code.co_qualname] += 1
            self.folders.append(str(Path(module).parent))

    @property
    def switches(self) -> int:
        """How often the folder changes from one call to the next."""
        pairs = zip(self.folders, self.folders[1:], strict=False)
        return sum(first != second for first, second in pairs)


def walk() -> Walk:
    """Send one delivery and follow it until its row shows it."""
    logs.configure(40)
    with Emulator(limits=False) as google, tempfile.TemporaryDirectory() as folder:
        bench = Bench(google, f"sqlite:///{folder}/brightsheet.sqlite3")
        for status in ("SUBMITTED", "REJECTED"):
            bench.shown(*(milestone(job, status=status) for job in range(1, 6)))
        bench.shown(milestone(1, status="APPROVED", date_updated="2026-03-04T10:00:00Z"))
        client = create_app(bench.settings).test_client()
        headers = {"X-Webhook-Secret": SECRET}
        followed, projector = Walk(), bench.wiring.projector()
        event = milestone(3, status="APPROVED", date_updated="2026-03-05T10:00:00Z")
        with bench.wiring.hold(lambda _: None) as held:
            sys.setprofile(followed)
            try:
                answer = client.post("/webhooks/everbright", json=event, headers=headers)
                projector.run(held)
                bench.flusher.flush(held)
            finally:
                sys.setprofile(None)
        assert answer.status_code == 202  # noqa: S101 - else nothing was measured
        assert not bench.store.pending.is_waiting()  # noqa: S101
        bench.database.close()
    return followed


def main() -> None:
    followed = walk()
    modules = {module for module, _ in followed.calls}
    print(
        f"{len(followed.calls)} functions in {len(modules)} modules, "
        f"{followed.switches} changes of folder"
    )
    if "--list" in sys.argv:
        for (module, name), count in sorted(followed.calls.items()):
            print(f"{count:6} {module}:{name}")


if __name__ == "__main__":
    main()
