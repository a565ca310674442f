"""Tests the weekly digest by email, with an SMTP server on loopback, and the deadline alert."""

import socketserver
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email import message_from_string
from email.policy import default
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from emulator import Emulator
from sync.status.digests import send_digests
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.sheets.conftest import with_more

NOW = datetime.now(UTC).replace(hour=8, minute=30, second=0, microsecond=0)
TODAY = f"{NOW:%A}".lower()


class _Session(socketserver.StreamRequestHandler):
    """The part of SMTP that a client needs to send one message."""

    def handle(self) -> None:
        self._reply("220 ready")
        while line := self.rfile.readline().decode().strip():
            command = line[:4].upper()
            if command == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
            if command == "DATA":
                self._reply("354 go ahead")
                lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), ".")
                text = "\n".join(lines)
                self.server.mails.append((recipient, text))  # type: ignore[attr-defined]
            is_refused = command == "RCPT" and recipient in self.server.refused  # type: ignore[attr-defined]
            self._reply("550 no such mailbox" if is_refused else "250 OK")
            if command == "QUIT":
                return

    def _reply(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


class Post(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.mails: list[tuple[str, str]] = []
        self.refused: set[str] = set()
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        port = self.server_address[1]
        return (
            f"mailto://127.0.0.1:{port}/?from=sheet@installer.example&to=office@installer.example"
        )

    def taken(self) -> dict[str, list[str]]:
        found, self.mails = self.mails, []
        return {to: _lines(text) for to, text in found}


def _lines(text: str) -> list[str]:
    body = message_from_string(text, policy=default).get_body(("plain",))
    assert body is not None
    return [line for line in body.get_content().splitlines() if line.strip()]


@pytest.fixture
def post() -> Iterator[Post]:
    with Post() as made:
        yield made
        made.shutdown()


@pytest.fixture
def bench(post: Post, sqlite_url: str, tmp_path: Path) -> Iterator[Bench]:
    reps = '\n[reps]\n"Ada Birch" = "ada@installer.example"\n"Ben Cole" = "ben@installer.example"\n'
    with Emulator() as google:
        config = with_more(tmp_path, reps)
        yield Bench(google, sqlite_url, config, ALERT_URLS=post.url, WEEKLY_DIGEST=TODAY)


def weekly(bench: Bench, now: datetime = NOW) -> None:
    alerts = bench.wiring.alerts()
    send_digests(bench.wiring, alerts, lambda: now)


def submitted(number: int, days: float, status: str = "SUBMITTED") -> dict[str, Any]:
    when = f"{NOW - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}"
    return milestone(number, name="Permits", status=status, date_updated=when)


def rep(bench: Bench, number: int, name: str) -> None:
    bench.edit("type_cell", row=bench.at(number), column=bench.index("rep"), text=name)


def test_each_rep_gets_the_jobs_with_that_name_and_the_office_all(bench: Bench, post: Post) -> None:
    bench.shown(submitted(1, 20), submitted(2, 16), submitted(3, 1))
    rep(bench, 1, "Ada Birch")
    rep(bench, 2, "Ben Cole")
    bench.compare()
    bench.shown(submitted(1, 0.1, "REJECTED"))
    weekly(bench)
    mails = post.taken()
    stuck = f"- Job 00000000: {bench.row(uuid(2))['Status']}, 16 days"
    day = f"{NOW - timedelta(days=0.1):%b} {(NOW - timedelta(days=0.1)).day}"
    changed = f"- Job 00000000: Permits, Submitted → Rejected, {day}"
    assert mails["ada@installer.example"] == [
        "Stuck jobs: 0",
        "Deadlines within a week: 0",
        "Approved but unpaid: 0",
        "Changes in the last seven days: 1",
        changed,
    ]
    assert mails["ben@installer.example"][:2] == ["Stuck jobs: 1", stuck]
    assert mails["office@installer.example"][:2] == ["Stuck jobs: 1", stuck]
    assert changed in mails["office@installer.example"]


def test_it_is_sent_once_on_its_day_or_again_if_it_did_not_arrive(bench: Bench, post: Post) -> None:
    bench.shown(submitted(1, 1))
    weekly(bench, NOW - timedelta(days=1))
    weekly(bench, NOW.replace(hour=6))
    assert post.taken() == {}
    everybody = {f"{name}@installer.example" for name in ("office", "ada", "ben")}
    post.refused = everybody
    weekly(bench)
    assert post.taken() == {}
    post.refused = set()
    weekly(bench, NOW + timedelta(hours=1))
    assert set(post.taken()) == everybody
    weekly(bench, NOW + timedelta(hours=2))
    assert post.taken() == {}


def test_a_recipient_whose_address_was_refused_gets_it_in_an_hour(bench: Bench, post: Post) -> None:
    bench.shown(submitted(1, 1))
    post.refused = {"office@installer.example"}
    weekly(bench)
    assert set(post.taken()) == {"ada@installer.example", "ben@installer.example"}
    post.refused = set()
    weekly(bench)
    assert post.taken() == {}, "a wrong address is not tried every half a minute"
    weekly(bench, NOW + timedelta(hours=1))
    assert set(post.taken()) == {"office@installer.example"}


def test_it_is_off_without_a_day_or_an_email_address(bench: Bench, post: Post) -> None:
    bench.shown(submitted(1, 20))
    for change in ({"WEEKLY_DIGEST": ""}, {"ALERT_URLS": "json://127.0.0.1:9/"}):
        usual = {**bench.environment}
        bench.environment.update(change)
        bench.configured(bench.config)
        weekly(bench)
        bench.environment.update(usual)
    assert post.taken() == {}


DEADLINES = """
[[columns]]
id = "deadline"
header = "Deadline"

[[milestones]]
definitions = ["00000000-0000-0000-0000-000000007531"]
header = "Permits"
alias = "permits"
"""


def test_an_alert_each_day_lists_the_deadlines_of_a_week_without_names(
    post: Post, google: Emulator, sqlite_url: str, tmp_path: Path
) -> None:
    google.everbright.token = "a-token"
    settings = {"ALERT_URLS": post.url, "EVERBRIGHT_API_TOKEN": "a-token"}
    bench = Bench(google, sqlite_url, with_more(tmp_path, DEADLINES), **settings)
    due = {1: 5, 2: 7, 3: 8, 4: -1}
    for number, days in due.items():
        at = f"{NOW + timedelta(days=days):%Y-%m-%d}"
        quote = uuid(20_000 + number)
        google.everbright.data.set(quote, milestone_permits_submission_deadline=at)
    bench.send(*(submitted(number, 1, "INPROG") for number in due))
    bench.project()
    fetcher = bench.wiring.detail_fetcher()
    while fetcher and fetcher.fetch() is not None:
        pass
    for _ in range(2):
        weekly(bench)
    found = post.taken()["office@installer.example"]
    near = [NOW + timedelta(days=after) for after in (5, 7)]
    assert found == [
        "2 deadlines are within a week:",
        *(f"Job 00000000: {day:%b} {day.day}" for day in near),
    ]
    weekly(bench, NOW + timedelta(days=1))
    assert len(post.taken()["office@installer.example"]) == 4, "the third's week has begun"
