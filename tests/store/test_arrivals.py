"""When EverBright's webhook last said something."""

import pytest
from sqlalchemy import update

from sync.store import Database, Inbox, backlog
from sync.store.database import now
from sync.store.schema import delivery
from sync.webhooks.parse import read
from tests.made_up import body, milestone


@pytest.mark.parametrize("pruned", [False, True])
def test_what_was_read_back_is_no_sign_of_the_webhook(database_url: str, pruned: bool) -> None:
    """Would catch a webhook that was switched off, which the daily run makes look alive."""
    database = Database(database_url.replace("postgres://", "postgresql+psycopg://"))
    database.upgrade()
    inbox = Inbox(database)
    for job, is_read in ((1, True), (2, False), (3, True)):
        sent = body(milestone(job))
        inbox.keep(sent, read(sent), requested=inbox.clock() if is_read else None)
        if job == 1:
            assert backlog(database, "s").arrival is None
        if job == 2:
            past = {"received_at": now() - 10 * 86_400.0, "projected": True}
            with database.writing() as connection:
                connection.execute(update(delivery).values(past))
    if pruned:
        inbox.prune(5)
    found = backlog(database, "s")
    assert found.arrival is not None
    assert found.clock - found.arrival > 9 * 86_400.0
    database.close()
