"""The history: each line once in each spreadsheet, the oldest first, with its customer's name."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from sync.jobs.model import Change, Customer, Details, Job
from sync.jobs.projection import milestone_event as event
from sync.store import Customers, Database, DetailStore, Jobs, Lease, Projected, SheetStore
from sync.store.database import now
from sync.store.schema import change, customer
from sync.webhooks.parse import read
from tests.made_up import body, milestone, uuid
from tests.store.parts import attempt, held

_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(site: str, minute: int) -> Change:
    at = _NOON + timedelta(minutes=minute)
    return Change(
        site=site, subject="stage", digest=f"{minute}", received=at, stamp=at, after=f"{minute}"
    )


def told(store: SheetStore, limit: int = 99) -> list[str | None]:
    return [one.after for _, one, *_ in store.pending.read(99, limit).lines]


def seqs(store: SheetStore) -> tuple[int, ...]:
    return tuple(seq for seq, *_ in store.pending.read(99, 99).lines)


def written(store: SheetStore, mine: Lease, fence: int) -> None:
    store.batches.conclude(mine, attempt(fence, None, changes=seqs(store)))


def test_a_line_is_written_once_in_each_spreadsheet(database: Database) -> None:
    first, second, mine = SheetStore(database, "1"), SheetStore(database, "2"), held(database)
    Jobs(database).take_in(mine, Projected([], changes=[said("a", 1)]))
    first.spreadsheet.make_current(mine)
    written(first, mine, 1)
    second.spreadsheet.make_current(mine)
    assert told(second) == ["1"]
    written(second, mine, 1)
    Jobs(database).take_in(mine, Projected([], changes=[said("a", 2)]))
    written(second, mine, 2)
    first.spreadsheet.make_current(mine)
    assert told(first) == ["2"]
    second.spreadsheet.make_current(mine)
    assert told(second) == []


def test_a_recreated_tab_has_everything(database: Database) -> None:
    store, mine = SheetStore(database, "s"), held(database)
    Jobs(database).take_in(mine, Projected([], changes=[said("a", 1)]))
    written(store, mine, 1)
    assert store.history.write_again(mine)
    assert told(store) == ["1"]
    store.history.drop(mine, seqs(store))
    assert told(store) == []


def test_a_line_waits_a_minute_for_its_customers_name(database: Database) -> None:
    store, mine = SheetStore(database, "s", waits_for_names=True), held(database)
    sent = read(body(milestone(1))).milestone
    assert sent is not None
    site = uuid(1)
    job = Job(site=site, events={sent.milestone_definition: event(sent, "d", _NOON)})
    Jobs(database).take_in(
        mine, Projected([job], changes=[said(site, 1), said("b", 2), said("b", 0)])
    )
    assert told(store) == ["0"], "later lines wait with it, because the newest belong on top"
    with database.writing() as connection:
        connection.execute(update(customer).values(attempts=2))
    assert told(store) == ["0", "1", "2"], "it was asked for twice without an answer"
    with database.writing() as connection:
        connection.execute(update(customer).values(attempts=0))
        connection.execute(update(change).values(kept_at=now() - 61))
    assert told(store) == ["0", "1", "2"], "a minute is over"
    with database.writing() as connection:
        connection.execute(update(change).values(kept_at=now() + 3600))
    assert told(store) == ["0", "1", "2"], "the clock was put back"
    Customers(database).keep(site, Customer(name="Ada"), 1)
    (ada,) = [known for _, one, known, _ in store.pending.read(9, 9).lines if one.site == site]
    assert ada.name == "Ada"
    store.history.drop(mine, seqs(store))
    Jobs(database).take_in(mine, Projected([], changes=[said(site, 3)]))
    assert told(store) == ["3"]
    sold = SheetStore(database, "s", waits_for_names=True, waits_for_reps=True)
    assert told(sold) == [], "nobody has answered who sold it"
    DetailStore(database, "reps").keep(site, Details(), 1)
    assert told(sold) == ["3"]
