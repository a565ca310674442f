"""Sets up a complete installation on the emulator, and runs its doctor."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator import Emulator
from sync.doctor import run_checks
from sync.doctor.check import Check
from tests.bench import Bench
from tests.made_up import document, milestone, task
from tests.settings.test_environment import KEY

TOKEN = "a-made-up-token-of-everbright"
PERSON = json.dumps(
    {
        "client_id": "a-client",
        "client_secret": "a-made-up-client-secret",
        "refresh_token": "ada@installer.example",
        "account": "ada@installer.example",
    }
)
"""The emulator takes an unknown refresh token as the email address of the account."""
SERVICE_ACCOUNT = KEY
ROBOT = "sheet@project.iam.gserviceaccount.com"


class Patient:
    """A bench with a job, a document, a folder and tokens; `check` runs the doctor."""

    def __init__(self, google: Emulator, database_url: str) -> None:
        google.everbright.token = TOKEN
        self.google = google
        self.folder = google.create_folder("Documents")
        self.bench = Bench(
            google,
            database_url,
            DRIVE_FOLDER_ID=self.folder,
            EVERBRIGHT_API_TOKEN=TOKEN,
            GOOGLE_OAUTH_TOKEN_JSON=PERSON,
        )
        self.bench.shown(milestone(1, tasks=[task(document(1))]), milestone(2))
        self.bench.wiring.heartbeats.give()

    @property
    def environment(self) -> dict[str, str]:
        return self.bench.environment

    def set(self, **changes: str) -> None:
        """Change settings, as in the environment; blank unsets one."""
        self.environment.update(changes)
        self.bench.configured(self.bench.config)

    def checks(self) -> dict[str, Check]:
        return {one.name: one for one in run_checks(self.bench.settings)}

    def check(self, name: str) -> Check:
        return self.checks()[name]


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Patient]:
    with Emulator() as google:
        yield Patient(google, f"sqlite:///{tmp_path}/brightsheet.sqlite3")
