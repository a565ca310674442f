"""Twenty sheets unlike each other: what is proposed is right or left open, and his cells stay his.

Each is mapped and gets 100 deliveries over HTTP, in `boards.py`, which says what isn't as
Google would have moved it.
"""

from collections.abc import Callable, Iterable

import pytest

from tests.boards.mapping import boards
from tests.boards.mapping.boards import Board
from tests.boards.mapping.stand import Stand, area

Value = str | float | None
Line = list[Value]
HEADERS: Line = ["Client", "Email", "Permit", "kW", "Price"]
FIELDS = {"Client": "customer", "Email": "email", "Permit": "status:Permit"}
NAMES = ("Ada Number1", "Own Four", "Ada Number2", "Own Six", "Ada Number3")


def jobs(*more: Callable[[int], Value], top: int = 1) -> list[Line]:
    """Return the lines of five jobs, the first of them in the row `top` (from 0)."""
    lines: list[Line] = []
    for row, name in enumerate(NAMES, top):
        number = name[-1] if name.startswith("Ada") else ""
        email = f"home{number}@example.com" if number else None
        lines.append([name, email, None, 8.5, 20000 + row, *(each(row) for each in more)])
    return lines


def sums(first: int, last: int, name: str = "TOTAL") -> Line:
    return [name, None, None, f"=SUM(D{first}:D{last})", f"=SUM(E{first}:E{last})"]


def totals_at_the_top(stand: Stand) -> Board:
    stand.fill([["Sunny Roofs"], ["kW sold", "=SUM(D5:D9)", "all", "=SUM(E5:E)"], []])
    stand.fill([HEADERS, *jobs(top=4)], row=3)
    return Board(FIELDS)


def a_total_right_below_the_headers(stand: Stand) -> Board:
    stand.fill([HEADERS, sums(3, 7), *jobs(top=2)])
    return Board(FIELDS)


def subtotals_by_month(stand: Stand) -> Board:
    march, april = jobs()[:2], jobs()[2:]
    stand.fill([HEADERS, *march, sums(2, 3, "March 2026"), [], *april, sums(6, 8, "April 2026")])
    stand.fill([["", None, None, "=D4+D9", "=E4+E9"]], row=10)
    return Board(FIELDS)


def several_tables_in_one_tab(stand: Stand) -> Board:
    crew: list[Line] = [["Name", "Phone"], ["Eve Elm", "303-555-0101"], ["Fay Fir", "303-555-0102"]]
    stand.fill([HEADERS, *jobs(), [], ["Crew"], *crew])
    return Board(problem="rows 1 and 9 both look like headers")


def a_table_beside_the_jobs(stand: Stand) -> Board:
    def prices(row: int) -> Value:
        return ["Panel", "Inverter", "Battery", None, None][row - 1]

    stand.fill([[*HEADERS, None, "Item", "Each"], *jobs(lambda _: None, prices, float)])
    return Board(FIELDS)


def a_header_of_two_rows(stand: Stand) -> Board:
    stand.fill([["Customer", None, "City", None, "Money"], HEADERS, *jobs(top=2), [], sums(3, 7)])
    return Board({**FIELDS}, said=("--tab", "Sheet1", "--header-row", "2"))


def in_spanish(stand: Stand) -> Board:
    headers = ["Cliente", "Correo", "Permit estado", "Tamaño", "Precio"]
    stand.fill([headers, *jobs(), ["TOTALES", None, None, "=SUM(D2:D6)"]])
    stand.drop_down(2, "Enviado", "Aprobado", "Rechazado")
    return Board({"Cliente": "customer", "Correo": "email", "Permit estado": "status:Permit"})


def sixty_columns(stand: Stand) -> Board:
    stand.do({"appendDimension": {"sheetId": 0, "dimension": "COLUMNS", "length": 40}})
    more = [lambda row, n=n: float(row * n) for n in range(55)]
    stand.fill([[*HEADERS, *(f"Measure {n}" for n in range(55))], *jobs(*more)])
    stand.fill([[*sums(2, 6), *(f"=AVERAGE({c}2:{c}6)" for c in ("F", "AZ"))]], row=7)
    return Board(FIELDS)


def frozen_columns(stand: Stand) -> Board:
    stand.fill([HEADERS, *jobs(), sums(2, 6)])
    grid = {"frozenRowCount": 1, "frozenColumnCount": 2}
    properties = {"sheetId": 0, "gridProperties": grid}
    fields = "gridProperties(frozenRowCount,frozenColumnCount)"
    stand.do({"updateSheetProperties": {"properties": properties, "fields": fields}})
    return Board(FIELDS)


def a_filter_that_is_on(stand: Stand) -> Board:
    stand.fill([HEADERS, *jobs(), [], sums(2, 6)])
    rows = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 6, "endColumnIndex": 5}
    hidden = {"criteria": {"0": {"hiddenValues": ["Own Four"]}}}
    stand.do({"setBasicFilter": {"filter": {"range": rows, **hidden}}})
    return Board(FIELDS)


