"""Tests that contracts and change orders have the right state in every order of arrival."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest

from sync.jobs.cells import EMPTY, Cell
from sync.jobs.model import Change, Files, Job
from sync.jobs.projection import apply_event, apply_other_event, milestone_event
from sync.webhooks.parse import read
from tests.jobs.test_projection import CONFIG, HISTORY, RECEIVED
from tests.jobs.test_row import layout
from tests.laid_out import cells_of
from tests.made_up import body, milestone, uuid
from tests.webhooks.payloads import change_order, contract, document, stage

DAY = datetime(2026, 3, 5, 10, tzinfo=UTC)


def told(*payloads: dict[str, Any], job: Job | None = None) -> Job:
    job = job or Job(site=uuid(1))
    for payload in payloads:
        delivery = read(body(payload))
        if delivery.milestone:
            event = milestone_event(delivery.milestone, delivery.digest, RECEIVED)
            job = apply_event(job, event, CONFIG)
        elif delivery.other_event:
            job = apply_other_event(job, delivery.other_event, delivery.digest, RECEIVED)
    return job


def shown(*payloads: dict[str, Any]) -> dict[str, Cell]:
    return cells_of(layout(), told(*payloads), Files())


def text(column: str, *payloads: dict[str, Any]) -> str:
    """Return the column's texts for every order of `payloads`, with repeats."""
    orders = [(*order, order[0]) for order in permutations(payloads)]
    (found,) = {shown(*order).get(column, EMPTY).text for order in orders}
    return found


GEN, SENT, SIGN, VOID = (contract(state) for state in ("GEN", "SENT", "SIGN", "VOID"))


@pytest.mark.parametrize(
    ("payloads", "state"),
    [
        ([GEN], "Generated"),
        ([GEN, SENT], "Sent"),
        ([GEN, SENT, SIGN], "Signed"),
        ([SIGN, contract("SENT", date_updated="2026-03-09T10:00:00Z")], "Signed"),
        ([GEN, SENT, VOID], "Voided"),
        ([GEN, SENT, SIGN, VOID], "Voided"),
        ([SIGN, contract("VOID", date_updated="2026-03-04T10:00:00Z")], "Signed"),
        ([SIGN, contract("VOID", date_updated="2026-03-06T10:00:00Z")], "Voided"),
        (
            [
                SIGN,
                contract("VOID", date_updated="2026-03-06T10:00:00Z"),
                contract("SENT", date_updated="2026-03-07T10:00:00Z"),
            ],
            "Sent",
        ),
        (
            [
                SIGN,
                contract("VOID", date_updated="2026-03-06T10:00:00Z"),
                contract(signed="2026-03-07T10:00:00Z"),
            ],
            "Signed",
        ),
    ],
)
def test_the_state_is_the_same_in_every_order(payloads: list[dict[str, Any]], state: str) -> None:
    assert text("contract", *payloads) == state


def test_the_copy_in_drive_is_linked_like_any_other() -> None:
    files = Files(documents={uuid(61_001): "https://d/1"})
    cell = cells_of(layout(), told(SIGN), files)["contract_documents"]
    assert cell.text == "↗ Agreement.pdf"
    assert cell.links[1].uri == "https://d/1"


@pytest.mark.parametrize("signed", [None, "None", "soon", "2036-01-01T00:00:00Z"])
def test_without_a_signing_date_the_first_date_of_the_event_is_used(signed: str | None) -> None:
    one = contract(signed=signed, date_updated="2026-03-05T10:00:00Z")
    later = contract(signed=signed, date_updated="2026-03-08T10:00:00Z", documents=[])
    for order in permutations([one, later]):
        assert shown(*order)["contract_signed"].when == DAY


def test_a_document_that_arrives_after_the_signature_is_linked() -> None:
    bare = contract(documents=[], date_updated="2026-03-09T10:00:00Z")
    assert text("contract_documents", bare, SIGN) == "Agreement.pdf"


def test_voiding_a_draft_of_another_quote_keeps_the_signed_contract() -> None:
    """Drafts are voided after a signature, and the contract must not seem lost."""
    draft = contract("VOID", quote=uuid(5), date_updated="2026-03-09T10:00:00Z")
    assert text("contract", SIGN, draft) == "Signed"
    assert text("contract", SENT, draft) == "Sent"
    of_no_quote = contract("VOID", quote="gone", date_updated="2026-03-09T10:00:00Z")
    assert text("contract", SIGN, of_no_quote) == "Voided"
    again = contract(quote=uuid(5), signed="2026-03-09T12:00:00Z")
    assert text("contract", SIGN, VOID, again) == "Signed"
    assert text("initial_quote", SIGN, again) == uuid(20_001)


