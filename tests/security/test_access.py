"""Who is let in, how long it takes to say no, and what a body costs."""

import gzip
import re
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from app import _matches
from sync.errors import Rejected
from sync.jobs.row import Layout
from sync.settings.environment import load
from sync.sheets import celldata
from sync.webhooks import parse, python_literal
from sync.webhooks.parse import read
from sync.webhooks.schema import Outcome
from tests.jobs.test_row import ADDRESSES, CONFIG
from tests.made_up import ROOT, SAMPLE, SECRET, body, comment, milestone, task
from tests.settings.test_environment import LEAST
from tests.test_receiver import Bench


@pytest.fixture
def bench(sqlite_url: str) -> Iterator[Bench]:
    yield Bench(sqlite_url)


def seconds(sent: bytes, *secrets: str) -> float:
    """Return the shortest time of a comparison, in which nobody else had the processor."""
    known = [SecretStr(secret) for secret in secrets]
    times = []
    for _ in range(25):
        began = time.thread_time()
        _matches([sent], known)
        times.append(time.thread_time() - began)
    return min(times)


def test_the_time_of_a_no_tells_nothing_of_the_secret() -> None:
    """With a megabyte for a secret, a comparison that stops at the first difference would be
    hundreds of times faster where the first byte is wrong; so would one that stops at a match."""
    long = "x" * 2**20
    last = seconds(("x" * (2**20 - 1) + "y").encode(), long)
    for other in (
        seconds(("y" + "x" * (2**20 - 1)).encode(), long),
        seconds(long.encode(), long, "y" * 2**20) / 1.5,
        seconds(long.encode(), "y" * 2**20, long) / 1.5,
    ):
        assert 0.2 < other / last < 5


def test_a_replayed_request_changes_nothing(bench: Bench) -> None:
    """EverBright signs nothing and gives no number: the same body is known by its content, however
    it is written, and an older one is older by its own dates."""
    newer = milestone(status="APPROVED", date_updated="2026-03-02T10:00:00Z")
    older = milestone(status="SUBMITTED", date_updated="2026-03-01T10:00:00Z")
    for one in (older, newer):
        assert bench.send(body(one)).status_code == 202
    for replayed in (
        body(older),
        body(newer),
        body(dict(reversed(older.items()))),
        body(older) + b" ",
    ):
        answer = bench.send(replayed)
        assert answer.json is not None
        assert answer.json["outcome"] == Outcome.DUPLICATE
    assert len(bench.inbox.unprojected(9)) == 2


def test_a_changed_body_with_no_secret_is_not_taken(bench: Bench) -> None:
    assert bench.send(body(milestone()), X_Webhook_Secret="").status_code == 401
    assert bench.inbox.recent(9) == []


@pytest.mark.parametrize(
    "header",
    ["Content-Encoding", "X-HTTP-Method-Override", "X-Original-URL", "X-Forwarded-Host", "Host"],
)
def test_no_other_header_changes_what_is_done(bench: Bench, header: str) -> None:
    answer = bench.client.post(
        "/webhooks/everbright",
        data=SAMPLE,
        headers={"X-Webhook-Secret": SECRET, header: "identity"},
        content_type="application/json",
    )
    assert answer.status_code == 202


def test_a_compressed_body_is_not_unpacked(bench: Bench) -> None:
    """200 MB in 200 kB. It is refused as it stands, and kept as it stands."""
    bomb = gzip.compress(b"[" + b"0," * 10**8, 9)
    before = psutil.Process().memory_info().rss
    began = time.monotonic()
    answer = bench.send(bomb, Content_Encoding="gzip")
    assert answer.status_code == 400
    assert time.monotonic() - began < 2
    assert psutil.Process().memory_info().rss - before < 20 * 2**20


def test_of_a_key_that_stands_twice_the_last_counts_everywhere(bench: Bench) -> None:
    """One reading only: no part of us takes the first while another takes the last."""
    twice = body(milestone()).replace(b'"status"', b'"status": "APPROVED", "status"', 1)
    assert read(twice).digest == read(body(milestone())).digest
    bench.send(body(milestone()))
    answer = bench.send(twice)
    assert answer.json is not None
    assert answer.json["outcome"] == "duplicate"


LONG = 200_000
BACKTRACKERS = [
    "a" * LONG,
    "sighten" * (LONG // 7),
    "sighten everbright" * (LONG // 18),
    "re" * (LONG // 2),
    "re-sig" * (LONG // 6),
    "0" * LONG,
    "00000000-0000-" * (LONG // 14),
    '"' + "\\" * LONG,
    '"' * LONG,
    "'" + "\\'" * (LONG // 2),
    "\\x" * (LONG // 2),
    "-1e" * (LONG // 3),
    "[" * LONG,
    "[]" * (LONG // 2),
    "<!---->" * (LONG // 7),
]


def patterns() -> list[re.Pattern[str]]:
    """Every pattern that a body's text meets, ours and those of the config."""
    config = load(LEAST).config
    ours = [parse._BRACKET, parse._UNPRINTABLE, python_literal._ESCAPE, celldata._UUID]
    theirs = [config.words.re_sign, *config.words.bots]
    return [*ours, *(re.compile(one, re.IGNORECASE) for one in theirs)]


def test_no_text_makes_a_pattern_backtrack() -> None:
    """It would hold the whole process: a pattern at work lets no other thread run."""
    for pattern in patterns():
        for text in BACKTRACKERS:
            began = time.perf_counter()
            sum(1 for _ in pattern.finditer(text))
            assert time.perf_counter() - began < 1, (pattern.pattern, text[:20])


@pytest.mark.parametrize("text", BACKTRACKERS)
def test_no_text_makes_the_reader_of_literals_start_over(text: str) -> None:
    """It goes on from token to token, and ends at the first thing that is none."""
    for sent in (text, f"['{text}", f"{{'a': [{text}"):
        began = time.perf_counter()
        with pytest.raises(Rejected):
            read(sent.encode())
        assert time.perf_counter() - began < 2


@pytest.mark.parametrize("text", BACKTRACKERS)
def test_no_text_takes_long_to_read_or_to_lay_out(text: str) -> None:
    began = time.perf_counter()
    sent = milestone(
        name=text, tasks=[task(name=text)], comments=[comment(text, "2026-03-01T10:00:00Z", text)]
    )
    understood = read(body(sent)).milestone
    assert understood is not None
    Layout(CONFIG, ADDRESSES)._is_bot(understood.comments[0].commentor)
    assert time.perf_counter() - began < 2


def test_the_lock_files_hold_a_hash_for_every_package() -> None:
    """`make install` runs with --require-hashes: a package that was swapped is not installed."""
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text("utf-8")
        entries = re.split(r"\n(?=[a-z0-9])", text.strip())
        assert len(entries) > 20
        for entry in entries:
            pinned = re.match(r"[a-z0-9._-]+(?:\[[a-z,]+\])?==[^\s;]+", entry)
            assert pinned, entry
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert "--require-hashes -r requirements-dev.txt" in makefile


def test_what_the_product_needs_is_locked_alike_in_both_files() -> None:
    """Tests run against what is deployed."""
    deployed, tested = (
        set(
            re.findall(
                r"^([a-z0-9._-]+)(?:\[[a-z,]+\])?==(\S+)", Path(ROOT / name).read_text(), re.M
            )
        )
        for name in ("requirements.txt", "requirements-dev.txt")
    )
    assert deployed <= tested
