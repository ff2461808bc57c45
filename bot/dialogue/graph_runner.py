"""Runs a model's graph node after node in this thread; the plan for each set of targets is made once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Optional

from rasa.engine.graph import ExecutionContext, GraphNode, GraphNodeHook, GraphSchema
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage

PLANS = 16


class SequentialGraphRunner(GraphRunner):  # type: ignore[misc]
    """Rasa's own runner builds and schedules a dask graph for every run, which are three a message."""

    def __init__(
        self,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: Optional[list[GraphNodeHook]] = None,
    ) -> None:
        self._schema = graph_schema
        self._nodes = {
            name: GraphNode.from_schema_node(name, node, model_storage, execution_context, hooks)
            for name, node in graph_schema.nodes.items()
        }
        self._plan = lru_cache(PLANS)(self._planned)

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: Optional[list[GraphNodeHook]] = None,
    ) -> "SequentialGraphRunner":
        """The runner of a loaded model."""
        return cls(graph_schema, model_storage, execution_context, hooks)

    def run(
        self, inputs: Optional[dict[str, Any]] = None, targets: Optional[list[str]] = None
    ) -> dict[str, Any]:
        """The output of each target, from inputs by the names that nodes ask for."""
        wanted = tuple(targets or self._schema.target_names)
        outputs = dict(inputs or {})
        for name, parents in self._plan(wanted):
            given = ((parent, outputs[parent]) if parent in outputs else parent for parent in parents)
            _, outputs[name] = self._nodes[name](*given)
        return {name: outputs[name] for name in wanted}

    def _planned(self, targets: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Each node that the targets need, after the nodes it needs itself."""
        order: dict[str, tuple[str, ...]] = {}

        def visit(name: str) -> None:
            node = self._schema.nodes.get(name)
            if node is None or name in order:  # what is no node is an input
                return
            parents = tuple(node.needs.values())
            for parent in parents:
                visit(parent)
            order[name] = parents

        for target in targets:
            visit(target)
        return tuple(order.items())
