"""When EverBright's webhook last said something."""

import pytest
from sqlalchemy import update

from sync.store import Database, Inbox, newest_arrival
from sync.store.database import now
from sync.store.schema import delivery
from sync.webhooks.parse import read
from tests.made_up import body, milestone


@pytest.mark.parametrize("pruned", [False, True])
def test_the_last_webhook_is_known_though_others_were_read_back_or_it_was_pruned(
    database: Database, pruned: bool
) -> None:
    """Would catch a webhook that was switched off, which the daily run makes look alive."""
    inbox = Inbox(database)
    for job, is_read in ((1, True), (2, False), (3, True)):
        assert (newest_arrival(database) is None) is (job < 3)
        sent = body(milestone(job))
        inbox.keep(sent, read(sent), requested=inbox.clock() if is_read else None)
        if job == 2:
            past = {"received_at": now() - 10 * 86_400.0, "projected": True}
            with database.writing() as connection:
                connection.execute(update(delivery).values(past))
    for count in (2, 0) if pruned else ():
        assert inbox.prune(5) == count
    found = newest_arrival(database)
    assert found is not None
    assert found.now - found.at == pytest.approx(10 * 86_400.0, abs=20)
