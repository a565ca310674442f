"""Boards of 45 rows, each with another habit, mapped in Chromium without a command."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from demo.process import WORKER, Receiver, Running
from demo.run import prepared
from demo.sheet import read, rows_in
from emulator import Emulator
from emulator.everbright import made_up
from tests.boards.console.test_mapping_browser import send
from tests.console.conftest import PASSWORD, entered
from tests.databases import fresh
from tests.made_up import milestone, uuid
from tests.world import wait_for

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
ROWS, WITH_ROW, JOBS = 45, 32, 35
HEADER_ROW = 2
MOST_CLICKS = 12
SIZES: Mapping[str, Any] = {
    "wide": {"width": 1440, "height": 900},
    "phone": {"width": 390, "height": 844},
}
WORDS = {"SUBMITTED": "Applied", "APPROVED": "Issued", "REJECTED": "Redo"}
STATUSES = tuple(WORDS)
TYPED = 7
"""The job whose word was replaced by hand."""


@dataclass(frozen=True)
class Habit:
    """How an installer writes headers and names, and whether the rows are a Table of Google's."""

    headers: Sequence[str]
    name: str = "{last}, {first} & Lucia"
    family: str = "Number"
    is_table: bool = False


ENGLISH = ("Customer", "Phone", "Email", "Address", "Permits", "Crew", "Price")
HABITS = {
    "couples": Habit(ENGLISH),
    "table": Habit(ENGLISH, name="{first} {last}", is_table=True),
    "spanish": Habit(
        ("Cliente", "Teléfono", "Correo", "Dirección", "Permits", "Cuadrilla", "Precio"),
        name="{last}, {first}",
        family="Peña",
    ),
}


@dataclass
class Office:
    """A board, the jobs that EverBright knows, and a console without a worker."""

    google: Emulator
    environment: dict[str, str]
    receiver: Receiver
    habit: Habit

    def rows(self) -> list[dict[str, str]]:
        answer = read(self.google.url, self.environment["SPREADSHEET_ID"])
        rows = rows_in(answer, "Sheet1", HEADER_ROW)
        return [{header: cell.text for header, cell in row.items()} for row in rows]


@pytest.fixture(params=[*HABITS.values()], ids=[*HABITS])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    habit: Habit = request.param
    with Emulator() as google:
        google.limits.enabled = False  # The test reads more often than a person.
        settings = {"DATABASE_URL": fresh("sqlite", tmp_path), "ADMIN_PASSWORD": PASSWORD}
        environment = prepared(google) | settings | {"WORKER": "separate"}
        fill(google, environment["SPREADSHEET_ID"], habit)
        with Receiver(environment, tmp_path / "log", 0) as receiver:
            receiver.ready()
            for number in range(1, JOBS + 1):
                status = STATUSES[number % len(STATUSES)]
                send(receiver.url, milestone(number, 1, name="Permits", status=status))
            yield Office(google, environment, receiver, habit)


def fill(google: Emulator, spreadsheet: str, habit: Habit) -> None:
    lines = [["Sunny Roofs"], [], list(habit.headers)]
    for number in range(1, ROWS + 1):
        plain = habit.family.replace("ñ", "n")
        known = made_up.site(uuid(number))
        contact = {"first_name": f"Ada{number}", "last_name": f"{plain}{number}"}
        contact |= {"email": f"home{number}@example.com", "phone_number": f"303-555-{number:04}"}
        contact = known["contacts"][0] | contact
        street = f"{number} North Juniper Street"
        address = known["address"] | {"address_line_1": street, "zipcode": "80999"}
        if number <= JOBS:
            google.everbright.set_site(uuid(number), contacts=[contact], address=address)
        if WITH_ROW < number <= JOBS:
            continue
        name = habit.name.format(first=f"Ada{number}", last=f"{habit.family}{number}")
        word = "Issued" if number == TYPED else ""
        email = contact["email"] if number <= JOBS else f"lead{number}@example.com"
        row = [name, f"c 720-555-{number:04}", email, f"{street}, Marlow 80999", word]
        lines.append([*row, f"crew {number % 4}", str(20_000 + number)])
    while len(lines) < HEADER_ROW + 1 + ROWS:
        number = len(lines) + 100
        lines.append([f"Lead {number}", "", f"lead{number}@example.com", "", "", "", ""])
    cells = [{"values": [_cell(text) for text in line]} for line in lines]
    start = {"sheetId": 0, "rowIndex": 0, "columnIndex": 0}
    area = {"sheetId": 0, "startRowIndex": HEADER_ROW, "endRowIndex": len(lines)}
    values = [{"userEnteredValue": word} for word in WORDS.values()]
    rule = {"condition": {"type": "ONE_OF_LIST", "values": values}}
    body: list[dict[str, Any]] = [
        {"updateCells": {"start": start, "rows": cells, "fields": "userEnteredValue"}}
    ]
    if habit.is_table:
        typed = {"columnIndex": 4, "columnType": "DROPDOWN", "dataValidationRule": rule}
        table = {"range": {**area, "startColumnIndex": 0, "endColumnIndex": 7}}
        body.append({"addTable": {"table": {**table, "columnProperties": [typed]}}})
    else:
        where = {**area, "startRowIndex": HEADER_ROW + 1}
        where |= {"startColumnIndex": 4, "endColumnIndex": 5}
        body.append({"setDataValidation": {"range": where, "rule": rule}})
    answer = requests.post(
        f"{google.url}/v4/spreadsheets/{spreadsheet}:batchUpdate",
        json={"requests": body},
        headers={"Authorization": "Bearer onlooker"},
        timeout=30,
    )
    answer.raise_for_status()