def folded_rows(stand: Stand) -> Board:
    stand.fill([HEADERS, *jobs(), ["*** DEAD ***"], sums(2, 6)])
    folded = {"sheetId": 0, "dimension": "ROWS", "startIndex": 2, "endIndex": 5}
    change = {"properties": {"hiddenByUser": True}, "fields": "hiddenByUser"}
    stand.do({"updateDimensionProperties": {"range": folded, **change}})
    return Board(FIELDS)


def protected_rows(stand: Stand) -> Board:
    stand.fill([HEADERS, *jobs(), sums(2, 6)])
    rows = {"sheetId": 0, "startRowIndex": 6, "endRowIndex": 7}
    stand.do({"addProtectedRange": {"protectedRange": {"range": rows, "description": "Office"}}})
    return Board(problem="is protected ('Office', rows 7 to 7), and")


def rows_with_a_warning(stand: Stand) -> Board:
    stand.fill([HEADERS, *jobs(), sums(2, 6)])
    rows = {"sheetId": 0, "startRowIndex": 6, "endRowIndex": 7}
    stand.do({"addProtectedRange": {"protectedRange": {"range": rows, "warningOnly": True}}})
    return Board(FIELDS)


def a_pivot_beside_the_table(stand: Stand) -> Board:
    stand.fill([HEADERS, *jobs()])
    source = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 6, "endColumnIndex": 5}
    rows = [{"sourceColumnOffset": 2, "sortOrder": "ASCENDING"}]
    cell = {"pivotTable": {"source": source, "rows": rows}}
    start = {"sheetId": 0, "rowIndex": 1, "columnIndex": 8}
    stand.do(
        {"updateCells": {"start": start, "rows": [{"values": [cell]}], "fields": "pivotTable"}}
    )
    return Board(problem="holds a pivot table: rows that are added would move what it shows.")


def a_forms_answers(stand: Stand) -> Board:
    questions: Line = [
        "What is your name?",
        "Your e-mail address",
        "Permit",
        "How large?",
        "Timestamp",
    ]
    stand.fill([questions, *jobs()])
    stand.dated(4)
    said = ("--tab", "Sheet1", "--header-row", "1")
    return Board({"Your e-mail address": "email", "Permit": "status:Permit"}, said)


def dividers_and_blank_rows(stand: Stand) -> Board:
    lines = jobs()
    stand.fill([HEADERS, ["--- ACTIVE ---"], *lines[:2], [], [], ["On hold"], *lines[2:], []])
    stand.fill([[], ["Waiting on permits"], [None, None, "total", 42.5]], row=10)
    return Board(FIELDS, last=NAMES[1])


def running_balances(stand: Stand) -> Board:
    headers = [*HEADERS, "No.", "So far"]
    more = (lambda row: f"=MAX(F$1:F{row})+1", lambda row: f"=SUM(E$2:E{row + 1})")
    stand.fill([headers, *jobs(*more), [], ["Average", None, None, "=AVERAGE(D2:D7)"]])
    return Board(FIELDS)


def looked_up_in_another_tab(stand: Stand) -> Board:
    rates = stand.add_tab("Rates")
    stand.fill([["Rep", "Share"], ["Max", 0.1], ["All", "=SUM(Sheet1!E2:E6)"]], rates)
    share = (lambda _: "Max", lambda row: f"=VLOOKUP(F{row + 1},Rates!$A$2:$B$9,2)*E{row + 1}")
    stand.fill([[*HEADERS, "Setter", "Commission"], *jobs(*share), sums(2, 6)])
    return Board(FIELDS, said=("--tab", "Sheet1"))


def check_boxes_dates_and_amounts_of_one_step(stand: Stand) -> Board:
    headers = ["Client", "Email", "PTO", "PTO $", "Permit?", "Permit date"]
    lines = [[line[0], line[1], None, 5000, None, 46000] for line in jobs()]
    stand.fill([headers, *lines, [None, None, "sum", "=SUM(D2:D6)"]])
    box = {"range": area(0, 4, 1, 6), "rule": {"condition": {"type": "BOOLEAN"}}}
    start = {"sheetId": 0, "rowIndex": 1, "columnIndex": 4}
    ticks = [{"values": [{"userEnteredValue": {"boolValue": row % 2 == 0}}]} for row in range(5)]
    stand.do(
        {"setDataValidation": box},
        {"updateCells": {"start": start, "rows": ticks, "fields": "userEnteredValue"}},
    )
    stand.dated(5)
    return Board({"Client": "customer", "Email": "email", "PTO": "status:PTO"})


