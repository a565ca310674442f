from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Client(requests.Session):
    """Paths under one emulator; never waits for ever."""

    def __init__(self, url: str, token: str | None = None) -> None:
        super().__init__()
        self.url = url
        self.trust_env = False
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def request(self, method: Any, url: Any, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs.setdefault("timeout", 10)
        if str(url).startswith("/"):
            url = self.url + str(url)
        return super().request(method, url, *args, **kwargs)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def http(emulator: Emulator) -> Iterator[Client]:
    with Client(emulator.url) as client:
        yield client
