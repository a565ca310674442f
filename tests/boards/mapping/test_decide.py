"""A mapping is decided from the proposal, the stored mapping and the user's choices."""

from dataclasses import replace
from typing import Any

import pytest

from sync.boards.mapping.choices import Choices
from sync.boards.mapping.decide import TabDecider
from sync.boards.mapping.example import example_of
from sync.boards.mapping.fit_options import fit_options
from sync.boards.mapping.stored_mapping import StoredMapping
from sync.boards.mapping.tab import CellKind, Lock, SeenCell, SeenTab
from sync.boards.mapping.tab_mapping import TabMapping
from sync.boards.mapping.words import TextWords
from sync.errors import Permanent
from tests.boards.mapping.seen import PERMIT, fields, tab

HEADERS = ("Client", "Phone", "Permit", "Step", "Step")


def drop_down(text: str, *options: str) -> SeenCell:
    return SeenCell(text, CellKind.TEXT, options)


def sheet(**more: Any) -> SeenTab:
    job = ("Ada", "555-010-1234", drop_down("Done", "Done", "REJECTED", "Out"), "x", "y")
    return tab(HEADERS, job, **more)


def decided(
    before: StoredMapping | None = None, seen: SeenTab | None = None, **said: Any
) -> TabMapping:
    decision = TabDecider(fields(), Choices(**said), "robot@x.example")
    made = decision.decide(seen or sheet(), before)
    decision.parser.check_names_found([made])
    return made


def shown(made: TabMapping) -> dict[str, str]:
    return {name: column.header for name, column in made.columns_by_field.items()}


def test_a_column_whose_letter_is_a_header_is_named_like_in_formulas() -> None:
    seen = tab(("D", "Phone", "Fee", "Step"), ("x", "303-555-0101", "", ""))
    made = decided(seen=seen, column_fields={"D": "customer", "D:D": "stage"}, header_row=0)
    at = {name: column.index for name, column in made.columns_by_field.items()}
    assert at == {"customer": 0, "phone": 1, "stage": 3}


def test_the_second_of_two_headers_is_named_by_its_number() -> None:
    made = decided(column_fields={"2:Step": "stage", "1:step": "days"}, unset=["1:phone"])
    assert [column.field_id for column in made.columns[3:]] == ["days", "stage"]


def test_a_field_with_any_text_may_only_be_an_option() -> None:
    made = decided(column_fields={"Permit": "with"})
    words, options = (
        made.columns_by_field["with"].words,
        {one: one for one in ("Done", "REJECTED", "Out")},
    )
    assert isinstance(words, TextWords)
    assert words.by_text == options
    chosen = {"Permit": {"City": ["Out"], "Nobody": []}}
    words = (
        decided(column_fields={"Permit": "with"}, column_words=chosen)
        .columns_by_field["with"]
        .words
    )
    assert isinstance(words, TextWords)
    assert (words.by_text, words.excluded) == (options | {"City": "Out"}, ("Nobody",))
    earlier = {**options, "City": "Gone", "Left": "Left", "*": "*"}
    words = fit_options(fields(), "with", tuple(options), earlier)
    assert words.ended == {"City": "Gone"} and words.stored == {**options, "City": "Gone"}


def test_a_drop_down_too_long_for_its_words_is_not_mapped() -> None:
    seen = tab(("Client", "Assigned to"), ("Ada", drop_down("x", *(f"{n:090}" for n in range(90)))))
    made = decided(seen=seen)
    assert shown(made) == {"customer": "Client"}
    assert "90 long options" in made.columns[1].reason


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"column_fields": {"Fax": "phone"}},
            "No column is called 'Fax'. There are: Client, Phone",
        ),
        ({"unset": ["Fax"]}, "No column is called 'Fax'"),
        (
            {"column_fields": {"Step": "stage"}},
            "several columns are called 'Step'. Name one by its letter",
        ),
        ({"column_fields": {"Phone": "fax"}}, "'fax' is no field. Write one of customer"),
        ({"column_fields": {"Phone": "approved:Roof"}}, "No milestone is called 'Roof'"),
        ({"column_fields": {"A": "stage", "B": "stage"}}, "'stage' is set for two columns"),
        ({"column_words": {"Permit": {"Nope": ["Done"]}}}, "'Nope' isn't a known status"),
        ({"added": ["nope"]}, "'nope' is no field"),
        ({"added": ["status"], "unset": ["Phone"], "column_fields": {}}, ""),
    ],
)
def test_an_unknown_choice_lists_the_known_ones(said: dict[str, Any], message: str) -> None:
    if not message:
        assert decided(**said).added == ("site_id", "status")
        return
    with pytest.raises(Permanent) as error:
        decided(**said)
    assert message in error.value.message


def test_of_two_columns_with_one_field_the_left_one_counts_as_in_a_flush() -> None:
    seen = tab(["Site ID", "Phone", "Mobile"], ["", "303-555-0101", "303-555-0102"])
    stored = StoredMapping(0, {0: "site_id", 1: "phone", 2: "phone"}, {})
    made = TabDecider(fields(), Choices(), "robot").decide(seen, stored)
    assert made.columns_by_field["phone"].header == "Phone"


def test_a_choice_does_not_hide_why_a_tab_cannot_be_mapped() -> None:
    assert decided(seen=tab(), column_fields={"Phone": "stage"}).problem


