"""When EverBright's webhook last said something."""

import pytest
from sqlalchemy import update

from sync.store import Database, Inbox
from sync.store.database import now
from sync.store.schema import delivery
from sync.webhooks.parse import read
from tests.made_up import body, milestone
from tests.store.parts import backlog_of


@pytest.mark.parametrize("pruned", [False, True])
def test_the_last_webhook_is_known_though_others_were_read_back_or_it_was_pruned(
    database: Database, pruned: bool
) -> None:
    inbox = Inbox(database)
    for job, is_from_api in ((1, True), (2, False), (3, True)):
        assert (backlog_of(database).arrived_at is None) is (job < 3)
        sent = body(milestone(job))
        inbox.keep(sent, read(sent), requested=inbox.clock() if is_from_api else None)
        if job == 2:
            past = {"received_at": now() - 10 * 86_400.0, "projected": True}
            with database.writing() as connection:
                connection.execute(update(delivery).values(past))
    if pruned:
        inbox.prune(5)
    found = backlog_of(database)
    assert found.arrived_at is not None
    assert found.clock - found.arrived_at > 9 * 86_400.0