def _cell(text: str) -> dict[str, Any]:
    return {"userEnteredValue": {"stringValue": text}} if text else {}


@dataclass
class Person:
    """Reads each page to its end and never scrolls back; counts clicks."""

    page: Page
    clicks: int = 0

    def click(self, name: str, role: Any = "button") -> None:
        self.page.get_by_text("Reading customers").wait_for(state="hidden")
        control = self.page.get_by_role(role, name=name, exact=True).first
        place = control.bounding_box()
        assert place and place["y"] >= 0, f"{name} is above: scroll back"
        with self.page.expect_navigation():
            control.click()
        self.clicks += 1

    def read_to_the_end(self) -> None:
        self.page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")


@pytest.mark.parametrize("size", SIZES)
def test_a_board_is_mapped_in_a_few_clicks(
    office: Office, browser: Browser, tmp_path: Path, size: str
) -> None:
    before = office.rows()
    page = browser.new_page(viewport=SIZES[size])
    entered(page, office.receiver.url)
    person = Person(page)
    person.click("Columns", "link")
    person.click("Use a sheet of your own", "link")
    person.click("Read my tabs")
    person.click("Show my cells")
    for step in ("Continue to the columns", "Preview"):
        person.read_to_the_end()
        person.click(step)
    matched = page.get_by_role("heading", name=f"{WITH_ROW} matched rows")
    expect(matched).to_be_visible(timeout=60_000)
    expect(page.get_by_role("heading", name=f"{JOBS - WITH_ROW} new rows")).to_be_visible()
    expect(page.get_by_role("heading", name="0 cells replaced")).to_be_visible()
    height, width = page.evaluate(
        "[document.documentElement.scrollHeight, document.documentElement.scrollWidth]"
    )
    assert width <= SIZES[size]["width"]
    if size == "wide":
        assert height <= 2 * SIZES[size]["height"]
    person.read_to_the_end()
    person.click("Map these tabs")
    expect(page.get_by_role("status")).to_have_text("Mapped: Sheet1.")
    page.close()
    assert person.clicks <= MOST_CLICKS
    log = tmp_path / "worker.log"
    with Running(WORKER, office.environment, log):
        wait_for(lambda: is_filled(office))
    judged(office, before, office.rows())


def is_filled(office: Office) -> bool:
    keyed = [row for row in office.rows() if row.get("Site ID")]
    return len(keyed) == JOBS and all(row.get("Permits") for row in keyed)


def judged(office: Office, before: list[dict[str, str]], after: list[dict[str, str]]) -> None:
    """Check every cell: each customer once, each word right, and nothing typed replaced."""
    headers = office.habit.headers
    customer, email = headers[0], headers[2]
    by_email = {row[email]: row for row in after if row.get(email)}
    assert len(by_email) == len([row for row in after if row.get(customer)]), "a customer twice"
    sites = [row["Site ID"] for row in after if row.get("Site ID")]
    assert sorted(sites) == sorted(uuid(number) for number in range(1, JOBS + 1))
    for row in before:
        typed, now = {h: text for h, text in row.items() if text}, by_email[row[email]]
        assert {header: now.get(header) for header in typed} == typed
    for number in range(1, JOBS + 1):
        row = next(row for row in after if row.get("Site ID") == uuid(number))
        assert row[email] == f"home{number}@example.com"
        word = WORDS[STATUSES[number % len(STATUSES)]]
        assert row["Permits"] == ("Issued" if number == TYPED else word)
