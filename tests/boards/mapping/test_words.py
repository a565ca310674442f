"""Words per column: what each drop-down, and a column without one, says for a status."""

from collections.abc import Mapping
from typing import Any

import pytest

from sync.boards.mapping.choices import Choices
from sync.boards.mapping.decide import TabDecider
from sync.boards.mapping.stored_mapping import StoredMapping
from sync.boards.mapping.tab import CellKind, SeenCell
from sync.boards.mapping.tab_mapping import TabMapping
from sync.boards.mapping.words import TextWords
from sync.errors import Permanent
from tests.boards.mapping.seen import MILESTONES, config, fields, tab
from tests.boards.mapping.stand import Stand
from tests.made_up import milestone, uuid

HEADERS = ("Client", "Phone", "Permit", "PTO", "Design Approval status")
PERMIT, PTO = ("Applied", "Issued", "Redo"), ("OK", "Sent", "Kicked back")


def decided(
    before: StoredMapping | None = None, permit: tuple[str, ...] = PERMIT, **said: Any
) -> TabMapping:
    """Decide on a tab with two drop-downs, and a status in a column without one."""
    cells = [SeenCell("", CellKind.BLANK, permit), SeenCell("", CellKind.BLANK, PTO)]
    decision = TabDecider(fields(), Choices(**said), "robot@x.example")
    made = decision.decide(tab(HEADERS, ("Ada", "303-555-0101", *cells, "x")), before)
    decision.parser.check_names_found([made])
    return made


def words(made: TabMapping) -> list[TextWords | None]:
    found = [column.words for column in made.columns[2:]]
    return [each if isinstance(each, TextWords) else None for each in found]


def by_text(made: TabMapping) -> list[Mapping[str, str] | None]:
    return [column.by_text if column else None for column in words(made)]


def test_words_are_read_as_they_were_stored() -> None:
    some = {"Approved": "OK", "Rejected": ""}
    for stored, takes_others in ((some, False), (some | {"*": "*"}, True)):
        read = TextWords.parse(stored)
        assert read.stored == stored
        found = [read.word_of(*texts) for texts in (("Sent", "Approved"), ("Rejected",), ("Sent",))]
        assert found == ["OK", "", None]
        assert (read.writes_as_is("Sent"), read.writes_as_is("Rejected")) == (takes_others, False)


def test_two_drop_downs_have_words_of_their_own() -> None:
    permit = {
        "Permit": {"APPROVED": ["Redo"], "Rejected": ["Issued"]},
        "d": {"SUBMITTED": ["OK"]},
    }
    assert by_text(decided(column_words=permit)) == [
        {"Approved": "Redo", "Rejected": "Issued", "Submitted": "Applied"},
        {"Submitted": "OK", "Rejected": "Kicked back"},
        None,
    ]


def test_an_option_with_a_space_at_its_end_can_be_chosen() -> None:
    for said in ("Ready", "Ready "):
        made = decided(permit=("Ready ", "Redo"), column_words={"Permit": {"APPROVED": [said]}})
        assert by_text(made)[0] == {"Approved": "Ready ", "Rejected": "Redo"}


def test_the_words_of_the_trade_are_proposed() -> None:
    assert by_text(decided()) == [
        {"Approved": "Issued", "Rejected": "Redo", "Submitted": "Applied"},
        {"Approved": "OK", "Rejected": "Kicked back", "Submitted": "Sent"},
        None,
    ]


@pytest.mark.parametrize(
    ("options", "proposed"),
    [
        (("Issued", "Passed"), {}),
        (("Approved", "Issued"), {"Approved": "Approved"}),
        (("Issued", "Done"), {"Approved": "Issued"}),
        (("Aproved!", "Submited", "Rejcted"), {"Approved": "Aproved!", "Rejected": "Rejcted"}),
        (("Unapproved", "Not approved", "Disapproved", "Approval"), {}),
        (("Resubmitted", "Unsubmitted", "Not sent", "Not done"), {}),
        (("IN REVIEW", "approved.", "Kicked Back"), {"Submitted": "IN REVIEW"}),
        (("Green tag", "Done"), {"Approved": "Green tag"}),
    ],
)
def test_a_word_is_proposed_only_if_it_is_unambiguous(
    options: tuple[str, ...], proposed: dict[str, str]
) -> None:
    tree = config().model_dump() | {"mapping": {"words": {"APPROVED": ["Green tag"]}}}
    known = type(fields())(type(config()).model_validate(tree), MILESTONES)
    cell = SeenCell("", CellKind.BLANK, options)
    made = TabDecider(known, Choices(), "robot").decide(
        tab(("Client", "Phone", "Permit"), ("Ada", "303-555-0101", cell)), None
    )
    column = made.columns[2].words
    assert isinstance(column, TextWords)
    likely = {"Submitted": "Submited"} if "Submited" in options else {}
    also = {"Approved": "approved.", "Rejected": "Kicked Back"} if "approved." in options else {}
    assert column.by_text == proposed | likely | also


