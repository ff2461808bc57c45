"""The contract, read once: its operations, and what it says of a request and of an answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx
import yaml
from jsonschema import RefResolver
from openapi_schema_validator import OAS30Validator, oas30_format_checker

from bot.sandbox.keys import RESIDENT_KEY

CONTRACT_PATH = Path(__file__).parents[2] / "docs/contracts/reconciliation-api.yaml"
CONTRACT: dict[str, Any] = yaml.safe_load(CONTRACT_PATH.read_text(encoding="utf-8"))
METHODS = {"get", "put", "post", "delete", "patch"}
OPERATIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    operation["operationId"]: (method, path, operation)
    for path, item in CONTRACT["paths"].items()
    for method, operation in item.items()
    if method in METHODS
}
CODES = {
    400: "invalid_request",
    401: "unauthorized",
    403: "forbidden",
    404: "payment_not_found",
    409: "conflict",
    429: "rate_limited",
    500: "internal_error",
    503: "maintenance",
}


def allow_null_in_nullable_enums(schema: Any) -> None:
    """OpenAPI 3.0's `nullable` beside an enum that names null: the validator wants them together."""
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        allow_null_in_nullable_enums(inner)
    if isinstance(schema, dict) and schema.get("nullable") and None not in schema.get("enum", [None]):
        schema["enum"].append(None)


allow_null_in_nullable_enums(CONTRACT)
RESOLVER = RefResolver.from_schema(CONTRACT)


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    """The node that a $ref points to."""
    while "$ref" in node:
        node = RESOLVER.resolve(node["$ref"])[1]
    return node


def problems(schema: dict[str, Any], value: Any, resolver: RefResolver = RESOLVER) -> list[str]:
    """What is wrong with a value, each with its place."""
    checker = OAS30Validator(schema, resolver=resolver, format_checker=oas30_format_checker)
    return [f"{list(error.absolute_path)}: {error.message}" for error in checker.iter_errors(value)]


def check_answer(operation: dict[str, Any], answer: httpx.Response) -> None:
    """Status, content type and body are as the contract says."""
    responses = operation["responses"]
    described = responses.get(str(answer.status_code), responses.get("default"))
    assert described is not None, f"{answer.status_code} is not in the contract: {answer.text}"
    assert str(answer.status_code) in responses or answer.status_code >= 400
    content = resolved(described)["content"]
    media_type = answer.headers["content-type"].partition(";")[0]
    assert media_type in content
    wrong = problems(content[media_type]["schema"], answer.json())
    assert not wrong, wrong
    if media_type == "application/problem+json":
        assert answer.json()["status"] == answer.status_code
        assert answer.json()["code"] in CODES.values()


class ContractClient:
    """Calls operations by their id and checks every answer against the contract."""

    def __init__(self, base_url: str) -> None:
        self.http = httpx.Client(base_url=base_url, timeout=40, trust_env=False)
        self.driven: set[tuple[str, int]] = set()

    def call(
        self,
        operation_id: str,
        *,
        key: str | None = RESIDENT_KEY,
        path: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        **sent: Any,
    ) -> httpx.Response:
        """Call the operation; fail when its answer breaks the contract."""
        method, template, operation = OPERATIONS[operation_id]
        url = re.sub(r"\{(\w+)\}", lambda found: (path or {})[found[1]], template)
        auth = {"Authorization": f"Bearer {key}"} if key else {}
        answer = self.http.request(method, url, headers={**auth, **(headers or {})}, **sent)
        check_answer(operation, answer)
        self.driven.add((operation_id, answer.status_code))
        return answer

    def admin(self, method: str, url: str, **sent: Any) -> httpx.Response:
        """An admin call that must succeed."""
        answer = self.http.request(method, f"/sandbox/{url}", **sent)
        assert answer.status_code == 200, answer.text
        return answer


@dataclass(frozen=True)
class Asked:
    """A request as it came over the wire."""

    method: str
    target: str
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    json: Any
    """The body; None when there is none."""

    @property
    def path(self) -> str:
        """Without the query, as it was sent."""
        return urlsplit(self.target).path

    @property
    def query(self) -> list[tuple[str, str]]:
        """Each name and value."""
        return parse_qsl(urlsplit(self.target).query, keep_blank_values=True)


def faults_of(asked: Asked) -> list[str]:
    """Everything in a request that the contract does not allow; nothing when it may be sent."""
    for method, template, operation in OPERATIONS.values():
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
        found = re.fullmatch(pattern, asked.path)
        if found and method.upper() == asked.method:
            return list(_faults(asked, operation, _parameters(template, operation), found.groupdict()))
    return [f"no such operation: {asked.method} {asked.path}"]


def _parameters(template: str, operation: dict[str, Any]) -> list[dict[str, Any]]:
    shared = CONTRACT["paths"][template].get("parameters", [])
    return [resolved(one) for one in (*shared, *operation.get("parameters", []))]


def _faults(
    asked: Asked, operation: dict[str, Any], parameters: list[dict[str, Any]], path: dict[str, str]
) -> Iterator[str]:
    names = [name for name, _ in asked.query]
    known = {one["name"] for one in parameters if one["in"] == "query"}
    yield from (f"query {name}: not in the contract" for name in names if name not in known)
    yield from (f"query {name}: twice" for name in known if names.count(name) > 1)
    given = {
        "path": {name: unquote(value) for name, value in path.items()},
        "query": dict(asked.query),
        "header": {one["name"]: asked.headers.get(one["name"].lower()) for one in parameters},
    }
    for one in parameters:
        value = given[one["in"]].get(one["name"])
        if value is not None:
            yield from (f"{one['name']}: {wrong}" for wrong in problems(one["schema"], _typed(value, one)))
        elif one.get("required"):
            yield f"{one['name']}: missing"
    yield from _faults_of_headers(asked, operation)
    yield from _faults_of_body(asked, operation)


def _typed(value: str, parameter: dict[str, Any]) -> Any:
    number = parameter["schema"].get("type") == "integer" and re.fullmatch("-?[0-9]+", value)
    return int(value) if number else value


def _faults_of_headers(asked: Asked, operation: dict[str, Any]) -> Iterator[str]:
    if operation.get("security", CONTRACT["security"]) and not re.fullmatch(
        "Bearer .+", asked.headers.get("authorization", "")
    ):
        yield "no bearer key"
    if not asked.headers.get("x-request-id"):
        yield "no X-Request-Id"


def _faults_of_body(asked: Asked, operation: dict[str, Any]) -> Iterator[str]:
    wanted = operation.get("requestBody")
    if wanted is None:
        if asked.body:
            yield "a body where none belongs"
        return
    media_type = asked.headers.get("content-type", "")
    if media_type not in wanted["content"]:
        yield f"content type {media_type!r}"
        return
    yield from (f"body {wrong}" for wrong in problems(wanted["content"][media_type]["schema"], asked.json))
