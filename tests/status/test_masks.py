"""Tests that a body is shown without personal data, and with enough to find a problem."""

import json

import pytest

from sync.status.deliveries import body
from sync.status.masks import mask
from sync.types import MASK
from tests.made_up import SAMPLE

PERSONAL = "Ada Lovelace 555-0199"


def test_the_published_sample_keeps_its_structure_without_personal_data() -> None:
    shown = body(SAMPLE, unmasked=False)
    text = json.dumps(shown)
    for secret in ("sightenbot", "@", "Operations@", "Silver-Inspection", "approved milestone"):
        assert secret not in text
    assert shown["site"] == "157802b4-99aa-4437-b250-934df337766a"
    assert (shown["name"], shown["status"]) == ("Construction & Signoff", "APPROVED")
    assert shown["date_updated"] == "2018-09-04T17:11:58.049354Z"
    assert shown["tasks"][0]["sub_tasks"][0]["label"] == "Mark Complete"
    assert shown["tasks"][0]["assigned_to"]["first_name"] == MASK
    assert shown["comments"][0]["comment"] == MASK
    assert (shown["task_count"], shown["ready_to_submit"]) == (2, True)
    assert body(SAMPLE, unmasked=True)["comments"][0]["commentor_last_name"] == "Bot"


@pytest.mark.parametrize(
    "personal",
    [
        {"customer": {"name": PERSONAL, "category": "residential"}},
        {"homeowner": "LOVELACE"},
        {"status": "ada@example.com"},
        {"stage_name": "Call 555-0199-22"},
        {"contact": 5550199222},
        {"zip": 94107},
        {"date_of_birth": "1815-12-10"},
        {"site": PERSONAL},
        {"ada@example.com": True},
        {"notes": [[PERSONAL]]},
    ],
)
def test_an_unknown_webhook_is_masked_too(personal: dict[str, object]) -> None:
    text = json.dumps(mask(personal))
    for part in ("Ada", "LOVELACE", "555", "94107", "1815", "ada@"):
        assert part not in text


@pytest.mark.parametrize("raw", [b"<name>Ada</name>", b"name=Ada", b"[" * 5000, b"\xff\xfe", b"{"])
def test_a_body_that_is_not_json_is_shown_only_on_request(raw: bytes) -> None:
    assert "Ada" not in str(body(raw, unmasked=False))
    assert f"{len(raw)} bytes" in str(body(raw, unmasked=False))
    assert body(raw, unmasked=True) == raw.decode("utf-8", "replace")


@pytest.mark.parametrize(
    "sent",
    [
        '{"comments": [{"comment": "Asked for a rebate", "private": true}], "status": "SIGN"}',
        "{'comments': [{'comment': 'Asked for a rebate', 'private': True}], 'status': 'SIGN'}",
        '{"comments": [{"comment": "Asked for a rebate", "private": true}], "status": "SI',
    ],
    ids=("JSON", "a literal", "cut off"),
)
def test_private_comments_are_not_shown_even_unmasked(sent: str) -> None:
    shown = str(body(sent.encode(), unmasked=True))
    assert "rebate" not in shown
    assert "SIGN" in shown or f"{len(sent)} bytes" in shown
