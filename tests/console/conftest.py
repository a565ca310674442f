"""Sets up the console on the emulator: in this process with Flask's client, or in a browser."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page
from werkzeug.test import TestResponse

from app import create_app
from demo.process import Receiver
from emulator import Emulator
from sync.ops.alerts import Alerts
from sync.store import ActionLog
from sync.worker.action_loop import ActionLoop
from sync.worker.loop import Stop
from sync.worker.sheet_loop import SheetLoop
from tests.bench import Bench
from tests.made_up import DEMO_CONFIG
from tests.reading.conftest import browser
from tests.world import World

__all__ = ["browser"]

PASSWORD = "open-up-please"


class Visitor:
    """A browser without JavaScript, at a console."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def text(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.text

    def token(self, path: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def send(self, path: str, form_at: str = "/actions", **fields: str) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(form_at), **fields})

    def sign_in(self, password: str = PASSWORD) -> TestResponse:
        return self.send("/sign-in", "/sign-in", password=password)


class Console:
    """An installation with its web process, and the worker's loops, which a test steps."""

    def __init__(
        self, google: Emulator, url: str, config: Path = DEMO_CONFIG, **settings: str
    ) -> None:
        self.bench = Bench(google, url, config, ADMIN_PASSWORD=PASSWORD, **settings)
        self.app = create_app(self.bench.settings)
        self.visitor = Visitor(self.app)
        self.actions = ActionLog(self.bench.database)

    def signed_in(self) -> Visitor:
        assert self.visitor.sign_in().status_code == 303
        return self.visitor

    def sheet_loop(self) -> SheetLoop:
        return SheetLoop(self.bench.wiring, Alerts([]), Stop())

    def action_loop(self) -> ActionLoop:
        return ActionLoop(self.bench.wiring, Stop(), lambda: None)


@pytest.fixture
def console(google: Emulator, sqlite_url: str) -> Console:
    return Console(google, sqlite_url)


@pytest.fixture
def store_console(google: Emulator, database_url: str) -> Console:
    return Console(google, database_url)


@pytest.fixture
def world(google: Emulator, tmp_path: Path, sqlite_url: str) -> Iterator[World]:
    """Run Brightsheet in a process with its worker, like `serve` does."""
    made = World(google, tmp_path, sqlite_url, ADMIN_PASSWORD=PASSWORD)
    with Receiver(made.environment, made.log, made.port) as receiver:
        receiver.ready()
        yield made


def entered(page: Page, url: str) -> Page:
    page.goto(url)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Overview").wait_for()
    return page
