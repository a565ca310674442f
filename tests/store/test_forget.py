"""One customer's data is deleted from every table, and doesn't come back."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from sqlalchemy import select

from emulator import Emulator
from sync.actions.forget import forget
from sync.errors import Rejected
from sync.store import Jobs
from sync.store.deliveries import Deliveries, DeliveryFilter
from sync.store.erase import stored_data
from sync.store.findings import dismiss
from sync.store.inbox import Inbox
from sync.store.schema import document, metadata
from sync.webhooks import parse
from sync.webhooks.schema import Outcome
from tests.backfill.stand import TOKEN, event
from tests.bench import Bench
from tests.made_up import body, milestone, task, uuid
from tests.made_up import document as a_document
from tests.stored import newest
from tests.webhooks.payloads import contract

ADA, BO = uuid(1), uuid(2)
PAPERS = [task(a_document(1, "Ada.pdf"))]


@pytest.fixture
def bench(google: Emulator, database_url: str) -> Bench:
    google.everbright.token = TOKEN
    made = Bench(google, database_url, EVERBRIGHT_API_TOKEN=TOKEN, BACKFILL_RATE="50")
    made.customer(1)
    made.shown(milestone(1, tasks=PAPERS), milestone(2))
    made.ask()
    made.shown(milestone(1, status="APPROVED", date_updated="2026-03-05T10:00:00Z", tasks=PAPERS))
    made.compare()
    return made


def rows_about(bench: Bench, *words: str) -> set[str]:
    """Return the tables with one of `words` in any column."""
    found = set()
    with bench.database.reading() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                texts = (v.decode() if isinstance(v, bytes) else str(v) for v in row)
                if any(word in text for text in texts for word in words):
                    found.add(table.name)
    return found


def test_no_table_has_anything_of_a_forgotten_job(bench: Bench) -> None:
    words = (ADA, "Number1", "Ada.pdf", "1 North Juniper")
    assert {"job", "delivery", "customer", "change", "document"} <= rows_about(bench, *words)
    bench.inbox.keep_rejected(f'{{"site": "{ADA}"'.encode(), Rejected("not_json", "cut"))
    spelled = ADA.replace("-", "")
    bench.send({"site": spelled, "sub_tasks": [], "task_definition": "Number1"})
    dismiss(bench.database, [ADA, BO])
    beside = rows_about(bench, BO)
    report = bench.command("forget", ADA).output
    assert "add --write" in report
    assert rows_about(bench, *words)
    report = bench.command("forget", ADA, "--write").output
    assert "webhooks" in report
    assert "Left in Drive" in report
    assert rows_about(bench, *words) == set()
    assert rows_about(bench, BO) == beside
    assert stored_data(bench.database, ADA).is_empty
    bench.compare()
    bench.flush()
    assert bench.row(BO)


def test_no_file_has_anything_of_a_forgotten_job(google: Emulator, sqlite_url: str) -> None:
    """Not even the write-ahead log, which goes into a backup of the files."""
    bench = Bench(google, sqlite_url)
    bench.shown(milestone(1, tasks=PAPERS), milestone(2))
    file = Path(sqlite_url.removeprefix("sqlite:///"))

    def is_found(word: str) -> bool:
        return any(word.encode() in one.read_bytes() for one in file.parent.glob(f"{file.name}*"))

    assert is_found("Ada.pdf")
    bench.command("forget", ADA, "--write")
    assert not is_found("Ada.pdf")
    assert is_found(BO)
    bench.flush()
    assert bench.row(BO)


def test_a_forgotten_job_stays_forgotten(bench: Bench) -> None:
    late, later = event(1, status="REJECTED"), event(1, status="INPROG")
    bench.send(late)
    with bench.database.writing() as connection:
        kept = connection.execute(select(metadata.tables["delivery"])).mappings().all()[-1]
    forget(bench.wiring, lambda _: None, ADA)

    def finish_storing() -> None:
        """It was stored just before the job was forgotten, and is applied just after."""
        with bench.database.writing() as connection:
            connection.execute(metadata.tables["delivery"].insert().values(**kept))

    def read_back() -> None:
        bench.google.everbright.load(later)
        bench.wiring.backfill("one", lambda _: None).read_job(ADA)

    signed = contract(site="gone", milestone=milestone(1)["uuid"])

    def send_task() -> None:
        bench.send({"site": ADA, "sub_tasks": [], "task_definition": uuid(9), "name": "Call Ada"})

    def send_task_without_site() -> None:
        named = {"milestone": {"uuid": milestone(1)["uuid"].upper()}, "name": "Call Ada"}
        bench.send({**named, "sub_tasks": [], "task_definition": uuid(8)})

    def send_cut() -> None:
        bench.inbox.keep_rejected(body(later)[:-9], Rejected("not_json", "cut"))

    ways = (finish_storing, lambda: bench.send(later), lambda: bench.send(signed), read_back)
    for way in (*ways, send_task, send_task_without_site, send_cut):
        way()
        bench.project()
        assert not bench.store.pending.is_waiting()
        assert newest(Inbox(bench.database), 1)[0].outcome is Outcome.IGNORED
        assert rows_about(bench, ADA, late["uuid"], later["uuid"], "Call Ada") == set()


@pytest.mark.parametrize("first", ["milestone", "task", "both"])
def test_new_milestones_of_a_forgotten_job_are_remembered(bench: Bench, first: str) -> None:
    """So that a task which names only such a milestone doesn't wait for it."""
    forget(bench.wiring, lambda _: None, ADA)
    new = milestone(1, 3)
    named = {"milestone": new["uuid"], "sub_tasks": [], "task_definition": uuid(8)}
    late = {**named, "comment": "Call Ada"}
    rounds = {"milestone": [[new], [late]], "task": [[late], [new]], "both": [[late, new]]}
    for payloads in rounds[first]:
        bench.send(*payloads)
        bench.project()
    assert rows_about(bench, ADA, new["uuid"], "Call Ada") == set()
    bench.send({**named, "site": BO, "comment": "Call Bo"})
    bench.project()
    assert rows_about(bench, "Call Bo") == set()
    bench.shown(milestone(2, 3, status="REJECTED"))
    assert bench.row(BO)["Status"].endswith("rejected"), "only the milestone was Ada's"


