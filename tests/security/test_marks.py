"""Personal data in every webhook and answer, each piece with a mark: where the marks come out.

They are in the store and the sheet. On the console's pages, in what commands print, in the log, in
alerts and in what is open to everybody there is none, until somebody asks for personal data.
"""

import os
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from click.testing import CliRunner

from brightsheet import cli
from emulator import Emulator
from sync.errors import BrightsheetError
from sync.ops.alerts import Alerts, Message
from sync.status.messages import MESSAGES
from sync.status.watch import Watch
from sync.worker.loop import DocumentLoop, Stop
from tests.console.conftest import PASSWORD, Console
from tests.console.test_access import routes
from tests.made_up import SECRET, body, comment, document, milestone, task, uuid
from tests.security.conftest import Written
from tests.stored import newest
from tests.webhooks.payloads import change_order, contract, stage

MARK = re.compile(r"zq\d+zq", re.IGNORECASE)
JOBS = 4
FEW, MANY = 40, int(os.environ.get("MARKS", "400"))
FULL = os.environ.get("CHAOS_SIZE") == "full"
TOKEN = "a-token"


class Marks:
    """Makes texts of people, each with a mark of its own."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.count = 0

    def mark(self) -> str:
        self.count += 1
        return f"zq{self.count}zq"

    def text(self) -> str:
        """Return a typed text: plain, as a formula, as an address, as a phone number."""
        forms = ("{}", "Ring {} at 9", "={}+1", "{}@home.example", "https://{}.example/x", "<b>{}")
        return self.random.choice(forms).format(self.mark())

    def name(self) -> str:
        return self.mark().capitalize()

    def person(self) -> dict[str, Any]:
        keys = ("first_name", "last_name", "phone_number", "mobile")
        return dict.fromkeys(keys, self.name()) | {"email": f"{self.mark()}@home.example"}

    def comment(self) -> dict[str, Any]:
        when = f"2026-03-{self.random.randint(1, 28):02d}T10:00:00Z"
        made = comment(self.text(), when, author=f"{self.mark()}@home.example")
        return made | {"commentor_first_name": self.name(), "commentor_last_name": self.name()}

    def document(self) -> dict[str, Any]:
        ending = self.random.choice(("pdf", "jpg", "heic", "", "html"))
        return document(self.random.randint(1, 400), f"{self.name()}.{ending}")

    def task(self) -> dict[str, Any]:
        made = task(self.document(), self.document(), description=self.text())
        made["sub_tasks"][0] |= {"instructions": self.text()}
        return made | {"assigned_to": self.person(), "comments": [self.comment()]}

    def milestone(self) -> dict[str, Any]:
        number = self.random.randint(1, JOBS)
        return milestone(
            number,
            self.random.randint(1, 3),
            status=self.random.choice(("SUBMITTED", "REJECTED", "APPROVED", "INPROG")),
            date_updated=f"2026-04-{self.random.randint(1, 28):02d}T{self.count % 24:02d}:00:00Z",
            description=self.text(),
            assigned_to=self.person(),
            comments=[self.comment() for _ in range(self.random.randint(0, 3))],
            tasks=[self.task() for _ in range(self.random.randint(0, 2))],
        )

    def odd(self) -> dict[str, Any]:
        """Return a milestone that is rejected, for a text where something else belongs."""
        at = self.random.choice(
            ("site", "uuid", "date_updated", "ready_to_submit", "quote", "milestone_definition")
        )
        return self.milestone() | {at: self.text()}

    def unknown(self) -> dict[str, Any]:
        inner: Any = self.random.choice((self.name(), self.person(), [self.text()], {"a": {}}))
        names = dict.fromkeys(("site", "homeowner"), self.name())
        return {self.mark(): self.name(), "customer": inner} | names

    def other(self) -> dict[str, Any]:
        job = self.random.randint(1, JOBS)
        made = self.random.choice((contract, change_order))("SIGN", job=job)
        made["sub_tasks"][0]["data"]["documents"][0]["name"] = self.name()
        return made | {"comments": [self.comment()], "assigned_to": self.person()}

    def remark(self) -> dict[str, Any]:
        return {"site": uuid(self.random.randint(1, JOBS)), **self.comment()}

    def stage(self) -> dict[str, Any]:
        return stage("Sold", "New") | {"comments": [self.comment()], "customer": self.person()}

    def sent(self) -> bytes:
        kinds = (*[self.milestone] * 5, self.odd, self.odd, self.unknown, self.other, self.remark)
        made = self.random.choice((*kinds, self.stage))()
        raw = self.random.choice((body, body, lambda tree: repr(tree).encode()))(made)
        return raw if self.random.random() < 0.9 else raw[: self.random.randint(1, len(raw))]


class Notebook:
    """A channel that notes the texts of messages."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def deliver(self, message: Message) -> bool:
        self.texts.append(message.lines())
        return True


