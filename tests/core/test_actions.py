"""Actions as the console asks for them: over HTTP, with the worker of a process."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert, select

from emulator import Emulator
from sync.core import schema
from sync.core.snapshot import HISTORY, JOBS
from tests import databases
from tests.core.test_http import is_quiet
from tests.made_up import milestone, uuid
from tests.world import TOKEN, World, wait_for


class ActionWorld(World):
    """A spreadsheet, and what the process stores. Each test has jobs of its own in it."""

    def ask(self, kind: str, **body: Any) -> str:
        """Ask for an action, and return its result once it is done."""
        row = {"kind": kind, "body": json.dumps(body), "requested": time.time()}
        with self.database().begin() as connection:
            key = connection.execute(insert(schema.action).values(row)).inserted_primary_key
        assert key

        def result() -> Any:
            query = select(schema.action).where(schema.action.c.id == key[0])
            with self.database().begin() as connection:
                found = connection.execute(query).one()
            return found.done and found

        return str(wait_for(result).result)

    def findings(self) -> list[str]:
        """Return the codes of what the last pass found."""
        return [each["code"] for each in (self.store().get("pass") or {}).get("findings", ())]

    def add(self, job: int, step: int = 1, status: str = "SUBMITTED") -> None:
        self.send(milestone(job, step, status=status))
        wait_for(lambda: uuid(job) in self.by_site() and is_quiet(self))

    def status_of(self, job: int) -> str:
        return self.by_site()[uuid(job)]["Status"].text


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ActionWorld]:
    folder = tmp_path_factory.mktemp("actions")
    with Emulator(limits=False) as google:
        found = ActionWorld(google, folder, databases.fresh("sqlite", folder), **TOKEN)
        with found.serve():
            found.add(1)
            yield found


def test_pause_and_resume(world: ActionWorld) -> None:
    world.ask("pause")
    with world.database().begin() as connection:
        asked = insert(schema.action).values(kind="check_now", body="{}", requested=time.time())
        (number,) = connection.execute(asked).inserted_primary_key or (0,)
    world.send(milestone(2))
    wait_for(lambda: world.store().backlog()["jobs"] == 1)
    time.sleep(2)
    assert uuid(2) not in world.by_site()
    done = select(schema.action.c.done).where(schema.action.c.id == number)
    assert [row.done for row in world.database().read(done)] == [0.0], "the sheet wasn't checked"
    world.ask("resume")
    wait_for(lambda: world.database().read(done)[0].done)
    wait_for(lambda: uuid(2) in world.by_site())


def test_the_tab_history_is_put_back(world: ActionWorld) -> None:
    lines = history(world)
    world.google.edit(world.spreadsheet, "delete_tab", sheet_id=HISTORY)
    world.ask("check_now")
    assert world.findings() == ["history_deleted"]
    world.ask("put_back", sheet=HISTORY)
    wait_for(lambda: is_quiet(world))
    world.ask("check_now")
    assert world.findings() == []
    assert history(world) == lines


def history(world: ActionWorld) -> int:
    """Return how many rows of History hold anything."""
    tab = world.google.sheets.spreadsheets[world.spreadsheet].sheet(HISTORY)
    assert tab is not None
    return sum(any(cell.value is not None for cell in row.cells.values()) for row in tab.rows)


def test_columns_are_put_back(world: ActionWorld) -> None:
    wait_for(lambda: is_quiet(world))  # A column that isn't known to be there yet is made again.
    world.edit("delete_columns", index=world.header("Waiting on"))
    world.send(milestone(1, 2, status="REJECTED", date_updated="2030-01-02T00:00:00Z"))
    wait_for(lambda: world.status_of(1).endswith("rejected"))
    assert "Waiting on" not in world.rows()[0]
    world.ask("put_back")

    def are_filled() -> bool:
        """Return whether each row shows the column; one that ends before it has no such cell."""
        cells = [row.get("Waiting on") for row in world.by_site().values()]
        return all(cell is not None and cell.text for cell in cells)

    wait_for(are_filled)


def test_a_row_that_is_not_the_jobs(world: ActionWorld) -> None:
    world.add(3)
    site = uuid(3)
    place = [row["Site ID"].text for row in world.rows()].index(site)
    texts = {"Customer": "Walter Diaz", "Phone": "(555) 999-1234", "Email": "", "Address": ""}
    for header in texts.keys() & world.rows()[0].keys():
        column = world.header(header)
        world.edit("type_cell", row=place + 1, column=column, text=texts[header])
    world.ask("check_now")
    assert world.findings() == ["other_customer"]
    world.ask("not_this_job", site=site)
    wait_for(lambda: site in world.by_site() and is_quiet(world))
    world.ask("check_now")
    assert world.findings() == []
    assert world.ask("not_this_job", site=site) == "That row isn't listed anymore."


def test_the_order_is_confirmed(world: ActionWorld) -> None:
    """Then a job that has its last milestone approved is done, and the next one has a name."""
    first, second = (milestone(4, n)["milestone_definition"] for n in (4, 5))
    world.send(milestone(4, 4, status="SUBMITTED"))
    world.add(5, 5, status="INPROG")
    assert uuid(4) in world.by_site()
    assert "next" not in world.status_of(5)
    world.ask("take_order", order=["contract", first, second, "done"])
    wait_for(lambda: world.status_of(4) == "Milestone 4 under review")
    wait_for(lambda: world.status_of(5) == "Milestone 5 in progress")
    world.send(milestone(5, 5, status="APPROVED", date_updated="2030-01-01T00:00:00Z"))
    wait_for(lambda: world.status_of(5) == "Done")
    assert world.status_of(4) == "Milestone 4 under review"


def test_a_meaning_is_chosen(world: ActionWorld) -> None:
    world.add(6, status="ON_HOLD")
    assert world.status_of(6) == "Milestone 1: On hold"
    world.ask("take_meanings", meanings={"ON_HOLD": "rejected"})
    wait_for(lambda: world.status_of(6) == "Milestone 1 rejected")


def test_a_rejected_message_is_replayed(world: ActionWorld) -> None:
    body = milestone(7)
    site = body.pop("site")
    assert world.send(body).status_code == 422
    query = select(schema.delivery.c.id).where(schema.delivery.c.outcome == "rejected")
    with world.database().begin() as connection:
        number = connection.scalar(query)
    page = world.visitor.signed_in()
    page.post("/actions/replay", id=number)
    assert "Still rejected" in page.get("/").text
    own = schema.delivery.update().where(schema.delivery.c.id == number)
    with world.database().begin() as connection:
        connection.execute(own.values(body=json.dumps(body | {"site": site}).encode()))
    page.post("/actions/replay", id=number)
    wait_for(lambda: site in world.by_site())


def test_a_customer_is_forgotten(world: ActionWorld) -> None:
    """Nothing is left in the database but a hash, and nothing of it is stored again."""
    world.add(8)
    site = uuid(8)
    name = world.by_site()[site]["Customer"].text
    world.send({**milestone(8), "milestone_definition": None, "notes": name})
    world.ask("forget", site=site)
    assert site not in world.store().job_states()
    world.send(milestone(8, status="APPROVED", date_updated="2030-01-01T00:00:00Z"))
    world.send({"site": site, "tasks_done": 3, "name": name})
    wait_for(lambda: is_quiet(world))
    world.ask("check_now")
    with world.database().begin() as connection:
        for table in schema.metadata.sorted_tables:
            rows = str([*connection.execute(select(table))])
            assert site not in rows, table.name
            assert name not in rows, table.name
    assert site in {row["Site ID"].text for row in world.rows() if "Site ID" in row}


def test_a_customer_who_is_forgotten_already(world: ActionWorld) -> None:
    """As after a kill: what was asked for doesn't have the site ID anymore."""
    world.send(b"{")
    rejected = select(schema.delivery.c.id).where(schema.delivery.c.outcome == "rejected")
    before = world.database().read(rejected)
    world.ask("forget")
    assert before
    assert world.database().read(rejected) == before


def test_an_action_that_fails_ends(world: ActionWorld) -> None:
    assert "internal error" in world.ask("take_meanings", meanings={"X": "no such meaning"})
    assert world.ask("check_now") == "The sheet was checked."
    assert world.google.sheets.spreadsheets[world.spreadsheet].sheet(JOBS) is not None
