"""The web app in this process, without a worker; tests apply what has arrived themselves."""

import json
import re
from typing import Any, Self

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app import create_app
from sync.console.records import Records
from sync.core.apply import apply_waiting
from sync.core.database import Database, Lease
from sync.core.standing import Statuses
from sync.core.store import Store
from sync.settings.environment import Settings, load
from tests.made_up import SECRET, body
from tests.settings.test_environment import LEAST
from tests.world import PASSWORD, TOKEN


class Page:
    """A browser without JavaScript, at an app in this process."""

    def __init__(self, app: Flask) -> None:
        self.client: FlaskClient = app.test_client()

    def get(self, path: str) -> TestResponse:
        return self.client.get(path)

    def text(self, path: str) -> str:
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def token(self, path: str) -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(path).text)
        assert found is not None, path
        return found[1]

    def send(self, path: str, form_at: str = "/setup", **fields: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token(form_at), **fields})

    def sign_in(self, password: str = PASSWORD) -> TestResponse:
        return self.send("/sign-in", "/sign-in", password=password)


class Rig:
    """A database with a web app."""

    def __init__(self, url: str, **settings: str) -> None:
        known = {**LEAST, "WEBHOOK_SECRET": SECRET, "ADMIN_PASSWORD": PASSWORD, **TOKEN}
        known["BACKFILL_HOURS"] = "0"
        self.settings: Settings = load({**known, "DATABASE_URL": url, **settings})
        self.database = Database(url)
        self.database.create()
        self.store, self.records = Store(self.database), Records(self.database)
        self.lease = Lease(self.database, 600)
        assert self.lease.take()
        self.app = create_app(self.settings, self.database)
        self.page = Page(self.app)

    def signed_in(self) -> Page:
        assert self.page.sign_in().status_code == 303
        return self.page

    def post(self, payload: object) -> TestResponse:
        raw = payload if isinstance(payload, bytes) else body(payload)
        headers = {"X-Webhook-Secret": SECRET, "Content-Type": "application/json"}
        return self.app.test_client().post("/webhooks/everbright", data=raw, headers=headers)

    def arrived(self, *payloads: object) -> Self:
        """Send payloads, and apply them to their jobs."""
        for payload in payloads:
            self.post(payload)
        while apply_waiting(self.store, self.lease, Statuses(self.settings.config)):
            pass
        return self

    def asked(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what the worker was asked to do, the oldest first."""
        return [(each.kind, json.loads(each.body)) for each in reversed(self.records.actions(99))]
