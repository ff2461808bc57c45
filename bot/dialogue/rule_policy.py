"""Rasa's rules, looked up by what was done and meant last instead of one after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Optional

from rasa.core.policies.rule_policy import RulePolicy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.shared.core.constants import PREVIOUS_ACTION, USER
from rasa.shared.core.domain import State
from rasa.shared.nlu.constants import ACTION_NAME, INTENT

Last = tuple[Optional[str], Optional[str]]
"""The action before and the intent that a state names; None where it names none."""


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.POLICY_WITHOUT_END_TO_END_SUPPORT, is_trainable=True)
class IndexedRulePolicy(RulePolicy):  # type: ignore[misc]
    """Decides as RulePolicy does. Rules whose last state can not match are not looked at."""

    def _get_possible_keys(self, lookup: dict[str, str], states: list[State]) -> set[str]:
        action, intent = _last(states[-1]) if states else (None, None)
        if action is None:  # at the start of a conversation rules match by their length, too
            return set(super()._get_possible_keys(lookup, states))
        index = self._index(lookup)
        likely = {key for last in _met_by(action, intent) for key in index.get(last, ())}
        return set(super()._get_possible_keys({key: lookup[key] for key in likely}, states))

    @staticmethod
    def format_tracker_states(states: list[State]) -> str:
        """Nothing: Rasa writes the states out for its debug log, three times a message."""
        return ""

    def _index(self, lookup: dict[str, str]) -> Mapping[Last, list[str]]:
        # Training asks while the rules are still being added to.
        known = self.__dict__.setdefault("_indexes", {})
        mark = (id(lookup), len(lookup))
        if mark not in known:
            index: dict[Last, list[str]] = defaultdict(list)
            for key in lookup:
                index[_last(self._rule_key_to_state(key)[-1])].append(key)
            known[mark] = index
        found: Mapping[Last, list[str]] = known[mark]
        return found


def _last(state: Mapping[str, Any]) -> Last:
    action = state.get(PREVIOUS_ACTION, {}).get(ACTION_NAME)
    intent = state.get(USER, {}).get(INTENT)
    return action, intent


def _met_by(action: Optional[str], intent: Optional[str]) -> set[Last]:
    """What rules may name that apply after this action and intent."""
    return {(one, other) for one in (action, None) for other in (intent, None)}
