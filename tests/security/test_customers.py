"""EverBright's answer about a customer does no harm, whatever it is, and isn't disclosed."""

import json

import pytest
from structlog.testing import capture_logs

from sync.errors import BrightsheetError, Permanent
from sync.everbright import answers
from sync.everbright.client import SITE_PATH, EverBright
from sync.jobs.model import Customer
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.security.servers import Server, say
from tests.security.test_outgoing import PATH, TOKEN, home, inside
from tests.sheets.conftest import asking

__all__ = ["asking", "home", "inside"]
ASKED = SITE_PATH.format(site=uuid(1))


def ask(home: Server) -> Customer:
    return answers.read_customer(
        EverBright(home.url, TOKEN, "Authorization: Token", PATH).site(uuid(1))
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>Sign in</html>",
        b"[" * 100_000,
        b"null",
        b"[]",
        b'"text"',
        b'{"detail": "Not found."}',
        b'{"data": []}',
        b"\xff\xfe\x00",
        b"9" * 5000,
    ],
)
def test_an_answer_that_is_no_job_is_none(home: Server, answer: bytes) -> None:
    home.answers[ASKED] = say(200, answer)
    with pytest.raises(Permanent):
        ask(home)


@pytest.mark.parametrize(
    "odd",
    [
        {"contacts": None, "address": None, "uuid": 1},
        {"contacts": [None, 5, {"first_name": ["x"], "last_name": {"a": 1}}], "address": "Main St"},
        {"data": {"contacts": {"first_name": "Ada"}, "address": [1]}},
    ],
)
def test_odd_parts_of_a_job_stay_blank(home: Server, odd: object) -> None:
    home.answers[ASKED] = say(200, json.dumps(odd).encode())
    assert ask(home) == Customer()


def test_alerts_are_plain_single_lines(home: Server) -> None:
    contact = {"first_name": "=A1\n\x00", "last_name": "x" * 9000, "phone_number": 5550161}
    home.answers[ASKED] = say(200, json.dumps({"contacts": [contact]}).encode())
    told = ask(home)
    assert told.name.startswith("=A1 xxx")
    assert len(told.name) < 1100
    assert told.phone == "5550161"


def test_an_oversized_answer_is_not_read(home: Server) -> None:
    home.answers[ASKED] = say(200, b'{"contacts": "' + b"x" * (5 * 1024**2) + b'"}')
    with pytest.raises(Permanent, match="over 4194304 bytes"):
        ask(home)


def test_a_redirect_takes_no_token_along(home: Server, inside: Server) -> None:
    inside.answers["/elsewhere"] = say(200, b'{"contacts": [], "uuid": "x"}')
    home.answers[ASKED] = say(302, b"", Location=f"{inside.url}/elsewhere")
    with pytest.raises(Permanent, match="another host"):
        ask(home)
    assert TOKEN in str(home.asked)
    assert not inside.asked


def test_names_and_addresses_are_in_no_log(asking: Bench) -> None:
    with capture_logs() as logged:
        asking.shown(milestone(1))
        asking.ask()
        asking.flush()
        row = asking.row(uuid(1))
        asking.google.everbright.token = "another"
        asking.shown(milestone(2))
        asking.ask()
    assert "flushed" in str(logged)
    for column in ("Customer", "Address", "Phone"):
        assert row[column] not in str(logged)


def test_a_failure_is_ours(home: Server) -> None:
    for status in (400, 401, 404, 429, 500):
        home.answers[ASKED] = say(status, b"x")
        with pytest.raises(BrightsheetError):
            ask(home)
