"""Columns → fields, with the reason for each."""

from collections.abc import Sequence

import pytest

from sync.boards.mapping.fields import Fields
from sync.boards.mapping.propose import Proposal, propose
from sync.boards.mapping.recognize import Recognizer
from sync.boards.mapping.tab import SeenCell
from sync.field_table import DETAIL_IDS, FIELDS, FieldKind
from sync.settings.config_file import Config
from tests.boards.mapping.seen import MILESTONES, PERMIT, config, date, fields, tab
from tests.made_up import uuid

JOB = f"https://engine.goeverbright.com/address/{uuid(1)}"


def proposed(headers: Sequence[object], *rows: Sequence[object]) -> list[Proposal]:
    known = fields()
    return propose(tab(headers, *rows), 0, known, Recognizer(known), {})


def found(headers: Sequence[object], *rows: Sequence[object]) -> list[str]:
    return [one.field_id for one in proposed(headers, *rows)]


def test_by_what_the_cells_are() -> None:
    row = ("Ada", "ada@x.example", "(555) 010-1234 ext. 5", "9 Elm St, Troy, NY 12180", JOB)
    some = proposed(("A1", "B1", "C1", "D1", "E1"), row, row)
    assert [one.field_id for one in some] == ["", "email", "phone", "address", "site_id"]
    assert some[1].reason == "its cells are email addresses"


def test_five_digits_are_a_zip_only_below_a_zip_header() -> None:
    assert found(("Price", "Size"), (18500, 7.2), (23400, 9.1)) == ["", ""]
    assert found(("Price", "Zip"), ("20001", "80999")) == ["", "zip"]
    assert found(("Zip", "Tel"), (18500, "555-0101"), (23400, "555-0102")) == ["zip", "phone"]


def test_numbered_jobs_are_no_towns() -> None:
    assert found(("A1",), ("Job 20001",), ("Job 20002",)) == [""]
    assert found(("A1",), ("Marlow 80999",), ("St. Paul, MN 55101",)) == ["city_zip"]


def test_a_column_without_a_header_is_known_by_its_cells() -> None:
    assert found(("Client", None), ("Ada", JOB)) == ["customer", "site_id"]


def test_a_quotes_column_is_not_the_key() -> None:
    some = proposed(("Quote ID", "Link"), (uuid(9), JOB), (uuid(8), JOB))
    assert [one.field_id for one in some] == ["initial_quote", "site_id"]


def test_full_names_are_not_written_among_initials() -> None:
    (one,) = proposed(("Rep",), ("AB",), ("B.C.",))
    assert (one.field_id, one.reason) == ("", "its cells are initials, EverBright has full names")
    assert found(("Rep",), ("Ada Birch",), ("BC",)) == ["rep"]
    assert found(("Rep",), (None,)) == ["rep"]


def test_a_few_odd_cells_do_not_matter_but_half_do() -> None:
    assert found(("X",), ("a@b.example",), ("c@d.example",), ("none",)) == ["email"]
    assert found(("X",), ("a@b.example",), ("none",)) == [""]


def test_header_and_cells_that_contradict_each_other_settle_nothing() -> None:
    (one,) = proposed(("Email",), ("555-010-1234",))
    assert (one.field_id, one.reason) == ("", "its header says E-mail, its cells are phone numbers")


def test_cells_decide_nothing_below_a_header_of_amounts() -> None:
    assert found(("Amount", "Office"), ("a@b.example", "c@d.example")) == ["", "email"]


