"""Mappings that were begun on the console are kept for a day."""

from sqlalchemy import func, select, update

from sync.store import Database
from sync.store.drafts import MappingDrafts
from sync.store.schema import mapping_draft

PAIRS = (("tab", "0"), ("tab", "7"), ("word:0:H:words0:Approved", "Émis"))


def aged(database: Database, seconds: int) -> None:
    with database.writing() as connection:
        at = mapping_draft.c.saved_at - seconds
        connection.execute(update(mapping_draft).values(saved_at=at))


def test_a_draft_is_kept_for_a_day_after_its_last_change(database: Database) -> None:
    drafts = MappingDrafts(database)
    first, second = drafts.begin(), drafts.begin()
    assert (drafts.read(first), drafts.read("of-nobody")) == ((), None)
    aged(database, 50_000)
    drafts.save(first, PAIRS)
    aged(database, 50_000)
    assert (drafts.read(first), drafts.read(second)) == (PAIRS, None)
    drafts.begin()
    with database.reading() as connection:
        assert connection.scalar(select(func.count()).select_from(mapping_draft)) == 2
