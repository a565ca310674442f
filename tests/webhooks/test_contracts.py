"""Contracts and change orders are recognized by shape and name, and read field by field."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.settings.config_file import WebhooksConfig
from sync.webhooks.parse import read
from sync.webhooks.schema import Contract, ContractState, Kind
from tests.made_up import body, milestone, uuid
from tests.webhooks.payloads import change_order, contract


def found(payload: dict[str, Any], **shapes: Any) -> Contract | None:
    event = read(body(payload), WebhooksConfig(**shapes)).other_event
    return event.contract if event else None


def test_a_signed_contract_is_read_with_its_signed_document() -> None:
    read_of = found(contract())
    assert read_of is not None
    assert read_of.state is ContractState.SIGNED
    assert [one.name for one in read_of.documents] == ["Agreement.pdf"]
    assert read_of.sub_task == uuid(62_001)


@pytest.mark.parametrize("state", ["GEN", "SENT", "VOID"])
def test_an_unsigned_contract_has_a_state_and_no_document(state: str) -> None:
    read_of = found(contract(state, documents=contract()["sub_tasks"][0]["data"]["documents"]))
    assert read_of is not None
    assert (read_of.state, read_of.documents) == (state, ())


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, Kind.CONTRACT),
        ({"milestone": "gone", "task_definition": "gone"}, Kind.CONTRACT),  # as the wiki lists it
        ({"name": "Paper No. 7"}, Kind.CONTRACT),  # by its envelope
        ({"envelopes": []}, Kind.CONTRACT),  # by its name
        ({"name": "Roof photos", "envelopes": []}, Kind.OTHER),
        ({"name": "Interconnection Agreement", "envelopes": []}, Kind.OTHER),
        ({"name": "Change Order 2"}, Kind.CHANGE_ORDER),
        ({"name": "Paper No. 7", "new_quote": uuid(7)}, Kind.CHANGE_ORDER),
        ({"new_quote": None}, Kind.CONTRACT),
        ({"milestone_definition": uuid(9)}, Kind.CONTRACT),
    ],
)
def test_which_of_them_it_is(changes: dict[str, Any], kind: Kind) -> None:
    assert read(body(contract(**changes))).kind is kind


@pytest.mark.parametrize("state", ["NOSTART", "UPLD", None])
def test_a_task_without_a_signature_is_no_contract(state: str | None) -> None:
    payload = contract(str(state), signed=None)
    payload["sub_tasks"][0]["document_status"] = state
    assert read(body(payload)).kind is Kind.OTHER
    assert found(payload) is None


def test_a_milestone_with_a_contract_in_it_stays_a_milestone() -> None:
    """Its tasks are in `tasks`; only a task has sub-tasks at the top."""
    payload = milestone(tasks=[{"sub_tasks": contract()["sub_tasks"]}], new_quote=uuid(5))
    assert read(body(payload)).kind is Kind.MILESTONE


def test_the_keys_of_a_change_order_are_a_setting() -> None:
    order = change_order(name="Paper No. 7", new_quote="gone", other=uuid(5))
    assert read(body(order)).kind is Kind.CONTRACT
    read_of = found(order, change_order=["another", "other"])
    assert read_of is not None
    assert read_of.is_change_order


def test_a_change_order_may_have_its_state_itself() -> None:
    read_of = found({"site": uuid(1), "change_order": uuid(7), "change_order_status": "SENT"})
    assert read_of is not None
    assert (read_of.state, read_of.is_change_order) == (ContractState.SENT, True)


def test_the_status_may_be_in_the_envelope() -> None:
    """The wiki says "the envelope's document_status" of a change order."""
    payload = change_order()
    payload["sub_tasks"][0]["document_status"] = "UPLD"
    envelopes = [{"document_status": "VOID"}, {"document_status": "SIGN"}]
    payload["sub_tasks"][0]["data"]["envelopes"] = envelopes
    read_of = found(payload)
    assert read_of is not None
    assert (read_of.state, read_of.is_change_order) == (ContractState.SIGNED, True)


def test_a_change_order_in_no_known_state_is_ignored() -> None:
    delivery = read(body(change_order("NOSTART")))
    assert (delivery.kind, delivery.other_event) == (Kind.CHANGE_ORDER, None)


_ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("SIGN"),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["data", "envelopes", "documents", "document_status", "uuid", "name"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(_ODD, st.sampled_from(["name", "sub_tasks", "new_quote", "quote", "site", "status"]))
def test_no_field_of_them_raises_anything(value: object, field: str) -> None:
    for payload in (contract(), change_order()):
        read(body(payload | {field: value}))
        read(body(payload | {"sub_tasks": [value, *payload["sub_tasks"]]}))
        payload["sub_tasks"][0]["data"] = value
        read(body(payload))