class Stage:
    """The product with one kind of sheet, to which marked webhooks are sent."""

    def __init__(self, google: Emulator, url: str, seed: int) -> None:
        google.everbright.token = TOKEN
        self.google = google
        self.marks = Marks(seed)
        self.console = Console(
            google,
            url,
            EVERBRIGHT_API_TOKEN=TOKEN,
            DRIVE_FOLDER_ID=google.create_folder("Documents"),
        )
        self.bench = self.console.bench
        self.told: dict[str, str] = {}
        for number in range(1, JOBS + 1):
            address = dict.fromkeys(
                ("address_line_1", "city_name", "county_name"), self.marks.name()
            )
            google.everbright.set_site(
                uuid(number), contacts=[self.marks.person()], address=address | {"zipcode": "80999"}
            )

    def prepare(self) -> None:
        """Make the sheet before anything comes."""

    def type_over(self) -> None:
        """Have a person write into the status of each job."""

    def send(self, raw: bytes) -> None:
        headers = {"X-Webhook-Secret": SECRET, "Content-Type": "application/json"}
        answer = self.console.visitor.client.post("/webhooks/everbright", data=raw, headers=headers)
        assert answer.status_code < 500, answer.text
        self.told[f"answer {len(self.told)}"] = answer.text + str(answer.headers)

    def work(self) -> None:
        """Do what the worker does, with answers that fail in between."""
        self.bench.project()
        self.bench.ask()
        self.google.faults.html(502, api="everbright", count=2)
        self._copy()
        self.google.faults.clear()
        self.bench.try_to_flush(6)

    def _copy(self) -> None:
        loop = DocumentLoop(self.bench.wiring, Alerts([]), Stop())
        for _ in range(4):
            loop.step()

    def watch(self) -> None:
        said: list[str] = []

        def send(_reason: str, text: str, *_: object, **_more: object) -> bool:
            said.append(text)
            return True

        notebook = Notebook()
        alerts = Alerts([notebook])
        messages = [partial(send_due, self.bench.wiring, alerts) for send_due in MESSAGES]
        Watch(self.bench.wiring.backlog, send, messages).step()
        assert said
        self.told["alerts"] = "\n".join([*said, *notebook.texts])

    def look(self) -> None:
        visitor = self.console.signed_in()
        kept = newest(self.bench.inbox, 500)
        paths = [path for method, path in routes(self.console.app) if method == "GET"]
        paths += ["/?span=days", "/documents?state=pending"]
        paths += ["/documents?state=failed", "/documents?state=done"]
        paths += [f"/jobs/{uuid(number)}" for number in range(1, JOBS + 1)]
        paths += [f"/deliveries/{each.id}" for each in kept]
        paths += [f"/deliveries?before={seq}" for seq in range(1, len(kept) + 50, 50)]
        for path in paths:
            self.told[path] = visitor.get(path).text
        for path in ("/columns", "/checks"):
            self.told[f"{path} read"] = visitor.send(path, step="look").text
        for path in ("/status", "/healthz", "/readyz", "/openapi.json"):
            self.told[path] = visitor.client.get(path).text
        self.told["/metrics"] = visitor.client.get("/metrics", auth=("", PASSWORD)).text
        for words in self._commands([each.id for each in kept]):
            runner = CliRunner(env=self.bench.environment)
            ran = runner.invoke(cli, words)
            assert not ran.exception or isinstance(ran.exception, SystemExit | BrightsheetError)
            self.told[" ".join(words)] = ran.output + str(ran.exception or "")

    def _commands(self, deliveries: list[str]) -> Iterator[tuple[str, ...]]:
        """Yield every command that prints anything; `--unmask` is left out, which asks for it.

        So are `map` and `link`: they are about the content of the installer's rows.
        """
        for words in (("deliveries",), ("doctor",), ("compare",), ("statuses",), ("milestones",)):
            yield words
            yield (*words, "--json")
        yield ("deliveries", "--outcome", "rejected", "--limit", "500", "--json")
        for delivery in deliveries[:5]:
            yield ("deliveries", "show", delivery)
            yield ("deliveries", "show", delivery, "--json")
        yield from (("details",), ("backfill", "--json"), ("retry", "--all"), ("retry", "z"))

    def marked(self) -> set[str]:
        return {place for place, text in self.told.items() if MARK.search(text)}


def played(made: Stage, count: int) -> Stage:
    """Send marked bodies, and look at everything; sheets of people are typed into meanwhile."""
    made.prepare()
    for number in range(count):
        made.send(made.marks.sent())
        if number % 20 == 19:
            made.work()
            made.type_over()
    # So that what was typed is replaced, and new enough for a message.
    for hours, status in ((2, "REJECTED"), (1, "APPROVED")):
        at = datetime.now(UTC) - timedelta(hours=hours)
        for number in range(1, JOBS + 1):
            newest = made.marks.milestone() | {
                "site": uuid(number), "milestone_definition": uuid(30_001), "status": status,
                "uuid": uuid(10_001 + number * 100), "date_updated": at.isoformat(),
            }  # fmt: skip
            made.send(body(newest))
        made.work()
    made.watch()
    made.look()
    return made


@pytest.mark.timeout(300)
def test_secret_marks_appear_only_where_allowed(
    google: Emulator, sqlite_url: str, lines: Written
) -> None:
    made = played(Stage(google, sqlite_url, 1), FEW)
    made.told["the log"] = lines()[0]
    assert made.marked() == set()
    assert made.marks.count > FEW
    is_shown_when_asked_for(made)


@pytest.mark.long
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("seed", [2, 3] if FULL else [2])
def test_marks_of_many_webhooks_appear_only_where_allowed(
    google: Emulator, sqlite_url: str, lines: Written, seed: int
) -> None:
    made = played(Stage(google, sqlite_url, seed), MANY)
    made.told["the log"] = lines()[0]
    assert made.marked() == set()


def is_shown_when_asked_for(made: Stage, tab: str = "Jobs", number: int = 1) -> str:
    """Return the page of a job; what hides everything from everybody would pass, too."""
    visitor = made.console.visitor
    before = visitor.text(f"/jobs/{uuid(number)}")
    assert "***" in before
    visitor.send("/personal", show="yes")
    job = visitor.text(f"/jobs/{uuid(number)}")
    assert MARK.search(job)
    assert MARK.search(visitor.text("/documents"))
    assert MARK.search(str(made.bench.texts(tab)))
    return job
