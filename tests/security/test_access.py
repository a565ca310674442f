"""Who is let in, how long it takes to say no, and what a body costs."""

import gzip
import re
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from sync.console.passwords import is_one_of
from sync.errors import Rejected
from sync.jobs.remarks import Remarks
from sync.settings.environment import load
from sync.sheets.cell_data import _UUID
from sync.webhooks import literal, parse, values
from sync.webhooks.parse import read
from sync.webhooks.schema import Outcome
from tests.jobs.test_row import CONFIG
from tests.made_up import ROOT, SAMPLE, SAMPLE_SITE, SECRET, body, comment, milestone, task
from tests.settings.test_environment import LEAST
from tests.store.parts import waiting
from tests.stored import newest
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
        is_one_of([sent], known)
        times.append(time.thread_time() - began)
    return min(times)


def test_the_time_of_a_refusal_does_not_reveal_the_secret() -> None:
    """With a megabyte for a secret, a comparison that stops early would be far faster."""
    long = "x" * 2**20
    last = seconds(("x" * (2**20 - 1) + "y").encode(), long)
    for other in (
        seconds(("y" + "x" * (2**20 - 1)).encode(), long),
        seconds(long.encode(), long, "y" * 2**20) / 1.5,
        seconds(long.encode(), "y" * 2**20, long) / 1.5,
    ):
        assert 0.2 < other / last < 5


def test_a_replayed_request_changes_nothing(bench: Bench) -> None:
    """The same body is known by its content; an older one is older by its own dates."""
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
        assert answer.get_json()["outcome"] == Outcome.DUPLICATE
    assert len(waiting(bench.inbox)) == 2


CLAIMS = [
    {"X-HTTP-Method-Override": "GET"},
    {"X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "DELETE", "X-Method-Override": "DELETE"},
    {"X-Original-URL": "/healthz", "X-Rewrite-URL": "/healthz"},
    {"X-Forwarded-Prefix": "/healthz", "X-Script-Name": "/webhooks"},
    {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Client-IP": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1;host=localhost;proto=https"},
    {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"},
    {"Host": "evil.example"},
    {"X-Forwarded-User": "admin", "Remote-User": "admin"},
    {"Cookie": f"X-Webhook-Secret={SECRET}; secret={SECRET}"},
    {"Referer": f"https://evil.example/?X-Webhook-Secret={SECRET}"},
    {"Proxy-Authorization": f"Bearer {SECRET}"},
    {"Content-Encoding": "identity"},
]


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: next(iter(claim)))
def test_no_header_claims_its_way_in(sqlite_url: str, claim: dict[str, str]) -> None:
    bench = Bench(sqlite_url, ADMIN_PASSWORD="open-up-please")

    def told(method: str, path: str, claimed: dict[str, str]) -> tuple[int, bytes, str | None]:
        answer = bench.client.open(
            path, method=method, data=SAMPLE, headers=claimed, content_type="application/json"
        )
        return answer.status_code, answer.data, answer.headers.get("Location")

    for method, path, status in (
        ("POST", "/webhooks/everbright", 401),
        ("POST", f"/webhooks/everbright?X-Webhook-Secret={SECRET}&secret={SECRET}", 401),
        ("GET", "/webhooks/everbright", 405),
        ("GET", "/metrics", 401),
        ("POST", "/healthz", 405),
        ("GET", "/", 303),
        ("GET", "/no-such-page", 404),
    ):
        plain = told(method, path, {})
        assert plain[0] == status
        assert told(method, path, claim) == plain
    with_secret = {"X-Webhook-Secret": SECRET} | claim
    assert told("GET", "/webhooks/everbright", with_secret)[0] == 405
    assert told("POST", "/healthz", with_secret)[0] == 405
    assert newest(bench.inbox, 9) == []
    assert told("POST", "/webhooks/everbright", with_secret)[0] == 202
    (kept,) = newest(bench.inbox, 9)
    assert (kept.outcome, kept.body, kept.site) == (Outcome.ACCEPTED, SAMPLE, SAMPLE_SITE)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(SAMPLE)),
        ("deflate", zlib.compress(SAMPLE)),
        ("identity", gzip.compress(SAMPLE)),
        ("", gzip.compress(SAMPLE)),
        ("gzip, gzip", gzip.compress(gzip.compress(SAMPLE))),
    ],
)
def test_an_encoded_body_is_rejected_and_stored_unchanged(
    bench: Bench, encoding: str, packed: bytes
) -> None:
    """EverBright sends plain JSON; should it ever pack it, people can see the bytes."""
    answer = bench.send(packed, Content_Encoding=encoding)
    assert (answer.status_code, answer.get_json()["error"]["reason"]) == (400, "not_json")
    (kept,) = newest(bench.inbox, 9)
    assert (kept.outcome, kept.body) == (Outcome.REJECTED, packed)


