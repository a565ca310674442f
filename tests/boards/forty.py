"""Forty boards of installers as data: what each tab holds, and what has to be proposed for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.boards.seen import PERMIT, PTO, Line, Value

HEADERS: Line = ["Client", "Email", "Permit", "kW", "Price"]
STATUS, PTO_STATUS = f"status:{PERMIT}", f"status:{PTO}"
FIELDS = {"Client": "customer", "Email": "email", "Permit": STATUS}
NAMES = ("Ada Number1", "Own Four", "Ada Number2", "Own Six", "Ada Number3")
WORDS = ("Submitted", "Approved", "Rejected")


@dataclass(frozen=True)
class Board:
    """A tab, and the fields to be proposed by header.

    `header_row` is numbered from 1: the one that is found, or with `is_chosen` the one to choose.
    `words` are the steps' proposals by header. `problem` is in the sentence that refuses the tab.
    """

    lines: Sequence[Line]
    fields: dict[str, str] = field(default_factory=dict)
    header_row: int = 1
    is_chosen: bool = False
    problem: str = ""
    words: dict[str, dict[str, str]] = field(default_factory=dict)
    source: dict[str, Any] = field(default_factory=dict)


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


def none(_: int) -> Value:
    return None


def _protected(**more: Any) -> dict[str, Any]:
    rows = {"startRowIndex": 6, "endRowIndex": 7}
    return {"protectedRanges": [{"range": rows, "description": "Office", **more}]}


def _check_boxes() -> Board:
    lines = [[line[0], line[1], None, 5000, n % 2 == 0, 46000] for n, line in enumerate(jobs())]
    headers = ["Client", "Email", "PTO", "PTO $", "Permit?", "Permit date"]
    fields = {"Client": "customer", "Email": "email", "PTO": PTO_STATUS}
    return Board(
        [headers, *lines, [None, None, "sum", "=SUM(D2:D6)"]], fields, source={"dated": [5]}
    )


def _table() -> dict[str, Any]:
    area = {"startRowIndex": 0, "endRowIndex": 6, "startColumnIndex": 0, "endColumnIndex": 5}
    values = [{"userEnteredValue": word} for word in WORDS]
    rule = {"condition": {"type": "ONE_OF_LIST", "values": values}}
    column = {"columnIndex": 2, "columnType": "DROPDOWN", "dataValidationRule": rule}
    return {"tables": [{"tableId": "1", "range": area, "columnProperties": [column]}]}


THREE = {
    "Submitted": f"{PERMIT}:submitted",
    "Approved": f"{PERMIT}:approved",
    "Rejected": f"{PERMIT}:rejected",
}
STREETS = [
    [name, f"{n} N. Juniper St.", "Marlow, CO 80999", "h 303-555-0001 / c 720-555-0009", None]
    for n, name in enumerate(NAMES, 1)
]
CREW = [["Name", "Phone"], ["Eve Elm", "303-555-0101"], ["Fay Fir", "303-555-0102"]]
PIVOT = {"pivotTable": {"source": {"sheetId": 0}}}
STAGES = ("Sold", "Permit in", "Permit OK", "PTO in", "PTO OK", "On hold")
STEPS = {
    "Sold": "contract:approved",
    "Permit in": f"{PERMIT}:submitted",
    "Permit OK": f"{PERMIT}:approved",
    "PTO in": f"{PTO}:submitted",
    "PTO OK": f"{PTO}:approved",
}

BOARDS = {
    # Those that the first program knew.
    "totals at the top": Board(
        [
            ["Sunny Roofs"],
            ["kW sold", "=SUM(D5:D9)", "all", "=SUM(E5:E)"],
            [],
            HEADERS,
            *jobs(top=4),
        ],
        FIELDS,
        4,
    ),
    "a total below the headers": Board([HEADERS, sums(3, 7), *jobs(top=2)], FIELDS),
    "subtotals by month": Board(
        [HEADERS, *jobs()[:2], sums(2, 3, "March"), [], *jobs()[2:], sums(6, 8, "April")], FIELDS
    ),
    "several tables in one tab": Board(
        [HEADERS, *jobs(), [], ["Crew"], *CREW], FIELDS, is_chosen=True
    ),
    "a table beside the jobs": Board(
        [
            [*HEADERS, None, "Item", "Each"],
            *jobs(none, lambda n: ["Panel", "Inverter", "Battery", None, None][n - 1], float),
        ],
        FIELDS,
    ),
    "groups that aren't merged": Board(
        [["Customer", None, "City", None, "Money"], HEADERS, *jobs(top=2), [], sums(3, 7)],
        FIELDS,
        2,
    ),
    "Spanish": Board(
        [["Cliente", "Correo", "Permit estado", "Tamaño", "Precio"], *jobs(), ["TOTALES"]],
        {"Cliente": "customer", "Correo": "email", "Permit estado": STATUS},
        words={
            "Permit estado": {
                "Enviado": f"{PERMIT}:submitted",
                "Aprobado": f"{PERMIT}:approved",
                "Rechazado": f"{PERMIT}:rejected",
            }
        },
        source={"options": {2: ("Enviado", "Aprobado", "Rechazado")}},
    ),
    "sixty columns": Board(
        [
            [*HEADERS, *(f"Measure {n}" for n in range(55))],
            *jobs(*(lambda row, n=n: float(row * n) for n in range(55))),
        ],
        FIELDS,
    ),
    "frozen columns": Board([HEADERS, *jobs(), sums(2, 6)], FIELDS),
    "a filter that is on": Board(
        [HEADERS, *jobs(), [], sums(2, 6)],
        FIELDS,
        source={
            "basicFilter": {"range": {"startRowIndex": 0, "endRowIndex": 6, "endColumnIndex": 5}}
        },
    ),
    "folded rows": Board([HEADERS, *jobs(), ["*** DEAD ***"], sums(2, 6)], FIELDS),
    "protected rows": Board(
        [HEADERS, *jobs(), sums(2, 6)], FIELDS, problem="is protected (Office)", source=_protected()
    ),
    "rows with a warning": Board(
        [HEADERS, *jobs(), sums(2, 6)], FIELDS, source=_protected(warningOnly=True)
    ),
    "a form's answers": Board(
        [
            ["What is your name?", "Your e-mail address", "Permit", "How large?", "Timestamp"],
            *jobs(),
        ],
        {"Your e-mail address": "email", "Permit": STATUS},
        source={"dated": [4]},
    ),
    "dividers and blank rows": Board(
        [HEADERS, ["--- ACTIVE ---"], *jobs()[:2], [], [], ["On hold"], *jobs()[2:], []], FIELDS
    ),
    "running balances": Board(
        [
            [*HEADERS, "No.", "So far"],
            *jobs(lambda n: f"=MAX(F$1:F{n})+1", lambda n: f"=SUM(E$2:E{n + 1})"),
        ],
        FIELDS,
    ),
    "VLOOKUP in another tab": Board(
        [
            [*HEADERS, "Payee", "Commission"],
            *jobs(lambda _: "Max", lambda n: f"=VLOOKUP(F{n + 1},Rates!$A$2:$B$9,2)*E{n + 1}"),
        ],
        FIELDS,
    ),
    "check boxes, dates and amounts of one step": _check_boxes(),
    "town and telephones in one cell": Board(
        [["HO", "Street", "City, ST Zip", "Phones", "Perm."], *STREETS, ["Total", None, "5 jobs"]],
        {"HO": "customer", "Street": "address", "Phones": "phone", "Perm.": STATUS},
    ),
    "two statuses with signs": Board(
        [[*HEADERS, "Permission to Operate"], *jobs(none), sums(2, 6)],
        FIELDS | {"Permission to Operate": PTO_STATUS},
        words={
            "Permit": {
                "✅ Approved": f"{PERMIT}:approved",
                "⏳ Submitted": f"{PERMIT}:submitted",
                "❌ Rejected": f"{PERMIT}:rejected",
            },
            "Permission to Operate": {"Granted": f"{PTO}:approved", "Denied": f"{PTO}:rejected"},
        },
        source={
            "options": {
                2: ("✅ Approved", "⏳ Submitted", "❌ Rejected"),
                5: ("Granted", "Filed", "In review", "Denied"),
            }
        },
    ),
    "a Table": Board([HEADERS, *jobs()], FIELDS, words={"Permit": THREE}, source=_table()),
    "no headers": Board(jobs(top=0), problem="no row of headers"),
    "a merged title": Board(
        [["Sunny Roofs 2026"], [], HEADERS, *jobs(top=3)],
        FIELDS,
        3,
        source={"merges": [(0, 2, 0, 5)]},
    ),
    "a blank tab": Board([], problem="empty"),
    "a calendar": Board(
        [["Week", "Mon", "Tue"], [46000, "Ada", "Ben"]],
        problem="no row of headers",
        source={"dated": [0]},
    ),
    "a protected tab": Board(
        [HEADERS, *jobs()],
        FIELDS,
        problem="is protected (Office)",
        source={"protectedRanges": [{"range": {"sheetId": 0}, "description": "Office"}]},
    ),
    "German": Board(
        [["Kunde", "Anschrift", "Rufnummer"], ["Ada", "Weg 1", "1"]], problem="no row of headers"
    ),
    # New ones.
    "two header rows": Board(
        [
            ["Customer", None, "Permit", None, "Money", None],
            ["Client", "Email", "Status", "Submitted", "kW", "Price"],
            *([line[0], line[1], None, None, 8.5, 2] for line in jobs()),
        ],
        {
            "Customer Client": "customer",
            "Customer Email": "email",
            "Permit Status": STATUS,
            "Permit Submitted": f"submitted:{PERMIT}",
        },
        2,
        source={"merges": [(0, 1, 0, 2), (0, 1, 2, 4), (0, 1, 4, 6)], "top": 2, "dated": [3]},
    ),
    "headers merged over two rows": Board(
        [
            ["Homeowner", "Phone", "Permit", None],
            [None, None, "Status", "Approved"],
            ["Ada Birch", "303-555-0101", None, None],
        ],
        {
            "Homeowner": "customer",
            "Phone": "phone",
            "Permit Status": STATUS,
            "Permit Approved": f"approved:{PERMIT}",
        },
        2,
        source={"merges": [(0, 2, 0, 1), (0, 2, 1, 2), (0, 1, 2, 4)], "top": 2, "dated": [3]},
    ),
    "a title over some columns": Board(
        [["Sunny Roofs 2026"], HEADERS, *jobs(top=2)], FIELDS, 2, source={"merges": [(0, 1, 0, 3)]}
    ),
    "Last First": Board(
        [["Last First", "Cell #", "Stage"], ["Birch Ada", "303-555-0101", "Sold"]],
        {"Last First": "customer", "Cell #": "phone", "Stage": "progress"},
        words={"Stage": STEPS},
        source={"options": {2: STAGES}},
    ),
    "first and last name": Board(
        [
            ["First", "Last", "Address", "City", "ZIP"],
            ["Ada", "Birch", "1 Oak St", "Marlow", 80999],
        ],
        {
            "First": "first_name",
            "Last": "last_name",
            "Address": "address",
            "City": "city",
            "ZIP": "zip",
        },
    ),
    "Stage and Status": Board(
        [
            ["Customer", "Email", "Stage", "Status"],
            ["Ada", "a@example.com", "Sold", "waiting on HOA"],
        ],
        {"Customer": "customer", "Email": "email", "Stage": "progress"},
        words={"Stage": STEPS},
        source={"options": {2: STAGES}},
    ),
    "Status with her own words": Board(
        [["Customer", "Status"], ["Ada", "Sold"]],
        {"Customer": "customer", "Status": "progress"},
        words={"Status": STEPS},
        source={"options": {1: STAGES}},
    ),
    "a drop-down from a range": Board(
        [HEADERS, *jobs()],
        FIELDS,
        words={"Permit": THREE},
        source={"options": {2: ("=Lists!$A$1:$A$3",)}, "lists": {"Lists!A1:A3": WORDS}},
    ),
    "SUBTOTAL": Board(
        [HEADERS, *jobs(), ["TOTAL", None, None, "=SUBTOTAL(9,D2:D6)", "=SUBTOTAL(9,E2:E6)"]],
        FIELDS,
    ),
    "XLOOKUP": Board(
        [
            [*HEADERS, "Phone"],
            *jobs(lambda n: f'=XLOOKUP(A{n + 1},Contacts!A:A,Contacts!B:B,"")'),
        ],
        FIELDS,
    ),
    "a pivot beside the table": Board([HEADERS, *jobs()], FIELDS, source={"extra": (1, 8, PIVOT)}),
    "merged rows of jobs": Board([HEADERS, *jobs()], FIELDS, source={"merges": [(2, 4, 0, 1)]}),
    "a small office": Board(
        [["Who", "Addr", "Ph / txt", "Site"], ["Ada Birch", "7 Elm", "303-555-0101", "x"]],
        {"Who": "customer", "Addr": "address", "Ph / txt": "phone"},
    ),
    "a permit's number and fee": Board(
        [
            ["Homeowner Name", "Mobile", "Permit", "Permit #", "Permit fee"],
            ["Ada Birch", "303-555-0101", 4711, "B-1", 350],
        ],
        {"Homeowner Name": "customer", "Mobile": "phone"},
    ),
    "two columns of one field": Board(
        [["Customer", "Phone", "Phone", "Email"], ["Ada", "303-555-0101", None, "a@example.com"]],
        {"Customer": "customer", "Email": "email"},
    ),
}