@pytest.mark.parametrize("dated", [date(), "3/1", "3/1/26"])
def test_a_milestones_column_with_dates_is_not_its_status(dated: object) -> None:
    (one,) = proposed(("Permit",), (dated,), (dated,))
    assert one.field_id == ""
    assert "yours (the city's, the utility's), or Permit submitted or Permit" in one.reason
    (one,) = proposed(("Permit appr",), (dated,), (dated,))
    assert one.field_id == f"approved:{PERMIT}"
    assert "if its dates are yours (the city's, the utility's)" in one.reason


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (("Applied", "Issued", "Applied"), f"status:{PERMIT}"),
        (("Approved", None), f"status:{PERMIT}"),
        ((date(), date()), f"approved:{PERMIT}"),
        ((SeenCell(options=("Applied", "Issued", "Redo")),), f"status:{PERMIT}"),
        ((SeenCell(options=("Yes", "No")),), ""),
        ((SeenCell(options=("Issued", "Tesla")),), ""),
        (("call Bob", "Issued"), ""),
        ((None, None), ""),
        (("=A1",), ""),
    ],
)
def test_an_approval_is_a_status_or_date_by_cells(cells: Sequence[object], expected: str) -> None:
    (proposal,) = proposed(("Permit Approval",), *([one] for one in cells))
    assert proposal.field_id == expected
    assert (
        expected or "computed" in proposal.reason or "Permit or Permit approved" in proposal.reason
    )


def test_formulas_are_never_proposed() -> None:
    (one,) = proposed(("Status",), ("=A1",), ("New",))
    assert (one.field_id, one.is_computed) == ("", True)


def test_a_field_is_for_the_surest_column() -> None:
    """An exact header comes before cells, and cells before a header with an error."""
    some = proposed(("Email", "Mail 2"), ("a@b.example", "c@d.example"))
    assert [one.field_id for one in some] == ["email", ""]
    assert some[1].reason == "it also looks like E-mail, but 'Email' is a better match"
    some = proposed(("Client", "", "E-mial adress"), ("Ada", "a@b.example", "c@d.example"))
    assert some[2].reason == "it also looks like E-mail, but column B is a better match"


def test_columns_that_are_as_sure_are_none() -> None:
    some = proposed(("Client", "Contact name", "Phone", "Custommer"), ("Ada", "Bo", "1", "Cy"))
    assert [one.field_id for one in some] == ["", "", "phone", ""]
    reasons = {one.reason for one in some if one.header != "Phone"}
    assert reasons == {"'Client' and 'Contact name' look equally like Customer"}


def test_hidden_columns_are_shown_as_such() -> None:
    known = fields()
    seen = tab(("Client", "Phone"), ("Ada", "1"), hidden_columns=frozenset([1]))
    some = propose(seen, 0, known, Recognizer(known), {})
    assert [(one.field_id, one.is_hidden) for one in some] == [("customer", False), ("phone", True)]


def of_a_column(field: str, header: str, *cells: object) -> Proposal:
    """Return what is proposed for a column of cells, where the config has the column `field`."""
    tree = config().model_dump()
    if field in DETAIL_IDS:
        tree["columns"] = [*tree["columns"], {"id": field, "header": FIELDS[field].header}]
    known = Fields(Config.model_validate(tree), MILESTONES, stages=frozenset(("some text",)))
    seen = tab((header,), *([one] for one in cells))
    (proposal,) = propose(seen, 0, known, Recognizer(known), {})
    return proposal


CELLS = {
    FieldKind.TEXT: "some text",
    FieldKind.STATUS: "Approved",
    FieldKind.DATE: date(),
    FieldKind.NUMBER: 123.4567,
    FieldKind.LINKS: "Permit.pdf",
    FieldKind.UUID: uuid(1),
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_column_of_a_fields_kind_is_proposed_for_it(field: str) -> None:
    entry = FIELDS[field]
    column = field + PERMIT if field.endswith(":") else field
    header = entry.title("Permit")
    assert of_a_column(field, header, CELLS[entry.kind]).field_id == column
    if entry.kind is not FieldKind.DATE:
        assert of_a_column(field, header, date()).field_id == ""


def test_a_size_in_kw_is_known_by_its_unit() -> None:
    assert of_a_column("system_size", "kW", 7.2, 10.45).field_id == "system_size"


def test_a_blank_column_for_dates_is_not_a_status() -> None:
    blank = SeenCell(is_for_date=True)
    (one,) = proposed(("Permit",), (blank,), (blank,))
    assert one.field_id == ""
    assert "its cells are formatted as dates" in one.reason
    assert found(("Permit approved", "Permit"), (blank, None)) == [
        f"approved:{PERMIT}",
        f"status:{PERMIT}",
    ]
