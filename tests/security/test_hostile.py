"""Bodies that nobody means well with, all the way: no 5xx, no fault, no long wait, no other job
held up. `make test` takes FEW of them, `make test-all` the rest of HOSTILE, `make chaos` 100,000;
those of schemathesis come besides."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import ignored_auth

from app import create_app
from sync.errors import Rejected
from sync.settings.config_file import OPENAPI_FILE
from sync.settings.environment import load
from sync.store import Database
from sync.webhooks.parse import read
from tests import databases
from tests.made_up import SECRET, body, comment, document, milestone, task, uuid
from tests.security.bodies import bodies, spoilt
from tests.security.whole_path import WholePath
from tests.settings.test_environment import LEAST

FEW, MORE, MANY = 300, 400, 5000
HOSTILE = int(os.environ.get("HOSTILE", FEW + MORE))
ROUNDS = [
    (0, FEW),
    *(
        pytest.param(number, min(MANY, HOSTILE - done), marks=pytest.mark.long)
        for number, done in enumerate(range(FEW, HOSTILE, MANY), 1)
    ),
]
"""Each draws anew: in one go, what was drawn already would fill the memory."""
SEED = int(os.environ.get("SEED", "1"))
_MORE = max(5, HOSTILE // 20)
"""Cases of schemathesis for each operation, besides."""
_MEMORY = Path("/dev/shm")  # noqa: S108 - a disk would be what is measured
_ANY = settings(
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


@pytest.fixture(scope="module")
def path() -> Iterator[WholePath]:
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        made = WholePath(Path(folder))
        yield made
        made.start_anew()
        print(
            f"\n{made.count} hostile bodies, {made.accepted} of them accepted and laid out; "
            f"the slowest took {made.slowest:.2f} s; the process held "
            f"{getrusage(RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB at the most"
        )


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("number", "count"), ROUNDS)
def test_no_body_is_a_fault_or_takes_long(path: WholePath, number: int, count: int) -> None:
    """The same bodies in every run of the same SEED."""

    @seed(1000 * SEED + number)
    @settings(_ANY, max_examples=count)
    @given(sent=bodies())
    def hold(sent: bytes) -> None:
        path.send(sent)

    hold()


MIB = 2**20
LARGE = 10 * MIB if "HOSTILE" in os.environ else 2 * MIB


def _many(make: Callable[[int], dict[str, object]], count: int) -> list[dict[str, object]]:
    return [make(number) for number in range(count)]


def _wide(count: int) -> bytes:
    return json.dumps(milestone() | {f"key {n}": n for n in range(count)}).encode()


MONSTERS: dict[str, Callable[[], bytes]] = {
    "5,000 documents": lambda: body(
        milestone(tasks=[task(*_many(lambda n: document(n, f"{n}.pdf"), 5000))])
    ),
    "5,000 documents with long names": lambda: body(
        milestone(tasks=[task(*_many(lambda n: document(n, f"{n} " + "=A1 " * 90), 5000))])
    ),
    "5,000 tasks": lambda: body(milestone(tasks=_many(lambda n: task(document(n)), 5000))),
    "20,000 comments": lambda: body(
        milestone(comments=_many(lambda n: comment(f"Hi {n}", "2026-03-01T10:00:00Z"), 20_000))
    ),
    "a name of 10 MB": lambda: body(milestone(name="=" * 10 * MIB)),
    "much of emoji": lambda: json.dumps(
        milestone(name="\U0001f600" * (LARGE // 4)), ensure_ascii=False
    ).encode(),
    "much of escapes": lambda: body(milestone(name="\x00\ud800" * (LARGE // 12))),
    "much of backslashes": lambda: b'{"a": "' + b"\\\\" * (LARGE // 2) + b'"}',
    "much in a literal": lambda: repr(milestone(name="'\"\\" * (LARGE // 5))).encode(),
    "a literal of small things": lambda: b"[" + b"None, " * (LARGE // 6) + b"]",
    "many keys": lambda: _wide(LARGE // 100),
    "a key of much": lambda: body(milestone() | {"k" * LARGE: 1}),
    "numbers without end": lambda: b"[" + b",".join([b"9" * 4300] * 200) + b"]",
    "a number of much": lambda: b"9" * LARGE,
    "many lists": lambda: b"[" + b"[]," * (LARGE // 8) + b"[]]",
    "many brackets": lambda: b"[" * LARGE,
    "many quotes": lambda: b'"' * LARGE,
    "many apostrophes": lambda: b"'" * LARGE,
    "white space": lambda: b" " * LARGE,
}


@pytest.fixture(scope="module")
def wide_path() -> Iterator[WholePath]:
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        yield WholePath(Path(folder), MAX_BODY_BYTES=str(64 * MIB))


@pytest.mark.long
@pytest.mark.parametrize("name", list(MONSTERS))
def test_no_monster_takes_long(wide_path: WholePath, name: str) -> None:
    sent = MONSTERS[name]()
    wide_path.send(sent, bound=10)
    wide_path.start_anew()


def test_a_body_of_ten_million_bytes_is_not_even_read_by_default(path: WholePath) -> None:
    """Catches a limit that is looked at after the body was parsed."""
    assert path.send(b"[" + b"0," * 5 * MIB + b"0]", bound=1) == 413


@pytest.mark.long
def test_many_definitions_in_one_job_delay_no_other(wide_path: WholePath) -> None:
    for number in range(60):
        wide_path.send(body(milestone(1, number, site=uuid(7))))
    wide_path.start_anew()


@pytest.fixture(scope="module")
def receiver() -> Iterator[Flask]:
    with TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as folder:
        loaded = load(
            LEAST
            | {
                "DATABASE_URL": databases.fresh("sqlite", Path(folder)),
                "ADMIN_PASSWORD": "made up, too",
            }
        )
        Database(loaded.database_url.get_secret_value()).upgrade()
        yield create_app(loaded)


@pytest.fixture(scope="module")
def api(receiver: Flask) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_wsgi("/openapi.json", receiver)


_ALIKE = pytest.mark.long
"""Of the webhook's three methods, which one function answers, `make test` tries POST alone."""
_OPERATIONS = [
    pytest.param(path, method, marks=_ALIKE if method in ("put", "patch") else ())
    for path, methods in json.loads(OPENAPI_FILE.read_text("utf-8"))["paths"].items()
    for method in methods
]
_MAY_BE_503 = {"/status"}
"""It says that no worker runs, as is so here; what it answers is held all the same."""


