"""Whose job it is: asked of EverBright, kept for a day; the row stands without it, too."""

from sqlalchemy import select, update

from sync.store.database import now
from sync.store.schema import customer
from tests.bench import Bench
from tests.made_up import milestone, uuid
from tests.world import wait_for


def site_calls(bench: Bench) -> int:
    return bench.google.calls.count("everbright")


def test_a_row_shows_its_customer_once_everbright_answers(asking: Bench) -> None:
    asking.shown(milestone(1))
    assert asking.row(uuid(1))["Customer"] == "Job 00000000"
    assert asking.ask() == 1
    asking.flush()
    row = asking.row(uuid(1))
    assert not row["Customer"].startswith("Job ")
    assert row["Address"].count(",") == 2
    assert row["Phone"]
    assert "E-mail" not in row
    (cell,) = [r["Customer"] for r in asking.rows()]
    assert cell.links[0].uri == f"{asking.google.url}/address/{uuid(1)}"


def test_an_envelope_is_unwrapped(asking: Bench) -> None:
    """One integration unwraps it, another does not."""
    asking.google.everbright.envelope = True
    asking.shown(milestone(1))
    asking.ask()
    asking.flush()
    assert not asking.row(uuid(1))["Customer"].startswith("Job ")


def test_a_customer_is_asked_for_again_after_a_day_and_a_change_only(asking: Bench) -> None:
    asking.shown(milestone(1))
    asking.ask()
    assert asking.flush() > 0
    asking.shown(milestone(1, date_updated="2026-03-02T10:00:00Z"))
    assert (asking.ask(), site_calls(asking)) == (0, 1)
    with asking.database.writing() as connection:
        connection.execute(update(customer).values(fetched_at=customer.c.fetched_at - 90_000))
    assert asking.ask() == 0
    asking.shown(milestone(1, date_updated="2026-03-03T10:00:00Z"))
    assert asking.ask() == 1
    assert asking.flush() == 0, "nothing was new, and yet something was written"


def test_a_customer_that_everbright_does_not_return_stays_reported(asking: Bench) -> None:
    asking.google.everbright.fail(uuid(1), "not_found")
    asking.shown(milestone(1))
    asking.ask()
    with asking.database.writing() as connection:
        connection.execute(update(customer).values(attempts=30, due_at=None))
    asking.shown(milestone(1, date_updated="2026-03-02T10:00:00Z"))
    for _ in range(2):
        assert asking.wiring.customers.unanswered(9) == [uuid(1)]
        assert asking.ask() == 1
        asking.wiring.customers.make_due(uuid(1))


def test_the_row_stays_when_everbright_fails(asking: Bench) -> None:
    asking.google.everbright.token = "another"
    asking.shown(milestone(1))
    asking.ask()
    asking.flush()
    assert asking.row(uuid(1))["Customer"] == "Job 00000000"
    asking.google.everbright.token = "a-token"
    with asking.database.writing() as connection:
        connection.execute(update(customer).values(due_at=0.0))
    asking.ask()
    asking.flush()
    assert not asking.row(uuid(1))["Customer"].startswith("Job ")


def test_a_person_s_name_for_the_job_stays_until_the_name_is_known(asking: Bench) -> None:
    """Also where everything is compared: a stand-in says less than what somebody wrote."""
    asking.shown(milestone(1))
    asking.edit("type_cell", row=1, column=0, text="Silver, the blue house")
    asking.compare()
    asking.flush()
    assert asking.row(uuid(1))["Customer"] == "Silver, the blue house"


def test_a_line_of_the_history_waits_for_the_name(asking: Bench) -> None:
    """Lines are never written again: they would say "Job 157802b4" for ever."""
    asking.shown(milestone(1))
    assert asking.texts("History") == []
    asking.ask()
    asking.flush()
    (line,) = asking.texts("History")
    assert line["Customer"] == asking.row(uuid(1))["Customer"]
    asking.google.everbright.token = "another"
    asking.shown(milestone(2))
    for _ in range(2):
        asking.ask()
        with asking.database.writing() as connection:
            late = customer.c.due_at.is_not(None)
            connection.execute(update(customer).where(late).values(due_at=0.0))
    asking.flush()
    assert asking.texts("History")[0]["Customer"] == "Job 00000000"


def test_people_without_a_row_are_not_asked_for(asking: Bench) -> None:
    """Leads come by the hundred, and nobody reads of them in the sheet."""
    asking.send(*({"site_id": uuid(n), "stage_name": "Lead"} for n in range(1, 9)))
    asking.shown(milestone(9))
    assert asking.ask() == 1


def test_known_jobs_are_asked_again_once_other_fields_are_read(asking: Bench) -> None:
    """As a new version reads more: else that stays blank until the job changes."""
    asking.shown(milestone(1), milestone(2), milestone(3))
    asking.ask()
    asking.flush()
    wanted = asking.customer(1)
    assert asking.ask() == 0
    with asking.database.writing() as connection:
        is_old = customer.c.site.in_([uuid(1), uuid(2)])
        connection.execute(update(customer).where(is_old).values(question="of an older version"))
    calls = site_calls(asking)
    fetcher = asking.wiring.customer_fetcher()
    assert fetcher.fetch() is not None
    due = select(customer.c.due_at - now()).where(customer.c.due_at.is_not(None))
    (wait,) = asking.database.scalars(due)
    assert 0 < wait <= 1 / asking.settings.backfill_rate
    wait_for(fetcher.fetch, 5)
    assert fetcher.fetch() is None
    assert site_calls(asking) == calls + 2
    asking.flush()
    assert asking.row(uuid(1))["Customer"] == wanted["Customer"]
    assert asking.ask() == 0, "a restart asks nobody again"