def test_a_plain_body_is_read_with_any_declared_encoding(bench: Bench) -> None:
    answer = bench.send(SAMPLE, Content_Encoding="gzip")
    assert (answer.status_code, answer.get_json()["outcome"]) == (202, "accepted")


def test_a_compressed_body_is_not_unpacked(bench: Bench) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"[0,0,0,0" * 2**17) for _ in range(200)) + packer.flush()
    before = psutil.Process().memory_info().rss
    began = time.monotonic()
    answer = bench.send(bomb, Content_Encoding="gzip")
    assert answer.status_code == 400
    assert time.monotonic() - began < 2
    assert psutil.Process().memory_info().rss - before < 20 * 2**20
    (kept,) = newest(bench.inbox, 9)
    assert kept.body == bomb


def test_the_last_of_two_equal_keys_counts(bench: Bench) -> None:
    """One reading only: no part of us takes the first while another takes the last."""
    twice = body(milestone()).replace(b'"status"', b'"status": "APPROVED", "status"', 1)
    assert read(twice).digest == read(body(milestone())).digest
    bench.send(body(milestone()))
    answer = bench.send(twice)
    assert answer.get_json()["outcome"] == "duplicate"


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
    ours = [parse._BRACKET, values._UNPRINTABLE, literal._ESCAPE, _UUID]
    theirs = [config.words.re_sign, *config.words.bots]
    return [*ours, *(re.compile(one, re.IGNORECASE) for one in theirs)]


def test_no_text_makes_a_pattern_backtrack() -> None:
    """It would hold the whole process: a pattern at work lets no other thread run."""
    for pattern in patterns():
        for text in BACKTRACKERS:
            began = time.thread_time()
            sum(1 for _ in pattern.finditer(text))
            assert time.thread_time() - began < 1, (pattern.pattern, text[:20])


@pytest.mark.parametrize("text", BACKTRACKERS)
def test_no_text_makes_the_reader_of_literals_start_over(text: str) -> None:
    """It continues from token to token, and ends at the first invalid one."""
    for sent in (text, f"['{text}", f"{{'a': [{text}"):
        began = time.thread_time()
        with pytest.raises(Rejected):
            read(sent.encode())
        assert time.thread_time() - began < 2


@pytest.mark.parametrize("text", BACKTRACKERS)
def test_no_text_takes_long_to_read_or_to_lay_out(text: str) -> None:
    began = time.thread_time()
    sent = milestone(
        name=text, tasks=[task(name=text)], comments=[comment(text, "2026-03-01T10:00:00Z", text)]
    )
    understood = read(body(sent)).milestone
    assert understood is not None
    Remarks(CONFIG).is_by_bot(understood.comments[0])
    assert time.thread_time() - began < 2


def test_the_lock_files_hold_a_hash_for_every_package() -> None:
    """`make install` runs with --require-hashes; a line is a name with a version, or a hash."""
    least = {"requirements.txt": 20, "requirements-demo.txt": 4, "requirements-dev.txt": 20}
    for name, count in least.items():
        text = (ROOT / name).read_text("utf-8")
        entries = re.split(r"\n(?=[a-z0-9])", text.strip())
        assert len(entries) > count
        for entry in entries:
            first, *hashes = entry.splitlines()
            assert re.match(r"[a-z0-9._-]+(?:\[[a-z,]+\])?==[^\s;]+( ; .+)? \\$", first), first
            assert hashes, entry
            for line in hashes:
                assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line), line
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
