"""What Schemathesis cannot know of the contract: which refusals of well-formed data are right, and patience.

Loaded by the Schemathesis process that `test_sandbox_generated.py` starts.
"""

from __future__ import annotations

from typing import Any

import schemathesis
from schemathesis.core.failures import Failure

MOST_PATIENCE = 1
"""Seconds that a generated call may wait for an event; longer waits are tested by hand."""
OPAQUE = ("an earlier answer", "there is no statement line")
"""Details of the 400s that refuse a made-up cursor or line: only the bureau knows which there are."""


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Let no generated call hang for half a minute."""
    wait = (case.query or {}).get("wait")
    if str(wait).isdigit() and MOST_PATIENCE < int(str(wait)) <= 30:
        case.query["wait"] = MOST_PATIENCE


@schemathesis.hook
def filter_failure(context: Any, failure: Failure, case: Any, response: Any) -> bool:
    """Whether it is a failure: made-up cursors and lines are rightly refused."""
    refused = response is not None and response.status_code == 400
    return not (refused and any(words in response.text for words in OPAQUE) and "rejected" in failure.title)
