"""The mapping as a file: read, written, and refused with a sentence that names what is there."""

import tomllib

import pytest

from sync.boards.mapping import (
    Column,
    TabMapping,
    check_headers,
    read_file,
    write_file,
)
from sync.boards.planning import planned
from sync.boards.state import ConnectedTab
from sync.errors import Permanent
from tests.boards.seen import FIELDS, PERMIT, tab
from tests.boards.storm import changed

FILE = """
[[tabs]]
title = "Active 2026"
header_row = 3
new_rows = "top"
add = { Days = "days" }
[tabs.columns]
Homeowner = "customer"
Stage = "progress"
"Permit status" = "status:Permit"
"Issued on" = "approved:permit"
[tabs.words.Stage]
"Permit in" = ["Permit submitted", "Contract signed"]
"Permit OK" = ["permit approved"]
"On hold" = "mine"
"Call first" = "nothing"
[tabs.words."Permit status"]
"Filed" = ["Permit submitted"]
"""


def test_a_file_is_read_and_written_as_it_is() -> None:
    (mapping,) = read_file(FILE, FIELDS)
    assert mapping.fields["approved:" + PERMIT].header == "Issued on"
    words = mapping.fields["progress"].words
    assert words["Permit in"] == (f"{PERMIT}:submitted", "contract:approved")
    assert words["On hold"] == "mine"
    again = write_file([mapping], FIELDS)
    assert read_file(again, FIELDS) == [mapping]
    assert TabMapping.model_validate_json(mapping.model_dump_json()) == mapping
    assert tomllib.loads(again)["tabs"][0]["columns"]["Permit status"] == "status:Permit"


def test_odd_texts_survive_a_file() -> None:
    odd = 'a "b" \\ c = ñ 🙂 [x]\t#'
    mapping = changed(TabMapping(title=odd), **{"Name": "customer", odd: "progress"})
    mapping = changed(mapping, **{odd: {odd: "mine"}})
    assert read_file(write_file([mapping], FIELDS), FIELDS) == [mapping]


TAB = '[[tabs]]\ntitle = "Active"\n'
WITH_STAGE = TAB + 'columns = { Name = "customer", Stage = "progress" }\n[tabs.words.Stage]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("tabs = [", "The file isn't TOML"),
        ("", "tabs: is missing; add it."),
        (TAB + "color = 1", "tabs.0.color: is not a key that Brightsheet knows"),
        (TAB + "header_row = 0", "tabs.0.header_row: Input should be greater"),
        (TAB + 'header_row = "one"', "tabs.0.header_row: Input should be a valid integer"),
        (TAB + 'new_rows = "left"', "tabs.0.new_rows: Input should be 'bottom', 'top' or 'none'"),
        (TAB + 'columns = { Name = "custom" }', 'Active, "Name": "custom" isn\'t a field. Fields'),
        (TAB + 'columns = { HOA = "status:HOA" }', '"status:HOA" isn\'t a field'),
        (TAB + 'columns = { Stage = "progress" }', "no column shows the customer"),
        (TAB + 'columns = { A = "customer", B = "customer" }', '"B": it shows Customer, as "A"'),
        (WITH_STAGE + 'X = ["Permit lost"]', '"Permit lost" ("X") isn\'t a step. Steps are New'),
        (WITH_STAGE + 'X = "yours"', '"yours" ("X") isn\'t a step'),
        (
            WITH_STAGE + 'X = ["New"]\nY = ["new"]',
            'Active, "Stage": "X" and "Y" both stand for New. Choose one.',
        ),
        (WITH_STAGE.replace("words.Stage", "words.Name") + 'X = ["New"]', "no words of yours"),
        (WITH_STAGE.replace("words.Stage", "words.Step") + 'X = ["New"]', '"Step": "" isn'),
        (TAB + 'columns = { N = "customer" }\n' + TAB, "Active: the tab is listed twice"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_what_is_there(text: str, said: str) -> None:
    with pytest.raises(Permanent) as error:
        read_file(text, FIELDS)
    assert said in error.value.message
    assert "\n" not in error.value.message.strip()


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        (("Name", "Phone"), 'Active, "Stage": row 1 has no such header. There is: Name, Phone.'),
        (("Name", "Stage", "Stage"), "columns B and C both have this header. Rename one."),
    ],
)
def test_headers_that_are_not_there_once_are_refused(headers: tuple[str, ...], said: str) -> None:
    mapping = changed(TabMapping(title="Active"), Name="customer", Stage="progress")
    check_headers(mapping, ("Name", "", "Stage"))
    with pytest.raises(Permanent) as error:
        check_headers(mapping, headers)
    assert said in error.value.message


def test_a_column_that_is_there_is_not_added() -> None:
    added = Column(header="Days", field="days", is_added=True)
    columns = (Column(header="Name", field="customer"), added)
    mapping = TabMapping(title="Sheet1", columns=columns)
    shown = tab([["Name", "Days"], ["Ada", 5]])
    with pytest.raises(Permanent, match='"Days": the tab has this column already'):
        planned(shown, mapping, FIELDS, None, "robot@example.com")


def test_a_tab_of_an_older_database_is_read() -> None:
    older = {
        "title": "Active",
        "columns": {"Name": "customer", "Stage": "progress"},
        "add": {"Days": "days"},
        "words": {"Stage": {"On hold": "mine", "Sold": ["contract:approved"]}},
    }
    body = {"sheet": 7, "mapping": older, "stage": "check", "is_restored": False}
    tab = ConnectedTab.model_validate(body)
    assert not tab.is_connected
    fields = tab.mapping.fields
    assert [*fields] == ["customer", "progress", "days"]
    assert fields["progress"].words == {"On hold": "mine", "Sold": ("contract:approved",)}
    assert [column.header for column in tab.mapping.columns if column.is_added] == ["Days"]
    assert ConnectedTab.model_validate_json(tab.model_dump_json()) == tab
