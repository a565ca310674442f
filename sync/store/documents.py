"""Documents on their way into Drive: claimed by job, so that a slow one delays only its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select, update
from sqlalchemy.sql import ColumnElement

from sync.errors import BrightsheetError, Retryable
from sync.jobs.model import Files, FileState
from sync.store.database import Database
from sync.store.dirty import touch
from sync.store.schema import document, folder, now


@dataclass(frozen=True)
class Claim:
    """One worker's hold on a job's folder; a later claim has a larger number."""

    site: str
    number: int


@dataclass(frozen=True)
class PendingDocument:
    """A document to be copied, with all that earlier tries have kept of it.

    `file_id` was made by Drive beforehand, `session` is the address of an upload under way, and
    `digest` the SHA-256 (hex) of the bytes that the session was begun with; "" where there is none.
    """

    uuid: str
    site: str
    sub_task: str
    name: str
    attempts: int
    file_id: str
    session: str = field(repr=False)
    digest: str
    folder_id: str
    folder_link: str


class Documents:
    """The document workers' side of the store."""

    def __init__(self, database: Database, claim_seconds: float) -> None:
        self._database = database
        self._seconds = claim_seconds

    def claim(self) -> tuple[Claim, PendingDocument] | None:
        """Claim the job of the document that is due longest, and return both."""
        free = folder.c.claimed_until < now()
        due = (
            select(document.c.uuid, document.c.site)
            .join(folder, folder.c.site == document.c.site)
            .where(document.c.state == FileState.PENDING, document.c.due_at <= now(), free)
            .order_by(document.c.due_at, document.c.uuid)
            .limit(1)
        )
        with self._database.reading() as connection:
            if connection.execute(due).first() is None:
                return None
        with self._database.writing() as connection:
            found = connection.execute(due.with_for_update(of=folder, skip_locked=True)).first()
            if found is None:
                return None
            number = connection.scalar(
                update(folder)
                .where(folder.c.site == found.site)
                .values(claim=folder.c.claim + 1, claimed_until=now() + self._seconds)
                .returning(folder.c.claim)
            )
            return Claim(found.site, int(number or 0)), _pending(connection, found.uuid)

    def renew(self, claim: Claim) -> None:
        """Hold on to a claim. Raises Retryable (claim_lost) where another has it."""
        with self._database.writing() as connection:
            self._hold(connection, claim, until=now() + self._seconds)

    def release(self, claim: Claim) -> None:
        """Let the job go."""
        with self._database.writing() as connection:
            connection.execute(update(folder).where(*_claimed(claim)).values(claimed_until=0.0))

    def keep_folder(self, claim: Claim, file_id: str, link: str = "") -> None:
        """Keep the folder's id before it is used, and its link once it is there."""
        with self._database.writing() as connection:
            self._hold(connection, claim, file_id=file_id, link=link)
            if link:
                touch(connection, claim.site)

    def keep(self, claim: Claim, uuid: str, **values: str) -> None:
        """Keep `file_id`, `session` or `digest` before it is used."""
        with self._database.writing() as connection:
            self._hold(connection, claim)
            _change(connection, uuid, **values)

    def finish(self, claim: Claim, uuid: str, file_id: str, link: str) -> None:
        """Keep that the copy is there, and that the job's row is to show it."""
        with self._database.writing() as connection:
            self._hold(connection, claim)
            done = {"state": FileState.DONE, "session": "", "reason": "", "message": ""}
            _change(connection, uuid, **done, file_id=file_id, link=link)
            touch(connection, claim.site)

    def postpone(self, claim: Claim, uuid: str, error: BrightsheetError, seconds: float) -> None:
        """Try again after `seconds`, for the reason given."""
        self._fail(claim, uuid, error, due_at=now() + seconds)

    def give_up(self, claim: Claim, uuid: str, error: BrightsheetError) -> None:
        """Set a document aside until a person asks for it again."""
        self._fail(claim, uuid, error, state=FileState.FAILED)

    def _fail(self, claim: Claim, uuid: str, error: BrightsheetError, **values: object) -> None:
        with self._database.writing() as connection:
            self._hold(connection, claim)
            _change(
                connection,
                uuid,
                attempts=document.c.attempts + 1,
                reason=error.reason,
                message=error.message[:500],
                **values,
            )

    def retry(self, uuid: str | None = None) -> int:
        """Make documents that were given up (or only `uuid`) due at once; return how many."""
        stuck = document.c.state == FileState.FAILED
        which: ColumnElement[bool] = stuck if uuid is None else document.c.uuid == uuid
        values = {"state": FileState.PENDING, "due_at": 0.0, "attempts": 0, "wanted_at": now()}
        with self._database.writing() as connection:
            pending = which & (document.c.state != FileState.DONE)
            return connection.execute(update(document).where(pending).values(values)).rowcount

    def troubled(self, limit: int) -> list[tuple[str, str, str, str, str]]:
        """Return uuid, name, state, reason and message of documents whose last try failed."""
        columns = (document.c.uuid, document.c.name, document.c.state)
        query = select(*columns, document.c.reason, document.c.message)
        with self._database.reading() as connection:
            rows = connection.execute(query.where(document.c.reason != "").limit(limit)).all()
        return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]

    def counts(self) -> dict[str, int]:
        """Return how many documents there are, by state."""
        query = select(document.c.state, func.count()).group_by(document.c.state)
        with self._database.reading() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    def _hold(
        self, connection: Connection, claim: Claim, *, until: object = None, **values: str
    ) -> None:
        changed = {**values} if until is None else {**values, "claimed_until": until}
        statement = (
            update(folder).where(*_claimed(claim)).values(changed or {"claim": claim.number})
        )
        if connection.execute(statement).rowcount == 0:
            raise Retryable("claim_lost", "Another worker has taken this job's documents over.")


def _claimed(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    return (folder.c.site == claim.site, folder.c.claim == claim.number)


def _change(connection: Connection, uuid: str, **values: object) -> None:
    connection.execute(update(document).where(document.c.uuid == uuid).values(values))


def _pending(connection: Connection, uuid: str) -> PendingDocument:
    query = (
        select(document, folder.c.file_id.label("folder_id"), folder.c.link.label("folder_link"))
        .join(folder, folder.c.site == document.c.site)
        .where(document.c.uuid == uuid)
    )
    row = connection.execute(query).mappings().one()
    return PendingDocument(**{name: row[name] for name in PendingDocument.__dataclass_fields__})


def files(connection: Connection, sites: Sequence[str]) -> dict[str, Files]:
    """Return what Drive holds of the jobs `sites`."""
    links: dict[str, dict[str, str]] = {}
    query = select(document.c.site, document.c.uuid, document.c.link).where(
        document.c.site.in_(sites), document.c.link != ""
    )
    for site, uuid, link in connection.execute(query):
        links.setdefault(site, {})[uuid] = link
    folders = select(folder.c.site, folder.c.link).where(folder.c.site.in_(sites))
    return {
        site: Files(folder=link, documents=links.get(site, {}))
        for site, link in connection.execute(folders)
    }