def test_a_tab_is_proposed_as_a_mapped_one_with_the_same_headers() -> None:
    mapped = tab(["Title"], (*HEADERS, "Days", "Site ID"), ("Ada", "1"))
    found = {2: f"rejected:{PERMIT}", 3: "stage", 4: "approved:gone", 5: "days", 6: "site_id"}
    words = {2: {"a": "Done", "b": "no option of this tab"}}
    example = example_of(mapped, StoredMapping(1, found, words), "Active")
    same = tab(["Title"], HEADERS, ("Ada", "555-010-1234", drop_down("x", "Done"), "x", "y"))
    other, bare = replace(example, title="Another tab"), replace(example, columns={})
    for examples, added in (
        ([example], ("site_id", "days")),
        ([other], ("site_id", "days")),
        ([other, bare], ("site_id",)),
    ):
        decider = TabDecider(fields(), Choices(), "robot", examples)
        made = decider.decide(same, None)
        assert made.header_row == 1
        assert shown(made) == {f"rejected:{PERMIT}": "Permit", "stage": "Step"}
        assert made.columns[1].reason == "as in Active", "it shows nothing, as there"
        assert isinstance(made.columns[2].words, TextWords)
        assert made.columns[2].words.by_text == {"Done": "Done", "a": "Done"}
        assert made.added == added
    decider = TabDecider(
        fields(), Choices(column_fields={"Phone": "stage"}, added=()), "robot", [example]
    )
    made = decider.decide(same, None)
    assert shown(made) == {f"rejected:{PERMIT}": "Permit", "stage": "Phone"}
    assert made.added == ("site_id",)
    assert TabDecider(fields(), Choices(), "robot", [example]).decide(sheet(), None).header_row == 0


def test_the_field_of_a_column_that_was_chosen_for_another_is_proposed_again() -> None:
    mapped = tab(("Customer", "Cell 1", "Site ID"), ("Ada", "555-010-1234"))
    stored = StoredMapping(0, {0: "customer", 1: "phone", 2: "site_id"}, {})
    example = example_of(mapped, stored, "Active")
    seen = tab(("Customer", "Cell 1", "Contact number"), ("Ada", "", "555-010-1234"))
    cases: tuple[tuple[dict[str, Any], dict[str, str]], ...] = (
        ({}, {"customer": "Customer", "phone": "Cell 1"}),
        ({"unset": ["B"]}, {"customer": "Customer", "phone": "Contact number"}),
        (
            {"column_fields": {"B": "days"}},
            {"customer": "Customer", "phone": "Contact number", "days": "Cell 1"},
        ),
        ({"column_fields": {"A": "phone"}}, {"phone": "Customer"}),
    )
    for said, expected in cases:
        made = TabDecider(fields(), Choices(**said), "robot", [example]).decide(seen, None)
        assert shown(made) == expected


def test_the_key_moves_but_is_never_taken_away() -> None:
    before = StoredMapping(0, {3: "site_id"}, {})
    for said in ({"unset": ["D"]}, {"column_fields": {"D": "stage"}}):
        with pytest.raises(Permanent, match='To use another column: --set "Header=site_id"'):
            decided(before, **said)
    for also in ({}, {"D": "stage"}):
        made = decided(before, column_fields={"E": "site_id"} | also)
        assert (made.columns_by_field["site_id"].index, made.added) == (4, ())


def test_a_computed_column_cannot_be_set() -> None:
    with pytest.raises(Permanent, match="computed by a formula"):
        decided(
            seen=tab(("Client", "Phone", "X"), ("Ada", "1", "=A1")),
            column_fields={"X": "site_id"},
        )


def test_a_column_is_added_under_another_title_if_the_tab_has_one_of_its_own() -> None:
    seen = tab(("Client", "Phone", "Status"), ("A", "1", "x"))
    made = decided(seen=seen, added=["status", "days"], unset=["C"])
    titles = {"site_id": "Site ID", "status": "EverBright Status", "days": "Days"}
    assert made.added_titles(fields()) == titles
    assert list(made.columns_by_field) == ["customer", "phone"], "in the order of the tab"
    mapped = tab(("Client", "Phone", "Status", "EverBright Status"), ("A", "1", "x"))
    stored = StoredMapping(0, {3: "status"}, {})
    decider = TabDecider(fields(), Choices(), "robot", [example_of(mapped, stored, "October")])
    again = decider.decide(seen, None)
    assert again.added_titles(fields()) == {"site_id": "Site ID", "status": "EverBright Status"}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"is_grid": False}, "not a grid"),
        (
            {"locks": (Lock(0, 50, 0, 3, "Office only"),)},
            "protected ('Office only', columns A to C, rows 1 to 50)",
        ),
        ({"merged_rows": frozenset([4, 5])}, "merged over several rows (from row 5, 6)"),
    ],
)
def test_obstacles_are_reported(more: dict[str, Any], said: str) -> None:
    assert said in decided(seen=sheet(**more)).problem


def test_what_is_above_the_headers_is_not_in_the_way() -> None:
    more = {"locks": (Lock(0, 1, 0, 9),), "merged_rows": frozenset([0, 1])}
    seen = tab(["Title"], HEADERS, ("Ada", "555-010-1234"), **more)
    assert decided(seen=seen).problem == ""
