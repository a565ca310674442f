"""Made-up payloads, and the published sample. Nobody in here exists."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from sync.everbright.client import EverBright
from sync.settings.environment import EverBrightSettings

ROOT = Path(__file__).parent.parent
SAMPLE = (ROOT / "emulator" / "samples" / "milestone.txt").read_bytes()
SAMPLE_SITE = "157802b4-99aa-4437-b250-934df337766a"
SAMPLE_DEFINITION = "01362295-1d44-4eea-9234-898bb3073709"
SAMPLE_DOCUMENT = "189bd7c0-2e6f-45cb-a00e-33ca4fe297d2"
SAMPLE_QUOTE = "8ba871ae-3282-420c-af3f-ddc41ac50273"
DEMO_CONFIG = ROOT / "tests" / "brightsheet.toml"
"""What the tests go by: config/brightsheet.toml is the installer's, who may change all of it."""
SECRET = "a-made-up-secret-of-tests"

DOCUMENT_PATH = "/api/v1/document/{document}/download/"


def uuid(number: int) -> str:
    """Return the UUID of `number`, the same in every run."""
    return str(UUID(int=number))


def milestone(job: int = 1, definition: int = 1, **changes: Any) -> dict[str, Any]:
    """Return a milestone's payload with `changes`."""
    payload = {
        "uuid": uuid(10_000 + job * 100 + definition),
        "site": uuid(job),
        "quote": uuid(20_000 + job),
        "milestone_definition": uuid(30_000 + definition),
        "name": f"Milestone {definition}",
        "status": "SUBMITTED",
        "date_updated": "2026-03-01T10:00:00Z",
        "ready_to_submit": False,
        "assigned_to": None,
        "comments": [],
        "tasks": [],
    }
    return payload | changes


def comment(
    text: str, at: str, author: str = "ada@installer.example", **more: Any
) -> dict[str, Any]:
    made = {"comment": text, "timestamp": at, "commentor": author, "uuid": uuid(hash(at) % 2**64)}
    return made | more


def document(number: int, name: str = "Permit.pdf", kind: str = "UPLOADED") -> dict[str, Any]:
    return {"uuid": uuid(40_000 + number), "name": name, "creation_type": kind}


def task(*documents: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a task with one sub-task that holds `documents`."""
    sub_task = {
        "uuid": uuid(50_000),
        "label": "Upload",
        "status": "COMP",
        "required": True,
        "data": {"envelopes": [], "documents": list(documents)},
    }
    return {"name": "Permit", "status": "INPROG", "sub_tasks": [sub_task]} | changes


def body(payload: object) -> bytes:
    return json.dumps(payload).encode()


def everbright_at(
    url: str, token: str, path: str = DOCUMENT_PATH, patience: float = 60.0
) -> EverBright:
    """Return a client of EverBright's at an address."""
    given = {"URL": url, "API_TOKEN": token, "DOCUMENT_PATH": path}
    settings = EverBrightSettings.model_validate({f"EVERBRIGHT_{n}": v for n, v in given.items()})
    return EverBright(settings, patience)