def town_and_telephones_in_one_cell(stand: Stand) -> Board:
    headers = ["HO", "Street", "City, ST Zip", "Phones", "Perm."]
    lines = [
        [line[0], f"{line[0]} Street", "Marlow, CO 80999", "h 303-555-0001 / c 720-555-0009", None]
        for line in jobs()
    ]
    for line, number in zip(lines, (1, 0, 2, 0, 3), strict=True):
        line[1] = f"{number or 77} N. Juniper St."
    stand.fill([headers, *lines, ["Total", None, "5 jobs"]])
    fields = {"HO": "customer", "Street": "address", "City, ST Zip": "city_zip"}
    return Board({**fields, "Phones": "phone", "Perm.": "status:Permit"})


def two_statuses_with_signs(stand: Stand) -> Board:
    stand.fill([[*HEADERS, "Permission to Operate"], *jobs(lambda _: None), sums(2, 6)])
    stand.drop_down(2, "✅ Approved", "⏳ Submitted", "❌ Rejected")
    stand.drop_down(5, "Granted", "Filed", "In review", "Denied")
    return Board({**FIELDS, "Permission to Operate": "status:PTO"})


def a_table_of_googles(stand: Stand) -> Board:
    """Its last row is its last job's, and the drop-down is only in its column."""
    rows = jobs()
    stand.fill([HEADERS, *rows])
    where = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": len(rows) + 1, "endColumnIndex": 5}
    values = [{"userEnteredValue": word} for word in ("Submitted", "Approved", "Rejected")]
    rule = {"condition": {"type": "ONE_OF_LIST", "values": values}}
    typed = {"columnIndex": 2, "columnType": "DROPDOWN", "dataValidationRule": rule}
    table = {"name": "Jobs_2026", "range": where, "columnProperties": [typed]}
    stand.do({"addTable": {"table": table}})
    return Board(FIELDS)


BOARDS = (
    totals_at_the_top,
    a_total_right_below_the_headers,
    subtotals_by_month,
    several_tables_in_one_tab,
    a_table_beside_the_jobs,
    a_header_of_two_rows,
    in_spanish,
    sixty_columns,
    frozen_columns,
    a_filter_that_is_on,
    folded_rows,
    protected_rows,
    rows_with_a_warning,
    a_pivot_beside_the_table,
    a_forms_answers,
    dividers_and_blank_rows,
    running_balances,
    looked_up_in_another_tab,
    check_boxes_dates_and_amounts_of_one_step,
    town_and_telephones_in_one_cell,
    two_statuses_with_signs,
    a_table_of_googles,
)


def without_headers(stand: Stand) -> Board:
    stand.fill(jobs(top=0))
    return Board(problem="no header row was recognized in its first 5 rows")


def a_merged_title(stand: Stand) -> Board:
    stand.fill([["Sunny Roofs 2026"], [], HEADERS, *jobs(top=3)])
    title = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 2, "endColumnIndex": 5}
    stand.do({"mergeCells": {"range": title, "mergeType": "MERGE_ALL"}})
    return Board(FIELDS)


def a_blank_tab(_stand: Stand) -> Board:
    return Board(problem="is empty")


def a_calendar(stand: Stand) -> Board:
    stand.fill([["Week", "Mon", "Tue"], [46000, "Ada", "Ben"]])
    stand.dated(0)
    return Board(problem="no header row")


def a_protected_tab(stand: Stand) -> Board:
    stand.fill([HEADERS, *jobs()])
    kept = {"range": {"sheetId": 0}, "description": "Office"}
    stand.do({"addProtectedRange": {"protectedRange": kept}})
    return Board(problem="is protected ('Office', the whole tab)")


def in_german(stand: Stand) -> Board:
    """A language that is not known is asked about."""
    stand.fill([["Kunde", "Anschrift", "Rufnummer"], ["Ada", "Weg 1", "1"]])
    said = ("--tab", "Sheet1", "--header-row", "1", "--set", "Kunde=customer")
    return Board({"Kunde": "customer"}, said)


MORE = (*(without_headers, a_merged_title, a_blank_tab, a_calendar), *(a_protected_tab, in_german))
"""Which are mapped and delivered to like one above, or not at all."""


def names(makers: Iterable[Callable[[Stand], Board]]) -> list[str]:
    return [maker.__name__ for maker in makers]


@pytest.mark.parametrize("make", BOARDS + MORE, ids=names(BOARDS + MORE))
def test_proposals_are_right_or_left_open(stand: Stand, make: Callable[[Stand], Board]) -> None:
    board = make(stand)
    assert boards.proposals(stand, board) == board.fields
    if board.problem:
        before = boards.grids(stand)
        assert board.problem in stand.map("--write", "--tab", board.tab, status=1)
        assert boards.grids(stand) == before


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("make", BOARDS, ids=names(BOARDS))
def test_after_a_hundred_deliveries_his_cells_are_his(
    stand: Stand, make: Callable[[Stand], Board]
) -> None:
    board = make(boards.asking(stand))
    if not board.problem:
        boards.played(stand, board)
