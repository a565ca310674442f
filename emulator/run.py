"""The emulator: started in threads for tests, or served until a signal ends it."""

import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from werkzeug.wrappers import Request

from emulator.control import Control
from emulator.everbright.routes import store
from emulator.limits import Latency
from emulator.page import Page
from emulator.server import Server
from emulator.state import State
from emulator.web import Web


class Emulator(State):
    """Google Sheets, Google Drive and EverBright on one port of 127.0.0.1, as a context manager.

    `port` 0 takes any; `data` is a directory that survives, None: a temporary one; `minute` is the
    length in seconds of the quotas' minute; `latency` is seconds, `(median, p90)`, or a callable
    from `random.Random` to seconds, and may be set while it runs; `limits` False turns the quotas
    off; `reset` empties `data` first; `seed` decides ids and chances; without `anonymous_is_person`
    a request without a token is a service account's.
    """

    def __init__(
        self,
        port: int = 0,
        data: Path | str | None = None,
        minute: float = 60.0,
        latency: Latency = None,
        *,
        limits: bool = True,
        seed: int = 0,
        host: str = "127.0.0.1",
        anonymous_is_person: bool = True,
        reset: bool = False,
    ) -> None:
        self._stack = ExitStack()
        self._host, self._port = host, port
        self._server: Server | None = None
        self._storage: Server | None = None
        self._storage_lock = threading.Lock()
        super().__init__(
            self._folder(data),
            minute,
            latency,
            durable=data is not None,
            limits=limits,
            seed=seed,
            anonymous_is_person=anonymous_is_person,
            reset=reset,
        )

    def _folder(self, data: Path | str | None) -> Path:
        if data is None:
            return Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="emulator-")))
        folder = Path(data)
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def url(self) -> str:
        """Where it listens: `http://127.0.0.1:PORT`."""
        if self._server is None:
            raise RuntimeError("the emulator is not started")
        return f"http://{self._host}:{self._server.port}"

    def storage_url(self) -> str:
        """Return the address, on its own port, of the store that EverBright redirects to."""
        with self._storage_lock:
            if self._storage is None:
                self._storage = Server(self._store, self._host, 0)
                self._storage.start()
                self._stack.callback(self._storage.stop)
        return f"http://{self._host}:{self._storage.port}"

    def _store(self, environ: Any, start_response: Any) -> Any:
        return store(self.everbright, Request(environ))(environ, start_response)

    def start(self) -> Self:
        """Listen, in threads of its own."""
        web = Web(self, Page(self), Control(self), self.storage_url)
        self._server = Server(web, self._host, self._port)
        self.drive.base_url = self.url
        self._server.start()
        self._stack.callback(self._server.stop)
        return self

    def stop(self) -> None:
        """End every call, stop listening, and close the journal."""
        self.faults.clear()
        self._stack.close()
        self.journal.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(
    host: str = "127.0.0.1",
    port: int = 8650,
    data: Path | str | None = None,
    *,
    latency: Latency = None,
    limits: bool = True,
    minute: float = 60.0,
    reset: bool = False,
    on_ready: Callable[[Emulator], object] | None = None,
) -> None:
    """Serve until SIGTERM or Ctrl-C, then end cleanly.

    `on_ready(emulator)` is called after the start; without it, the address is printed.
    """
    ended = threading.Event()
    emulator = Emulator(port, data, minute, latency, limits=limits, host=host, reset=reset)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    with emulator:
        (on_ready or _say)(emulator)
        ended.wait()


def _say(emulator: Emulator) -> None:
    sys.stdout.write(f"Google and EverBright, emulated: {emulator.url} (Ctrl-C ends it)\n")
    sys.stdout.flush()
