"""A job's folder is looked into once in a while, and what people do to it is noticed anyway."""

from pathlib import Path

import pytest

from emulator import Emulator
from sync.errors import Permanent, Retryable
from sync.store import Documents, DocumentToCopy
from tests.documents.bench import SITE, Bench, claimed
from tests.made_up import uuid

MORE = DocumentToCopy(uuid(70), SITE, "", "more.pdf")


def test_a_trashed_folder_gets_no_document(google: Emulator, sqlite_url: str) -> None:
    """The answer to the upload shows it: Drive would delete both after a month."""
    bench, copier = Bench(google, sqlite_url), None
    copier = bench.copier()
    bench.once(copier)
    (folder,) = bench.folders()
    folder.trashed = True
    bench.want(MORE)
    with pytest.raises(Retryable) as caught:
        bench.once(copier)
    assert caught.value.reason == "folder_gone"
    bench.once(copier)
    (anew,) = [one for one in bench.folders() if not one.trashed]
    assert [f.name for f in bench.files() if f.parents == [anew.id]] == ["more.pdf"]
    assert bench.documents.folder(SITE).id == anew.id


def test_nothing_is_put_into_a_folder_of_all_documents_that_is_in_the_trash(
    google: Emulator, sqlite_url: str
) -> None:
    bench = Bench(google, sqlite_url)
    root = google.drive.files[bench.root]
    root.trashed = True
    for _ in range(3):
        with pytest.raises(Permanent, match="DRIVE_FOLDER_ID"):
            bench.once()
    assert (len(bench.folders()), len(bench.files())) == (1, 0)
    root.trashed = False
    bench.once()
    assert (len(bench.folders()), len(bench.files())) == (1, 1)


def test_a_deleted_folder_is_created_again(google: Emulator, sqlite_url: str) -> None:
    """Drive answers 404: the folder that was remembered is looked for.

    The next process links the new one, too, if it was created but not reported.
    """
    bench = Bench(google, sqlite_url)
    copier = bench.copier()
    bench.once(copier)
    (folder,) = bench.folders()
    google.drive.delete(folder.id, google.accounts.token(None).user, all_drives=True)
    bench.want(MORE)
    with pytest.raises(Retryable):
        bench.once(copier)
    google.faults.answer(503, method="drive.files.create", when="after")
    google.faults.answer(503, method="drive.files.get", skip=2, count=12)
    with pytest.raises(Retryable):
        bench.once(copier)
    assert not bench.documents.folder(SITE).link
    bench.once()
    (anew,) = bench.folders()
    (file,) = bench.files()
    assert anew.id != folder.id
    assert file.parents == [anew.id]
    assert bench.documents.folder(SITE).link


def test_a_store_from_before_a_document_was_copied_finds_it_in_the_folder(
    google: Emulator, tmp_path: Path
) -> None:
    """A backup that knows the folder, and not what was put into it since."""
    bench = Bench(google, f"sqlite:///{tmp_path}/now.sqlite3")
    bench.once()
    bench.database.close()
    backup = (tmp_path / "now.sqlite3").read_bytes()
    bench.want(MORE)
    bench.once()
    bench.database.close()
    (tmp_path / "old.sqlite3").write_bytes(backup)
    old = Bench(google, f"sqlite:///{tmp_path}/old.sqlite3", wanted=[MORE])
    old.root = bench.root
    google.calls.clear()
    # The first try finds it, and loses its claim before it is stored.
    copier, late = old.copier(), claimed(Documents(old.database, -1))
    other = old.documents.claim()
    assert late is not None
    assert other is not None
    with pytest.raises(Retryable):
        copier.copy(*late)
    old.documents.release(other[0])
    old.once(copier)
    assert old.documents.counts() == {"done": 2}
    assert sorted(file.name for file in old.files()) == ["Permit.pdf", "more.pdf"]
    assert old.calls("drive.files.create") == 0


def test_a_lost_store_finds_a_folder_that_was_moved(google: Emulator, tmp_path: Path) -> None:
    """A job's folder is searched by its tag before one is created."""
    bench = Bench(google, f"sqlite:///{tmp_path}/one.sqlite3")
    bench.want(DocumentToCopy(uuid(71), uuid(72), "", "other.pdf"))
    bench.until_done()
    elsewhere = google.create_folder("Archive", shared_drive=True)
    moved = next(f for f in bench.folders() if f.app_properties["brightsheetSite"] == SITE)
    moved.parents, drive = [elsewhere], google.drive.files[bench.root].drive_id
    assert moved.drive_id == drive
    again = Bench(google, f"sqlite:///{tmp_path}/two.sqlite3")
    again.root = bench.root
    again.until_done()
    assert len(again.folders()) == 2
    assert len(again.files()) == 2
