"""The emulator: started in threads for tests, or served until a signal ends it."""

import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Self

from emulator.limits import Latency
from emulator.page.views import Page
from emulator.server import Server
from emulator.state import State
from emulator.web import Web

HOST = "127.0.0.1"


class Emulator(State):
    """Google Sheets, Google Drive and EverBright on one port of 127.0.0.1, as a context manager.

    `port` 0 takes any; `minute` is the length in seconds of the quotas' minute; `latency` is
    seconds, or a function that draws them, and may be set while it runs; `limits` False turns the
    quotas off. It holds everything in memory, and the bytes of files in a folder that goes when it
    is stopped.
    """

    def __init__(self, port: int = 0, *, latency: Latency = None, **how: Any) -> None:
        self._stack = ExitStack()
        folder = self._stack.enter_context(TemporaryDirectory(prefix="emulator-"))
        super().__init__(Path(folder), latency=latency, **how)
        self._server = Server(Web(self, Page(self)), HOST, port)
        self._stack.callback(self._server.stop)
        self.url = self.drive.base_url = f"http://{HOST}:{self._server.port}"

    def start(self) -> Self:
        """Listen, in threads of its own."""
        self._server.start()
        return self

    def stop(self) -> None:
        """End every call, and stop listening."""
        self.faults.clear()
        self._stack.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(port: int) -> None:
    """Serve until SIGTERM or Ctrl-C, then end cleanly."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with Emulator(port) as emulator:
        settings = {
            "GOOGLE_EMULATOR_URL": emulator.url,
            "EVERBRIGHT_URL": emulator.url,
            "EVERBRIGHT_API_TOKEN": "any",
            "SPREADSHEET_ID": emulator.create_spreadsheet("Solar jobs"),
            "DRIVE_FOLDER_ID": emulator.create_folder("Job documents"),
            "WEBHOOK_SECRET": "only-for-this-machine",
            "ADMIN_PASSWORD": "only-for-this-machine",
        }
        sys.stdout.write(f"Google and EverBright, emulated: {emulator.url} (Ctrl-C ends it)\n")
        sys.stdout.write("Brightsheet's settings for it, for another terminal:\n\n")
        sys.stdout.writelines(f"export {name}={value}\n" for name, value in settings.items())
        sys.stdout.flush()
        ended.wait()
