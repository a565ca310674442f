"""Which page answers a path."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

if TYPE_CHECKING:
    from emulator.run import Emulator


class Page:
    """Answers for one emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    def __call__(self, request: Request) -> Response:
        """The page of a path, or 404."""
        return Response("Not found", 404)
