"""Google Drive v3: the engine, and the API over HTTP."""

from emulator.drive.engine import Drive
from emulator.drive.model import File, User

__all__ = ["Drive", "File", "User"]
