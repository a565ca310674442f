"""(e) Documents on their way from EverBright into Drive, beside plain requests that stream.

Google answers after 100 ms. Each side runs in a fresh process, against an emulator in another.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from benchmarks.copying import FIRST, Batch, Measured, Side, floor, product
from benchmarks.drive import Google, emulated
from benchmarks.table import Row, median
from sync.ops import logs

LATENCY = 0.1
BATCHES = (
    Batch(100, 100, 50_000),
    Batch(100, 10, 50_000),
    Batch(60, 20, 1_000_000),
    Batch(16, 8, 20_000_000),
)
_SMALL = 5_000_000


def rows(short: bool) -> Sequence[Row]:
    """Measure each batch both ways, in turn."""
    batches, rounds = ((Batch(8, 2, 50_000),), 1) if short else (BATCHES, 5)
    with emulated() as google:
        google.tell("settings", latency=LATENCY)
        found = [row for batch in batches for row in _pair(google, batch, rounds)]
        return found if short else [*found, *_failing(google)]


def _pair(google: Google, batch: Batch, rounds: int) -> Sequence[Row]:
    _set_documents(google, batch)
    ours, least = list[Measured](), list[Measured]()
    for _ in range(rounds):
        for side, seen in ((floor, least), (product, ours)):
            seen.append(_apart(side, google, batch))
    for one in (*ours, *least):
        if set(one.files.values()) != {1} or len(one.files) != batch.documents:
            raise RuntimeError(f"Not each document is in Drive once: {one.files}")
    return [
        _row(batch, "MB a second", ours, least, _speed(batch), "0.8"),
        _row(batch, "calls of Drive a document", ours, least, _calls(batch), _most_calls(batch)),
        _row(batch, "MiB above idle", ours, least, lambda one: one.memory, "64 MiB"),
    ]


def _speed(batch: Batch) -> Callable[[Measured], float]:
    return lambda one: batch.documents * batch.size / 1e6 / one.seconds


def _calls(batch: Batch) -> Callable[[Measured], float]:
    return lambda one: one.calls / batch.documents


def _most_calls(batch: Batch) -> str:
    return "2.5" if batch.size <= _SMALL else ""


def _row(
    batch: Batch,
    what: str,
    ours: Sequence[Measured],
    least: Sequence[Measured],
    value: Callable[[Measured], float],
    bound: str,
) -> Row:
    size = f"{batch.size / 1e6:g} MB" if batch.size >= 1e6 else f"{batch.size / 1e3:g} kB"
    mine, others = [value(one) for one in ours], [value(one) for one in least]
    ratio = median([a / b if b else 0.0 for a, b in zip(mine, others, strict=True)])
    return Row(
        f"{batch.documents} documents of {size}, {batch.jobs} jobs: {what}",
        f"{median(mine):.2f}",
        f"{median(others):.2f}",
        f"{ratio:.2f}",
        bound,
    )


def _failing(google: Google) -> Sequence[Row]:
    """Copy 92 documents while every third call of Drive fails, half of them after it was done."""
    batch = Batch(92, 40, 50_000)
    _set_documents(google, batch)
    for when, chance in (("before", 1 / 6), ("after", 1 / 5)):
        google.tell("faults", do="answer", status=503, method="drive.*", when=when, chance=chance)
    done = _apart(product, google, batch)
    twice = sum(count > 1 for count in done.files.values())
    what = "every third call of Drive fails, 92 documents of 40 jobs"
    note = f"{twice} of them twice; {done.calls} calls"
    return [
        Row(f"{what}: in Drive", str(len(done.files)), bound="92", note=note),
        Row(f"{what}: until the last", f"{done.seconds:.0f} s", bound="120 s"),
    ]


def _set_documents(google: Google, batch: Batch) -> None:
    for uuid in (FIRST, *(one.uuid for one in batch.wanted())):
        google.tell("documents", uuid=uuid, size=batch.size)


def _apart(side: Side, google: Google, batch: Batch) -> Measured:
    """Measure in a fresh process: memory that an earlier run has left is not counted."""
    spawning = get_context("spawn")
    with ProcessPoolExecutor(
        1, mp_context=spawning, initializer=logs.configure, initargs=(logging.CRITICAL,)
    ) as pool:
        return pool.submit(side, google, batch).result()
