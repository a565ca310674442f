"""Validation of requests by `schemas/`, which is derived from Google's discovery documents.

`match` finds the method of an HTTP request; `check` holds its query and JSON body against the
method's schema, in Google's words where it does not fit, and puts the body into canonical form:
numbers as numbers, nulls gone. Sheets refuses a name it does not know; Drive, as
in Google's service, overlooks it.
"""

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from werkzeug.datastructures import MultiDict

from emulator import schema
from emulator.errors import BAD_REQUEST, ApiError, not_found

SCHEMAS = Path(__file__).parent / "schemas"


@dataclass(frozen=True)
class Method:
    """One method of an API: its id, its path as a pattern, its parameters and body."""

    api: str
    method_id: str
    http_method: str
    pattern: re.Pattern[str]
    parameters: dict[str, dict[str, Any]]
    required: tuple[str, ...]
    body: str | None
    response: str | None


@dataclass(frozen=True)
class Call:
    """A request: its method and the parameters in its path."""

    method_id: str
    path_params: dict[str, str]
    method: Method


@cache
def _document(api: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((SCHEMAS / f"{api}.json").read_text("utf-8"))
    return document


@cache
def _schemas(api: str) -> schema.Schemas:
    return schema.Schemas(_document(api)["schemas"], strict=api == "sheets")


def _pattern(path: str) -> re.Pattern[str]:
    """Return a path as a pattern; `{range}` matches anything, other names no slash or colon."""

    def group(found: re.Match[str]) -> str:
        name = found[1].lstrip("+")
        return f"(?P<{name}>{'.+' if name == 'range' else '[^/:]+'})"

    literal = "".join(
        piece if piece.startswith("{") else re.escape(piece)
        for piece in re.split(r"(\{[^}]+\})", path)
    )
    return re.compile("/" + re.sub(r"\{([^}]+)\}", group, literal))


def _method(api: str, document: dict[str, Any], method_id: str) -> Method:
    described = document["methods"][method_id]
    parameters = {
        name: {"type": "array", "items": spec} if spec.get("repeated") else spec
        for name, spec in (document["parameters"] | described["parameters"]).items()
    }
    return Method(
        api=api,
        method_id=method_id,
        http_method=described["httpMethod"],
        pattern=_pattern(document["servicePath"] + described["path"]),
        parameters=parameters,
        required=tuple(
            name
            for name, spec in described["parameters"].items()
            if spec.get("required") and spec["location"] == "query"
        ),
        body=described.get("request"),
        response=described.get("response"),
    )


@cache
def methods(api: str) -> tuple[Method, ...]:
    """Return the methods of `sheets` or `drive`, those with a custom verb in their path first."""
    document = _document(api)
    known = [_method(api, document, method_id) for method_id in document["methods"]]
    return tuple(sorted(known, key=lambda method: method.pattern.pattern.endswith(")")))


def match(api: str, method: str, path: str) -> Call:
    """Return the method of a decoded path. ApiError 404 where there is none."""
    path = path.removeprefix("/upload")
    for candidate in methods(api):
        if candidate.http_method == method and (found := candidate.pattern.fullmatch(path)):
            return Call(candidate.method_id, found.groupdict(), candidate)
    raise not_found(f"The requested URL {path} was not found on this server.")


@cache
def unknown_field(api: str, message: str, mask: str) -> str | None:
    """Return the first path of a field mask that a message does not have, or None."""
    return _schemas(api).unknown_path(message, mask)


def _refuse(api: str, violation: schema.Violation) -> ApiError:
    message = violation.message()
    entry = {"description": message}
    if violation.where:
        entry = {"field": violation.where, **entry}
    details = [{"@type": BAD_REQUEST, "fieldViolations": [entry]}]
    return ApiError(400, message, details if api == "sheets" else None)


def _check_parameter(method: Method, name: str, value: str) -> None:
    spec = method.parameters[name]
    try:
        _schemas(method.api).check([value] if spec["type"] == "array" else value, spec, name)
    except schema.Violation as violation:
        violation.path.append(schema.snake(name))
        raise


def _check_query(method: Method, query: MultiDict[str, str]) -> None:
    for given in query:
        if given not in method.parameters:
            if method.api == "drive":
                continue
            raise schema.Violation(
                f'Invalid JSON payload received. Unknown name "{given}": Cannot bind query '
                f"parameter. Field '{given}' could not be found in request message."
            )
        for value in query.getlist(given):
            _check_parameter(method, given, value)
    for name in method.required:
        if name not in query:
            raise schema.Violation(f"Required parameter: {name}")


def _check_mask(method: Method, mask: str | None) -> None:
    if not mask or method.response is None:
        return
    unknown = unknown_field(method.api, method.response, mask)
    if unknown is None:
        return
    if method.api == "drive":
        raise ApiError(
            400, f"Invalid field selection {unknown}", reason="invalidParameter", location="fields"
        )
    message = (
        f"Error expanding 'fields' parameter. Cannot find matching fields for path '{unknown}'."
    )
    violations = [{"field": unknown, "description": message}]
    details = [{"@type": BAD_REQUEST, "fieldViolations": violations}]
    raise ApiError(400, "Request contains an invalid argument.", details)


def check(call: Call, query: MultiDict[str, str], body: Any) -> None:
    """Validate query and body, and make the body canonical in place. ApiError if invalid."""
    method = call.method
    try:
        for name, value in call.path_params.items():
            _check_parameter(method, name, value)
        _check_query(method, query)
        if method.body is not None and body is not None:
            _schemas(method.api).check(body, {"$ref": method.body}, "")
    except schema.Violation as violation:
        raise _refuse(method.api, violation) from None
    _check_mask(method, query.get("fields"))