@pytest.mark.timeout(3600)
@pytest.mark.parametrize(("address", "method"), _OPERATIONS)
def test_answers_are_as_documented(api: schemathesis.BaseSchema, address: str, method: str) -> None:
    count = 0

    @seed(SEED)
    @settings(_ANY, max_examples=_MORE)
    @given(case=api[address][method].as_strategy())
    def hold(case: Case[Any]) -> None:
        nonlocal count
        count += 1
        answer = case.call(headers={"X-Webhook-Secret": SECRET})
        assert answer.status_code < 500 or address in _MAY_BE_503
        excluded = [ignored_auth, *([not_a_server_error] if address in _MAY_BE_503 else [])]
        case.validate_response(answer, excluded_checks=excluded)

    hold()
    print(f"{count} cases for {method.upper()} {address}")


def test_the_receiver_accepts_what_the_document_allows() -> None:
    """The receiver's leniency is described in the document."""
    document = json.loads(OPENAPI_FILE.read_text("utf-8"))
    content = document["components"]["requestBodies"]["Webhook"]["content"]["application/json"]
    schema = jsonschema_rs.Draft202012Validator(
        content["schema"] | {"components": document["components"]}, validate_formats=True
    )
    allowed, refused, lenient = 0, 0, 0

    @seed(SEED)
    @settings(_ANY, max_examples=FEW)
    @given(tree=spoilt())
    def hold(tree: dict[str, Any]) -> None:
        nonlocal allowed, refused, lenient
        try:
            sent = json.dumps(tree, allow_nan=False).encode()
            fits = schema.is_valid(tree)
        except ValueError:
            return  # Not JSON: a number that is none, a lone surrogate.
        try:
            read(sent)
        except Rejected as error:
            assert not fits, (error.message, tree)
            refused += 1
        else:
            allowed += fits
            lenient += not fits

    hold()
    assert allowed > FEW / 3
    assert refused > FEW / 30
    assert lenient < FEW / 3  # An optional field of another type is left out.