def test_what_names_a_job_by_a_task_s_milestone_is_forgotten(bench: Bench) -> None:
    """That milestone's own webhook never arrived."""
    named = {"milestone": uuid(7), "sub_tasks": [], "task_definition": uuid(8)}
    bench.send({**named, "comment": "Call Ada"})
    bench.project()
    assert bench.wiring.backlog().unplaced == 1
    bench.send({**named, "site": ADA, "comment": "Ada called"})
    bench.project()
    assert bench.wiring.backlog().unplaced == 0
    assert len(Deliveries(bench.database).newest(9, DeliveryFilter(sites=(ADA,)))) == 4
    forget(bench.wiring, lambda _: None, ADA)
    bench.send({**named, "comment": "Call Ada again"})
    bench.project()
    assert rows_about(bench, ADA, uuid(7), "Call Ada", "Ada called") == set()


@pytest.fixture
def numbered(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Any]:
    """A body of a service whose converter is as docs/architecture.md advises."""

    def by_number(tree: Mapping[str, Any]) -> dict[str, Any] | None:
        number = tree.get("permit_number")
        return number and {**tree, "milestone": str(uuid5(NAMESPACE_URL, number))}

    monkeypatch.setattr(parse, "OTHER_SERVICES", [by_number])
    return {"permit_number": "P-1"}


def test_what_has_only_another_service_s_number_is_forgotten(
    bench: Bench, numbered: Mapping[str, Any]
) -> None:
    """Even if it has nothing to show."""
    bench.send({**numbered, "comment": "Filed"}, {**numbered, "note": "Paid"})
    bench.project()
    assert bench.wiring.backlog().unplaced == 2
    bench.send({**numbered, "site": ADA}, {**numbered, "comment": "Issued"})
    bench.project()
    assert bench.wiring.backlog().unplaced == 0
    assert len(Deliveries(bench.database).newest(9, DeliveryFilter(sites=(ADA,)))) == 6
    forget(bench.wiring, lambda _: None, ADA)
    assert rows_about(bench, "P-1") == set()
    bench.send({**numbered, "comment": "Expired"}, {**numbered, "note": "Paid again"})
    bench.project()
    assert rows_about(bench, "P-1") == set()


def test_a_number_moves_to_another_job(bench: Bench, numbered: Mapping[str, Any]) -> None:
    """It was linked to Ada's by mistake: forgetting hers leaves what is Bo's."""
    bench.send({**numbered, "site": ADA})
    bench.project()
    bench.send({**numbered, "site": BO}, {**numbered, "comment": "Filed"})
    bench.project()
    bench.send({**numbered, "comment": "Issued"})
    bench.project()
    forget(bench.wiring, lambda _: None, ADA)
    bench.send({**numbered, "comment": "Paid"})
    bench.project()
    (found,) = Jobs(bench.database).states([BO]).values()
    assert {one.comment for one in found.other_comments} == {"Filed", "Issued", "Paid"}


def test_a_job_that_is_not_stored_is_remembered(google: Emulator, database_url: str) -> None:
    """For a new database, which doesn't know whose data was deleted."""
    bench = Bench(google, database_url)
    assert "Nothing is stored" in bench.command("forget", ADA).output
    bench.command("forget", ADA, "--write")
    bench.shown(milestone(1), milestone(2))
    assert rows_about(bench, ADA) == set()
    assert bench.row(BO)


def test_a_shared_document_stays_with_the_other_job(bench: Bench) -> None:
    bench.shown(milestone(2, date_updated="2026-03-06T10:00:00Z", tasks=PAPERS))
    forget(bench.wiring, lambda _: None, ADA)
    assert bench.database.scalars(select(document.c.site)) == [BO]