def test_words_are_kept_until_they_are_removed_explicitly() -> None:
    before = StoredMapping(
        0,
        {2: f"status:{uuid(7531)}", 3: f"status:{uuid(7532)}", 4: "site_id"},
        {2: {"Approved": "Redo"}, 3: {"Approved": "Sent", "Rejected": ""}},
    )
    again = words(decided(before, column_words={"PTO": {"Approved": ["OK"], "Submitted": []}}))
    assert again[0] and again[0].by_text["Approved"] == "Redo"
    assert again[1] and again[1].by_text == {"Approved": "OK"}
    assert set(again[1].excluded) == {"Rejected", "Submitted"}
    assert again[1].stored == {"Approved": "OK", "Rejected": "", "Submitted": ""}


def test_a_column_without_a_drop_down_has_the_given_words() -> None:
    name = "Design Approval status"
    made = decided(
        column_fields={name: "status:Design Approval"},
        column_words={name: {"APPROVED": ["good to go"]}},
    )
    column = words(made)[2]
    assert column and column.stored == {"Approved": "good to go", "*": "*"}
    mapped = {column.index: column.field_id for column in made.columns}
    before = StoredMapping(0, {**mapped, 1: "site_id"}, {4: column.stored})
    assert words(decided(before))[2] == column
    without = words(decided(before, column_words={name: {"Approved": []}}))[2]
    assert without and without.stored == {"*": "*"}
    again = words(decided(StoredMapping(0, before.fields_by_index, {4: without.stored})))[2]
    assert again and again.stored == without.stored


def test_a_renamed_option_is_reported_and_forgotten() -> None:
    before = StoredMapping(
        0, {2: f"status:{uuid(7531)}", 4: "site_id"}, {2: {"Approved": "Issued"}}
    )
    column = words(decided(before, permit=("Applied", "Stamped", "Redo")))[0]
    assert column and column.ended == {"Approved": "Issued"}
    assert "Approved" in column.without_word


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"Permit": {"APPROVED": ["Ready"]}}, "'Permit' has no option 'Ready' for Approved"),
        ({"Permit": {"NOPE": ["Redo"]}}, "'NOPE' isn't a known status"),
        ({"Fax": {"APPROVED": ["Redo"]}}, "No column is called 'Fax'"),
    ],
)
def test_unknown_choices_list_known_ones(
    said: dict[str, dict[str, list[str]]], message: str
) -> None:
    with pytest.raises(Permanent) as error:
        decided(column_words=said)
    assert message in error.value.message


def test_words_for_a_column_that_shows_nothing_are_refused() -> None:
    with pytest.raises(Permanent, match='Say what it shows first: --set "Permit=field"'):
        decided(unset=["Permit"], column_words={"Permit": {"APPROVED": ["Redo"]}})


def test_each_column_uses_its_own_words(stand: Stand) -> None:
    """Over HTTP: a second run for the one keeps the other's; both are written."""
    stand.fill([["Client", "Phone", "Permit", "PTO"], ["Ada", "303-555-0101", "", ""]])
    stand.drop_down(2, *PERMIT)
    stand.drop_down(3, *PTO)
    ids = {1: "Permit", 2: "PTO"}
    stand.send(*(milestone(1, n, name=name, status="SUBMITTED") for n, name in ids.items()))
    stand.map("--write", "--word", "Permit:APPROVED=Redo")
    stand.map("--write", "--word", "D:APPROVED=Sent", "--word", "D:SUBMITTED=")
    columns = stand.mapped()["tabs"][0]["columns"]
    assert columns[2]["words"]["Approved"] == "Redo"
    assert columns[3]["words"]["Approved"] == "Sent"
    assert "Submitted" in columns[3]["without_option"]
    stand.send(
        *(
            milestone(1, n, name=name, status="APPROVED", date_updated="2026-04-01T10:00:00Z")
            for n, name in ids.items()
        )
    )
    stand.shown()
    row = stand.tab("Sheet1", "data(rowData(values(formattedValue)))")["data"][0]["rowData"][2]
    texts = [cell.get("formattedValue", "") for cell in row["values"]]
    assert texts[2:4] == ["Redo", "Sent"]


@pytest.mark.parametrize(("option", "status"), [("In hand", "Approved"), ("Bounced", "Rejected")])
def test_what_offices_say_of_permits_is_known(stand: Stand, option: str, status: str) -> None:
    stand.fill([["Client", "Phone", "Permit"], ["Ada", "303-555-0101", ""]])
    stand.drop_down(2, "Filed", option)
    assert stand.mapped()["tabs"][0]["columns"][2]["words"][status] == option
