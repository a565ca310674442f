"""What was refused is counted by day and reason, in a few rows, on each kind of database."""

import pytest
from sqlalchemy import func, select

from sync.store import Database, Refusals, RefusedRequests
from sync.store.schema import refusal
from tests.store.parts import backlog_of

DAY = 86_400


@pytest.fixture
def refusals(database: Database) -> Refusals:
    return Refusals(database, _keep_days=90)


def rows(database: Database) -> int:
    with database.reading() as connection:
        return connection.scalars(select(func.count()).select_from(refusal)).one()


def test_a_reason_has_one_row_a_day_with_the_last_ones_source(
    database: Database, refusals: Refusals
) -> None:
    for number in range(50):
        refusals.add({"wrong_secret": RefusedRequests(1000, 0.0, f"192.0.2.{number}")})
    refusals.add({"too_large": RefusedRequests(1, 0.0, "198.51.100.1")})
    assert rows(database) == 2
    assert refusals.totals() == {"wrong_secret": 50_000, "too_large": 1}
    found = {one.reason: (one.count, one.source) for one in refusals.latest(1)}
    assert found == {"wrong_secret": (50_000, "192.0.2.49"), "too_large": (1, "198.51.100.1")}


def test_each_day_counts_alone_and_is_forgotten(database: Database, refusals: Refusals) -> None:
    refusals.add({"wrong_secret": RefusedRequests(2, 0.0, "")})
    refusals.add({"wrong_secret": RefusedRequests(3, 1.0 * DAY, "")})
    refusals.add({"wrong_secret": RefusedRequests(4, 5.0 * DAY, "")})
    assert [one.count for one in refusals.latest(7)] == [2, 3, 4]
    assert [one.count for one in refusals.latest(2)] == [2, 3]
    assert [one.count for one in refusals.latest(36_500)] == [2, 3, 4]
    Refusals(database, _keep_days=3).add({"wrong_secret": RefusedRequests(1, 0.0, "")})
    assert [one.count for one in refusals.latest(7)] == [3, 3]


def test_a_count_beyond_four_bytes_is_taken(refusals: Refusals) -> None:
    for _ in range(2):
        refusals.add({"wrong_secret": RefusedRequests(2**31 - 1, 0.0, "x" * 1000)})
    (found,) = refusals.latest(1)
    assert (found.count, len(found.source)) == (2**32 - 2, 64)


def test_the_backlog_counts_those_since_yesterday(database: Database, refusals: Refusals) -> None:
    refusals.add(
        {
            "wrong_secret": RefusedRequests(2, 0.0, ""),
            "too_large": RefusedRequests(1, 1.0 * DAY, ""),
        }
    )
    refusals.add({"wrong_secret": RefusedRequests(4, 2.0 * DAY, "")})
    assert backlog_of(database).refused_requests == 3


def test_the_backlog_has_the_time_of_the_last_wrong_secret(
    database: Database, refusals: Refusals
) -> None:
    assert backlog_of(database).wrong_secret_age is None
    refusals.add({"no_secret": RefusedRequests(1, 3.0 * DAY, "")})
    assert backlog_of(database).wrong_secret_age == pytest.approx(3 * DAY, abs=20)
    refusals.add(
        {"wrong_secret": RefusedRequests(2, 500.0, ""), "too_large": RefusedRequests(1, 1.0, "")}
    )
    assert backlog_of(database).wrong_secret_age == pytest.approx(500, abs=20)
