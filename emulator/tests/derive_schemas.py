"""Derives `emulator/schemas/*.json` from Google's discovery documents.

    python -m emulator.tests.derive_schemas

The documents are those that google-api-python-client ships. What is kept says which requests and
answers there are: paths, names, types, enumerations and what is read-only; all prose is left out.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from googleapiclient.discovery_cache import get_static_doc

Json = dict[str, Any]
SCHEMAS = Path(__file__).parents[1] / "schemas"
VERSIONS = {"sheets": "v4", "drive": "v3"}
KEPT = ("$ref", "type", "format", "enum", "readOnly", "location", "repeated", "required")
OF_A_METHOD = ("httpMethod", "path")


def derive(api: str) -> str:
    """Return the schema of `sheets` or `drive` as JSON, a method or message a line."""
    document: Json = json.loads(get_static_doc(api, VERSIONS[api]))
    parts: Json = {
        "parameters": {name: _spec(spec) for name, spec in document["parameters"].items()},
        "methods": {method["id"]: _method(method) for method in _methods(document)},
        "schemas": {name: _spec(spec) for name, spec in document["schemas"].items()},
    }
    head = {name: document[name] for name in ("revision", "servicePath")}
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    lines += [f"{json.dumps(name)}: {_a_line_each(part)}" for name, part in parts.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _a_line_each(part: Json) -> str:
    entries = [
        f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}"
        for name, value in sorted(part.items())
    ]
    return "{\n" + ",\n".join(entries) + "\n}"


def _methods(resource: Json) -> Iterator[Json]:
    yield from resource.get("methods", {}).values()
    for child in resource.get("resources", {}).values():
        yield from _methods(child)


def _method(method: Json) -> Json:
    kept: Json = {name: method[name] for name in OF_A_METHOD}
    kept["parameters"] = {name: _spec(spec) for name, spec in method["parameters"].items()}
    for name in ("request", "response"):
        if name in method:
            kept[name] = method[name]["$ref"]
    return kept


def _spec(spec: Json) -> Json:
    kept = {name: spec[name] for name in KEPT if name in spec}
    for name in ("items", "additionalProperties"):
        if name in spec:
            kept[name] = _spec(spec[name])
    if "properties" in spec:
        kept["properties"] = {name: _spec(below) for name, below in spec["properties"].items()}
    return kept


if __name__ == "__main__":
    for service in VERSIONS:
        (SCHEMAS / f"{service}.json").write_text(derive(service), "utf-8")
