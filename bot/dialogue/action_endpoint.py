"""Rasa's action server without the server: actions run in this process, in the same turn."""

from __future__ import annotations

import json
from typing import Any, Optional

from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection

from bot.turn import current_turn

ACTIONS_PACKAGE = "actions"


class LocalActionEndpoint(EndpointConfig):
    """An endpoint whose `request` runs the action with rasa_sdk's executor."""

    def __init__(self) -> None:
        # Actions read slots and services, never the domain: sending it each time costs more than the action.
        super().__init__(url="local://actions", enable_selective_domain=True)
        self._executor = ActionExecutor()
        self._executor.register_package(ACTIONS_PACKAGE)

    async def request(self, *_: Any, json: Optional[dict[str, Any]] = None, **__: Any) -> Any:  # noqa: A002
        """Runs the action named in the call; a rejected form raises the 400 that Rasa's forms expect."""
        try:
            return await self._executor.run(json or {})
        except ActionExecutionRejection as rejection:
            raise _rejected(rejection) from rejection
        except Exception as error:
            turn = current_turn.get()
            if turn is not None:
                turn.failure = error
            raise


def _rejected(rejection: ActionExecutionRejection) -> ClientResponseError:
    body = json.dumps({"error": rejection.message, "action_name": rejection.action_name})
    return ClientResponseError(400, rejection.message, body)
