"""Checks of the Drive folder: a real file is written and removed; who may read what."""

import time
from io import BytesIO

from sync.doctor.check import Check, failed, ok, skipped, warning
from sync.doctor.google import not_covered
from sync.errors import BrightsheetError, Permanent
from sync.google import auth
from sync.google.drive import Drive
from sync.google.upload import FileContent
from sync.status.problem import counted
from sync.wiring import Wiring

NAME = "Brightsheet check (may be deleted).txt"
_TEXT = b"Brightsheet wrote this file to see whether it can, and removes it.\n"
_TAG = {"brightsheetRole": "check"}
_LEFT_OVER = 5
"""So many files of runs that were killed are removed at once."""


def file(wiring: Wiring) -> Check:
    """A file can be written into the folder."""
    folder, account = wiring.settings.drive_folder_id, auth.account(wiring.settings)
    drive = wiring.drive(folder)
    try:
        is_writable = drive.is_writable_folder()
    except Permanent as error:
        return not_covered(wiring.settings, error, "folder", folder)
    if not is_writable:
        return failed(
            "DRIVE_FOLDER_ID is no folder that takes files.",
            "It is a file, in the bin, or shared for reading only.",
            f"Make {account} an editor of the folder (on a shared drive: a content manager).",
        )
    _clean(drive)
    _write(drive, folder)
    return ok("A file was written into the folder and removed.")


def _write(drive: Drive, folder: str) -> None:
    content = FileContent(BytesIO(_TEXT), len(_TEXT), "text/plain")
    made = drive.send(drive.begin(content, "", NAME, folder, _TAG), time.sleep)
    drive.discard(made.id)


def _clean(drive: Drive) -> None:
    """Remove what earlier runs left because they were killed or Google's answer was lost."""
    for _ in range(_LEFT_OVER):
        left = drive.find(_TAG)
        if left is None:
            return
        drive.discard(left.id)


def readers(wiring: Wiring) -> Check:
    """Whoever may open the spreadsheet may open the documents that it links to."""
    settings = wiring.settings
    drive = wiring.drive("")
    try:
        of_sheet = drive.readers(settings.spreadsheet_id)
        of_folder = drive.readers(settings.drive_folder_id)
    except BrightsheetError as error:
        fix = "Compare in Drive who may open the spreadsheet and who the folder."
        return skipped(f"Google does not tell who may read ({error.reason}).", fix)
    ours = ("user", auth.account(settings))
    lacking = [
        reader
        for reader in of_sheet - of_folder
        if reader != ours and not _is_covered(reader, of_folder)
    ]
    if not lacking:
        return ok("Whoever may open the spreadsheet may open the documents.")
    is_open = ("anyone", "") in lacking
    who = "Everyone with the link" if is_open else counted(len(lacking), "person", "people")
    return warning(
        f"{who} may open the spreadsheet, but not the documents that it links to.",
        "Brightsheet shares nothing: who may see the folder sees the documents.",
        "In Drive, share the folder with the same people or groups, as viewers.",
    )


def _is_covered(reader: tuple[str, str], folder: frozenset[tuple[str, str]]) -> bool:
    kind, who = reader
    domain = who.rpartition("@")[2]
    return ("anyone", "") in folder or (kind == "user" and ("domain", domain) in folder)
