"""The control API, `/_emulator/...`: JSON in and out, for other processes and the page."""

import base64
import json
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Request, Response

from emulator import limits
from emulator.errors import ApiError
from emulator.state import State

Json = dict[str, Any]


class Control:
    """Answers for one emulator."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._routes: dict[tuple[str, str], Callable[[Json], Any]] = {
            ("GET", "calls"): lambda _: [call.summary() for call in state.calls],
            ("DELETE", "calls"): lambda _: state.calls.clear(),
            ("GET", "faults"): lambda _: [rule.as_json() for rule in state.faults.rules],
            ("POST", "faults"): self._fault,
            ("DELETE", "faults"): lambda _: state.faults.clear(),
            ("POST", "settings"): self._settings,
            ("POST", "spreadsheets"): lambda body: {"id": state.create_spreadsheet(**body)},
            ("POST", "folders"): lambda body: {"id": state.create_folder(**body)},
            ("POST", "edit"): self._edit,
            ("POST", "documents"): self._document,
        }

    def __call__(self, request: Request) -> Response:
        """Do what is asked: 200 and JSON, 400 with the reason, or 404."""
        name = request.path.removeprefix("/_emulator/")
        if request.headers.get("Sec-Fetch-Site") == "cross-site":
            return _json({"error": "cross-site requests are refused"}, 403)
        route = self._routes.get((request.method, name))
        if route is None:
            return _json({"error": f"no such route: {request.method} {request.path}"}, 404)
        try:
            body = json.loads(request.get_data() or b"{}")
            result = route(body)
        except ApiError as error:
            return _json({"error": error.message}, error.http_status)
        except (ValueError, TypeError, KeyError, LookupError) as error:
            return _json({"error": str(error)}, 400)
        return _json({} if result is None else result)

    def _fault(self, body: Json) -> Json:
        """Add a rule."""
        if body.get("do") == "run":
            raise ValueError("a function can only be given from Python")
        return self._state.faults.add(**body).as_json()

    def _settings(self, body: Json) -> None:
        """`latency`, `limits`, EverBright's `token`, and what is answered `otherwise`."""
        state = self._state
        known: dict[str, Callable[[Any], None]] = {
            "latency": lambda value: setattr(state, "latency", limits.parse_latency(str(value))),
            "limits": lambda value: setattr(state.limits, "enabled", bool(value)),
            "token": lambda value: setattr(state.everbright, "token", value),
            "otherwise": lambda names: state.answer_otherwise(*names),
        }
        if unknown := body.keys() - known.keys():
            raise ValueError(f"unknown settings: {', '.join(sorted(unknown))}")
        for name, value in body.items():
            known[name](value)

    def _edit(self, body: Json) -> Any:
        """Make a user's edit: `{"spreadsheet", "name", ...}` with that function's arguments."""
        return self._state.edit(body.pop("spreadsheet"), body.pop("name"), **body)

    def _document(self, body: Json) -> None:
        """`{"uuid", "size"?, "base64"?, "content_type"?}`."""
        data = base64.b64decode(body.pop("base64")) if "base64" in body else None
        self._state.everbright.set_document(body.pop("uuid"), data, **body)


def _json(value: Any, status: int = 200) -> Response:
    text = json.dumps(value, default=str)
    return Response(text, status, content_type="application/json")
