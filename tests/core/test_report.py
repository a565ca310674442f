"""What the core reports of itself, as status and the console read it."""

import json
from dataclasses import asdict

from sync.core.report import Failure, Finding, PassReport
from sync.types import from_json


def test_a_report_is_stored_as_it_is() -> None:
    finding = Finding("other_customer", "Jobs", 4, "site")
    report = PassReport(5.0, 2, [finding], 4.0, Failure("google_unavailable", "503"))
    body = json.loads(json.dumps(asdict(report)))
    assert from_json(PassReport, body) == report
    assert from_json(PassReport, {**body, "of_a_later_version": 1}) == report
