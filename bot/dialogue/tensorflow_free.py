"""Rasa without TensorFlow: imports of it are answered by placeholders, so that nothing has to be installed.

Rasa imports TensorFlow wherever it defines DIET, TED and their like, even when no pipeline uses them.
A placeholder can be subclassed, called, subscripted and asked for any attribute: enough to define a
class, never enough to run one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

ABSENT_PACKAGES = (
    "tensorflow",
    "keras",
    "tensorflow_hub",
    "tensorflow_text",
    "tensorflow_addons",
    "tensorflow_probability",
)


class _PlaceholderType(type):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _placeholder(name)

    def __getitem__(cls, _: object) -> Any:
        return cls


def _placeholder(name: str) -> Any:
    return _PlaceholderType(name, (), {"__init__": lambda *_, **__: None, "__module__": __name__})


class _PlaceholderModule(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _placeholder(name)


class TensorFlowPlaceholders(MetaPathFinder, Loader):
    """Answers an import of a package that is not installed with an empty module of that name."""

    def __init__(self, packages: frozenset[str]) -> None:
        self.packages = packages

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """A spec for the absent packages and everything below them, else None."""
        absent = fullname.partition(".")[0] in self.packages
        return ModuleSpec(fullname, self, is_package=True) if absent else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A module whose every attribute is a placeholder class."""
        return _PlaceholderModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing to run."""


def install() -> frozenset[str]:
    """Answer for the packages that are not installed; says which. A second call changes nothing."""
    for finder in sys.meta_path:
        if isinstance(finder, TensorFlowPlaceholders):
            return finder.packages
    absent = frozenset(name for name in ABSENT_PACKAGES if PathFinder.find_spec(name) is None)
    if absent:
        sys.meta_path.append(TensorFlowPlaceholders(absent))
    return absent
