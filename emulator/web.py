"""The WSGI application: routing, faults and latency."""

import io
import json
import random
import time
from collections.abc import Callable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Request, Response

from emulator.accounts import AUTHORIZE
from emulator.calls import Call
from emulator.errors import ApiError
from emulator.everbright import routes
from emulator.google_apis import Google, refusal
from emulator.state import State

GOOGLE = {
    "/v4/": "sheets",
    "/drive/v3/": "drive",
    "/upload/drive/v3/": "drive",
}


class Web:
    """Serves everything on one port; `page` answers what is not an API's."""

    def __init__(self, state: State, page: Callable[[Request], Response]) -> None:
        self._state = state
        self._page = page
        self._google = Google(state.sheets, state.drive, state.accounts, state.limits)
        self._everbright = routes.Routes(state.everbright)
        self._rng = random.Random(0)  # noqa: S311  (delays)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        """Answer one request."""
        request = Request(_overridden(environ))
        return self._answer(request)(environ, start_response)

    def _answer(self, request: Request) -> Response:
        path = str(request.environ["RAW_URI"]).partition("?")[0]  # still percent-encoded
        if path == "/token":
            return self._token(request, path)
        if path == AUTHORIZE:
            return self._state.accounts.authorize(request)
        for prefix, api in GOOGLE.items():
            if path.startswith(prefix):
                return self._google_call(request, api, path)
        if (known := routes.match(path)) is not None:
            return self._everbright_call(request, path, *known)
        return self._page(request)

    def _call(self, path: str, api: str, name: str, user: str = "") -> Call:
        """Return a new call, which is in the log."""
        call = Call(api, f"{api}.{name}", path, user)
        self._state.calls.add(call)
        return call

    def _google_call(self, request: Request, api: str, path: str) -> Response:
        call = self._call(path, api, "unknown", "anonymous")

        def perform() -> Response:
            try:
                return self._google.perform(request, call, known)
            except ApiError as error:
                return refusal(api, error)

        try:
            known = self._google.name(request, call)
        except ApiError as error:
            answer = refusal(api, error)
            call.status = answer.status_code
            return answer
        return self._performed(call, perform)

    def _everbright_call(self, request: Request, path: str, name: str, uuid: str) -> Response:
        call = self._call(path, "everbright", name)
        return self._performed(call, lambda: self._everbright.handle(request, name, uuid))

    def _token(self, request: Request, path: str) -> Response:
        def perform() -> Response:
            form = dict(request.form)
            if basic := request.authorization:  # Google takes the client's secret in either place.
                form |= {"client_id": basic.username or "", "client_secret": basic.password or ""}
            status, answer = self._state.accounts.grant(form)
            return Response(json.dumps(answer), status, content_type="application/json")

        return self._performed(self._call(path, "oauth2", "token"), perform)

    def _performed(self, call: Call, perform: Callable[[], Response]) -> Response:
        """Perform a call between its faults, half of the latency before it and half after."""
        state, faults = self._state, self._state.faults
        faults.while_down(call)
        pause = 0.0
        if call.api != "everbright":
            latency = state.latency or 0.0
            pause = (latency(self._rng) if callable(latency) else latency) / 2
            time.sleep(pause)
        if (failed := faults.applied(call, "before")) is not None:
            call.status = failed.status_code
            return failed
        response = perform()
        response = faults.applied(call, "after", response) or response
        time.sleep(pause)
        call.status = response.status_code
        return response


def _overridden(environ: WSGIEnvironment) -> WSGIEnvironment:
    """Turn a POST that stands for a GET with a long query into that GET."""
    if environ.get("HTTP_X_HTTP_METHOD_OVERRIDE") != "GET" or environ["REQUEST_METHOD"] != "POST":
        return environ
    query = Request(environ).get_data(as_text=True)
    get = {"REQUEST_METHOD": "GET", "QUERY_STRING": query, "CONTENT_LENGTH": "0"}
    return {**environ, **get, "wsgi.input": io.BytesIO()}
