"""The model's domain read by the C parser: half of a restart was Rasa reading that one file six times.

The file was checked when the model was trained, and it is Rasa's own dump, in YAML 1.2.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from rasa.engine.graph import ExecutionContext
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.graph_components.providers.domain_provider import DomainProvider
from rasa.shared.core.domain import Domain

FILE = "domain.yml"
PLAIN = {
    "bool": r"true|True|TRUE|false|False|FALSE",
    "null": r"~|null|Null|NULL|",
    "int": r"[-+]?[0-9]+",
    "float": r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+",
}
"""YAML 1.2: "no" is a word and "10:30" is no number."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    yaml_implicit_resolvers: dict[str, Any] = {}


for _name, _pattern in PLAIN.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", re.compile(f"^(?:{_pattern})$"), None)


def read_domain(text: str) -> Domain:
    """The domain in a dump of Rasa's."""
    return Domain.from_dict(yaml.load(text, Loader=_Loader))  # noqa: S506


def load_domain(
    cls: type[DomainProvider],
    config: dict[str, Any],
    model_storage: ModelStorage,
    resource: Resource,
    execution_context: ExecutionContext,
    **_: Any,
) -> DomainProvider:
    """What DomainProvider.load does, by the quick parser; bot/dialogue/overrides.py puts it in."""
    with model_storage.read_from(resource) as folder:
        domain = read_domain((folder / FILE).read_text(encoding="utf-8"))
    return cls(model_storage, resource, domain)
