"""Starts the product in processes, as the Procfile does."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Self

import requests

ROOT = Path(__file__).parent.parent
WEB = ("-m", "brightsheet", "serve", "--host", "127.0.0.1")
WORKER = ("-m", "brightsheet", "worker")

_START_SECONDS = 90.0
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR")


class Running:
    """A process of the product with a log file."""

    def __init__(self, command: tuple[str, ...], environment: Mapping[str, str], log: Path) -> None:
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        self.log = log
        with log.open("ab") as stream:
            self.process = subprocess.Popen(  # noqa: S603 - a fixed command
                [sys.executable, *command],
                cwd=ROOT,
                # A checkout may hold the .env of a real installation.
                env={**inherited, "ENV_FILE": "", **environment},
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill it, with all its children, as a power cut would."""
        with suppress(ProcessLookupError):  # It has ended.
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()


class Receiver(Running):
    """A receiver on 127.0.0.1; with `port` 0 on any free one."""

    def __init__(
        self,
        environment: Mapping[str, str],
        log: Path,
        port: int = 0,
        command: tuple[str, ...] = WEB,
    ) -> None:
        if not port:
            self._kept_port = KeptPort()
            port = self._kept_port.number
        self.url = f"http://127.0.0.1:{port}"
        super().__init__(command, {**environment, "PORT": str(port)}, log)

    def ready(self) -> Self:
        """Wait until it answers. Raises RuntimeError with its log if it does not."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if requests.get(f"{self.url}/readyz", timeout=5).ok:
                    return self
            except requests.RequestException:
                pass
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"The receiver did not start:\n{self.log.read_text()}")


class KeptPort:
    """A free port that no other process is given while a server of ours starts there.

    It is bound without listening. On Linux, a server with SO_REUSEADDR can then bind it, too.
    """

    def __init__(self) -> None:
        self._held = socket.socket()
        self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held.bind(("127.0.0.1", 0))
        self.number: int = self._held.getsockname()[1]
        if sys.platform != "linux":
            self._held.close()


def free_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
