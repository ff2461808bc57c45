"""The contract turned round: each answer that it describes as something to generate, right or wrong.

Schemathesis generates what a server is sent. So every described answer becomes the body of a call to a
made-up server: its valid bodies are the bureau's answers, its invalid ones what a broken bureau says.
"""

from __future__ import annotations

import copy
from typing import Any

import schemathesis
from hypothesis.strategies import SearchStrategy
from jsonschema import RefResolver
from schemathesis.generation import GenerationMode

from tests.conformance.contract import CONTRACT, OPERATIONS, problems, resolved

ANSWERS: dict[tuple[str, str], dict[str, Any]] = {
    (operation_id, status): answer["content"]["application/json"]["schema"]
    for operation_id, (_, _, operation) in OPERATIONS.items()
    for status, answer in operation["responses"].items()
    if status != "default"
}
"""Each answer that means success, by operation and status."""
PROBLEM = resolved({"$ref": "#/components/responses/Problem"})["content"]["application/problem+json"][
    "schema"
]
GROWS = ("State", "Reason", "Channel")
"""Enumerations to which the bureau may add words: the client keeps a word that it does not know."""


def _path(name: tuple[str, str]) -> str:
    return "/" + "/".join(name)


def _mirrored(schemas: dict[tuple[str, str], dict[str, Any]]) -> Any:
    def call(schema: dict[str, Any]) -> dict[str, Any]:
        body = {"required": True, "content": {"application/json": {"schema": schema}}}
        return {"post": {"requestBody": body, "responses": {"200": {"description": "-"}}}}

    paths = {_path(name): call(schema) for name, schema in schemas.items()}
    document = {"openapi": "3.0.3", "info": {"title": "mirror", "version": "1"}, "paths": paths}
    return schemathesis.openapi.from_dict({**document, "components": {"schemas": SCHEMAS}})


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without room for members that it does not name: a client has no place to say them."""
    schema = dict(resolved(schema))
    if "properties" in schema:
        schema["properties"] = {name: _closed(inner) for name, inner in schema["properties"].items()}
        schema["additionalProperties"] = False
    if "items" in schema:
        schema["items"] = _closed(schema["items"])
    return schema


WRITTEN = {
    (operation_id, "asked"): _closed(operation["requestBody"]["content"]["application/json"]["schema"])
    for operation_id, (_, _, operation) in OPERATIONS.items()
    if "requestBody" in operation
}
SCHEMAS = copy.deepcopy(CONTRACT["components"]["schemas"])
MIRROR = _mirrored({**ANSWERS, **WRITTEN, ("problem", "default"): PROBLEM})

_open = copy.deepcopy(CONTRACT)
for _name in GROWS:
    _open["components"]["schemas"][_name].pop("enum")
# A member that may be left out may be null, too: the client reads both as "not said".
_schemas = _open["components"]["schemas"]
_schemas["Candidate"]["properties"]["counterparty_masked"]["nullable"] = True
_schemas["Payment"]["properties"]["details"]["properties"]["mismatched_fields"]["nullable"] = True
_OPEN = RefResolver.from_schema(_open)


def bodies(name: tuple[str, str], *, right: bool = True) -> SearchStrategy[Any]:
    """Bodies that the schema allows, or that it forbids; bytes are no JSON at all."""
    mode = GenerationMode.POSITIVE if right else GenerationMode.NEGATIVE
    return MIRROR[_path(name)]["POST"].as_strategy(generation_mode=mode).map(lambda case: case.body)


def writes(operation_id: str) -> SearchStrategy[Any]:
    """Bodies that a caller may send."""
    return bodies((operation_id, "asked"))


def is_allowed(name: tuple[str, str], body: Any) -> bool:
    """Whether the contract allows the body, words that may grow aside."""
    return not problems(ANSWERS[name], body, _OPEN)