def test_two_contracts_with_different_states_are_shown_by_name() -> None:
    other = contract("SENT", name="Home Improvement Contract")
    said = "Sent: Home Improvement Contract\nSigned: Installation Agreement"
    assert text("contract", SIGN, other) == said
    assert text("contract", SIGN, contract(name="Home Improvement Contract")) == "Signed"


def test_a_document_with_another_name_is_shown_by_name() -> None:
    """Other documents are signed electronically, too, and must not seem to be the contract."""
    other = contract(name="Utility Form", documents=[document(9, "Form.pdf", "UPLOADED")])
    assert text("contract", other) == "Signed: Utility Form"
    assert text("contract", other, SENT) == "Sent"
    assert text("contract_documents", other, SIGN) == "Agreement.pdf"


def test_only_a_signed_change_order_changes_the_quote() -> None:
    sent, voided = (change_order(s, date_updated="2026-03-09T10:00:00Z") for s in ("SENT", "VOID"))
    assert text("current_quote", milestone(), sent, voided) == ""
    assert text("current_quote", milestone(), sent, change_order(), voided) == uuid(77)
    assert shown(change_order())["current_quote"].noted == datetime(2026, 3, 8, 9, tzinfo=UTC)


def test_the_change_order_signed_last_is_active() -> None:
    """Also if a later event is about the first one."""
    first = change_order(new=77, date_updated="2026-03-09T23:00:00Z")
    second = change_order(new=78, signed="2026-03-09T09:00:00Z")
    voided = change_order("VOID", new=78, date_updated="2026-03-10T00:00:00Z")
    assert text("current_quote", milestone(), first, second, voided) == uuid(78)
    again = change_order(new=77, signed="2026-03-09T10:00:00Z")
    assert text("current_quote", first, second, again) == uuid(77)


def test_the_old_quote_never_becomes_current() -> None:
    late = milestone(date_updated="2026-03-09T10:00:00Z", definition=2)
    assert text("current_quote", change_order(), late, contract()) == uuid(77)
    assert text("initial_quote", change_order(), late, contract()) == uuid(20_001)


def test_an_event_that_is_applied_again_replaces_what_was_parsed_wrong() -> None:
    job = told(milestone(quote=uuid(7)), SIGN, change_order())
    ((key, log),), ((quote, order),) = job.contracts.items(), job.change_orders.items()
    assert job.first_quote is not None
    assert log.signed is not None
    mistaken = job.model_copy(
        update={
            "first_quote": job.first_quote.model_copy(update={"value": "wrong"}),
            "contracts": {
                key: log.model_copy(
                    update={"signed": log.signed.model_copy(update={"sub_task": "wrong"})}
                )
            },
            "change_orders": {quote: order.model_copy(update={"sub_task": "wrong"})},
        }
    )
    again = told(milestone(quote=uuid(7)), SIGN, change_order(), job=mistaken)
    assert again == job


def test_a_change_order_without_a_new_quote_shows_that() -> None:
    """Otherwise the previous quote would still seem to be the current one."""
    bare = change_order(new_quote="gone", signed="2026-03-09T09:00:00Z")
    cell = shown(change_order(), bare)["current_quote"]
    assert cell.text == "See the change order"
    assert "new_quote" in cell.note


def lines(*payloads: dict[str, Any]) -> list[Change]:
    job, found = Job(site=uuid(1)), []
    for payload in payloads:
        after = told(payload, job=job)
        sent = read(body(payload))
        if sent.other_event:
            found += HISTORY.other_changes(job, after, sent.other_event, sent.digest, DAY)
        job = after
    return found


@pytest.mark.parametrize(
    ("payloads", "now"),
    [
        ([stage("Sold", "Lead"), stage("Design", "Sold")], "Design"),
        ([stage("Sold", "Lead"), stage("Design", "Sold"), stage("Built", "Design")], "Built"),
        ([stage("Sold", ""), stage("Design", "Sold")], "Design"),
    ],
)
def test_a_stage_that_was_left_is_not_the_stage(payloads: list[dict[str, Any]], now: str) -> None:
    """The transitions have no date; each names the stage before."""
    assert text("stage", *payloads) == now
